//! Rows of spec/operations §6 and spec/states §12.

use serde_json::{Value, json};

use crate::entity::{EncryptionMode, Link};
use crate::refusal::Refusal;
use crate::testing::{ALICE, BOB, Lab, PAULA, text};

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:111111111111:secret:directconnect!prod/us-east-1/directconnect/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-6A1b2C";

/// A connection ordered with MACsec, up.
fn secured(lab: &mut Lab) -> String {
    let id = lab.ordered_with_mac_sec(ALICE);
    lab.settle();
    lab.link(&id, Link::Up);
    id
}

fn pair(id: &str, ckn: &str) -> Value {
    json!({"connectionId": id, "ckn": ckn.repeat(64), "cak": "9".repeat(64)})
}

#[test]
fn a_key_pair_becomes_a_secret_of_the_documented_name() {
    let mut lab = Lab::new();
    let id = secured(&mut lab);
    let answer = lab.ok(ALICE, "AssociateMacSecKey", pair(&id, "a"));
    let key = &answer["macSecKeys"][0];
    assert_eq!(answer["connectionId"], json!(id));
    assert_eq!(key["ckn"], json!("a".repeat(64)));
    assert_eq!(key["state"], "associating");
    assert_eq!(key["startOn"], json!(lab.now.to_rfc3339()));
    let arn = text(key, "secretARN");
    let head = format!(
        "arn:aws:secretsmanager:us-east-1:{ALICE}:secret:directconnect!prod/us-east-1/directconnect/{}-",
        "a".repeat(64)
    );
    let suffix = arn.strip_prefix(&head).unwrap_or_else(|| panic!("{arn}"));
    assert!(
        suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{arn}"
    );
    assert!(
        !arn.contains('_'),
        "Terraform splits at the first underscore"
    );
    assert!(
        !answer.to_string().contains(&"9".repeat(64)),
        "the CAK is never shown"
    );
}

#[test]
fn the_newest_key_stands_last_and_is_associated_once_it_is_in_place() {
    let mut lab = Lab::new();
    let id = secured(&mut lab);
    lab.ok(ALICE, "AssociateMacSecKey", pair(&id, "1"));
    lab.converge();
    let answer = lab.ok(ALICE, "AssociateMacSecKey", pair(&id, "0"));
    let keys = answer["macSecKeys"].as_array().unwrap();
    let shown: Vec<(&str, &str)> = keys
        .iter()
        .map(|key| {
            (
                &key["ckn"].as_str().unwrap()[..1],
                key["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(shown, [("1", "associated"), ("0", "associating")]);
}

#[test]
fn a_secret_is_taken_by_its_arn() {
    let mut lab = Lab::new();
    let id = secured(&mut lab);
    let body = json!({"connectionId": id, "secretARN": SECRET});
    let answer = lab.ok(ALICE, "AssociateMacSecKey", body.clone());
    assert_eq!(answer["macSecKeys"][0]["secretARN"], SECRET);
    assert_eq!(
        answer["macSecKeys"][0]["ckn"],
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    );
    lab.refused(ALICE, "AssociateMacSecKey", body);
}

#[test]
fn associating_is_checked_row_by_row() {
    let mut lab = Lab::new();
    let id = secured(&mut lab);
    let plain = lab.dedicated(ALICE);
    let foreign = lab.dedicated(BOB);
    let interconnect = lab.interconnect(PAULA);
    let hosted = text(
        &lab.ok(
            PAULA,
            "AllocateHostedConnection",
            json!({"connectionId": interconnect, "ownerAccount": ALICE, "bandwidth": "1Gbps", "connectionName": "h", "vlan": 1}),
        ),
        "connectionId",
    );
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({"numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag", "requestMACSec": true}),
    );
    let (lag_id, member) = (
        text(&lag, "lagId"),
        text(&lag["connections"][0], "connectionId"),
    );
    let hex = "a".repeat(64);
    let either = "Specify either secretARN or ckn and cak.";
    let rows = [
        (
            "format",
            pair("x", "a"),
            "Connection ID x has an invalid format.".to_owned(),
        ),
        (
            "unknown (M5)",
            pair("dxcon-ffffffff", "a"),
            "Could not find Connection with ID dxcon-ffffffff".to_owned(),
        ),
        (
            "LAG unknown (M6)",
            pair("dxlag-ffffffff", "a"),
            "Could not find Lag with ID dxlag-ffffffff".to_owned(),
        ),
        (
            "of another",
            pair(&foreign, "a"),
            format!("Could not find Connection with ID {foreign}"),
        ),
        (
            "not capable",
            pair(&plain, "a"),
            format!("Connection {plain} is not MACsec capable."),
        ),
        (
            "hosted",
            pair(&hosted, "a"),
            format!("Connection {hosted} is a hosted connection, which cannot have MACsec keys."),
        ),
        (
            "LAG member",
            pair(&member, "a"),
            format!("Connection {member} is a member of Lag {lag_id}, which has the MACsec keys."),
        ),
        (
            "neither form",
            json!({"connectionId": id}),
            either.to_owned(),
        ),
        (
            "half a pair",
            json!({"connectionId": id, "ckn": hex}),
            either.to_owned(),
        ),
        (
            "both forms",
            json!({"connectionId": id, "ckn": hex, "cak": hex, "secretARN": SECRET}),
            either.to_owned(),
        ),
        (
            "a secret and a half",
            json!({"connectionId": id, "cak": hex, "secretARN": SECRET}),
            either.to_owned(),
        ),
        (
            "short ckn",
            json!({"connectionId": id, "ckn": &hex[1..], "cak": hex}),
            "ckn must be 64 hexadecimal digits.".to_owned(),
        ),
        (
            "cak no hex",
            json!({"connectionId": id, "ckn": hex, "cak": "g".repeat(64)}),
            "cak must be 64 hexadecimal digits.".to_owned(),
        ),
    ];
    for (row, body, message) in rows {
        assert_eq!(
            lab.message(ALICE, "AssociateMacSecKey", body),
            message,
            "{row}"
        );
    }
}

#[test]
fn only_secrets_made_for_direct_connect_are_taken() {
    let mut lab = Lab::new();
    let id = secured(&mut lab);
    for arn in [
        "",
        "directconnect!x",
        "arn:aws:secretsmanager:us-east-1:111111111111:secret:other-6A1b2C",
        "arn:aws:secretsmanager:us-east-1:111111111111:secret:directconnect!",
        "arn:aws:secretsmanager:us-east-1:1:secret:directconnect!x-6A1b2C",
        "arn:aws:iam:us-east-1:111111111111:secret:directconnect!x-6A1b2C",
        "arn:elsewhere:secretsmanager:us-east-1:111111111111:secret:directconnect!x-6A1b2C",
    ] {
        let body = json!({"connectionId": id, "secretARN": arn});
        let message = lab.message(ALICE, "AssociateMacSecKey", body);
        assert!(message.contains("is not valid"), "{arn}: {message}");
    }
}

#[test]
fn a_port_has_three_keys_and_none_twice() {
    let mut lab = Lab::new();
    let id = secured(&mut lab);
    lab.ok(ALICE, "AssociateMacSecKey", pair(&id, "a"));
    let message = lab.message(ALICE, "AssociateMacSecKey", pair(&id, "A"));
    assert!(message.contains("is already associated with"), "{message}");
    lab.ok(ALICE, "AssociateMacSecKey", pair(&id, "b"));
    lab.ok(ALICE, "AssociateMacSecKey", pair(&id, "c"));
    let refusal = lab.refused(ALICE, "AssociateMacSecKey", pair(&id, "d"));
    assert!(
        matches!(refusal, Refusal::Quota { limit: 3, .. }),
        "{refusal}"
    );
}

#[test]
fn the_key_of_a_lag_is_that_of_its_members() {
    let mut lab = Lab::new();
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({"numberOfConnections": 2, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag", "requestMACSec": true}),
    );
    let id = text(&lag, "lagId");
    lab.ok(ALICE, "AssociateMacSecKey", pair(&id, "a"));
    let shown = lab.ok(ALICE, "DescribeLags", json!({"lagId": id}))["lags"][0].take();
    assert_eq!(shown["macSecKeys"].as_array().unwrap().len(), 1);
    for member in shown["connections"].as_array().unwrap() {
        assert_eq!(member["macSecKeys"], shown["macSecKeys"]);
    }
}

#[test]
fn an_interconnect_has_keys_too() {
    let mut lab = Lab::new();
    let order = json!({
        "location": "EqDC2", "bandwidth": "10Gbps", "interconnectName": "i", "requestMACSec": true,
    });
    let id = text(
        &lab.ok(PAULA, "CreateInterconnect", order),
        "interconnectId",
    );
    lab.ok(PAULA, "AssociateMacSecKey", pair(&id, "a"));
    let shown = lab.ok(
        PAULA,
        "DescribeInterconnects",
        json!({"interconnectId": id}),
    );
    assert_eq!(
        shown["interconnects"][0]["macSecKeys"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_removed_key_is_answered_once_and_gone_at_once() {
    let mut lab = Lab::new();
    let id = secured(&mut lab);
    lab.ok(ALICE, "AssociateMacSecKey", pair(&id, "a"));
    let answer = lab.ok(ALICE, "AssociateMacSecKey", pair(&id, "b"));
    let arn = text(&answer["macSecKeys"][0], "secretARN");
    let body = json!({"connectionId": id, "secretARN": arn});
    let removed = lab.ok(ALICE, "DisassociateMacSecKey", body.clone());
    assert_eq!(removed["connectionId"], json!(id));
    assert_eq!(removed["macSecKeys"].as_array().unwrap().len(), 1);
    assert_eq!(removed["macSecKeys"][0]["secretARN"], json!(arn));
    assert_eq!(removed["macSecKeys"][0]["state"], "disassociating");
    let shown = lab.ok(ALICE, "DescribeConnections", json!({"connectionId": id}));
    let keys = shown["connections"][0]["macSecKeys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0]["ckn"], json!("b".repeat(64)));
    assert_eq!(
        lab.message(ALICE, "DisassociateMacSecKey", body),
        format!("The secret {arn} is not associated with {id}.")
    );
}

#[test]
fn with_the_last_key_a_port_no_longer_has_to_encrypt() {
    let mut lab = Lab::new();
    let id = secured(&mut lab);
    let answer = lab.ok(ALICE, "AssociateMacSecKey", pair(&id, "a"));
    lab.ok(
        ALICE,
        "UpdateConnection",
        json!({"connectionId": id, "encryptionMode": "must_encrypt"}),
    );
    let connection = id.parse().unwrap();
    lab.report(&[crate::Report::Encryption {
        connection,
        encrypted: true,
    }]);
    let shown = lab.ok(ALICE, "DescribeConnections", json!({"connectionId": id}));
    assert_eq!(
        shown["connections"][0]["portEncryptionStatus"],
        "Encryption Up"
    );
    lab.ok(
        ALICE,
        "DisassociateMacSecKey",
        json!({"connectionId": id, "secretARN": answer["macSecKeys"][0]["secretARN"]}),
    );
    let shown =
        lab.ok(ALICE, "DescribeConnections", json!({"connectionId": id}))["connections"][0].take();
    assert_eq!(shown["encryptionMode"], "should_encrypt");
    assert_eq!(shown["portEncryptionStatus"], "Encryption Down");
    assert_eq!(shown["connectionState"], "available");
}

#[test]
fn with_the_last_key_of_a_lag_its_members_follow() {
    let mut lab = Lab::new();
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({"numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag", "requestMACSec": true}),
    );
    let (id, member) = (
        text(&lag, "lagId"),
        text(&lag["connections"][0], "connectionId"),
    );
    let answer = lab.ok(ALICE, "AssociateMacSecKey", pair(&id, "a"));
    lab.ok(
        ALICE,
        "UpdateLag",
        json!({"lagId": id, "encryptionMode": "must_encrypt"}),
    );
    let connection = member.parse().unwrap();
    lab.report(&[crate::Report::Encryption {
        connection,
        encrypted: true,
    }]);
    lab.ok(
        ALICE,
        "DisassociateMacSecKey",
        json!({"connectionId": id, "secretARN": answer["macSecKeys"][0]["secretARN"]}),
    );
    let mac_sec = lab.connection(&member).mac_sec.unwrap();
    assert_eq!(mac_sec.mode, EncryptionMode::ShouldEncrypt);
    assert!(!mac_sec.encrypted);
}

#[test]
fn keys_are_for_ports_in_service_or_on_the_way_there() {
    let mut lab = Lab::new();
    let requested = lab.ordered_with_mac_sec(ALICE);
    lab.ok(ALICE, "AssociateMacSecKey", pair(&requested, "a"));
    let leaving = secured(&mut lab);
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": leaving}));
    let message = lab.message(ALICE, "AssociateMacSecKey", pair(&leaving, "a"));
    assert!(message.contains("is in state deleting"), "{message}");
    lab.settle();
    assert_eq!(
        lab.refused(ALICE, "AssociateMacSecKey", pair(&leaving, "a")),
        Refusal::ConnectionNotFound(leaving)
    );
}
