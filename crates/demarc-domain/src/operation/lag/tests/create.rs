//! Rows of spec/operations §5 `CreateLag`.

use serde_json::{Value, json};

use super::{order, order_with};
use crate::entity::{Link, PeerPhase};
use crate::refusal::{Exception, Refusal};
use crate::testing::{ALICE, BOB, Lab, PAULA, text};

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
            "prefixPoolSizeIpv4": 0, "prefixPoolSizeIpv6": 0,
            "prefixPoolUnallocatedCountIpv4": 0, "prefixPoolUnallocatedCountIpv6": 0,
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
fn new_members_are_listed_by_their_numbers() {
    for seed in 0..8 {
        let mut lab = Lab::new();
        // Other ids each time.
        (0..seed).for_each(|_| drop(lab.dedicated(BOB)));
        let made = lab.ok(ALICE, "CreateLag", order(4));
        let id = text(&made, "lagId");
        let listed = lab.ok(ALICE, "DescribeLags", json!({"lagId": id}));
        for members in [&made["connections"], &listed["lags"][0]["connections"]] {
            for (number, member) in (1..).zip(members.as_array().unwrap()) {
                assert_eq!(
                    member["connectionName"],
                    json!(format!("Requested Connection {number} for Lag {id}"))
                );
            }
        }
    }
}

#[test]
fn members_bring_their_prefix_pool_when_their_link_first_comes_up() {
    let mut lab = Lab::new();
    let lag = lab.ok(ALICE, "CreateLag", order_with(2, json!({})));
    let id = text(&lag, "lagId");
    lab.settle();
    let mut sizes = Vec::new();
    for (member, link) in [(0, Link::Up), (1, Link::Up), (0, Link::Down)] {
        lab.link(&text(&lag["connections"][member], "connectionId"), link);
        let shown = lab.ok(ALICE, "DescribeLags", json!({"lagId": id}));
        sizes.push(shown["lags"][0]["prefixPoolSizeIpv4"].clone());
    }
    assert_eq!(sizes, [5_000, 10_000, 10_000]);
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
    assert_eq!(
        answer["lagState"], "pending",
        "until the customer's side runs LACP, too"
    );
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
fn jumbo_frames_on_an_existing_connection_do_not_wait_for_the_new_ports() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    let mut interface = lab.virtual_interface_on(ALICE, &id, 7);
    interface.mtu = 9_001;
    lab.put(interface.clone());
    let body = order_with(2, json!({"connectionId": id}));
    let lag = lab.ok(ALICE, "CreateLag", body);
    assert_eq!(lag["numberOfConnections"], 2);
    assert_eq!(
        lab.now_of(&interface).parent.to_string(),
        text(&lag, "lagId")
    );
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

/// Two customers, or two connections of one, may have equal addresses behind their VLANs. A LAG that takes
/// the interconnect in changes nothing about that.
#[test]
fn hosted_connections_that_got_on_before_move_together() {
    let mut lab = Lab::new();
    let id = lab.interconnect(PAULA);
    let offered = [8, 9].map(|vlan| {
        let answer = lab.ok(
            PAULA,
            "AllocateHostedConnection",
            json!({"connectionId": id, "ownerAccount": ALICE, "bandwidth": "1Gbps", "connectionName": "h", "vlan": vlan}),
        );
        let hosted = text(&answer, "connectionId");
        lab.ok(ALICE, "ConfirmConnection", json!({"connectionId": hosted}));
        hosted
    });
    lab.settle();
    let [one, mut other] = offered
        .each_ref()
        .map(|hosted| lab.virtual_interface_on(ALICE, hosted, 8));
    other.vlan = demarc_types::VlanId::new(9).unwrap();
    lab.put(other.clone());
    assert_eq!(one.peers[0].amazon_address, other.peers[0].amazon_address);
    let body = order_with(1, json!({"connectionId": id}));
    let lag = text(&lab.ok(PAULA, "CreateLag", body), "lagId");
    for hosted in offered {
        assert_eq!(lab.connection(&hosted).parent().unwrap().to_string(), lag);
    }
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

/// Two faults at once: what keeps the connection in its LAG is said before what keeps it out of the new one.
#[test]
fn the_old_lag_of_a_connection_is_asked_before_it_is_compared() {
    let mut lab = Lab::new();
    let old = lab.ok(ALICE, "CreateLag", order(1));
    let (id, member) = (
        text(&old, "lagId"),
        text(&old["connections"][0], "connectionId"),
    );
    lab.ok(ALICE, "UpdateLag", json!({"lagId": id, "minimumLinks": 1}));
    let body = order_with(1, json!({"connectionId": member, "location": "CSVA1"}));
    let message = lab.message(ALICE, "CreateLag", body);
    assert!(
        message.ends_with(&format!("below the minimum links of Lag {id}.")),
        "{message}"
    );
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

#[test]
fn the_number_of_members_is_the_operators_to_set() {
    let mut lab = Lab::with(|settings| {
        settings.quotas.members_per_lag = 1;
        settings.quotas.members_per_fast_lag = 3;
        settings.quotas.page_size = 1;
    });
    let text = lab.message(ALICE, "CreateLag", order_with(2, json!({})));
    assert_eq!(text, "numberOfConnections must be between 1 and 1.");
    let fast = json!({"connectionsBandwidth": "100Gbps"});
    let lag = lab.ok(ALICE, "CreateLag", order_with(3, fast.clone()));
    assert_eq!(lag["numberOfConnections"], 3);
    let text = lab.message(ALICE, "CreateLag", order_with(4, fast));
    assert_eq!(text, "numberOfConnections must be between 1 and 3.");
    let page = lab.ok(ALICE, "DescribeConnections", json!({"maxResults": 100}));
    assert_eq!(page["connections"].as_array().unwrap().len(), 1);
    assert!(page["nextToken"].is_string());
}
