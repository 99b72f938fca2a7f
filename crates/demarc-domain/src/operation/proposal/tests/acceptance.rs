//! What acceptance makes, and what refuses it.

use demarc_types::Span;
use serde_json::{Value, json};

use super::{ACCEPT, CREATE, DELETE, Scene, UNKNOWN, id_of, scene};
use crate::neighbor::testing::cidrs;
use crate::neighbor::{CidrBlockOrder, Ec2Request};
use crate::testing::{ALICE, BOB, PAULA};

#[test]
fn acceptance_makes_the_association_that_was_asked_for() {
    let mut scene = scene();
    let tgw = scene.tgw.clone();
    let proposal = id_of(&scene.propose(&tgw, &["10.0.0.0/8"]));
    let made = scene.accept(&proposal);
    assert_eq!(made["associationState"], "associating");
    assert_eq!(made["directConnectGatewayOwnerAccount"], ALICE);
    assert_eq!(made["associatedGateway"]["ownerAccount"], BOB);
    assert_eq!(
        made["allowedPrefixesToDirectConnectGateway"],
        cidrs(&["10.0.0.0/8"])
    );
    assert_eq!(scene.state(&proposal), "accepted");
    let association = json!({"associationId": made["associationId"]});
    for account in [ALICE, BOB] {
        let seen = scene.lab.ok(
            account,
            "DescribeDirectConnectGatewayAssociations",
            association.clone(),
        );
        let list = seen["directConnectGatewayAssociations"].as_array().unwrap();
        assert_eq!(list.len(), 1, "{account} has a side of it");
    }
    scene.lab.settle();
    // Only Alice may update it, both may end it.
    let update = json!({
        "associationId": made["associationId"],
        "addAllowedPrefixesToDirectConnectGateway": cidrs(&["11.0.0.0/8"]),
    });
    let name = "UpdateDirectConnectGatewayAssociation";
    let message = scene.lab.message(BOB, name, update.clone());
    assert!(
        message.contains("create an association proposal instead"),
        "{message}"
    );
    scene.lab.ok(ALICE, name, update);
    scene
        .lab
        .ok(BOB, "DeleteDirectConnectGatewayAssociation", association);
}

#[test]
fn an_override_replaces_the_list_and_shows_in_the_proposal() {
    let mut scene = scene();
    let vgw = scene.vgw.clone();
    let proposal = id_of(&scene.propose(&vgw, &["10.0.0.0/8", "11.0.0.0/8"]));
    let mut body = scene.acceptance(&proposal);
    body["overrideAllowedPrefixesToDirectConnectGateway"] = cidrs(&["12.0.0.0/8"]);
    let answer = scene.lab.ok(ALICE, ACCEPT, body);
    let made = &answer["directConnectGatewayAssociation"];
    assert_eq!(
        made["allowedPrefixesToDirectConnectGateway"],
        cidrs(&["12.0.0.0/8"])
    );
    let shown = scene.shown(&proposal).unwrap();
    assert_eq!(
        shown["requestedAllowedPrefixesToDirectConnectGateway"],
        cidrs(&["12.0.0.0/8"])
    );
}

#[test]
fn a_second_proposal_for_the_pair_changes_the_association_and_keeps_its_id() {
    let mut scene = scene();
    let vgw = scene.vgw.clone();
    let first = id_of(&scene.propose(&vgw, &["10.255.255.0/28"]));
    let made = scene.accept(&first);
    scene.lab.settle();
    let mut body = scene.body(&vgw, &["10.255.0.0/16"]);
    body["removeAllowedPrefixesToDirectConnectGateway"] = cidrs(&["10.255.255.0/28"]);
    let answer = scene.lab.ok(BOB, CREATE, body);
    let second = &answer["directConnectGatewayAssociationProposal"];
    assert_eq!(
        second["existingAllowedPrefixesToDirectConnectGateway"],
        cidrs(&["10.255.255.0/28"])
    );
    assert_eq!(
        second["requestedAllowedPrefixesToDirectConnectGateway"],
        cidrs(&["10.255.0.0/16"])
    );
    let second = id_of(second);
    let changed = scene.accept(&second);
    assert_eq!(changed["associationId"], made["associationId"]);
    assert_eq!(changed["associationState"], "updating");
    assert_eq!(
        changed["allowedPrefixesToDirectConnectGateway"],
        cidrs(&["10.255.0.0/16"])
    );
    for proposal in [&first, &second] {
        assert_eq!(scene.state(proposal), "accepted");
    }
}

#[test]
fn a_proposal_without_prefixes_takes_the_cidrs_of_the_day_it_is_accepted() {
    let mut scene = scene();
    let (vgw, vpc) = (scene.vgw.clone(), scene.vpc.clone());
    let proposal = id_of(&scene.propose(&vgw, &[]));
    scene.lab.ec2(
        BOB,
        Ec2Request::AssociateVpcCidrBlock {
            vpc_id: vpc,
            block: CidrBlockOrder {
                cidr_block: Some("10.1.0.0/16".to_owned()),
                ..CidrBlockOrder::default()
            },
        },
    );
    let made = scene.accept(&proposal);
    assert_eq!(
        made["allowedPrefixesToDirectConnectGateway"],
        cidrs(&["10.255.255.0/28", "10.1.0.0/16"])
    );
}

type Row = (
    &'static str,
    fn(&mut Scene, &str) -> (&'static str, Value),
    fn(&Scene, &str) -> String,
);
fn not_found(_: &Scene, proposal: &str) -> String {
    format!("Direct Connect Gateway Association Proposal {proposal} is not found")
}
const ROWS: &[Row] = &[
    (
        "format of the proposal",
        |s, _| (ALICE, s.acceptance("x")),
        |_, _| "Proposal ID has an invalid format.".to_owned(),
    ),
    (
        "unknown proposal",
        |s, _| (ALICE, s.acceptance(UNKNOWN)),
        |s, _| not_found(s, UNKNOWN),
    ),
    (
        "the proposer is not the owner",
        |s, id| (BOB, s.acceptance(id)),
        |s, _| format!("Direct Connect Gateway {} does not exist.", s.gateway),
    ),
    (
        "another of the owner's gateways",
        |s, id| {
            let mut body = s.acceptance(id);
            body["directConnectGatewayId"] = json!(s.lab.gateway(ALICE));
            (ALICE, body)
        },
        not_found,
    ),
    (
        "another proposer than the one named",
        |s, id| {
            let mut body = s.acceptance(id);
            body["associatedGatewayOwnerAccount"] = json!(PAULA);
            (ALICE, body)
        },
        not_found,
    ),
    (
        "accepted before",
        |s, id| {
            s.accept(id);
            (ALICE, s.acceptance(id))
        },
        |_, id| format!("Direct Connect Gateway Association Proposal {id} has been accepted!"),
    ),
    (
        "withdrawn before",
        |s, id| {
            s.lab.ok(BOB, DELETE, json!({"proposalId": id}));
            (ALICE, s.acceptance(id))
        },
        not_found,
    ),
    (
        "expired",
        |s, id| {
            s.lab.advance(Span::from_days(7));
            (ALICE, s.acceptance(id))
        },
        not_found,
    ),
    (
        "a call from another Region",
        |s, id| {
            s.lab.go_to("us-west-2");
            (ALICE, s.acceptance(id))
        },
        |_, id| {
            format!(
                "The Virtual Gateway in the Direct Connect Gateway Association Proposal {id} is not found"
            )
        },
    ),
    (
        "a gateway that left its VPC meanwhile",
        |s, id| {
            let (vpn_gateway_id, vpc_id) = (s.vgw.clone(), s.vpc.clone());
            s.lab.ec2(
                BOB,
                Ec2Request::DetachVpnGateway {
                    vpn_gateway_id,
                    vpc_id,
                },
            );
            (ALICE, s.acceptance(id))
        },
        |s, _| format!("The VirtualGateway {} is not attached to a VPC.", s.vgw),
    ),
    (
        "a gateway that is gone meanwhile",
        |s, id| {
            let (vpn_gateway_id, vpc_id) = (s.vgw.clone(), s.vpc.clone());
            s.lab.ec2(
                BOB,
                Ec2Request::DetachVpnGateway {
                    vpn_gateway_id: vpn_gateway_id.clone(),
                    vpc_id,
                },
            );
            s.lab.settle();
            s.lab
                .ec2(BOB, Ec2Request::DeleteVpnGateway { vpn_gateway_id });
            s.lab.settle();
            (ALICE, s.acceptance(id))
        },
        |s, _| format!("The VirtualGateway {} does not exist.", s.vgw),
    ),
    (
        "an association of the gateway with another one",
        |s, id| {
            let vgw = s.vgw.clone();
            let first = s.gateway.clone();
            s.gateway = s.lab.gateway(ALICE);
            let other = id_of(&s.propose(&vgw, &[]));
            s.accept(&other);
            s.gateway = first;
            (ALICE, s.acceptance(id))
        },
        |s, _| {
            format!(
                "The VirtualGateway {} is already associated with a Direct Connect Gateway.",
                s.vgw
            )
        },
    ),
    (
        "a gateway of another kind meanwhile",
        |s, id| {
            let tgw = s.tgw.clone();
            let other = id_of(&s.propose(&tgw, &["10.0.0.0/8"]));
            s.accept(&other);
            (ALICE, s.acceptance(id))
        },
        |s, _| {
            format!(
                "Direct Connect Gateway {} is already used for transit virtual interfaces or transit gateways.",
                s.gateway
            )
        },
    ),
    (
        "a transit gateway without prefixes",
        |s, _| {
            let tgw = s.tgw.clone();
            let other = id_of(&s.propose(&tgw, &[]));
            (ALICE, s.acceptance(&other))
        },
        |s, _| {
            format!(
                "Allowed prefixes are needed for an association with transit gateway {}.",
                s.tgw
            )
        },
    ),
    (
        "a deleted Direct Connect gateway",
        |s, id| {
            let body = json!({"directConnectGatewayId": s.gateway});
            s.lab.ok(ALICE, "DeleteDirectConnectGateway", body);
            (ALICE, s.acceptance(id))
        },
        |s, _| format!("Direct Connect Gateway {} does not exist.", s.gateway),
    ),
];

#[test]
fn acceptance_is_refused_row_by_row() {
    for (name, prepare, expected) in ROWS {
        let mut scene = scene();
        let vgw = scene.vgw.clone();
        let proposal = id_of(&scene.propose(&vgw, &[]));
        let (account, body) = prepare(&mut scene, &proposal);
        let message = scene.lab.message(account, ACCEPT, body);
        assert_eq!(message, expected(&scene, &proposal), "{name}");
    }
}
