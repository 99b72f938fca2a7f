//! Members of LAGs: joining and leaving, with what moves along. Source: spec/operations §5, spec/states §4.

use std::sync::Arc;

use demarc_api::{
    self as api, AssociateConnectionWithLagRequest, DisassociateConnectionFromLagRequest,
};
use demarc_types::{LagId, ParentId};

use super::connection::{check_lag_survives, show};
use super::hosted_move;
use super::port_order::check_member_limit;
use crate::entity::{
    Connection, ConnectionKind, ConnectionPhase, EncryptionMode, Lag, VirtualInterface,
};
use crate::observe::port_may_be_up;
use crate::parent::{self, Pool, holding, is_gone, own_connection, own_lag};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, inventory, state};

pub(crate) fn associate(
    tx: &mut Transaction<'_>,
    input: &AssociateConnectionWithLagRequest,
) -> Result<api::Connection, Refusal> {
    input::connection(&input.connection_id)?;
    input::lag(&input.lag_id)?;
    let connection = own_connection(tx, &input.connection_id)?.as_ref().clone();
    let lag = own_lag(tx, &input.lag_id)?.as_ref().clone();
    check_port(tx, &connection)?;
    if connection.lag == Some(lag.id) {
        return Ok(show(tx, &connection));
    }
    let lag = placed_by(tx, lag, &connection);
    let connection = moved_to(tx, connection, &lag);
    check_matches(tx, &connection, &lag)?;
    check_member_limit(tx, lag.id, lag.bandwidth)?;
    check_lag_survives(tx, &connection)?;
    tx.put(lag.clone());
    let joined = join(tx, connection, &lag)?;
    Ok(show(tx, &joined))
}

/// The connection is a port in service or on the way there: hosted ones have none.
pub(super) fn check_port(world: &World, connection: &Connection) -> Result<(), Refusal> {
    if connection.is_hosted() {
        return Err(Refusal::invalid(format!(
            "Connection {} is a hosted connection and cannot be a member of a Lag.",
            connection.id
        )));
    }
    if !connection.is_live() {
        return Err(Refusal::ConnectionNotAvailable {
            id: connection.id.to_string(),
            state: state::connection(world, connection),
        });
    }
    Ok(())
}

/// A LAG without members and without anything on it has no port at its device yet: it is where the first
/// port to join is. Terraform makes LAGs so, and lets ports join them that were ordered apart
/// (spec/clients §1.1).
fn placed_by(world: &World, lag: Lag, connection: &Connection) -> Lag {
    let bare = world.members(lag.id).next().is_none()
        && holding(world, ParentId::Lag(lag.id)).next().is_none()
        && !hosts_any(world, lag.id);
    match &connection.device {
        Some(device) if bare && connection.location == lag.location => Lag {
            device: device.clone(),
            ..lag
        },
        _ => lag,
    }
}

/// A port that carries nothing and whose letter nobody has drawn is patched to nothing yet: it gives up its
/// place for one at the LAG. Ports ordered apart are on different devices (spec/states §1), and how soon they
/// are depends on `--settle`; Terraform orders some and lets them join one LAG, however long that takes.
fn moved_to(world: &World, connection: Connection, lag: &Lag) -> Connection {
    let own = ParentId::Connection(connection.id);
    let idle = connection.lag.is_none()
        && connection.loa_issued.is_none()
        && holding(world, own).next().is_none()
        && !world.hosted_on(own).any(|hosted| !is_gone(hosted));
    Connection {
        device: connection
            .device
            .filter(|device| *device == lag.device || !idle),
        ..connection
    }
}

/// Location, speed, MACsec and device are those of the LAG.
fn check_matches(world: &World, connection: &Connection, lag: &Lag) -> Result<(), Refusal> {
    let apart = || {
        Refusal::invalid(format!(
            "Connection {} and Lag {} are not on the same device.",
            connection.id, lag.id
        ))
    };
    if connection.location != lag.location {
        return Err(apart());
    }
    if connection.bandwidth != lag.bandwidth {
        return Err(Refusal::invalid(format!(
            "Connection {} has {}, but the connections of Lag {} have {}.",
            connection.id, connection.bandwidth, lag.id, lag.bandwidth
        )));
    }
    if connection.mac_sec.is_some() != lag.mac_sec.is_some() {
        return Err(Refusal::MacSecMismatch(connection.id.to_string()));
    }
    match &connection.device {
        Some(device) if *device != lag.device => Err(apart()),
        Some(_) => Ok(()),
        None => check_device_room(world, lag, 1),
    }
}

/// The LAG's device has room for `more` further ports.
pub(super) fn check_device_room(world: &World, lag: &Lag, more: usize) -> Result<(), Refusal> {
    let location = inventory::location(world, lag.region, lag.location.as_str());
    let room = location.is_none_or(|location| {
        let mut devices = location.devices.iter();
        devices
            .find(|device| device.name == lag.device)
            .is_none_or(|device| inventory::has_room(world, device, more))
    });
    if room {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "The device of Lag {} has no free port.",
        lag.id
    )))
}

/// The LAG takes ports of this kind. One that allows hosted connections takes any port; another takes
/// no interconnects, except that in the open development mode one may be the first to join and so make
/// it a partner's LAG (spec/operations §1.5).
pub(super) fn check_kind(
    world: &World,
    settings: &Settings,
    lag: &Lag,
    kind: ConnectionKind,
) -> Result<(), Refusal> {
    if kind != ConnectionKind::Interconnect
        || lag.allows_hosted
        || becomes_hosting(world, settings, lag)
    {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "Lag {} does not take interconnects: it does not allow hosted connections.",
        lag.id
    )))
}

/// The first port to join decides what the LAG is for.
fn becomes_hosting(world: &World, settings: &Settings, lag: &Lag) -> bool {
    settings.accounts.is_open()
        && world.members(lag.id).next().is_none()
        && holding(world, ParentId::Lag(lag.id)).next().is_none()
}

/// Notes that a port of this kind joins; gives the LAG as it is then.
pub(super) fn note_kind(tx: &mut Transaction<'_>, lag: &Lag, kind: ConnectionKind) -> Lag {
    let mut lag = lag.clone();
    if kind == ConnectionKind::Interconnect && !lag.allows_hosted {
        lag.allows_hosted = true;
        tx.put(lag.clone());
    }
    lag
}

/// Puts the port into the LAG. What was on a port of its own moves along; what was on another LAG stays
/// there. The port's keys give way to the LAG's, and so do encryption and billing mode.
pub(super) fn join(
    tx: &mut Transaction<'_>,
    connection: Connection,
    lag: &Lag,
) -> Result<Connection, Refusal> {
    check_kind(tx, &tx.context.settings, lag, connection.kind)?;
    let lag = note_kind(tx, lag, connection.kind);
    let mut joined = connection;
    joined.lag = Some(lag.id);
    // The other end has to be told by LACP.
    joined.distributing = false;
    joined.device = Some(lag.device.clone());
    joined.billing_mode.clone_from(&lag.billing_mode);
    if let (Some(own), Some(common)) = (&mut joined.mac_sec, &lag.mac_sec) {
        own.keys.clear();
        own.mode = common.mode;
        own.encrypted = false;
    }
    tx.put(joined.clone());
    move_virtual_interfaces(tx, ParentId::Connection(joined.id), &lag)?;
    hosted_move::all(tx, ParentId::Connection(joined.id), ParentId::Lag(lag.id))?;
    port_may_be_up(tx, joined.id);
    Ok(joined)
}

fn move_virtual_interfaces(
    tx: &mut Transaction<'_>,
    from: ParentId,
    lag: &Lag,
) -> Result<(), Refusal> {
    let target = ParentId::Lag(lag.id);
    let interfaces: Vec<Arc<VirtualInterface>> = holding(tx, from).cloned().collect();
    if interfaces.is_empty() {
        return Ok(());
    }
    if lag.allows_hosted {
        return Err(Refusal::invalid(format!(
            "Connection {from} has virtual interfaces, which Lag {} cannot carry: it allows hosted connections.",
            lag.id
        )));
    }
    for interface in &interfaces {
        parent::check_conflicts(tx, interface, target)?;
    }
    // Quotas come after the conflicts of all (spec/protocol §3.4).
    let settings = Arc::clone(&tx.context.settings);
    check_rate_limiters(tx, &settings, &interfaces, target)?;
    for interface in interfaces {
        parent::check_room(tx, &settings, target, interface.kind)?;
        parent::rehome(tx, &interface, target);
    }
    Ok(())
}

/// The LAG has limiters left for the virtual interfaces that come (spec/quotas row 23).
fn check_rate_limiters(
    world: &World,
    settings: &Settings,
    coming: &[Arc<VirtualInterface>],
    target: ParentId,
) -> Result<(), Refusal> {
    let limit = settings.quotas.rate_limiters_per_connection;
    let there = holding(world, target)
        .filter(|interface| interface.rate_limit.is_some())
        .count();
    let more = coming
        .iter()
        .filter(|interface| interface.rate_limit.is_some())
        .count();
    if more > 0 && there + more > limit {
        return Err(Refusal::RateLimiterQuota {
            id: target.to_string(),
            limit,
        });
    }
    Ok(())
}

pub(crate) fn disassociate(
    tx: &mut Transaction<'_>,
    input: &DisassociateConnectionFromLagRequest,
) -> Result<api::Connection, Refusal> {
    input::connection(&input.connection_id)?;
    input::lag(&input.lag_id)?;
    // Clients take these two texts for success (spec/clients §0 rule 6).
    let connection = own_connection(tx, &input.connection_id)
        .map_err(|_| Refusal::MemberNotFound(input.connection_id.clone()))?
        .as_ref()
        .clone();
    let lag = own_lag(tx, &input.lag_id)
        .map_err(|_| Refusal::LagOfMemberNotFound(input.lag_id.clone()))?
        .as_ref()
        .clone();
    if !connection.is_live() {
        return Err(Refusal::MemberNotFound(input.connection_id.clone()));
    }
    if connection.lag != Some(lag.id) {
        return Err(Refusal::invalid(format!(
            "Connection {} is not associated with Lag {}.",
            connection.id, lag.id
        )));
    }
    let last = tx.members(lag.id).all(|member| member.id == connection.id);
    if !last {
        check_lag_survives(tx, &connection)?;
    }
    let left = leave(tx, connection, &lag);
    Ok(show(tx, &left))
}

/// Takes the port out of the LAG, to stand alone; what is on the LAG stays there. The LAG's keys stay
/// with the LAG, so a port that had to encrypt falls back to should_encrypt, or it would go dark. A port
/// that is not yet approved had its place from the LAG and will get one of its own (spec/operations §1.4).
pub(super) fn leave(tx: &mut Transaction<'_>, connection: Connection, lag: &Lag) -> Connection {
    let mut left = connection;
    left.lag = None;
    left.distributing = false;
    if lag.allows_hosted {
        left.kind = ConnectionKind::Interconnect;
    }
    if matches!(left.phase, ConnectionPhase::Requested { .. }) {
        left.device = None;
    }
    if let Some(mac_sec) = &mut left.mac_sec {
        mac_sec.encrypted = false;
        mac_sec.keys.clear();
        if mac_sec.mode == EncryptionMode::MustEncrypt {
            mac_sec.mode = EncryptionMode::ShouldEncrypt;
        }
    }
    tx.put(left.clone());
    port_may_be_up(tx, left.id);
    left
}

/// The LAG's prefix pool without this member holds what is allocated (spec/quotas §2, prefix pools). The
/// last member may go whatever is, which no section says: clients that empty a LAG on the way to its
/// deletion (`force_delete`) could not otherwise. The LAG then has no pool until a port is in it again.
pub(super) fn check_pool_survives(
    world: &World,
    connection: &Connection,
    lag: &Lag,
) -> Result<(), Refusal> {
    let share = parent::pool_share(connection);
    let last = world
        .members(lag.id)
        .all(|member| member.id == connection.id);
    if last || share == 0 {
        return Ok(());
    }
    let pool = Pool::of(world, ParentId::Lag(lag.id));
    if pool.allocated_ipv4.max(pool.allocated_ipv6) > pool.size - share {
        return Err(Refusal::invalid(format!(
            "Connection {} cannot be taken out: the prefix pool of Lag {} would be smaller than what is allocated from it.",
            connection.id, lag.id
        )));
    }
    Ok(())
}

/// Live hosted connections on the LAG.
pub(super) fn hosts_any(world: &World, lag: LagId) -> bool {
    world
        .hosted_on(ParentId::Lag(lag))
        .any(|hosted| !is_gone(hosted))
}

#[cfg(test)]
mod tests;
