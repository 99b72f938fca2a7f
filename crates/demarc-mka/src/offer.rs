//! A key that a key server has given out (IEEE 802.1X §9.8).

use std::collections::BTreeSet;

use crate::association::Xpn;
use crate::pdu::MemberId;
use crate::sak::{KeyId, Sak};
use crate::sci::Sci;

#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) id: KeyId,
    pub(crate) an: u8,
    pub(crate) sak: Sak,
    /// We gave it out.
    pub(crate) own: bool,
    /// Who was there, with us.
    pub(crate) members: BTreeSet<MemberId>,
    /// Their SCIs, the greatest first.
    scis: Vec<Sci>,
}

impl Offer {
    pub(crate) fn new(
        id: KeyId,
        an: u8,
        sak: Sak,
        own: bool,
        members: BTreeSet<MemberId>,
        mut scis: Vec<Sci>,
    ) -> Self {
        scis.sort_unstable_by(|one, other| other.cmp(one));
        scis.dedup();
        Self {
            id,
            an,
            sak,
            own,
            members,
            scis,
        }
    }

    /// What makes nonces of frames from there, with a suite of extended packet numbers. The members are numbered
    /// from 1 on, the greatest SCI first (IEEE 802.1AE §10.7.13).
    pub(crate) fn xpn(&self, sci: Sci) -> Option<Xpn> {
        if !self.sak.cipher().is_xpn() {
            return None;
        }
        let place = self.scis.iter().position(|member| *member == sci)?;
        Some(Xpn {
            ssci: u32::try_from(place + 1).ok()?,
            salt: self.salt(),
        })
    }

    /// Whether frames from there can be protected with this key.
    pub(crate) fn covers(&self, sci: Sci) -> bool {
        !self.sak.cipher().is_xpn() || self.scis.contains(&sci)
    }

    /// The key server's Member Identifier, its first two octets combined with the lower and the next two with the
    /// upper half of the key's number (IEEE 802.1AE §10.7.28).
    fn salt(&self) -> [u8; 12] {
        let mut salt = self.id.server;
        let [a, b, c, d] = self.id.number.to_be_bytes();
        for (octet, number) in salt.iter_mut().zip([c, d, a, b]) {
            *octet ^= number;
        }
        salt
    }
}
