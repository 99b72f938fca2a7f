//! The frame around an MKPDU: Ethernet, EAPOL and the ICV (IEEE 802.1X §11.3, §9.4.1).

use crate::cak::Ckn;
use crate::crypt::{AesKey, MAC_LENGTH};
use crate::discarded::Discarded;
use crate::pdu::{Pdu, read_ckn};
use crate::{DESTINATION, ETHERTYPE};

#[cfg(test)]
mod tests;

/// Addresses and ethertype.
const ETHERNET: usize = 14;
/// Version, type and length.
const EAPOL: usize = 4;
/// The version that MKA came with.
const EAPOL_VERSION: u8 = 3;
const EAPOL_MKA: u8 = 5;
/// What a frame has at least, or switches drop it.
const SHORTEST: usize = 60;

/// The whole frame of a PDU, checked with `ick`.
pub(crate) fn seal(source: [u8; 6], pdu: &Pdu, ick: &AesKey) -> Vec<u8> {
    let body = pdu.encode();
    let length = u16::try_from(body.len() + MAC_LENGTH).unwrap_or(u16::MAX);
    let mut frame = Vec::with_capacity(ETHERNET + EAPOL + body.len() + MAC_LENGTH);
    frame.extend(DESTINATION);
    frame.extend(source);
    frame.extend(ETHERTYPE.to_be_bytes());
    frame.extend([EAPOL_VERSION, EAPOL_MKA]);
    frame.extend(length.to_be_bytes());
    frame.extend(body);
    // The addresses are covered as well.
    let icv = ick.mac(&[&frame]);
    frame.extend(icv);
    frame.resize(frame.len().max(SHORTEST), 0);
    frame
}

/// The PDU of a whole frame, if its ICV is right. `ick` is asked for the key of a CKN.
pub(crate) fn open<'a>(
    frame: &[u8],
    ick: impl FnOnce(&Ckn) -> Option<&'a AesKey>,
) -> Result<Pdu, Discarded> {
    let length = frame.len();
    let Some((ethernet, eapol)) = frame.split_first_chunk::<ETHERNET>() else {
        return Err(Discarded::Short { length });
    };
    if ethernet[..6] != DESTINATION || ethernet[12..] != ETHERTYPE.to_be_bytes() {
        return Err(Discarded::NotEapol);
    }
    let Some((&[version, kind, high, low], body)) = eapol.split_first_chunk::<EAPOL>() else {
        return Err(Discarded::Short { length });
    };
    if kind != EAPOL_MKA {
        return Err(Discarded::NotMka(kind));
    }
    if version < EAPOL_VERSION {
        return Err(Discarded::EapolVersion(version));
    }
    // What follows is padding of the frame.
    let said = usize::from(u16::from_be_bytes([high, low]));
    let wrong = Discarded::Length {
        said,
        length: body.len(),
    };
    let body = body.get(..said).ok_or(wrong)?;
    if !said.is_multiple_of(4) {
        return Err(Discarded::Unaligned { length: said });
    }
    let Some((pdu, icv)) = body.split_last_chunk::<MAC_LENGTH>() else {
        return Err(Discarded::Short { length: said });
    };
    let ckn = read_ckn(pdu)?;
    let ick = ick(&ckn).ok_or(Discarded::OtherCkn(ckn))?;
    let covered = &frame[..ETHERNET + EAPOL + pdu.len()];
    if !ick.verify(&[covered], icv) {
        return Err(Discarded::Icv(ckn));
    }
    Pdu::decode(pdu)
}
