//! Rows of spec/operations §4 and spec/states §2.

mod lists;
mod moves;

use demarc_types::Span;
use serde_json::{Value, json};

use crate::entity::Link;
use crate::refusal::{Exception, Refusal};
use crate::testing::{ALICE, BOB, Lab, PAULA, VICTOR, text};

fn offer(parent: &str) -> Value {
    json!({
        "connectionId": parent, "ownerAccount": ALICE, "bandwidth": "500Mbps",
        "connectionName": "hosted", "vlan": 101,
    })
}

fn offer_with(parent: &str, members: Value) -> Value {
    let mut body = offer(parent);
    let over = members.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(over);
    body
}

/// A LAG of Paula's with one interconnect in it, both up. Gives the ids of LAG and interconnect.
fn partner_lag(lab: &mut Lab) -> (String, String) {
    let interconnect = lab.interconnect(PAULA);
    let lag = lab.ok(
        PAULA,
        "CreateLag",
        json!({
            "numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "10Gbps",
            "lagName": "partner lag", "connectionId": interconnect,
        }),
    );
    lab.lacp(&interconnect, true);
    (text(&lag, "lagId"), interconnect)
}

/// A hosted connection of Alice's in each phase of spec/states §2.
fn in_each_state() -> Vec<(&'static str, Lab, String)> {
    let offered = || {
        let mut lab = Lab::new();
        let parent = lab.interconnect(PAULA);
        let id = text(
            &lab.ok(PAULA, "AllocateHostedConnection", offer(&parent)),
            "connectionId",
        );
        (lab, parent, id)
    };
    let confirmed = || {
        let (mut lab, parent, id) = offered();
        lab.ok(ALICE, "ConfirmConnection", json!({"connectionId": id}));
        (lab, parent, id)
    };
    let mut all = Vec::new();
    let (lab, _, id) = offered();
    all.push(("ordering", lab, id));
    let (lab, _, id) = confirmed();
    all.push(("pending", lab, id));
    let (mut lab, _, id) = confirmed();
    lab.settle();
    all.push(("available", lab, id));
    let (mut lab, parent, id) = confirmed();
    lab.settle();
    lab.link(&parent, Link::Down);
    all.push(("down", lab, id));
    let (mut lab, _, id) = confirmed();
    lab.ok(PAULA, "DeleteConnection", json!({"connectionId": id}));
    all.push(("deleting", lab, id));
    let (mut lab, _, id) = confirmed();
    lab.ok(PAULA, "DeleteConnection", json!({"connectionId": id}));
    lab.settle();
    all.push(("deleted", lab, id));
    let (mut lab, _, id) = offered();
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": id}));
    all.push(("rejected", lab, id));
    for (state, lab, id) in &all {
        assert_eq!(lab.connection_state(id), Some(*state), "set-up");
    }
    all
}

// ===== allocate =====

#[test]
fn an_offer_has_the_observed_members() {
    let mut lab = Lab::listed();
    let parent = lab.interconnect(PAULA);
    let body = offer_with(
        &parent,
        json!({"bandwidth": "1Gbps", "tags": [{"key": "a", "value": "b"}]}),
    );
    let answer = lab.ok(PAULA, "AllocateHostedConnection", body);
    assert_eq!(
        answer,
        json!({
            "partnerName": "Paula Networks",
            "vlan": 101,
            "ownerAccount": ALICE,
            "connectionId": answer["connectionId"],
            "connectionState": "ordering",
            "bandwidth": "1Gbps",
            "location": "EqDC2",
            "connectionName": "hosted",
            "region": "us-east-1",
            "hasLogicalRedundancy": "unknown",
            "jumboFrameCapable": true,
            "macSecCapable": false,
            "partnerInterconnectMacSecCapable": false,
            "billingMode": "PayAsYouGo",
            "tags": [],
        })
    );
    let id = text(&answer, "connectionId");
    let customer = lab.ok(ALICE, "DescribeConnections", json!({"connectionId": id}));
    assert_eq!(
        customer["connections"][0]["tags"],
        json!([{"key": "a", "value": "b"}]),
        "the customer sees the tags, the partner does not"
    );
}

#[test]
fn offers_are_checked_row_by_row() {
    let mut lab = Lab::new();
    let parent = lab.interconnect(PAULA);
    let dedicated = lab.dedicated(PAULA);
    let foreign = lab.interconnect(BOB);
    let rows = [
        (
            "parent format (M1)",
            json!({"connectionId": "x"}),
            "Connection ID x has an invalid format.".to_owned(),
        ),
        (
            "LAG format",
            json!({"connectionId": "dxlag-x"}),
            "Lag ID dxlag-x has an invalid format.".to_owned(),
        ),
        (
            "parent unknown (M5)",
            json!({"connectionId": "dxcon-ffffffff"}),
            "Could not find Connection with ID dxcon-ffffffff".to_owned(),
        ),
        (
            "parent of another",
            json!({"connectionId": foreign}),
            format!("Could not find Connection with ID {foreign}"),
        ),
        (
            "parent no interconnect",
            json!({"connectionId": dedicated}),
            format!(
                "Hosted connections cannot be created on {dedicated}: it is neither an interconnect nor a Lag that allows them."
            ),
        ),
        (
            "account",
            json!({"ownerAccount": "12"}),
            "Account ID 12 is not valid.".to_owned(),
        ),
        (
            "bandwidth unknown",
            json!({"bandwidth": "60Mbps"}),
            "Bandwidth 60Mbps is not valid.".to_owned(),
        ),
        (
            "bandwidth of ports",
            json!({"bandwidth": "100Gbps"}),
            "Bandwidth 100Gbps is not valid.".to_owned(),
        ),
        (
            "bandwidth above the port",
            json!({"bandwidth": "25Gbps"}),
            format!("Bandwidth 25Gbps is more than the 10Gbps of {parent}."),
        ),
        (
            "vlan 0",
            json!({"vlan": 0}),
            "VLAN 0 must have value greater than or equal to 1".to_owned(),
        ),
        (
            "vlan 4095",
            json!({"vlan": 4095}),
            "VLAN 4095 must have value less than or equal to 4094".to_owned(),
        ),
    ];
    for (row, members, message) in rows {
        let body = offer_with(&parent, members);
        assert_eq!(
            lab.message(PAULA, "AllocateHostedConnection", body),
            message,
            "{row}"
        );
    }
    let body = offer_with(&parent, json!({"tags": [{"key": "a"}, {"key": "a"}]}));
    let refusal = lab.refused(PAULA, "AllocateHostedConnection", body);
    assert_eq!(refusal.exception(), Exception::DuplicateTagKeys);
}

#[test]
fn who_is_no_partner_is_told_so_before_anything_else() {
    let mut lab = Lab::listed();
    let wrong = json!({
        "connectionId": "nonsense", "ownerAccount": "x", "bandwidth": "x", "connectionName": "", "vlan": 0,
    });
    let message =
        format!("Account {ALICE} is not an authorized Direct Connect partner in us-east-1.");
    assert_eq!(
        lab.message(ALICE, "AllocateHostedConnection", wrong),
        message
    );
    let older = json!({
        "interconnectId": "nonsense", "ownerAccount": "x", "bandwidth": "x", "connectionName": "", "vlan": 0,
    });
    assert_eq!(
        lab.message(ALICE, "AllocateConnectionOnInterconnect", older),
        message
    );
    let order = json!({"location": "x", "bandwidth": "x", "interconnectName": "x"});
    assert_eq!(lab.message(ALICE, "CreateInterconnect", order), message);
    let moved = json!({"connectionId": "x", "parentConnectionId": "y"});
    assert_eq!(
        lab.message(ALICE, "AssociateHostedConnection", moved),
        message
    );
}

#[test]
fn speeds_follow_the_type_of_partner() {
    let rows = [
        (PAULA, "500Mbps", false),
        (PAULA, "1Gbps", true),
        (PAULA, "10Gbps", true),
        (VICTOR, "50Mbps", true),
        (VICTOR, "500Mbps", true),
        (VICTOR, "1Gbps", false),
    ];
    for (partner, bandwidth, allowed) in rows {
        let mut lab = Lab::listed();
        let parent = lab.interconnect(partner);
        let body = offer_with(&parent, json!({"bandwidth": bandwidth}));
        if allowed {
            lab.ok(partner, "AllocateHostedConnection", body);
        } else {
            let message = lab.message(partner, "AllocateHostedConnection", body);
            assert_eq!(
                message,
                format!("Bandwidth {bandwidth} cannot be allocated by account {partner}.")
            );
        }
    }
}

#[test]
fn in_development_mode_every_account_allocates_every_hosted_speed() {
    let mut lab = Lab::new();
    let parent = lab.interconnect(PAULA);
    let speeds = [
        "50Mbps", "100Mbps", "200Mbps", "300Mbps", "400Mbps", "500Mbps", "1Gbps", "2Gbps", "5Gbps",
        "10Gbps",
    ];
    for (vlan, bandwidth) in (1..).zip(speeds) {
        let body = offer_with(&parent, json!({"bandwidth": bandwidth, "vlan": vlan}));
        assert_eq!(
            lab.ok(PAULA, "AllocateHostedConnection", body)["bandwidth"],
            bandwidth
        );
    }
}

#[test]
fn the_parent_must_be_available_or_down() {
    let mut lab = Lab::new();
    let order = json!({"location": "EqDC2", "bandwidth": "10Gbps", "interconnectName": "fresh"});
    let parent = text(
        &lab.ok(PAULA, "CreateInterconnect", order),
        "interconnectId",
    );
    let not_yet = |lab: &mut Lab, state: &str| {
        let message = lab.message(PAULA, "AllocateHostedConnection", offer(&parent));
        assert!(
            message.starts_with("The specified Connection ID is not available"),
            "{message}"
        );
        assert!(message.contains(state), "{message}");
    };
    not_yet(&mut lab, "requested");
    lab.settle();
    not_yet(&mut lab, "pending");
    lab.link(&parent, Link::Up);
    lab.ok(PAULA, "AllocateHostedConnection", offer(&parent));
    lab.link(&parent, Link::Down);
    lab.ok(
        PAULA,
        "AllocateHostedConnection",
        offer_with(&parent, json!({"vlan": 102})),
    );
}

#[test]
fn a_vlan_is_taken_until_its_connection_is_deleted_or_rejected() {
    for (state, mut lab, id) in in_each_state() {
        let parent = lab.connection(&id).parent().unwrap().to_string();
        if matches!(state, "deleted" | "rejected") {
            lab.ok(PAULA, "AllocateHostedConnection", offer(&parent));
        } else {
            assert_eq!(
                lab.message(PAULA, "AllocateHostedConnection", offer(&parent)),
                "VLAN 101 is already in use",
                "{state} (M21)"
            );
        }
    }
}

#[test]
fn the_older_form_is_of_interconnects_only() {
    let mut lab = Lab::new();
    let (lag, _) = partner_lag(&mut lab);
    let interconnect = lab.interconnect(PAULA);
    let body = |parent: &str| {
        json!({
            "interconnectId": parent, "ownerAccount": ALICE, "bandwidth": "50Mbps",
            "connectionName": "hosted", "vlan": 7,
        })
    };
    let answer = lab.ok(
        PAULA,
        "AllocateConnectionOnInterconnect",
        body(&interconnect),
    );
    assert_eq!(answer["connectionState"], "ordering");
    let refusal = lab.refused(PAULA, "AllocateConnectionOnInterconnect", body(&lag));
    assert_eq!(refusal, Refusal::ConnectionIdFormat(lag));
}

#[test]
fn a_lag_hosts_when_an_interconnect_made_it_and_shows_on_its_connections() {
    let mut lab = Lab::new();
    let (lag, interconnect) = partner_lag(&mut lab);
    let answer = lab.ok(PAULA, "AllocateHostedConnection", offer(&lag));
    assert_eq!(answer["lagId"], json!(lag));
    let message = lab.message(PAULA, "AllocateHostedConnection", offer(&interconnect));
    assert!(
        message.contains(&format!("is a member of Lag {lag}")),
        "{message}"
    );
    let ordinary = lab.ok(
        PAULA,
        "CreateLag",
        json!({"numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "own"}),
    );
    let ordinary = text(&ordinary, "lagId");
    let message = lab.message(PAULA, "AllocateHostedConnection", offer(&ordinary));
    assert!(
        message.starts_with("Hosted connections cannot be created on"),
        "{message}"
    );
}

// ===== confirm =====

#[test]
fn only_an_offer_can_be_confirmed() {
    for (state, mut lab, id) in in_each_state() {
        let body = json!({"connectionId": id});
        if state == "ordering" {
            let answer = lab.ok(ALICE, "ConfirmConnection", body);
            assert_eq!(answer, json!({"connectionState": "pending"}));
            lab.settle();
            assert_eq!(lab.connection_state(&id), Some("available"));
        } else {
            assert_eq!(
                lab.message(ALICE, "ConfirmConnection", body),
                format!("ConfirmConnection failed. {id} is in state {state}"),
                "M10"
            );
        }
    }
}

#[test]
fn confirming_takes_the_customer() {
    let mut lab = Lab::new();
    let parent = lab.interconnect(PAULA);
    let id = text(
        &lab.ok(PAULA, "AllocateHostedConnection", offer(&parent)),
        "connectionId",
    );
    for (account, wanted) in [(PAULA, id.as_str()), (BOB, &id), (ALICE, "dxcon-ffffffff")] {
        assert_eq!(
            lab.message(
                account,
                "ConfirmConnection",
                json!({"connectionId": wanted})
            ),
            format!("ConfirmConnection failed. {wanted} doesn't exist."),
            "M9"
        );
    }
    let dedicated = text(
        &lab.ok(
            ALICE,
            "CreateConnection",
            json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "c"}),
        ),
        "connectionId",
    );
    assert_eq!(
        lab.message(
            ALICE,
            "ConfirmConnection",
            json!({"connectionId": dedicated})
        ),
        format!("ConfirmConnection failed. {dedicated} is in state requested")
    );
}

#[test]
fn an_offer_expires_after_ninety_days() {
    let mut lab = Lab::new();
    let parent = lab.interconnect(PAULA);
    let id = text(
        &lab.ok(PAULA, "AllocateHostedConnection", offer(&parent)),
        "connectionId",
    );
    lab.advance(Span::from_days(89));
    assert_eq!(lab.connection_state(&id), Some("ordering"));
    lab.advance(Span::from_days(1));
    assert_eq!(lab.connection_state(&id), Some("deleted"));
    lab.advance(Span::from_minutes(15));
    assert_eq!(lab.connection_state(&id), None);
}

#[test]
fn the_device_is_shown_once_the_customer_has_confirmed() {
    for (state, mut lab, id) in in_each_state() {
        let answer = lab.ok(ALICE, "DescribeConnections", json!({"connectionId": id}));
        let shown = &answer["connections"][0];
        let placed = !matches!(state, "ordering" | "rejected");
        for member in ["awsDevice", "awsDeviceV2", "awsLogicalDeviceId"] {
            assert_eq!(shown[member].is_string(), placed, "{member} in {state}");
        }
        let redundancy = if placed { "no" } else { "unknown" };
        assert_eq!(shown["hasLogicalRedundancy"], redundancy, "{state}");
    }
}

// ===== delete =====

#[test]
fn delete_answers_by_state_and_side() {
    let rows = [
        ("ordering", ALICE, Some("rejected")),
        ("ordering", PAULA, Some("deleting")),
        ("pending", ALICE, Some("deleting")),
        ("pending", PAULA, Some("deleting")),
        ("available", ALICE, Some("deleting")),
        ("available", PAULA, Some("deleting")),
        ("down", ALICE, Some("deleting")),
        ("down", PAULA, Some("deleting")),
        ("deleting", ALICE, Some("deleting")),
        ("deleting", PAULA, Some("deleting")),
        ("deleted", ALICE, None),
        ("deleted", PAULA, None),
        ("rejected", ALICE, None),
        ("rejected", PAULA, None),
        ("available", BOB, None),
    ];
    for (state, account, expected) in rows {
        let (_, mut lab, id) = in_each_state()
            .into_iter()
            .find(|(known, ..)| *known == state)
            .unwrap();
        let body = json!({"connectionId": id});
        match expected {
            Some(word) => {
                let answer = lab.ok(account, "DeleteConnection", body);
                assert_eq!(answer["connectionState"], word, "{state} by {account}");
            }
            None => assert_eq!(
                lab.refused(account, "DeleteConnection", body),
                Refusal::ConnectionNotFound(id),
                "{state} by {account}"
            ),
        }
    }
}

#[test]
fn a_partner_cannot_delete_while_the_customer_has_a_virtual_interface() {
    let (_, mut lab, id) = in_each_state().swap_remove(2);
    lab.virtual_interface_on(ALICE, &id, 101);
    for account in [PAULA, ALICE] {
        let message = lab.message(account, "DeleteConnection", json!({"connectionId": id}));
        assert_eq!(
            message,
            format!("Connection {id} has virtual interfaces and cannot be deleted.")
        );
    }
}
