//! `ResiliencyGroup`, its summary and its associations.

use demarc_api as api;
use demarc_types::{AccountId, ArnResource, ParentId, Region, ResourceArn};

use super::connection::tag_list;
use crate::entity::{MemberState, ResiliencyGroup, ResiliencyGroupMember};
use crate::state;

pub(crate) fn resiliency_group(from: &ResiliencyGroup) -> api::ResiliencyGroup {
    api::ResiliencyGroup {
        resiliency_group_id: Some(from.id.to_string()),
        resiliency_group_arn: Some(arn(from)),
        resiliency_group_name: Some(from.name.clone()),
        resiliency_group_type: Some(api::ResiliencyGroupType::Managed),
        owner_account: Some(from.owner.to_string()),
        state: state::resiliency_group(from).parse().ok(),
        tags: Some(tag_list(&from.tags)),
    }
}

pub(crate) fn resiliency_group_summary(from: &ResiliencyGroup) -> api::ResiliencyGroupSummary {
    let whole = resiliency_group(from);
    api::ResiliencyGroupSummary {
        resiliency_group_id: whole.resiliency_group_id,
        resiliency_group_arn: whole.resiliency_group_arn,
        resiliency_group_name: whole.resiliency_group_name,
        resiliency_group_type: whole.resiliency_group_type,
        owner_account: whole.owner_account,
        state: whole.state,
    }
}

/// The association of `carrier` with a group; without a member it is one that has ended.
pub(crate) fn resiliency_group_association(
    group: &ResiliencyGroup,
    carrier: ParentId,
    member: Option<&ResiliencyGroupMember>,
) -> api::ResiliencyGroupAssociation {
    let word = match member.map(|member| member.state) {
        Some(MemberState::Associating { .. }) => "associating",
        Some(MemberState::Associated) => "associated",
        Some(MemberState::Disassociating { .. }) => "disassociating",
        None => "disassociated",
    };
    api::ResiliencyGroupAssociation {
        resiliency_group_id: Some(group.id.to_string()),
        connection_arn: Some(carrier_arn(group.region, group.owner, carrier)),
        state: word.parse().ok(),
    }
}

fn arn(group: &ResiliencyGroup) -> String {
    let resource = ArnResource::ResiliencyGroup(group.id);
    ResourceArn::new(group.region, group.owner, resource).to_string()
}

fn carrier_arn(region: Region, owner: AccountId, carrier: ParentId) -> String {
    let resource = match carrier {
        ParentId::Connection(id) => ArnResource::Connection(id),
        ParentId::Lag(id) => ArnResource::Lag(id),
    };
    ResourceArn::new(region, owner, resource).to_string()
}
