//! Rows of spec/operations §5 and spec/states §4.

mod create;

use demarc_types::Span;
use serde_json::{Value, json};

use crate::entity::Link;
use crate::refusal::Refusal;
use crate::testing::{ALICE, BOB, Lab, PAULA, text};

fn order(count: i64) -> Value {
    json!({
        "numberOfConnections": count, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag",
    })
}

fn order_with(count: i64, members: Value) -> Value {
    let mut body = order(count);
    let over = members.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(over);
    body
}

/// A LAG with so many members, all up. Gives its id and theirs.
fn lag_up(lab: &mut Lab, account: &str, count: i64) -> (String, Vec<String>) {
    let answer = lab.ok(account, "CreateLag", order(count));
    let members: Vec<String> = answer["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| text(member, "connectionId"))
        .collect();
    lab.settle();
    for member in &members {
        lab.link(member, Link::Up);
    }
    (text(&answer, "lagId"), members)
}

// ===== state =====

#[test]
fn the_state_follows_the_links() {
    let mut lab = Lab::new();
    let answer = lab.ok(ALICE, "CreateLag", order(2));
    let id = text(&answer, "lagId");
    let members = [0, 1].map(|index| text(&answer["connections"][index], "connectionId"));
    assert_eq!(answer["lagState"], "requested");
    let updated = lab.ok(ALICE, "UpdateLag", json!({"lagId": id}));
    assert_eq!(
        (
            &updated["lagState"],
            &updated["connections"][0]["connectionState"]
        ),
        (&json!("pending"), &json!("requested")),
        "as recorded (spec/clients §2)"
    );
    lab.settle();
    assert_eq!(lab.lag_state(&id), Some("pending"));
    lab.link(&members[0], Link::Up);
    assert_eq!(
        lab.lag_state(&id),
        Some("available"),
        "no minimum counts as one"
    );
    lab.ok(ALICE, "UpdateLag", json!({"lagId": id, "minimumLinks": 2}));
    assert_eq!(lab.lag_state(&id), Some("down"), "one of two");
    lab.link(&members[1], Link::Up);
    assert_eq!(lab.lag_state(&id), Some("available"));
    lab.link(&members[0], Link::Down);
    lab.link(&members[1], Link::Down);
    assert_eq!(lab.lag_state(&id), Some("down"));
    lab.ok(ALICE, "UpdateLag", json!({"lagId": id, "minimumLinks": 0}));
    assert_eq!(lab.lag_state(&id), Some("down"));
}

#[test]
fn a_member_counts_once_lacp_has_it_and_keeps_its_own_state() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let more = json!({"connectionId": port, "lagName": "of one"});
    let answer = lab.ok(ALICE, "CreateLag", order_with(1, more));
    let id = text(&answer, "lagId");
    assert_eq!(
        lab.lag_state(&id),
        Some("pending"),
        "its link is up already"
    );
    for (distributing, state) in [(true, "available"), (false, "down"), (true, "available")] {
        lab.lacp(&port, distributing);
        assert_eq!(lab.lag_state(&id), Some(state));
        assert_eq!(lab.connection_state(&port), Some("available"));
    }
    let leave = json!({"lagId": id, "connectionId": port});
    lab.ok(ALICE, "DisassociateConnectionFromLag", leave);
    assert!(!lab.connection(&port).distributing);
    lab.lacp(&port, true);
    assert!(!lab.connection(&port).distributing, "it is no member");
    lab.advance(Span::from_minutes(1));
    let join = json!({"lagId": id, "connectionId": port});
    lab.ok(ALICE, "AssociateConnectionWithLag", join);
    assert_eq!(lab.lag_state(&id), Some("down"), "it joins anew");
}

#[test]
fn an_empty_lag_that_was_up_is_down() {
    let mut lab = Lab::new();
    let (id, members) = lag_up(&mut lab, ALICE, 1);
    lab.ok(
        ALICE,
        "DeleteConnection",
        json!({"connectionId": members[0]}),
    );
    assert_eq!(lab.lag_state(&id), Some("down"));
}

// ===== DescribeLags =====

#[test]
fn lists_have_own_lags_only() {
    let mut lab = Lab::new();
    let own = text(&lab.ok(ALICE, "CreateLag", order(1)), "lagId");
    let foreign = text(&lab.ok(BOB, "CreateLag", order(1)), "lagId");
    let list = lab.ok(ALICE, "DescribeLags", json!({}));
    assert_eq!(list["lags"].as_array().unwrap().len(), 1);
    assert_eq!(list["lags"][0]["lagId"], json!(own));
    for operation in ["DescribeLags", "DeleteLag", "UpdateLag"] {
        for id in [foreign.as_str(), "dxlag-ffffffff"] {
            assert_eq!(
                lab.message(ALICE, operation, json!({"lagId": id})),
                format!("Could not find Lag with ID {id}"),
                "{operation} (M6)"
            );
        }
        assert_eq!(
            lab.message(ALICE, operation, json!({"lagId": "dxcon-ffffffff"})),
            "Lag ID dxcon-ffffffff has an invalid format.",
            "{operation}"
        );
    }
}

// ===== UpdateLag =====

#[test]
fn update_sets_what_is_given() {
    let mut lab = Lab::new();
    let (id, _) = lag_up(&mut lab, ALICE, 2);
    let before = lab.ok(ALICE, "DescribeLags", json!({"lagId": id}))["lags"][0].take();
    assert_eq!(
        lab.ok(ALICE, "UpdateLag", json!({"lagId": id})),
        before,
        "nothing given"
    );
    assert_eq!(
        lab.ok(ALICE, "UpdateLag", json!({"lagId": id, "minimumLinks": 0})),
        before,
        "0 is what Go clients send"
    );
    let answer = lab.ok(
        ALICE,
        "UpdateLag",
        json!({"lagId": id, "lagName": "renamed", "minimumLinks": 2}),
    );
    assert_eq!(answer["lagName"], "renamed");
    assert_eq!(answer["minimumLinks"], 2);
}

#[test]
fn a_minimum_is_no_more_than_there_are_members() {
    let mut lab = Lab::new();
    let (id, _) = lag_up(&mut lab, ALICE, 2);
    for number in [3, 4_294_967_297_i64] {
        let message = lab.message(
            ALICE,
            "UpdateLag",
            json!({"lagId": id, "minimumLinks": number}),
        );
        assert!(
            message.contains("MinimumLinks cannot be set higher than the number of connections"),
            "{message}"
        );
    }
    lab.refused(ALICE, "UpdateLag", json!({"lagId": id, "minimumLinks": -1}));
}

#[test]
fn the_mode_of_a_lag_is_that_of_its_members() {
    let mut lab = Lab::new();
    let plain = text(&lab.ok(ALICE, "CreateLag", order(1)), "lagId");
    assert_eq!(
        lab.message(
            ALICE,
            "UpdateLag",
            json!({"lagId": plain, "encryptionMode": "must_encrypt"})
        ),
        format!("Lag {plain} is not MACsec capable.")
    );
    let answer = lab.ok(
        ALICE,
        "CreateLag",
        order_with(2, json!({"requestMACSec": true})),
    );
    assert_eq!(answer["macSecCapable"], true);
    assert_eq!(answer["encryptionMode"], "should_encrypt");
    assert_eq!(answer["macSecKeys"], json!([]));
    let id = text(&answer, "lagId");
    let answer = lab.ok(
        ALICE,
        "UpdateLag",
        json!({"lagId": id, "encryptionMode": "must_encrypt"}),
    );
    assert_eq!(answer["encryptionMode"], "must_encrypt");
    for member in answer["connections"].as_array().unwrap() {
        assert_eq!(member["encryptionMode"], "must_encrypt");
        let member = text(member, "connectionId");
        let stored = lab.connection(&member).mac_sec.unwrap();
        assert_eq!(stored.mode.as_str(), "must_encrypt");
        let message = lab.message(
            ALICE,
            "UpdateConnection",
            json!({"connectionId": member, "encryptionMode": "no_encrypt"}),
        );
        assert!(message.contains("is a member of a Lag"), "{message}");
    }
}

/// Rows `pending → available` of spec/states §1 and §4.
#[test]
fn a_lag_that_must_encrypt_is_pending_until_a_member_does_or_need_not() {
    for relaxed in [false, true] {
        let mut lab = Lab::new();
        let body = order_with(1, json!({"requestMACSec": true}));
        let answer = lab.ok(ALICE, "CreateLag", body);
        let id = text(&answer, "lagId");
        let member = text(&answer["connections"][0], "connectionId");
        let mode = |mode: &str| json!({"lagId": id, "encryptionMode": mode});
        lab.ok(ALICE, "UpdateLag", mode("must_encrypt"));
        lab.settle();
        lab.link(&member, Link::Up);
        let states = |lab: &Lab| (lab.lag_state(&id), lab.connection_state(&member));
        assert_eq!(states(&lab), (Some("pending"), Some("pending")));
        if relaxed {
            lab.ok(ALICE, "UpdateLag", mode("no_encrypt"));
        } else {
            lab.report(&[crate::Report::Encryption {
                connection: member.parse().unwrap(),
                encrypted: true,
            }]);
        }
        assert_eq!(states(&lab), (Some("available"), Some("available")));
    }
}

// ===== DeleteLag =====

#[test]
fn delete_answers_at_once_and_the_same_while_it_is_shown() {
    let mut lab = Lab::new();
    let (id, members) = lag_up(&mut lab, ALICE, 2);
    let answer = lab.ok(ALICE, "DeleteLag", json!({"lagId": id}));
    assert_eq!(answer["lagState"], "deleted");
    assert_eq!(answer["numberOfConnections"], 0);
    assert_eq!(answer["connections"], json!([]));
    assert_eq!(
        lab.ok(ALICE, "DeleteLag", json!({"lagId": id})),
        answer,
        "repeat"
    );
    let shown = lab.ok(ALICE, "DescribeLags", json!({"lagId": id}));
    assert_eq!(shown["lags"][0], answer);
    assert_eq!(
        lab.refused(ALICE, "UpdateLag", json!({"lagId": id})),
        Refusal::LagNotFound(id.clone())
    );
    for member in members {
        assert_eq!(
            lab.connection_state(&member),
            Some("available"),
            "it stands alone"
        );
        assert_eq!(lab.connection(&member).lag, None);
    }
    lab.advance(Span::from_minutes(15));
    for operation in ["DeleteLag", "DescribeLags"] {
        assert_eq!(
            lab.refused(ALICE, operation, json!({"lagId": id})),
            Refusal::LagNotFound(id.clone())
        );
    }
}

#[test]
fn delete_is_refused_with_virtual_interfaces() {
    let mut lab = Lab::new();
    let (id, _) = lag_up(&mut lab, ALICE, 1);
    let interface = lab.virtual_interface_on(ALICE, &id, 7);
    let body = json!({"lagId": id});
    let message = lab.message(ALICE, "DeleteLag", body.clone());
    assert!(
        message.contains("until its Virtual Interfaces are deleted"),
        "{message}"
    );
    lab.ok(
        ALICE,
        "DeleteVirtualInterface",
        json!({"virtualInterfaceId": interface.id.to_string()}),
    );
    lab.refused(ALICE, "DeleteLag", body.clone());
    lab.converge();
    lab.ok(ALICE, "DeleteLag", body);
}

#[test]
fn delete_is_refused_with_hosted_connections() {
    let mut lab = Lab::new();
    let member = lab.interconnect(PAULA);
    let id = text(
        &lab.ok(
            PAULA,
            "CreateLag",
            order_with(1, json!({"connectionId": member})),
        ),
        "lagId",
    );
    lab.lacp(&member, true);
    let hosted = lab.ok(
        PAULA,
        "AllocateHostedConnection",
        json!({"connectionId": id, "ownerAccount": ALICE, "bandwidth": "1Gbps", "connectionName": "h", "vlan": 9}),
    );
    let message = lab.message(PAULA, "DeleteLag", json!({"lagId": id}));
    assert!(message.contains("has hosted connections"), "{message}");
    lab.ok(
        ALICE,
        "DeleteConnection",
        json!({"connectionId": hosted["connectionId"]}),
    );
    lab.ok(PAULA, "DeleteLag", json!({"lagId": id}));
    assert!(lab.connection(&member).is_interconnect());
}
