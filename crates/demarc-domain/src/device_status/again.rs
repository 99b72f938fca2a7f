//! A status compared again, at the cost of what differs.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use demarc_types::VirtualInterfaceId;

use super::{DeviceStatus, VirtualInterfaceStatus, news, of_nothing, of_port, of_standing};
use crate::entity::VirtualInterface;
use crate::observe::Report;
use crate::parent;
use crate::world::World;

/// What a status of a device was compared with last, and what came of it.
#[derive(Debug, Default)]
pub struct Compared {
    status: Option<Arc<DeviceStatus>>,
    current: bool,
    /// What the World did not know: as long as it does not, it is said again.
    open: BTreeSet<VirtualInterfaceId>,
}

/// The same as [`news`]. `differ`: the virtual interfaces in which the World differs from the one of the last
/// comparison, if it differs in these alone ([`World::differs_in_interfaces_alone`]). With nothing compared
/// before, for any World.
pub fn news_again(
    world: &World,
    status: &Arc<DeviceStatus>,
    current: bool,
    differ: Option<&[VirtualInterfaceId]>,
    before: &mut Compared,
) -> Vec<Report> {
    let comparable = before.status.as_ref().filter(|it| {
        it.followed.is_some() == status.followed.is_some() && before.current == current
    });
    let concerned = comparable.zip(differ).and_then(|(known, differ)| {
        let mut concerned: BTreeSet<_> = differences(known, status)?.into_iter().collect();
        concerned.extend(differ);
        concerned.extend(&before.open);
        Some(concerned)
    });
    let reports = match concerned {
        Some(concerned) => news_of(world, status, current, &concerned),
        None => news(world, status, current),
    };
    debug_assert_eq!(reports, news(world, status, current));
    *before = Compared {
        status: Some(Arc::clone(status)),
        current,
        open: reports.iter().filter_map(interface_of).collect(),
    };
    reports
}

fn news_of(
    world: &World,
    status: &DeviceStatus,
    current: bool,
    concerned: &BTreeSet<VirtualInterfaceId>,
) -> Vec<Report> {
    if status.followed.is_none() {
        return Vec::new();
    }
    let ports = status.ports.iter();
    let of_ports = ports.flat_map(|port| of_port(world, &status.device, port));
    let stored = concerned.iter().filter_map(|id| {
        let stored = world.virtual_interface(*id)?;
        is_on(world, stored, &status.device).then_some(stored)
    });
    let of_interfaces = stored.filter_map(|stored| {
        let mut seen = status.virtual_interfaces.iter();
        match seen.find(|seen| seen.id == stored.id) {
            Some(seen) => of_standing(stored, seen),
            None if current => of_nothing(stored),
            None => None,
        }
    });
    of_ports.chain(of_interfaces).collect()
}

fn is_on(world: &World, stored: &VirtualInterface, device: &str) -> bool {
    stored.holds_resources()
        && parent::device(world, stored.parent).is_some_and(|its| its == device)
}

fn interface_of(report: &Report) -> Option<VirtualInterfaceId> {
    match report {
        Report::VirtualInterface { id, .. } | Report::VirtualInterfaceRemoved { id } => Some(*id),
        _ => None,
    }
}

/// The virtual interfaces of which two statuses say something else; `None` where that is not told quickly.
fn differences(before: &DeviceStatus, now: &DeviceStatus) -> Option<Vec<VirtualInterfaceId>> {
    let is_sorted = |of: &DeviceStatus| of.virtual_interfaces.is_sorted_by(|a, b| a.id < b.id);
    if !is_sorted(before) || !is_sorted(now) {
        return None;
    }
    let id = |it: &&Arc<VirtualInterfaceStatus>| it.id;
    let (mut these, mut those) = (
        before.virtual_interfaces.iter().peekable(),
        now.virtual_interfaces.iter().peekable(),
    );
    let mut found = Vec::new();
    loop {
        let (this, that) = (these.peek().copied(), those.peek().copied());
        let order = match (this, that) {
            (None, None) => return Some(found),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(this), Some(that)) => this.id.cmp(&that.id),
        };
        match order {
            Ordering::Less => found.extend(these.next().as_ref().map(id)),
            Ordering::Greater => found.extend(those.next().as_ref().map(id)),
            Ordering::Equal => {
                // Where both are the same object, as for nearly all of them, nothing is compared.
                found.extend(this.filter(|_| this != that).as_ref().map(id));
                (_, _) = (these.next(), those.next());
            }
        }
    }
}
