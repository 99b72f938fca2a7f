//! What is derived from a CAK (IEEE 802.1X §9.3.3, §9.8.1).

use std::fmt;

use crate::cak::{Cak, Key};
use crate::cipher::CipherSuite;
use crate::crypt::AesKey;
use crate::sak::Sak;

/// The keys of a participant.
#[derive(Clone)]
pub(crate) struct Keys {
    cak: AesKey,
    /// ICV Key: checks MKPDUs.
    pub(crate) ick: AesKey,
    /// Key Encrypting Key: wraps SAKs.
    pub(crate) kek: AesKey,
}

impl Keys {
    pub(crate) fn derive(key: &Key) -> Self {
        let cak = aes(&key.cak);
        // The first 16 octets of the name, with zeros behind a shorter one.
        let mut id = [0; 16];
        for (into, octet) in id.iter_mut().zip(key.ckn.as_bytes()) {
            *into = *octet;
        }
        Self {
            ick: cak.derive_key(b"IEEE8021 ICK", &id),
            kek: cak.derive_key(b"IEEE8021 KEK", &id),
            cak,
        }
    }

    /// `SAK = KDF(CAK, "IEEE8021 SAK", KS-nonce | MI-value list | KN, SAKlength)`.
    pub(crate) fn generate_sak(
        &self,
        cipher: CipherSuite,
        nonce: &[u8],
        members: impl IntoIterator<Item = [u8; 12]>,
        number: u32,
    ) -> Option<Sak> {
        let mut context = nonce.to_vec();
        context.extend(members.into_iter().flatten());
        context.extend(number.to_be_bytes());
        let mut octets = zeroize::Zeroizing::new([0; 32]);
        let into = octets.get_mut(..cipher.key_length())?;
        self.cak.derive(b"IEEE8021 SAK", &context, into);
        Sak::new(cipher, into)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Keys(..)")
    }
}

fn aes(cak: &Cak) -> AesKey {
    AesKey::new(cak.as_bytes()).expect("a CAK has 16 or 32 octets")
}
