//! The whole way from a request to a caller; requests are signed by the code under test's counterpart in
//! `tests/signatures.rs`, here a development server believes them.

use std::sync::Arc;

use demarc_types::{AccountId, Timestamp};
use http::HeaderMap;

use super::*;
use crate::accounts::AccountConfig;
use crate::assume_role::{AssumeRole, AssumeRoleError};
use crate::sigv4::Payload;

const NOW: Timestamp = Timestamp::from_millis(1_440_938_160_000);

fn headers(key_id: &str, region: &str, token: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={key_id}/20150830/{region}/directconnect/aws4_request, \
         SignedHeaders=host, Signature=0"
    );
    headers.insert("authorization", authorization.parse().unwrap());
    headers.insert("x-amz-date", "20150830T123600Z".parse().unwrap());
    if let Some(token) = token {
        headers.insert("x-amz-security-token", token.parse().unwrap());
    }
    headers
}

fn ask(authenticator: &Authenticator, headers: &HeaderMap) -> Result<Caller, AuthError> {
    let request = HttpRequest {
        method: "POST",
        path: "/",
        query: None,
        authority: Some("localhost:4580"),
        headers,
        payload: Payload::Bytes(b"{}"),
    };
    let signature = Signature::read(&request)?;
    authenticator.authenticate(&request, &signature, Service::DirectConnect, NOW)
}

fn development() -> Authenticator {
    Authenticator::new(Identities::Development, Sessions::new(&[1; 32]), Vec::new())
}

fn configured() -> Authenticator {
    #[derive(serde::Deserialize)]
    struct File {
        account: Vec<AccountConfig>,
    }
    let file: File = toml::from_str(
        r#"
        [[account]]
        id = "111122223333"
        [[account.user]]
        name = "alice"
        [[account.user]]
        name = "bob"
        policies = ['{"Statement":{"Effect":"Allow","Action":"directconnect:*","Resource":"*"}}']
        [[account.user]]
        name = "carol"
        policies = ['{"Statement":{"Effect":"Deny","Action":"sts:*","Resource":"*"}}']
        [[account.role]]
        name = "operator"
        trust = ["444455556666", "arn:aws:iam::111122223333:user/bob", "arn:aws:iam::111122223333:user/carol"]
        [[account.role]]
        name = "deputy"
        trust = ["arn:aws:iam::111122223333:role/operator"]
        max_session = 43200
        [[account.role]]
        name = "auditor"
        trust = ["444455556666"]
        external_id = "contract-17"
        [[account]]
        id = "444455556666"
        "#,
    )
    .unwrap();
    let directory = Directory::new(&file.account).unwrap();
    Authenticator::new(
        Identities::Configured(Arc::new(directory)),
        Sessions::new(&[1; 32]),
        Vec::new(),
    )
}

#[test]
fn in_development_twelve_digits_name_the_account() {
    for (key_id, account) in [
        ("111122223333", "111122223333"),
        ("AKIAIOSFODNN7EXAMPLE", "000000000000"),
        ("11112222333", "000000000000"),
        ("test", "000000000000"),
    ] {
        let caller = ask(&development(), &headers(key_id, "eu-west-1", None)).unwrap();
        assert_eq!(caller.principal.account.to_string(), account, "{key_id}");
        assert_eq!(caller.region.as_str(), "eu-west-1");
        assert!(caller.principal.permissions.is_administrator());
    }
}

#[test]
fn in_development_a_credential_must_still_be_readable() {
    let error = ask(&development(), &HeaderMap::new()).unwrap_err();
    assert_eq!(error, AuthError::MissingAuthenticationToken);
    let error = ask(&development(), &headers("test", "NOT A REGION", None)).unwrap_err();
    assert!(matches!(error, AuthError::InvalidSignature(_)));
}

#[test]
fn in_development_nobody_looks_at_the_time() {
    let mut headers = headers("111122223333", "us-east-1", None);
    for date in [Some("20010101T000000Z"), None] {
        match date {
            Some(date) => headers.insert("x-amz-date", date.parse().unwrap()),
            None => headers.remove("x-amz-date"),
        };
        let caller = ask(&development(), &headers).unwrap();
        assert_eq!(caller.principal.account.to_string(), "111122223333");
        assert!(matches!(
            ask(&configured(), &headers),
            Err(AuthError::OutsideTimeWindow(_) | AuthError::IncompleteSignature(_))
        ));
    }
}

#[test]
fn in_development_only_served_regions_are_valid_too() {
    let served = vec!["us-east-1".parse().unwrap()];
    let server = Authenticator::new(Identities::Development, Sessions::new(&[1; 32]), served);
    assert!(ask(&server, &headers("test", "us-east-1", None)).is_ok());
    let error = ask(&server, &headers("test", "eu-west-1", None)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Credential should be scoped to a valid region. "
    );
}

/// SDKs sign calls of these for us-east-1 when they are told no Region, or the global one.
#[test]
fn global_calls_come_in_from_us_east_1_where_it_is_not_served() {
    let served = vec!["eu-west-1".parse().unwrap()];
    let server = Authenticator::new(Identities::Development, Sessions::new(&[1; 32]), served);
    for (name, service) in [
        ("sts", Service::Sts),
        ("iam", Service::Iam),
        ("tagging", Service::Tagging),
    ] {
        let mut headers = headers("test", "us-east-1", None);
        let authorization = headers["authorization"].to_str().unwrap();
        let authorization = authorization.replace("directconnect", name);
        headers.insert("authorization", authorization.parse().unwrap());
        let request = HttpRequest {
            method: "POST",
            path: "/",
            query: None,
            authority: Some("localhost:4580"),
            headers: &headers,
            payload: Payload::Bytes(b""),
        };
        let signature = Signature::read(&request).unwrap();
        let caller = server.authenticate(&request, &signature, service, NOW);
        assert_eq!(caller.unwrap().region.as_str(), "us-east-1", "{name}");
    }
}

#[test]
fn in_development_sessions_lead_to_their_account() {
    let server = development();
    let caller = ask(&server, &headers("444455556666", "us-east-1", None)).unwrap();
    let request = AssumeRole {
        role_arn: "arn:aws:iam::111122223333:role/any",
        session_name: "me",
        duration: None,
        policy: None,
        external_id: None,
    };
    let session = server
        .assume_role(&caller, &request, (None, NOW), [3; 16])
        .unwrap();
    assert_eq!(session.arn, "arn:aws:sts::111122223333:assumed-role/any/me");
    let credentials = session.credentials;
    let token = Some(credentials.session_token.as_str());
    let caller = ask(
        &server,
        &headers(&credentials.access_key_id, "us-east-1", token),
    )
    .unwrap();
    assert_eq!(caller.principal.account.to_string(), "111122223333");
    let foreign = ask(
        &server,
        &headers("111122223333", "us-east-1", Some("whatever")),
    )
    .unwrap();
    assert_eq!(foreign.principal.account.to_string(), "111122223333");
}

#[test]
fn configured_accounts_refuse_unknown_keys_and_tokens() {
    let server = configured();
    for token in [None, Some("whatever")] {
        let mut headers = headers("111122223333", "us-east-1", token);
        headers.insert("host", "localhost".parse().unwrap());
        assert_eq!(
            ask(&server, &headers).unwrap_err(),
            AuthError::UnrecognizedClient
        );
    }
}

fn caller(account: &str, identity: Identity, server: &Authenticator) -> Caller {
    let account: AccountId = account.parse().unwrap();
    let Identities::Configured(directory) = server.identities() else {
        panic!("accounts are configured");
    };
    let permissions = match &identity {
        Identity::AssumedRole { role, .. } => {
            directory.role(account, role).unwrap().permissions.clone()
        }
        Identity::User { name } if name == "bob" => Permissions::of(Some(Arc::new(
            PolicySet::from_json([
                r#"{"Statement":{"Effect":"Allow","Action":"directconnect:*","Resource":"*"}}"#,
            ])
            .unwrap(),
        ))),
        Identity::User { name } if name == "carol" => Permissions::of(Some(Arc::new(
            PolicySet::from_json([
                r#"{"Statement":{"Effect":"Deny","Action":"sts:*","Resource":"*"}}"#,
            ])
            .unwrap(),
        ))),
        Identity::User { .. } | Identity::Root => Permissions::administrator(),
    };
    Caller {
        principal: Arc::new(Principal {
            account,
            identity,
            permissions,
        }),
        region: "us-east-1".parse().unwrap(),
        access_key_id: "AKIA".to_owned(),
    }
}

fn user(name: &str) -> Identity {
    Identity::User {
        name: name.to_owned(),
    }
}

#[test]
fn roles_are_assumed_by_those_whom_they_trust() {
    let server = configured();
    let operator = Identity::AssumedRole {
        role: "operator".to_owned(),
        session: "x1".to_owned(),
    };
    let rows = [
        ("444455556666", Identity::Root, "operator", true),
        ("444455556666", user("alice"), "operator", true),
        ("111122223333", Identity::Root, "operator", false),
        ("111122223333", user("alice"), "operator", false),
        // Named by the role, within its account: no policy of his own needed.
        ("111122223333", user("bob"), "operator", true),
        ("111122223333", user("carol"), "operator", false),
        ("444455556666", user("bob"), "deputy", false),
        ("111122223333", operator, "deputy", true),
        ("444455556666", Identity::Root, "missing", false),
    ];
    for (account, identity, role, allowed) in rows {
        let arn = format!("arn:aws:iam::111122223333:role/{role}");
        let caller = caller(account, identity, &server);
        let request = AssumeRole {
            role_arn: &arn,
            session_name: "me",
            duration: None,
            policy: None,
            external_id: None,
        };
        let result = server.assume_role(&caller, &request, (None, NOW), [3; 16]);
        assert_eq!(result.is_ok(), allowed, "{caller:?} as {role}");
        if let Err(error) = result {
            assert_eq!(
                error.to_string(),
                format!(
                    "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
                    caller.principal.arn(demarc_types::Partition::Aws)
                )
            );
            assert_eq!(error.wire().code, "AccessDenied");
        }
    }
}

#[test]
fn a_role_can_ask_for_an_external_id() {
    let server = configured();
    let caller = caller("444455556666", Identity::Root, &server);
    for (role, external_id, allowed) in [
        ("auditor", Some("contract-17"), true),
        ("auditor", Some("contract-18"), false),
        ("auditor", None, false),
        // A role that asks for none does not mind one.
        ("operator", Some("contract-17"), true),
    ] {
        let request = AssumeRole {
            role_arn: &format!("arn:aws:iam::111122223333:role/{role}"),
            session_name: "me",
            duration: None,
            policy: None,
            external_id,
        };
        let result = server.assume_role(&caller, &request, (None, NOW), [3; 16]);
        match result {
            Ok(_) => assert!(allowed, "{role} {external_id:?}"),
            Err(error) => {
                assert!(!allowed, "{role} {external_id:?}: {error}");
                assert_eq!(error.wire().code, "AccessDenied");
            }
        }
    }
}

#[test]
fn the_parameters_of_assume_role_are_checked() {
    let server = configured();
    let caller = caller("444455556666", Identity::Root, &server);
    let good = AssumeRole {
        role_arn: "arn:aws:iam::111122223333:role/operator",
        session_name: "night-shift",
        duration: Some(900),
        policy: None,
        external_id: None,
    };
    let refusal = |request: AssumeRole<'_>| {
        server
            .assume_role(&caller, &request, (None, NOW), [3; 16])
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refusal(AssumeRole {
            role_arn: "operator",
            ..good
        }),
        "operator is invalid"
    );
    assert_eq!(
        refusal(AssumeRole {
            session_name: "a b",
            ..good
        }),
        "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\w+=,.@-]*"
    );
    assert_eq!(
        refusal(AssumeRole {
            duration: Some(899),
            ..good
        }),
        "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: \
         Member must have value greater than or equal to 900"
    );
    assert_eq!(
        refusal(AssumeRole {
            duration: Some(7200),
            ..good
        }),
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    );
    assert!(
        refusal(AssumeRole {
            external_id: Some("x"),
            ..good
        })
        .starts_with("1 validation error detected: Value 'x' at 'externalId'")
    );
    let malformed = AssumeRole {
        policy: Some("{"),
        ..good
    };
    assert!(matches!(
        server.assume_role(&caller, &malformed, (None, NOW), [3; 16]),
        Err(AssumeRoleError::MalformedPolicy(_))
    ));
}

#[test]
fn a_session_of_a_session_lasts_an_hour_at_most() {
    let server = configured();
    let operator = Identity::AssumedRole {
        role: "operator".to_owned(),
        session: "x1".to_owned(),
    };
    let caller = caller("111122223333", operator, &server);
    let request = AssumeRole {
        role_arn: "arn:aws:iam::111122223333:role/deputy",
        session_name: "me",
        duration: Some(3601),
        policy: None,
        external_id: None,
    };
    let error = server.assume_role(&caller, &request, (None, NOW), [3; 16]);
    assert!(error.unwrap_err().to_string().contains("role chaining"));
}
