//! SHA-256, HMAC and their hexadecimal writing, in the few forms this crate needs.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A SHA-256 digest or an HMAC-SHA256 tag.
pub(crate) type Digest32 = [u8; 32];

/// HMAC-SHA256 with its key already absorbed; cloning it saves hashing the key again.
pub(crate) type KeyedHmac = Hmac<Sha256>;

pub(crate) fn sha256(data: &[u8]) -> Digest32 {
    Sha256::digest(data).into()
}

pub(crate) fn keyed(key: &[u8]) -> KeyedHmac {
    KeyedHmac::new_from_slice(key).expect("HMAC takes keys of every length")
}

pub(crate) fn hmac(key: &[u8], data: &[u8]) -> Digest32 {
    hmac_parts(keyed(key), &[data])
}

/// The tag of the concatenation of `parts`.
pub(crate) fn hmac_parts(mut mac: KeyedHmac, parts: &[&[u8]]) -> Digest32 {
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Compares the tag of `parts` with `expected` in constant time.
pub(crate) fn hmac_matches(mut mac: KeyedHmac, parts: &[&[u8]], expected: &Digest32) -> bool {
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(expected).is_ok()
}

/// 64 lower-case hexadecimal digits.
pub(crate) fn hex(digest: &Digest32) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

/// Reads 64 lower-case hexadecimal digits; signatures are never written in another way.
pub(crate) fn unhex(text: &str) -> Option<Digest32> {
    let nibble = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_round_trips_and_refuses_other_writings() {
        let digest = sha256(b"");
        let text = String::from_utf8(hex(&digest).to_vec()).unwrap();
        assert_eq!(
            text,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(unhex(&text), Some(digest));
        assert_eq!(unhex(&text.to_uppercase()), None);
        assert_eq!(unhex(&text[..63]), None);
        assert_eq!(unhex(&"é".repeat(32)), None);
    }
}
