//! The name of an entry.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The key of one entry, `KIND/ID`, such as `vif/dxvif-ffabcdef` (`docs/store-format.md`, section 1).
///
/// Between 1 and [`Key::MAX_BYTES`] bytes of printable ASCII without blanks, not starting with a slash.
/// Keys sort by their bytes. Cloning shares the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

/// A text that cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a key: 1 to {} bytes of printable ASCII, not starting with a slash",
    Key::MAX_BYTES
)]
pub struct InvalidKey {
    /// The refused text.
    pub text: String,
}

impl Key {
    /// The longest key, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// Checks a text and makes it a key.
    ///
    /// # Errors
    /// [`InvalidKey`] when the text is empty, too long, starts with `/`, or holds anything but 0x21 to 0x7e.
    pub fn new(text: impl Into<Arc<str>>) -> Result<Self, InvalidKey> {
        let text = text.into();
        let fits = !text.is_empty() && text.len() <= Self::MAX_BYTES && !text.starts_with('/');
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(InvalidKey {
                text: text.to_string(),
            })
        }
    }

    /// For keys that the crate makes itself, good by construction.
    pub(crate) fn reserved(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first slash, or everything when there is none.
    pub fn kind(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(kind, _)| kind)
    }
}

impl TryFrom<&str> for Key {
    type Error = InvalidKey;

    fn try_from(text: &str) -> Result<Self, InvalidKey> {
        Self::new(text)
    }
}

impl TryFrom<String> for Key {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        Self::new(text)
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_printable_ascii_without_leading_slash_is_a_key() {
        let longest = "x".repeat(Key::MAX_BYTES);
        for good in [
            "a",
            "vif/dxvif-ffabcdef",
            "tag/a:b=c",
            "~",
            longest.as_str(),
        ] {
            assert_eq!(Key::new(good).unwrap().as_str(), good);
        }
        let too_long = "x".repeat(Key::MAX_BYTES + 1);
        for bad in ["", "/vif", "a b", "a\n", "a\u{7f}", "é", too_long.as_str()] {
            assert_eq!(Key::new(bad).unwrap_err().text, bad, "{bad:?}");
        }
    }

    #[test]
    fn the_kind_is_what_precedes_the_first_slash() {
        assert_eq!(Key::new("vif/a/b").unwrap().kind(), "vif");
        assert_eq!(Key::new("settings").unwrap().kind(), "settings");
    }
}
