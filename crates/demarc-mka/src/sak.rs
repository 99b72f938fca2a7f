//! The key that protects frames, and how it is named (IEEE 802.1X §9.8).

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::cipher::CipherSuite;

/// Secure Association Key, as long as its cipher suite wants; nothing shows it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Sak {
    #[zeroize(skip)]
    cipher: CipherSuite,
    octets: [u8; Self::MAXIMUM],
}

/// Key Identifier: the key server's Member Identifier and its number for the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId {
    pub server: [u8; 12],
    pub number: u32,
}

impl Sak {
    const MAXIMUM: usize = 32;

    /// `None`: the suite wants another length.
    pub(crate) fn new(cipher: CipherSuite, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != cipher.key_length() {
            return None;
        }
        let mut octets = [0; Self::MAXIMUM];
        octets.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self { cipher, octets })
    }

    #[must_use]
    pub fn cipher(&self) -> CipherSuite {
        self.cipher
    }

    /// For who installs it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets[..self.cipher.key_length()]
    }
}

impl PartialEq for Sak {
    fn eq(&self, other: &Self) -> bool {
        self.cipher == other.cipher && bool::from(self.octets.ct_eq(&other.octets))
    }
}

impl Eq for Sak {}

impl fmt::Debug for Sak {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Sak({}, ..)", self.cipher)
    }
}

impl KeyId {
    /// Server, then number: the order in which it is wrapped into PDUs and given to the kernel.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..12].copy_from_slice(&self.server);
        bytes[12..].copy_from_slice(&self.number.to_be_bytes());
        bytes
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for octet in self.server {
            write!(out, "{octet:02x}")?;
        }
        write!(out, "/{}", self.number)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyId({self})")
    }
}
