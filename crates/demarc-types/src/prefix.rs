//! IP prefixes.

use ipnet::IpNet;

/// An IPv4 or IPv6 prefix.
pub type Prefix = IpNet;

/// One of the two contains the other.
pub fn overlaps(left: &Prefix, right: &Prefix) -> bool {
    left.contains(right) || right.contains(left)
}
