//! New associations: what they are like, and what refuses them.

use serde_json::{Value, json};

use super::{CREATE, UNKNOWN, create, state};
use crate::neighbor::Ec2Request;
use crate::neighbor::testing::{association, cidrs};
use crate::testing::{ALICE, BOB, Lab, text};

#[test]
fn a_virtual_private_gateway_allows_the_cidrs_of_its_vpc() {
    let mut lab = Lab::new();
    let (gateway, (vgw, _)) = (
        lab.gateway(ALICE),
        lab.vpn_gateway_on(ALICE, "10.255.255.0/28"),
    );
    let made = create(&mut lab, association(&gateway, &vgw, &[]));
    let id = text(&made, "associationId");
    assert_eq!(
        made,
        json!({
            "directConnectGatewayId": gateway,
            "directConnectGatewayOwnerAccount": ALICE,
            "associationState": "associating",
            "associatedGateway": {
                "id": vgw, "type": "virtualPrivateGateway", "ownerAccount": ALICE, "region": "us-east-1",
            },
            "associationId": id,
            "allowedPrefixesToDirectConnectGateway": [{"cidr": "10.255.255.0/28"}],
            "virtualGatewayId": vgw,
            "virtualGatewayRegion": "us-east-1",
            "virtualGatewayOwnerAccount": ALICE,
        })
    );
    assert_eq!(state(&mut lab, &id), "associating");
    lab.settle();
    assert_eq!(state(&mut lab, &id), "associated");
}

#[test]
fn a_transit_gateway_has_no_members_of_virtual_private_gateways() {
    let mut lab = Lab::new();
    let (gateway, tgw) = (lab.gateway(ALICE), lab.transit_gateway(ALICE, 64_512));
    let made = create(
        &mut lab,
        association(&gateway, &tgw, &["10.0.0.0/8", "2001:DB8::/32"]),
    );
    assert_eq!(made["associatedGateway"]["type"], "transitGateway");
    assert_eq!(
        made["allowedPrefixesToDirectConnectGateway"],
        cidrs(&["10.0.0.0/8", "2001:db8::/32"]),
        "IPv6 in canonical form"
    );
    for member in [
        "virtualGatewayId",
        "virtualGatewayRegion",
        "virtualGatewayOwnerAccount",
    ] {
        assert!(made.get(member).is_none(), "{member}");
    }
}

#[test]
fn the_old_parameter_takes_a_virtual_private_gateway_only() {
    let mut lab = Lab::new();
    let (gateway, (vgw, _)) = (lab.gateway(ALICE), lab.vpn_gateway_on(ALICE, "10.0.0.0/16"));
    let tgw = lab.transit_gateway(ALICE, 64_512);
    assert_eq!(
        lab.message(
            ALICE,
            CREATE,
            json!({"directConnectGatewayId": gateway, "virtualGatewayId": tgw})
        ),
        format!("VirtualGatewayID {tgw} has an invalid format.")
    );
    let made = create(
        &mut lab,
        json!({"directConnectGatewayId": gateway, "virtualGatewayId": vgw}),
    );
    assert_eq!(made["virtualGatewayId"], *vgw);
}

/// What stands in the World before the refused rows of creation.
struct Scene {
    lab: Lab,
    gateway: String,
    /// Attached to 10.0.0.0/16, associated with nothing.
    vgw: String,
    tgw: String,
}

fn scene() -> Scene {
    let mut lab = Lab::with(|settings| {
        settings.quotas.vpn_gateways_per_gateway = 2;
        settings.quotas.transit_gateways_per_gateway = 2;
        settings.quotas.gateways_per_transit_gateway = 2;
        settings.quotas.prefixes_per_transit_gateway_association = 2;
        settings.quotas.prefixes_per_vpn_gateway_association = 2;
    });
    Scene {
        gateway: lab.gateway(ALICE),
        vgw: lab.vpn_gateway_on(ALICE, "10.0.0.0/16").0,
        tgw: lab.transit_gateway(ALICE, 64_512),
        lab,
    }
}

type Row = (&'static str, fn(&mut Scene) -> Value, fn(&Scene) -> String);

/// Each row: its name, what is asked for after what preparation, and the text of the refusal.
const REFUSED: &[Row] = &[
    (
        "both parameters",
        |s| json!({"directConnectGatewayId": s.gateway, "gatewayId": s.vgw, "virtualGatewayId": s.vgw}),
        |_| "Specify exactly one of gatewayId and virtualGatewayId.".to_owned(),
    ),
    (
        "neither parameter",
        |s| json!({"directConnectGatewayId": s.gateway}),
        |_| "Specify exactly one of gatewayId and virtualGatewayId.".to_owned(),
    ),
    (
        "format of the gateway",
        |s| association("dxgw-1", &s.vgw, &[]),
        |_| "DirectConnectGatewayID dxgw-1 has an invalid format.".to_owned(),
    ),
    (
        "format of the associated gateway",
        |s| association(&s.gateway, "vpc-12345678", &[]),
        |_| "VirtualGatewayID vpc-12345678 has an invalid format.".to_owned(),
    ),
    (
        "unknown gateway",
        |s| association(UNKNOWN, &s.vgw, &[]),
        |_| format!("Direct Connect Gateway {UNKNOWN} does not exist."),
    ),
    (
        "another account's gateway",
        |s| {
            s.gateway = s.lab.gateway(BOB);
            association(&s.gateway, &s.vgw, &[])
        },
        |s| format!("Direct Connect Gateway {} does not exist.", s.gateway),
    ),
    (
        "unknown associated gateway",
        |s| association(&s.gateway, "vgw-12345678", &[]),
        |_| "The VirtualGateway vgw-12345678 does not exist.".to_owned(),
    ),
    (
        "another account's virtual private gateway",
        |s| {
            s.vgw = s.lab.vpn_gateway_on(BOB, "10.0.0.0/16").0;
            association(&s.gateway, &s.vgw, &[])
        },
        |s| format!("The VirtualGateway {} does not exist.", s.vgw),
    ),
    (
        "another account's transit gateway",
        |s| {
            s.tgw = s.lab.transit_gateway(BOB, 64_513);
            association(&s.gateway, &s.tgw, &["10.0.0.0/8"])
        },
        |s| format!("The VirtualGateway {} does not exist.", s.tgw),
    ),
    (
        "a call from another Region",
        |s| {
            s.lab.go_to("us-west-2");
            association(&s.gateway, &s.vgw, &[])
        },
        |s| format!("The VirtualGateway {} does not exist.", s.vgw),
    ),
    (
        "a deleting transit gateway",
        |s| {
            let transit_gateway_id = s.tgw.clone();
            s.lab.ec2(
                ALICE,
                Ec2Request::DeleteTransitGateway { transit_gateway_id },
            );
            association(&s.gateway, &s.tgw, &["10.0.0.0/8"])
        },
        |s| format!("The VirtualGateway {} is not available", s.tgw),
    ),
    (
        "a deleted transit gateway",
        |s| {
            let transit_gateway_id = s.tgw.clone();
            s.lab.ec2(
                ALICE,
                Ec2Request::DeleteTransitGateway { transit_gateway_id },
            );
            s.lab.settle();
            association(&s.gateway, &s.tgw, &["10.0.0.0/8"])
        },
        |s| format!("The VirtualGateway {} does not exist.", s.tgw),
    ),
    (
        "a virtual private gateway without a VPC",
        |s| {
            s.vgw = s.lab.vpn_gateway(ALICE);
            association(&s.gateway, &s.vgw, &[])
        },
        |s| format!("The VirtualGateway {} is not attached to a VPC.", s.vgw),
    ),
    (
        "a virtual private gateway that has a Direct Connect gateway",
        |s| {
            let other = s.lab.gateway(ALICE);
            s.lab.associate(ALICE, &other, &s.vgw, &[]);
            association(&s.gateway, &s.vgw, &[])
        },
        |s| {
            format!(
                "The VirtualGateway {} is already associated with a Direct Connect Gateway.",
                s.vgw
            )
        },
    ),
    (
        "the same transit gateway twice",
        |s| {
            s.lab.associate(ALICE, &s.gateway, &s.tgw, &["10.0.0.0/8"]);
            association(&s.gateway, &s.tgw, &["11.0.0.0/8"])
        },
        |s| {
            format!(
                "The transit gateway {} is already associated with Direct Connect Gateway {}.",
                s.tgw, s.gateway
            )
        },
    ),
    (
        "a transit gateway beside a virtual private gateway",
        |s| {
            s.lab.associate(ALICE, &s.gateway, &s.vgw, &[]);
            association(&s.gateway, &s.tgw, &["10.0.0.0/8"])
        },
        |s| {
            format!(
                "Direct Connect Gateway {} is already used for private virtual interfaces or virtual private gateways.",
                s.gateway
            )
        },
    ),
    (
        "a virtual private gateway beside a transit gateway",
        |s| {
            s.lab.associate(ALICE, &s.gateway, &s.tgw, &["10.0.0.0/8"]);
            association(&s.gateway, &s.vgw, &[])
        },
        |s| {
            format!(
                "Direct Connect Gateway {} is already used for transit virtual interfaces or transit gateways.",
                s.gateway
            )
        },
    ),
    (
        "a transit gateway beside a private virtual interface",
        |s| {
            let port = s.lab.dedicated(ALICE);
            let mut interface = s.lab.virtual_interface_on(ALICE, &port, 100);
            interface.attachment =
                crate::entity::Attachment::DirectConnectGateway(s.gateway.parse().unwrap());
            s.lab.put(interface);
            association(&s.gateway, &s.tgw, &["10.0.0.0/8"])
        },
        |s| {
            format!(
                "Direct Connect Gateway {} is already used for private virtual interfaces or virtual private gateways.",
                s.gateway
            )
        },
    ),
    (
        "a transit gateway with the ASN of the Direct Connect gateway",
        |s| {
            s.tgw = s.lab.transit_gateway(ALICE, 64_600);
            association(&s.gateway, &s.tgw, &["10.0.0.0/8"])
        },
        |s| {
            format!(
                "Transit gateway {} and Direct Connect Gateway {} have the same Amazon side ASN 64600; they must differ.",
                s.tgw, s.gateway
            )
        },
    ),
    (
        "a transit gateway with the ASN of another Region's",
        |s| {
            s.lab.associate(ALICE, &s.gateway, &s.tgw, &["10.0.0.0/8"]);
            s.lab.go_to("us-west-2");
            s.vgw = s.lab.transit_gateway(ALICE, 64_512);
            association(&s.gateway, &s.vgw, &["11.0.0.0/8"])
        },
        |s| {
            format!(
                "Transit gateway {} has the Amazon side ASN 64512 of transit gateway {} in us-east-1; they must differ.",
                s.vgw, s.tgw
            )
        },
    ),
    (
        "overlapping VPCs",
        |s| {
            s.lab.associate(ALICE, &s.gateway, &s.vgw, &[]);
            s.vgw = s.lab.vpn_gateway_on(ALICE, "10.0.128.0/20").0;
            association(&s.gateway, &s.vgw, &[])
        },
        |s| {
            format!(
                "VPC CIDR 10.0.128.0/20 of {} overlaps VPC CIDR 10.0.0.0/16 of another association of Direct Connect Gateway {}.",
                s.vgw, s.gateway
            )
        },
    ),
    (
        "overlapping prefixes of transit gateways",
        |s| {
            s.lab.associate(ALICE, &s.gateway, &s.tgw, &["10.0.0.0/8"]);
            s.tgw = s.lab.transit_gateway(ALICE, 64_513);
            association(&s.gateway, &s.tgw, &["0.0.0.0/0"])
        },
        |s| {
            format!(
                "Allowed prefix 0.0.0.0/0 overlaps allowed prefix 10.0.0.0/8 of another association of Direct Connect Gateway {}.",
                s.gateway
            )
        },
    ),
    (
        "a transit gateway without prefixes",
        |s| association(&s.gateway, &s.tgw, &[]),
        |s| {
            format!(
                "Allowed prefixes are needed for an association with transit gateway {}.",
                s.tgw
            )
        },
    ),
    (
        "a prefix with host bits",
        |s| association(&s.gateway, &s.tgw, &["10.0.0.1/8"]),
        |_| "Allowed prefix 10.0.0.1/8 is not a network address: use 10.0.0.0/8.".to_owned(),
    ),
    (
        "no prefix at all",
        |s| association(&s.gateway, &s.tgw, &["10.0.0.0"]),
        |_| "Allowed prefix 10.0.0.0 is not a valid CIDR block.".to_owned(),
    ),
    (
        "too many prefixes of a transit gateway",
        |s| {
            association(
                &s.gateway,
                &s.tgw,
                &["10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"],
            )
        },
        |s| {
            format!(
                "Allowed prefix limit of 2 would be exceeded for the association with {}.",
                s.tgw
            )
        },
    ),
    (
        "too many prefixes of a virtual private gateway",
        |s| {
            association(
                &s.gateway,
                &s.vgw,
                &["10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"],
            )
        },
        |s| {
            format!(
                "Allowed prefix limit of 2 would be exceeded for the association with {}.",
                s.vgw
            )
        },
    ),
    (
        "too many virtual private gateways",
        |s| {
            for cidr in ["10.1.0.0/16", "10.2.0.0/16"] {
                let (vgw, _) = s.lab.vpn_gateway_on(ALICE, cidr);
                s.lab.associate(ALICE, &s.gateway, &vgw, &[]);
            }
            association(&s.gateway, &s.vgw, &[])
        },
        |s| {
            format!(
                "Virtual private gateway limit of 2 would be exceeded for Direct Connect Gateway {}.",
                s.gateway
            )
        },
    ),
    (
        "too many transit gateways",
        |s| {
            for (asn, cidr) in [(64_513, "10.1.0.0/16"), (64_514, "10.2.0.0/16")] {
                let tgw = s.lab.transit_gateway(ALICE, asn);
                s.lab.associate(ALICE, &s.gateway, &tgw, &[cidr]);
            }
            association(&s.gateway, &s.tgw, &["11.0.0.0/8"])
        },
        |s| {
            format!(
                "Transit gateway limit of 2 would be exceeded for Direct Connect Gateway {}.",
                s.gateway
            )
        },
    ),
    (
        "too many Direct Connect gateways of a transit gateway",
        |s| {
            for _ in 0..2 {
                let gateway = s.lab.gateway(ALICE);
                s.lab.associate(ALICE, &gateway, &s.tgw, &["10.0.0.0/8"]);
            }
            association(&s.gateway, &s.tgw, &["10.0.0.0/8"])
        },
        |s| {
            format!(
                "Direct Connect Gateway limit of 2 would be exceeded for transit gateway {}.",
                s.tgw
            )
        },
    ),
];

#[test]
fn creation_is_refused_row_by_row() {
    for (name, prepare, expected) in REFUSED {
        let mut scene = scene();
        let body = prepare(&mut scene);
        let message = scene.lab.message(ALICE, CREATE, body);
        assert_eq!(message, expected(&scene), "{name}");
    }
}

#[test]
fn transit_gateways_of_one_region_may_share_an_asn() {
    let mut lab = Lab::new();
    let gateway = lab.gateway(ALICE);
    for cidr in ["10.0.0.0/8", "11.0.0.0/8"] {
        let tgw = lab.transit_gateway(ALICE, 64_512);
        lab.associate(ALICE, &gateway, &tgw, &[cidr]);
    }
}

#[test]
fn unknown_gateways_are_taken_on_trust_where_the_operator_says_so() {
    let mut lab = Lab::with(|settings| settings.accept_unknown_gateways = true);
    let gateway = lab.gateway(ALICE);
    lab.associate(ALICE, &gateway, "vgw-0123456789abcdef0", &["10.0.0.0/8"]);
    let foreign = lab.vpn_gateway_on(BOB, "10.0.0.0/16").0;
    assert_eq!(
        lab.message(ALICE, CREATE, association(&gateway, &foreign, &[])),
        format!("The VirtualGateway {foreign} does not exist."),
        "one that is known belongs to its owner"
    );
}
