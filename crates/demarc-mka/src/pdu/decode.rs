//! From octets to values. Nothing of a PDU is believed if part of it is wrong.

use super::{
    AGILITY, BASIC, Capability, DEFAULT_SAK_BODY, DISTRIBUTED_SAK, Distributed, DistributedCipher,
    DistributedSak, HEADER, ICV_INDICATOR, KeyUse, LIVE_PEERS, MAXIMUM_MEMBERS, MEMBER, Member,
    Offset, POTENTIAL_PEERS, Pdu, SAK_CIPHER, SAK_NUMBER, SAK_USE, SAK_USE_BODY, SakUse, XPN,
    XPN_BODY, aligned,
};
use crate::cak::Ckn;
use crate::cipher::CipherSuite;
use crate::crypt::{MAC_LENGTH, WRAP_OVERHEAD};
use crate::discarded::Discarded;
use crate::sak::KeyId;
use crate::sci::Sci;

/// A parameter set: its four octets in front, and its body.
struct Set<'a> {
    first: u8,
    second: u8,
    flags: u8,
    body: &'a [u8],
}

/// The CKN that `bytes`, a PDU up to its ICV, is of. It tells which key checks the ICV; it is to be read before
/// anything is checked.
pub(crate) fn ckn(bytes: &[u8]) -> Result<Ckn, Discarded> {
    let (set, _) = basic(bytes)?;
    let agility = u32::from_be_bytes(array(set.body, 24));
    if agility != AGILITY {
        return Err(Discarded::Agility(agility));
    }
    let length = set.body.len();
    Ckn::try_from(&set.body[BASIC..]).map_err(|_| Discarded::Basic { length })
}

/// The first set, which has at least what each has, and what follows.
fn basic(bytes: &[u8]) -> Result<(Set<'_>, &[u8]), Discarded> {
    let length = bytes.len();
    let (set, rest) = next_set(bytes).ok_or(Discarded::Short { length })?;
    let length = set.body.len();
    if length <= BASIC || length > BASIC + Ckn::MAXIMUM {
        return Err(Discarded::Basic { length });
    }
    Ok((set, rest))
}

/// `None`: the set reaches beyond the end.
fn next_set(bytes: &[u8]) -> Option<(Set<'_>, &[u8])> {
    let (&[first, second, third, fourth], rest) = bytes.split_first_chunk::<HEADER>()?;
    let length = usize::from(u16::from_be_bytes([third & 0x0f, fourth]));
    let (body, rest) = rest.split_at_checked(aligned(length))?;
    let set = Set {
        first,
        second,
        flags: third & 0xf0,
        body: &body[..length],
    };
    Some((set, rest))
}

impl Pdu {
    /// Reads a PDU up to its ICV, which has been checked.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Discarded> {
        let ckn = ckn(bytes)?;
        let (set, mut rest) = basic(bytes)?;
        let mut pdu = Self {
            version: set.first,
            priority: set.second,
            key_server: set.flags & 0x80 != 0,
            desired: set.flags & 0x40 != 0,
            capability: Capability::from_bits(set.flags >> 4),
            sci: Sci::from_bytes(array(set.body, 0)),
            member: array(set.body, 8),
            number: u32::from_be_bytes(array(set.body, 20)),
            ckn,
            live: Vec::new(),
            potential: Vec::new(),
            sak_use: None,
            distributed: None,
        };
        let mut seen = [false; 256];
        let mut upper = None;
        while let Some(&first) = rest.first() {
            if first == ICV_INDICATOR {
                // Its body is the ICV, which is not in `bytes`.
                icv_indicator(rest)?;
                break;
            }
            let truncated = Discarded::Truncated { set: first };
            let (set, behind) = next_set(rest).ok_or(truncated)?;
            if std::mem::replace(&mut seen[usize::from(first)], true) {
                return Err(Discarded::Twice { set: first });
            }
            match first {
                LIVE_PEERS => pdu.live = members(&set)?,
                POTENTIAL_PEERS => pdu.potential = members(&set)?,
                SAK_USE => pdu.sak_use = Some(sak_use(&set)?),
                DISTRIBUTED_SAK => pdu.distributed = Some(distributed(&set)?),
                XPN => upper = Some(xpn(&set)?),
                // Later versions have more of them.
                _ => {}
            }
            rest = behind;
        }
        if let (Some(sak_use), Some([latest, old])) = (&mut pdu.sak_use, upper) {
            sak_use.xpn = true;
            for (key, upper) in [(&mut sak_use.latest, latest), (&mut sak_use.old, old)] {
                if let Some(key) = key {
                    key.lowest_packet_number |= u64::from(upper) << 32;
                }
            }
        }
        Ok(pdu)
    }
}

fn icv_indicator(rest: &[u8]) -> Result<(), Discarded> {
    let &[set, _, third, fourth] = rest else {
        return Err(Discarded::Truncated { set: ICV_INDICATOR });
    };
    let length = usize::from(u16::from_be_bytes([third & 0x0f, fourth]));
    if length == MAC_LENGTH {
        Ok(())
    } else {
        Err(Discarded::SetLength { set, length })
    }
}

fn members(set: &Set<'_>) -> Result<Vec<Member>, Discarded> {
    let length = set.body.len();
    if !length.is_multiple_of(MEMBER) || length > MAXIMUM_MEMBERS * MEMBER {
        return Err(wrong_length(set));
    }
    let members = set.body.chunks_exact(MEMBER);
    let members = members.map(|member| Member {
        id: array(member, 0),
        number: u32::from_be_bytes(array(member, 12)),
    });
    Ok(members.collect())
}

fn sak_use(set: &Set<'_>) -> Result<SakUse, Discarded> {
    let mut sak_use = SakUse {
        plain_transmit: set.flags & 0x80 != 0,
        plain_receive: set.flags & 0x40 != 0,
        delay_protect: set.flags & 0x10 != 0,
        ..SakUse::default()
    };
    match set.body.len() {
        0 => Ok(sak_use),
        length if length < SAK_USE_BODY => Err(wrong_length(set)),
        _ => {
            sak_use.latest = key_use(set.second >> 4, set.body, 0);
            sak_use.old = key_use(set.second, set.body, 20);
            Ok(sak_use)
        }
    }
}

/// `None`: no key, named by zeros.
fn key_use(bits: u8, body: &[u8], at: usize) -> Option<KeyUse> {
    let id = KeyId {
        server: array(body, at),
        number: u32::from_be_bytes(array(body, at + 12)),
    };
    if id.server == [0; 12] && id.number == 0 {
        return None;
    }
    Some(KeyUse {
        id,
        an: bits >> 2 & 3,
        transmit: bits & 2 != 0,
        receive: bits & 1 != 0,
        lowest_packet_number: u64::from(u32::from_be_bytes(array(body, at + 16))),
    })
}

fn distributed(set: &Set<'_>) -> Result<Distributed, Discarded> {
    let body = set.body;
    let cipher = match body.len() {
        0 => return Ok(Distributed::Unprotected),
        DEFAULT_SAK_BODY => DistributedCipher::Known {
            cipher: CipherSuite::GcmAes128,
            wrapped: body[SAK_NUMBER..].to_vec(),
        },
        length if length >= SAK_NUMBER + SAK_CIPHER + 16 + WRAP_OVERHEAD => {
            let id = u64::from_be_bytes(array(body, SAK_NUMBER));
            let wrapped = &body[SAK_NUMBER + SAK_CIPHER..];
            match CipherSuite::from_id(id) {
                Some(cipher) if wrapped.len() == cipher.key_length() + WRAP_OVERHEAD => {
                    DistributedCipher::Known {
                        cipher,
                        wrapped: wrapped.to_vec(),
                    }
                }
                Some(_) => return Err(wrong_length(set)),
                None => DistributedCipher::Unknown(id),
            }
        }
        _ => return Err(wrong_length(set)),
    };
    Ok(Distributed::Sak(DistributedSak {
        an: set.second >> 6,
        offset: Offset::from_bits(set.second >> 4),
        number: u32::from_be_bytes(array(body, 0)),
        cipher,
    }))
}

/// Upper halves of the lowest packet numbers of the latest and the old key.
fn xpn(set: &Set<'_>) -> Result<[u32; 2], Discarded> {
    if set.body.len() < XPN_BODY {
        return Err(wrong_length(set));
    }
    Ok([0, 4].map(|at| u32::from_be_bytes(array(set.body, at))))
}

fn wrong_length(set: &Set<'_>) -> Discarded {
    Discarded::SetLength {
        set: set.first,
        length: set.body.len(),
    }
}

/// The octets from there. The caller has checked that they are there.
fn array<const LENGTH: usize>(bytes: &[u8], at: usize) -> [u8; LENGTH] {
    let mut into = [0; LENGTH];
    into.copy_from_slice(&bytes[at..at + LENGTH]);
    into
}
