//! Percent-encoding as SigV4 wants it: everything but RFC 3986's unreserved characters, in upper-case
//! hexadecimal.

use std::borrow::Cow;

/// Appends `bytes`, encoded; `/` is kept when `keep_slash`.
pub(super) fn encode_into(out: &mut Vec<u8>, bytes: &[u8], slash: Slash) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        let plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~')
            || (byte == b'/' && slash == Slash::Keep);
        if plain {
            out.push(byte);
        } else {
            out.extend([
                b'%',
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]);
        }
    }
}

/// What to do with a `/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slash {
    Keep,
    Encode,
}

/// Decodes a piece of a query string: `%XX`, and `+` as a space. A `%` that begins no pair of
/// hexadecimal digits stands for itself; the signature will then not match, which is answer enough.
pub(super) fn decode_query(text: &str) -> Cow<'_, [u8]> {
    let bytes = text.as_bytes();
    if !bytes.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(bytes);
    }
    let digit = |at: usize| {
        let byte = bytes.get(at).copied().map(char::from)?;
        byte.to_digit(16).and_then(|digit| u8::try_from(digit).ok())
    };
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => match (digit(at), digit(at + 1)) {
                (Some(high), Some(low)) => {
                    at += 2;
                    high << 4 | low
                }
                _ => b'%',
            },
            other => other,
        });
    }
    Cow::Owned(decoded)
}

/// The same as text; a piece that is not UTF-8 is nothing that we look for.
pub(super) fn decode_query_text(text: &str) -> Option<Cow<'_, str>> {
    match decode_query(text) {
        Cow::Borrowed(_) => Some(Cow::Borrowed(text)),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_queries_decode() {
        for (text, decoded) in [
            ("plain", "plain"),
            ("a%2Fb+c", "a/b c"),
            ("%", "%"),
            ("%4", "%4"),
            ("%zz%41", "%zzA"),
            ("100%", "100%"),
            ("%e1%88%b4", "ሴ"),
        ] {
            assert_eq!(decode_query(text), decoded.as_bytes(), "{text}");
        }
        assert_eq!(decode_query_text("%ff"), None);
    }

    #[test]
    fn only_unreserved_characters_stay_plain() {
        let mut out = Vec::new();
        encode_into(&mut out, "a-._~/ %ሴ".as_bytes(), Slash::Keep);
        assert_eq!(out, b"a-._~/%20%25%E1%88%B4");
        out.clear();
        encode_into(&mut out, b"/", Slash::Encode);
        assert_eq!(out, b"%2F");
    }
}
