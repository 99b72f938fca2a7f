//! Rows of spec/operations §9 and spec/states §8, each named.

mod following;
mod random;

use serde_json::{Value, json};

use crate::neighbor::Ec2Request;
use crate::neighbor::testing::{association, cidrs};
use crate::refusal::Refusal;
use crate::testing::{ALICE, BOB, Lab, text};

const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";
const CREATE: &str = "CreateDirectConnectGatewayAssociation";
const UPDATE: &str = "UpdateDirectConnectGatewayAssociation";
const DELETE: &str = "DeleteDirectConnectGatewayAssociation";

fn create(lab: &mut Lab, body: Value) -> Value {
    lab.ok(ALICE, CREATE, body)["directConnectGatewayAssociation"].clone()
}

fn list(lab: &mut Lab, account: &str, body: Value) -> Vec<Value> {
    let answer = lab.ok(account, "DescribeDirectConnectGatewayAssociations", body);
    answer["directConnectGatewayAssociations"]
        .as_array()
        .unwrap()
        .clone()
}

fn state(lab: &mut Lab, id: &str) -> String {
    match lab.association(ALICE, id) {
        Some(found) => text(&found, "associationState"),
        None => "gone".to_owned(),
    }
}

// ===== create =====

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

// ===== describe =====

#[test]
fn selectors_must_all_fit_and_one_is_needed() {
    let mut lab = Lab::new();
    let (one, two) = (lab.gateway(ALICE), lab.gateway(ALICE));
    let tgw = lab.transit_gateway(ALICE, 64_512);
    let first = lab.associate(ALICE, &one, &tgw, &["10.0.0.0/8"]);
    let second = lab.associate(ALICE, &two, &tgw, &["10.0.0.0/8"]);
    let (both, only) = (vec![&first, &second], vec![&second]);
    for (name, body, expected) in [
        ("associationId", json!({"associationId": second}), &only),
        (
            "directConnectGatewayId",
            json!({"directConnectGatewayId": two}),
            &only,
        ),
        (
            "associatedGatewayId",
            json!({"associatedGatewayId": tgw}),
            &both,
        ),
        ("virtualGatewayId", json!({"virtualGatewayId": tgw}), &both),
        (
            "associatedGatewayId and directConnectGatewayId",
            json!({"associatedGatewayId": tgw, "directConnectGatewayId": two}),
            &only,
        ),
        (
            "associationId and another gateway",
            json!({"associationId": second, "directConnectGatewayId": one}),
            &vec![],
        ),
        (
            "unknown associationId",
            json!({"associationId": UNKNOWN}),
            &vec![],
        ),
        (
            "unknown gateway",
            json!({"directConnectGatewayId": UNKNOWN}),
            &vec![],
        ),
        (
            "unknown associated gateway",
            json!({"associatedGatewayId": "vgw-12345678"}),
            &vec![],
        ),
    ] {
        let found = list(&mut lab, ALICE, body);
        let ids: Vec<String> = found.iter().map(|one| text(one, "associationId")).collect();
        assert_eq!(ids.iter().collect::<Vec<_>>(), *expected, "{name}");
    }
    let operation = "DescribeDirectConnectGatewayAssociations";
    for (body, message) in [
        (
            json!({}),
            "Specify at least one of associationId, associatedGatewayId, directConnectGatewayId and virtualGatewayId.",
        ),
        (
            json!({"associationId": ""}),
            "Association ID has an invalid format.",
        ),
        (
            json!({"associationId": "x"}),
            "Association ID has an invalid format.",
        ),
        (
            json!({"directConnectGatewayId": "x"}),
            "DirectConnectGatewayID x has an invalid format.",
        ),
        (
            json!({"associatedGatewayId": "x"}),
            "VirtualGatewayID x has an invalid format.",
        ),
    ] {
        assert_eq!(lab.message(ALICE, operation, body), message);
    }
}

#[test]
fn strangers_and_other_partitions_see_nothing() {
    let mut lab = Lab::new();
    let (gateway, tgw) = (lab.gateway(ALICE), lab.transit_gateway(ALICE, 64_512));
    let id = lab.associate(ALICE, &gateway, &tgw, &["10.0.0.0/8"]);
    for (account, region, seen) in [
        (ALICE, "eu-west-1", 1),
        (ALICE, "us-gov-west-1", 0),
        (BOB, "us-east-1", 0),
    ] {
        lab.go_to(region);
        for body in [
            json!({"associationId": id}),
            json!({"directConnectGatewayId": gateway}),
            json!({"associatedGatewayId": tgw}),
        ] {
            assert_eq!(
                list(&mut lab, account, body).len(),
                seen,
                "{account} {region}"
            );
        }
        if seen == 0 {
            let missing = Refusal::AssociationNotFound(id.clone());
            let update = json!({"associationId": id, "addAllowedPrefixesToDirectConnectGateway": cidrs(&["11.0.0.0/8"])});
            assert_eq!(lab.refused(account, UPDATE, update), missing);
            assert_eq!(
                lab.refused(account, DELETE, json!({"associationId": id})),
                missing
            );
        }
    }
}

// ===== update =====

#[test]
fn an_update_takes_away_then_adds_in_front() {
    let mut lab = Lab::new();
    let (gateway, tgw) = (lab.gateway(ALICE), lab.transit_gateway(ALICE, 64_512));
    let id = lab.associate(ALICE, &gateway, &tgw, &["10.0.0.0/16", "10.1.0.0/16"]);
    let answer = lab.ok(
        ALICE,
        UPDATE,
        json!({
            "associationId": id,
            "removeAllowedPrefixesToDirectConnectGateway": cidrs(&["10.0.0.0/16", "10.9.0.0/16"]),
            "addAllowedPrefixesToDirectConnectGateway": cidrs(&["10.2.0.0/16", "10.1.0.0/16"]),
        }),
    );
    let updated = &answer["directConnectGatewayAssociation"];
    assert_eq!(updated["associationState"], "updating");
    assert_eq!(
        updated["allowedPrefixesToDirectConnectGateway"],
        cidrs(&["10.2.0.0/16", "10.1.0.0/16"])
    );
    lab.settle();
    assert_eq!(state(&mut lab, &id), "associated");
}

#[test]
fn an_update_is_held_to_the_rules_of_creation() {
    let mut lab =
        Lab::with(|settings| settings.quotas.prefixes_per_transit_gateway_association = 2);
    let gateway = lab.gateway(ALICE);
    let (one, two) = (
        lab.transit_gateway(ALICE, 64_512),
        lab.transit_gateway(ALICE, 64_513),
    );
    let id = lab.associate(ALICE, &gateway, &one, &["10.0.0.0/16"]);
    lab.associate(ALICE, &gateway, &two, &["11.0.0.0/16"]);
    let add = |list: &[&str]| json!({"associationId": id, "addAllowedPrefixesToDirectConnectGateway": cidrs(list)});
    for (name, body, part) in [
        (
            "overlap",
            add(&["11.0.0.0/8"]),
            "overlaps allowed prefix 11.0.0.0/16",
        ),
        ("too many", add(&["12.0.0.0/8", "13.0.0.0/8"]), "limit of 2"),
        (
            "host bits",
            add(&["12.0.0.1/8"]),
            "is not a network address",
        ),
        (
            "empty",
            json!({"associationId": id, "removeAllowedPrefixesToDirectConnectGateway": cidrs(&["10.0.0.0/16"])}),
            "Allowed prefixes are needed",
        ),
        ("no id", json!({}), "Specify associationId."),
        (
            "format",
            json!({"associationId": "x"}),
            "Association ID has an invalid format.",
        ),
        (
            "unknown",
            json!({"associationId": UNKNOWN}),
            "does not exist",
        ),
    ] {
        let message = lab.message(ALICE, UPDATE, body);
        assert!(message.contains(part), "{name}: {message}");
    }
}

// ===== delete =====

#[test]
fn an_association_ends_by_its_id_or_by_its_pair() {
    let mut lab = Lab::new();
    let gateway = lab.gateway(ALICE);
    for by_pair in [false, true] {
        let (vgw, _) = lab.vpn_gateway_on(ALICE, "10.0.0.0/16");
        let id = lab.associate(ALICE, &gateway, &vgw, &[]);
        let body = if by_pair {
            json!({"directConnectGatewayId": gateway, "virtualGatewayId": vgw})
        } else {
            json!({"associationId": id})
        };
        for repeat in ["first", "again"] {
            let answer = lab.ok(ALICE, DELETE, body.clone());
            let ended = &answer["directConnectGatewayAssociation"];
            assert_eq!(ended["associationState"], "disassociating", "{repeat}");
            assert_eq!(ended["associationId"], *id);
        }
        assert_eq!(state(&mut lab, &id), "disassociating");
        lab.settle();
        assert_eq!(state(&mut lab, &id), "gone");
        let message = lab.message(ALICE, DELETE, body);
        assert!(message.contains("does not exist"), "{message}");
    }
}

#[test]
fn deletion_is_refused_row_by_row() {
    let mut lab = Lab::new();
    let both = "Specify associationId, or directConnectGatewayId and virtualGatewayId.";
    for (body, message) in [
        (json!({}), both.to_owned()),
        (json!({"directConnectGatewayId": UNKNOWN}), both.to_owned()),
        (json!({"virtualGatewayId": "vgw-12345678"}), both.to_owned()),
        (
            json!({"associationId": ""}),
            "Association ID has an invalid format.".to_owned(),
        ),
        (
            json!({"associationId": UNKNOWN}),
            format!("Direct Connect Gateway Association {UNKNOWN} does not exist."),
        ),
        (
            json!({"directConnectGatewayId": UNKNOWN, "virtualGatewayId": "vgw-12345678"}),
            format!("Direct Connect Gateway Association {UNKNOWN}/vgw-12345678 does not exist."),
        ),
    ] {
        assert_eq!(lab.message(ALICE, DELETE, body), message);
    }
}

// ===== every pair of state and operation =====

#[test]
fn every_pair_of_state_and_operation_is_allowed_or_refused_as_the_table_says() {
    // The state it is in, then what update, acceptance of a new proposal, delete, and time lead to;
    // `refused` changes nothing, which the bench checks.
    for (from, update, accept, delete, time) in [
        (
            "associating",
            "refused",
            "associating",
            "disassociating",
            "associated",
        ),
        (
            "associated",
            "updating",
            "updating",
            "disassociating",
            "associated",
        ),
        (
            "updating",
            "refused",
            "updating",
            "disassociating",
            "associated",
        ),
        (
            "disassociating",
            "refused",
            "refused",
            "disassociating",
            "gone",
        ),
        ("gone", "refused", "new", "refused", "gone"),
    ] {
        for (operation, expected) in [
            ("update", update),
            ("accept", accept),
            ("delete", delete),
            ("time", time),
        ] {
            let row = format!("({from}, {operation})");
            let mut lab = Lab::new();
            let (gateway, tgw) = (lab.gateway(ALICE), lab.transit_gateway(ALICE, 64_512));
            let id = brought_to(&mut lab, from, &gateway, &tgw);
            assert_eq!(state(&mut lab, &id), from, "{row}");
            let (name, body) = match operation {
                "update" => (
                    UPDATE,
                    json!({"associationId": id, "addAllowedPrefixesToDirectConnectGateway": cidrs(&["11.0.0.0/8"])}),
                ),
                "accept" => (
                    "AcceptDirectConnectGatewayAssociationProposal",
                    json!({
                        "directConnectGatewayId": gateway, "associatedGatewayOwnerAccount": ALICE,
                        "proposalId": propose(&mut lab, &gateway, &tgw),
                    }),
                ),
                "delete" => (DELETE, json!({"associationId": id})),
                _ => {
                    lab.settle();
                    assert_eq!(state(&mut lab, &id), expected, "{row}");
                    continue;
                }
            };
            if expected == "refused" {
                lab.refused(ALICE, name, body);
                assert_eq!(state(&mut lab, &id), from, "{row}");
                continue;
            }
            let answer = lab.ok(ALICE, name, body);
            let after = &answer["directConnectGatewayAssociation"];
            if expected == "new" {
                assert_ne!(after["associationId"], *id, "{row}");
                assert_eq!(after["associationState"], "associating", "{row}");
            } else {
                assert_eq!(after["associationId"], *id, "{row}");
                assert_eq!(after["associationState"], expected, "{row}");
            }
        }
    }
}

fn propose(lab: &mut Lab, gateway: &str, associated: &str) -> String {
    let answer = lab.ok(
        ALICE,
        "CreateDirectConnectGatewayAssociationProposal",
        json!({
            "directConnectGatewayId": gateway, "directConnectGatewayOwnerAccount": ALICE,
            "gatewayId": associated, "addAllowedPrefixesToDirectConnectGateway": cidrs(&["12.0.0.0/8"]),
        }),
    );
    text(
        &answer["directConnectGatewayAssociationProposal"],
        "proposalId",
    )
}

/// An association in that state.
fn brought_to(lab: &mut Lab, state: &str, gateway: &str, associated: &str) -> String {
    let made = create(lab, association(gateway, associated, &["10.0.0.0/8"]));
    let id = text(&made, "associationId");
    if state == "associating" {
        return id;
    }
    lab.settle();
    match state {
        "updating" => {
            lab.ok(
                ALICE,
                UPDATE,
                json!({"associationId": id, "addAllowedPrefixesToDirectConnectGateway": cidrs(&["10.0.0.0/16"])}),
            );
        }
        "disassociating" | "gone" => {
            lab.ok(ALICE, DELETE, json!({"associationId": id}));
        }
        _ => {}
    }
    if state == "gone" {
        lab.settle();
    }
    id
}
