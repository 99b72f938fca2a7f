//! Whether a resiliency group does what it is for, and which ports form pairs. Source: spec/api-2026 §3.
//!
//! Everything here is derived from where the members end; nothing of it is stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use demarc_types::{Bandwidth, ConnectionId, LagId, LocationCode, ParentId};
use serde::Serialize;

use crate::entity::{MemberState, ResiliencyGroup};
use crate::parent;
use crate::world::World;

/// What a group has, against what it is meant to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// `maximum-resiliency`, `high-resiliency` or `basic-resiliency`.
    pub intended_model: String,
    pub meets: bool,
    /// The locations with the devices on which members end, each device once.
    pub sites: Vec<Site>,
    /// What is lacking, in words; `None` when nothing is.
    pub lacking: Option<String>,
}

/// One location of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Site {
    pub location: LocationCode,
    pub devices: Vec<String>,
}

/// How many locations, with how many devices in each, a model asks for.
fn needs(model: &str) -> (usize, usize) {
    match model {
        "maximum-resiliency" => (2, 2),
        "high-resiliency" => (2, 1),
        _ => (1, 2),
    }
}

/// Judges a group by its associated members that have a device: a port that is only ordered does not
/// protect anyone. A LAG counts as one, and so does each of its members.
pub fn judge(world: &World, group: &ResiliencyGroup) -> Judgement {
    let mut sites: BTreeMap<LocationCode, BTreeSet<String>> = BTreeMap::new();
    for unit in units(world, group) {
        let place = parent::location(world, unit).zip(parent::device(world, unit));
        if let Some((location, device)) = place {
            sites.entry(location).or_default().insert(device);
        }
    }
    let (locations, devices) = needs(&group.intended_model);
    let good = sites
        .values()
        .filter(|there| there.len() >= devices)
        .count();
    let meets = good >= locations;
    let lacking = (!meets).then(|| {
        let have = sites.len();
        match devices {
            1 => format!("{locations} locations are needed, members are at {have}"),
            _ => format!(
                "{locations} locations with {devices} devices each are needed, members are at {have}, of which {good} have so many devices"
            ),
        }
    });
    Judgement {
        intended_model: group.intended_model.clone(),
        meets,
        sites: sites
            .into_iter()
            .map(|(location, devices)| Site {
                location,
                devices: devices.into_iter().collect(),
            })
            .collect(),
        lacking,
    }
}

/// What an associated member counts as: itself, or the LAG that it is in. Each once.
fn units(world: &World, group: &ResiliencyGroup) -> BTreeSet<ParentId> {
    group
        .members
        .iter()
        .filter(|member| member.state == MemberState::Associated)
        .map(|member| unit_of(world, member.connection))
        .collect()
}

fn unit_of(world: &World, member: ParentId) -> ParentId {
    let lag = match member {
        ParentId::Connection(id) => world.connection(id).and_then(|found| found.lag),
        ParentId::Lag(_) => None,
    };
    lag.map_or(member, ParentId::Lag)
}

/// What two ports must have in common to be a pair.
#[derive(PartialEq)]
struct Tariff {
    mode: String,
    bandwidth: Bandwidth,
}

fn tariff(world: &World, unit: ParentId) -> Option<Tariff> {
    let (mode, bandwidth) = match unit {
        ParentId::Connection(id) => {
            let found = world.connection(id).filter(|found| found.is_live())?;
            (found.billing_mode.clone(), found.bandwidth)
        }
        ParentId::Lag(id) => {
            let found = world.lag(id).filter(|found| found.is_live())?;
            (found.billing_mode.clone(), found.bandwidth)
        }
    };
    mode.map(|mode| Tariff { mode, bandwidth })
}

/// The billing mode as it is shown: `PortPairFlatRateTierN` while a group of the carrier has another
/// member of equal mode and speed on another device.
pub(crate) fn shown_billing_mode(world: &World, carrier: ParentId) -> String {
    let unit = unit_of(world, carrier);
    let own = tariff(world, unit);
    let mode = own
        .as_ref()
        .map_or("PayAsYouGo", |tariff| tariff.mode.as_str());
    let paired = mode.starts_with("FlatRate")
        && groups_of(world, carrier, unit).any(|group| {
            let device = parent::device(world, unit);
            units(world, group).into_iter().any(|other| {
                other != unit
                    && tariff(world, other) == own
                    && device.is_some()
                    && parent::device(world, other).is_some_and(|there| Some(there) != device)
            })
        });
    if paired {
        format!("PortPair{mode}")
    } else {
        mode.to_owned()
    }
}

/// The live groups that a carrier is associated with, itself or as its LAG or through one of its members.
fn groups_of(
    world: &World,
    carrier: ParentId,
    unit: ParentId,
) -> impl Iterator<Item = &Arc<ResiliencyGroup>> {
    let members: Vec<ConnectionId> = match unit {
        ParentId::Lag(lag) => member_ids(world, lag),
        ParentId::Connection(_) => Vec::new(),
    };
    let names: BTreeSet<ParentId> = members
        .into_iter()
        .map(ParentId::Connection)
        .chain([carrier, unit])
        .collect();
    names
        .into_iter()
        .flat_map(|name| world.resiliency_groups_with(name))
        .filter(move |group| group.is_live() && units(world, group).contains(&unit))
}

fn member_ids(world: &World, lag: LagId) -> Vec<ConnectionId> {
    world.members(lag).map(|member| member.id).collect()
}

#[cfg(test)]
mod tests;
