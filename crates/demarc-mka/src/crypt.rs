//! AES-CMAC, the key derivation made of it (IEEE 802.1X §6.2.1) and AES key wrap (RFC 3394).

use aes::cipher::KeyInit;
use aes::{Aes128, Aes256};
use aes_kw::{KwAes128, KwAes256};
use cmac::{Cmac, Mac};
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// Octets of a CMAC, which is an ICV.
pub(crate) const MAC_LENGTH: usize = 16;
/// Octets that wrapping adds.
pub(crate) const WRAP_OVERHEAD: usize = 8;
/// What is wrapped at most.
const WRAP_MAXIMUM: usize = 32;

/// A key of 16 or 32 octets. Others are refused where keys are read, and do not get here.
#[derive(Clone)]
pub(crate) struct AesKey {
    long: bool,
    octets: Zeroizing<[u8; 32]>,
}

impl AesKey {
    /// Of the first 16 or all 32 octets.
    fn from_octets(long: bool, octets: Zeroizing<[u8; 32]>) -> Self {
        Self { long, octets }
    }

    /// `None`: another length.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        let long = match bytes.len() {
            16 => false,
            32 => true,
            _ => return None,
        };
        let mut octets = Zeroizing::new([0; 32]);
        octets.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self { long, octets })
    }

    #[cfg(test)]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        if self.long {
            &self.octets[..]
        } else {
            self.short()
        }
    }

    fn short(&self) -> &[u8; 16] {
        self.octets
            .first_chunk()
            .expect("the first half of 32 octets")
    }

    /// AES-CMAC of all parts, one behind the other.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; MAC_LENGTH] {
        if self.long {
            finish(Cmac::<Aes256>::new((&*self.octets).into()), parts)
        } else {
            finish(Cmac::<Aes128>::new(self.short().into()), parts)
        }
    }

    /// In constant time.
    pub(crate) fn verify(&self, parts: &[&[u8]], mac: &[u8]) -> bool {
        use subtle::ConstantTimeEq;
        self.mac(parts).ct_eq(mac).into()
    }

    /// As many octets as `into` has, derived from this key: the KDF of IEEE 802.1X §6.2.1, with a counter of
    /// one octet and a length of two.
    pub(crate) fn derive(&self, label: &[u8], context: &[u8], into: &mut [u8]) {
        let bits = u16::try_from(into.len() * 8).unwrap_or(u16::MAX);
        for (counter, block) in (1_u8..).zip(into.chunks_mut(MAC_LENGTH)) {
            let length = bits.to_be_bytes();
            let mac = self.mac(&[&[counter], label, &[0], context, &length]);
            block.copy_from_slice(&mac[..block.len()]);
        }
    }

    /// A key as long as this one.
    pub(crate) fn derive_key(&self, label: &[u8], context: &[u8]) -> Self {
        let mut octets = Zeroizing::new([0; 32]);
        let length = if self.long { 32 } else { 16 };
        self.derive(label, context, &mut octets[..length]);
        Self::from_octets(self.long, octets)
    }

    /// `None`: no key of 16 or 32 octets.
    pub(crate) fn wrap(&self, key: &[u8]) -> Option<Vec<u8>> {
        if !matches!(key.len(), 16 | WRAP_MAXIMUM) {
            return None;
        }
        let mut into = vec![0; key.len() + WRAP_OVERHEAD];
        let wrapped = if self.long {
            KwAes256::new((&*self.octets).into()).wrap_key(key, &mut into)
        } else {
            KwAes128::new(self.short().into()).wrap_key(key, &mut into)
        };
        wrapped.is_ok().then_some(into)
    }

    /// `None`: it was not wrapped with this key.
    pub(crate) fn unwrap(&self, wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let length = wrapped.len().checked_sub(WRAP_OVERHEAD)?;
        if !matches!(length, 16 | WRAP_MAXIMUM) {
            return None;
        }
        let mut into = Zeroizing::new(vec![0; length]);
        let key = if self.long {
            KwAes256::new((&*self.octets).into()).unwrap_key(wrapped, &mut into)
        } else {
            KwAes128::new(self.short().into()).unwrap_key(wrapped, &mut into)
        };
        key.is_ok().then_some(())?;
        Some(into)
    }
}

fn finish<M: Mac>(mut mac: M, parts: &[&[u8]]) -> [u8; MAC_LENGTH] {
    for part in parts {
        mac.update(part);
    }
    let mut into = [0; MAC_LENGTH];
    into.copy_from_slice(&mac.finalize().into_bytes());
    into
}
