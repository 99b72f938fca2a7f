//! Rows of spec/operations §9 and spec/states §8, each named.

mod creation;
mod following;
mod random;

use serde_json::{Value, json};

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
