//! Resiliency groups: make, list, rename, delete. Source: spec/api-2026 §3, spec/states §15.

use demarc_api::{
    CreateResiliencyGroupRequest, CreateResiliencyGroupResult, DeleteResiliencyGroupRequest,
    DeleteResiliencyGroupResult, GetResiliencyGroupRequest, GetResiliencyGroupResult,
    ListResiliencyGroupsRequest, ListResiliencyGroupsResult, Operation, Request,
    UpdateResiliencyGroupRequest, UpdateResiliencyGroupResult,
};
use demarc_types::{ResiliencyGroupId, is_resiliency_group_name};

use super::client_token::Token;
use crate::context::Context;
use crate::entity::{EntityKey, MemberState, ResiliencyGroup, ResiliencyGroupPhase, Tags};
use crate::paging::{Page, Unasked};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, state, view};

// ===== find =====

/// A group of the caller's in its Region, recently deleted ones too.
pub(super) fn own<'w>(
    world: &'w World,
    context: &Context,
    id: &str,
) -> Result<&'w ResiliencyGroup, Refusal> {
    let parsed = input::resiliency_group(id)?;
    world
        .resiliency_group(parsed)
        .filter(|found| found.owner == context.account && found.region == context.region)
        .map(|found| found.as_ref())
        .ok_or_else(|| Refusal::ResiliencyGroupNotFound(id.to_owned()))
}

/// A group of the caller's that can be changed: not deleted, nor on the way there.
pub(super) fn own_live(tx: &Transaction<'_>, id: &str) -> Result<ResiliencyGroup, Refusal> {
    let group = own(tx, tx.context, id)?;
    match group.phase {
        ResiliencyGroupPhase::Pending { .. } | ResiliencyGroupPhase::Available => Ok(group.clone()),
        ResiliencyGroupPhase::Deleting { .. } => Err(Refusal::ResiliencyGroupState {
            id: id.to_owned(),
            state: state::resiliency_group(group),
        }),
        ResiliencyGroupPhase::Deleted { .. } => {
            Err(Refusal::ResiliencyGroupNotFound(id.to_owned()))
        }
    }
}

pub(crate) fn get(
    world: &World,
    context: &Context,
    input: &GetResiliencyGroupRequest,
) -> Result<GetResiliencyGroupResult, Refusal> {
    let group = own(world, context, &input.resiliency_group_id)?;
    Ok(GetResiliencyGroupResult {
        resiliency_group: Some(view::resiliency_group(group)),
    })
}

pub(crate) fn list(
    world: &World,
    context: &Context,
    input: &ListResiliencyGroupsRequest,
) -> Result<ListResiliencyGroupsResult, Refusal> {
    let page = Page::read(
        world,
        context,
        Operation::ListResiliencyGroups,
        &[],
        input.max_results,
        input.next_token.as_deref(),
        Unasked::Hundred,
    )?;
    let entries = world
        .indexes
        .groups_by_owner
        .after((context.account, context.region), page.position()?)
        .filter_map(|(_, id)| world.resiliency_group(id));
    let (groups, next_token) = page.take(entries, |last| (last.created, last.id.to_string()));
    let items = groups
        .into_iter()
        .map(|group| view::resiliency_group_summary(group))
        .collect();
    Ok(ListResiliencyGroupsResult {
        items: Some(items),
        next_token,
    })
}

// ===== make =====

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateResiliencyGroupRequest,
) -> Result<CreateResiliencyGroupResult, Refusal> {
    let bare = CreateResiliencyGroupRequest {
        client_token: None,
        ..input.clone()
    };
    let token = Token::read(
        tx,
        input.client_token.as_deref(),
        &Request::CreateResiliencyGroup(bare),
    );
    if let Some(id) = Token::earlier(token.as_ref(), tx)? {
        let group = own(tx, tx.context, &id.to_string())?;
        return Ok(CreateResiliencyGroupResult {
            resiliency_group: Some(view::resiliency_group(group)),
        });
    }
    let limit = tx.context.settings.quotas.tags_per_resource;
    let tags = input::tags(input.tags.as_ref(), limit)?;
    let name = name(&input.resiliency_group_name)?;
    check_quota(tx)?;
    let group = ResiliencyGroup {
        id: fresh_id(tx),
        owner: tx.context.account,
        region: tx.context.region,
        name,
        intended_model: input.intended_resiliency_model.as_str().to_owned(),
        phase: ResiliencyGroupPhase::Pending {
            until: tx.context.now + tx.context.settings.settle,
        },
        members: Vec::new(),
        tags,
        created: tx.context.now,
    };
    tx.put(group.clone());
    Token::keep(token, tx, group.id);
    Ok(CreateResiliencyGroupResult {
        resiliency_group: Some(view::resiliency_group(&group)),
    })
}

fn name(text: &str) -> Result<String, Refusal> {
    if is_resiliency_group_name(text) {
        Ok(text.to_owned())
    } else {
        let shown: String = text.chars().take(64).collect();
        Err(Refusal::invalid(format!(
            "Resiliency group name `{shown}` is not valid: 1 to 255 letters, digits, _ and - are allowed."
        )))
    }
}

fn check_quota(tx: &Transaction<'_>) -> Result<(), Refusal> {
    let limit = tx.context.settings.quotas.resiliency_groups;
    let live = tx
        .resiliency_groups_of(tx.context.account, tx.context.region)
        .filter(|group| group.is_live())
        .count();
    if live >= limit {
        return Err(Refusal::ResiliencyGroupQuota { limit });
    }
    Ok(())
}

fn fresh_id(tx: &mut Transaction<'_>) -> ResiliencyGroupId {
    loop {
        let id = tx.context.ids.resiliency_group();
        if tx.resiliency_group(id).is_none() {
            return id;
        }
    }
}

// ===== change =====

pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateResiliencyGroupRequest,
) -> Result<UpdateResiliencyGroupResult, Refusal> {
    let bare = UpdateResiliencyGroupRequest {
        client_token: None,
        ..input.clone()
    };
    let token = Token::read(
        tx,
        input.client_token.as_deref(),
        &Request::UpdateResiliencyGroup(bare),
    );
    if Token::earlier(token.as_ref(), tx)?.is_some() {
        let group = own(tx, tx.context, &input.resiliency_group_id)?;
        return Ok(UpdateResiliencyGroupResult {
            resiliency_group: Some(view::resiliency_group(group)),
        });
    }
    let name = name(&input.resiliency_group_name)?;
    let mut group = own_live(tx, &input.resiliency_group_id)?;
    group.name = name;
    tx.put(group.clone());
    Token::keep(token, tx, group.id);
    Ok(UpdateResiliencyGroupResult {
        resiliency_group: Some(view::resiliency_group(&group)),
    })
}

/// Begins to delete a group; its members stay what they are and only leave it. A repeat while it is
/// deleting gives the same answer.
pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteResiliencyGroupRequest,
) -> Result<DeleteResiliencyGroupResult, Refusal> {
    let mut group = own(tx, tx.context, &input.resiliency_group_id)?.clone();
    match group.phase {
        ResiliencyGroupPhase::Deleting { .. } => {}
        ResiliencyGroupPhase::Deleted { .. } => {
            return Err(Refusal::ResiliencyGroupNotFound(
                input.resiliency_group_id.clone(),
            ));
        }
        ResiliencyGroupPhase::Pending { .. } | ResiliencyGroupPhase::Available => {
            let until = tx.context.now + tx.context.settings.settle;
            group.phase = ResiliencyGroupPhase::Deleting { until };
            for member in &mut group.members {
                member.state = MemberState::Disassociating { until };
            }
            group.tags = Tags::default();
            tx.put(group.clone());
        }
    }
    Ok(DeleteResiliencyGroupResult {
        resiliency_group: Some(view::resiliency_group(&group)),
    })
}

/// Fires the deadlines of a group and of its members that are due.
pub(crate) fn step(tx: &mut Transaction<'_>, group: &ResiliencyGroup) {
    let now = tx.context.now;
    let mut next = group.clone();
    match group.phase {
        ResiliencyGroupPhase::Pending { until } if until <= now => {
            next.phase = ResiliencyGroupPhase::Available;
        }
        ResiliencyGroupPhase::Deleting { until } if until <= now => {
            next.phase = ResiliencyGroupPhase::Deleted { at: now };
            next.members.clear();
        }
        ResiliencyGroupPhase::Deleted { .. } => {
            return tx.remove(EntityKey::ResiliencyGroup(group.id));
        }
        ResiliencyGroupPhase::Pending { .. }
        | ResiliencyGroupPhase::Deleting { .. }
        | ResiliencyGroupPhase::Available => {}
    }
    next.members.retain_mut(|member| match member.state {
        MemberState::Associating { until } if until <= now => {
            member.state = MemberState::Associated;
            true
        }
        MemberState::Disassociating { until } => until > now,
        MemberState::Associating { .. } | MemberState::Associated => true,
    });
    tx.put(next);
}

#[cfg(test)]
mod tests;
