//! LAGs: make, list, change, delete. Source: spec/operations §5, spec/states §4.

use std::collections::BTreeSet;

use demarc_api::{
    self as api, CreateLagRequest, DeleteLagRequest, DescribeLagsRequest, Lags, Operation,
    UpdateLagRequest,
};
use demarc_types::{Bandwidth, LagId, ParentId};

use super::connection::{check_lag_survives, encryption_mode};
use super::port_order::{
    NAME_LENGTH, NewPort, add_port, check_port_quota, dedicated_bandwidth,
    fresh_id as fresh_connection_id, offered,
};
use super::{billing, lag_member, resiliency_member};
use crate::context::Context;
use crate::entity::{Connection, ConnectionKind, EntityKey, Lag, LagPhase, Location, MacSec, Tags};
use crate::observe::{lag_may_be_up, port_may_be_up};
use crate::paging::{Page, Unasked};
use crate::parent::{holding, own_connection, own_lag};
use crate::refusal::Refusal;
use crate::settings::PartnerType;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, inventory, view};

// ===== make =====

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateLagRequest,
) -> Result<api::Lag, Refusal> {
    let tag_limit = tx.context.settings.quotas.tags_per_resource;
    let tags = input::tags(input.tags.as_ref(), tag_limit)?;
    let child_tags = input::tags(input.child_connection_tags.as_ref(), tag_limit)?;
    let name = input::name("Lag name", &input.lag_name, NAME_LENGTH)?;
    let bandwidth = dedicated_bandwidth(&input.connections_bandwidth)?;
    let mac_sec = input.request_mac_sec.unwrap_or(false);
    let provider_name = input::provider_name(input.provider_name.as_deref())?;
    let location = offered(tx, &input.location, bandwidth, mac_sec)?;
    let count = member_count(tx, input.number_of_connections, bandwidth)?;
    let billing_mode = input.billing_mode.map(|mode| mode.as_str().to_owned());
    billing::check_speed(billing_mode.as_deref(), bandwidth)?;
    let existing = match &input.connection_id {
        Some(id) => Some(own_connection(tx, id)?.as_ref().clone()),
        None => None,
    };
    let wanted = Wanted {
        name,
        bandwidth,
        mac_sec,
        billing_mode: billing_mode.or_else(|| existing.as_ref()?.billing_mode.clone()),
        provider_name,
        tags,
        child_tags,
    };
    if let Some(connection) = &existing {
        check_existing(tx, connection, &location, &wanted)?;
    }
    let new = count - usize::from(existing.is_some());
    check_lag_quota(tx)?;
    check_port_quota(tx, &location, new)?;
    let lag = add_lag(tx, &location, existing.as_ref(), new, &wanted)?;
    // First, since what is on it may need what ports just ordered do not have yet: jumbo frames.
    let is_new = existing.is_none();
    if let Some(connection) = existing {
        lag_member::join(tx, connection, &lag)?;
    }
    add_members(tx, &location, &lag, new, &wanted);
    let mut made = show(tx, lag.id);
    if is_new {
        made.lag_state = Some(api::LagState::Requested);
    }
    Ok(made)
}

/// What was asked for, checked.
struct Wanted {
    name: String,
    bandwidth: Bandwidth,
    mac_sec: bool,
    billing_mode: Option<String>,
    provider_name: Option<String>,
    tags: Tags,
    child_tags: Tags,
}

/// How many members the LAG is to have, an existing one among them (spec/quotas row 7).
fn member_count(tx: &Transaction<'_>, number: i64, bandwidth: Bandwidth) -> Result<usize, Refusal> {
    let limit = tx.context.settings.quotas.members(bandwidth);
    usize::try_from(number)
        .ok()
        .filter(|count| (1..=limit).contains(count))
        .ok_or_else(|| {
            Refusal::invalid(format!(
                "numberOfConnections must be between 1 and {limit}."
            ))
        })
}

/// The existing connection can be the LAG's first member.
fn check_existing(
    world: &World,
    connection: &Connection,
    location: &Location,
    wanted: &Wanted,
) -> Result<(), Refusal> {
    lag_member::check_port(world, connection)?;
    check_lag_survives(world, connection)?;
    if connection.location != location.code {
        return Err(Refusal::invalid(format!(
            "Connection {} is not at location {}.",
            connection.id, location.code
        )));
    }
    if connection.bandwidth != wanted.bandwidth {
        return Err(Refusal::invalid(format!(
            "Connection {} has {}, not {}.",
            connection.id, connection.bandwidth, wanted.bandwidth
        )));
    }
    if connection.mac_sec.is_some() != wanted.mac_sec {
        return Err(Refusal::MacSecMismatch(connection.id.to_string()));
    }
    Ok(())
}

/// One more LAG fits (spec/quotas row 8).
fn check_lag_quota(tx: &Transaction<'_>) -> Result<(), Refusal> {
    let limit = tx.context.settings.quotas.lags;
    let live = tx
        .lags_of(tx.context.account, tx.context.region)
        .filter(|lag| lag.is_live())
        .count();
    if live >= limit {
        return Err(Refusal::Quota {
            what: "Lag",
            limit,
            scope: format!("account {}", tx.context.account),
        });
    }
    Ok(())
}

/// Makes the LAG, without members. Its device is the existing connection's, or one with room for `new`.
fn add_lag(
    tx: &mut Transaction<'_>,
    location: &Location,
    existing: Option<&Connection>,
    new: usize,
    wanted: &Wanted,
) -> Result<Lag, Refusal> {
    let account = tx.context.account;
    let unplaced = existing.is_some_and(|connection| connection.device.is_none());
    let needed = new + usize::from(unplaced);
    let settled = existing.and_then(|connection| connection.device.clone());
    let device = settled
        .clone()
        .or_else(|| inventory::place(tx, account, location, needed))
        .ok_or_else(|| {
            Refusal::invalid(format!(
                "No device at location {} has {needed} free ports.",
                location.code
            ))
        })?;
    let hosting = existing.is_some_and(Connection::is_interconnect)
        || (!tx.context.settings.accounts.is_open()
            && tx.context.settings.accounts.partner_type(account) != PartnerType::NonPartner);
    let lag = Lag {
        id: fresh_id(tx),
        owner: account,
        region: tx.context.region,
        location: location.code,
        name: wanted.name.clone(),
        bandwidth: wanted.bandwidth,
        minimum_links: 0,
        phase: LagPhase::Active { been_up: false },
        device,
        allows_hosted: hosting,
        provider_name: wanted.provider_name.clone(),
        mac_sec: wanted.mac_sec.then(MacSec::default),
        billing_mode: wanted.billing_mode.clone(),
        tags: wanted.tags.clone(),
        created: tx.context.now,
    };
    if settled.is_some() {
        lag_member::check_device_room(tx, &lag, new)?;
    }
    tx.put(lag.clone());
    Ok(lag)
}

/// An id that no LAG has.
fn fresh_id(tx: &mut Transaction<'_>) -> LagId {
    loop {
        let id = tx.context.ids.lag();
        if tx.lag(id).is_none() {
            return id;
        }
    }
}

/// Orders the LAG's new ports, named as clients know them (spec/identifiers §4).
fn add_members(
    tx: &mut Transaction<'_>,
    location: &Location,
    lag: &Lag,
    count: usize,
    wanted: &Wanted,
) {
    // In order, so that lists, which go by time and id, show the members by their numbers.
    let mut ids = BTreeSet::new();
    while ids.len() < count {
        ids.insert(fresh_connection_id(tx));
    }
    for (number, id) in (1..).zip(ids) {
        let port = NewPort {
            id,
            kind: ConnectionKind::Dedicated,
            name: format!("Requested Connection {number} for Lag {}", lag.id),
            bandwidth: wanted.bandwidth,
            tags: wanted.child_tags.clone(),
            provider_name: wanted.provider_name.clone(),
            mac_sec: wanted.mac_sec,
            billing_mode: wanted.billing_mode.clone(),
        };
        add_port(tx, location, Some(lag), port);
    }
}

/// The LAG as its owner sees it, after all that the transaction did to it.
fn show(tx: &Transaction<'_>, id: LagId) -> api::Lag {
    let lag = tx.lag(id).expect("a LAG shown was found or made before");
    view::lag(tx, &tx.context.settings, tx.context.account, lag)
}

// ===== list =====

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeLagsRequest,
) -> Result<Lags, Refusal> {
    let shown = |lag: &Lag| view::lag(world, &context.settings, context.account, lag);
    if let Some(id) = &input.lag_id {
        let found = input::lag(id)
            .map(|id| world.lag(id))?
            .filter(|found| found.owner == context.account && found.region == context.region)
            .ok_or_else(|| Refusal::LagNotFound(id.clone()))?;
        return Ok(Lags {
            lags: Some(vec![shown(found)]),
            next_token: None,
        });
    }
    let page = Page::read(
        world,
        context,
        Operation::DescribeLags,
        &[],
        input.max_results,
        input.next_token.as_deref(),
        Unasked::Everything,
    )?;
    let entries = world
        .indexes
        .lags_by_owner
        .after((context.account, context.region), page.position()?)
        .filter_map(|(_, id)| world.lag(id));
    let (lags, next_token) = page.take(entries, |last| (last.created, last.id.to_string()));
    Ok(Lags {
        lags: Some(lags.into_iter().map(|lag| shown(lag)).collect()),
        next_token,
    })
}

// ===== change =====

pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateLagRequest,
) -> Result<api::Lag, Refusal> {
    let mut lag = own_lag(tx, &input.lag_id)?.as_ref().clone();
    if let Some(name) = &input.lag_name {
        lag.name = input::name("Lag name", name, NAME_LENGTH)?;
    }
    if let Some(number) = input.minimum_links {
        lag.minimum_links = minimum_links(tx, lag.id, number)?;
    }
    let mode = match &input.encryption_mode {
        Some(text) => Some(encryption_mode(text)?),
        None => None,
    };
    if let Some(mode) = mode {
        let Some(mac_sec) = lag.mac_sec.as_mut() else {
            return Err(Refusal::invalid(format!(
                "Lag {} is not MACsec capable.",
                lag.id
            )));
        };
        mac_sec.mode = mode;
    }
    let members: Vec<Connection> = tx
        .members(lag.id)
        .map(|member| member.as_ref().clone())
        .collect();
    tx.put(lag.clone());
    for mut member in members {
        let id = member.id;
        if let (Some(mode), Some(mac_sec)) = (mode, &mut member.mac_sec) {
            mac_sec.mode = mode;
            tx.put(member);
        }
        port_may_be_up(tx, id);
    }
    lag_may_be_up(tx, lag.id);
    Ok(show(tx, lag.id))
}

/// A minimum that the LAG's members can meet; 0 is what clients send who set none.
fn minimum_links(world: &World, lag: LagId, number: i64) -> Result<u32, Refusal> {
    if number < 0 {
        return Err(Refusal::invalid(format!(
            "MinimumLinks {number} must have value greater than or equal to 0."
        )));
    }
    let connections = world.members(lag).count();
    u32::try_from(number)
        .ok()
        .filter(|_| usize::try_from(number).is_ok_and(|number| number <= connections))
        .ok_or(Refusal::MinimumLinksTooHigh {
            minimum_links: number,
            connections,
        })
}

// ===== delete =====

pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteLagRequest,
) -> Result<api::Lag, Refusal> {
    let id = input::lag(&input.lag_id)?;
    let mut lag = tx
        .lag(id)
        .filter(|found| found.owner == tx.context.account && found.region == tx.context.region)
        .map(|found| found.as_ref().clone())
        .ok_or_else(|| Refusal::LagNotFound(input.lag_id.clone()))?;
    if !lag.is_live() {
        return Ok(show(tx, id));
    }
    // Ansible repeats the call while it reads this text (spec/clients §2).
    if holding(tx, ParentId::Lag(id)).next().is_some() {
        return Err(Refusal::invalid(format!(
            "Lag {id} has virtual interfaces and cannot be deleted until its Virtual Interfaces are deleted."
        )));
    }
    if lag_member::hosts_any(tx, id) {
        return Err(Refusal::invalid(format!(
            "Lag {id} has hosted connections and cannot be deleted until they are deleted."
        )));
    }
    let members: Vec<Connection> = tx
        .members(id)
        .map(|member| member.as_ref().clone())
        .collect();
    for member in members {
        lag_member::leave(tx, member, &lag);
    }
    lag.phase = LagPhase::Deleted { at: tx.context.now };
    lag.tags = Tags::default();
    if let Some(mac_sec) = &mut lag.mac_sec {
        mac_sec.keys.clear();
    }
    tx.put(lag);
    resiliency_member::forget(tx, ParentId::Lag(id));
    Ok(show(tx, id))
}

/// Fires the deadline of a LAG: a deleted one is no longer shown.
pub(crate) fn step(tx: &mut Transaction<'_>, lag: &Lag) {
    match lag.phase {
        LagPhase::Deleted { .. } => tx.remove(EntityKey::Lag(lag.id)),
        LagPhase::Active { .. } => {}
    }
}

#[cfg(test)]
mod tests;
