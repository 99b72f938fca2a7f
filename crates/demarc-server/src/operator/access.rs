//! Who may use the operator API.

use demarc_auth::Secret;
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderName, StatusCode};
use subtle::ConstantTimeEq;

use super::Problem;

/// What the operator API asks for.
#[derive(Debug)]
pub(crate) enum OperatorAccess {
    /// Anyone who reaches the loopback listener of the development mode.
    Open,
    Token(Secret),
    /// Accounts are configured, but no token is.
    Closed,
}

impl OperatorAccess {
    /// Whether a request may see what only the operator sees.
    pub(crate) fn admits(&self, parts: &Parts) -> bool {
        self.admit(parts).is_ok()
    }

    /// Lets a request in, or says why not.
    pub(super) fn admit(&self, parts: &Parts) -> Result<(), Problem> {
        match self {
            Self::Open => same_origin(parts),
            Self::Closed => Err(Problem::new(
                StatusCode::FORBIDDEN,
                "The operator API is closed: set server.operator_token in the configuration.",
            )),
            Self::Token(token) => {
                let given = header(parts, AUTHORIZATION)
                    .and_then(|header| header.strip_prefix("Bearer "))
                    .unwrap_or_default();
                if given.as_bytes().ct_eq(token.expose().as_bytes()).into() {
                    return Ok(());
                }
                Err(Problem::new(
                    StatusCode::UNAUTHORIZED,
                    "The operator's token is missing or wrong: send it as `Authorization: Bearer TOKEN`.",
                ))
            }
        }
    }
}

/// A browser on this machine reaches the loopback address on behalf of any page that it shows; such requests
/// name the page's origin.
pub(crate) fn same_origin(parts: &Parts) -> Result<(), Problem> {
    let Some(origin) = header(parts, ORIGIN) else {
        return Ok(());
    };
    let from = origin.split_once("://").map(|(_, authority)| authority);
    let to =
        header(parts, HOST).or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
    if from.is_some() && from == to {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "Pages of other origins may not use the operator API.",
    ))
}

fn header(parts: &Parts, name: HeaderName) -> Option<&str> {
    parts.headers.get(name)?.to_str().ok()
}
