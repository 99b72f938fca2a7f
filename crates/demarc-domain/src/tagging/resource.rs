//! What has tags: the resources of Direct Connect, and those of EC2 that are here.

use demarc_types::{
    AccountId, ArnResource, Region, ResourceArn, Timestamp, TransitGatewayId, VpcId, VpnGatewayId,
};

use crate::context::Context;
use crate::entity::{Ec2Phase, Entity, EntityKey, Tags};
use crate::operation::tag;
use crate::world::World;

/// The service that a resource belongs to, and that is asked whether its tags may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    DirectConnect,
    Ec2,
}

/// The service in an ARN, if its resources can be tagged here.
pub fn owner_of(arn: &str) -> Option<Owner> {
    match arn.split(':').nth(2) {
        Some("directconnect") => Some(Owner::DirectConnect),
        Some("ec2") => Some(Owner::Ec2),
        _ => None,
    }
}

/// The resource of an ARN, if it is the caller's and can be reached from its Region.
pub(super) fn find(world: &World, context: &Context, arn: &str) -> Option<Entity> {
    let key = match owner_of(arn)? {
        Owner::DirectConnect => tag::key_of(arn.parse::<ResourceArn>().ok()?.resource),
        Owner::Ec2 => ec2_key(arn.rsplit(':').next()?)?,
    };
    let entity = world.get(&key)?;
    // The ARN has to be right in every part, not only in its last.
    (is_own(context, &entity) && arn_of(&entity).as_deref() == Some(arn)).then_some(entity)
}

/// The id in an ARN of EC2 behind its type, `vpc/vpc-…`.
fn ec2_key(resource: &str) -> Option<EntityKey> {
    let (_, id) = resource.split_once('/')?;
    if id.starts_with(VpcId::PREFIX) {
        id.parse().ok().map(EntityKey::Vpc)
    } else if id.starts_with(VpnGatewayId::PREFIX) {
        id.parse().ok().map(EntityKey::VpnGateway)
    } else if id.starts_with(TransitGatewayId::PREFIX) {
        id.parse().ok().map(EntityKey::TransitGateway)
    } else {
        None
    }
}

/// The resource is the caller's, is reached from its Region, and is there.
pub(super) fn is_own(context: &Context, entity: &Entity) -> bool {
    let home = (context.account, context.region);
    let is_there = |phase: Ec2Phase| !matches!(phase, Ec2Phase::Deleted { .. });
    match entity {
        Entity::Vpc(found) => (found.owner, found.region) == home,
        Entity::VpnGateway(found) => (found.owner, found.region) == home && is_there(found.phase),
        Entity::TransitGateway(found) => {
            (found.owner, found.region) == home && is_there(found.phase)
        }
        other => tag::is_own(context, other),
    }
}

/// The resource's ARN.
pub(super) fn arn_of(entity: &Entity) -> Option<String> {
    let arn = |region, owner, resource| ResourceArn::new(region, owner, resource).to_string();
    let ec2 = |region: Region, owner: AccountId, resource: String| {
        let partition = region.partition().as_str();
        format!("arn:{partition}:ec2:{region}:{owner}:{resource}")
    };
    Some(match entity {
        Entity::Connection(found) => {
            let resource = ArnResource::Connection(found.id);
            arn(found.region, found.owner, resource)
        }
        Entity::Lag(found) => arn(found.region, found.owner, ArnResource::Lag(found.id)),
        Entity::VirtualInterface(found) => {
            let resource = ArnResource::VirtualInterface(found.id);
            arn(found.region, found.owner, resource)
        }
        Entity::Gateway(found) => arn(found.region, found.owner, ArnResource::Gateway(found.id)),
        Entity::ResiliencyGroup(found) => {
            let resource = ArnResource::ResiliencyGroup(found.id);
            arn(found.region, found.owner, resource)
        }
        Entity::Vpc(found) => ec2(found.region, found.owner, format!("vpc/{}", found.id)),
        Entity::VpnGateway(found) => {
            let resource = format!("vpn-gateway/{}", found.id);
            ec2(found.region, found.owner, resource)
        }
        Entity::TransitGateway(found) => {
            let resource = format!("transit-gateway/{}", found.id);
            ec2(found.region, found.owner, resource)
        }
        _ => return None,
    })
}

/// The resource's tags.
pub(super) fn tags_of(entity: &Entity) -> Option<&Tags> {
    match entity {
        Entity::Vpc(found) => Some(&found.tags),
        Entity::VpnGateway(found) => Some(&found.tags),
        Entity::TransitGateway(found) => Some(&found.tags),
        other => tag::tags_of(other),
    }
}

/// A place in the list of all resources: behind this one.
pub(super) type Place = (Timestamp, EntityKey);

/// The caller's resources of the Region behind `place`, kind by kind, each kind oldest first. What is
/// global is at home in one Region of its partition, so that who asks every Region sees it once.
pub(super) fn listed<'w>(
    world: &'w World,
    context: &'w Context,
    place: Option<Place>,
) -> impl Iterator<Item = (Timestamp, Entity)> + 'w {
    let home = (context.account, context.region);
    let indexes = &world.indexes;
    let is_home = context.region.as_str() == home_of_global(context.region);
    /// One kind: its members behind the place, if the place is among them or before.
    macro_rules! kinds {
        ($($variant:ident, $index:ident, $group:expr, $when:expr;)+) => {{
            let mut reached = place.is_none();
            let mut all: Vec<Box<dyn Iterator<Item = (Timestamp, EntityKey)> + 'w>> = Vec::new();
            $(
                let position = match place {
                    Some((created, EntityKey::$variant(id))) if !reached => {
                        reached = true;
                        Some((created, id))
                    }
                    _ => None,
                };
                if reached && $when {
                    let members = indexes.$index.after($group, position);
                    all.push(Box::new(members.map(|(at, id)| (at, EntityKey::$variant(id)))));
                }
            )+
            all
        }};
    }
    let kinds = kinds! {
        Connection, connections_by_owner, home, true;
        Lag, lags_by_owner, home, true;
        VirtualInterface, virtual_interfaces_by_viewer, home, true;
        Gateway, gateways_by_owner, context.account, is_home;
        ResiliencyGroup, groups_by_owner, home, true;
        Vpc, vpcs_by_owner, home, true;
        VpnGateway, vpn_gateways_by_owner, home, true;
        TransitGateway, transit_gateways_by_owner, home, true;
    };
    kinds
        .into_iter()
        .flatten()
        .filter_map(|(at, key)| Some((at, world.get(&key)?)))
        .filter(|(_, entity)| is_own(context, entity))
}

/// The Region in which a partition's global resources are listed.
fn home_of_global(region: Region) -> &'static str {
    match region.partition() {
        demarc_types::Partition::Aws => "us-east-1",
        demarc_types::Partition::AwsCn => "cn-north-1",
        demarc_types::Partition::AwsUsGov => "us-gov-west-1",
    }
}
