//! Who is calling: the rows of spec/protocol §3.3, with real signatures.

use serde_json::json;

use crate::support::{
    ACCOUNTS, CARRIER, CUSTOMER, Reply, Server, Signer, amz_date, request_bytes,
    unsigned_authorization,
};

const OPERATION: &str = "DescribeConnections";

/// A call with this `Authorization` header, or none.
async fn with_authorization(server: &Server, authorization: Option<&str>) -> Reply {
    let date = amz_date();
    let mut headers = vec![
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "OvertureService.DescribeConnections"),
        ("x-amz-date", date.as_str()),
    ];
    headers.extend(authorization.map(|value| ("authorization", value)));
    server
        .raw(&request_bytes(server.address, "POST", "/", &headers, b"{}"))
        .await
}

#[tokio::test]
async fn a_signed_call_is_answered() {
    let server = Server::closed().await;
    let reply = server
        .call(&Signer::of("AKIACARRIER"), OPERATION, json!({}))
        .await;
    assert_eq!(
        (reply.status, reply.json()),
        (200, json!({"connections": []}))
    );
    assert_eq!(
        reply.header("content-type"),
        Some("application/x-amz-json-1.1")
    );
    assert!(
        reply.header("date").is_some(),
        "clients correct their clocks by it"
    );
    assert_eq!(reply.header("content-length"), Some("18"));
}

#[tokio::test]
async fn the_target_is_looked_at_before_the_caller() {
    let server = Server::closed().await;
    for target in [
        None,
        Some(""),
        Some("OvertureService.DescribeNothing"),
        Some("OvertureService.describeConnections"),
        Some("DescribeConnections"),
        Some("overtureservice.DescribeConnections"),
        Some("com.amazonaws.OvertureService.DescribeConnections"),
    ] {
        let headers: Vec<_> = target
            .map(|target| ("x-amz-target", target))
            .into_iter()
            .collect();
        let reply = server
            .raw(&request_bytes(server.address, "POST", "/", &headers, b"{}"))
            .await;
        assert_eq!(reply.status, 400, "{target:?}");
        assert_eq!(reply.error(), "UnknownOperationException", "{target:?}");
        assert_eq!(
            reply.text(),
            r#"{"__type":"UnknownOperationException"}"#,
            "{target:?}"
        );
    }
}

#[tokio::test]
async fn missing_and_malformed_authorization_are_told_apart() {
    let server = Server::closed().await;
    let missing = with_authorization(&server, None).await;
    assert_eq!(missing.status, 400);
    assert_eq!(missing.error(), "MissingAuthenticationTokenException");
    assert_eq!(missing.message(), "Missing Authentication Token");
    let whole = unsigned_authorization("AKIACARRIER");
    let without_signature = whole.split(", Signature").next().unwrap().to_owned();
    for malformed in [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=AKIACARRIER",
        "AWS4-HMAC-SHA256 Credential=AKIACARRIER/x, SignedHeaders=host, Signature=0",
        &without_signature,
    ] {
        let reply = with_authorization(&server, Some(malformed)).await;
        assert_eq!(reply.status, 400, "{malformed}");
        assert_eq!(reply.error(), "IncompleteSignatureException", "{malformed}");
    }
    let reply = with_authorization(&server, Some("AWS4-HMAC-SHA256 nothing")).await;
    assert!(
        reply
            .message()
            .contains("Authorization header requires 'Credential' parameter."),
        "{}",
        reply.message()
    );
    server.is_alive().await;
}

#[tokio::test]
async fn unknown_keys_and_wrong_signatures_are_refused() {
    let server = Server::closed().await;
    let rows = [
        (
            Signer::of("AKIANOBODY"),
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (
            Signer::of("AKIACARRIER").with_secret("not the secret"),
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS \
             Secret Access Key and signing method. Consult the service documentation for details.",
        ),
        (
            Signer::of("AKIACARRIER").with_token("not a token of ours"),
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (
            Signer::of("AKIACARRIER").skewed_by(-3_600),
            "InvalidSignatureException",
            "Signature expired: ",
        ),
        (
            Signer::of("AKIACARRIER").skewed_by(3_600),
            "InvalidSignatureException",
            "Signature not yet current: ",
        ),
        (
            Signer::of("AKIACARRIER").for_service("s3"),
            "InvalidSignatureException",
            "Credential should be scoped to correct service: 'directconnect'. ",
        ),
        (
            Signer::of("AKIACARRIER").in_region("Mars!"),
            "InvalidSignatureException",
            "Credential should be scoped to a valid region. ",
        ),
    ];
    for (signer, error, message) in rows {
        let reply = server.call(&signer, OPERATION, json!({})).await;
        assert_eq!(reply.status, 400, "{signer:?}");
        assert_eq!(reply.error(), error, "{signer:?}");
        let said = reply.message();
        assert!(said.starts_with(message), "{signer:?}: {said}");
    }
}

#[tokio::test]
async fn a_small_skew_is_allowed() {
    let server = Server::closed().await;
    for seconds in [-240, 240] {
        let signer = Signer::of("AKIACARRIER").skewed_by(seconds);
        assert_eq!(
            server.call(&signer, OPERATION, json!({})).await.status,
            200,
            "{seconds}"
        );
    }
}

#[tokio::test]
async fn a_changed_body_does_not_fit_its_signature() {
    let server = Server::closed().await;
    let signed =
        Signer::of("AKIACARRIER").request(server.address, "DescribeLags", r#"{"lagId":"a"}"#);
    let text = String::from_utf8(signed)
        .unwrap()
        .replace(r#"{"lagId":"a"}"#, r#"{"lagId":"b"}"#);
    let reply = server.raw(text.as_bytes()).await;
    assert_eq!(reply.error(), "InvalidSignatureException");
}

#[tokio::test]
async fn only_served_regions_are_valid_scopes() {
    let text = ACCOUNTS.replace("[server]", "[server]\nregions = [\"us-east-1\"]");
    let server = Server::with(&text).await;
    let here = Signer::of("AKIACARRIER");
    assert_eq!(server.call(&here, OPERATION, json!({})).await.status, 200);
    let reply = server
        .call(&here.in_region("eu-west-1"), OPERATION, json!({}))
        .await;
    assert_eq!(reply.error(), "InvalidSignatureException");
    assert_eq!(
        reply.message(),
        "Credential should be scoped to a valid region. "
    );
}

#[tokio::test]
async fn a_presigned_request_counts_as_signed() {
    let server = Server::closed().await;
    let signer = Signer::of("AKIACARRIER").presigned();
    assert_eq!(server.call(&signer, OPERATION, json!({})).await.status, 200);
    let wrong = server
        .call(&signer.clone().with_secret("x"), OPERATION, json!({}))
        .await;
    assert_eq!(wrong.error(), "InvalidSignatureException");
    let late = server
        .call(&signer.skewed_by(-400), OPERATION, json!({}))
        .await;
    assert_eq!(late.error(), "InvalidSignatureException");
}

/// The text of the first element of this name.
fn element(xml: &str, name: &str) -> String {
    let (_, rest) = xml
        .split_once(&format!("<{name}>"))
        .unwrap_or_else(|| panic!("{xml}"));
    rest.split_once("</").unwrap().0.to_owned()
}

#[tokio::test]
async fn a_role_of_another_account_is_assumed_with_a_session_token() {
    let server = Server::closed().await;
    let sts = Signer::of("AKIACUSTOMER").for_service("sts");
    let form = format!(
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::{CARRIER}:role/deployer&RoleSessionName=work"
    );
    let reply = server.raw(&sts.query(server.address, &form)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let xml = reply.text();
    let session = Signer::new(
        &element(&xml, "AccessKeyId"),
        &element(&xml, "SecretAccessKey"),
    )
    .with_token(&element(&xml, "SessionToken"));
    let who = session.clone().for_service("sts");
    let form = "Action=GetCallerIdentity&Version=2011-06-15";
    let identity = server.raw(&who.query(server.address, form)).await.text();
    assert_eq!(element(&identity, "Account"), CARRIER);
    assert!(element(&identity, "Arn").ends_with("assumed-role/deployer/work"));

    assert_eq!(
        server.call(&session, OPERATION, json!({})).await.status,
        200
    );
    let body = json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "x"});
    let denied = server.call(&session, "CreateConnection", body).await;
    assert_eq!(
        denied.error(),
        "AccessDeniedException",
        "the role's policies hold"
    );
    let without = Signer::new(
        &element(&xml, "AccessKeyId"),
        &element(&xml, "SecretAccessKey"),
    );
    let reply = server.call(&without, OPERATION, json!({})).await;
    assert_eq!(reply.error(), "UnrecognizedClientException");
    assert_ne!(CARRIER, CUSTOMER);
}

#[tokio::test]
async fn the_development_mode_reads_the_account_from_the_key() {
    let server = Server::open().await;
    let made = server
        .as_account(
            CUSTOMER,
            "CreateDirectConnectGateway",
            json!({"directConnectGatewayName": "g"}),
        )
        .await;
    assert_eq!(made["directConnectGateway"]["ownerAccount"], CUSTOMER);
    let other = server
        .as_account(
            "AKIAWHATEVER",
            "CreateDirectConnectGateway",
            json!({"directConnectGatewayName": "g"}),
        )
        .await;
    assert_eq!(
        other["directConnectGateway"]["ownerAccount"],
        "000000000000"
    );
    let unsigned = with_authorization(&server, Some(&unsigned_authorization(CUSTOMER))).await;
    assert_eq!(unsigned.status, 200, "{}", unsigned.text());
    assert_eq!(
        with_authorization(&server, None).await.error(),
        "MissingAuthenticationTokenException"
    );
}
