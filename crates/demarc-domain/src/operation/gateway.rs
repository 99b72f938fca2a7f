//! Direct Connect gateways: create, list, rename, delete. Source: spec/operations §9, spec/states §7.

use demarc_api::{
    CreateDirectConnectGatewayRequest, CreateDirectConnectGatewayResult,
    DeleteDirectConnectGatewayRequest, DeleteDirectConnectGatewayResult,
    DescribeDirectConnectGatewaysRequest, DescribeDirectConnectGatewaysResult, Operation, Tag,
    UpdateDirectConnectGatewayRequest, UpdateDirectConnectGatewayResponse,
};
use demarc_types::{Asn, DirectConnectGatewayId};

use crate::context::Context;
use crate::entity::{DirectConnectGateway, EntityKey, GatewayPhase, Tags};
use crate::gateway_rules::{self, own_gateway};
use crate::paging::Page;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, view};

/// The longest name of a gateway (spec/identifiers §4).
const NAME_LENGTH: usize = 100;

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateDirectConnectGatewayRequest,
) -> Result<CreateDirectConnectGatewayResult, Refusal> {
    let tags = tags(tx, input.tags.as_ref())?;
    let name = gateway_name(&input.direct_connect_gateway_name)?;
    let amazon_side_asn = amazon_side_asn(input.amazon_side_asn)?;
    let limit = tx.context.settings.quotas.gateways;
    // Those of other partitions belong to what is an account of its own there.
    let partition = tx.context.region.partition();
    let count = tx
        .gateways_of(tx.context.account)
        .filter(|gateway| gateway.partition() == partition)
        .count();
    if count >= limit {
        return Err(Refusal::Quota {
            what: "Direct Connect Gateway",
            limit,
            scope: format!("account {}", tx.context.account),
        });
    }
    let gateway = DirectConnectGateway {
        id: fresh_id(tx),
        owner: tx.context.account,
        region: tx.context.region,
        name,
        amazon_side_asn,
        phase: GatewayPhase::Pending {
            until: tx.context.now + tx.context.settings.settle,
        },
        state_change_error: None,
        tags,
        allow_hairpin: false,
        created: tx.context.now,
    };
    tx.put(gateway.clone());
    Ok(CreateDirectConnectGatewayResult {
        direct_connect_gateway: Some(view::gateway(tx, &gateway)),
    })
}

/// The tags of a new gateway. The exceptions for tags are not among this operation's errors, so what is
/// wrong with them is a plain client error (spec/operations §9).
fn tags(tx: &Transaction<'_>, given: Option<&Vec<Tag>>) -> Result<Tags, Refusal> {
    input::tags(given, tx.context.settings.quotas.tags_per_resource)
        .map_err(|refusal| Refusal::invalid(refusal.to_string()))
}

fn gateway_name(text: &str) -> Result<String, Refusal> {
    input::name("Direct Connect Gateway name", text, NAME_LENGTH)
}

/// A private ASN, or the default one.
fn amazon_side_asn(given: Option<i64>) -> Result<Asn, Refusal> {
    let Some(number) = given else {
        return Ok(Asn::DEFAULT_GATEWAY);
    };
    Asn::new(number)
        .filter(|asn| asn.is_private())
        .ok_or_else(|| Refusal::invalid(format!("Amazon side ASN {number} is not valid.")))
}

fn fresh_id(tx: &mut Transaction<'_>) -> DirectConnectGatewayId {
    loop {
        let id = tx.context.ids.gateway();
        if tx.gateway(id).is_none() {
            return id;
        }
    }
}

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeDirectConnectGatewaysRequest,
) -> Result<DescribeDirectConnectGatewaysResult, Refusal> {
    let visible = |gateway: &&std::sync::Arc<DirectConnectGateway>| {
        gateway.owner == context.account && gateway.partition() == context.region.partition()
    };
    if let Some(id) = &input.direct_connect_gateway_id {
        let found = world.gateway(input::gateway(id)?).filter(visible);
        return Ok(DescribeDirectConnectGatewaysResult {
            direct_connect_gateways: Some(
                found
                    .into_iter()
                    .map(|gateway| view::gateway(world, gateway))
                    .collect(),
            ),
            next_token: None,
        });
    }
    let page = Page::read_global(
        world,
        context,
        Operation::DescribeDirectConnectGateways,
        &[],
        input.max_results,
        input.next_token.as_deref(),
    )?;
    let entries = world
        .indexes
        .gateways_by_owner
        .after(context.account, page.position()?)
        .filter_map(|(_, id)| world.gateway(id))
        .filter(visible);
    let (gateways, next_token) = page.take(entries, |last| (last.created, last.id.to_string()));
    Ok(DescribeDirectConnectGatewaysResult {
        direct_connect_gateways: Some(
            gateways
                .into_iter()
                .map(|gateway| view::gateway(world, gateway))
                .collect(),
        ),
        next_token,
    })
}

pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateDirectConnectGatewayRequest,
) -> Result<UpdateDirectConnectGatewayResponse, Refusal> {
    let mut gateway = own_gateway(tx, &input.direct_connect_gateway_id)?
        .as_ref()
        .clone();
    gateway.name = gateway_name(&input.new_direct_connect_gateway_name)?;
    tx.put(gateway.clone());
    Ok(UpdateDirectConnectGatewayResponse {
        direct_connect_gateway: Some(view::gateway(tx, &gateway)),
    })
}

/// Refused while anything is attached or associated, rather than tried and given up minutes later.
pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteDirectConnectGatewayRequest,
) -> Result<DeleteDirectConnectGatewayResult, Refusal> {
    let mut gateway = own_gateway(tx, &input.direct_connect_gateway_id)?
        .as_ref()
        .clone();
    let in_use = gateway_rules::attached(tx, gateway.id).next().is_some()
        || tx.associations_of(gateway.id).next().is_some();
    if in_use {
        return Err(Refusal::invalid(format!(
            "Direct Connect Gateway {} has associations or attachments and cannot be deleted.",
            gateway.id
        )));
    }
    gateway.phase = GatewayPhase::Deleting {
        until: tx.context.now + tx.context.settings.settle,
    };
    tx.put(gateway.clone());
    Ok(DeleteDirectConnectGatewayResult {
        direct_connect_gateway: Some(view::gateway(tx, &gateway)),
    })
}

/// Fires the deadline of a gateway: `pending` becomes `available`, a deleting one is gone.
pub(crate) fn step(tx: &mut Transaction<'_>, gateway: &DirectConnectGateway) {
    match gateway.phase {
        GatewayPhase::Pending { .. } => {
            let mut next = gateway.clone();
            next.phase = GatewayPhase::Available;
            tx.put(next);
        }
        GatewayPhase::Deleting { .. } => tx.remove(EntityKey::Gateway(gateway.id)),
        GatewayPhase::Available => {}
    }
}

#[cfg(test)]
mod tests;
