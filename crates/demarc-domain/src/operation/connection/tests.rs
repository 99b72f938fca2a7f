//! Rows of spec/operations §3 and spec/states §1.

use demarc_types::Span;
use serde_json::{Value, json};

use crate::entity::{ConnectionPhase, Link};
use crate::refusal::Refusal;
use crate::testing::{ALICE, BOB, Lab, PAULA, text};

fn order() -> Value {
    json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "port"})
}

/// `order` with some members put over it.
fn order_with(members: Value) -> Value {
    let mut body = order();
    let body_members = body.as_object_mut().unwrap();
    body_members.extend(members.as_object().unwrap().clone());
    body
}

/// A connection brought into each phase of spec/states §1, with the word for it.
fn in_each_state() -> Vec<(&'static str, Lab, String)> {
    let ordered = || {
        let mut lab = Lab::new();
        let id = text(&lab.ok(ALICE, "CreateConnection", order()), "connectionId");
        (lab, id)
    };
    let approved = || {
        let (mut lab, id) = ordered();
        lab.settle();
        (lab, id)
    };
    let up = || {
        let (mut lab, id) = approved();
        lab.link(&id, Link::Up);
        (lab, id)
    };
    let mut all = Vec::new();
    let (lab, id) = ordered();
    all.push(("requested", lab, id));
    let (lab, id) = approved();
    all.push(("pending", lab, id));
    let (lab, id) = up();
    all.push(("available", lab, id));
    let (mut lab, id) = up();
    lab.link(&id, Link::Down);
    all.push(("down", lab, id));
    let (mut lab, id) = up();
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": id}));
    all.push(("deleting", lab, id));
    let (mut lab, id) = ordered();
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": id}));
    all.push(("deleted", lab, id));
    for (state, lab, id) in &all {
        assert_eq!(lab.connection_state(id), Some(*state), "set-up");
    }
    all
}

// ===== life =====

#[test]
fn a_port_goes_from_requested_to_available_and_down() {
    let mut lab = Lab::new();
    let id = text(&lab.ok(ALICE, "CreateConnection", order()), "connectionId");
    assert_eq!(lab.connection_state(&id), Some("requested"));
    assert_eq!(lab.connection(&id).device, None);
    lab.link(&id, Link::Up);
    assert_eq!(
        lab.connection_state(&id),
        Some("requested"),
        "a link alone approves nothing"
    );
    lab.link(&id, Link::Down);
    lab.settle();
    assert_eq!(lab.connection_state(&id), Some("pending"));
    assert!(lab.connection(&id).device.is_some());
    lab.link(&id, Link::Up);
    assert_eq!(lab.connection_state(&id), Some("available"));
    lab.link(&id, Link::Down);
    assert_eq!(lab.connection_state(&id), Some("down"));
}

/// A report made for a World that did not come to be may arrive before the approval.
#[test]
fn a_link_reported_before_the_approval_is_reported_again_after_it() {
    let mut lab = Lab::new();
    let id = text(&lab.ok(ALICE, "CreateConnection", order()), "connectionId");
    lab.link(&id, Link::Up);
    assert_ne!(lab.connection(&id).link, Link::Up);
    lab.settle();
    assert_eq!(lab.connection_state(&id), Some("pending"));
    lab.link(&id, Link::Up);
    assert_eq!(lab.connection_state(&id), Some("available"));
}

#[test]
fn without_automatic_approval_an_order_waits() {
    let mut lab = Lab::with(|settings| settings.approve_connections = false);
    let id = text(&lab.ok(ALICE, "CreateConnection", order()), "connectionId");
    lab.advance(Span::from_days(30));
    assert_eq!(lab.connection_state(&id), Some("requested"));
}

#[test]
fn deleted_connections_are_shown_for_fifteen_minutes() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    let body = json!({"connectionId": id});
    assert_eq!(
        lab.ok(ALICE, "DeleteConnection", body.clone())["connectionState"],
        "deleting"
    );
    lab.settle();
    let shown = lab.ok(ALICE, "DescribeConnections", body.clone());
    assert_eq!(shown["connections"][0]["connectionState"], "deleted");
    assert_eq!(
        lab.message(ALICE, "DeleteConnection", body.clone()),
        format!("Could not find Connection with ID {id}"),
        "deleting what is deleted"
    );
    lab.advance(Span::from_minutes(15));
    assert_eq!(
        lab.message(ALICE, "DescribeConnections", body),
        format!("Could not find Connection with ID {id}")
    );
    assert!(lab.world.is_empty());
}

// ===== DeleteConnection =====

#[test]
fn delete_answers_by_state() {
    let rows = [
        ("requested", Ok("deleted")),
        ("pending", Ok("deleting")),
        ("available", Ok("deleting")),
        ("down", Ok("deleting")),
        ("deleting", Ok("deleting")),
        ("deleted", Err(())),
    ];
    for ((state, mut lab, id), (row, expected)) in in_each_state().into_iter().zip(rows) {
        assert_eq!(state, row);
        let body = json!({"connectionId": id});
        match expected {
            Ok(word) => assert_eq!(
                lab.ok(ALICE, "DeleteConnection", body)["connectionState"],
                word,
                "{row}"
            ),
            Err(()) => assert_eq!(
                lab.refused(ALICE, "DeleteConnection", body),
                Refusal::ConnectionNotFound(id),
                "{row}"
            ),
        }
    }
}

#[test]
fn delete_drops_tags() {
    let mut lab = Lab::new();
    let body = order_with(json!({"tags": [{"key": "a", "value": "b"}]}));
    let id = text(&lab.ok(ALICE, "CreateConnection", body), "connectionId");
    let answer = lab.ok(ALICE, "DeleteConnection", json!({"connectionId": id}));
    assert_eq!(answer["tags"], json!([]));
}

#[test]
fn tags_given_while_deleting_vanish_too() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": id}));
    let arn = format!("arn:aws:directconnect:us-east-1:{ALICE}:dxcon/{id}");
    let tags = json!([{"key": "a", "value": "b"}]);
    lab.ok(
        ALICE,
        "TagResource",
        json!({"resourceArn": arn, "tags": tags}),
    );
    assert!(!lab.connection(&id).tags.is_empty());
    lab.settle();
    assert_eq!(lab.connection_state(&id), Some("deleted"));
    assert!(lab.connection(&id).tags.is_empty());
}

#[test]
fn delete_is_refused_with_virtual_interfaces() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    lab.virtual_interface_on(ALICE, &id, 7);
    assert_eq!(
        lab.message(ALICE, "DeleteConnection", json!({"connectionId": id})),
        format!("Connection {id} has virtual interfaces and cannot be deleted.")
    );
}

#[test]
fn delete_is_refused_below_the_minimum_links() {
    let mut lab = Lab::new();
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({"numberOfConnections": 2, "location": "EqDC2", "connectionsBandwidth": "1Gbps", "lagName": "lag"}),
    );
    let (lag_id, member) = (
        text(&lag, "lagId"),
        text(&lag["connections"][0], "connectionId"),
    );
    lab.ok(
        ALICE,
        "UpdateLag",
        json!({"lagId": lag_id, "minimumLinks": 2}),
    );
    let message = lab.message(ALICE, "DeleteConnection", json!({"connectionId": member}));
    assert!(
        message.contains(&format!("below the minimum links of Lag {lag_id}")),
        "{message}"
    );
    lab.ok(
        ALICE,
        "UpdateLag",
        json!({"lagId": lag_id, "minimumLinks": 1}),
    );
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": member}));
    let lags = lab.ok(ALICE, "DescribeLags", json!({"lagId": lag_id}));
    assert_eq!(lags["lags"][0]["numberOfConnections"], 1);
}

#[test]
fn delete_is_refused_when_too_few_links_would_stay_up() {
    let mut lab = Lab::new();
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({"numberOfConnections": 2, "location": "EqDC2", "connectionsBandwidth": "1Gbps", "lagName": "lag"}),
    );
    let (up, dark) = (
        text(&lag["connections"][0], "connectionId"),
        text(&lag["connections"][1], "connectionId"),
    );
    lab.settle();
    lab.link(&up, Link::Up);
    lab.ok(
        ALICE,
        "UpdateLag",
        json!({"lagId": lag["lagId"], "minimumLinks": 1}),
    );
    lab.refused(ALICE, "DeleteConnection", json!({"connectionId": up}));
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": dark}));
}

// ===== UpdateConnection =====

#[test]
fn update_renames_in_every_state_but_deleted() {
    for (state, mut lab, id) in in_each_state() {
        let body = json!({"connectionId": id, "connectionName": "new name"});
        if state == "deleted" {
            assert_eq!(
                lab.refused(ALICE, "UpdateConnection", body),
                Refusal::ConnectionNotFound(id)
            );
        } else {
            let answer = lab.ok(ALICE, "UpdateConnection", body);
            assert_eq!(answer["connectionName"], "new name", "{state}");
            assert_eq!(answer["connectionState"], state);
        }
    }
}

#[test]
fn update_without_anything_changes_nothing() {
    let mut lab = Lab::new();
    let before = lab.ok(ALICE, "CreateConnection", order());
    let body = json!({"connectionId": before["connectionId"]});
    assert_eq!(lab.ok(ALICE, "UpdateConnection", body), before);
}

#[test]
fn encryption_modes_are_for_capable_ports() {
    let mut lab = Lab::new();
    let plain = lab.dedicated(ALICE);
    let capable = lab.ok(
        ALICE,
        "CreateConnection",
        order_with(json!({"bandwidth": "10Gbps", "requestMACSec": true})),
    );
    let capable = text(&capable, "connectionId");
    let set = |id: &str, mode: &str| json!({"connectionId": id, "encryptionMode": mode});
    assert_eq!(
        lab.message(ALICE, "UpdateConnection", set(&plain, "must_encrypt")),
        format!("Connection {plain} is not MACsec capable.")
    );
    for mode in ["no_encrypt", "should_encrypt", "must_encrypt"] {
        let answer = lab.ok(ALICE, "UpdateConnection", set(&capable, mode));
        assert_eq!(answer["encryptionMode"], mode);
    }
    let message = lab.message(ALICE, "UpdateConnection", set(&capable, "MUST"));
    assert!(
        message.starts_with("Encryption mode MUST is not valid"),
        "{message}"
    );
}

#[test]
fn a_port_that_must_encrypt_is_down_until_it_does() {
    let mut lab = Lab::new();
    let body = order_with(json!({"bandwidth": "10Gbps", "requestMACSec": true}));
    let id = text(&lab.ok(ALICE, "CreateConnection", body), "connectionId");
    lab.settle();
    lab.link(&id, Link::Up);
    assert_eq!(lab.connection_state(&id), Some("available"));
    lab.ok(
        ALICE,
        "UpdateConnection",
        json!({"connectionId": id, "encryptionMode": "must_encrypt"}),
    );
    assert_eq!(lab.connection_state(&id), Some("down"));
    let connection = id.parse().unwrap();
    lab.report(&[crate::Report::Encryption {
        connection,
        encrypted: true,
    }]);
    assert_eq!(lab.connection_state(&id), Some("available"));
}

/// A MACsec port that must encrypt and is approved, with its link up. Gives its id.
fn must_encrypt(lab: &mut Lab) -> String {
    let id = lab.ordered_with_mac_sec(ALICE);
    lab.ok(
        ALICE,
        "UpdateConnection",
        json!({"connectionId": id, "encryptionMode": "must_encrypt"}),
    );
    lab.settle();
    lab.link(&id, Link::Up);
    id
}

/// Row `pending → available` of spec/states §1.
#[test]
fn a_port_that_must_encrypt_is_pending_until_it_first_does() {
    let mut lab = Lab::new();
    let id = must_encrypt(&mut lab);
    assert_eq!(lab.connection_state(&id), Some("pending"));
    let connection = id.parse().unwrap();
    lab.report(&[crate::Report::Encryption {
        connection,
        encrypted: true,
    }]);
    assert_eq!(lab.connection_state(&id), Some("available"));
    lab.report(&[crate::Report::Encryption {
        connection,
        encrypted: false,
    }]);
    assert_eq!(lab.connection_state(&id), Some("down"));
}

#[test]
fn a_port_that_no_longer_has_to_encrypt_comes_into_service() {
    let mut lab = Lab::new();
    let id = must_encrypt(&mut lab);
    assert_eq!(lab.connection_state(&id), Some("pending"));
    let body = json!({"connectionId": id, "encryptionMode": "should_encrypt"});
    let answer = lab.ok(ALICE, "UpdateConnection", body);
    assert_eq!(answer["connectionState"], "available");
}

#[test]
fn update_takes_interconnects_too() {
    let mut lab = Lab::new();
    let id = lab.interconnect(PAULA);
    lab.ok(
        PAULA,
        "UpdateConnection",
        json!({"connectionId": id, "connectionName": "renamed"}),
    );
    assert_eq!(lab.connection(&id).name, "renamed");
}

// ===== DescribeConnections =====

#[test]
fn a_list_has_own_connections_but_no_interconnects() {
    let mut lab = Lab::new();
    let one = lab.dedicated(ALICE);
    let other = lab.dedicated(ALICE);
    lab.interconnect(ALICE);
    lab.dedicated(BOB);
    let list = lab.ok(ALICE, "DescribeConnections", json!({}));
    let ids: Vec<&str> = list["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["connectionId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [one, other]);
    assert!(list.get("nextToken").is_none());
}

#[test]
fn pages_follow_one_another_and_end_without_a_token() {
    let mut lab = Lab::with(|settings| settings.quotas.connections_per_location = 1_000);
    for _ in 0..25 {
        lab.ok(ALICE, "CreateConnection", order());
    }
    let mut seen = Vec::new();
    let mut body = json!({"maxResults": 10});
    let sizes: Vec<usize> = std::iter::from_fn(|| {
        body.as_object()?;
        let page = lab.ok(ALICE, "DescribeConnections", body.clone());
        let found = page["connections"].as_array().unwrap().clone();
        seen.extend(found.iter().map(|found| text(found, "connectionId")));
        body = match page.get("nextToken") {
            Some(token) => json!({"maxResults": 10, "nextToken": token}),
            None => Value::Null,
        };
        Some(found.len())
    })
    .collect();
    assert_eq!(sizes, [10, 10, 5]);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 25);
}

#[test]
fn ids_are_told_apart_from_formats() {
    let mut lab = Lab::new();
    let foreign = lab.dedicated(BOB);
    let interconnect = lab.interconnect(ALICE);
    for operation in ["DescribeConnections", "DeleteConnection"] {
        for id in ["dxcon-ffffffff", &foreign, &interconnect] {
            assert_eq!(
                lab.message(ALICE, operation, json!({"connectionId": id})),
                format!("Could not find Connection with ID {id}"),
                "{operation}"
            );
        }
        assert_eq!(
            lab.message(ALICE, operation, json!({"connectionId": "con-1"})),
            "Connection ID con-1 has an invalid format.",
            "{operation} (M1)"
        );
    }
}

#[test]
fn a_connection_of_another_region_does_not_exist() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    lab.region = "us-west-2".parse().unwrap();
    lab.refused(ALICE, "DescribeConnections", json!({"connectionId": id}));
    assert_eq!(
        lab.ok(ALICE, "DescribeConnections", json!({})),
        json!({"connections": []})
    );
}

#[test]
fn an_order_waits_while_no_device_has_room() {
    let mut lab = Lab::new();
    let region = lab.region;
    let mut location = crate::inventory::location(&lab.world, region, "EqDC2")
        .unwrap()
        .as_ref()
        .clone();
    location.devices.truncate(1);
    location.devices[0].ports = Some(1);
    lab.put(location);
    let first = lab.dedicated(ALICE);
    let second = text(&lab.ok(ALICE, "CreateConnection", order()), "connectionId");
    lab.settle();
    assert_eq!(lab.connection_state(&second), Some("requested"));
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": first}));
    lab.advance(Span::from_minutes(2));
    assert_eq!(lab.connection_state(&second), Some("pending"));
    assert_eq!(
        lab.connection(&second).phase,
        ConnectionPhase::Pending { ready_at: None }
    );
}
