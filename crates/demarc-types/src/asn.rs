//! Autonomous system numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A 4-octet autonomous system number, 1 to 4294967294 (spec/identifiers §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Asn(u32);

impl Asn {
    /// The number shown by public and unconfirmed hosted virtual interfaces.
    pub const PUBLIC_AMAZON: Self = Self(7224);
    /// What a gateway gets when its maker names none.
    pub const DEFAULT_GATEWAY: Self = Self(64512);
    /// The largest value that fits the API's 32-bit `asn` member.
    pub const MAX_SHORT: u32 = 2_147_483_647;

    /// The number, if it is in range.
    pub fn new(number: i64) -> Option<Self> {
        u32::try_from(number)
            .ok()
            .filter(|number| (1..=4_294_967_294).contains(number))
            .map(Self)
    }

    pub fn get(self) -> u32 {
        self.0
    }

    /// In 64512-65534 or 4200000000-4294967294 (spec/routing §1.1).
    pub fn is_private(self) -> bool {
        matches!(self.0, 64_512..=65_534 | 4_200_000_000..=4_294_967_294)
    }

    /// 23456 stands for a 4-octet number in 2-octet fields, 65535 is kept back (RFC 6793, RFC 7300).
    pub fn is_reserved(self) -> bool {
        matches!(self.0, 23_456 | 65_535)
    }

    /// The value of the API's 32-bit `asn` member: the number if it fits, else 0.
    pub fn short(self) -> i64 {
        if self.0 <= Self::MAX_SHORT {
            i64::from(self.0)
        } else {
            0
        }
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_one_to_all_but_the_last() {
        for (number, valid) in [
            (0, false),
            (-1, false),
            (1, true),
            (4_294_967_294, true),
            (4_294_967_295, false),
            (-94_967_296, false),
        ] {
            assert_eq!(Asn::new(number).is_some(), valid, "{number}");
        }
    }

    #[test]
    fn long_numbers_read_as_zero_in_the_short_member() {
        assert_eq!(Asn::new(2_147_483_647).unwrap().short(), 2_147_483_647);
        assert_eq!(Asn::new(2_147_483_648).unwrap().short(), 0);
    }

    #[test]
    fn private_ranges_are_those_of_the_gateway() {
        for (number, private) in [
            (64_511, false),
            (64_512, true),
            (65_534, true),
            (65_535, false),
            (4_199_999_999, false),
            (4_200_000_000, true),
            (4_294_967_294, true),
        ] {
            assert_eq!(Asn::new(number).unwrap().is_private(), private, "{number}");
        }
    }
}
