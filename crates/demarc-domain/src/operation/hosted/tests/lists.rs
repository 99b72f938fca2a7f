//! Rows of spec/operations §4 `DescribeHostedConnections` and `DescribeConnectionsOnInterconnect`.

use serde_json::{Value, json};

use super::{in_each_state, offer_with};
use crate::testing::{ALICE, BOB, Lab, PAULA, text};

#[test]
fn hosted_connections_are_listed_for_the_owner_of_their_parent() {
    let mut lab = Lab::new();
    let parent = lab.interconnect(PAULA);
    let mut ids = Vec::new();
    for vlan in 1..=3 {
        let body = offer_with(&parent, json!({"vlan": vlan}));
        ids.push(text(
            &lab.ok(PAULA, "AllocateHostedConnection", body),
            "connectionId",
        ));
    }
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": ids[1]}));
    let shown = |answer: &Value| -> Vec<(String, String)> {
        let found = answer["connections"].as_array().unwrap();
        found
            .iter()
            .map(|found| (text(found, "connectionId"), text(found, "connectionState")))
            .collect()
    };
    let expected: Vec<(String, String)> = ids
        .iter()
        .cloned()
        .zip(["ordering", "rejected", "ordering"].map(str::to_owned))
        .collect();
    let list = lab.ok(
        PAULA,
        "DescribeHostedConnections",
        json!({"connectionId": parent}),
    );
    assert_eq!(shown(&list), expected);
    let older = lab.ok(
        PAULA,
        "DescribeConnectionsOnInterconnect",
        json!({"interconnectId": parent}),
    );
    assert_eq!(shown(&older), expected);
    let first = lab.ok(
        PAULA,
        "DescribeHostedConnections",
        json!({"connectionId": parent, "maxResults": 2}),
    );
    assert_eq!(shown(&first), expected[..2]);
    let rest = lab.ok(
        PAULA,
        "DescribeHostedConnections",
        json!({"connectionId": parent, "maxResults": 2, "nextToken": first["nextToken"]}),
    );
    assert_eq!(shown(&rest), expected[2..]);
}

#[test]
fn a_hosted_connection_is_shown_under_its_own_id_to_its_partner() {
    let (_, mut lab, id) = in_each_state().swap_remove(0);
    let body = json!({"connectionId": id});
    let answer = lab.ok(PAULA, "DescribeHostedConnections", body.clone());
    assert_eq!(answer["connections"].as_array().unwrap().len(), 1);
    assert_eq!(answer["connections"][0]["connectionId"], json!(id));
    for account in [ALICE, BOB] {
        assert_eq!(
            lab.message(account, "DescribeHostedConnections", body.clone()),
            format!(
                "{account} DescribeHostedConnections failed for connection {id} doesn't exist."
            )
        );
    }
}

#[test]
fn what_is_no_parent_is_said_not_to_exist() {
    let mut lab = Lab::new();
    let dedicated = lab.dedicated(PAULA);
    let foreign = lab.interconnect(BOB);
    for id in [
        dedicated.as_str(),
        &foreign,
        "dxcon-ffffffff",
        "dxlag-ffffffff",
    ] {
        assert_eq!(
            lab.message(
                PAULA,
                "DescribeHostedConnections",
                json!({"connectionId": id})
            ),
            format!("{PAULA} DescribeHostedConnections failed for connection {id} doesn't exist."),
            "M11"
        );
    }
    assert_eq!(
        lab.message(
            PAULA,
            "DescribeConnectionsOnInterconnect",
            json!({"interconnectId": dedicated})
        ),
        format!(
            "{PAULA} DescribeConnectionsOnInterconnect failed for connection {dedicated} doesn't exist."
        )
    );
}
