use proptest::option;
use proptest::prelude::*;

use super::{
    AGILITY, Capability, Distributed, DistributedCipher, DistributedSak, KeyUse, Member, Offset,
    Pdu, SakUse, aligned, read_ckn,
};
use crate::cak::Ckn;
use crate::cipher::CipherSuite;
use crate::discarded::Discarded;
use crate::sak::KeyId;
use crate::sci::Sci;

fn members() -> impl Strategy<Value = Vec<Member>> {
    let member = any::<([u8; 12], u32)>().prop_map(|(id, number)| Member { id, number });
    prop::collection::vec(member, 0..10)
}

fn key_use(bits: u32) -> impl Strategy<Value = Option<KeyUse>> {
    let numbers = 0..1_u64 << bits;
    let id = (any::<[u8; 12]>(), 1..=u32::MAX);
    let key = (id, 0..4_u8, any::<bool>(), any::<bool>(), numbers);
    option::of(
        key.prop_map(|((server, number), an, transmit, receive, lowest)| KeyUse {
            id: KeyId { server, number },
            an,
            transmit,
            receive,
            lowest_packet_number: lowest,
        }),
    )
}

fn sak_use() -> impl Strategy<Value = SakUse> {
    any::<bool>().prop_flat_map(|xpn| {
        let bits = if xpn { 63 } else { 32 };
        (key_use(bits), key_use(bits), any::<[bool; 3]>()).prop_map(
            move |(latest, old, [plain_transmit, plain_receive, delay_protect])| SakUse {
                latest,
                old,
                plain_transmit,
                plain_receive,
                delay_protect,
                xpn,
            },
        )
    })
}

fn distributed() -> impl Strategy<Value = Distributed> {
    let cipher = prop_oneof![
        (0..4_usize, any::<[u8; 40]>()).prop_map(|(suite, wrapped)| {
            let cipher = CipherSuite::ALL[suite];
            let wrapped = wrapped[..cipher.key_length() + 8].to_vec();
            DistributedCipher::Known { cipher, wrapped }
        }),
        (0..0x0080_c200_0100_0001_u64).prop_map(DistributedCipher::Unknown),
    ];
    let sak = (0..4_u8, 0..4_u8, any::<u32>(), cipher);
    let sak = sak.prop_map(|(an, offset, number, cipher)| {
        let offset = Offset::from_bits(offset);
        Distributed::Sak(DistributedSak {
            an,
            offset,
            number,
            cipher,
        })
    });
    prop_oneof![1 => Just(Distributed::Unprotected), 8 => sak]
}

pub(crate) fn pdu() -> impl Strategy<Value = Pdu> {
    let head = (any::<(u8, u8, bool, bool)>(), 0..4_u8, any::<u64>());
    let name = prop::collection::vec(any::<u8>(), 1..=32);
    let from = (any::<([u8; 12], u32)>(), name);
    let sets = (
        members(),
        members(),
        option::of(sak_use()),
        option::of(distributed()),
    );
    (head, from, sets).prop_map(|(head, from, sets)| {
        let ((version, priority, key_server, desired), capability, sci) = head;
        let ((member, number), name) = from;
        let (live, potential, sak_use, distributed) = sets;
        Pdu {
            version,
            priority,
            key_server,
            desired,
            capability: Capability::from_bits(capability),
            sci: Sci::from_bits(sci),
            member,
            number,
            ckn: Ckn::try_from(&name[..]).unwrap(),
            live,
            potential,
            sak_use,
            distributed,
        }
    })
}

/// As a peer says hello.
pub(crate) fn hello() -> Pdu {
    Pdu {
        version: 1,
        priority: 16,
        key_server: true,
        desired: true,
        capability: Capability::Confidentiality,
        sci: Sci {
            address: [2, 0, 0, 0, 0, 9],
            port: 1,
        },
        member: [9; 12],
        number: 7,
        ckn: Ckn::try_from(&[0xaa, 0xbb, 0xcc][..]).unwrap(),
        live: Vec::new(),
        potential: Vec::new(),
        sak_use: None,
        distributed: None,
    }
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_itself(pdu in pdu()) {
        let bytes = pdu.encode();
        prop_assert_eq!(bytes.len() % 4, 0);
        prop_assert_eq!(read_ckn(&bytes), Ok(pdu.ckn));
        prop_assert_eq!(Pdu::decode(&bytes), Ok(pdu));
    }

    #[test]
    fn damage_is_refused_or_is_another_pdu(pdu in pdu(), at in any::<prop::sample::Index>(), with in 1..=255_u8) {
        let mut bytes = pdu.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        if let Ok(other) = Pdu::decode(&bytes) {
            // What decodes is whole.
            let again = other.encode();
            prop_assert_eq!(Pdu::decode(&again), Ok(other));
        }
    }

    #[test]
    fn any_octets_are_refused_or_decoded(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Pdu::decode(&bytes);
    }

    #[test]
    fn a_pdu_that_is_cut_off_within_a_set_is_refused(pdu in pdu(), cut in any::<prop::sample::Index>()) {
        let bytes = pdu.encode();
        let cut = cut.index(bytes.len());
        if let Ok(less) = Pdu::decode(&bytes[..cut]) {
            // Whole sets are missing from its end.
            prop_assert_eq!(less.encode(), bytes[..cut].to_vec());
        }
    }
}

#[test]
fn octets_are_where_the_standard_has_them() {
    let mut pdu = hello();
    pdu.live.push(Member {
        id: [7; 12],
        number: 3,
    });
    let id = KeyId {
        server: [9; 12],
        number: 1,
    };
    pdu.sak_use = Some(SakUse {
        latest: Some(KeyUse {
            id,
            an: 2,
            transmit: true,
            receive: true,
            lowest_packet_number: 0x2_0000_0001,
        }),
        xpn: true,
        ..SakUse::default()
    });
    pdu.distributed = Some(Distributed::Sak(DistributedSak {
        an: 2,
        offset: Offset::Zero,
        number: 1,
        cipher: DistributedCipher::Known {
            cipher: CipherSuite::GcmAesXpn256,
            wrapped: vec![0xee; 40],
        },
    }));
    let bytes = pdu.encode();
    let mut expected = vec![1, 16, 0b1110_0000, 31];
    expected.extend([2, 0, 0, 0, 0, 9, 0, 1]);
    expected.extend([9; 12]);
    expected.extend([0, 0, 0, 7, 0x00, 0x80, 0xc2, 0x01]);
    expected.extend([0xaa, 0xbb, 0xcc, 0]);
    expected.extend([1, 0, 0, 16]);
    expected.extend([7; 12]);
    expected.extend([0, 0, 0, 3]);
    expected.extend([3, 0b1011_0000, 0, 40]);
    expected.extend([9; 12]);
    expected.extend([0, 0, 0, 1, 0, 0, 0, 1]);
    expected.extend([0; 20]);
    expected.extend([4, 0b1001_0000, 0, 52, 0, 0, 0, 1]);
    expected.extend([0x00, 0x80, 0xc2, 0x00, 0x01, 0x00, 0x00, 0x04]);
    expected.extend([0xee; 40]);
    expected.extend([8, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 0]);
    assert_eq!(bytes, expected);
}

/// A hello with these octets behind it.
fn with(sets: &[u8]) -> Vec<u8> {
    let mut bytes = hello().encode();
    bytes.extend(sets);
    bytes
}

/// A set with a body of zeros, and its padding.
fn set(kind: u8, length: u8) -> Vec<u8> {
    let mut bytes = vec![kind, 0, 0, length];
    bytes.resize(4 + aligned(usize::from(length)), 0);
    bytes
}

#[test]
fn every_malformation_has_its_reason() {
    let basic = |length: usize| {
        let mut bytes = hello().encode();
        bytes[3] = u8::try_from(length).unwrap();
        bytes.resize(4 + 64, 0);
        bytes
    };
    let agility = {
        let mut bytes = hello().encode();
        bytes[31] ^= 1;
        bytes
    };
    let short = |set, length| Discarded::SetLength { set, length };
    for (case, bytes, expected) in [
        ("nothing", vec![], Discarded::Short { length: 0 }),
        ("half", vec![1; 20], Discarded::Short { length: 20 }),
        ("no CKN", basic(28), Discarded::Basic { length: 28 }),
        ("less", basic(0), Discarded::Basic { length: 0 }),
        ("CKN of 33", basic(61), Discarded::Basic { length: 61 }),
        ("agility", agility, Discarded::Agility(AGILITY ^ 1)),
        ("odd list", with(&set(1, 15)), short(1, 15)),
        ("odd potential list", with(&set(2, 20)), short(2, 20)),
        ("SAK use of 39", with(&set(3, 39)), short(3, 39)),
        ("SAK of 24", with(&set(4, 24)), short(4, 24)),
        ("SAK of 35", with(&set(4, 35)), short(4, 35)),
        ("XPN of 4", with(&set(8, 4)), short(8, 4)),
        (
            "twice",
            with(&[set(9, 0), set(9, 4)].concat()),
            Discarded::Twice { set: 9 },
        ),
        (
            "beyond the end",
            with(&set(9, 8)[..8]),
            Discarded::Truncated { set: 9 },
        ),
        (
            "half a header",
            with(&[9, 0]),
            Discarded::Truncated { set: 9 },
        ),
        (
            "longest length",
            with(&[1, 0, 0x0f, 0xff]),
            Discarded::Truncated { set: 1 },
        ),
        ("short ICV", with(&[255, 0, 0, 8]), short(255, 8)),
        (
            "behind the ICV indicator",
            with(&[255, 0, 0, 16, 9, 0, 0, 0]),
            Discarded::Truncated { set: 255 },
        ),
    ] {
        assert_eq!(Pdu::decode(&bytes), Err(expected), "{case}");
    }
}

#[test]
fn what_is_unknown_is_skipped() {
    for (case, sets) in [
        ("a set of later times", set(10, 5)),
        ("an announcement", set(7, 12)),
        ("key management domain", set(6, 5)),
        ("distributed CAK", set(5, 28)),
        ("an ICV indicator", vec![255, 0, 0, 16]),
        ("packet numbers without keys", set(8, 8)),
        ("empty lists", [set(1, 0), set(2, 0)].concat()),
    ] {
        assert_eq!(Pdu::decode(&with(&sets)), Ok(hello()), "{case}");
    }
    let mut later = hello();
    later.version = 77;
    assert_eq!(Pdu::decode(&later.encode()), Ok(later));
}

#[test]
fn a_suite_that_is_not_known_is_read_as_such() {
    let mut bytes = set(4, 52);
    bytes[8..16].copy_from_slice(&0x0080_c200_0100_0009_u64.to_be_bytes());
    let pdu = Pdu::decode(&with(&bytes)).unwrap();
    let Some(Distributed::Sak(sak)) = pdu.distributed else {
        panic!("{:?}", pdu.distributed);
    };
    let unknown = DistributedCipher::Unknown(0x0080_c200_0100_0009);
    assert_eq!(sak.cipher, unknown);
}

/// With the suite although it is the default one, as some send it.
#[test]
fn the_default_suite_may_be_named() {
    let mut bytes = set(4, 36);
    bytes[8..16].copy_from_slice(&CipherSuite::GcmAes128.id().to_be_bytes());
    let pdu = Pdu::decode(&with(&bytes)).unwrap();
    let Some(Distributed::Sak(sak)) = pdu.distributed else {
        panic!("{:?}", pdu.distributed);
    };
    let known = DistributedCipher::Known {
        cipher: CipherSuite::GcmAes128,
        wrapped: vec![0; 24],
    };
    assert_eq!(sak.cipher, known);
}
