//! Authorization headers, presigned queries and everything that a signature covers: read or refused, and
//! never accepted, since nobody here knows the secret.
//!
//! The input is lines: authorization, date, session token, path, query, target; the rest is
//! the body.
#![no_main]

use std::sync::LazyLock;

use demarc_auth::{
    AuthError, Authenticator, Dialect, HttpRequest, Identities, Payload, RegionRule, Secret,
    Service, Sessions, Signature, SigningKeys, verify,
};
use demarc_types::Timestamp;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp::from_millis(1_440_938_160_000);

static DEVELOPMENT: LazyLock<Authenticator> = LazyLock::new(|| {
    Authenticator::new(Identities::Development, Sessions::new(&[1; 32]), Vec::new())
});

fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(7, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("localhost:4580"));
    for name in ["authorization", "x-amz-date", "x-amz-security-token"] {
        match HeaderValue::from_bytes(next()) {
            Ok(value) if !value.is_empty() => headers.insert(name, value),
            _ => None,
        };
    }
    let path = String::from_utf8_lossy(next()).into_owned();
    let query = String::from_utf8_lossy(next()).into_owned();
    if let Ok(value) = HeaderValue::from_bytes(next()) {
        headers.append("x-amz-target", value);
    }
    let request = HttpRequest {
        method: "POST",
        path: &path,
        query: Some(query.as_str()).filter(|query| !query.is_empty()),
        authority: None,
        headers: &headers,
        payload: Payload::Bytes(next()),
    };
    let signature = match Signature::read(&request) {
        Ok(signature) => signature,
        Err(error) => return look_at(&error),
    };
    let service = Service::from_scope_name(signature.scope().service).unwrap_or(Service::Ec2);
    let secret = || Secret::new("unknown to whoever wrote the request");
    let verdict = verify(
        &request,
        &signature,
        service,
        RegionRule::Any,
        NOW,
        &SigningKeys::new(),
        |_| Ok(secret()),
    );
    look_at(&verdict.expect_err("nobody can sign without the secret"));
    if let Ok(caller) = DEVELOPMENT.authenticate(&request, &signature, service, NOW) {
        assert_eq!(caller.region.as_str(), signature.scope().region);
    }
});

fn look_at(error: &AuthError) {
    for dialect in [Dialect::Json, Dialect::Query, Dialect::Ec2] {
        assert!(!error.message(dialect).is_empty());
        assert!(error.wire(dialect).status >= 400);
    }
}
