//! Signatures made by the AWS SDK's own signer, and the verdict of an independent verifier.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use demarc_auth::{AuthError, RegionRule, Service, Signature, SigningKeys, verify};
use proptest::prelude::*;
use support::{NOW, Signed, Signer, scratchstack_accepts, secret, sign};

/// What the verifier under test says.
fn verdict(signed: &Signed) -> Result<(), AuthError> {
    let request = signed.request();
    let signature = Signature::read(&request)?;
    verify(
        &request,
        &signature,
        Service::DirectConnect,
        RegionRule::Any,
        NOW,
        &SigningKeys::new(),
        |signature| {
            (signature.access_key_id() == "AKIDEXAMPLE")
                .then(secret)
                .ok_or(AuthError::UnrecognizedClient)
        },
    )
    .map(|region| assert_eq!(region.as_str(), "us-east-1"))
}

/// The part of a signed request in which one byte is to be changed.
#[derive(Clone, Copy, Debug)]
enum Part {
    Method,
    Path,
    Query,
    SignedHeader,
    Body,
    Signature,
    Credential,
}

fn parts() -> impl Strategy<Value = Part> {
    prop_oneof![
        Just(Part::Method),
        Just(Part::Path),
        Just(Part::Query),
        Just(Part::SignedHeader),
        Just(Part::Body),
        Just(Part::Signature),
        Just(Part::Credential),
    ]
}

/// A visible character in the place of another one, or of a space, of `text`'s.
fn flip(text: &str, place: usize, by: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    if let Some(byte) = bytes.get_mut(place % text.len().max(1)) {
        *byte = b'!' + (byte.saturating_sub(b'!') + 1 + by % 92) % 93;
    }
    String::from_utf8(bytes).unwrap()
}

prop_compose! {
    fn requests()(
        post in any::<bool>(),
        // Signers disagree about a last segment of dots, which no client of ours sends.
        path in "(/[A-Za-z0-9._~-]{0,7}[A-Za-z0-9_~-]){0,3}/?",
        query in proptest::option::of("[A-Za-z]{1,5}=[A-Za-z0-9._~%-]{0,6}(&[A-Za-z]{1,5}=[a-z0-9+]{0,6}){0,2}"),
        header in "[!-~]([ -~]{0,20}[!-~])?",
        body in proptest::collection::vec(any::<u8>(), 0..64),
        token in proptest::option::of("[A-Za-z0-9+/=]{1,40}"),
        presigned in any::<bool>(),
    ) -> Signed {
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        // A lone percent sign is not a query that a client could mean.
        let query = query.map(|query| query.replace('%', "%41"));
        Signed::unsigned(if post { "POST" } else { "GET" }, &path, query.as_deref(), &header, &body)
            .signed_with(Signer { token, ..Signer::default() })
            .presigned(presigned)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_the_sdk_signs_is_accepted(request in requests()) {
        let signed = sign(request);
        prop_assert_eq!(verdict(&signed), Ok(()), "{:?}", signed);
    }

    #[test]
    fn one_changed_byte_is_refused(
        request in requests(),
        part in parts(),
        place in any::<u16>(),
        by in any::<u8>(),
    ) {
        let signed = sign(request);
        let mut changed = signed.clone();
        let place = usize::from(place);
        match part {
            Part::Method => changed.method = flip(&changed.method, place, by),
            Part::Path => {
                let at = place % changed.path.len();
                // A segment of dots or an empty one would vanish again in normalisation.
                changed.path.insert(at.max(1), if by % 2 == 0 { 'x' } else { '7' });
            }
            Part::Query => {
                let query = changed.query.take().unwrap_or_default();
                changed.query = Some(format!("{query}&added=1"));
            }
            Part::SignedHeader => {
                let value = flip(&changed.header("x-amz-target"), place, by);
                changed.set_header("x-amz-target", &value);
            }
            Part::Body => {
                let at = place % (changed.body.len() + 1);
                changed.body.insert(at, by);
            }
            Part::Signature => changed.edit_signature(|signature| {
                let at = place % signature.len();
                let digit = if &signature[at..=at] == "0" { "1" } else { "0" };
                signature.replace_range(at..=at, digit);
            }),
            Part::Credential => changed.edit_credential(place),
        }
        prop_assert!(verdict(&changed).is_err(), "{part:?}: {changed:?}");
    }

    #[test]
    fn an_independent_verifier_agrees(request in requests(), spoil in any::<bool>()) {
        // Of presigned requests scratchstack takes the credential without decoding it, and refuses all.
        let mut signed = sign(request.presigned(false));
        if spoil {
            signed.body.push(b'x');
        }
        prop_assert_eq!(verdict(&signed).is_ok(), scratchstack_accepts(&signed), "{:?}", signed);
    }

    #[test]
    fn no_header_or_query_makes_reading_panic(
        authorization in proptest::collection::vec(32_u8..=255, 0..120),
        date in "\\PC{0,30}",
        query in "\\PC{0,120}",
    ) {
        let mut signed = Signed::unsigned("POST", "/", Some(&query), "x", b"");
        signed.set_header_bytes("authorization", &authorization);
        signed.set_header_bytes("x-amz-date", date.as_bytes());
        let _ = verdict(&signed);
    }
}

#[test]
fn the_old_date_header_does_as_well() {
    // Net::Amazon::DirectConnect signs `date` instead of `x-amz-date`.
    let mut signed = sign(Signed::unsigned(
        "POST",
        "/",
        None,
        "OvertureService.X",
        b"{}",
    ));
    let date = signed.header("x-amz-date");
    signed.remove_header("x-amz-date");
    signed.set_header("date", &date);
    signed.sign_by_hand(&["content-type", "date", "host", "x-amz-target"]);
    assert_eq!(verdict(&signed), Ok(()));
    signed.set_header("date", "Sun, 30 Aug 2015 12:36:00 GMT");
    signed.sign_by_hand(&["content-type", "date", "host", "x-amz-target"]);
    assert_eq!(verdict(&signed), Ok(()));
}

#[test]
fn signed_headers_out_of_order_are_put_in_order() {
    let mut signed = Signed::unsigned("POST", "/", None, "OvertureService.X", b"{}");
    signed.sign_by_hand(&["x-amz-target", "host", "x-amz-date"]);
    assert_eq!(verdict(&signed), Ok(()));
}
