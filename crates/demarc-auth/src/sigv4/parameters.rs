//! Reading a signature's parameters from a request.

use std::borrow::Cow;

use http::header::{AUTHORIZATION, DATE, HeaderMap, HeaderName};

use super::percent::decode_query_text;
use super::request::HttpRequest;
use super::time::SignatureTime;
use crate::error::AuthError;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const X_AMZ_SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// The longest validity of a presigned request: seven days, in seconds.
const MAX_EXPIRES: i64 = 604_800;

/// What a request says about its signature. Nothing of it has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    credential: Cow<'a, str>,
    /// Where the four slashes of `credential` are.
    slashes: [usize; 4],
    pub(super) signed_headers: Cow<'a, str>,
    pub(super) signature: Cow<'a, str>,
    /// Absent when the header form came without a date: an error as soon as somebody verifies it.
    pub(super) time: Option<SignatureTime>,
    pub(super) form: Form,
    session_token: Option<Cow<'a, str>>,
}

/// Where the signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Header,
    /// In the URL, with its validity in seconds when the URL names one.
    Query {
        expires: Option<i64>,
    },
}

/// The credential scope: `date/region/service/aws4_request`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope<'a> {
    pub date: &'a str,
    pub region: &'a str,
    pub service: &'a str,
    pub terminator: &'a str,
}

impl<'a> Signature<'a> {
    /// Reads the parameters of the `Authorization` header or of the presigned URL.
    ///
    /// # Errors
    /// [`AuthError::MissingAuthenticationToken`] when there is neither,
    /// [`AuthError::IncompleteSignature`] with AWS's texts when something is missing or unreadable.
    pub fn read(request: &HttpRequest<'a>) -> Result<Self, AuthError> {
        let header = request.headers.get(AUTHORIZATION);
        let query = request
            .query
            .filter(|query| query.contains("X-Amz-Algorithm"));
        let query = query.map(QueryParameters::read);
        let presigned = query.filter(|query| query.algorithm.is_some());
        match (header, presigned) {
            (Some(_), Some(_)) => Err(AuthError::InvalidSignature(
                "Only one authentication mechanism is allowed: the Authorization header or the \
                 X-Amz-Algorithm query parameter."
                    .to_owned(),
            )),
            (Some(header), None) => Self::from_header(header.as_bytes(), request.headers),
            (None, Some(query)) => Self::from_query(query),
            (None, None) => Err(AuthError::MissingAuthenticationToken),
        }
    }

    fn from_header(header: &'a [u8], headers: &'a HeaderMap) -> Result<Self, AuthError> {
        let header = std::str::from_utf8(header).unwrap_or("").trim();
        let (algorithm, rest) = header
            .split_once(char::is_whitespace)
            .unwrap_or((header, ""));
        if algorithm != ALGORITHM && algorithm.starts_with("AWS4-") {
            return Err(incomplete(format!(
                "Unsupported AWS 'algorithm': '{}'.",
                excerpt(algorithm)
            )));
        }
        let parameters = HeaderParameters::read(rest);
        let date = match headers.get(X_AMZ_DATE) {
            Some(date) => Some(date),
            None => headers.get(DATE),
        };
        let (Some(credential), Some(signature), Some(signed_headers)) = (
            parameters.credential,
            parameters.signature,
            parameters.signed_headers,
        ) else {
            return Err(parameters.missing(date.is_some(), algorithm));
        };
        if let Some(stray) = parameters.stray {
            return Err(incomplete(format!(
                "'{}' not a valid key=value pair (missing equal-sign) in Authorization header.",
                excerpt(stray)
            )));
        }
        let token = headers
            .get(X_AMZ_SECURITY_TOKEN)
            .map(|token| Cow::Borrowed(token.to_str().unwrap_or("")));
        Self::assemble(
            Cow::Borrowed(credential),
            Cow::Borrowed(signed_headers),
            Cow::Borrowed(signature),
            date.map(|date| date.to_str().unwrap_or("")),
            Form::Header,
            token,
        )
    }

    fn from_query(query: QueryParameters<'a>) -> Result<Self, AuthError> {
        if query.algorithm.as_deref() != Some(ALGORITHM) {
            return Err(AuthError::MissingAuthenticationToken);
        }
        let missing = query.missing();
        let (Some(credential), Some(signature), Some(signed_headers), Some(date)) = (
            query.credential,
            query.signature,
            query.signed_headers,
            query.date,
        ) else {
            return Err(missing);
        };
        let expires = query.expires.as_deref().map(parse_expires).transpose()?;
        Self::assemble(
            credential,
            signed_headers,
            signature,
            Some(&date),
            Form::Query { expires },
            query.token,
        )
    }

    fn assemble(
        credential: Cow<'a, str>,
        signed_headers: Cow<'a, str>,
        signature: Cow<'a, str>,
        date: Option<&str>,
        form: Form,
        session_token: Option<Cow<'a, str>>,
    ) -> Result<Self, AuthError> {
        let time = date.map(read_time).transpose()?;
        let slashes = four_slashes(&credential).ok_or_else(|| {
            incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term, got '{}'",
                excerpt(&credential)
            ))
        })?;
        Ok(Self {
            credential,
            slashes,
            signed_headers,
            signature,
            time,
            form,
            session_token,
        })
    }

    /// The access key id.
    pub fn access_key_id(&self) -> &str {
        &self.credential[..self.slashes[0]]
    }

    /// What the signature is made for; decides the request's service and Region.
    pub fn scope(&self) -> Scope<'_> {
        let [a, b, c, d] = self.slashes;
        Scope {
            date: &self.credential[a + 1..b],
            region: &self.credential[b + 1..c],
            service: &self.credential[c + 1..d],
            terminator: &self.credential[d + 1..],
        }
    }

    /// The session token of temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Key id and scope as they were sent.
    pub(super) fn credential(&self) -> &str {
        &self.credential
    }

    /// When the request was signed.
    pub(super) fn time(&self) -> Result<SignatureTime, AuthError> {
        self.time.ok_or_else(|| {
            let nothing_else_missing = HeaderParameters {
                credential: Some(""),
                signed_headers: Some(""),
                signature: Some(""),
                stray: None,
            };
            nothing_else_missing.missing(false, ALGORITHM)
        })
    }

    /// `date/region/service/aws4_request` as the string to sign has it.
    pub(super) fn scope_text(&self) -> &str {
        &self.credential[self.slashes[0] + 1..]
    }
}

impl Scope<'_> {
    pub(super) fn terminates_well(&self) -> bool {
        self.terminator == TERMINATOR
    }
}

/// `Credential=..., SignedHeaders=..., Signature=...`; the last one of a name counts.
#[derive(Default)]
struct HeaderParameters<'a> {
    credential: Option<&'a str>,
    signed_headers: Option<&'a str>,
    signature: Option<&'a str>,
    /// The first piece without an equals sign.
    stray: Option<&'a str>,
}

impl<'a> HeaderParameters<'a> {
    fn read(text: &'a str) -> Self {
        let mut found = Self::default();
        for piece in text.split(',') {
            match piece.trim().split_once('=') {
                Some(("Credential", value)) => found.credential = Some(value),
                Some(("SignedHeaders", value)) => found.signed_headers = Some(value),
                Some(("Signature", value)) => found.signature = Some(value),
                Some(_) => {}
                None if piece.trim().is_empty() => {}
                None => found.stray = found.stray.or_else(|| Some(piece.trim())),
            }
        }
        found
    }

    /// The error that lists what is not there.
    fn missing(&self, has_date: bool, algorithm: &str) -> AuthError {
        let requirements = [
            (
                self.credential.is_some(),
                "Authorization header requires 'Credential' parameter. ",
            ),
            (
                self.signature.is_some(),
                "Authorization header requires 'Signature' parameter. ",
            ),
            (
                self.signed_headers.is_some(),
                "Authorization header requires 'SignedHeaders' parameter. ",
            ),
            (
                has_date,
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
            ),
        ];
        // AWS repeats the whole header; a caller's token for another service has no place in an answer.
        let mut text = list_unmet(&requirements);
        text.push_str("Authorization=");
        text.push_str(&excerpt(algorithm));
        incomplete(text)
    }
}

/// The `X-Amz-...` parameters of a URL; the first one of a name counts.
#[derive(Default)]
struct QueryParameters<'a> {
    algorithm: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    date: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    signed_headers: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    token: Option<Cow<'a, str>>,
}

impl<'a> QueryParameters<'a> {
    fn read(query: &'a str) -> Self {
        let mut found = Self::default();
        for piece in query.split('&') {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let slot = match decode_query_text(name).as_deref() {
                Some("X-Amz-Algorithm") => &mut found.algorithm,
                Some("X-Amz-Credential") => &mut found.credential,
                Some("X-Amz-Date") => &mut found.date,
                Some("X-Amz-Expires") => &mut found.expires,
                Some("X-Amz-SignedHeaders") => &mut found.signed_headers,
                Some("X-Amz-Signature") => &mut found.signature,
                Some("X-Amz-Security-Token") => &mut found.token,
                _ => continue,
            };
            if slot.is_none() {
                *slot = decode_query_text(value);
            }
        }
        found
    }

    fn missing(&self) -> AuthError {
        let requirements = [
            (
                self.credential.is_some(),
                "AWS query-string parameters must include 'X-Amz-Credential'. ",
            ),
            (
                self.signature.is_some(),
                "AWS query-string parameters must include 'X-Amz-Signature'. ",
            ),
            (
                self.signed_headers.is_some(),
                "AWS query-string parameters must include 'X-Amz-SignedHeaders'. ",
            ),
            (
                self.date.is_some(),
                "AWS query-string parameters must include 'X-Amz-Date'. ",
            ),
        ];
        let mut text = list_unmet(&requirements);
        text.push_str("Re-examine the query-string parameters.");
        incomplete(text)
    }
}

fn list_unmet(requirements: &[(bool, &str)]) -> String {
    requirements
        .iter()
        .filter(|(met, _)| !met)
        .map(|(_, text)| *text)
        .collect()
}

fn parse_expires(text: &str) -> Result<i64, AuthError> {
    text.parse()
        .ok()
        .filter(|seconds| (1..=MAX_EXPIRES).contains(seconds))
        .ok_or_else(|| {
            incomplete(format!(
                "X-Amz-Expires must be a number of seconds from 1 to {MAX_EXPIRES}. Got '{}'.",
                excerpt(text)
            ))
        })
}

fn read_time(date: &str) -> Result<SignatureTime, AuthError> {
    SignatureTime::parse(date).ok_or_else(|| {
        incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601",
            excerpt(date)
        ))
    })
}

/// The places of exactly four slashes.
fn four_slashes(text: &str) -> Option<[usize; 4]> {
    let mut places = text.match_indices('/').map(|(place, _)| place);
    let found = [
        places.next()?,
        places.next()?,
        places.next()?,
        places.next()?,
    ];
    places.next().is_none().then_some(found)
}

fn incomplete(text: String) -> AuthError {
    AuthError::IncompleteSignature(text)
}

/// The beginning of what the client sent, short enough for an answer.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(128).collect()
}
