//! What both ends are configured with: a key and its name (IEEE 802.1X §9.3, §6.2).

use std::fmt;

use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Secure Connectivity Association Key Name: 1 to 32 octets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ckn {
    length: u8,
    octets: [u8; Self::MAXIMUM],
}

/// Secure Connectivity Association Key: 16 or 32 octets, which nothing shows.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Cak {
    long: bool,
    octets: [u8; Self::LONG],
}

/// A key with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub ckn: Ckn,
    pub cak: Cak,
}

/// Not a name or not a key.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    #[error("a CKN has 1 to 32 octets, not {0}")]
    CknLength(usize),
    #[error("a CAK has 16 or 32 octets, not {0}")]
    CakLength(usize),
    #[error("not a number of pairs of hexadecimal digits")]
    Digits,
}

impl Ckn {
    pub const MAXIMUM: usize = 32;

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }

    pub fn from_hex(digits: &str) -> Result<Self, KeyError> {
        let mut octets = [0; Self::MAXIMUM];
        let length = digits.len().div_ceil(2);
        let into = octets
            .get_mut(..length)
            .ok_or(KeyError::CknLength(length))?;
        read_hex(digits, into)?;
        Self::try_from(&octets[..length])
    }
}

impl TryFrom<&[u8]> for Ckn {
    type Error = KeyError;

    fn try_from(bytes: &[u8]) -> Result<Self, KeyError> {
        let wrong = KeyError::CknLength(bytes.len());
        let length = u8::try_from(bytes.len()).map_err(|_| wrong)?;
        let mut octets = [0; Self::MAXIMUM];
        let into = octets.get_mut(..bytes.len()).ok_or(wrong)?;
        if into.is_empty() {
            return Err(wrong);
        }
        into.copy_from_slice(bytes);
        Ok(Self { length, octets })
    }
}

impl fmt::Display for Ckn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut octets = self.as_bytes().iter();
        octets.try_for_each(|octet| write!(out, "{octet:02x}"))
    }
}

impl fmt::Debug for Ckn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Ckn({self})")
    }
}

impl Cak {
    const LONG: usize = 32;
    const SHORT: usize = 16;

    pub(crate) fn as_bytes(&self) -> &[u8] {
        let length = if self.long { Self::LONG } else { Self::SHORT };
        &self.octets[..length]
    }

    pub fn from_hex(digits: &str) -> Result<Self, KeyError> {
        let mut octets = [0; Self::LONG];
        let length = digits.len().div_ceil(2);
        let into = octets
            .get_mut(..length)
            .ok_or(KeyError::CakLength(length))?;
        read_hex(digits, into)?;
        let cak = Self::try_from(&octets[..length]);
        octets.zeroize();
        cak
    }
}

impl TryFrom<&[u8]> for Cak {
    type Error = KeyError;

    fn try_from(bytes: &[u8]) -> Result<Self, KeyError> {
        let long = match bytes.len() {
            Self::LONG => true,
            Self::SHORT => false,
            other => return Err(KeyError::CakLength(other)),
        };
        let mut octets = [0; Self::LONG];
        octets[..bytes.len()].copy_from_slice(bytes);
        Ok(Self { long, octets })
    }
}

impl PartialEq for Cak {
    fn eq(&self, other: &Self) -> bool {
        self.long == other.long && bool::from(self.octets.ct_eq(&other.octets))
    }
}

impl Eq for Cak {}

impl fmt::Debug for Cak {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Cak(..)")
    }
}

/// Two digits for every octet of `into`.
fn read_hex(digits: &str, into: &mut [u8]) -> Result<(), KeyError> {
    let digits = digits.as_bytes();
    if digits.len() != into.len() * 2 {
        return Err(KeyError::Digits);
    }
    for (pair, octet) in digits.chunks_exact(2).zip(into) {
        *octet = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(())
}

fn digit(digit: u8) -> Result<u8, KeyError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(KeyError::Digits),
    }
}
