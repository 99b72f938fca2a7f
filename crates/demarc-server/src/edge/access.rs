//! Who may speak for which device.

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::operator::{Problem, same_origin};

/// A device and the token of its edge, as the configuration file has them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeConfig {
    pub device: String,
    /// A file that holds the token; space around it does not count.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// The SHA-256 of the token, in hexadecimal digits, instead.
    #[serde(default)]
    pub token_sha256: Option<String>,
}

/// The tokens of the edges cannot be used: one line.
#[derive(Debug, thiserror::Error)]
pub enum EdgeConfigError {
    #[error("configuration: edge `{0}` needs either token_file or token_sha256")]
    Which(String),
    #[error("configuration: edge `{0}` is there twice")]
    Twice(String),
    #[error("configuration: edge `{device}`: cannot read {path}: {source}")]
    Read {
        device: String,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("configuration: edge `{0}`: its token file is empty")]
    Empty(String),
    #[error("configuration: edge `{0}`: token_sha256 takes 64 hexadecimal digits")]
    Hash(String),
}

/// What the edge API asks for.
#[derive(Debug)]
pub(crate) enum EdgeAccess {
    /// Anyone who reaches the loopback listener of the development mode.
    Open,
    /// Hashes of tokens, by device.
    Tokens(BTreeMap<String, [u8; 32]>),
    /// Accounts are configured, but no edges are.
    Closed,
}

impl EdgeAccess {
    /// `development`: no accounts are configured, so that only loopback is listened on.
    pub(crate) fn new(edges: &[EdgeConfig], development: bool) -> Result<Self, EdgeConfigError> {
        if edges.is_empty() {
            return Ok(if development {
                Self::Open
            } else {
                Self::Closed
            });
        }
        let mut tokens = BTreeMap::new();
        for edge in edges {
            if tokens.insert(edge.device.clone(), edge.hash()?).is_some() {
                return Err(EdgeConfigError::Twice(edge.device.clone()));
            }
        }
        Ok(Self::Tokens(tokens))
    }

    /// Lets the edge of `device` in, or says why not.
    pub(crate) fn admit(&self, parts: &Parts, device: &str) -> Result<(), Problem> {
        let tokens = match self {
            Self::Open => return same_origin(parts),
            Self::Closed => {
                return Err(Problem::new(
                    StatusCode::FORBIDDEN,
                    "Edges are not let in: name their devices and tokens in the configuration ([[edge]]).",
                ));
            }
            Self::Tokens(tokens) => tokens,
        };
        let header = parts.headers.get(AUTHORIZATION);
        let given = header
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .unwrap_or_default();
        let given: [u8; 32] = Sha256::digest(given.trim().as_bytes()).into();
        let matches = |token: &[u8; 32]| bool::from(token.ct_eq(&given));
        if tokens.get(device).is_some_and(matches) {
            return Ok(());
        }
        // All are compared, so that the time tells nothing.
        let others = tokens.values().filter(|token| matches(token)).count();
        if others > 0 {
            let text = format!("This token is of another device than {device}.");
            return Err(Problem::new(StatusCode::FORBIDDEN, text));
        }
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "The edge's token is missing or wrong: send it as `Authorization: Bearer TOKEN`.",
        ))
    }
}

impl EdgeConfig {
    fn hash(&self) -> Result<[u8; 32], EdgeConfigError> {
        let device = || self.device.clone();
        match (&self.token_file, &self.token_sha256) {
            (Some(path), None) => {
                let text =
                    std::fs::read_to_string(path).map_err(|source| EdgeConfigError::Read {
                        device: device(),
                        path: path.clone(),
                        source,
                    })?;
                if text.trim().is_empty() {
                    return Err(EdgeConfigError::Empty(device()));
                }
                Ok(Sha256::digest(text.trim().as_bytes()).into())
            }
            (None, Some(digits)) => unhex(digits).ok_or_else(|| EdgeConfigError::Hash(device())),
            _ => Err(EdgeConfigError::Which(device())),
        }
    }
}

fn unhex(digits: &str) -> Option<[u8; 32]> {
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(device: &str, token: &str) -> EdgeConfig {
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        EdgeConfig {
            device: device.to_owned(),
            token_file: None,
            token_sha256: Some(digest.iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }

    fn status(access: &EdgeAccess, token: Option<&str>, device: &str) -> Option<u16> {
        let mut request = http::Request::new(());
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let (parts, ()) = request.into_parts();
        let problem = access.admit(&parts, device).err()?;
        Some(problem.answer().status().as_u16())
    }

    #[test]
    fn a_token_opens_its_own_device_and_no_other() {
        let access = EdgeAccess::new(&[edge("a", "one"), edge("b", "two")], false).unwrap();
        for (token, device, expected) in [
            (Some("one"), "a", None),
            (Some("two"), "b", None),
            (Some("two"), "a", Some(403)),
            (Some("one"), "c", Some(403)),
            (Some("three"), "a", Some(401)),
            (Some(""), "a", Some(401)),
            (None, "a", Some(401)),
        ] {
            assert_eq!(
                status(&access, token, device),
                expected,
                "{token:?} {device}"
            );
        }
    }

    #[test]
    fn without_tokens_only_the_development_mode_is_open() {
        let open = EdgeAccess::new(&[], true).unwrap();
        assert_eq!(status(&open, None, "a"), None);
        let closed = EdgeAccess::new(&[], false).unwrap();
        assert_eq!(status(&closed, Some("one"), "a"), Some(403));
    }

    #[test]
    fn a_token_has_one_place() {
        let none = EdgeConfig {
            token_sha256: None,
            ..edge("a", "one")
        };
        let short = EdgeConfig {
            token_sha256: Some("ab".to_owned()),
            ..edge("a", "one")
        };
        for (edges, word) in [
            (vec![none], "either"),
            (vec![short], "64 hexadecimal"),
            (vec![edge("a", "one"), edge("a", "two")], "twice"),
        ] {
            let message = EdgeAccess::new(&edges, false).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
    }
}
