//! The parts of an HTTP request that a signature covers.

use http::HeaderMap;

use crate::digest::{Digest32, sha256};

/// A request as it came off the wire: nothing decoded, nothing normalised.
#[derive(Clone, Copy, Debug)]
pub struct HttpRequest<'a> {
    /// `GET`, `POST`, ...
    pub method: &'a str,
    /// The path, beginning with `/`, still percent-encoded.
    pub path: &'a str,
    /// What follows the `?`, still percent-encoded.
    pub query: Option<&'a str>,
    /// The authority of an HTTP/2 request; stands in for a missing `Host` header.
    pub authority: Option<&'a str>,
    pub headers: &'a HeaderMap,
    pub payload: Payload<'a>,
}

/// The body, or its digest when somebody has computed it already.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    Bytes(&'a [u8]),
    Sha256([u8; 32]),
}

impl Payload<'_> {
    pub(crate) fn digest(&self) -> Digest32 {
        match self {
            Self::Bytes(body) => sha256(body),
            Self::Sha256(digest) => *digest,
        }
    }
}
