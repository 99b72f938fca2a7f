//! Associations of Direct Connect gateways with virtual private and transit gateways.
//! Source: spec/operations §9, spec/states §8.
//!
//! [`making`] has the rules of a new one, which a proposal's acceptance shares; [`following`] keeps
//! associations in step with what happens to VPCs and their gateways.

pub(crate) mod following;
pub(super) mod making;
#[cfg(test)]
mod tests;

use demarc_api::{
    CreateDirectConnectGatewayAssociationRequest, CreateDirectConnectGatewayAssociationResult,
    DeleteDirectConnectGatewayAssociationRequest, DeleteDirectConnectGatewayAssociationResult,
    DescribeDirectConnectGatewayAssociationsRequest,
    DescribeDirectConnectGatewayAssociationsResult, Operation,
    UpdateDirectConnectGatewayAssociationRequest, UpdateDirectConnectGatewayAssociationResult,
};
use demarc_types::{AssociationId, DirectConnectGatewayId, GatewayRef};

use crate::context::Context;
use crate::entity::{Association, AssociationPhase, EntityKey};
use crate::gateway_rules::{self, allowed_prefixes, own_gateway};
use crate::paging::Page;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, state, view};

/// Associates two gateways of the caller's; the call goes to the Region of the associated one. Other
/// accounts' gateways take a proposal.
pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateDirectConnectGatewayAssociationRequest,
) -> Result<CreateDirectConnectGatewayAssociationResult, Refusal> {
    input::gateway(&input.direct_connect_gateway_id)?;
    let associated = match (&input.gateway_id, &input.virtual_gateway_id) {
        (Some(id), None) => input::gateway_ref(id)?,
        (None, Some(id)) => GatewayRef::VirtualPrivate(input::vpn_gateway(id)?),
        (None, None) | (Some(_), Some(_)) => {
            return Err(Refusal::invalid(
                "Specify exactly one of gatewayId and virtualGatewayId.",
            ));
        }
    };
    let gateway = own_gateway(tx, &input.direct_connect_gateway_id)?
        .as_ref()
        .clone();
    let candidate = gateway_rules::candidate(
        tx,
        &tx.context.settings,
        tx.context.account,
        tx.context.region,
        associated,
    )?;
    let given = allowed_prefixes::read(
        input
            .add_allowed_prefixes_to_direct_connect_gateway
            .as_ref(),
    )?;
    let wanted = making::Wanted::from_given(given, associated);
    let association = making::make(tx, &gateway, candidate, wanted)?;
    Ok(CreateDirectConnectGatewayAssociationResult {
        direct_connect_gateway_association: Some(view::association(&association)),
    })
}

/// What a caller wants to see; members that are given must all fit.
struct Selection {
    id: Option<AssociationId>,
    gateway: Option<DirectConnectGatewayId>,
    associated: Option<GatewayRef>,
    virtual_gateway: Option<GatewayRef>,
}

impl Selection {
    fn read(input: &DescribeDirectConnectGatewayAssociationsRequest) -> Result<Self, Refusal> {
        let id = input.association_id.as_deref().map(input::association);
        let gateway = input
            .direct_connect_gateway_id
            .as_deref()
            .map(input::gateway);
        let associated = input
            .associated_gateway_id
            .as_deref()
            .map(input::gateway_ref);
        let virtual_gateway = input.virtual_gateway_id.as_deref().map(input::gateway_ref);
        let selection = Self {
            id: id.transpose()?,
            gateway: gateway.transpose()?,
            associated: associated.transpose()?,
            virtual_gateway: virtual_gateway.transpose()?,
        };
        let any = selection.id.is_some()
            || selection.gateway.is_some()
            || selection.associated.is_some()
            || selection.virtual_gateway.is_some();
        if any {
            Ok(selection)
        } else {
            Err(Refusal::invalid(
                "Specify at least one of associationId, associatedGatewayId, directConnectGatewayId and virtualGatewayId.",
            ))
        }
    }

    fn takes(&self, association: &Association) -> bool {
        self.id.is_none_or(|id| id == association.id)
            && self.gateway.is_none_or(|id| id == association.gateway)
            && self
                .associated
                .is_none_or(|id| id == association.associated)
            && self
                .virtual_gateway
                .is_none_or(|id| id == association.associated)
    }
}

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeDirectConnectGatewayAssociationsRequest,
) -> Result<DescribeDirectConnectGatewayAssociationsResult, Refusal> {
    let text = |member: &Option<String>| member.clone().unwrap_or_default();
    let selection = Selection::read(input)?;
    let answer = |associations: Vec<&Association>, next_token| {
        DescribeDirectConnectGatewayAssociationsResult {
            direct_connect_gateway_associations: Some(
                associations.into_iter().map(view::association).collect(),
            ),
            next_token,
        }
    };
    let visible = |found: &&Association| is_visible(context, found) && selection.takes(found);
    if let Some(id) = selection.id {
        let found = world.association(id).map(AsRef::as_ref).filter(visible);
        return Ok(answer(found.into_iter().collect(), None));
    }
    let page = Page::read_global(
        world,
        context,
        Operation::DescribeDirectConnectGatewayAssociations,
        &[
            &text(&input.associated_gateway_id),
            &text(&input.direct_connect_gateway_id),
            &text(&input.virtual_gateway_id),
        ],
        input.max_results,
        input.next_token.as_deref(),
    )?;
    // The gateway's own index when there is a gateway, else all that the caller has a side of.
    let position = page.position()?;
    let indexes = &world.indexes;
    let entries: Box<dyn Iterator<Item = _>> = match selection.gateway {
        Some(gateway) => Box::new(indexes.associations_by_gateway.after(gateway, position)),
        None => Box::new(
            indexes
                .associations_by_viewer
                .after(context.account, position),
        ),
    };
    let entries = entries
        .filter_map(|(_, id)| world.association(id))
        .map(AsRef::as_ref)
        .filter(visible);
    let (associations, next_token) = page.take(entries, |last| (last.created, last.id.to_string()));
    Ok(answer(associations, next_token))
}

/// The accounts of both sides see an association, from every Region of its partition.
fn is_visible(context: &Context, association: &Association) -> bool {
    (association.gateway_owner == context.account
        || association.associated_owner == context.account)
        && association.associated_region.partition() == context.region.partition()
}

/// An association that the caller sees.
fn visible(tx: &Transaction<'_>, id: &str) -> Result<Association, Refusal> {
    let parsed = input::association(id)?;
    tx.association(parsed)
        .filter(|found| is_visible(tx.context, found))
        .map(|found| found.as_ref().clone())
        .ok_or_else(|| Refusal::AssociationNotFound(id.to_owned()))
}

/// Takes away, then adds; only for the owner of the Direct Connect gateway.
pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateDirectConnectGatewayAssociationRequest,
) -> Result<UpdateDirectConnectGatewayAssociationResult, Refusal> {
    let Some(id) = &input.association_id else {
        return Err(Refusal::invalid("Specify associationId."));
    };
    input::association(id)?;
    let association = visible(tx, id)?;
    if association.gateway_owner != tx.context.account {
        return Err(Refusal::invalid(format!(
            "Direct Connect Gateway Association {id} can be updated by the owner of its Direct Connect Gateway only: create an association proposal instead."
        )));
    }
    if association.phase != AssociationPhase::Associated {
        return Err(Refusal::AssociationState {
            id: id.clone(),
            state: state::association(&association),
        });
    }
    let additions = allowed_prefixes::read(
        input
            .add_allowed_prefixes_to_direct_connect_gateway
            .as_ref(),
    )?;
    let removals = allowed_prefixes::read(
        input
            .remove_allowed_prefixes_to_direct_connect_gateway
            .as_ref(),
    )?;
    let list = allowed_prefixes::change(&association.allowed_prefixes, &removals, &additions);
    let wanted = making::Wanted::list(list);
    let updated = making::change(tx, association, wanted)?;
    Ok(UpdateDirectConnectGatewayAssociationResult {
        direct_connect_gateway_association: Some(view::association(&updated)),
    })
}

/// Ends an association, for the owner of either side. Asking again while it ends gives the same answer.
pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteDirectConnectGatewayAssociationRequest,
) -> Result<DeleteDirectConnectGatewayAssociationResult, Refusal> {
    let pair = (&input.direct_connect_gateway_id, &input.virtual_gateway_id);
    let association = match (&input.association_id, pair) {
        (Some(id), _) => visible(tx, id)?,
        (None, (Some(gateway), Some(associated))) => of_pair(tx, gateway, associated)?,
        (None, _) => {
            return Err(Refusal::invalid(
                "Specify associationId, or directConnectGatewayId and virtualGatewayId.",
            ));
        }
    };
    let ended = end(tx, &association);
    Ok(DeleteDirectConnectGatewayAssociationResult {
        direct_connect_gateway_association: Some(view::association(&ended)),
    })
}

/// The association of a pair of gateways that are both the caller's.
fn of_pair(tx: &Transaction<'_>, gateway: &str, associated: &str) -> Result<Association, Refusal> {
    let (gateway_id, associated_id) = (input::gateway(gateway)?, input::gateway_ref(associated)?);
    let account = tx.context.account;
    tx.associations_of(gateway_id)
        .filter(|found| is_visible(tx.context, found))
        .find(|found| {
            found.associated == associated_id
                && found.gateway_owner == account
                && found.associated_owner == account
        })
        .map(|found| found.as_ref().clone())
        .ok_or_else(|| Refusal::AssociationNotFound(format!("{gateway}/{associated}")))
}

/// Takes an association out of service; its routes are withdrawn from now on.
pub(super) fn end(tx: &mut Transaction<'_>, association: &Association) -> Association {
    let mut next = association.clone();
    if next.is_live() {
        next.phase = AssociationPhase::Disassociating {
            until: tx.context.now + tx.context.settings.settle,
        };
        tx.put(next.clone());
    }
    next
}

/// Fires the deadline of an association: it is in place, or gone.
pub(crate) fn step(tx: &mut Transaction<'_>, association: &Association) {
    match association.phase {
        AssociationPhase::Associating { .. } | AssociationPhase::Updating { .. } => {
            let mut next = association.clone();
            next.phase = AssociationPhase::Associated;
            tx.put(next);
        }
        AssociationPhase::Disassociating { .. } => {
            tx.remove(EntityKey::Association(association.id));
            following::reconsider(tx, association.gateway);
        }
        AssociationPhase::Associated => {}
    }
}
