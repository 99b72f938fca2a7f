//! From a request to the rule that answers it. Every operation stands here once.

use demarc_api::{Request, Response};

use crate::context::Context;
use crate::entity::Change;
use crate::operation::{
    agreement, association, attachment, bgp_peer, billing, connection, failover_test, gateway,
    hosted, interconnect, lag, lag_member, loa, location, mac_sec, proposal, resiliency_group,
    resiliency_member, route, router_configuration, tag, virtual_gateway, virtual_interface,
};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

/// What a write comes to: the World after it, how to get there, and the answer.
pub struct Decision {
    pub world: World,
    pub changes: Vec<Change>,
    pub response: Response,
}

/// Decides a write. A refusal has changed nothing. Reads are answered as well, with no changes.
pub fn decide(
    world: &World,
    context: &mut Context,
    request: &Request,
) -> Result<Decision, Refusal> {
    if request.operation().is_read_only() {
        let response = query(world, context, request)?;
        return Ok(Decision {
            world: world.clone(),
            changes: Vec::new(),
            response,
        });
    }
    let mut transaction = Transaction::new(world, context);
    let response = write(&mut transaction, request)?;
    let (world, changes) = transaction.finish();
    Ok(Decision {
        world,
        changes,
        response,
    })
}

/// Answers a read; a write is refused, it takes [`decide`].
pub fn query(world: &World, context: &Context, request: &Request) -> Result<Response, Refusal> {
    use Request as R;
    Ok(match request {
        R::DescribeConnections(input) => {
            Response::DescribeConnections(connection::describe(world, context, input)?)
        }
        R::DescribeConnectionsOnInterconnect(input) => Response::DescribeConnectionsOnInterconnect(
            hosted::describe_on_interconnect(world, context, input)?,
        ),
        R::DescribeCustomerMetadata(_) => {
            Response::DescribeCustomerMetadata(agreement::describe(world, context))
        }
        R::DescribeDirectConnectGatewayAssociationProposals(input) => {
            Response::DescribeDirectConnectGatewayAssociationProposals(proposal::describe(
                world, context, input,
            )?)
        }
        R::DescribeDirectConnectGatewayAssociations(input) => {
            Response::DescribeDirectConnectGatewayAssociations(association::describe(
                world, context, input,
            )?)
        }
        R::DescribeDirectConnectGatewayAttachments(input) => {
            Response::DescribeDirectConnectGatewayAttachments(attachment::describe(
                world, context, input,
            )?)
        }
        R::DescribeDirectConnectGateways(input) => {
            Response::DescribeDirectConnectGateways(gateway::describe(world, context, input)?)
        }
        R::DescribeHostedConnections(input) => {
            Response::DescribeHostedConnections(hosted::describe(world, context, input)?)
        }
        R::DescribeInterconnects(input) => {
            Response::DescribeInterconnects(interconnect::describe(world, context, input)?)
        }
        R::DescribeLags(input) => Response::DescribeLags(lag::describe(world, context, input)?),
        R::DescribeLocations(_) => Response::DescribeLocations(location::describe(world, context)),
        R::DescribeRouterConfiguration(input) => Response::DescribeRouterConfiguration(
            router_configuration::describe(world, context, input)?,
        ),
        R::DescribeTags(input) => Response::DescribeTags(tag::describe(world, context, input)?),
        R::DescribeVirtualGateways(_) => {
            Response::DescribeVirtualGateways(virtual_gateway::describe(world, context))
        }
        R::DescribeVirtualInterfaces(input) => {
            Response::DescribeVirtualInterfaces(virtual_interface::describe(world, context, input)?)
        }
        R::GetResiliencyGroup(input) => {
            Response::GetResiliencyGroup(resiliency_group::get(world, context, input)?)
        }
        R::ListResiliencyGroupAssociations(input) => Response::ListResiliencyGroupAssociations(
            resiliency_member::list(world, context, input)?,
        ),
        R::ListResiliencyGroups(input) => {
            Response::ListResiliencyGroups(resiliency_group::list(world, context, input)?)
        }
        R::ListVirtualInterfaceRoutes(input) => {
            Response::ListVirtualInterfaceRoutes(route::list(world, context, input)?)
        }
        R::ListVirtualInterfaceTestHistory(input) => {
            Response::ListVirtualInterfaceTestHistory(failover_test::list(world, context, input)?)
        }
        other => {
            return Err(Refusal::Server(format!(
                "{} is not a read",
                other.operation()
            )));
        }
    })
}

#[expect(
    clippy::too_many_lines,
    reason = "the table of the writes, one arm each"
)]
fn write(transaction: &mut Transaction<'_>, request: &Request) -> Result<Response, Refusal> {
    use Request as R;
    let tx = transaction;
    Ok(match request {
        R::AcceptDirectConnectGatewayAssociationProposal(input) => {
            Response::AcceptDirectConnectGatewayAssociationProposal(proposal::accept(tx, input)?)
        }
        R::AllocateConnectionOnInterconnect(input) => {
            Response::AllocateConnectionOnInterconnect(hosted::allocate_on_interconnect(tx, input)?)
        }
        R::AllocateHostedConnection(input) => {
            Response::AllocateHostedConnection(hosted::allocate(tx, input)?)
        }
        R::AllocatePrivateVirtualInterface(input) => Response::AllocatePrivateVirtualInterface(
            virtual_interface::allocate_private(tx, input)?,
        ),
        R::AllocatePublicVirtualInterface(input) => {
            Response::AllocatePublicVirtualInterface(virtual_interface::allocate_public(tx, input)?)
        }
        R::AllocateTransitVirtualInterface(input) => Response::AllocateTransitVirtualInterface(
            virtual_interface::allocate_transit(tx, input)?,
        ),
        R::AssociateConnectionWithLag(input) => {
            Response::AssociateConnectionWithLag(lag_member::associate(tx, input)?)
        }
        R::AssociateConnectionsToResiliencyGroup(input) => {
            Response::AssociateConnectionsToResiliencyGroup(resiliency_member::associate(
                tx, input,
            )?)
        }
        R::AssociateHostedConnection(input) => {
            Response::AssociateHostedConnection(hosted::associate(tx, input)?)
        }
        R::AssociateMacSecKey(input) => {
            Response::AssociateMacSecKey(mac_sec::associate(tx, input)?)
        }
        R::AssociateVirtualInterface(input) => {
            Response::AssociateVirtualInterface(virtual_interface::associate(tx, input)?)
        }
        R::ConfirmConnection(input) => Response::ConfirmConnection(hosted::confirm(tx, input)?),
        R::ConfirmCustomerAgreement(input) => {
            Response::ConfirmCustomerAgreement(agreement::confirm(tx, input)?)
        }
        R::ConfirmPrivateVirtualInterface(input) => {
            Response::ConfirmPrivateVirtualInterface(virtual_interface::confirm_private(tx, input)?)
        }
        R::ConfirmPublicVirtualInterface(input) => {
            Response::ConfirmPublicVirtualInterface(virtual_interface::confirm_public(tx, input)?)
        }
        R::ConfirmTransitVirtualInterface(input) => {
            Response::ConfirmTransitVirtualInterface(virtual_interface::confirm_transit(tx, input)?)
        }
        R::CreateBGPPeer(input) => Response::CreateBGPPeer(bgp_peer::create(tx, input)?),
        R::CreateConnection(input) => Response::CreateConnection(connection::create(tx, input)?),
        R::CreateDirectConnectGateway(input) => {
            Response::CreateDirectConnectGateway(gateway::create(tx, input)?)
        }
        R::CreateDirectConnectGatewayAssociation(input) => {
            Response::CreateDirectConnectGatewayAssociation(association::create(tx, input)?)
        }
        R::CreateDirectConnectGatewayAssociationProposal(input) => {
            Response::CreateDirectConnectGatewayAssociationProposal(proposal::create(tx, input)?)
        }
        R::CreateInterconnect(input) => {
            Response::CreateInterconnect(interconnect::create(tx, input)?)
        }
        R::CreateLag(input) => Response::CreateLag(lag::create(tx, input)?),
        R::CreatePrivateVirtualInterface(input) => {
            Response::CreatePrivateVirtualInterface(virtual_interface::create_private(tx, input)?)
        }
        R::CreatePublicVirtualInterface(input) => {
            Response::CreatePublicVirtualInterface(virtual_interface::create_public(tx, input)?)
        }
        R::CreateResiliencyGroup(input) => {
            Response::CreateResiliencyGroup(resiliency_group::create(tx, input)?)
        }
        R::CreateTransitVirtualInterface(input) => {
            Response::CreateTransitVirtualInterface(virtual_interface::create_transit(tx, input)?)
        }
        R::DeleteBGPPeer(input) => Response::DeleteBGPPeer(bgp_peer::delete(tx, input)?),
        R::DeleteConnection(input) => Response::DeleteConnection(connection::delete(tx, input)?),
        R::DeleteDirectConnectGateway(input) => {
            Response::DeleteDirectConnectGateway(gateway::delete(tx, input)?)
        }
        R::DeleteDirectConnectGatewayAssociation(input) => {
            Response::DeleteDirectConnectGatewayAssociation(association::delete(tx, input)?)
        }
        R::DeleteDirectConnectGatewayAssociationProposal(input) => {
            Response::DeleteDirectConnectGatewayAssociationProposal(proposal::delete(tx, input)?)
        }
        R::DeleteInterconnect(input) => {
            Response::DeleteInterconnect(interconnect::delete(tx, input)?)
        }
        R::DeleteLag(input) => Response::DeleteLag(lag::delete(tx, input)?),
        R::DeleteResiliencyGroup(input) => {
            Response::DeleteResiliencyGroup(resiliency_group::delete(tx, input)?)
        }
        R::DeleteVirtualInterface(input) => {
            Response::DeleteVirtualInterface(virtual_interface::delete(tx, input)?)
        }
        R::DescribeConnectionLoa(input) => {
            Response::DescribeConnectionLoa(loa::describe_connection(tx, input)?)
        }
        R::DescribeInterconnectLoa(input) => {
            Response::DescribeInterconnectLoa(loa::describe_interconnect(tx, input)?)
        }
        R::DescribeLoa(input) => Response::DescribeLoa(loa::describe(tx, input)?),
        R::DisassociateConnectionFromLag(input) => {
            Response::DisassociateConnectionFromLag(lag_member::disassociate(tx, input)?)
        }
        R::DisassociateConnectionsFromResiliencyGroup(input) => {
            Response::DisassociateConnectionsFromResiliencyGroup(resiliency_member::disassociate(
                tx, input,
            )?)
        }
        R::DisassociateMacSecKey(input) => {
            Response::DisassociateMacSecKey(mac_sec::disassociate(tx, input)?)
        }
        R::StartBgpFailoverTest(input) => {
            Response::StartBgpFailoverTest(failover_test::start(tx, input)?)
        }
        R::StopBgpFailoverTest(input) => {
            Response::StopBgpFailoverTest(failover_test::stop(tx, input)?)
        }
        R::TagResource(input) => Response::TagResource(tag::set(tx, input)?),
        R::UntagResource(input) => Response::UntagResource(tag::unset(tx, input)?),
        R::UpdateConnection(input) => Response::UpdateConnection(connection::update(tx, input)?),
        R::UpdateConnectionsBillingMode(input) => {
            Response::UpdateConnectionsBillingMode(billing::update(tx, input)?)
        }
        R::UpdateDirectConnectGateway(input) => {
            Response::UpdateDirectConnectGateway(gateway::update(tx, input)?)
        }
        R::UpdateDirectConnectGatewayAssociation(input) => {
            Response::UpdateDirectConnectGatewayAssociation(association::update(tx, input)?)
        }
        R::UpdateLag(input) => Response::UpdateLag(lag::update(tx, input)?),
        R::UpdateResiliencyGroup(input) => {
            Response::UpdateResiliencyGroup(resiliency_group::update(tx, input)?)
        }
        R::UpdateVirtualInterfaceAttributes(input) => {
            Response::UpdateVirtualInterfaceAttributes(virtual_interface::update(tx, input)?)
        }
        read => query(tx.world(), tx.context, read)?,
    })
}
