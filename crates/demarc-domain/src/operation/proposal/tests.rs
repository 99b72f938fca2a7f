//! Rows of spec/operations §9 and spec/states §10, each named.

use demarc_types::Span;
use serde_json::{Value, json};

use crate::neighbor::testing::cidrs;
use crate::neighbor::{CidrBlockOrder, Ec2Request};
use crate::refusal::Refusal;
use crate::testing::{ALICE, BOB, Lab, PAULA, text};

const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";
const CREATE: &str = "CreateDirectConnectGatewayAssociationProposal";
const ACCEPT: &str = "AcceptDirectConnectGatewayAssociationProposal";
const DELETE: &str = "DeleteDirectConnectGatewayAssociationProposal";

/// Alice has the Direct Connect gateway, Bob the gateways to associate.
struct Scene {
    lab: Lab,
    gateway: String,
    vgw: String,
    vpc: String,
    tgw: String,
}

fn scene() -> Scene {
    let mut lab = Lab::with(|settings| settings.quotas.open_proposals_per_gateway = 3);
    let (vgw, vpc) = lab.vpn_gateway_on(BOB, "10.255.255.0/28");
    Scene {
        gateway: lab.gateway(ALICE),
        tgw: lab.transit_gateway(BOB, 64_512),
        vgw,
        vpc,
        lab,
    }
}

impl Scene {
    fn body(&self, associated: &str, prefixes: &[&str]) -> Value {
        let mut body = json!({
            "directConnectGatewayId": self.gateway, "directConnectGatewayOwnerAccount": ALICE,
            "gatewayId": associated,
        });
        if !prefixes.is_empty() {
            body["addAllowedPrefixesToDirectConnectGateway"] = cidrs(prefixes);
        }
        body
    }

    fn propose(&mut self, associated: &str, prefixes: &[&str]) -> Value {
        let body = self.body(associated, prefixes);
        self.lab.ok(BOB, CREATE, body)["directConnectGatewayAssociationProposal"].clone()
    }

    fn acceptance(&self, proposal: &str) -> Value {
        json!({
            "directConnectGatewayId": self.gateway, "associatedGatewayOwnerAccount": BOB, "proposalId": proposal,
        })
    }

    fn accept(&mut self, proposal: &str) -> Value {
        let body = self.acceptance(proposal);
        self.lab.ok(ALICE, ACCEPT, body)["directConnectGatewayAssociation"].clone()
    }

    fn list(&mut self, account: &str, body: Value) -> Vec<Value> {
        let answer = self.lab.ok(
            account,
            "DescribeDirectConnectGatewayAssociationProposals",
            body,
        );
        answer["directConnectGatewayAssociationProposals"]
            .as_array()
            .unwrap()
            .clone()
    }

    fn shown(&mut self, proposal: &str) -> Option<Value> {
        self.list(ALICE, json!({"proposalId": proposal}))
            .first()
            .cloned()
    }

    fn state(&mut self, proposal: &str) -> String {
        match self.shown(proposal) {
            Some(found) => text(&found, "proposalState"),
            None => "hidden".to_owned(),
        }
    }
}

fn id(proposal: &Value) -> String {
    text(proposal, "proposalId")
}

// ===== create =====

#[test]
fn a_proposal_without_prefixes_asks_for_the_cidrs_of_the_vpc() {
    let mut scene = scene();
    let vgw = scene.vgw.clone();
    let proposal = scene.propose(&vgw, &[]);
    assert_eq!(
        proposal,
        json!({
            "proposalId": id(&proposal),
            "directConnectGatewayId": scene.gateway,
            "directConnectGatewayOwnerAccount": ALICE,
            "proposalState": "requested",
            "associatedGateway": {
                "id": vgw, "type": "virtualPrivateGateway", "ownerAccount": BOB, "region": "us-east-1",
            },
            "requestedAllowedPrefixesToDirectConnectGateway": [{"cidr": "10.255.255.0/28"}],
        })
    );
}

#[test]
fn creation_is_refused_row_by_row() {
    type Row = (&'static str, fn(&mut Scene) -> Value, fn(&Scene) -> String);
    const ROWS: &[Row] = &[
        (
            "format of the gateway",
            |s| {
                let mut body = s.body(&s.vgw, &[]);
                body["directConnectGatewayId"] = json!("x");
                body
            },
            |_| "DirectConnectGatewayID x has an invalid format.".to_owned(),
        ),
        (
            "format of the account",
            |s| {
                let mut body = s.body(&s.vgw, &[]);
                body["directConnectGatewayOwnerAccount"] = json!("12");
                body
            },
            |_| "Account ID 12 is not valid.".to_owned(),
        ),
        (
            "format of the associated gateway",
            |s| s.body("dxgw-1", &[]),
            |_| "VirtualGatewayID dxgw-1 has an invalid format.".to_owned(),
        ),
        (
            "unknown gateway",
            |s| {
                let mut body = s.body(&s.vgw, &[]);
                body["directConnectGatewayId"] = json!(UNKNOWN);
                body
            },
            |_| format!("Direct Connect Gateway {UNKNOWN} does not exist."),
        ),
        (
            "a gateway of another account than the one named",
            |s| {
                let mut body = s.body(&s.vgw, &[]);
                body["directConnectGatewayOwnerAccount"] = json!(PAULA);
                body
            },
            |s| format!("Direct Connect Gateway {} does not exist.", s.gateway),
        ),
        (
            "an associated gateway of another account",
            |s| {
                s.vgw = s.lab.vpn_gateway_on(ALICE, "10.0.0.0/16").0;
                s.body(&s.vgw, &[])
            },
            |s| format!("The VirtualGateway {} does not exist.", s.vgw),
        ),
        (
            "a call from another Region",
            |s| {
                s.lab.go_to("us-west-2");
                s.body(&s.vgw, &[])
            },
            |s| format!("The VirtualGateway {} does not exist.", s.vgw),
        ),
        (
            "a virtual private gateway without a VPC",
            |s| {
                s.vgw = s.lab.vpn_gateway(BOB);
                s.body(&s.vgw, &[])
            },
            |s| format!("The VirtualGateway {} is not attached to a VPC.", s.vgw),
        ),
        (
            "a prefix with host bits",
            |s| s.body(&s.vgw, &["10.0.0.1/8"]),
            |_| "Allowed prefix 10.0.0.1/8 is not a network address: use 10.0.0.0/8.".to_owned(),
        ),
        (
            "too many open proposals",
            |s| {
                let vgw = s.vgw.clone();
                for _ in 0..3 {
                    s.propose(&vgw, &[]);
                }
                s.body(&vgw, &[])
            },
            |s| {
                format!(
                    "Open association proposal limit of 3 would be exceeded for Direct Connect Gateway {}.",
                    s.gateway
                )
            },
        ),
    ];
    for (name, prepare, expected) in ROWS {
        let mut scene = scene();
        let body = prepare(&mut scene);
        let message = scene.lab.message(BOB, CREATE, body);
        assert_eq!(message, expected(&scene), "{name}");
    }
}

#[test]
fn answered_proposals_make_room_for_others() {
    let mut scene = scene();
    let vgw = scene.vgw.clone();
    let open: Vec<String> = (0..3).map(|_| id(&scene.propose(&vgw, &[]))).collect();
    scene.lab.ok(BOB, DELETE, json!({"proposalId": open[0]}));
    scene.propose(&vgw, &[]);
}

// ===== accept =====

#[test]
fn acceptance_makes_the_association_that_was_asked_for() {
    let mut scene = scene();
    let tgw = scene.tgw.clone();
    let proposal = id(&scene.propose(&tgw, &["10.0.0.0/8"]));
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
    let proposal = id(&scene.propose(&vgw, &["10.0.0.0/8", "11.0.0.0/8"]));
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
    let first = id(&scene.propose(&vgw, &["10.255.255.0/28"]));
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
    let second = id(second);
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
    let proposal = id(&scene.propose(&vgw, &[]));
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

#[test]
fn acceptance_is_refused_row_by_row() {
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
                let other = self::id(&s.propose(&vgw, &[]));
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
                let other = self::id(&s.propose(&tgw, &["10.0.0.0/8"]));
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
                let other = self::id(&s.propose(&tgw, &[]));
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
    for (name, prepare, expected) in ROWS {
        let mut scene = scene();
        let vgw = scene.vgw.clone();
        let proposal = id(&scene.propose(&vgw, &[]));
        let (account, body) = prepare(&mut scene, &proposal);
        let message = scene.lab.message(account, ACCEPT, body);
        assert_eq!(message, expected(&scene, &proposal), "{name}");
    }
}

// ===== delete, and every pair of state and operation =====

#[test]
fn every_pair_of_state_and_operation_is_allowed_or_refused_as_the_table_says() {
    // The state it is in, then what acceptance, deletion by either side, and four days lead to.
    for (from, accept, delete, days) in [
        ("requested", "accepted", "deleted", "requested"),
        ("accepted", "refused", "hidden", "hidden"),
        ("deleted", "refused", "refused", "hidden"),
        ("hidden", "refused", "refused", "hidden"),
    ] {
        for (operation, expected) in [
            ("accept", accept),
            ("withdraw", delete),
            ("reject", delete),
            ("four days", days),
        ] {
            let row = format!("({from}, {operation})");
            let mut scene = scene();
            let vgw = scene.vgw.clone();
            let proposal = id(&scene.propose(&vgw, &[]));
            match from {
                "accepted" => {
                    scene.accept(&proposal);
                }
                "deleted" | "hidden" => {
                    scene.lab.ok(BOB, DELETE, json!({"proposalId": proposal}));
                }
                _ => {}
            }
            if from == "hidden" {
                scene.lab.advance(Span::from_days(3));
            }
            assert_eq!(scene.state(&proposal), from, "{row}");
            let by_id = json!({"proposalId": proposal});
            let (account, name, body) = match operation {
                "accept" => (ALICE, ACCEPT, scene.acceptance(&proposal)),
                "withdraw" => (BOB, DELETE, by_id),
                "reject" => (ALICE, DELETE, by_id),
                _ => {
                    scene.lab.advance(Span::from_days(4));
                    assert_eq!(scene.state(&proposal), expected, "{row}");
                    continue;
                }
            };
            if expected == "refused" {
                scene.lab.refused(account, name, body);
                assert_eq!(scene.state(&proposal), from, "{row}");
                continue;
            }
            let answer = scene.lab.ok(account, name, body);
            if operation != "accept" {
                assert_eq!(
                    answer["directConnectGatewayAssociationProposal"]["proposalState"], "deleted",
                    "{row}"
                );
            }
            assert_eq!(scene.state(&proposal), expected, "{row}");
        }
    }
}

#[test]
fn deleting_an_accepted_proposal_leaves_its_association() {
    let mut scene = scene();
    let vgw = scene.vgw.clone();
    let proposal = id(&scene.propose(&vgw, &[]));
    let made = text(&scene.accept(&proposal), "associationId");
    scene.lab.settle();
    scene.lab.ok(BOB, DELETE, json!({"proposalId": proposal}));
    assert_eq!(scene.state(&proposal), "hidden");
    let association = scene.lab.association(BOB, &made).unwrap();
    assert_eq!(association["associationState"], "associated");
}

#[test]
fn a_proposal_expires_after_seven_days_and_is_shown_for_three_more() {
    let mut scene = scene();
    let vgw = scene.vgw.clone();
    let proposal = id(&scene.propose(&vgw, &[]));
    for (days, state) in [
        (6, "requested"),
        (1, "deleted"),
        (2, "deleted"),
        (1, "hidden"),
    ] {
        scene.lab.advance(Span::from_days(days));
        assert_eq!(scene.state(&proposal), state, "{days} days later");
    }
}

#[test]
fn deletion_of_what_is_not_there_says_is_not_found() {
    let mut scene = scene();
    assert_eq!(
        scene
            .lab
            .message(BOB, DELETE, json!({"proposalId": UNKNOWN})),
        format!("Direct Connect Gateway Association Proposal {UNKNOWN} is not found")
    );
    assert_eq!(
        scene.lab.refused(BOB, DELETE, json!({"proposalId": ""})),
        Refusal::ProposalIdFormat
    );
}

// ===== describe =====

#[test]
fn both_sides_see_a_proposal_and_nobody_else() {
    let mut scene = scene();
    let (vgw, tgw) = (scene.vgw.clone(), scene.tgw.clone());
    let first = id(&scene.propose(&vgw, &[]));
    let second = id(&scene.propose(&tgw, &["10.0.0.0/8"]));
    let gateway = scene.gateway.clone();
    for (name, body, expected) in [
        ("no filter", json!({}), vec![&first, &second]),
        ("proposalId", json!({"proposalId": second}), vec![&second]),
        (
            "directConnectGatewayId",
            json!({"directConnectGatewayId": gateway}),
            vec![&first, &second],
        ),
        (
            "associatedGatewayId",
            json!({"associatedGatewayId": vgw}),
            vec![&first],
        ),
        (
            "proposalId and another gateway",
            json!({"proposalId": second, "associatedGatewayId": vgw}),
            vec![],
        ),
        ("unknown proposal", json!({"proposalId": UNKNOWN}), vec![]),
        (
            "unknown gateway",
            json!({"directConnectGatewayId": UNKNOWN}),
            vec![],
        ),
    ] {
        for (account, sees) in [(ALICE, true), (BOB, true), (PAULA, false)] {
            let found: Vec<String> = scene.list(account, body.clone()).iter().map(id).collect();
            let wanted = if sees { expected.clone() } else { Vec::new() };
            assert_eq!(
                found.iter().collect::<Vec<_>>(),
                wanted,
                "{name}, {account}"
            );
        }
    }
    let missing = Refusal::ProposalNotFound(first.clone());
    let body = json!({"proposalId": first});
    assert_eq!(scene.lab.refused(PAULA, DELETE, body), missing);
    scene.lab.go_to("cn-north-1");
    assert!(scene.list(ALICE, json!({})).is_empty(), "another partition");
}

#[test]
fn lists_of_proposals_come_in_pages() {
    let mut scene = scene();
    let vgw = scene.vgw.clone();
    let all: Vec<String> = (0..3).map(|_| id(&scene.propose(&vgw, &[]))).collect();
    let operation = "DescribeDirectConnectGatewayAssociationProposals";
    let first = scene.lab.ok(ALICE, operation, json!({"maxResults": 2}));
    let token = text(&first, "nextToken");
    let rest = scene.lab.ok(
        ALICE,
        operation,
        json!({"maxResults": 2, "nextToken": token}),
    );
    let list = rest["directConnectGatewayAssociationProposals"]
        .as_array()
        .unwrap();
    assert_eq!(list.iter().map(id).collect::<Vec<_>>(), all[2..]);
}
