//! The EC2 objects that Direct Connect attaches to: VPCs, virtual private gateways, transit gateways, and
//! the few calls that clients make around them. Source: spec/clients §1.5.
//!
//! One entry for writes, [`decide`], and one for reads, [`query`]; both take an [`Ec2Request`] that the
//! Query front has read and give an [`Ec2Response`] that it writes as XML. What EC2 has beyond that
//! (subnets, instances, VPN connections) is not here. A request with `DryRun` is decided and then dropped
//! by the front.

mod error;
mod filter;
mod request;
mod response;
mod tag;
pub(crate) mod transit_gateway;
mod transit_gateway_attachment;
mod transit_gateway_route;
mod vpc;
mod vpc_cidr;
mod vpc_default;
pub(crate) mod vpn_gateway;
mod zone;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use crate::context::Context;
use crate::entity::Change;
use crate::transaction::Transaction;
use crate::world::World;

pub use error::Ec2Error;
pub use filter::Filter;
pub use request::{
    CidrBlockOrder, Describe, Ec2Request, Ec2Tag, ModifyTransitGateway, SearchRoutes,
    TagSpecification, TagToDelete, TransitGatewayChanges, TransitGatewayOrder, VpcAttribute,
    VpcOrder, VpnGatewayOrder,
};
pub use response::{
    AvailabilityZoneView, CidrBlockAnswer, CidrBlockView, Ec2Response, NetworkAclEntryView,
    NetworkAclView, Page, RegionView, RouteTableView, RouteView, SecurityGroupView, TagView,
    TransitGatewayAttachmentView, TransitGatewayRouteAttachmentView, TransitGatewayRouteTableView,
    TransitGatewayRouteView, TransitGatewayView, VpcAttachmentView, VpcView, VpnGatewayView,
};

/// Decides a write. A refusal has changed nothing. Reads are answered as well, with no changes.
pub fn decide(
    world: &World,
    context: &mut Context,
    request: &Ec2Request,
) -> Result<(World, Vec<Change>, Ec2Response), Ec2Error> {
    if request.is_read_only() {
        let response = query(world, context, request)?;
        return Ok((world.clone(), Vec::new(), response));
    }
    let mut transaction = Transaction::new(world, context);
    let response = write(&mut transaction, request)?;
    let (world, changes) = transaction.finish();
    Ok((world, changes, response))
}

fn write(tx: &mut Transaction<'_>, request: &Ec2Request) -> Result<Ec2Response, Ec2Error> {
    use Ec2Request as R;
    match request {
        R::CreateVpc(order) => vpc::create(tx, order).map(Ec2Response::Vpc),
        R::ModifyVpcAttribute {
            vpc_id,
            attribute,
            value,
        } => vpc::modify_attribute(tx, vpc_id, *attribute, *value).map(|()| Ec2Response::Done),
        R::AssociateVpcCidrBlock { vpc_id, block } => {
            vpc_cidr::associate(tx, vpc_id, block).map(Ec2Response::CidrBlock)
        }
        R::DisassociateVpcCidrBlock { association_id } => {
            vpc_cidr::disassociate(tx, association_id).map(Ec2Response::CidrBlock)
        }
        R::DeleteVpc { vpc_id } => vpc::delete(tx, vpc_id).map(|()| Ec2Response::Done),
        R::CreateVpnGateway(order) => vpn_gateway::create(tx, order).map(Ec2Response::VpnGateway),
        R::AttachVpnGateway {
            vpn_gateway_id,
            vpc_id,
        } => vpn_gateway::attach(tx, vpn_gateway_id, vpc_id).map(Ec2Response::VpcAttachment),
        R::DetachVpnGateway {
            vpn_gateway_id,
            vpc_id,
        } => vpn_gateway::detach(tx, vpn_gateway_id, vpc_id).map(|()| Ec2Response::Done),
        R::DeleteVpnGateway { vpn_gateway_id } => {
            vpn_gateway::delete(tx, vpn_gateway_id).map(|()| Ec2Response::Done)
        }
        R::CreateTransitGateway(order) => {
            transit_gateway::create(tx, order).map(Ec2Response::TransitGateway)
        }
        R::ModifyTransitGateway(changes) => {
            transit_gateway::modify(tx, changes).map(Ec2Response::TransitGateway)
        }
        R::DeleteTransitGateway { transit_gateway_id } => {
            transit_gateway::delete(tx, transit_gateway_id).map(Ec2Response::TransitGateway)
        }
        R::CreateTags { resources, tags } => {
            tag::create(tx, resources, tags).map(|()| Ec2Response::Done)
        }
        R::DeleteTags { resources, tags } => {
            tag::delete(tx, resources, tags).map(|()| Ec2Response::Done)
        }
        read => query(tx.world(), tx.context, read),
    }
}

/// Sets tags of the caller's resource of that id, as `CreateTags` does.
pub(crate) fn set_tags(
    tx: &mut Transaction<'_>,
    id: &str,
    tags: &[Ec2Tag],
) -> Result<(), Ec2Error> {
    tag::create(tx, &[id.to_owned()], tags)
}

/// Takes tags of the caller's resource of that id away, as `DeleteTags` does.
pub(crate) fn unset_tags(
    tx: &mut Transaction<'_>,
    id: &str,
    tags: &[TagToDelete],
) -> Result<(), Ec2Error> {
    tag::delete(tx, &[id.to_owned()], tags)
}

/// Answers a read; a write is refused, it takes [`decide`].
pub fn query(
    world: &World,
    context: &Context,
    request: &Ec2Request,
) -> Result<Ec2Response, Ec2Error> {
    use Ec2Request as R;
    match request {
        R::DescribeVpcs(input) => vpc::describe(world, context, input).map(Ec2Response::Vpcs),
        R::DescribeVpcAttribute { vpc_id, attribute } => {
            vpc::describe_attribute(world, context, vpc_id, *attribute)
        }
        R::DescribeNetworkAcls(input) => {
            vpc_default::network_acls(world, context, input).map(Ec2Response::NetworkAcls)
        }
        R::DescribeRouteTables(input) => {
            vpc_default::route_tables(world, context, input).map(Ec2Response::RouteTables)
        }
        R::DescribeSecurityGroups(input) => {
            vpc_default::security_groups(world, context, input).map(Ec2Response::SecurityGroups)
        }
        R::DescribeVpnGateways(input) => {
            vpn_gateway::describe(world, context, input).map(Ec2Response::VpnGateways)
        }
        R::DescribeTransitGateways(input) => {
            transit_gateway::describe(world, context, input).map(Ec2Response::TransitGateways)
        }
        R::DescribeTransitGatewayAttachments(input) => {
            transit_gateway_attachment::describe(world, context, input)
                .map(Ec2Response::TransitGatewayAttachments)
        }
        R::DescribeTransitGatewayRouteTables(input) => {
            transit_gateway_route::describe_tables(world, context, input)
                .map(Ec2Response::TransitGatewayRouteTables)
        }
        R::SearchTransitGatewayRoutes(input) => {
            transit_gateway_route::search(world, context, input)
        }
        R::DescribeTags(input) => tag::describe(world, context, input).map(Ec2Response::Tags),
        R::DescribeRegions(input) => zone::regions(world, context, input).map(Ec2Response::Regions),
        R::DescribeAvailabilityZones(input) => {
            zone::availability_zones(context, input).map(Ec2Response::AvailabilityZones)
        }
        write => Err(Ec2Error::Internal(format!(
            "{} is not a read",
            write.name()
        ))),
    }
}
