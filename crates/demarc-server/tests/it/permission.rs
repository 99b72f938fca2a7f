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
