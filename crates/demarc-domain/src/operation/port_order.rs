//! Orders for ports: what dedicated connections, interconnects and new members of LAGs have in common.
//! Source: spec/operations §3, spec/states §1.

use std::sync::Arc;

use demarc_types::{Bandwidth, ConnectionId, LagId};

use super::{billing, lag_member};
use crate::entity::{
    Connection, ConnectionKind, ConnectionPhase, EncryptionMode, Lag, Link, Location, MacSec, Tags,
};
use crate::parent::own_lag;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::{input, inventory};

/// The longest name of a connection, interconnect or LAG (spec/identifiers §4).
pub(super) const NAME_LENGTH: usize = 200;

/// An order for a port, whether for oneself or for customers.
pub(super) struct Order<'a> {
    pub(super) kind: ConnectionKind,
    pub(super) location: &'a str,
    pub(super) bandwidth: &'a str,
    pub(super) name: &'a str,
    pub(super) lag: Option<&'a str>,
    pub(super) tags: Tags,
    pub(super) provider_name: Option<&'a str>,
    pub(super) mac_sec: bool,
    pub(super) billing_mode: Option<String>,
}

/// Checks an order and puts the port into the World, `requested`.
pub(super) fn place_order(
    tx: &mut Transaction<'_>,
    order: Order<'_>,
) -> Result<Connection, Refusal> {
    let what = match order.kind {
        ConnectionKind::Interconnect => "Interconnect name",
        ConnectionKind::Dedicated | ConnectionKind::Hosted { .. } => "Connection name",
    };
    let name = input::name(what, order.name, NAME_LENGTH)?;
    let provider_name = input::provider_name(order.provider_name)?;
    let bandwidth = dedicated_bandwidth(order.bandwidth)?;
    let location = offered(tx, order.location, bandwidth, order.mac_sec)?;
    let lag = match order.lag {
        None => None,
        Some(id) => {
            let lag = own_lag(tx, id)?.as_ref().clone();
            check_joins(tx, &lag, &location, bandwidth, order.mac_sec)?;
            lag_member::check_kind(tx, &tx.context.settings, &lag, order.kind)?;
            Some(lag_member::note_kind(tx, &lag, order.kind))
        }
    };
    check_port_quota(tx, &location, 1)?;
    billing::check_speed(order.billing_mode.as_deref(), bandwidth)?;
    let billing_mode = match &lag {
        Some(lag) => lag.billing_mode.clone(),
        None => order.billing_mode,
    };
    let port = NewPort {
        id: fresh_id(tx),
        kind: order.kind,
        name,
        bandwidth,
        tags: order.tags,
        provider_name,
        mac_sec: order.mac_sec,
        billing_mode,
    };
    Ok(add_port(tx, &location, lag.as_ref(), port))
}

/// A port about to be made; everything in it was checked.
pub(super) struct NewPort {
    pub(super) id: ConnectionId,
    pub(super) kind: ConnectionKind,
    pub(super) name: String,
    pub(super) bandwidth: Bandwidth,
    pub(super) tags: Tags,
    pub(super) provider_name: Option<String>,
    pub(super) mac_sec: bool,
    pub(super) billing_mode: Option<String>,
}

/// Makes the port. A member of a LAG is on the LAG's device and has its encryption mode from the start.
pub(super) fn add_port(
    tx: &mut Transaction<'_>,
    location: &Location,
    lag: Option<&Lag>,
    port: NewPort,
) -> Connection {
    let context = &tx.context;
    let approve_at = context
        .settings
        .approve_connections
        .then_some(context.now + context.settings.settle);
    let connection = Connection {
        id: port.id,
        owner: tx.context.account,
        region: tx.context.region,
        location: location.code,
        name: port.name,
        bandwidth: port.bandwidth,
        kind: port.kind,
        phase: ConnectionPhase::Requested { approve_at },
        link: Link::Down,
        distributing: false,
        simulated_down: false,
        lag: lag.map(|lag| lag.id),
        device: lag.map(|lag| lag.device.clone()),
        provider_name: port.provider_name,
        partner_name: None,
        jumbo_capable: false,
        mac_sec: port.mac_sec.then(|| MacSec {
            mode: lag
                .and_then(|lag| lag.mac_sec.as_ref())
                .map_or_else(EncryptionMode::default, |common| common.mode),
            ..MacSec::default()
        }),
        loa_issued: None,
        billing_mode: port.billing_mode,
        billing_changes: Vec::new(),
        tags: port.tags,
        created: tx.context.now,
    };
    tx.put(connection.clone());
    connection
}

/// An id that no connection has.
pub(super) fn fresh_id(tx: &mut Transaction<'_>) -> ConnectionId {
    loop {
        let id = tx.context.ids.connection();
        if tx.connection(id).is_none() {
            return id;
        }
    }
}

/// The speed of a port.
pub(super) fn dedicated_bandwidth(text: &str) -> Result<Bandwidth, Refusal> {
    text.parse()
        .ok()
        .filter(|bandwidth: &Bandwidth| bandwidth.is_dedicated())
        .ok_or_else(|| {
            let shown: String = text.chars().take(64).collect();
            Refusal::invalid(format!("Bandwidth {shown} is not valid."))
        })
}

/// The location, if it offers ports of this speed, with MACsec if asked for.
pub(super) fn offered(
    tx: &Transaction<'_>,
    code: &str,
    bandwidth: Bandwidth,
    mac_sec: bool,
) -> Result<Arc<Location>, Refusal> {
    let location = inventory::location(tx, tx.context.region, code).ok_or_else(|| {
        let shown: String = code.chars().take(64).collect();
        Refusal::invalid(format!("Location {shown} is not valid."))
    })?;
    let speed = bandwidth.port_speed().unwrap_or_default();
    if !location.port_speeds.iter().any(|offered| offered == speed) {
        return Err(Refusal::invalid(format!(
            "Bandwidth {bandwidth} is not offered at location {}.",
            location.code
        )));
    }
    if mac_sec
        && !location
            .mac_sec_port_speeds
            .iter()
            .any(|offered| offered == speed)
    {
        return Err(Refusal::invalid(format!(
            "MACsec is not offered for {bandwidth} at location {}.",
            location.code
        )));
    }
    Ok(location)
}

/// A port like this fits into the LAG (spec/states §4).
fn check_joins(
    tx: &Transaction<'_>,
    lag: &Lag,
    location: &Location,
    bandwidth: Bandwidth,
    mac_sec: bool,
) -> Result<(), Refusal> {
    if lag.location != location.code {
        return Err(Refusal::invalid(format!(
            "Connection location must match Lag {}.",
            lag.id
        )));
    }
    if lag.bandwidth != bandwidth {
        return Err(Refusal::invalid(format!(
            "Connection bandwidth must match Lag {}.",
            lag.id
        )));
    }
    if lag.mac_sec.is_some() != mac_sec {
        return Err(Refusal::invalid(format!(
            "Connection and lag {} should be requested MacSec at the same time",
            lag.id
        )));
    }
    check_member_limit(tx, lag.id, bandwidth)?;
    lag_member::check_device_room(tx, lag, 1)
}

/// One more member fits into the LAG.
pub(super) fn check_member_limit(
    tx: &Transaction<'_>,
    lag: LagId,
    bandwidth: Bandwidth,
) -> Result<(), Refusal> {
    let limit = tx.context.settings.quotas.members(bandwidth);
    if tx.members(lag).count() >= limit {
        return Err(Refusal::Quota {
            what: "Connection",
            limit,
            scope: format!("Lag {lag}"),
        });
    }
    Ok(())
}

/// `more` further ports fit under the quota of the location (spec/quotas row 6). Hosted connections do
/// not count: the customer did not order their port.
pub(super) fn check_port_quota(
    tx: &Transaction<'_>,
    location: &Location,
    more: usize,
) -> Result<(), Refusal> {
    let limit = tx.context.settings.quotas.connections_per_location;
    let active = tx
        .connections_of(tx.context.account, tx.context.region)
        .filter(|connection| {
            connection.location == location.code && connection.is_live() && !connection.is_hosted()
        })
        .count();
    if active + more > limit {
        return Err(Refusal::Quota {
            what: "Connection",
            limit,
            scope: format!("location {}", location.code),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
