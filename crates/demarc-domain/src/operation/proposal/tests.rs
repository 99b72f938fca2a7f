//! Rows of spec/operations §9 and spec/states §10, each named.

mod acceptance;

use demarc_types::Span;
use serde_json::{Value, json};

use crate::neighbor::testing::cidrs;
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

fn id_of(proposal: &Value) -> String {
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
            "proposalId": id_of(&proposal),
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
    let open: Vec<String> = (0..3).map(|_| id_of(&scene.propose(&vgw, &[]))).collect();
    scene.lab.ok(BOB, DELETE, json!({"proposalId": open[0]}));
    scene.propose(&vgw, &[]);
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
            let proposal = id_of(&scene.propose(&vgw, &[]));
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
    let proposal = id_of(&scene.propose(&vgw, &[]));
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
    let proposal = id_of(&scene.propose(&vgw, &[]));
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
    let first = id_of(&scene.propose(&vgw, &[]));
    let second = id_of(&scene.propose(&tgw, &["10.0.0.0/8"]));
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
            let found: Vec<String> = scene
                .list(account, body.clone())
                .iter()
                .map(id_of)
                .collect();
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
    let all: Vec<String> = (0..3).map(|_| id_of(&scene.propose(&vgw, &[]))).collect();
    let operation = "DescribeDirectConnectGatewayAssociationProposals";
    let first = scene.lab.ok(ALICE, operation, json!({"maxResults": 2}));
    let token = text(&first, "nextToken");
    scene.lab.go_to("eu-west-1");
    let rest = scene.lab.ok(
        ALICE,
        operation,
        json!({"maxResults": 2, "nextToken": token}),
    );
    let list = rest["directConnectGatewayAssociationProposals"]
        .as_array()
        .unwrap();
    assert_eq!(list.iter().map(id_of).collect::<Vec<_>>(), all[2..]);
}
