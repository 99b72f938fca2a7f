use demarc_types::{Span, Timestamp};

use super::{Sample, THEN, example_secret};
use crate::error::AuthError;
use crate::service::{Dialect, Service};
use crate::sigv4::{RegionRule, Signature, SigningKeys, verify};

const GOOD: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/directconnect/aws4_request, \
    SignedHeaders=host;x-amz-date;x-amz-target, \
    Signature=0000000000000000000000000000000000000000000000000000000000000000";

fn with_authorization(authorization: &str) -> Sample {
    Sample::new(
        "POST",
        "/",
        &[
            ("Host", "localhost"),
            ("X-Amz-Date", "20150830T123600Z"),
            ("X-Amz-Target", "OvertureService.DescribeLocations"),
            ("Authorization", authorization),
        ],
    )
}

fn refusal_at(sample: &Sample, regions: RegionRule<'_>, now: Timestamp) -> AuthError {
    let request = sample.request();
    Signature::read(&request)
        .and_then(|signature| {
            verify(
                &request,
                &signature,
                Service::DirectConnect,
                regions,
                now,
                &SigningKeys::new(),
                |_| Ok(example_secret()),
            )
        })
        .unwrap_err()
}

fn refusal(sample: &Sample) -> (&'static str, String) {
    let error = refusal_at(sample, RegionRule::Any, THEN);
    (error.wire(Dialect::Json).code, error.message(Dialect::Json))
}

#[test]
fn malformed_authorization_headers_are_incomplete() {
    const CREDENTIAL: &str = "Authorization header requires 'Credential' parameter. ";
    const SIGNATURE: &str = "Authorization header requires 'Signature' parameter. ";
    const SIGNED: &str = "Authorization header requires 'SignedHeaders' parameter. ";
    let rows = [
        (
            "AWS4-HMAC-SHA256",
            format!("{CREDENTIAL}{SIGNATURE}{SIGNED}Authorization=AWS4-HMAC-SHA256"),
        ),
        (
            "Bearer abc",
            format!("{CREDENTIAL}{SIGNATURE}{SIGNED}Authorization=Bearer"),
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host",
            format!("{SIGNATURE}Authorization=AWS4-HMAC-SHA256"),
        ),
        (
            "AWS4-HMAC-SHA512 Credential=a",
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'.".to_owned(),
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0, stray",
            "'stray' not a valid key=value pair (missing equal-sign) in Authorization header."
                .to_owned(),
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0",
            "Credential must have exactly 5 slash-delimited elements, e.g. \
             keyid/date/region/service/term, got 'a/b/c'"
                .to_owned(),
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f, SignedHeaders=host, Signature=0",
            "Credential must have exactly 5 slash-delimited elements, e.g. \
             keyid/date/region/service/term, got 'a/b/c/d/e/f'"
                .to_owned(),
        ),
    ];
    for (header, message) in rows {
        assert_eq!(
            refusal(&with_authorization(header)),
            ("IncompleteSignatureException", message),
            "{header}"
        );
    }
}

#[test]
fn a_missing_date_is_named_and_a_bad_one_shown() {
    let mut sample = with_authorization(GOOD);
    sample.headers.remove("x-amz-date");
    assert_eq!(
        refusal(&sample),
        (
            "IncompleteSignatureException",
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. \
             Authorization=AWS4-HMAC-SHA256"
                .to_owned()
        )
    );
    sample
        .headers
        .insert("x-amz-date", "yesterday".parse().unwrap());
    let (code, message) = refusal(&sample);
    assert_eq!(code, "IncompleteSignatureException");
    assert!(
        message.starts_with("Date must be in ISO-8601 'basic format'. Got 'yesterday'."),
        "{message}"
    );
}

#[test]
fn nothing_to_authenticate_with_is_a_missing_token() {
    let mut sample = with_authorization(GOOD);
    sample.headers.remove("authorization");
    assert_eq!(
        refusal(&sample),
        (
            "MissingAuthenticationTokenException",
            "Missing Authentication Token".to_owned()
        )
    );
    sample.query = Some("X-Amz-Algorithm=AWS3&X-Amz-Credential=a".to_owned());
    assert_eq!(refusal(&sample).0, "MissingAuthenticationTokenException");
}

#[test]
fn a_presigned_url_lists_what_it_lacks() {
    let mut sample = with_authorization(GOOD);
    sample.headers.remove("authorization");
    sample.query = Some("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host".to_owned());
    assert_eq!(
        refusal(&sample),
        (
            "IncompleteSignatureException",
            "AWS query-string parameters must include 'X-Amz-Credential'. \
             AWS query-string parameters must include 'X-Amz-Signature'. \
             AWS query-string parameters must include 'X-Amz-Date'. \
             Re-examine the query-string parameters."
                .to_owned()
        )
    );
}

#[test]
fn two_ways_of_authenticating_are_one_too_many() {
    let mut sample = with_authorization(GOOD);
    sample.query = Some("X-Amz-Algorithm=AWS4-HMAC-SHA256".to_owned());
    assert_eq!(refusal(&sample).0, "InvalidSignatureException");
}

#[test]
fn the_window_is_five_minutes_to_both_sides() {
    let sample = with_authorization(GOOD);
    let at = |now| refusal_at(&sample, RegionRule::Any, now);
    let minutes = Span::from_minutes(5);
    let second = Span::from_secs(1);
    for now in [THEN, THEN + minutes, THEN - minutes] {
        assert!(matches!(at(now), AuthError::SignatureMismatch { .. }));
    }
    assert_eq!(
        at(THEN + minutes + second),
        AuthError::OutsideTimeWindow(
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
             (20150830T124101Z - 5 min.)"
                .to_owned()
        )
    );
    assert_eq!(
        at(THEN - minutes - second),
        AuthError::OutsideTimeWindow(
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z \
             (20150830T123059Z + 5 min.)"
                .to_owned()
        )
    );
}

#[test]
fn a_wrong_scope_says_what_is_wrong() {
    let rows = [
        (
            "us east",
            "directconnect",
            "Credential should be scoped to a valid region. ",
        ),
        (
            "us-east-1",
            "s3",
            "Credential should be scoped to correct service: 'directconnect'. ",
        ),
        (
            "",
            "ec2",
            "Credential should be scoped to a valid region. \
             Credential should be scoped to correct service: 'directconnect'. ",
        ),
    ];
    for (region, service, message) in rows {
        let header = GOOD.replace("us-east-1/directconnect", &format!("{region}/{service}"));
        assert_eq!(
            refusal(&with_authorization(&header)),
            ("InvalidSignatureException", message.to_owned())
        );
    }
    let header = GOOD.replace("20150830/", "20150831/");
    let (code, message) = refusal(&with_authorization(&header));
    assert_eq!(code, "InvalidSignatureException");
    assert!(
        message.contains("'20150831' != '20150830', from '20150830T123600Z'"),
        "{message}"
    );
}

#[test]
fn a_server_of_named_regions_refuses_the_others() {
    let sample = with_authorization(GOOD);
    let elsewhere = ["eu-west-1".parse().unwrap()];
    assert_eq!(
        refusal_at(&sample, RegionRule::OneOf(&elsewhere), THEN),
        AuthError::InvalidSignature("Credential should be scoped to a valid region. ".to_owned())
    );
}

#[test]
fn global_services_are_asked_in_us_east_1_wherever_a_server_is() {
    let [us_east, us_west, elsewhere] =
        ["us-east-1", "us-west-2", "eu-west-1"].map(|name| name.parse().unwrap());
    let served = [elsewhere];
    let rule = RegionRule::OneOf(&served);
    for service in Service::ALL {
        let is_global = matches!(service, Service::Sts | Service::Iam | Service::Tagging);
        assert_eq!(rule.admits(&us_east, service), is_global, "{service}");
        assert!(!rule.admits(&us_west, service), "{service}");
        assert!(rule.admits(&elsewhere, service), "{service}");
    }
}

#[test]
fn host_and_target_must_be_signed() {
    for (header, name) in [
        ("host;", "'Host' or ':authority'"),
        (";x-amz-target", "'X-Amz-Target'"),
    ] {
        let sample = with_authorization(&GOOD.replace(header, ""));
        assert_eq!(
            refusal(&sample),
            (
                "InvalidSignatureException",
                format!("{name} must be a 'SignedHeader' in the AWS Authorization.")
            )
        );
    }
}

#[test]
fn a_wrong_signature_gets_the_canonical_strings() {
    let (code, message) = refusal(&with_authorization(GOOD));
    assert_eq!(code, "InvalidSignatureException");
    assert_eq!(
        message,
        "The request signature we calculated does not match the signature you provided. Check your \
         AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n\
         The Canonical String for this request should have been\n\
         'POST\n/\n\nhost:localhost\nx-amz-date:20150830T123600Z\n\
         x-amz-target:OvertureService.DescribeLocations\n\nhost;x-amz-date;x-amz-target\n\
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\n\
         The String-to-Sign should have been\n\
         'AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/directconnect/aws4_request\n\
         1b105416c07c64f1a8743fe4a0f605d4c3ea25d5044c02761c1db7edf1008167'\n"
    );
}

#[test]
fn an_unknown_key_is_asked_for_only_when_time_and_scope_are_good() {
    let unknown = |sample: &Sample, now| {
        let request = sample.request();
        let signature = Signature::read(&request).unwrap();
        verify(
            &request,
            &signature,
            Service::DirectConnect,
            RegionRule::Any,
            now,
            &SigningKeys::new(),
            |_| Err(AuthError::UnrecognizedClient),
        )
        .unwrap_err()
    };
    let sample = with_authorization(GOOD);
    assert_eq!(unknown(&sample, THEN), AuthError::UnrecognizedClient);
    assert!(matches!(
        unknown(&sample, THEN + Span::from_days(1)),
        AuthError::OutsideTimeWindow(_)
    ));
}
