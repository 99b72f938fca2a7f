//! Rows of spec/api-2026 §3 and spec/states §15.

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::testing::{ALICE, BOB, Lab, text};

fn group(lab: &mut Lab) -> String {
    let answer = lab.ok(
        ALICE,
        "CreateResiliencyGroup",
        json!({"resiliencyGroupName": "group", "intendedResiliencyModel": "basic-resiliency"}),
    );
    text(&answer["resiliencyGroup"], "resiliencyGroupId")
}

fn members(group: &str, identifiers: &[&str]) -> Value {
    json!({"resiliencyGroupId": group, "connectionIdentifiers": identifiers})
}

fn arn(id: &str) -> String {
    let kind = if id.starts_with("dxlag") {
        "dxlag"
    } else {
        "dxcon"
    };
    format!("arn:aws:directconnect:us-east-1:{ALICE}:{kind}/{id}")
}

fn listed(lab: &mut Lab, group: &str) -> Vec<(String, String)> {
    let answer = lab.ok(
        ALICE,
        "ListResiliencyGroupAssociations",
        json!({"resiliencyGroupId": group}),
    );
    listed_in(&answer)
}

fn listed_in(answer: &Value) -> Vec<(String, String)> {
    let items = answer["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| (text(item, "connectionArn"), text(item, "state")))
        .collect()
}

fn lag(lab: &mut Lab) -> String {
    let body = json!({
        "numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag",
    });
    text(&lab.ok(ALICE, "CreateLag", body), "lagId")
}

#[test]
fn members_come_and_go_by_way_of_their_states() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let port = lab.dedicated(ALICE);
    let answer = lab.ok(
        ALICE,
        "AssociateConnectionsToResiliencyGroup",
        members(&id, &[&port]),
    );
    assert_eq!(
        answer,
        json!({"resiliencyGroupAssociations": [
            {"resiliencyGroupId": id, "connectionArn": arn(&port), "state": "associating"}
        ]})
    );
    lab.settle();
    assert_eq!(
        listed(&mut lab, &id),
        [(arn(&port), "associated".to_owned())]
    );
    let again = lab.ok(
        ALICE,
        "AssociateConnectionsToResiliencyGroup",
        members(&id, &[&port]),
    );
    assert_eq!(
        again["resiliencyGroupAssociations"][0]["state"], "associated",
        "it is a member already"
    );
    let answer = lab.ok(
        ALICE,
        "DisassociateConnectionsFromResiliencyGroup",
        members(&id, &[&port]),
    );
    assert_eq!(
        answer["resiliencyGroupAssociations"][0]["state"],
        "disassociating"
    );
    lab.settle();
    assert!(listed(&mut lab, &id).is_empty());
}

#[test]
fn a_member_on_its_way_out_can_come_back() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let port = lab.dedicated(ALICE);
    let body = members(&id, &[&port]);
    lab.ok(ALICE, "AssociateConnectionsToResiliencyGroup", body.clone());
    lab.ok(
        ALICE,
        "DisassociateConnectionsFromResiliencyGroup",
        body.clone(),
    );
    lab.ok(ALICE, "AssociateConnectionsToResiliencyGroup", body);
    lab.settle();
    assert_eq!(
        listed(&mut lab, &id),
        [(arn(&port), "associated".to_owned())]
    );
}

/// spec/protocol §5: by creation time, then by id.
#[test]
fn members_are_listed_in_the_order_in_which_they_came() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let mut ports = [(); 4].map(|()| lab.dedicated(ALICE));
    ports.sort();
    ports.reverse();
    for port in &ports {
        let body = members(&id, &[port]);
        lab.ok(ALICE, "AssociateConnectionsToResiliencyGroup", body);
    }
    let came = ports.each_ref().map(|port| arn(port));
    let mut seen = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut body = json!({"resiliencyGroupId": id, "maxResults": 1});
        if !token.is_null() {
            body["nextToken"] = token;
        }
        let answer = lab.ok(ALICE, "ListResiliencyGroupAssociations", body);
        seen.extend(listed_in(&answer).into_iter().map(|(arn, _)| arn));
        token = answer["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, came);
    let listed: Vec<String> = listed(&mut lab, &id)
        .into_iter()
        .map(|(arn, _)| arn)
        .collect();
    assert_eq!(listed, came);
}

#[test]
fn ids_and_arns_name_the_same() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let (port, lag) = (lab.dedicated(ALICE), lag(&mut lab));
    let answer = lab.ok(
        ALICE,
        "AssociateConnectionsToResiliencyGroup",
        members(&id, &[&port, &arn(&lag), &arn(&port)]),
    );
    let named: Vec<String> = answer["resiliencyGroupAssociations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|association| text(association, "connectionArn"))
        .collect();
    assert_eq!(
        named,
        [arn(&port), arn(&lag)],
        "each once, in the order given"
    );
    lab.ok(
        ALICE,
        "DisassociateConnectionsFromResiliencyGroup",
        members(&id, &[&arn(&port), &lag]),
    );
}

#[test]
fn one_that_cannot_join_keeps_all_out() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let good = lab.dedicated(ALICE);
    let foreign = lab.dedicated(BOB);
    let leaving = lab.dedicated(ALICE);
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": leaving}));
    let elsewhere = arn(&good).replace("us-east-1", "us-west-2");
    let of_another = arn(&good).replace(ALICE, BOB);
    let interface = format!("arn:aws:directconnect:us-east-1:{ALICE}:dxvif/dxvif-ffffffff");
    let rows = [
        ("format", "nonsense", "has an invalid format"),
        (
            "unknown (M5)",
            "dxcon-ffffffff",
            "Could not find Connection with ID dxcon-ffffffff",
        ),
        (
            "LAG unknown (M6)",
            "dxlag-ffffffff",
            "Could not find Lag with ID dxlag-ffffffff",
        ),
        ("of another", &foreign, "Could not find Connection with ID"),
        ("deleting", &leaving, "Could not find Connection with ID"),
        (
            "ARN of another Region",
            &elsewhere,
            "Could not find Connection with ID",
        ),
        (
            "ARN of another account",
            &of_another,
            "Could not find Connection with ID",
        ),
        ("ARN of a virtual interface", &interface, "is not valid"),
        ("no ARN", "arn:aws:s3:::bucket", "is not valid"),
    ];
    for (row, identifier, part) in rows {
        let body = members(&id, &[&good, identifier]);
        let message = lab.message(ALICE, "AssociateConnectionsToResiliencyGroup", body);
        assert!(message.contains(part), "{row}: {message}");
    }
    assert!(listed(&mut lab, &id).is_empty());
}

#[test]
fn one_that_is_no_member_keeps_all_in() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let (member, other) = (lab.dedicated(ALICE), lab.dedicated(ALICE));
    lab.ok(
        ALICE,
        "AssociateConnectionsToResiliencyGroup",
        members(&id, &[&member]),
    );
    let message = lab.message(
        ALICE,
        "DisassociateConnectionsFromResiliencyGroup",
        members(&id, &[&member, &other]),
    );
    assert_eq!(
        message,
        format!("Connection {other} is not associated with resiliency group {id}.")
    );
}

#[test]
fn repeats_with_a_token_give_the_same_and_do_nothing() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let port = lab.dedicated(ALICE);
    let mut join = members(&id, &[&port]);
    join["clientToken"] = json!("join");
    let mut leave = members(&id, &[&port]);
    leave["clientToken"] = json!("leave");
    let joined = lab.ok(ALICE, "AssociateConnectionsToResiliencyGroup", join.clone());
    assert_eq!(
        lab.ok(ALICE, "AssociateConnectionsToResiliencyGroup", join.clone()),
        joined
    );
    lab.settle();
    lab.ok(
        ALICE,
        "DisassociateConnectionsFromResiliencyGroup",
        leave.clone(),
    );
    lab.settle();
    for (operation, body) in [
        ("AssociateConnectionsToResiliencyGroup", join.clone()),
        ("DisassociateConnectionsFromResiliencyGroup", leave),
    ] {
        let answer = lab.ok(ALICE, operation, body);
        assert_eq!(
            answer["resiliencyGroupAssociations"][0]["state"], "disassociated",
            "{operation}"
        );
    }
    assert!(
        listed(&mut lab, &id).is_empty(),
        "the late repeat brought nothing back"
    );
    join["connectionIdentifiers"] = json!(["dxcon-ffffffff"]);
    let message = lab.message(ALICE, "AssociateConnectionsToResiliencyGroup", join);
    assert!(message.contains("clientToken was used before"), "{message}");
}

#[test]
fn what_is_deleted_leaves_its_groups() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let (port, lag) = (lab.dedicated(ALICE), lag(&mut lab));
    lab.ok(
        ALICE,
        "AssociateConnectionsToResiliencyGroup",
        members(&id, &[&port, &lag]),
    );
    lab.settle();
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": port}));
    assert_eq!(
        listed(&mut lab, &id),
        [(arn(&lag), "associated".to_owned())]
    );
    lab.ok(ALICE, "DeleteLag", json!({"lagId": lag}));
    assert!(listed(&mut lab, &id).is_empty());
}

#[test]
fn an_offer_that_expires_leaves_its_groups() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let parent = lab.interconnect(BOB);
    let offer = lab.ok(
        BOB,
        "AllocateHostedConnection",
        json!({"connectionId": parent, "ownerAccount": ALICE, "bandwidth": "100Mbps", "connectionName": "h", "vlan": 1}),
    );
    let offer = text(&offer, "connectionId");
    lab.ok(
        ALICE,
        "AssociateConnectionsToResiliencyGroup",
        members(&id, &[&offer]),
    );
    lab.settle();
    assert_eq!(listed(&mut lab, &id).len(), 1);
    lab.advance(demarc_types::Span::from_days(90));
    assert!(listed(&mut lab, &id).is_empty());
    lab.advance(crate::entity::connection::RETENTION);
}

#[test]
fn associations_come_in_pages() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let ports: Vec<String> = (0..5).map(|_| lab.dedicated(ALICE)).collect();
    let named: Vec<&str> = ports.iter().map(String::as_str).collect();
    lab.ok(
        ALICE,
        "AssociateConnectionsToResiliencyGroup",
        members(&id, &named),
    );
    let mut seen = Vec::new();
    let mut body = json!({"resiliencyGroupId": id, "maxResults": 2});
    loop {
        let page = lab.ok(ALICE, "ListResiliencyGroupAssociations", body.clone());
        let items = page["items"].as_array().unwrap().clone();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|item| text(item, "connectionArn")));
        let Some(token) = page.get("nextToken") else {
            break;
        };
        body["nextToken"] = token.clone();
    }
    let mut expected: Vec<String> = ports.iter().map(|port| arn(port)).collect();
    expected.sort();
    assert_eq!(seen, expected);
    let other = group(&mut lab);
    body["resiliencyGroupId"] = json!(other);
    assert_eq!(
        lab.refused(ALICE, "ListResiliencyGroupAssociations", body),
        Refusal::NextToken,
        "a token is bound to its list"
    );
}
