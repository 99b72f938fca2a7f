//! Virtual private gateways.

use crate::entity::Attachment;
use crate::entity::connection::RETENTION;
use crate::neighbor::testing::{by_filters, by_ids, filter};
use crate::neighbor::{Describe, Ec2Request, Ec2Response, VpnGatewayOrder, VpnGatewayView};
use crate::testing::{ALICE, BOB, Lab};

fn vpn_gateways(lab: &mut Lab, input: Describe) -> Vec<VpnGatewayView> {
    match lab.ec2(ALICE, Ec2Request::DescribeVpnGateways(input)) {
        Ec2Response::VpnGateways(page) => page.items,
        other => panic!("{other:?}"),
    }
}

fn attach(vgw: &str, vpc: &str) -> Ec2Request {
    Ec2Request::AttachVpnGateway {
        vpn_gateway_id: vgw.to_owned(),
        vpc_id: vpc.to_owned(),
    }
}

fn detach(vgw: &str, vpc: &str) -> Ec2Request {
    Ec2Request::DetachVpnGateway {
        vpn_gateway_id: vgw.to_owned(),
        vpc_id: vpc.to_owned(),
    }
}

#[test]
fn the_asn_of_a_virtual_private_gateway_is_a_private_one() {
    let mut lab = Lab::new();
    let order = |asn| {
        Ec2Request::CreateVpnGateway(VpnGatewayOrder {
            gateway_type: Some("ipsec.1".to_owned()),
            amazon_side_asn: asn,
            ..VpnGatewayOrder::default()
        })
    };
    for (asn, shown) in [
        (None, Some(64_512)),
        (Some(65_534), Some(65_534)),
        (Some(4_200_000_000), Some(4_200_000_000)),
        (Some(65_535), None),
        (Some(100), None),
        (Some(-1), None),
    ] {
        match shown {
            Some(shown) => match lab.ec2(ALICE, order(asn)) {
                Ec2Response::VpnGateway(gateway) => {
                    assert_eq!(
                        (gateway.state, gateway.amazon_side_asn),
                        ("available", shown)
                    );
                }
                other => panic!("{other:?}"),
            },
            None => assert_eq!(
                lab.ec2_refused(ALICE, order(asn)).0,
                "InvalidParameterValue"
            ),
        }
    }
    let other = VpnGatewayOrder {
        gateway_type: Some("ipsec.2".to_owned()),
        ..VpnGatewayOrder::default()
    };
    assert_eq!(
        lab.ec2_refused(ALICE, Ec2Request::CreateVpnGateway(other))
            .0,
        "InvalidParameterValue"
    );
    let none = Ec2Request::CreateVpnGateway(VpnGatewayOrder::default());
    assert_eq!(lab.ec2_refused(ALICE, none).0, "MissingParameter");
}

#[test]
fn an_attachment_is_attaching_attached_detaching_and_gone() {
    let mut lab = Lab::new();
    let (vgw, vpc) = (lab.vpn_gateway(ALICE), lab.vpc(ALICE, "10.0.0.0/16"));
    let state = |lab: &mut Lab| {
        vpn_gateways(lab, by_ids(&[&vgw]))[0]
            .attachment
            .as_ref()
            .map(|attachment| attachment.state)
    };
    assert_eq!(state(&mut lab), None);
    lab.ec2(ALICE, attach(&vgw, &vpc));
    assert_eq!(state(&mut lab), Some("attaching"));
    lab.ec2(ALICE, attach(&vgw, &vpc));
    lab.settle();
    assert_eq!(state(&mut lab), Some("attached"));
    lab.ec2(ALICE, detach(&vgw, &vpc));
    assert_eq!(state(&mut lab), Some("detaching"));
    lab.ec2(ALICE, detach(&vgw, &vpc));
    lab.settle();
    assert_eq!(state(&mut lab), None);
    assert_eq!(
        lab.ec2_refused(ALICE, detach(&vgw, &vpc)).0,
        "InvalidVpnGatewayAttachment.NotFound"
    );
}

#[test]
fn attaching_is_refused_row_by_row() {
    let mut lab = Lab::new();
    let (vgw, vpc) = lab.vpn_gateway_on(ALICE, "10.0.0.0/16");
    let (free, other) = (lab.vpn_gateway(ALICE), lab.vpc(ALICE, "10.1.0.0/16"));
    let deleting = lab.vpn_gateway(ALICE);
    lab.ec2(
        ALICE,
        Ec2Request::DeleteVpnGateway {
            vpn_gateway_id: deleting.clone(),
        },
    );
    for (name, request, code) in [
        (
            "a second VPC",
            attach(&vgw, &other),
            "VpnGatewayAttachmentLimitExceeded",
        ),
        ("a second gateway", attach(&free, &vpc), "InvalidVpcState"),
        (
            "unknown gateway",
            attach("vgw-12345678", &vpc),
            "InvalidVpnGatewayID.NotFound",
        ),
        (
            "unknown VPC",
            attach(&free, "vpc-12345678"),
            "InvalidVpcID.NotFound",
        ),
        ("deleting", attach(&deleting, &other), "IncorrectState"),
        (
            "detach from another",
            detach(&vgw, &other),
            "InvalidVpnGatewayAttachment.NotFound",
        ),
        (
            "detach what is free",
            detach(&free, &vpc),
            "InvalidVpnGatewayAttachment.NotFound",
        ),
    ] {
        assert_eq!(lab.ec2_refused(ALICE, request).0, code, "{name}");
    }
    lab.settle();
    assert_eq!(
        lab.ec2_refused(ALICE, attach(&deleting, &other)).0,
        "InvalidVpnGatewayID.NotFound"
    );
    assert_eq!(
        lab.ec2_refused(BOB, detach(&vgw, &vpc)).0,
        "InvalidVpnGatewayID.NotFound"
    );
    // It is free again only when the detaching has ended.
    lab.ec2(ALICE, detach(&vgw, &vpc));
    assert_eq!(
        lab.ec2_refused(ALICE, attach(&vgw, &other)).0,
        "VpnGatewayAttachmentLimitExceeded"
    );
    lab.settle();
    lab.ec2(ALICE, attach(&vgw, &other));
}

#[test]
fn filters_choose_virtual_private_gateways() {
    let mut lab = Lab::new();
    let (vgw, vpc) = lab.vpn_gateway_on(ALICE, "10.0.0.0/16");
    let free = lab.vpn_gateway(ALICE);
    for (name, value, expected) in [
        ("attachment.vpc-id", &*vpc, vec![&vgw]),
        ("attachment.state", "attached", vec![&vgw]),
        ("amazon-side-asn", "64512", vec![&vgw, &free]),
        ("state", "available", vec![&vgw, &free]),
        ("state", "deleted", vec![]),
        ("vpn-gateway-id", &free, vec![&free]),
        ("type", "ipsec.1", vec![&vgw, &free]),
        ("tag-key", "*", vec![]),
    ] {
        let found = vpn_gateways(&mut lab, by_filters(vec![filter(name, value)]));
        let ids: Vec<&String> = found
            .iter()
            .map(|gateway| &gateway.vpn_gateway_id)
            .collect();
        assert_eq!(ids, expected, "{name}={value}");
    }
    let foreign = lab.ec2_refused(BOB, Ec2Request::DescribeVpnGateways(by_ids(&[&vgw])));
    assert_eq!(
        foreign,
        (
            "InvalidVpnGatewayID.NotFound".to_owned(),
            format!("The vpnGateway ID '{vgw}' does not exist")
        )
    );
}

#[test]
fn a_virtual_private_gateway_that_is_used_is_not_deleted() {
    let mut lab = Lab::new();
    let (vgw, vpc) = lab.vpn_gateway_on(ALICE, "10.0.0.0/16");
    let delete = Ec2Request::DeleteVpnGateway {
        vpn_gateway_id: vgw.clone(),
    };
    let in_use = (
        "IncorrectState".to_owned(),
        format!("VpnGateway '{vgw}' is in use."),
    );
    assert_eq!(lab.ec2_refused(ALICE, delete.clone()), in_use, "attached");
    let gateway = lab.gateway(ALICE);
    lab.associate(ALICE, &gateway, &vgw, &[]);
    let port = lab.dedicated(ALICE);
    let mut interface = lab.virtual_interface_on(ALICE, &port, 100);
    interface.attachment = Attachment::VirtualPrivateGateway(vgw.parse().unwrap());
    lab.put(interface.clone());
    lab.ec2(ALICE, detach(&vgw, &vpc));
    lab.settle();
    assert_eq!(
        lab.ec2_refused(ALICE, delete.clone()),
        in_use,
        "end of a virtual interface"
    );
    interface.phase = crate::entity::VirtualInterfacePhase::Deleted { at: lab.now };
    lab.put(interface);
    lab.ec2(ALICE, delete.clone());
    lab.ec2(ALICE, delete.clone());
    assert_eq!(vpn_gateways(&mut lab, by_ids(&[&vgw]))[0].state, "deleting");
    lab.settle();
    assert_eq!(vpn_gateways(&mut lab, by_ids(&[&vgw]))[0].state, "deleted");
    assert_eq!(
        lab.ec2_refused(ALICE, delete).0,
        "InvalidVpnGatewayID.NotFound"
    );
    lab.advance(RETENTION);
    assert!(vpn_gateways(&mut lab, Describe::default()).is_empty());
}
