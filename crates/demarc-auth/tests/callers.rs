//! The whole way from a signed request to a caller.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "the other tests use more of it")]
mod support;

use std::sync::Arc;

use demarc_auth::{
    AccountConfig, AssumeRole, AuthError, Authenticator, Caller, Directory, HttpRequest,
    Identities, Identity, Payload, RegionRule, Service, Sessions, Signature, SigningKeys, verify,
};
use demarc_types::{Partition, Span, Timestamp};
use http::HeaderMap;
use support::{NOW, Signed, Signer, secret, sign};

const ACCOUNTS: &str = r#"
[[account]]
id = "111122223333"

[[account.access_key]]
id = "AKIDEXAMPLE"
secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
user = "alice"

[[account.user]]
name = "alice"

[[account.role]]
name = "operator"
trust = ["arn:aws:iam::111122223333:user/alice"]
"#;

fn server() -> Authenticator {
    #[derive(serde::Deserialize)]
    struct File {
        account: Vec<AccountConfig>,
    }
    let file: File = toml::from_str(ACCOUNTS).unwrap();
    let directory = Directory::new(&file.account).unwrap();
    let identities = Identities::Configured(Arc::new(directory));
    Authenticator::new(identities, Sessions::new(&[9; 32]), Vec::new())
}

fn unsigned() -> Signed {
    let target = "OvertureService.DescribeLocations";
    Signed::unsigned("POST", "/", None, target, b"{}")
}

fn ask(server: &Authenticator, signed: &Signed, now: Timestamp) -> Result<Caller, AuthError> {
    let request = signed.request();
    let signature = Signature::read(&request)?;
    server.authenticate(&request, &signature, Service::DirectConnect, now)
}

/// Credentials of a session of `operator`, and when it ends.
fn session(server: &Authenticator, policy: Option<&str>) -> (Signer, Timestamp) {
    let alice = ask(server, &sign(unsigned()), NOW).unwrap();
    let request = AssumeRole {
        role_arn: "arn:aws:iam::111122223333:role/operator",
        session_name: "night-shift",
        duration: Some(900),
        policy,
        external_id: None,
    };
    // Begun a while ago, so that it ends within the window of a signature made now.
    let begun = NOW - Span::from_minutes(14);
    let session = server
        .assume_role(&alice, &request, (None, begun), [5; 16])
        .unwrap();
    assert_eq!(session.credentials.expires, begun + Span::from_minutes(15));
    let signer = Signer {
        key_id: session.credentials.access_key_id,
        secret: session.credentials.secret_access_key.expose().to_owned(),
        token: Some(session.credentials.session_token),
    };
    (signer, session.credentials.expires)
}

#[test]
fn a_key_leads_to_its_user() {
    let server = server();
    for _ in 0..2 {
        let caller = ask(&server, &sign(unsigned()), NOW).unwrap();
        assert_eq!(
            caller.principal.arn(Partition::Aws),
            "arn:aws:iam::111122223333:user/alice"
        );
        assert_eq!(caller.region.as_str(), "us-east-1");
        assert_eq!(caller.access_key_id, "AKIDEXAMPLE");
    }
}

#[test]
fn a_known_key_with_a_wrong_secret_is_refused_also_after_a_good_request() {
    let server = server();
    ask(&server, &sign(unsigned()), NOW).unwrap();
    let wrong = Signer {
        secret: "guessed".to_owned(),
        ..Signer::default()
    };
    let error = ask(&server, &sign(unsigned().signed_with(wrong)), NOW).unwrap_err();
    assert!(matches!(error, AuthError::SignatureMismatch { .. }));
}

#[test]
fn a_session_acts_as_its_role_until_it_ends() {
    let server = server();
    for presigned in [false, true] {
        let (signer, expires) = session(&server, None);
        let signed = sign(unsigned().signed_with(signer).presigned(presigned));
        for _ in 0..2 {
            let caller = ask(&server, &signed, NOW).unwrap();
            assert_eq!(
                caller.principal.identity,
                Identity::AssumedRole {
                    role: "operator".to_owned(),
                    session: "night-shift".to_owned(),
                }
            );
        }
        assert_eq!(
            ask(&server, &signed, expires).unwrap_err(),
            AuthError::ExpiredToken,
            "although its signing key is known by now"
        );
    }
}

#[test]
fn a_session_without_its_token_is_nobody() {
    let server = server();
    let (signer, _) = session(&server, None);
    let mut signed = sign(unsigned().signed_with(signer.clone()));
    signed.remove_header("x-amz-security-token");
    assert_eq!(
        ask(&server, &signed, NOW).unwrap_err(),
        AuthError::UnrecognizedClient
    );
    let other = Signer {
        token: Some("AAAA".to_owned()),
        ..signer
    };
    assert_eq!(
        ask(&server, &sign(unsigned().signed_with(other)), NOW).unwrap_err(),
        AuthError::UnrecognizedClient
    );
}

#[test]
fn a_session_policy_comes_along_in_the_token() {
    let server = server();
    let policy = r#"{"Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}}"#;
    let (signer, _) = session(&server, Some(policy));
    let caller = ask(&server, &sign(unsigned().signed_with(signer)), NOW).unwrap();
    assert!(!caller.principal.permissions.is_administrator());
    let (signer, _) = session(&server, None);
    let caller = ask(&server, &sign(unsigned().signed_with(signer)), NOW).unwrap();
    assert!(caller.principal.permissions.is_administrator());
}

#[test]
fn a_presigned_request_lasts_as_long_as_it_says() {
    // The SDK signs for 900 seconds.
    let server = server();
    let signed = sign(unsigned().presigned(true));
    ask(&server, &signed, NOW + Span::from_secs(900)).unwrap();
    assert_eq!(
        ask(&server, &signed, NOW + Span::from_secs(901))
            .unwrap_err()
            .to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
         (20150830T125101Z - 900 sec.)"
    );
    let mut endless = signed.clone();
    endless.query = endless
        .query
        .map(|query| query.replace("X-Amz-Expires=900", "X-Amz-Expires=604801"));
    assert!(matches!(
        ask(&server, &endless, NOW),
        Err(AuthError::IncompleteSignature(_))
    ));
}

#[test]
fn what_botocore_signs_is_accepted() {
    let recorded = include_str!("fixtures/botocore.jsonl");
    assert_eq!(recorded.lines().count(), 7);
    for line in recorded.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in row["headers"].as_object().unwrap() {
            let name: http::HeaderName = name.parse().unwrap();
            headers.insert(name, value.as_str().unwrap().parse().unwrap());
        }
        let request = HttpRequest {
            method: text("method"),
            path: text("path"),
            query: Some(text("query")).filter(|query| !query.is_empty()),
            authority: None,
            headers: &headers,
            payload: Payload::Bytes(text("body").as_bytes()),
        };
        let signature = Signature::read(&request).unwrap();
        let service = Service::from_scope_name(signature.scope().service).unwrap();
        assert_eq!(service.scope_name(), text("service"));
        let verdict = verify(
            &request,
            &signature,
            service,
            RegionRule::Any,
            NOW,
            &SigningKeys::new(),
            |_| Ok(secret()),
        );
        verdict.unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}
