//! What happens beside the calls of the API: the neighbours, the operator, and time.

use demarc_domain::Order;
use demarc_domain::neighbor::{
    CidrBlockOrder, Ec2Request, TransitGatewayChanges, TransitGatewayOrder, VpcOrder,
    VpnGatewayOrder,
};
use demarc_types::Span;

use crate::cast::Cast;
use crate::choice::Choice;
use crate::simulation::Simulation;

/// A call of the EC2 subset.
pub(crate) fn neighbor(
    simulation: &mut Simulation,
    account: &str,
    cast: &Cast,
    choice: &mut Choice,
) {
    let vpc_id = choice.one(&cast.vpcs, "vpc-00000000");
    let vpn_gateway_id = choice.one(&cast.vpn_gateways, "vgw-00000000");
    let block = || format!("10.{}.0.0/16", simulation.transcript.len() % 200);
    let request = match choice.below(10) {
        0 | 1 => Ec2Request::CreateVpc(VpcOrder {
            cidr_block: Some(block()),
            ..VpcOrder::default()
        }),
        2 | 3 => Ec2Request::CreateVpnGateway(VpnGatewayOrder {
            gateway_type: Some("ipsec.1".to_owned()),
            ..VpnGatewayOrder::default()
        }),
        4 => Ec2Request::AttachVpnGateway {
            vpn_gateway_id,
            vpc_id,
        },
        5 => Ec2Request::CreateTransitGateway(TransitGatewayOrder::default()),
        6 => Ec2Request::DetachVpnGateway {
            vpn_gateway_id,
            vpc_id,
        },
        7 => Ec2Request::AssociateVpcCidrBlock {
            vpc_id,
            block: CidrBlockOrder {
                cidr_block: Some(block()),
                ..CidrBlockOrder::default()
            },
        },
        8 => Ec2Request::DeleteVpnGateway { vpn_gateway_id },
        _ => match choice.below(2) {
            0 => Ec2Request::DeleteVpc { vpc_id },
            _ => Ec2Request::DeleteTransitGateway {
                transit_gateway_id: choice.one(&cast.transit_gateways, "tgw-00000000"),
            },
        },
    };
    simulation.call_ec2(account, &request);
}

/// A VPC with a virtual private gateway, and a transit gateway.
pub(crate) fn furnish(simulation: &mut Simulation, account: &str, number: usize) {
    let vpc = VpcOrder {
        cidr_block: Some(format!("10.{number}.0.0/16")),
        ..VpcOrder::default()
    };
    let gateway = VpnGatewayOrder {
        gateway_type: Some("ipsec.1".to_owned()),
        ..VpnGatewayOrder::default()
    };
    let transit = TransitGatewayOrder {
        options: TransitGatewayChanges {
            amazon_side_asn: Some(64_600 + i64::try_from(number).unwrap()),
            ..TransitGatewayChanges::default()
        },
        ..TransitGatewayOrder::default()
    };
    simulation.call_ec2(account, &Ec2Request::CreateVpc(vpc));
    simulation.call_ec2(account, &Ec2Request::CreateVpnGateway(gateway));
    simulation.call_ec2(account, &Ec2Request::CreateTransitGateway(transit));
    let cast = Cast::of(&simulation.world, account.parse().ok());
    let attach = Ec2Request::AttachVpnGateway {
        vpn_gateway_id: cast.vpn_gateways[0].clone(),
        vpc_id: cast.vpcs[0].clone(),
    };
    simulation.call_ec2(account, &attach);
}

/// An order of the operator, on anybody's object.
pub(crate) fn operator(simulation: &mut Simulation, choice: &mut Choice) {
    let everything = Cast::of(&simulation.world, None);
    let up = choice.once_in(2);
    let port = everything.connection(choice);
    let public = choice.one(&everything.public, "dxvif-ffffffff");
    let order = match choice.below(6) {
        0 | 1 => port
            .parse()
            .ok()
            .map(|connection| Order::SetLink { connection, up }),
        2 if everything.peers.is_empty() => None,
        2 => choice
            .of(&everything.peers)
            .1
            .parse()
            .ok()
            .map(|peer| Order::SetSession { peer, up }),
        3 => port.parse().ok().map(Order::ApproveConnection),
        4 => public.parse().ok().map(Order::ApproveVirtualInterface),
        _ => public.parse().ok().map(Order::RejectVirtualInterface),
    };
    if let Some(order) = order {
        simulation.order(&order);
    }
}

/// Time passes: mostly moments, now and then until what was deleted is forgotten or what was offered
/// expires.
pub(crate) fn time(simulation: &mut Simulation, choice: &mut Choice) {
    let span = match choice.below(16) {
        0..=6 => Span::from_millis(i64::try_from(choice.below(900)).unwrap()),
        7..=13 => Span::from_secs(3),
        14 => Span::from_minutes(16),
        _ => match choice.below(6) {
            0 => Span::from_days(8),
            1 => Span::from_days(91),
            _ => Span::from_minutes(2),
        },
    };
    simulation.advance(span);
}
