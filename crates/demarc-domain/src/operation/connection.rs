//! Dedicated connections: order, list, rename, delete. Source: spec/operations §3, spec/states §1.

use demarc_api::{
    self as api, Connections, CreateConnectionRequest, DeleteConnectionRequest,
    DescribeConnectionsRequest, Operation, UpdateConnectionRequest,
};
use demarc_types::{AccountId, ParentId, Span};

use super::lag_member;
use super::port_order::{NAME_LENGTH, Order, place_order};
use crate::context::Context;
use crate::entity::{
    Connection, ConnectionKind, ConnectionPhase, EncryptionMode, EntityKey, Link, Tags,
};
use crate::observe::port_may_be_up;
use crate::paging::{Page, Unasked};
use crate::parent::{self, is_gone, own_connection};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, inventory, state, view};

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateConnectionRequest,
) -> Result<api::Connection, Refusal> {
    let order = Order {
        kind: ConnectionKind::Dedicated,
        location: &input.location,
        bandwidth: &input.bandwidth,
        name: &input.connection_name,
        lag: input.lag_id.as_deref(),
        tags: input::tags(
            input.tags.as_ref(),
            tx.context.settings.quotas.tags_per_resource,
        )?,
        provider_name: input.provider_name.as_deref(),
        mac_sec: input.request_mac_sec.unwrap_or(false),
        billing_mode: input.billing_mode.map(|mode| mode.as_str().to_owned()),
    };
    let connection = place_order(tx, order)?;
    Ok(show(tx, &connection))
}

/// The connection as its caller sees it, after all that the transaction did to it.
pub(super) fn show(tx: &Transaction<'_>, connection: &Connection) -> api::Connection {
    let now = tx
        .connection(connection.id)
        .map_or(connection, |found| found.as_ref());
    view::connection(tx, &tx.context.settings, tx.context.account, now)
}

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeConnectionsRequest,
) -> Result<Connections, Refusal> {
    let shown = |connection: &Connection| {
        view::connection(world, &context.settings, context.account, connection)
    };
    if let Some(id) = &input.connection_id {
        let found = input::connection(id)
            .map(|id| world.connection(id))?
            .filter(|found| found.owner == context.account && found.region == context.region)
            .filter(|found| !found.is_interconnect())
            .ok_or_else(|| Refusal::ConnectionNotFound(id.clone()))?;
        return Ok(Connections {
            connections: Some(vec![shown(found)]),
            next_token: None,
        });
    }
    let page = Page::read(
        world,
        context,
        Operation::DescribeConnections,
        &[],
        input.max_results,
        input.next_token.as_deref(),
        Unasked::Everything,
    )?;
    let entries = world
        .indexes
        .connections_by_owner
        .after((context.account, context.region), page.position()?)
        .filter_map(|(_, id)| world.connection(id))
        .filter(|connection| !connection.is_interconnect());
    let (connections, next_token) = page.take(entries, |last| (last.created, last.id.to_string()));
    let connections = connections
        .into_iter()
        .map(|connection| shown(connection))
        .collect();
    Ok(Connections {
        connections: Some(connections),
        next_token,
    })
}

/// Finds a connection to delete: one's own, or a hosted one on one's interconnect or LAG.
fn deletable(tx: &Transaction<'_>, id: &str) -> Result<Connection, Refusal> {
    let parsed = input::connection(id)?;
    let account = tx.context.account;
    let may = |found: &Connection| {
        found.region == tx.context.region
            && (found.owner == account
                || found
                    .hosting()
                    .is_some_and(|(partner, _)| partner == account))
    };
    tx.connection(parsed)
        .filter(|found| may(found) && !is_gone(found) && !found.is_interconnect())
        .map(|found| found.as_ref().clone())
        .ok_or_else(|| Refusal::ConnectionNotFound(id.to_owned()))
}

pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteConnectionRequest,
) -> Result<api::Connection, Refusal> {
    let connection = deletable(tx, &input.connection_id)?;
    if matches!(connection.phase, ConnectionPhase::Deleting { .. }) {
        return Ok(show(tx, &connection));
    }
    if parent::holding(tx, ParentId::Connection(connection.id))
        .next()
        .is_some()
    {
        return Err(Refusal::invalid(format!(
            "Connection {} has virtual interfaces and cannot be deleted.",
            connection.id
        )));
    }
    check_lag_survives(tx, &connection)?;
    let deleted = retire(tx, connection);
    Ok(show(tx, &deleted))
}

/// The LAG keeps enough links without this member, of those that are up if this one is (spec/states §1, UG
/// deleteconnection), and enough of its prefix pool.
pub(super) fn check_lag_survives(world: &World, connection: &Connection) -> Result<(), Refusal> {
    let Some(lag) = connection.lag.and_then(|lag| world.lag(lag)) else {
        return Ok(());
    };
    let minimum = usize::try_from(lag.minimum_links).unwrap_or(usize::MAX);
    let others = world
        .members(lag.id)
        .filter(|member| member.id != connection.id);
    let (count, up) = others.fold((0, 0), |(count, up), member| {
        (
            count + 1,
            up + usize::from(state::port_is_up(world, member)),
        )
    });
    let lacking = count < minimum || (state::port_is_up(world, connection) && up < minimum);
    if lacking {
        return Err(Refusal::invalid(format!(
            "Connection {} cannot be taken out: the number of connections would fall below the minimum links of Lag {}.",
            connection.id, lag.id
        )));
    }
    lag_member::check_pool_survives(world, connection, lag)
}

/// Takes a connection out of service: at once when it was only requested, `rejected` when its customer
/// turns an offer down, else by way of `deleting`. Tags, keys and LAG membership end here.
pub(super) fn retire(tx: &mut Transaction<'_>, mut connection: Connection) -> Connection {
    let now = tx.context.now;
    let by_owner = connection.owner == tx.context.account;
    connection.phase = match connection.phase {
        ConnectionPhase::Requested { .. } => ConnectionPhase::Deleted { at: now },
        ConnectionPhase::Ordering { .. } if by_owner => ConnectionPhase::Rejected { at: now },
        _ => ConnectionPhase::Deleting {
            until: now + tx.context.settings.settle,
        },
    };
    connection.lag = None;
    connection.link = Link::Down;
    connection.distributing = false;
    connection.tags = Tags::default();
    if let Some(mac_sec) = &mut connection.mac_sec {
        mac_sec.keys.clear();
        mac_sec.encrypted = false;
    }
    tx.put(connection.clone());
    super::resiliency_member::forget(tx, ParentId::Connection(connection.id));
    connection
}

pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateConnectionRequest,
) -> Result<api::Connection, Refusal> {
    let mut connection = own_connection(tx, &input.connection_id)?.as_ref().clone();
    if let Some(name) = &input.connection_name {
        connection.name = input::name("Connection name", name, NAME_LENGTH)?;
    }
    if let Some(text) = &input.encryption_mode {
        let mode = encryption_mode(text)?;
        let Some(mac_sec) = connection.mac_sec.as_mut() else {
            return Err(Refusal::invalid(format!(
                "Connection {} is not MACsec capable.",
                connection.id
            )));
        };
        if connection.lag.is_some() {
            return Err(Refusal::invalid(format!(
                "Connection {} is a member of a Lag, which sets its encryption mode.",
                connection.id
            )));
        }
        mac_sec.mode = mode;
    }
    tx.put(connection.clone());
    port_may_be_up(tx, connection.id);
    Ok(show(tx, &connection))
}

pub(super) fn encryption_mode(text: &str) -> Result<EncryptionMode, Refusal> {
    EncryptionMode::parse(text).ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        Refusal::invalid(format!(
            "Encryption mode {shown} is not valid: use no_encrypt, should_encrypt or must_encrypt."
        ))
    })
}

/// Fires the deadline of a connection: approval, confirmation's end, removal.
pub(crate) fn step(tx: &mut Transaction<'_>, connection: &Connection) {
    let mut next = connection.clone();
    let now = tx.context.now;
    match connection.phase {
        ConnectionPhase::Ordering { expires } => {
            next.phase = ConnectionPhase::Deleted { at: expires };
            next.tags = Tags::default();
            super::resiliency_member::forget(tx, ParentId::Connection(connection.id));
        }
        ConnectionPhase::Requested { .. } => return approve(tx, connection),
        ConnectionPhase::Pending { .. } => next.phase = ConnectionPhase::Live,
        ConnectionPhase::Deleting { .. } => {
            next.phase = ConnectionPhase::Deleted { at: now };
            // Those that it was given meanwhile.
            next.tags = Tags::default();
        }
        ConnectionPhase::Deleted { .. } | ConnectionPhase::Rejected { .. } => {
            return tx.remove(EntityKey::Connection(connection.id));
        }
        ConnectionPhase::Live => return,
    }
    tx.put(next);
}

/// Gives an ordered port its place on a device: `requested` becomes `pending`. When no device has room the
/// order waits, and is looked at again later.
pub(crate) fn approve(tx: &mut Transaction<'_>, connection: &Connection) {
    let mut next = connection.clone();
    if next.device.is_none() {
        let location = inventory::location(tx, next.region, next.location.as_str());
        next.device = location.and_then(|location| inventory::place(tx, next.owner, &location, 1));
    }
    if next.device.is_none() {
        const RETRY: Span = Span::from_minutes(1);
        next.phase = ConnectionPhase::Requested {
            approve_at: Some(tx.context.now + RETRY),
        };
    } else {
        next.jumbo_capable = true;
        next.phase = ConnectionPhase::Pending { ready_at: None };
    }
    tx.put(next);
}

/// The account hosts the connection for its owner, and so sees it.
pub(super) fn is_partner_of(connection: &Connection, account: AccountId) -> bool {
    connection
        .hosting()
        .is_some_and(|(partner, _)| partner == account)
}

#[cfg(test)]
mod tests;
