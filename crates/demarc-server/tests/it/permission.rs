//! What callers may do (spec/protocol §9): actions, the three condition keys, explicit deny.

use serde_json::{Value, json};

use crate::support::{Server, Signer};

fn connection(tags: &[(&str, &str)]) -> Value {
    let tags: Vec<Value> = tags
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "x", "tags": tags})
}

async fn made(server: &Server, tags: &[(&str, &str)]) -> Value {
    let carrier = Signer::of("AKIACARRIER");
    let made = server
        .ok(&carrier, "CreateConnection", connection(tags))
        .await;
    json!({"connectionId": made["connectionId"]})
}

#[tokio::test]
async fn what_no_policy_allows_is_denied() {
    let server = Server::closed().await;
    let alice = Signer::of("AKIAALICE");
    assert_eq!(
        server
            .call(&alice, "DescribeConnections", json!({}))
            .await
            .status,
        200
    );
    let denied = server
        .call(&alice, "CreateConnection", connection(&[]))
        .await;
    assert_eq!(
        (denied.status, denied.error().as_str()),
        (400, "AccessDeniedException")
    );
    assert_eq!(
        denied.message(),
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: \
         directconnect:CreateConnection on resource: * because no identity-based policy allows the \
         directconnect:CreateConnection action"
    );
}

#[tokio::test]
async fn a_denial_tells_nothing_about_ids() {
    let server = Server::closed().await;
    let alice = Signer::of("AKIAALICE");
    let there = made(&server, &[]).await;
    let missing = json!({"connectionId": "dxcon-fgzzzzz0"});
    let malformed = json!({"connectionId": "not an id"});
    for body in [there, missing, malformed] {
        let denied = server.call(&alice, "DeleteConnection", body.clone()).await;
        assert_eq!(denied.error(), "AccessDeniedException", "{body}");
    }
}

#[tokio::test]
async fn tags_on_create_need_permission_to_tag() {
    let server = Server::closed().await;
    let bob = Signer::of("AKIABOB");
    for (tags, allowed) in [
        (&[][..], true),
        (&[("team", "network")], true),
        (&[("team", "network"), ("stage", "test")], true),
        (&[("team", "storage")], false),
        (&[("stage", "test")], false),
        (&[("team", "network"), ("owner", "me")], false),
    ] {
        let reply = server
            .call(&bob, "CreateConnection", connection(tags))
            .await;
        if allowed {
            assert_eq!(reply.status, 200, "{tags:?}: {}", reply.text());
        } else {
            assert_eq!(reply.error(), "AccessDeniedException", "{tags:?}");
            assert!(
                reply.message().contains("directconnect:TagResource"),
                "{}",
                reply.message()
            );
        }
    }
}

#[tokio::test]
async fn tags_of_the_resource_decide_and_a_denial_wins() {
    let server = Server::closed().await;
    let bob = Signer::of("AKIABOB");
    let ours = made(&server, &[("team", "network")]).await;
    let others = made(&server, &[("team", "storage")]).await;
    let production = made(&server, &[("team", "network"), ("stage", "production")]).await;
    assert_eq!(
        server.call(&bob, "DeleteConnection", ours).await.status,
        200
    );
    let denied = server.call(&bob, "DeleteConnection", others).await;
    assert!(
        denied.message().ends_with(
            "because no identity-based policy allows the directconnect:DeleteConnection action"
        ),
        "{}",
        denied.message()
    );
    let explicit = server.call(&bob, "DeleteConnection", production).await;
    assert_eq!(explicit.error(), "AccessDeniedException");
    assert!(
        explicit
            .message()
            .ends_with("with an explicit deny in an identity-based policy"),
        "{}",
        explicit.message()
    );
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let server = Server::closed().await;
    let body = made(&server, &[]).await;
    let customer = Signer::of("AKIACUSTOMER");
    let reply = server
        .call(&customer, "DescribeConnections", body.clone())
        .await;
    assert_eq!(reply.error(), "DirectConnectClientException");
    assert!(
        reply
            .message()
            .starts_with("Could not find Connection with ID")
    );
    let missing = json!({"connectionId": "dxcon-fgzzzzz0"});
    let reply = server.call(&customer, "DescribeConnections", missing).await;
    assert!(
        reply
            .message()
            .starts_with("Could not find Connection with ID")
    );
}

#[tokio::test]
async fn the_order_is_body_then_model_then_permission() {
    let server = Server::closed().await;
    let alice = Signer::of("AKIAALICE");
    let rows = [
        ("{", "SerializationException"),
        (
            r#"{"location":"EqDC2","bandwidth":1,"connectionName":"x"}"#,
            "SerializationException",
        ),
        (r#"{"location":"EqDC2"}"#, "DirectConnectClientException"),
        (
            r#"{"location":"nowhere","bandwidth":"1Gbps","connectionName":"x"}"#,
            "AccessDeniedException",
        ),
    ];
    for (body, error) in rows {
        let reply = server
            .raw(&alice.request(server.address, "CreateConnection", body))
            .await;
        assert_eq!(reply.error(), error, "{body}");
    }
}

/// Users with one statement each: name, and what is in the statement beside its effect.
const USERS: [(&str, &str); 5] = [
    (
        "ports",
        r#""Action":"directconnect:*","Resource":"arn:aws:directconnect:*:*:dxcon/*""#,
    ),
    (
        "own",
        r#""Action":"directconnect:*","Resource":"arn:aws:directconnect:us-east-1:111122223333:*""#,
    ),
    (
        "mover",
        // The first example of the user guide's page on tag-based conditions.
        r#""Action":["directconnect:AssociateVirtualInterface"],"Resource":"arn:aws:directconnect:*:*:dxvif/*",
           "Condition":{"StringEquals":{"aws:ResourceTag/environment":["preprod","production"]}}"#,
    ),
    (
        "tagger",
        // The second one.
        r#""Action":"directconnect:TagResource","Resource":"arn:aws:directconnect:*:*:dxvif/*",
           "Condition":{"StringEquals":{"aws:RequestTag/environment":["preprod","production"]},
                        "ForAllValues:StringEquals":{"aws:TagKeys":"environment"}}"#,
    ),
    (
        "labelled",
        r#""Action":"directconnect:Create*","Resource":"*",
           "Condition":{"StringEquals":{"aws:RequestTag/team":"network"}}"#,
    ),
];

async fn with_users() -> Server {
    let mut text =
        "[throttle]\nrate = 10000.0\nburst = 10000.0\n[[account]]\nid = \"111122223333\"\n\
                    [[account.access_key]]\nid = \"AKIACARRIER\"\nsecret = \"carrier-secret\"\n"
            .to_owned();
    for (name, statement) in USERS {
        text.push_str(&format!(
            "[[account.user]]\nname = \"{name}\"\npolicies = [\'\'\'{{\"Version\":\"2012-10-17\",\
             \"Statement\":{{\"Effect\":\"Allow\",{statement}}}}}\'\'\']\n\
             [[account.access_key]]\nid = \"AK{name}\"\nsecret = \"{name}\"\nuser = \"{name}\"\n"
        ));
    }
    Server::with(&text).await
}

#[tokio::test]
async fn each_action_is_judged_for_the_resources_of_its_row() {
    let server = with_users().await;
    let carrier = Signer::of("AKIACARRIER");
    let port = made(&server, &[]).await["connectionId"].clone();
    let gateway = json!({"directConnectGatewayName": "g"});
    let gateway = server
        .ok(&carrier, "CreateDirectConnectGateway", gateway)
        .await["directConnectGateway"]["directConnectGatewayId"]
        .clone();
    let vif = |vlan: u32, tags: Value| {
        json!({"connectionId": port, "newPrivateVirtualInterface": {
            "virtualInterfaceName": "x", "vlan": vlan, "asn": 65000,
            "directConnectGatewayId": gateway, "tags": tags}})
    };
    let production = json!([{"key": "environment", "value": "production"}]);
    let mut made = Vec::new();
    for (vlan, tags) in [(2, production.clone()), (3, json!(null))] {
        let answer = server
            .ok(&carrier, "CreatePrivateVirtualInterface", vif(vlan, tags))
            .await;
        made.push(answer["virtualInterfaceId"].clone());
    }
    let arn = |kind: &str, id: &Value| {
        let id = id.as_str().unwrap();
        format!("arn:aws:directconnect:us-east-1:111122223333:{kind}/{id}")
    };
    let hidden = json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "x",
        "x": {"tags": [{"key": "team", "value": "network"}]}});
    let rows = [
        ("ports", "DescribeConnections", json!({}), true),
        ("ports", "DescribeLags", json!({}), false),
        ("ports", "DescribeLocations", json!({}), false),
        // The gateway is no resource of this action.
        (
            "ports",
            "CreatePrivateVirtualInterface",
            vif(4, json!(null)),
            true,
        ),
        (
            "ports",
            "CreatePrivateVirtualInterface",
            vif(5, production.clone()),
            false,
        ),
        (
            "own",
            "CreatePrivateVirtualInterface",
            vif(6, production.clone()),
            true,
        ),
        ("own", "DescribeDirectConnectGateways", json!({}), false),
        ("own", "CreateConnection", connection(&[("a", "b")]), true),
        (
            "mover",
            "AssociateVirtualInterface",
            json!({"virtualInterfaceId": made[0], "connectionId": port}),
            true,
        ),
        (
            "mover",
            "AssociateVirtualInterface",
            json!({"virtualInterfaceId": made[1], "connectionId": port}),
            false,
        ),
        (
            "tagger",
            "TagResource",
            json!({"resourceArn": arn("dxvif", &made[1]), "tags": production}),
            true,
        ),
        (
            "tagger",
            "TagResource",
            json!({"resourceArn": arn("dxcon", &port), "tags": production}),
            false,
        ),
        (
            "tagger",
            "TagResource",
            json!({"resourceArn": arn("dxvif", &made[1]), "tags": [{"key": "x"}]}),
            false,
        ),
        // Unknown members are ignored: they are no tags of the request.
        ("labelled", "CreateConnection", hidden, false),
    ];
    for (user, operation, body, allowed) in rows {
        let signer = Signer::new(&format!("AK{user}"), user);
        let reply = server.call(&signer, operation, body.clone()).await;
        let denied = reply.status != 200 && reply.error() == "AccessDeniedException";
        assert_eq!(
            !denied,
            allowed,
            "{user} {operation} {body}: {}",
            reply.text()
        );
    }
}
