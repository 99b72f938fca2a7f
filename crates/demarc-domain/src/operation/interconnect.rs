//! Interconnects: partners' ports that carry hosted connections. Source: spec/operations §4, spec/states §3.

use demarc_api::{
    self as api, CreateInterconnectRequest, DeleteInterconnectRequest, DeleteInterconnectResponse,
    DescribeInterconnectsRequest, Interconnects, Operation,
};
use demarc_types::ParentId;

use super::connection::{check_lag_survives, retire};
use super::hosted::check_partner;
use super::port_order::{Order, place_order};
use crate::context::Context;
use crate::entity::{Connection, ConnectionKind, ConnectionPhase};
use crate::paging::{Page, Unasked};
use crate::parent::is_gone;
use crate::refusal::Refusal;
use crate::settings::PartnerType;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, state, view};

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateInterconnectRequest,
) -> Result<api::Interconnect, Refusal> {
    check_partner(tx.context)?;
    let tags = input::tags(
        input.tags.as_ref(),
        tx.context.settings.quotas.tags_per_resource,
    )?;
    let order = Order {
        kind: ConnectionKind::Interconnect,
        location: &input.location,
        bandwidth: &input.bandwidth,
        name: &input.interconnect_name,
        lag: input.lag_id.as_deref(),
        tags,
        provider_name: input.provider_name.as_deref(),
        mac_sec: input.request_mac_sec.unwrap_or(false),
        billing_mode: None,
    };
    let interconnect = place_order(tx, order)?;
    Ok(view::interconnect(tx, &interconnect))
}

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeInterconnectsRequest,
) -> Result<Interconnects, Refusal> {
    let wanted = match &input.interconnect_id {
        Some(id) => Some(input::connection(id)?),
        None => None,
    };
    // Who is no partner has none, and learns nothing of those of others.
    if context.settings.accounts.partner_type(context.account) == PartnerType::NonPartner {
        return Ok(Interconnects {
            interconnects: Some(Vec::new()),
            next_token: None,
        });
    }
    if let Some(id) = wanted {
        let found = world
            .connection(id)
            .filter(|found| is_own(found, context))
            .ok_or_else(|| Refusal::InterconnectNotFound(id.to_string()))?;
        return Ok(Interconnects {
            interconnects: Some(vec![view::interconnect(world, found)]),
            next_token: None,
        });
    }
    let page = Page::read(
        world,
        context,
        Operation::DescribeInterconnects,
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
        .filter(|connection| connection.is_interconnect());
    let (found, next_token) = page.take(entries, |last| (last.created, last.id.to_string()));
    let interconnects = found
        .into_iter()
        .map(|interconnect| view::interconnect(world, interconnect))
        .collect();
    Ok(Interconnects {
        interconnects: Some(interconnects),
        next_token,
    })
}

fn is_own(connection: &Connection, context: &Context) -> bool {
    connection.is_interconnect()
        && connection.owner == context.account
        && connection.region == context.region
}

pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteInterconnectRequest,
) -> Result<DeleteInterconnectResponse, Refusal> {
    let id = input::connection(&input.interconnect_id)?;
    let interconnect = tx
        .connection(id)
        .filter(|found| is_own(found, tx.context) && !is_gone(found))
        .map(|found| found.as_ref().clone())
        .ok_or_else(|| Refusal::InterconnectNotFound(input.interconnect_id.clone()))?;
    if matches!(interconnect.phase, ConnectionPhase::Deleting { .. }) {
        return Ok(answer(tx, &interconnect));
    }
    let hosts = tx
        .hosted_on(ParentId::Connection(id))
        .any(|hosted| !is_gone(hosted));
    if hosts {
        return Err(Refusal::invalid(format!(
            "Interconnect {id} has hosted connections and cannot be deleted."
        )));
    }
    check_lag_survives(tx, &interconnect)?;
    let deleted = retire(tx, interconnect);
    Ok(answer(tx, &deleted))
}

fn answer(world: &World, interconnect: &Connection) -> DeleteInterconnectResponse {
    DeleteInterconnectResponse {
        interconnect_state: state::connection(world, interconnect).parse().ok(),
    }
}

#[cfg(test)]
mod tests;
