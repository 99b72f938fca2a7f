//! Rows of spec/operations §5 and spec/states §4.

use demarc_types::Span;
use serde_json::{Value, json};

use crate::entity::{Link, PeerPhase};
use crate::refusal::{Exception, Refusal};
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

// ===== CreateLag =====

#[test]
fn a_fresh_lag_has_the_observed_members() {
    let mut lab = Lab::new();
    let body = order_with(
        2,
        json!({
            "tags": [{"key": "a", "value": "lag"}],
            "childConnectionTags": [{"key": "b", "value": "member"}],
            "providerName": "Provider",
        }),
    );
    let mut answer = lab.ok(ALICE, "CreateLag", body);
    let id = text(&answer, "lagId");
    let members = answer["connections"].take();
    let device = answer["awsDevice"].clone();
    assert!(device.as_str().unwrap().starts_with("EqDC2-"));
    assert_eq!(
        answer,
        json!({
            "lagId": id, "lagName": "lag", "ownerAccount": ALICE, "lagState": "requested",
            "connectionsBandwidth": "10Gbps", "numberOfConnections": 2, "minimumLinks": 0,
            "location": "EqDC2", "region": "us-east-1", "connections": null,
            "awsDevice": device, "awsDeviceV2": device, "awsLogicalDeviceId": device,
            "allowsHostedConnections": false, "jumboFrameCapable": false, "hasLogicalRedundancy": "no",
            "tags": [{"key": "a", "value": "lag"}], "providerName": "Provider", "macSecCapable": false,
            "rateLimiterStatus": {"maxAllowed": 10, "inUse": 0, "remaining": 10, "totalBandwidth": "0Mbps"},
            "prefixPoolSizeIpv4": 10000, "prefixPoolSizeIpv6": 10000,
            "prefixPoolUnallocatedCountIpv4": 10000, "prefixPoolUnallocatedCountIpv6": 10000,
            "billingMode": "PayAsYouGo",
        })
    );
    for (number, member) in (1..).zip(members.as_array().unwrap()) {
        assert_eq!(
            member["connectionName"],
            json!(format!("Requested Connection {number} for Lag {id}"))
        );
        assert_eq!(member["connectionState"], "requested");
        assert_eq!(member["lagId"], json!(id));
        assert_eq!(member["awsDevice"], device);
        assert_eq!(member["providerName"], "Provider");
        assert_eq!(member["tags"], json!([{"key": "b", "value": "member"}]));
    }
}

#[test]
fn an_existing_connection_keeps_id_name_and_state() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    let answer = lab.ok(
        ALICE,
        "CreateLag",
        order_with(2, json!({"connectionId": id})),
    );
    assert_eq!(answer["numberOfConnections"], 2);
    assert_eq!(answer["lagState"], "available");
    let member = answer["connections"]
        .as_array()
        .unwrap()
        .iter()
        .find(|member| member["connectionId"] == json!(id))
        .unwrap();
    assert_eq!(member["connectionName"], "port");
    assert_eq!(member["connectionState"], "available");
    assert_eq!(answer["awsDevice"], json!(lab.connection(&id).device));
    let new = answer["connections"]
        .as_array()
        .unwrap()
        .iter()
        .find(|member| member["connectionId"] != json!(id))
        .unwrap();
    assert_eq!(
        new["connectionName"],
        json!(format!(
            "Requested Connection 1 for Lag {}",
            text(&answer, "lagId")
        ))
    );
}

#[test]
fn what_is_on_an_existing_connection_moves_to_the_lag() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    let interface = lab.virtual_interface_on(ALICE, &id, 7);
    let lag = text(
        &lab.ok(
            ALICE,
            "CreateLag",
            order_with(1, json!({"connectionId": id})),
        ),
        "lagId",
    );
    let moved = lab.now_of(&interface);
    assert_eq!(moved.parent.to_string(), lag);
    assert!(moved.is_behind(), "the fabric has to follow");
    let phases: Vec<PeerPhase> = moved.peers.iter().map(|peer| peer.phase).collect();
    assert_eq!(phases, [PeerPhase::Deleting, PeerPhase::Pending]);
    lab.converge();
    assert_eq!(lab.now_of(&interface).peers.len(), 1);
    assert!(!lab.now_of(&interface).is_behind());
}

#[test]
fn hosted_connections_of_an_interconnect_move_to_the_lag() {
    let mut lab = Lab::new();
    let id = lab.interconnect(PAULA);
    let hosted = lab.ok(
        PAULA,
        "AllocateHostedConnection",
        json!({"connectionId": id, "ownerAccount": ALICE, "bandwidth": "1Gbps", "connectionName": "h", "vlan": 9}),
    );
    let hosted = text(&hosted, "connectionId");
    let answer = lab.ok(
        PAULA,
        "CreateLag",
        order_with(1, json!({"connectionId": id})),
    );
    assert_eq!(answer["allowsHostedConnections"], true);
    let lag = text(&answer, "lagId");
    assert_eq!(lab.connection(&hosted).parent().unwrap().to_string(), lag);
    let list = lab.ok(
        PAULA,
        "DescribeHostedConnections",
        json!({"connectionId": lag}),
    );
    assert_eq!(list["connections"][0]["lagId"], json!(lag));
}

#[test]
fn who_may_host_decides_what_a_lag_allows() {
    let mut open = Lab::new();
    assert_eq!(
        open.ok(PAULA, "CreateLag", order(1))["allowsHostedConnections"],
        false
    );
    let mut listed = Lab::listed();
    assert_eq!(
        listed.ok(PAULA, "CreateLag", order(1))["allowsHostedConnections"],
        true
    );
    assert_eq!(
        listed.ok(ALICE, "CreateLag", order(1))["allowsHostedConnections"],
        false
    );
}

#[test]
fn orders_are_checked_row_by_row() {
    let mut lab = Lab::new();
    let foreign = lab.dedicated(BOB);
    let slow = text(
        &lab.ok(
            ALICE,
            "CreateConnection",
            json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "c"}),
        ),
        "connectionId",
    );
    let elsewhere = text(
        &lab.ok(
            ALICE,
            "CreateConnection",
            json!({"location": "CSVA1", "bandwidth": "10Gbps", "connectionName": "c"}),
        ),
        "connectionId",
    );
    let own = lab.dedicated(ALICE);
    let interconnect = lab.interconnect(PAULA);
    let hosted = text(
        &lab.ok(
            PAULA,
            "AllocateHostedConnection",
            json!({"connectionId": interconnect, "ownerAccount": ALICE, "bandwidth": "10Gbps", "connectionName": "h", "vlan": 1}),
        ),
        "connectionId",
    );
    let leaving = lab.dedicated(ALICE);
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": leaving}));
    let rows = [
        ("bandwidth", 1, json!({"connectionsBandwidth": "2Gbps"}), "Bandwidth 2Gbps is not valid.".to_owned()),
        ("location", 1, json!({"location": "Nowhere"}), "Location Nowhere is not valid.".to_owned()),
        ("none", 0, json!({}), "numberOfConnections must be between 1 and 4.".to_owned()),
        ("negative", -1, json!({}), "numberOfConnections must be between 1 and 4.".to_owned()),
        ("five", 5, json!({}), "numberOfConnections must be between 1 and 4.".to_owned()),
        (
            "three of 100G",
            3,
            json!({"connectionsBandwidth": "100Gbps"}),
            "numberOfConnections must be between 1 and 2.".to_owned(),
        ),
        ("deleting", 1, json!({"connectionId": leaving}), format!("The specified Connection ID is not available: {leaving} is in state deleting.")),
        ("connection format", 1, json!({"connectionId": "x"}), "Connection ID x has an invalid format.".to_owned()),
        (
            "connection of another (M5)",
            1,
            json!({"connectionId": foreign}),
            format!("Could not find Connection with ID {foreign}"),
        ),
        (
            "hosted",
            1,
            json!({"connectionId": hosted}),
            format!("Connection {hosted} is a hosted connection and cannot be a member of a Lag."),
        ),
        (
            "other speed",
            1,
            json!({"connectionId": slow}),
            format!("Connection {slow} has 1Gbps, not 10Gbps."),
        ),
        (
            "other location",
            1,
            json!({"connectionId": elsewhere}),
            format!("Connection {elsewhere} is not at location EqDC2."),
        ),
        (
            "MACsec (M17)",
            1,
            json!({"connectionId": own, "requestMACSec": true}),
            format!("Connection {own} and lag should be requested MacSec at the same time"),
        ),
        (
            "MACsec on 1G",
            1,
            json!({"connectionsBandwidth": "1Gbps", "requestMACSec": true}),
            "MACsec is not offered for 1Gbps at location EqDC2.".to_owned(),
        ),
        (
            "flat rate on 400G",
            1,
            json!({"connectionsBandwidth": "400Gbps", "billingMode": "FlatRateTier2"}),
            "Billing mode FlatRateTier2 is not available for 400Gbps: flat rates are for 10Gbps and 100Gbps.".to_owned(),
        ),
    ];
    for (row, count, members, message) in rows {
        assert_eq!(
            lab.message(ALICE, "CreateLag", order_with(count, members)),
            message,
            "{row}"
        );
    }
    for member in ["tags", "childConnectionTags"] {
        let body = order_with(1, json!({member: [{"key": "a"}, {"key": "a"}]}));
        let refusal = lab.refused(ALICE, "CreateLag", body);
        assert_eq!(refusal.exception(), Exception::DuplicateTagKeys, "{member}");
    }
}

#[test]
fn quotas_of_lags_and_of_ports_hold() {
    let mut lab = Lab::with(|settings| settings.quotas.connections_per_location = 100);
    for _ in 0..10 {
        lab.ok(ALICE, "CreateLag", order(1));
    }
    let refusal = lab.refused(ALICE, "CreateLag", order(1));
    assert!(
        matches!(
            refusal,
            Refusal::Quota {
                what: "Lag",
                limit: 10,
                ..
            }
        ),
        "{refusal}"
    );
    let mut lab = Lab::new();
    lab.ok(ALICE, "CreateLag", order(4));
    lab.ok(ALICE, "CreateLag", order(4));
    let refusal = lab.refused(ALICE, "CreateLag", order(3));
    assert!(
        matches!(
            refusal,
            Refusal::Quota {
                what: "Connection",
                limit: 10,
                ..
            }
        ),
        "{refusal}"
    );
    lab.ok(ALICE, "CreateLag", order(2));
}

#[test]
fn all_members_end_on_one_device_which_must_have_room() {
    let mut lab = Lab::new();
    let mut location = crate::inventory::location(&lab.world, lab.region, "EqDC2")
        .unwrap()
        .as_ref()
        .clone();
    for device in &mut location.devices {
        device.ports = Some(3);
    }
    lab.put(location);
    let message = lab.message(ALICE, "CreateLag", order(4));
    assert_eq!(message, "No device at location EqDC2 has 4 free ports.");
    let answer = lab.ok(ALICE, "CreateLag", order(3));
    let id = text(&answer, "lagId");
    let devices: Vec<&Value> = answer["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| &member["awsDeviceV2"])
        .collect();
    assert!(
        devices
            .iter()
            .all(|device| **device == answer["awsDeviceV2"])
    );
    let full = json!({
        "location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "c", "lagId": id,
    });
    assert_eq!(
        lab.message(ALICE, "CreateConnection", full),
        format!("The device of Lag {id} has no free port.")
    );
}

#[test]
fn terraform_deletes_the_member_it_did_not_want_and_the_lag_stays() {
    let mut lab = Lab::new();
    let answer = lab.ok(ALICE, "CreateLag", order(1));
    let member = text(&answer["connections"][0], "connectionId");
    let deleted = lab.ok(ALICE, "DeleteConnection", json!({"connectionId": member}));
    assert_eq!(deleted["connectionState"], "deleted");
    let lag = lab.ok(ALICE, "DescribeLags", json!({"lagId": answer["lagId"]}))["lags"][0].take();
    assert_eq!(lag["numberOfConnections"], 0);
    assert_eq!(lag["connections"], json!([]));
    assert_eq!(lag["lagState"], "pending");
}

// ===== state =====

#[test]
fn the_state_follows_the_links() {
    let mut lab = Lab::new();
    let answer = lab.ok(ALICE, "CreateLag", order(2));
    let id = text(&answer, "lagId");
    let members = [0, 1].map(|index| text(&answer["connections"][index], "connectionId"));
    assert_eq!(lab.lag_state(&id), Some("requested"));
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
