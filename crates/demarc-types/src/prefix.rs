//! IP prefixes.

use std::net::IpAddr;

use ipnet::IpNet;

/// An IPv4 or IPv6 prefix.
pub type Prefix = IpNet;

/// Reads an address with a length, host bits kept. As strict as addresses are elsewhere: neither an octet nor the
/// length begins with a zero that others may take for octal.
pub fn parse_prefix(text: &str) -> Option<Prefix> {
    let (address, length) = text.split_once('/')?;
    if length.len() > 1 && length.starts_with('0') {
        return None;
    }
    address.parse::<IpAddr>().ok()?;
    text.parse().ok()
}

/// One of the two contains the other.
pub fn overlaps(left: &Prefix, right: &Prefix) -> bool {
    left.contains(right) || right.contains(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_an_address_as_others_read_it_too_and_a_length() {
        for good in [
            "10.0.0.1/30",
            "0.0.0.0/0",
            "2001:db8::/32",
            "2001:DB8:0::1/125",
        ] {
            assert!(parse_prefix(good).is_some(), "{good}");
        }
        for bad in [
            "010.0.0.1/30",
            "10.0.0.1",
            "10.0.0.1/33",
            "10.0.0/24",
            "10.0.0.1/030",
            "10.0.0.0/08",
            "0.0.0.0/00",
            "2001:db8::/08",
            "2001:db8::/064",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "x/1",
            "",
        ] {
            assert_eq!(parse_prefix(bad), None, "{bad}");
        }
    }
}
