//! Rows of spec/api-2026 §3 and spec/quotas row 28.

use demarc_types::Span;
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::testing::{ALICE, BOB, Lab, text};

fn change(ids: &[&str], mode: &str) -> Value {
    json!({"connectionIds": ids, "billingMode": mode})
}

fn shown(lab: &mut Lab, id: &str) -> String {
    let answer = lab.ok(ALICE, "DescribeConnections", json!({"connectionId": id}));
    text(&answer["connections"][0], "billingMode")
}

#[test]
fn all_named_connections_change_together() {
    let mut lab = Lab::new();
    let (one, other) = (lab.dedicated(ALICE), lab.dedicated(ALICE));
    let answer = lab.ok(
        ALICE,
        "UpdateConnectionsBillingMode",
        change(&[&one, &other, &one], "FlatRateTier2"),
    );
    assert_eq!(answer["billingMode"], "FlatRateTier2");
    let ids: Vec<&Value> = answer["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| &found["connectionId"])
        .collect();
    assert_eq!(ids, [&json!(one), &json!(other)], "each once");
    for id in [&one, &other] {
        assert_eq!(shown(&mut lab, id), "FlatRateTier2");
    }
    lab.ok(
        ALICE,
        "UpdateConnectionsBillingMode",
        change(&[&one], "PayAsYouGo"),
    );
    assert_eq!(shown(&mut lab, &one), "PayAsYouGo");
}

#[test]
fn one_that_cannot_change_keeps_all_from_changing() {
    let mut lab = Lab::new();
    let good = lab.dedicated(ALICE);
    let slow = text(
        &lab.ok(
            ALICE,
            "CreateConnection",
            json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "c"}),
        ),
        "connectionId",
    );
    let foreign = lab.dedicated(BOB);
    let interconnect = lab.interconnect(ALICE);
    let hosted = text(
        &lab.ok(
            ALICE,
            "AllocateHostedConnection",
            json!({"connectionId": interconnect, "ownerAccount": ALICE, "bandwidth": "10Gbps", "connectionName": "h", "vlan": 1}),
        ),
        "connectionId",
    );
    let leaving = lab.dedicated(ALICE);
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": leaving}));
    let rows = [
        ("format", "x", "has an invalid format"),
        (
            "unknown",
            "dxcon-ffffffff",
            "Could not find Connection with ID",
        ),
        ("of another", &foreign, "Could not find Connection with ID"),
        ("1 Gbit/s", &slow, "is not available for 1Gbps"),
        ("hosted", &hosted, "is not a dedicated connection"),
        (
            "interconnect",
            &interconnect,
            "is not a dedicated connection",
        ),
        ("deleting", &leaving, "is in state deleting"),
    ];
    for (row, id, part) in rows {
        let body = change(&[&good, id], "FlatRateTier1");
        let message = lab.message(ALICE, "UpdateConnectionsBillingMode", body);
        assert!(message.contains(part), "{row}: {message}");
    }
    lab.ok(
        ALICE,
        "UpdateConnectionsBillingMode",
        change(&[&slow], "PayAsYouGo"),
    );
}

#[test]
fn three_changes_fit_into_six_months() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    for mode in [
        "FlatRateTier1",
        "FlatRateTier1",
        "PayAsYouGo",
        "FlatRateTier3",
    ] {
        lab.ok(ALICE, "UpdateConnectionsBillingMode", change(&[&id], mode));
        lab.advance(Span::from_days(1));
    }
    let body = change(&[&id], "FlatRateTier4");
    let message = lab.message(ALICE, "UpdateConnectionsBillingMode", body.clone());
    assert!(
        message.contains("changed 3 times in the last six months"),
        "{message}"
    );
    lab.ok(
        ALICE,
        "UpdateConnectionsBillingMode",
        change(&[&id], "FlatRateTier3"),
    );
    lab.advance(Span::from_days(180));
    lab.ok(ALICE, "UpdateConnectionsBillingMode", body);
}

#[test]
fn the_members_of_a_lag_share_a_mode() {
    let mut lab = Lab::new();
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({
            "numberOfConnections": 2, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag",
            "billingMode": "FlatRateTier1",
        }),
    );
    assert_eq!(lag["billingMode"], "FlatRateTier1");
    let members = [0, 1].map(|index| text(&lag["connections"][index], "connectionId"));
    assert_eq!(lag["connections"][1]["billingMode"], "FlatRateTier1");
    lab.ok(
        ALICE,
        "UpdateConnectionsBillingMode",
        change(&[&members[0], &members[1]], "FlatRateTier2"),
    );
    assert_eq!(shown(&mut lab, &members[1]), "FlatRateTier2");
    assert_eq!(
        lab.connection(&members[0]).billing_changes.len(),
        1,
        "one change, not two"
    );
    let shown = lab.ok(ALICE, "DescribeLags", json!({"lagId": lag["lagId"]}));
    assert_eq!(shown["lags"][0]["billingMode"], "FlatRateTier2");
}

#[test]
fn a_mode_is_chosen_with_the_order() {
    let mut lab = Lab::new();
    let order = json!({
        "location": "EqDC2", "bandwidth": "100Gbps", "connectionName": "c", "billingMode": "FlatRateTier5",
    });
    let answer = lab.ok(ALICE, "CreateConnection", order);
    assert_eq!(answer["billingMode"], "FlatRateTier5");
    let id = text(&answer, "connectionId");
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": id}));
    assert_eq!(
        lab.refused(
            ALICE,
            "UpdateConnectionsBillingMode",
            change(&[&id], "PayAsYouGo")
        ),
        Refusal::ConnectionNotFound(id)
    );
}
