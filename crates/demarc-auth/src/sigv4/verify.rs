//! The decision whether a signature is good.

use demarc_types::{Region, Timestamp};

use super::canonical::{canonical_request, names};
use super::keys::{SigningKeys, derive};
use super::parameters::{Form, Signature, excerpt};
use super::request::HttpRequest;
use super::time::SignatureTime;
use crate::digest::{KeyedHmac, hex, hmac_matches, sha256, unhex};
use crate::error::AuthError;
use crate::secret::Secret;
use crate::service::Service;

/// How far a signature's time may be from ours, in minutes (spec/protocol §3.3).
const WINDOW_MINUTES: i64 = 5;
const WINDOW: i64 = WINDOW_MINUTES * 60;

/// Which Regions a server answers for.
#[derive(Clone, Copy, Debug)]
pub enum RegionRule<'a> {
    /// Every well-formed name; the one in the scope becomes the request's Region.
    Any,
    /// Only these, and the one that calls of global services are signed for.
    OneOf(&'a [Region]),
}

/// What clients sign calls of global services for.
const GLOBAL: &str = "us-east-1";

impl RegionRule<'_> {
    /// Whether calls of `service` may be signed for `region`.
    pub fn admits(self, region: &Region, service: Service) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(served) => {
                served.contains(region) || service.is_global() && region.as_str() == GLOBAL
            }
        }
    }
}

/// Checks `signature` against `request` and answers with the Region it is made for.
///
/// `secret` looks up the secret of the signature's access key; its error is passed on. It is asked after
/// time and scope have been found good, as AWS does.
///
/// # Errors
/// The rows of spec/protocol §3.3, in the order of the module's documentation.
pub fn verify(
    request: &HttpRequest<'_>,
    signature: &Signature<'_>,
    service: Service,
    regions: RegionRule<'_>,
    now: Timestamp,
    keys: &SigningKeys,
    secret: impl FnOnce(&Signature<'_>) -> Result<Secret, AuthError>,
) -> Result<Region, AuthError> {
    check_signed_headers(request, signature)?;
    let time = signature.time()?;
    check_time(signature.form, &time, now)?;
    let region = check_scope(signature, &time, service, regions)?;
    let secret = secret(signature)?;
    let known = keys.get(signature.credential(), &secret);
    let is_new = known.is_none();
    let key = known.unwrap_or_else(|| derive(&secret, &signature.scope()));
    check_signature(request, signature, &time, &key)?;
    if is_new {
        keys.insert(signature.credential(), secret, key);
    }
    Ok(region)
}

/// `Host` must be signed, and so must the name of the operation: without that, whoever sees a request
/// could turn it into another one.
fn check_signed_headers(
    request: &HttpRequest<'_>,
    signature: &Signature<'_>,
) -> Result<(), AuthError> {
    const TARGET: &str = "x-amz-target";
    let is_signed = |header: &str| names(&signature.signed_headers).any(|name| name == header);
    if !is_signed("host") && !is_signed(":authority") {
        return Err(AuthError::InvalidSignature(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ));
    }
    if request.headers.contains_key(TARGET) && !is_signed(TARGET) {
        return Err(AuthError::InvalidSignature(
            "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ));
    }
    Ok(())
}

fn check_time(form: Form, time: &SignatureTime, now: Timestamp) -> Result<(), AuthError> {
    let now = now.millis().div_euclid(1000);
    let signed = time.seconds;
    let (validity, validity_text) = match form {
        Form::Query {
            expires: Some(seconds),
        } => (seconds, format_args!("{seconds} sec.").to_string()),
        Form::Header | Form::Query { expires: None } => (WINDOW, format!("{WINDOW_MINUTES} min.")),
    };
    let written = |seconds: i64| {
        SignatureTime::from_seconds(seconds)
            .map_or_else(|| seconds.to_string(), |time| time.as_str().to_owned())
    };
    let earliest = now.saturating_sub(validity);
    if signed < earliest {
        return Err(AuthError::OutsideTimeWindow(format!(
            "Signature expired: {} is now earlier than {} ({} - {validity_text})",
            time.as_str(),
            written(earliest),
            written(now),
        )));
    }
    let latest = now.saturating_add(WINDOW);
    if signed > latest {
        return Err(AuthError::OutsideTimeWindow(format!(
            "Signature not yet current: {} is still later than {} ({} + {WINDOW_MINUTES} min.)",
            time.as_str(),
            written(latest),
            written(now),
        )));
    }
    Ok(())
}

fn check_scope(
    signature: &Signature<'_>,
    time: &SignatureTime,
    service: Service,
    regions: RegionRule<'_>,
) -> Result<Region, AuthError> {
    let scope = signature.scope();
    let region = scope
        .region
        .parse::<Region>()
        .ok()
        .filter(|region| regions.admits(region, service));
    let mut faults = String::new();
    if region.is_none() {
        faults.push_str("Credential should be scoped to a valid region. ");
    }
    if scope.service != service.scope_name() {
        faults.push_str(&format!(
            "Credential should be scoped to correct service: '{service}'. "
        ));
    }
    if !scope.terminates_well() {
        faults.push_str(&format!(
            "Credential should be scoped with a valid terminator: 'aws4_request', not '{}'. ",
            excerpt(scope.terminator)
        ));
    }
    if scope.date != time.date() {
        faults.push_str(&format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
             '{}' != '{}', from '{}'. ",
            excerpt(scope.date),
            time.date(),
            time.as_str()
        ));
    }
    match region {
        Some(region) if faults.is_empty() => Ok(region),
        _ => Err(AuthError::InvalidSignature(faults)),
    }
}

pub(super) fn check_signature(
    request: &HttpRequest<'_>,
    signature: &Signature<'_>,
    time: &SignatureTime,
    key: &KeyedHmac,
) -> Result<(), AuthError> {
    let canonical = canonical_request(request, signature);
    let digest = hex(&sha256(&canonical));
    let string_to_sign: [&[u8]; 6] = [
        b"AWS4-HMAC-SHA256\n",
        time.as_str().as_bytes(),
        b"\n",
        signature.scope_text().as_bytes(),
        b"\n",
        &digest,
    ];
    let good = unhex(&signature.signature)
        .is_some_and(|sent| hmac_matches(key.clone(), &string_to_sign, &sent));
    if good {
        return Ok(());
    }
    Err(AuthError::SignatureMismatch {
        canonical_request: String::from_utf8_lossy(&canonical).into_owned(),
        string_to_sign: String::from_utf8_lossy(&string_to_sign.concat()).into_owned(),
    })
}
