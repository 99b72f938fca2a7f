//! Text that must not be shown.

use std::fmt;
use std::sync::Arc;

use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A secret access key. `Debug` and `Serialize` print a placeholder, so that it cannot reach a log, a
/// metric or an audit record by accident (architecture.md §9, rule 8).
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    const PLACEHOLDER: &str = "[PROTECTED]";

    /// Takes the text into custody.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself: for deriving keys, and for the one answer that hands it to its owner.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(Self::PLACEHOLDER)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Self::PLACEHOLDER)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not as a String: what is of another type, such as a number without quotes, would be shown.
        match Written::deserialize(deserializer)? {
            Written::Text(text) => Ok(Self::new(text)),
            Written::Other(_) => Err(D::Error::custom("a secret has to be a text in quotes")),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Other(IgnoredAny),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_of_printing_shows_the_text() {
        let secret = Secret::new("wJalrXUtnFEMI");
        assert_eq!(format!("{secret:?}"), "[PROTECTED]");
        assert_eq!(
            serde_json::to_string(&secret).unwrap(),
            "\"[PROTECTED]\"",
            "serialising hides it as well"
        );
        assert_eq!(secret.expose(), "wJalrXUtnFEMI");
    }

    #[test]
    fn what_is_no_text_is_refused_without_showing_it() {
        for wrong in ["12345678", "[\"wJalrXUtnFEMI\"]", "true", "null"] {
            let error = serde_json::from_str::<Secret>(wrong)
                .unwrap_err()
                .to_string();
            assert!(error.contains("a text in quotes"), "{error}");
            assert!(!error.contains(wrong), "{error}");
        }
        let read: Secret = serde_json::from_str("\"x\"").unwrap();
        assert_eq!(read.expose(), "x");
    }
}
