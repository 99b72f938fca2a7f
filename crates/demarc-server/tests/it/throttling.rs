//! Calls per account.

use serde_json::json;

use crate::support::{ACCOUNTS, Server, Signer};

#[tokio::test]
async fn each_account_has_a_bucket_of_its_own() {
    let text = ACCOUNTS
        .replace("rate = 1000.0", "rate = 0.001")
        .replace("burst = 1000.0", "burst = 3.0");
    let server = Server::with(&text).await;
    // Two users of one account share what it has.
    for key in ["AKIACARRIER", "AKIAALICE", "AKIACARRIER"] {
        let reply = server
            .call(&Signer::of(key), "DescribeConnections", json!({}))
            .await;
        assert_eq!(reply.status, 200);
    }
    for key in ["AKIACARRIER", "AKIAALICE"] {
        let reply = server
            .call(&Signer::of(key), "DescribeConnections", json!({}))
            .await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (400, "ThrottlingException")
        );
        assert_eq!(reply.message(), "Rate exceeded");
    }
    let other = server
        .call(
            &Signer::of("AKIACUSTOMER"),
            "DescribeConnections",
            json!({}),
        )
        .await;
    assert_eq!(other.status, 200);
    let forged = Signer::of("AKIACUSTOMER").with_secret("wrong");
    for _ in 0..10 {
        let reply = server.call(&forged, "DescribeConnections", json!({})).await;
        assert_eq!(reply.error(), "InvalidSignatureException");
    }
    let other = server
        .call(
            &Signer::of("AKIACUSTOMER"),
            "DescribeConnections",
            json!({}),
        )
        .await;
    assert_eq!(
        other.status, 200,
        "what strangers send in its name does not count"
    );
}

#[tokio::test]
async fn each_service_says_it_in_its_own_words() {
    let text = ACCOUNTS
        .replace("rate = 1000.0", "rate = 0.001")
        .replace("burst = 1000.0", "burst = 1.0");
    let server = Server::with(&text).await;
    let signer = Signer::of("AKIACARRIER");
    let first = server.call(&signer, "DescribeConnections", json!({})).await;
    assert_eq!(first.status, 200);
    for (service, form, status, code, message) in [
        (
            "ec2",
            "Action=DescribeVpcs&Version=2016-11-15",
            503,
            "RequestLimitExceeded",
            "Request limit exceeded.",
        ),
        (
            "sts",
            "Action=GetCallerIdentity&Version=2011-06-15",
            400,
            "Throttling",
            "Rate exceeded",
        ),
    ] {
        let signer = Signer::of("AKIACARRIER").for_service(service);
        let reply = server.raw(&signer.query(server.address, form)).await;
        assert_eq!(reply.status, status, "{service}");
        let said = reply.text();
        assert!(said.contains(&format!("<Code>{code}</Code>")), "{said}");
        assert!(
            said.contains(&format!("<Message>{message}</Message>")),
            "{said}"
        );
    }
}

#[tokio::test]
async fn the_development_mode_does_not_throttle() {
    let server = Server::open().await;
    for _ in 0..60 {
        server
            .as_account("111122223333", "DescribeLocations", json!({}))
            .await;
    }
}
