//! Hosted connections: allocate, confirm, list, move. Source: spec/operations §4, spec/states §2.

use demarc_api::{
    self as api, AllocateConnectionOnInterconnectRequest, AllocateHostedConnectionRequest,
    AssociateHostedConnectionRequest, ConfirmConnectionRequest, ConfirmConnectionResponse,
    ConnectionState, Connections, DescribeConnectionsOnInterconnectRequest,
    DescribeHostedConnectionsRequest, Operation, Tag,
};
use demarc_types::{AccountId, Bandwidth, LocationCode, ParentId, Span, VlanId};

use super::connection::{is_partner_of, show};
use super::hosted_move::{self, Taken};
use super::port_order::{NAME_LENGTH, fresh_id};
use crate::context::Context;
use crate::entity::{Connection, ConnectionKind, ConnectionPhase, Link, Tags};
use crate::paging::{Page, Unasked};
use crate::parent::{self, is_gone, own_connection, own_lag};
use crate::refusal::Refusal;
use crate::settings::{Accounts, PartnerType};
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, state, view};

// ===== allocate =====

pub(crate) fn allocate(
    tx: &mut Transaction<'_>,
    input: &AllocateHostedConnectionRequest,
) -> Result<api::Connection, Refusal> {
    check_partner(tx.context)?;
    let parent = input::connection_or_lag(&input.connection_id)?;
    let offer = Offer {
        customer: &input.owner_account,
        bandwidth: &input.bandwidth,
        name: &input.connection_name,
        vlan: input.vlan,
        tags: input.tags.as_ref(),
    };
    let connection = place_offer(tx, parent, &offer)?;
    Ok(show(tx, &connection))
}

/// The older form: of interconnects only, without tags.
pub(crate) fn allocate_on_interconnect(
    tx: &mut Transaction<'_>,
    input: &AllocateConnectionOnInterconnectRequest,
) -> Result<api::Connection, Refusal> {
    check_partner(tx.context)?;
    let parent = ParentId::Connection(input::connection(&input.interconnect_id)?);
    let offer = Offer {
        customer: &input.owner_account,
        bandwidth: &input.bandwidth,
        name: &input.connection_name,
        vlan: input.vlan,
        tags: None,
    };
    let connection = place_offer(tx, parent, &offer)?;
    Ok(show(tx, &connection))
}

/// What a partner offers to a customer.
struct Offer<'a> {
    customer: &'a str,
    bandwidth: &'a str,
    name: &'a str,
    vlan: i64,
    tags: Option<&'a Vec<Tag>>,
}

/// Checks an offer and puts the hosted connection into the World, `ordering`.
fn place_offer(
    tx: &mut Transaction<'_>,
    parent: ParentId,
    offer: &Offer<'_>,
) -> Result<Connection, Refusal> {
    let owner = input::account(offer.customer)?;
    let name = input::name("Connection name", offer.name, NAME_LENGTH)?;
    let host = own_host(tx, parent)?;
    parent::check_usable(tx, parent)?;
    let bandwidth = hosted_bandwidth(tx.context, offer.bandwidth)?;
    check_fits(bandwidth, parent, host.bandwidth)?;
    let vlan = input::vlan(offer.vlan)?;
    check_vlan(tx, parent, vlan)?;
    let tags = input::tags(offer.tags, tx.context.settings.quotas.tags_per_resource)?;
    Ok(add_offer(tx, &host, owner, name, bandwidth, vlan, tags))
}

fn add_offer(
    tx: &mut Transaction<'_>,
    host: &Host,
    owner: AccountId,
    name: String,
    bandwidth: Bandwidth,
    vlan: VlanId,
    tags: Tags,
) -> Connection {
    let id = fresh_id(tx);
    let context = &tx.context;
    let days = i64::from(context.settings.hosted_connection_expiry_days);
    let connection = Connection {
        id,
        owner,
        region: context.region,
        location: host.location,
        name,
        bandwidth,
        kind: ConnectionKind::Hosted {
            parent: host.id,
            partner: context.account,
            vlan,
        },
        phase: ConnectionPhase::Ordering {
            expires: context.now + Span::from_days(days),
        },
        link: Link::Down,
        distributing: false,
        simulated_down: false,
        lag: None,
        device: None,
        provider_name: None,
        partner_name: Some(context.settings.accounts.name(context.account)),
        jumbo_capable: false,
        mac_sec: None,
        loa_issued: None,
        billing_mode: None,
        billing_changes: Vec::new(),
        tags,
        created: context.now,
    };
    tx.put(connection.clone());
    connection
}

/// The caller may act as a partner.
pub(super) fn check_partner(context: &Context) -> Result<(), Refusal> {
    let (account, region) = (context.account, context.region);
    match context.settings.accounts.partner_type(account) {
        PartnerType::NonPartner => Err(Refusal::NotAPartner { account, region }),
        PartnerType::V1 | PartnerType::V2 => Ok(()),
    }
}

/// An interconnect, or a LAG that allows hosted connections.
struct Host {
    id: ParentId,
    location: LocationCode,
    /// Of one port.
    bandwidth: Bandwidth,
}

/// The caller's interconnect or LAG of that id, if it can host at all.
fn own_host(tx: &Transaction<'_>, id: ParentId) -> Result<Host, Refusal> {
    let (can_host, location, bandwidth) = match id {
        ParentId::Connection(connection) => {
            let found = own_connection(tx, &connection.to_string())?;
            if let (true, Some(lag)) = (found.is_interconnect(), found.lag) {
                return Err(Refusal::invalid(format!(
                    "Interconnect {id} is a member of Lag {lag}, which carries its hosted connections."
                )));
            }
            (found.is_interconnect(), found.location, found.bandwidth)
        }
        ParentId::Lag(lag) => {
            let found = own_lag(tx, &lag.to_string())?;
            (found.allows_hosted, found.location, found.bandwidth)
        }
    };
    if !can_host {
        return Err(Refusal::invalid(format!(
            "Hosted connections cannot be created on {id}: it is neither an interconnect nor a Lag that allows them."
        )));
    }
    Ok(Host {
        id,
        location,
        bandwidth,
    })
}

/// A hosted speed that the caller's kind of partner may allocate (spec/quotas §3).
fn hosted_bandwidth(context: &Context, text: &str) -> Result<Bandwidth, Refusal> {
    let bandwidth = text
        .parse()
        .ok()
        .filter(|bandwidth: &Bandwidth| bandwidth.is_hosted())
        .ok_or_else(|| {
            let shown: String = text.chars().take(64).collect();
            Refusal::invalid(format!("Bandwidth {shown} is not valid."))
        })?;
    if may_allocate(&context.settings.accounts, context.account, bandwidth) {
        Ok(bandwidth)
    } else {
        Err(Refusal::invalid(format!(
            "Bandwidth {bandwidth} cannot be allocated by account {}.",
            context.account
        )))
    }
}

/// Where anyone is a partner, of all speeds; else v1 up to 500 Mbit/s and v2 from 1 Gbit/s.
fn may_allocate(accounts: &Accounts, account: AccountId, bandwidth: Bandwidth) -> bool {
    accounts.is_open()
        || match accounts.partner_type(account) {
            PartnerType::NonPartner => false,
            PartnerType::V1 => bandwidth.megabits() <= 500,
            PartnerType::V2 => bandwidth.megabits() >= 1_000,
        }
}

/// One hosted connection is no faster than the port that carries it; their sum may be.
pub(super) fn check_fits(
    bandwidth: Bandwidth,
    host: ParentId,
    port: Bandwidth,
) -> Result<(), Refusal> {
    if bandwidth > port {
        return Err(Refusal::invalid(format!(
            "Bandwidth {bandwidth} is more than the {port} of {host}."
        )));
    }
    Ok(())
}

/// No hosted connection on the parent has the VLAN. It is free again once one is deleted or rejected.
fn check_vlan(world: &World, parent: ParentId, vlan: VlanId) -> Result<(), Refusal> {
    let taken = world
        .hosted_on(parent)
        .filter(|other| !is_gone(other))
        .any(|other| other.hosting().is_some_and(|(_, used)| used == vlan));
    if taken {
        return Err(Refusal::VlanInUse(vlan.get()));
    }
    Ok(())
}

// ===== confirm =====

pub(crate) fn confirm(
    tx: &mut Transaction<'_>,
    input: &ConfirmConnectionRequest,
) -> Result<ConfirmConnectionResponse, Refusal> {
    let id = input::connection(&input.connection_id)?;
    let mut connection = tx
        .connection(id)
        .filter(|found| found.owner == tx.context.account && found.region == tx.context.region)
        .map(|found| found.as_ref().clone())
        .ok_or_else(|| Refusal::ConfirmConnectionNotFound(input.connection_id.clone()))?;
    if !matches!(connection.phase, ConnectionPhase::Ordering { .. }) {
        return Err(Refusal::ConfirmConnectionState {
            id: input.connection_id.clone(),
            state: state::connection(tx, &connection),
        });
    }
    connection.phase = ConnectionPhase::Pending {
        ready_at: Some(tx.context.now + tx.context.settings.settle),
    };
    tx.put(connection);
    Ok(ConfirmConnectionResponse {
        connection_state: Some(ConnectionState::Pending),
    })
}

// ===== list =====

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeHostedConnectionsRequest,
) -> Result<Connections, Refusal> {
    let id = &input.connection_id;
    let page = Page::read(
        world,
        context,
        Operation::DescribeHostedConnections,
        &[id],
        input.max_results,
        input.next_token.as_deref(),
        Unasked::Everything,
    )?;
    let parent = input::connection_or_lag(id)?;
    if let Some(hosted) = visible_hosted(world, context, parent) {
        return Ok(Connections {
            connections: Some(vec![view::connection(
                world,
                &context.settings,
                context.account,
                hosted,
            )]),
            next_token: None,
        });
    }
    let operation = Operation::DescribeHostedConnections.name();
    check_listable(world, context, parent, operation)?;
    list(world, context, parent, &page)
}

/// The older form: of interconnects only, all on one page.
pub(crate) fn describe_on_interconnect(
    world: &World,
    context: &Context,
    input: &DescribeConnectionsOnInterconnectRequest,
) -> Result<Connections, Refusal> {
    let operation = Operation::DescribeConnectionsOnInterconnect;
    let parent = ParentId::Connection(input::connection(&input.interconnect_id)?);
    check_listable(world, context, parent, operation.name())?;
    let page = Page::read(
        world,
        context,
        operation,
        &[],
        None,
        None,
        Unasked::Everything,
    )?;
    list(world, context, parent, &page)
}

/// A hosted connection that its partner asks for by its own id, as older Terraform does
/// (spec/clients §1.1). Its customer finds it among connections.
fn visible_hosted<'w>(
    world: &'w World,
    context: &Context,
    id: ParentId,
) -> Option<&'w std::sync::Arc<Connection>> {
    let ParentId::Connection(id) = id else {
        return None;
    };
    world
        .connection(id)
        .filter(|found| found.region == context.region && is_partner_of(found, context.account))
}

/// The id is one of the caller's interconnects, or LAGs that host; recently deleted ones too.
fn check_listable(
    world: &World,
    context: &Context,
    parent: ParentId,
    operation: &'static str,
) -> Result<(), Refusal> {
    let (account, region) = (context.account, context.region);
    let found = match parent {
        ParentId::Connection(id) => world.connection(id).is_some_and(|found| {
            found.owner == account && found.region == region && found.is_interconnect()
        }),
        ParentId::Lag(id) => world.lag(id).is_some_and(|found| {
            found.owner == account && found.region == region && found.allows_hosted
        }),
    };
    if found {
        return Ok(());
    }
    Err(Refusal::ParentNotFound {
        account,
        operation,
        id: parent.to_string(),
    })
}

fn list(
    world: &World,
    context: &Context,
    parent: ParentId,
    page: &Page,
) -> Result<Connections, Refusal> {
    let entries = world
        .indexes
        .hosted_by_parent
        .after(parent, page.position()?)
        .filter_map(|(_, id)| world.connection(id));
    let (connections, next_token) = page.take(entries, |last| (last.created, last.id.to_string()));
    let connections = connections
        .into_iter()
        .map(|found| view::connection(world, &context.settings, context.account, found))
        .collect();
    Ok(Connections {
        connections: Some(connections),
        next_token,
    })
}

// ===== move =====

pub(crate) fn associate(
    tx: &mut Transaction<'_>,
    input: &AssociateHostedConnectionRequest,
) -> Result<api::Connection, Refusal> {
    check_partner(tx.context)?;
    let connection = input::connection(&input.connection_id)?;
    let target = input::connection_or_lag(&input.parent_connection_id)?;
    let connection = tx
        .connection(connection)
        .filter(|found| found.region == tx.context.region && !is_gone(found))
        .filter(|found| {
            found.owner == tx.context.account || is_partner_of(found, tx.context.account)
        })
        .map(|found| found.as_ref().clone())
        .ok_or_else(|| Refusal::ConnectionNotFound(input.connection_id.clone()))?;
    if !is_partner_of(&connection, tx.context.account) {
        return Err(Refusal::invalid(format!(
            "Connection {} is not a hosted connection of account {}.",
            connection.id, tx.context.account
        )));
    }
    let host = own_host(tx, target)?;
    if connection.parent() == Some(target) {
        return Ok(show(tx, &connection));
    }
    if !connection.is_live() {
        return Err(Refusal::ConnectionNotAvailable {
            id: connection.id.to_string(),
            state: state::connection(tx, &connection),
        });
    }
    parent::check_usable(tx, target)?;
    check_fits(connection.bandwidth, target, host.bandwidth)?;
    Taken::on(tx, target).check(tx, &connection)?;
    let moved = hosted_move::carry_out(tx, connection, target);
    Ok(show(tx, &moved))
}

#[cfg(test)]
mod tests;
