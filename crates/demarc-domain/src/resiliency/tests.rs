//! Models and port pairs of spec/api-2026 §3.

use serde_json::json;

use super::*;
use crate::testing::{ALICE, Lab, text};

/// A connection of Alice's, `available`, at a location and on its device of that number.
fn port(lab: &mut Lab, location: &str, device: usize) -> String {
    let id = lab.dedicated(ALICE);
    let mut connection = lab.connection(&id);
    let place = crate::inventory::location(&lab.world, lab.region, location).unwrap();
    connection.location = place.code;
    connection.device = Some(place.devices[device].name.clone());
    lab.put(connection);
    id
}

/// A group of that model, available, with these members associated.
fn group(lab: &mut Lab, model: &str, members: &[&str]) -> String {
    let answer = lab.ok(
        ALICE,
        "CreateResiliencyGroup",
        json!({"resiliencyGroupName": "group", "intendedResiliencyModel": model}),
    );
    let id = text(&answer["resiliencyGroup"], "resiliencyGroupId");
    if !members.is_empty() {
        lab.ok(
            ALICE,
            "AssociateConnectionsToResiliencyGroup",
            json!({"resiliencyGroupId": id, "connectionIdentifiers": members}),
        );
    }
    lab.settle();
    id
}

fn judgement(lab: &Lab, group: &str) -> Judgement {
    let id = group.parse().unwrap();
    judge(&lab.world, lab.world.resiliency_group(id).unwrap())
}

/// A model, where its members end (location and number of the device there), and whether that will do.
type Row = (&'static str, &'static [(&'static str, usize)], bool);

#[test]
fn each_model_asks_for_its_locations_and_devices() {
    let rows: [Row; 12] = [
        ("basic-resiliency", &[], false),
        ("basic-resiliency", &[("EqDC2", 0)], false),
        ("basic-resiliency", &[("EqDC2", 0), ("EqDC2", 0)], false),
        ("basic-resiliency", &[("EqDC2", 0), ("CSVA1", 0)], false),
        ("basic-resiliency", &[("EqDC2", 0), ("EqDC2", 1)], true),
        ("high-resiliency", &[("EqDC2", 0), ("EqDC2", 1)], false),
        ("high-resiliency", &[("EqDC2", 0), ("CSVA1", 0)], true),
        ("maximum-resiliency", &[("EqDC2", 0), ("CSVA1", 0)], false),
        (
            "maximum-resiliency",
            &[("EqDC2", 0), ("EqDC2", 1), ("CSVA1", 0)],
            false,
        ),
        (
            "maximum-resiliency",
            &[("EqDC2", 0), ("EqDC2", 1), ("CSVA1", 0), ("CSVA1", 0)],
            false,
        ),
        (
            "maximum-resiliency",
            &[("EqDC2", 0), ("EqDC2", 1), ("CSVA1", 0), ("CSVA1", 1)],
            true,
        ),
        (
            "maximum-resiliency",
            &[("EqDC2", 0), ("EqDC2", 1), ("EqDC2", 2), ("EqDC2", 3)],
            false,
        ),
    ];
    for (model, places, meets) in rows {
        let mut lab = Lab::new();
        let ports: Vec<String> = places
            .iter()
            .map(|(location, device)| port(&mut lab, location, *device))
            .collect();
        let members: Vec<&str> = ports.iter().map(String::as_str).collect();
        let id = group(&mut lab, model, &members);
        let judged = judgement(&lab, &id);
        assert_eq!(judged.meets, meets, "{model} {places:?}: {judged:?}");
        assert_eq!(judged.lacking.is_none(), meets);
    }
}

#[test]
fn only_associated_members_with_a_device_count() {
    let mut lab = Lab::new();
    let one = port(&mut lab, "EqDC2", 0);
    let other = port(&mut lab, "EqDC2", 1);
    let id = group(&mut lab, "basic-resiliency", &[&one, &other]);
    assert!(judgement(&lab, &id).meets);
    lab.ok(
        ALICE,
        "DisassociateConnectionsFromResiliencyGroup",
        json!({"resiliencyGroupId": id, "connectionIdentifiers": [other]}),
    );
    assert!(!judgement(&lab, &id).meets, "leaving");
    let ordered = lab.ok(
        ALICE,
        "CreateConnection",
        json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "c"}),
    );
    lab.ok(
        ALICE,
        "AssociateConnectionsToResiliencyGroup",
        json!({"resiliencyGroupId": id, "connectionIdentifiers": [ordered["connectionId"]]}),
    );
    assert!(!judgement(&lab, &id).meets, "not yet a member");
}

#[test]
fn a_lag_counts_as_one() {
    let mut lab = Lab::new();
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({"numberOfConnections": 2, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag"}),
    );
    let (id, member) = (
        text(&lag, "lagId"),
        text(&lag["connections"][0], "connectionId"),
    );
    let group = group(&mut lab, "basic-resiliency", &[&id, &member]);
    let judged = judgement(&lab, &group);
    assert!(!judged.meets);
    assert_eq!(judged.sites.len(), 1);
    assert_eq!(judged.sites[0].devices, [text(&lag, "awsDevice")]);
}

#[test]
fn ports_of_one_mode_and_speed_on_two_devices_are_a_pair() {
    let mut lab = Lab::new();
    let one = port(&mut lab, "EqDC2", 0);
    let other = port(&mut lab, "EqDC2", 1);
    let shown = |lab: &mut Lab, id: &str| {
        let answer = lab.ok(ALICE, "DescribeConnections", json!({"connectionId": id}));
        text(&answer["connections"][0], "billingMode")
    };
    let set = |lab: &mut Lab, ids: &[&str], mode: &str| {
        lab.ok(
            ALICE,
            "UpdateConnectionsBillingMode",
            json!({"connectionIds": ids, "billingMode": mode}),
        )
    };
    let id = group(&mut lab, "basic-resiliency", &[&one, &other]);
    assert_eq!(
        shown(&mut lab, &one),
        "PayAsYouGo",
        "no pair without a flat rate"
    );
    set(&mut lab, &[&one], "FlatRateTier2");
    assert_eq!(
        shown(&mut lab, &one),
        "FlatRateTier2",
        "the other pays as it goes"
    );
    let answer = set(&mut lab, &[&other], "FlatRateTier2");
    assert_eq!(answer["billingMode"], "FlatRateTier2");
    assert_eq!(
        answer["connections"][0]["billingMode"],
        "PortPairFlatRateTier2"
    );
    assert_eq!(shown(&mut lab, &one), "PortPairFlatRateTier2");
    set(&mut lab, &[&other], "FlatRateTier3");
    assert_eq!(shown(&mut lab, &one), "FlatRateTier2", "another tier");
    set(&mut lab, &[&other], "FlatRateTier2");
    lab.ok(
        ALICE,
        "DisassociateConnectionsFromResiliencyGroup",
        json!({"resiliencyGroupId": id, "connectionIdentifiers": [other]}),
    );
    assert_eq!(
        shown(&mut lab, &one),
        "FlatRateTier2",
        "a break reverts both"
    );
    assert_eq!(shown(&mut lab, &other), "FlatRateTier2");
}

#[test]
fn ports_on_one_device_are_no_pair() {
    let mut lab = Lab::new();
    let one = port(&mut lab, "EqDC2", 0);
    let other = port(&mut lab, "EqDC2", 0);
    group(&mut lab, "basic-resiliency", &[&one, &other]);
    let answer = lab.ok(
        ALICE,
        "UpdateConnectionsBillingMode",
        json!({"connectionIds": [one, other], "billingMode": "FlatRateTier1"}),
    );
    assert_eq!(answer["connections"][0]["billingMode"], "FlatRateTier1");
}

#[test]
fn a_lag_pairs_with_a_connection_and_its_members_show_it() {
    let mut lab = Lab::new();
    let member = port(&mut lab, "EqDC2", 0);
    let alone = port(&mut lab, "EqDC2", 1);
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({
            "numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag",
            "connectionId": member, "billingMode": "FlatRateTier1",
        }),
    );
    let lag = text(&lag, "lagId");
    lab.ok(
        ALICE,
        "UpdateConnectionsBillingMode",
        json!({"connectionIds": [alone], "billingMode": "FlatRateTier1"}),
    );
    group(&mut lab, "basic-resiliency", &[&lag, &alone]);
    let shown = lab.ok(ALICE, "DescribeLags", json!({"lagId": lag}));
    assert_eq!(shown["lags"][0]["billingMode"], "PortPairFlatRateTier1");
    assert_eq!(
        shown["lags"][0]["connections"][0]["billingMode"],
        "PortPairFlatRateTier1"
    );
}
