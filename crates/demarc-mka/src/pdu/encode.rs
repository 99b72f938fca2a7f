//! From values to octets. Sets go in the order of their types (§11.11.3).

use super::{
    AGILITY, BASIC, DEFAULT_SAK_BODY, DISTRIBUTED_SAK, Distributed, DistributedCipher,
    DistributedSak, KeyUse, LIVE_PEERS, MEMBER, Member, POTENTIAL_PEERS, Pdu, SAK_CIPHER,
    SAK_NUMBER, SAK_USE, SAK_USE_BODY, SakUse, XPN, XPN_BODY, aligned,
};
use crate::cipher::CipherSuite;

impl Pdu {
    /// The body of the EAPOL frame up to the ICV.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut into = Vec::with_capacity(256);
        self.put_basic(&mut into);
        put_members(&mut into, LIVE_PEERS, &self.live);
        put_members(&mut into, POTENTIAL_PEERS, &self.potential);
        if let Some(sak_use) = &self.sak_use {
            put_sak_use(&mut into, sak_use);
        }
        match &self.distributed {
            Some(Distributed::Unprotected) => put_header(&mut into, DISTRIBUTED_SAK, 0, 0),
            Some(Distributed::Sak(sak)) => put_sak(&mut into, sak),
            None => {}
        }
        if let Some(sak_use) = &self.sak_use
            && sak_use.xpn
        {
            put_header(&mut into, XPN, 0, XPN_BODY);
            into.extend(high(sak_use.latest).to_be_bytes());
            into.extend(high(sak_use.old).to_be_bytes());
        }
        into
    }

    fn put_basic(&self, into: &mut Vec<u8>) {
        let ckn = self.ckn.as_bytes();
        let flags = u8::from(self.key_server) << 7
            | u8::from(self.desired) << 6
            | self.capability.bits() << 4;
        put_header_with(into, self.version, self.priority, flags, BASIC + ckn.len());
        into.extend(self.sci.to_bytes());
        into.extend(self.member);
        into.extend(self.number.to_be_bytes());
        into.extend(AGILITY.to_be_bytes());
        into.extend(ckn);
        into.resize(aligned(into.len()), 0);
    }
}

fn put_members(into: &mut Vec<u8>, set: u8, members: &[Member]) {
    if members.is_empty() {
        return;
    }
    put_header(into, set, 0, members.len() * MEMBER);
    for member in members {
        into.extend(member.id);
        into.extend(member.number.to_be_bytes());
    }
}

fn put_sak_use(into: &mut Vec<u8>, sak_use: &SakUse) {
    let use_bits = |key: Option<KeyUse>| {
        key.map_or(0, |key| {
            (key.an & 3) << 2 | u8::from(key.transmit) << 1 | u8::from(key.receive)
        })
    };
    let keys = use_bits(sak_use.latest) << 4 | use_bits(sak_use.old);
    let plain = u8::from(sak_use.plain_transmit) << 7
        | u8::from(sak_use.plain_receive) << 6
        | u8::from(sak_use.delay_protect) << 4;
    put_header_with(into, SAK_USE, keys, plain, SAK_USE_BODY);
    for key in [sak_use.latest, sak_use.old] {
        into.extend(key.map_or([0; 16], |key| key.id.to_bytes()));
        let lowest = key.map_or(0, |key| {
            if sak_use.xpn {
                low(key.lowest_packet_number)
            } else {
                u32::try_from(key.lowest_packet_number).unwrap_or(u32::MAX)
            }
        });
        into.extend(lowest.to_be_bytes());
    }
}

/// The lower half.
fn low(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// The upper half.
fn high(key: Option<KeyUse>) -> u32 {
    key.map_or(0, |key| low(key.lowest_packet_number >> 32))
}

fn put_sak(into: &mut Vec<u8>, sak: &DistributedSak) {
    let flags = (sak.an & 3) << 6 | sak.offset.bits() << 4;
    match &sak.cipher {
        DistributedCipher::Known {
            cipher: CipherSuite::GcmAes128,
            wrapped,
        } => {
            put_header(into, DISTRIBUTED_SAK, flags, DEFAULT_SAK_BODY);
            into.extend(sak.number.to_be_bytes());
            into.extend(wrapped);
        }
        DistributedCipher::Known { cipher, wrapped } => {
            let length = SAK_NUMBER + SAK_CIPHER + wrapped.len();
            put_header(into, DISTRIBUTED_SAK, flags, length);
            into.extend(sak.number.to_be_bytes());
            into.extend(cipher.id().to_be_bytes());
            into.extend(wrapped);
        }
        // Nobody distributes what it does not know; as it would be received.
        DistributedCipher::Unknown(id) => {
            let wrapped = [0; 24];
            let length = SAK_NUMBER + SAK_CIPHER + wrapped.len();
            put_header(into, DISTRIBUTED_SAK, flags, length);
            into.extend(sak.number.to_be_bytes());
            into.extend(id.to_be_bytes());
            into.extend(wrapped);
        }
    }
}

fn put_header(into: &mut Vec<u8>, set: u8, second: u8, length: usize) {
    put_header_with(into, set, second, 0, length);
}

/// `flags` are the upper four bits of the third octet; the rest is the length.
fn put_header_with(into: &mut Vec<u8>, first: u8, second: u8, flags: u8, length: usize) {
    let length = u16::try_from(length).unwrap_or(u16::MAX) & 0x0fff;
    let [high, low] = length.to_be_bytes();
    into.extend([first, second, flags | high, low]);
}
