//! Rows of spec/operations §4 and spec/states §3.

use serde_json::{Value, json};

use crate::entity::Link;
use crate::refusal::Refusal;
use crate::testing::{ALICE, BOB, Lab, PAULA, VICTOR, text};

fn order() -> Value {
    json!({"location": "EqDC2", "bandwidth": "10Gbps", "interconnectName": "partner port"})
}

#[test]
fn a_fresh_interconnect_has_its_own_member_names() {
    let mut lab = Lab::listed();
    let mut body = order();
    body["tags"] = json!([{"key": "a", "value": "b"}]);
    body["providerName"] = json!("Provider");
    let answer = lab.ok(PAULA, "CreateInterconnect", body);
    assert_eq!(
        answer,
        json!({
            "interconnectId": answer["interconnectId"],
            "interconnectName": "partner port",
            "interconnectState": "requested",
            "region": "us-east-1",
            "location": "EqDC2",
            "bandwidth": "10Gbps",
            "jumboFrameCapable": false,
            "hasLogicalRedundancy": "unknown",
            "tags": [{"key": "a", "value": "b"}],
            "providerName": "Provider",
            "macSecCapable": false,
        })
    );
}

#[test]
fn orders_take_the_speeds_of_ports() {
    for bandwidth in ["1Gbps", "10Gbps", "100Gbps", "400Gbps"] {
        let mut lab = Lab::new();
        let mut body = order();
        body["bandwidth"] = json!(bandwidth);
        lab.ok(PAULA, "CreateInterconnect", body);
    }
    let mut lab = Lab::new();
    let mut body = order();
    body["bandwidth"] = json!("5Gbps");
    assert_eq!(
        lab.message(PAULA, "CreateInterconnect", body),
        "Bandwidth 5Gbps is not valid."
    );
}

#[test]
fn a_refused_name_is_said_to_be_an_interconnects() {
    let mut body = order();
    body["interconnectName"] = json!("a;b");
    let message = Lab::new().message(PAULA, "CreateInterconnect", body);
    assert!(
        message.starts_with("Interconnect name is not valid."),
        "{message}"
    );
}

#[test]
fn a_mac_sec_interconnect_shows_on_its_hosted_connections() {
    let mut lab = Lab::new();
    let mut body = order();
    body["requestMACSec"] = json!(true);
    let answer = lab.ok(PAULA, "CreateInterconnect", body);
    assert_eq!(answer["encryptionMode"], "should_encrypt");
    assert_eq!(answer["macSecKeys"], json!([]));
    let id = text(&answer, "interconnectId");
    lab.settle();
    lab.link(&id, Link::Up);
    let hosted = lab.ok(
        PAULA,
        "AllocateHostedConnection",
        json!({"connectionId": id, "ownerAccount": ALICE, "bandwidth": "1Gbps", "connectionName": "h", "vlan": 1}),
    );
    assert_eq!(hosted["partnerInterconnectMacSecCapable"], true);
    assert_eq!(hosted["macSecCapable"], false);
}

#[test]
fn lists_have_own_interconnects_only_and_are_empty_for_others() {
    let mut lab = Lab::listed();
    let id = lab.interconnect(PAULA);
    lab.interconnect(VICTOR);
    let list = lab.ok(PAULA, "DescribeInterconnects", json!({}));
    assert_eq!(list["interconnects"].as_array().unwrap().len(), 1);
    assert_eq!(list["interconnects"][0]["interconnectId"], json!(id));
    assert_eq!(list["interconnects"][0]["interconnectState"], "available");
    for body in [json!({}), json!({"interconnectId": id})] {
        let list = lab.ok(ALICE, "DescribeInterconnects", body);
        assert_eq!(list, json!({"interconnects": []}), "no partner");
    }
    for unknown in [id.as_str(), "dxcon-ffffffff"] {
        assert_eq!(
            lab.message(
                VICTOR,
                "DescribeInterconnects",
                json!({"interconnectId": unknown})
            ),
            format!("Could not find Interconnect with ID {unknown}")
        );
    }
    assert_eq!(
        lab.message(
            VICTOR,
            "DescribeInterconnects",
            json!({"interconnectId": "x"})
        ),
        "Connection ID x has an invalid format."
    );
}

#[test]
fn delete_answers_with_the_state_alone() {
    let mut lab = Lab::new();
    let fresh = text(
        &lab.ok(PAULA, "CreateInterconnect", order()),
        "interconnectId",
    );
    let body = json!({"interconnectId": fresh});
    assert_eq!(
        lab.ok(PAULA, "DeleteInterconnect", body.clone()),
        json!({"interconnectState": "deleted"})
    );
    assert_eq!(
        lab.refused(PAULA, "DeleteInterconnect", body),
        Refusal::InterconnectNotFound(fresh)
    );
    let up = lab.interconnect(PAULA);
    let body = json!({"interconnectId": up});
    for _ in 0..2 {
        assert_eq!(
            lab.ok(PAULA, "DeleteInterconnect", body.clone()),
            json!({"interconnectState": "deleting"})
        );
    }
    lab.settle();
    let list = lab.ok(PAULA, "DescribeInterconnects", body);
    assert_eq!(list["interconnects"][0]["interconnectState"], "deleted");
}

#[test]
fn delete_is_for_the_owner_and_for_interconnects() {
    let mut lab = Lab::new();
    let foreign = lab.interconnect(BOB);
    let dedicated = lab.dedicated(PAULA);
    for id in [foreign, dedicated, "dxcon-ffffffff".to_owned()] {
        assert_eq!(
            lab.refused(PAULA, "DeleteInterconnect", json!({"interconnectId": id})),
            Refusal::InterconnectNotFound(id)
        );
    }
}

#[test]
fn delete_is_refused_with_hosted_connections() {
    let mut lab = Lab::new();
    let id = lab.interconnect(PAULA);
    let hosted = lab.ok(
        PAULA,
        "AllocateHostedConnection",
        json!({"connectionId": id, "ownerAccount": ALICE, "bandwidth": "1Gbps", "connectionName": "h", "vlan": 1}),
    );
    let body = json!({"interconnectId": id});
    assert_eq!(
        lab.message(PAULA, "DeleteInterconnect", body.clone()),
        format!("Interconnect {id} has hosted connections and cannot be deleted.")
    );
    lab.ok(
        ALICE,
        "DeleteConnection",
        json!({"connectionId": hosted["connectionId"]}),
    );
    lab.ok(PAULA, "DeleteInterconnect", body);
}

#[test]
fn its_hosted_connections_follow_its_link() {
    let mut lab = Lab::new();
    let id = lab.interconnect(PAULA);
    let hosted = lab.ok(
        PAULA,
        "AllocateHostedConnection",
        json!({"connectionId": id, "ownerAccount": ALICE, "bandwidth": "1Gbps", "connectionName": "h", "vlan": 1}),
    );
    let hosted = text(&hosted, "connectionId");
    lab.ok(ALICE, "ConfirmConnection", json!({"connectionId": hosted}));
    lab.settle();
    for (link, word) in [
        (Link::Up, "available"),
        (Link::Down, "down"),
        (Link::Up, "available"),
    ] {
        lab.link(&id, link);
        assert_eq!(lab.connection_state(&id), Some(word));
        assert_eq!(lab.connection_state(&hosted), Some(word));
    }
}
