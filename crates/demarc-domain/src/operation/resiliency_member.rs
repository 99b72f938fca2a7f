//! Members of resiliency groups: connections and LAGs. Source: spec/api-2026 §3, spec/states §15.

use std::sync::Arc;

use demarc_api::{
    self as api, AssociateConnectionsToResiliencyGroupRequest,
    AssociateConnectionsToResiliencyGroupResult, DisassociateConnectionsFromResiliencyGroupRequest,
    DisassociateConnectionsFromResiliencyGroupResult, ListResiliencyGroupAssociationsRequest,
    ListResiliencyGroupAssociationsResult, Operation, Request,
};
use demarc_types::{ArnResource, ParentId, ResourceArn};

use super::client_token::Token;
use super::resiliency_group::{own, own_live};
use crate::context::Context;
use crate::entity::{MemberState, ResiliencyGroup, ResiliencyGroupMember};
use crate::paging::{Page, Unasked};
use crate::parent::{own_connection, own_lag};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, view};

pub(crate) fn list(
    world: &World,
    context: &Context,
    input: &ListResiliencyGroupAssociationsRequest,
) -> Result<ListResiliencyGroupAssociationsResult, Refusal> {
    let group = own(world, context, &input.resiliency_group_id)?;
    let page = Page::read(
        world,
        context,
        Operation::ListResiliencyGroupAssociations,
        &[&group.id.to_string()],
        input.max_results,
        input.next_token.as_deref(),
        Unasked::Hundred,
    )?;
    // Members come and go between two pages, so a page begins behind a place, not a number.
    let place = |member: &ResiliencyGroupMember| (member.since, member.connection);
    let behind = page.position::<ParentId>()?;
    let mut members: Vec<&ResiliencyGroupMember> = group
        .members
        .iter()
        .filter(|member| behind.is_none_or(|behind| place(member) > behind))
        .collect();
    members.sort_by_key(|member| place(member));
    let (members, next_token) = page.take(members.into_iter(), |last| {
        (last.since, last.connection.to_string())
    });
    let items = members
        .into_iter()
        .map(|member| view::resiliency_group_association(group, member.connection, Some(member)))
        .collect();
    Ok(ListResiliencyGroupAssociationsResult {
        items: Some(items),
        next_token,
    })
}

/// Associates all of the named connections and LAGs, or none.
pub(crate) fn associate(
    tx: &mut Transaction<'_>,
    input: &AssociateConnectionsToResiliencyGroupRequest,
) -> Result<AssociateConnectionsToResiliencyGroupResult, Refusal> {
    let bare = AssociateConnectionsToResiliencyGroupRequest {
        client_token: None,
        ..input.clone()
    };
    let token = Token::read(
        tx,
        input.client_token.as_deref(),
        &Request::AssociateConnectionsToResiliencyGroup(bare),
    );
    input::resiliency_group(&input.resiliency_group_id)?;
    let named = carriers(tx.context, &input.connection_identifiers)?;
    let answer = |group: &ResiliencyGroup| AssociateConnectionsToResiliencyGroupResult {
        resiliency_group_associations: Some(associations(group, &named)),
    };
    if Token::earlier(token.as_ref(), tx)?.is_some() {
        return Ok(answer(own(tx, tx.context, &input.resiliency_group_id)?));
    }
    let mut group = own_live(tx, &input.resiliency_group_id)?;
    for carrier in &named {
        check_live(tx, *carrier)?;
    }
    let until = tx.context.now + tx.context.settings.settle;
    for carrier in &named {
        let fresh = ResiliencyGroupMember {
            connection: *carrier,
            state: MemberState::Associating { until },
            since: tx.context.now,
        };
        enter(&mut group, fresh);
    }
    tx.put(group.clone());
    Token::keep(token, tx, group.id);
    Ok(answer(&group))
}

/// The carrier is the caller's and not on its way out.
fn check_live(tx: &Transaction<'_>, carrier: ParentId) -> Result<(), Refusal> {
    match carrier {
        ParentId::Lag(id) => own_lag(tx, &id.to_string()).map(|_| ()),
        ParentId::Connection(id) => {
            if own_connection(tx, &id.to_string())?.is_live() {
                Ok(())
            } else {
                Err(Refusal::ConnectionNotFound(id.to_string()))
            }
        }
    }
}

/// Makes the carrier a member; one that is already, or about to be, stays as it is.
fn enter(group: &mut ResiliencyGroup, fresh: ResiliencyGroupMember) {
    match group
        .members
        .iter_mut()
        .find(|member| member.connection == fresh.connection)
    {
        Some(member) => {
            if matches!(member.state, MemberState::Disassociating { .. }) {
                *member = fresh;
            }
        }
        None => group.members.push(fresh),
    }
}

/// Takes all of the named connections and LAGs out of the group, or none.
pub(crate) fn disassociate(
    tx: &mut Transaction<'_>,
    input: &DisassociateConnectionsFromResiliencyGroupRequest,
) -> Result<DisassociateConnectionsFromResiliencyGroupResult, Refusal> {
    let bare = DisassociateConnectionsFromResiliencyGroupRequest {
        client_token: None,
        ..input.clone()
    };
    let token = Token::read(
        tx,
        input.client_token.as_deref(),
        &Request::DisassociateConnectionsFromResiliencyGroup(bare),
    );
    input::resiliency_group(&input.resiliency_group_id)?;
    let named = carriers(tx.context, &input.connection_identifiers)?;
    let answer = |group: &ResiliencyGroup| DisassociateConnectionsFromResiliencyGroupResult {
        resiliency_group_associations: Some(associations(group, &named)),
    };
    if Token::earlier(token.as_ref(), tx)?.is_some() {
        return Ok(answer(own(tx, tx.context, &input.resiliency_group_id)?));
    }
    let mut group = own_live(tx, &input.resiliency_group_id)?;
    let until = tx.context.now + tx.context.settings.settle;
    for carrier in &named {
        let member = group
            .members
            .iter_mut()
            .find(|member| member.connection == *carrier)
            .ok_or_else(|| {
                Refusal::invalid(format!(
                    "Connection {carrier} is not associated with resiliency group {}.",
                    input.resiliency_group_id
                ))
            })?;
        if !matches!(member.state, MemberState::Disassociating { .. }) {
            member.state = MemberState::Disassociating { until };
        }
    }
    tx.put(group.clone());
    Token::keep(token, tx, group.id);
    Ok(answer(&group))
}

/// What ids and ARNs name, each once, in the order given. ARNs are those of the caller's own Region.
fn carriers(context: &Context, identifiers: &[String]) -> Result<Vec<ParentId>, Refusal> {
    let mut named = Vec::new();
    for identifier in identifiers {
        let carrier = carrier(context, identifier)?;
        if !named.contains(&carrier) {
            named.push(carrier);
        }
    }
    Ok(named)
}

fn carrier(context: &Context, identifier: &str) -> Result<ParentId, Refusal> {
    if !identifier.starts_with("arn:") {
        return input::connection_or_lag(identifier);
    }
    let invalid = || Refusal::ArnFormat(identifier.chars().take(256).collect());
    let arn: ResourceArn = identifier.parse().map_err(|_| invalid())?;
    let carrier = match arn.resource {
        ArnResource::Connection(id) => ParentId::Connection(id),
        ArnResource::Lag(id) => ParentId::Lag(id),
        ArnResource::VirtualInterface(_)
        | ArnResource::Gateway(_)
        | ArnResource::ResiliencyGroup(_) => return Err(invalid()),
    };
    if arn == ResourceArn::new(context.region, context.account, arn.resource) {
        return Ok(carrier);
    }
    // Whatever is elsewhere or somebody else's does not exist.
    Err(match carrier {
        ParentId::Connection(id) => Refusal::ConnectionNotFound(id.to_string()),
        ParentId::Lag(id) => Refusal::LagNotFound(id.to_string()),
    })
}

fn associations(
    group: &ResiliencyGroup,
    carriers: &[ParentId],
) -> Vec<api::ResiliencyGroupAssociation> {
    carriers
        .iter()
        .map(|carrier| {
            let member = group
                .members
                .iter()
                .find(|member| member.connection == *carrier);
            view::resiliency_group_association(group, *carrier, member)
        })
        .collect()
}

/// Takes a connection or LAG that is going away out of every group.
pub(crate) fn forget(tx: &mut Transaction<'_>, member: ParentId) {
    let groups: Vec<Arc<ResiliencyGroup>> = tx.resiliency_groups_with(member).cloned().collect();
    for group in groups {
        let mut group = group.as_ref().clone();
        group.members.retain(|known| known.connection != member);
        tx.put(group);
    }
}

#[cfg(test)]
mod tests;
