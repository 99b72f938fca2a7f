//! What names may look like.

/// `[\w \-_,\/]` of 1 to `max` characters: what the service takes for names of connections, LAGs,
/// virtual interfaces and gateways (spec/identifiers §4). `\w` is ASCII here, as in the published pattern.
pub fn is_name(text: &str, max: usize) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_ -,/".contains(&byte);
    (1..=max).contains(&text.len()) && text.bytes().all(allowed)
}

/// `[a-zA-Z0-9_-]` of 1 to 255 characters (spec/api-2026 §3).
pub fn is_resiliency_group_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=255).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observed_names_pass_and_odd_ones_do_not() {
        for good in [
            "FLUIDev030720 2 - VIF",
            "Example Transit Virtual Interface",
            "a",
            "x/y,z_1",
        ] {
            assert!(is_name(good, 100), "{good}");
        }
        for bad in ["", "a\n", "é", "a;b", &"x".repeat(101)] {
            assert!(!is_name(bad, 100), "{bad}");
        }
    }
}
