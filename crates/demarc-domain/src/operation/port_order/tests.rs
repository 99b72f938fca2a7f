//! Rows of spec/operations §3 `CreateConnection`.

use serde_json::{Value, json};

use crate::refusal::{Exception, Refusal};
use crate::testing::{ALICE, BOB, Lab, text};

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

#[test]
fn a_fresh_connection_has_the_observed_members() {
    let mut lab = Lab::new();
    let answer = lab.ok(ALICE, "CreateConnection", order());
    assert_eq!(
        answer,
        json!({
            "ownerAccount": ALICE,
            "connectionId": answer["connectionId"],
            "connectionName": "port",
            "connectionState": "requested",
            "region": "us-east-1",
            "location": "EqDC2",
            "bandwidth": "1Gbps",
            "jumboFrameCapable": false,
            "hasLogicalRedundancy": "unknown",
            "tags": [],
            "macSecCapable": false,
            "rateLimiterStatus": {"maxAllowed": 10, "inUse": 0, "remaining": 10, "totalBandwidth": "0Mbps"},
            "prefixPoolSizeIpv4": 5000,
            "prefixPoolSizeIpv6": 5000,
            "prefixPoolUnallocatedCountIpv4": 5000,
            "prefixPoolUnallocatedCountIpv6": 5000,
            "billingMode": "PayAsYouGo",
        })
    );
}

#[test]
fn a_mac_sec_order_shows_its_mode_and_no_keys() {
    let mut lab = Lab::new();
    let answer = lab.ok(
        ALICE,
        "CreateConnection",
        order_with(json!({"bandwidth": "10Gbps", "requestMACSec": true})),
    );
    assert_eq!(answer["macSecCapable"], true);
    assert_eq!(answer["encryptionMode"], "should_encrypt");
    assert_eq!(answer["portEncryptionStatus"], "Encryption Down");
    assert_eq!(answer["macSecKeys"], json!([]));
}

#[test]
fn orders_are_checked_row_by_row() {
    let rows = [
        (
            "bandwidth unknown",
            json!({"bandwidth": "1gbps"}),
            "Bandwidth 1gbps is not valid.",
        ),
        (
            "bandwidth of hosted connections",
            json!({"bandwidth": "500Mbps"}),
            "Bandwidth 500Mbps is not valid.",
        ),
        (
            "location unknown",
            json!({"location": "Nowhere"}),
            "Location Nowhere is not valid.",
        ),
        (
            "location of another Region",
            json!({"location": "EqSV5"}),
            "Location EqSV5 is not valid.",
        ),
        (
            "MACsec on 1 Gbit/s",
            json!({"requestMACSec": true}),
            "MACsec is not offered for 1Gbps at location EqDC2.",
        ),
        (
            "name with other characters",
            json!({"connectionName": "a;b"}),
            "Connection name is not valid. It has to be 1 to 200 letters, digits, blanks and _ - , /, not `a;b`.",
        ),
        (
            "provider with a long name",
            json!({"providerName": "x".repeat(201)}),
            "providerName is not valid: at most 200 characters are allowed.",
        ),
        (
            "LAG format",
            json!({"lagId": "dxlag-1"}),
            "Lag ID dxlag-1 has an invalid format.",
        ),
        (
            "LAG unknown (M6)",
            json!({"lagId": "dxlag-ffffffff"}),
            "Could not find Lag with ID dxlag-ffffffff",
        ),
        (
            "flat rate on 1 Gbit/s",
            json!({"billingMode": "FlatRateTier1"}),
            "Billing mode FlatRateTier1 is not available for 1Gbps: flat rates are for 10Gbps and 100Gbps.",
        ),
        (
            "reserved tag",
            json!({"tags": [{"key": "aws:x", "value": "y"}]}),
            "Tag key aws:x begins with aws:, which is reserved.",
        ),
    ];
    let mut lab = Lab::new();
    for (row, members, message) in rows {
        let refusal = lab.refused(ALICE, "CreateConnection", order_with(members));
        assert_eq!(refusal.to_string(), message, "{row}");
        assert_eq!(refusal.exception(), Exception::Client, "{row}");
    }
    // The same in every order; none is as good as one that fits a letter.
    for (operation, name) in [
        ("CreateConnection", "connectionName"),
        ("CreateInterconnect", "interconnectName"),
        ("CreateLag", "lagName"),
    ] {
        let order = |provider: &str| {
            let mut body = json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionsBandwidth": "1Gbps",
                "numberOfConnections": 1, "providerName": provider});
            body[name] = json!("port");
            body
        };
        let message = lab.message(ALICE, operation, order(&"x".repeat(201)));
        assert_eq!(
            message, "providerName is not valid: at most 200 characters are allowed.",
            "{operation}"
        );
        for provider in ["", &"x".repeat(200)] {
            lab.ok(ALICE, operation, order(provider));
        }
    }
    let twice = json!({"tags": [{"key": "a"}, {"key": "a"}]});
    let refusal = lab.refused(ALICE, "CreateConnection", order_with(twice));
    assert_eq!(refusal.exception(), Exception::DuplicateTagKeys);
    let many: Vec<Value> = (0..51).map(|n| json!({"key": n.to_string()})).collect();
    let refusal = lab.refused(ALICE, "CreateConnection", order_with(json!({"tags": many})));
    assert_eq!(refusal.exception(), Exception::TooManyTags);
}

#[test]
fn a_location_is_found_without_regard_to_case_and_shown_in_its_own() {
    let mut lab = Lab::new();
    let answer = lab.ok(
        ALICE,
        "CreateConnection",
        order_with(json!({"location": "eqdc2"})),
    );
    assert_eq!(answer["location"], "EqDC2");
}

#[test]
fn the_quota_counts_active_connections_at_a_location() {
    let mut lab = Lab::new();
    let mut last = String::new();
    for _ in 0..10 {
        last = text(&lab.ok(ALICE, "CreateConnection", order()), "connectionId");
    }
    let refusal = lab.refused(ALICE, "CreateConnection", order());
    assert!(
        matches!(refusal, Refusal::Quota { limit: 10, .. }),
        "{refusal}"
    );
    lab.ok(BOB, "CreateConnection", order());
    lab.ok(
        ALICE,
        "CreateConnection",
        order_with(json!({"location": "CSVA1"})),
    );
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": last}));
    lab.ok(ALICE, "CreateConnection", order());
}

#[test]
fn ports_ordered_one_after_the_other_end_on_different_devices() {
    let mut lab = Lab::new();
    let one = lab.dedicated(ALICE);
    let other = lab.dedicated(ALICE);
    assert_ne!(lab.connection(&one).device, lab.connection(&other).device);
}

#[test]
fn an_order_into_a_lag_becomes_its_member() {
    let mut lab = Lab::new();
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({"numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "1Gbps", "lagName": "lag"}),
    );
    let id = text(&lag, "lagId");
    let answer = lab.ok(ALICE, "CreateConnection", order_with(json!({"lagId": id})));
    assert_eq!(answer["lagId"], lag["lagId"]);
    assert_eq!(answer["awsDevice"], lag["awsDevice"]);
    let rows = [
        ("another location", json!({"location": "CSVA1"})),
        ("another speed", json!({"bandwidth": "10Gbps"})),
    ];
    for (row, members) in rows {
        let mut body = order_with(members);
        body["lagId"] = json!(id);
        let message = lab.message(ALICE, "CreateConnection", body);
        assert!(
            message.contains(&format!("must match Lag {id}")),
            "{row}: {message}"
        );
    }
    for _ in 0..2 {
        lab.ok(ALICE, "CreateConnection", order_with(json!({"lagId": id})));
    }
    let refusal = lab.refused(ALICE, "CreateConnection", order_with(json!({"lagId": id})));
    assert!(
        matches!(refusal, Refusal::Quota { limit: 4, .. }),
        "{refusal}"
    );
}
