//! What JSON is taken for (spec/protocol §4), and what is not JSON (§3.3).

use serde_json::json;

use crate::support::{CARRIER, Reply, Server, Signer};

async fn send(server: &Server, operation: &str, body: &str) -> Reply {
    let signer = Signer::development(CARRIER);
    server
        .raw(&signer.request(server.address, operation, body))
        .await
}

#[tokio::test]
async fn what_is_not_an_object_of_the_right_types_is_a_serialization_error() {
    let server = Server::open().await;
    for (operation, body) in [
        ("DescribeConnections", "{"),
        ("DescribeConnections", "[]"),
        ("DescribeConnections", "null"),
        ("DescribeConnections", "17"),
        ("DescribeConnections", "{} {}"),
        ("DescribeConnections", "\u{feff}{}"),
        ("DescribeConnections", r#"{"connectionId":5}"#),
        ("DescribeConnections", r#"{"connectionId":["dxcon-a"]}"#),
        ("DescribeConnections", r#"{"maxResults":"5"}"#),
        ("DescribeConnections", r#"{"maxResults":1.5}"#),
        ("DescribeConnections", r#"{"maxResults":true}"#),
        ("CreateConnection", r#"{"requestMACSec":"true"}"#),
        ("CreateConnection", r#"{"requestMACSec":1}"#),
        ("CreateConnection", r#"{"tags":{"key":"a"}}"#),
        (
            "CreatePrivateVirtualInterface",
            r#"{"newPrivateVirtualInterface":{"vlan":"101"}}"#,
        ),
    ] {
        let reply = send(&server, operation, body).await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (400, "SerializationException"),
            "{body}"
        );
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        send(&server, "DescribeConnections", &deep).await.error(),
        "SerializationException"
    );
    server.is_alive().await;
}

#[tokio::test]
async fn an_empty_body_is_an_empty_object() {
    let server = Server::open().await;
    for operation in [
        "DescribeLocations",
        "DescribeVirtualGateways",
        "DescribeConnections",
    ] {
        assert_eq!(
            send(&server, operation, "").await.status,
            200,
            "{operation}"
        );
    }
}

#[tokio::test]
async fn unknown_members_nulls_and_repeated_keys_are_taken_as_they_are_meant() {
    let server = Server::open().await;
    let connection = server.connection(CARRIER).await;
    let missing = "dxcon-fgzzzzz0";
    let rows = [
        r#"{"unknown":{"deep":[1,2,3]},"maxResults":null,"nextToken":null}"#.to_owned(),
        format!(r#"{{"connectionId":null,"connectionId":"{connection}"}}"#),
        format!(r#"{{"connectionId":"{missing}","connectionId":"{connection}"}}"#),
        format!(" \n\t{{ \"connectionId\" : \"{connection}\" }} "),
    ];
    for body in rows {
        let reply = send(&server, "DescribeConnections", &body).await;
        assert_eq!(reply.status, 200, "{body}: {}", reply.text());
        assert_eq!(
            reply.json()["connections"][0]["connectionId"],
            connection,
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_empty_id_is_malformed_and_not_absent() {
    let server = Server::open().await;
    let reply = send(
        &server,
        "DescribeDirectConnectGatewayAssociations",
        r#"{"associationId":""}"#,
    )
    .await;
    assert_eq!(reply.error(), "DirectConnectClientException");
    assert_eq!(reply.message(), "Association ID has an invalid format.");
    let reply = send(&server, "DescribeConnections", r#"{"connectionId":""}"#).await;
    assert_eq!(reply.message(), "Connection ID  has an invalid format.");
}

#[tokio::test]
async fn the_go_client_s_numbers_are_understood() {
    let server = Server::open().await;
    let connection = server.connection(CARRIER).await;
    let gateway = server.gateway(CARRIER).await;
    let interface = |vlan: u16, numbers: serde_json::Value| {
        let mut new = json!({
            "virtualInterfaceName": "v", "vlan": vlan, "directConnectGatewayId": gateway,
        });
        for (name, value) in numbers.as_object().unwrap() {
            new[name] = value.clone();
        }
        json!({"connectionId": connection, "newPrivateVirtualInterface": new}).to_string()
    };
    let create = "CreatePrivateVirtualInterface";
    let both = send(
        &server,
        create,
        &interface(101, json!({"asn": 0, "asnLong": 4_200_000_000_u32})),
    )
    .await;
    assert_eq!(both.status, 200, "{}", both.text());
    assert_eq!(both.json()["asnLong"], 4_200_000_000_u32);
    let wrapped = send(
        &server,
        create,
        &interface(102, json!({"asn": -94_967_296})),
    )
    .await;
    assert_eq!(
        wrapped.message(),
        "BGP ASN -94967296 must have value greater than or equal to 1"
    );
    let zero = send(&server, create, &interface(103, json!({"asn": 0}))).await;
    assert_eq!(
        zero.message(),
        "BGP ASN 0 must have value greater than or equal to 1"
    );
    let large = send(
        &server,
        create,
        &interface(104, json!({"asn": 4_200_000_000_u32})),
    )
    .await;
    assert!(large.status == 400, "{}", large.text());
    assert!(
        ["SerializationException", "DirectConnectClientException"]
            .contains(&large.error().as_str())
    );

    let lag = server
        .as_account(
            CARRIER,
            "CreateLag",
            json!({"numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "1Gbps", "lagName": "l"}),
        )
        .await;
    let rename =
        json!({"lagId": lag["lagId"], "lagName": "renamed", "minimumLinks": 0}).to_string();
    let renamed = send(&server, "UpdateLag", &rename).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    assert_eq!(renamed.json()["lagName"], "renamed");
}

#[tokio::test]
async fn answers_have_the_forms_that_clients_rely_on() {
    let server = Server::open().await;
    let connection = server.connection(CARRIER).await;
    let shown = server
        .as_account(CARRIER, "DescribeConnections", json!({}))
        .await;
    assert!(
        shown.get("nextToken").is_none(),
        "left out on the last page"
    );
    let found = &shown["connections"][0];
    assert_eq!(found["tags"], json!([]), "empty lists are there");
    assert!(
        !shown.to_string().contains("null"),
        "absent members are left out: {shown}"
    );
    let arn = format!("arn:aws:directconnect:us-east-1:{CARRIER}:dxcon/{connection}");
    let body = json!({"resourceArn": arn, "tags": [{"key": "a"}]}).to_string();
    let tagged = send(&server, "TagResource", &body).await;
    assert_eq!(tagged.text(), "{}");
    let letter = server
        .as_account(CARRIER, "DescribeLoa", json!({"connectionId": connection}))
        .await;
    assert_eq!(letter["loaContentType"], "application/pdf");
    assert!(
        letter["loaContent"].as_str().unwrap().starts_with("JVBERi"),
        "base64 of %PDF"
    );
}
