//! Proposals of one account to associate its gateway with another's Direct Connect gateway.
//! Source: spec/operations §9, spec/states §10.

#[cfg(test)]
mod tests;

use demarc_api::{
    AcceptDirectConnectGatewayAssociationProposalRequest,
    AcceptDirectConnectGatewayAssociationProposalResult,
    CreateDirectConnectGatewayAssociationProposalRequest,
    CreateDirectConnectGatewayAssociationProposalResult,
    DeleteDirectConnectGatewayAssociationProposalRequest,
    DeleteDirectConnectGatewayAssociationProposalResult,
    DescribeDirectConnectGatewayAssociationProposalsRequest,
    DescribeDirectConnectGatewayAssociationProposalsResult, Operation,
};
use demarc_types::{AccountId, DirectConnectGatewayId, GatewayRef, Prefix, ProposalId};

use super::association::making::{self, Wanted};
use crate::context::Context;
use crate::entity::{Association, DirectConnectGateway, EntityKey, Proposal, ProposalPhase};
use crate::gateway_rules::{self, allowed_prefixes, own_gateway};
use crate::paging::Page;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, state, view};

/// Proposes an association, or another list of prefixes for the one there is. The rules of associations
/// are checked when it is accepted.
pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateDirectConnectGatewayAssociationProposalRequest,
) -> Result<CreateDirectConnectGatewayAssociationProposalResult, Refusal> {
    let gateway_id = input::gateway(&input.direct_connect_gateway_id)?;
    let gateway_owner = input::account(&input.direct_connect_gateway_owner_account)?;
    let associated = input::gateway_ref(&input.gateway_id)?;
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
    check_gateway(tx, gateway_id, gateway_owner)?;
    let (account, region) = (tx.context.account, tx.context.region);
    let candidate =
        gateway_rules::candidate(tx, &tx.context.settings, account, region, associated)?;
    check_open_proposals(tx, gateway_id)?;
    let existing = of_pair(tx, gateway_id, associated).cloned();
    let (requested_prefixes, follows_vpc) = requested(
        existing.as_ref(),
        &candidate.vpc_cidrs,
        associated,
        &removals,
        additions,
    );
    let proposal = Proposal {
        id: fresh_id(tx),
        gateway: gateway_id,
        gateway_owner,
        associated,
        associated_owner: account,
        associated_region: region,
        existing_prefixes: existing.map(|association| association.allowed_prefixes),
        requested_prefixes,
        follows_vpc,
        phase: ProposalPhase::Requested {
            expires: tx.context.now + Proposal::LIFE,
        },
        created: tx.context.now,
    };
    tx.put(proposal.clone());
    Ok(CreateDirectConnectGatewayAssociationProposalResult {
        direct_connect_gateway_association_proposal: Some(view::proposal(&proposal)),
    })
}

/// The Direct Connect gateway is there and belongs to the account that the proposer names.
fn check_gateway(
    tx: &Transaction<'_>,
    id: DirectConnectGatewayId,
    owner: AccountId,
) -> Result<(), Refusal> {
    tx.gateway(id)
        .filter(|found| found.owner == owner && found.is_live())
        .filter(|found| found.partition() == tx.context.region.partition())
        .map(|_| ())
        .ok_or_else(|| Refusal::GatewayNotFound(id.to_string()))
}

/// Spec/quotas row 26.
fn check_open_proposals(
    tx: &Transaction<'_>,
    gateway: DirectConnectGatewayId,
) -> Result<(), Refusal> {
    let limit = tx.context.settings.quotas.open_proposals_per_gateway;
    let open = tx.proposals_to(gateway).filter(|found| is_open(found));
    if open.count() >= limit {
        return Err(Refusal::Quota {
            what: "Open association proposal",
            limit,
            scope: format!("Direct Connect Gateway {gateway}"),
        });
    }
    Ok(())
}

fn is_open(proposal: &Proposal) -> bool {
    matches!(proposal.phase, ProposalPhase::Requested { .. })
}

/// The live association of the pair.
fn of_pair(
    world: &World,
    gateway: DirectConnectGatewayId,
    associated: GatewayRef,
) -> Option<&Association> {
    world
        .associations_with(associated)
        .find(|found| found.gateway == gateway && found.is_live())
        .map(AsRef::as_ref)
}

/// The list that is asked for, and whether it is that of the VPC: what there is, without the removals, with
/// the additions; or the VPC's CIDRs when there is nothing to say.
fn requested(
    existing: Option<&Association>,
    vpc_cidrs: &[Prefix],
    associated: GatewayRef,
    removals: &[Prefix],
    additions: Vec<Prefix>,
) -> (Vec<Prefix>, bool) {
    let says_nothing = additions.is_empty() && removals.is_empty();
    match existing {
        Some(association) if !says_nothing => {
            let list =
                allowed_prefixes::change(&association.allowed_prefixes, removals, &additions);
            (list, false)
        }
        // Asked without a list: a transit gateway's stays as it is, a VPC's is taken anew.
        Some(association) if matches!(associated, GatewayRef::Transit(_)) => {
            (association.allowed_prefixes.clone(), false)
        }
        _ if additions.is_empty() && matches!(associated, GatewayRef::VirtualPrivate(_)) => {
            let kept = allowed_prefixes::change(vpc_cidrs, removals, &[]);
            (kept, removals.is_empty())
        }
        _ => (additions, false),
    }
}

fn fresh_id(tx: &mut Transaction<'_>) -> ProposalId {
    loop {
        let id = tx.context.ids.proposal();
        if tx.proposal(id).is_none() {
            return id;
        }
    }
}

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeDirectConnectGatewayAssociationProposalsRequest,
) -> Result<DescribeDirectConnectGatewayAssociationProposalsResult, Refusal> {
    let text = |member: &Option<String>| member.clone().unwrap_or_default();
    let id = input.proposal_id.as_deref().map(input::proposal);
    let gateway = input
        .direct_connect_gateway_id
        .as_deref()
        .map(input::gateway);
    let associated = input
        .associated_gateway_id
        .as_deref()
        .map(input::gateway_ref);
    let (id, gateway, associated) = (
        id.transpose()?,
        gateway.transpose()?,
        associated.transpose()?,
    );
    let visible = |found: &&Proposal| {
        is_visible(context, found)
            && gateway.is_none_or(|gateway| gateway == found.gateway)
            && associated.is_none_or(|associated| associated == found.associated)
    };
    let answer = |proposals: Vec<&Proposal>, next_token| {
        DescribeDirectConnectGatewayAssociationProposalsResult {
            direct_connect_gateway_association_proposals: Some(
                proposals.into_iter().map(view::proposal).collect(),
            ),
            next_token,
        }
    };
    if let Some(id) = id {
        let found = world.proposal(id).map(AsRef::as_ref).filter(visible);
        return Ok(answer(found.into_iter().collect(), None));
    }
    let page = Page::read_global(
        world,
        context,
        Operation::DescribeDirectConnectGatewayAssociationProposals,
        &[
            &text(&input.direct_connect_gateway_id),
            &text(&input.associated_gateway_id),
        ],
        input.max_results,
        input.next_token.as_deref(),
    )?;
    let entries = world
        .indexes
        .proposals_by_viewer
        .after(context.account, page.position()?)
        .filter_map(|(_, id)| world.proposal(id))
        .map(AsRef::as_ref)
        .filter(visible);
    let (proposals, next_token) = page.take(entries, |last| (last.created, last.id.to_string()));
    Ok(answer(proposals, next_token))
}

/// Proposer and owner of the Direct Connect gateway see a proposal, from every Region of its partition.
fn is_visible(context: &Context, proposal: &Proposal) -> bool {
    (proposal.gateway_owner == context.account || proposal.associated_owner == context.account)
        && proposal.associated_region.partition() == context.region.partition()
}

/// Makes or changes the association that is asked for, with the list asked for or another one. The call
/// comes from the owner of the Direct Connect gateway, in the Region of the associated one.
pub(crate) fn accept(
    tx: &mut Transaction<'_>,
    input: &AcceptDirectConnectGatewayAssociationProposalRequest,
) -> Result<AcceptDirectConnectGatewayAssociationProposalResult, Refusal> {
    input::gateway(&input.direct_connect_gateway_id)?;
    let id = input::proposal(&input.proposal_id)?;
    let proposer = input::account(&input.associated_gateway_owner_account)?;
    let given = input
        .override_allowed_prefixes_to_direct_connect_gateway
        .as_ref()
        .map(|list| allowed_prefixes::read(Some(list)))
        .transpose()?;
    let gateway = own_gateway(tx, &input.direct_connect_gateway_id)?
        .as_ref()
        .clone();
    let not_found = || Refusal::ProposalNotFound(id.to_string());
    let mut proposal = tx
        .proposal(id)
        .filter(|found| found.gateway == gateway.id && found.associated_owner == proposer)
        .map(|found| found.as_ref().clone())
        .ok_or_else(not_found)?;
    match proposal.phase {
        ProposalPhase::Requested { .. } => {}
        ProposalPhase::Accepted { .. } => return Err(Refusal::ProposalAccepted(id.to_string())),
        ProposalPhase::Deleted { .. } => return Err(not_found()),
    }
    if proposal.associated_region != tx.context.region {
        return Err(Refusal::ProposedGatewayNotFound(id.to_string()));
    }
    let wanted = match given {
        Some(list) => {
            proposal.requested_prefixes.clone_from(&list);
            Wanted::list(list)
        }
        None if proposal.follows_vpc => Wanted::from_given(Vec::new(), proposal.associated),
        None => Wanted::list(proposal.requested_prefixes.clone()),
    };
    let association = carry_out(tx, &gateway, &proposal, wanted)?;
    proposal.phase = ProposalPhase::Accepted { at: tx.context.now };
    tx.put(proposal);
    Ok(AcceptDirectConnectGatewayAssociationProposalResult {
        direct_connect_gateway_association: Some(view::association(&association)),
    })
}

/// The association that the proposal asks for: the one there is, with its id, or a new one.
fn carry_out(
    tx: &mut Transaction<'_>,
    gateway: &DirectConnectGateway,
    proposal: &Proposal,
    wanted: Wanted,
) -> Result<Association, Refusal> {
    let candidate = gateway_rules::candidate(
        tx,
        &tx.context.settings,
        proposal.associated_owner,
        proposal.associated_region,
        proposal.associated,
    )?;
    let existing = tx
        .associations_with(proposal.associated)
        .find(|found| found.gateway == gateway.id)
        .map(|found| found.as_ref().clone());
    match existing {
        None => making::make(tx, gateway, candidate, wanted),
        Some(existing) if existing.is_live() => making::change(tx, existing, wanted),
        Some(existing) => Err(Refusal::AssociationState {
            id: existing.id.to_string(),
            state: state::association(&existing),
        }),
    }
}

/// Withdraws a proposal, or turns it down. One that was accepted is hidden, its association stays.
pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteDirectConnectGatewayAssociationProposalRequest,
) -> Result<DeleteDirectConnectGatewayAssociationProposalResult, Refusal> {
    let id = input::proposal(&input.proposal_id)?;
    let mut proposal = tx
        .proposal(id)
        .filter(|found| is_visible(tx.context, found))
        .filter(|found| !matches!(found.phase, ProposalPhase::Deleted { .. }))
        .map(|found| found.as_ref().clone())
        .ok_or_else(|| Refusal::ProposalNotFound(input.proposal_id.clone()))?;
    let was_open = is_open(&proposal);
    proposal.phase = ProposalPhase::Deleted { at: tx.context.now };
    if was_open {
        tx.put(proposal.clone());
    } else {
        tx.remove(EntityKey::Proposal(id));
    }
    Ok(DeleteDirectConnectGatewayAssociationProposalResult {
        direct_connect_gateway_association_proposal: Some(view::proposal(&proposal)),
    })
}

/// Fires the deadline of a proposal: nobody answered it in time, or it is not shown any more.
pub(crate) fn step(tx: &mut Transaction<'_>, proposal: &Proposal) {
    match proposal.phase {
        ProposalPhase::Requested { expires } => {
            let mut next = proposal.clone();
            next.phase = ProposalPhase::Deleted { at: expires };
            tx.put(next);
        }
        ProposalPhase::Accepted { .. } | ProposalPhase::Deleted { .. } => {
            tx.remove(EntityKey::Proposal(proposal.id));
        }
    }
}
