use proptest::prelude::*;

use super::{open, seal};
use crate::crypt::AesKey;
use crate::discarded::Discarded;
use crate::pdu::tests::{hello, pdu};

const SOURCE: [u8; 6] = [2, 0, 0, 0, 0, 9];

fn ick(octet: u8) -> AesKey {
    AesKey::new(&[octet; 32]).unwrap()
}

proptest! {
    #[test]
    fn what_is_sealed_opens(pdu in pdu()) {
        let key = ick(1);
        let frame = seal(SOURCE, &pdu, &key);
        prop_assert_eq!(open(&frame, |_| Some(&key)), Ok(pdu));
    }

    #[test]
    fn no_octet_can_be_changed(pdu in pdu(), at in any::<prop::sample::Index>(), with in 1..=255_u8) {
        let key = ick(1);
        let mut frame = seal(SOURCE, &pdu, &key);
        let end = 18 + usize::from(u16::from_be_bytes([frame[16], frame[17]]));
        let at = at.index(end);
        frame[at] ^= with;
        prop_assert!(open(&frame, |_| Some(&key)).is_err());
    }

    #[test]
    fn any_octets_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let key = ick(1);
        prop_assert!(open(&bytes, |_| Some(&key)).is_err());
    }
}

#[test]
fn every_wrong_frame_has_its_reason() {
    type Damage = fn(&mut Vec<u8>);
    let right = seal(SOURCE, &hello(), &ick(1));
    let length = right.len();
    let body = length - 18;
    let ckn = hello().ckn;
    let cases: &[(&str, Damage, Discarded)] = &[
        ("nothing", Vec::clear, Discarded::Short { length: 0 }),
        (
            "half a header",
            |f| f.truncate(16),
            Discarded::Short { length: 16 },
        ),
        ("another address", |f| f[5] = 14, Discarded::NotEapol),
        ("another ethertype", |f| f[13] = 0xe5, Discarded::NotEapol),
        ("EAP", |f| f[15] = 0, Discarded::NotMka(0)),
        ("of 2004", |f| f[14] = 2, Discarded::EapolVersion(2)),
        (
            "cut off",
            |f| f.truncate(f.len() - 4),
            Discarded::Length {
                said: body,
                length: body - 4,
            },
        ),
        (
            "odd length",
            |f| f[17] -= 1,
            Discarded::Unaligned { length: body - 1 },
        ),
        (
            "shorter than an ICV",
            |f| f[17] = 12,
            Discarded::Short { length: 12 },
        ),
        ("ICV", |f| *f.last_mut().unwrap() ^= 1, Discarded::Icv(ckn)),
        ("source address", |f| f[11] ^= 1, Discarded::Icv(ckn)),
        ("later version", |f| f[14] = 4, Discarded::Icv(ckn)),
    ];
    for (case, damage, expected) in cases {
        let mut frame = right.clone();
        damage(&mut frame);
        let key = ick(1);
        assert_eq!(open(&frame, |_| Some(&key)), Err(*expected), "{case}");
    }
    let key = ick(2);
    assert_eq!(open(&right, |_| Some(&key)), Err(Discarded::Icv(ckn)));
    assert_eq!(open(&right, |_| None), Err(Discarded::OtherCkn(ckn)));
}

#[test]
fn padding_of_the_frame_is_no_part_of_it() {
    let key = ick(1);
    let mut frame = seal(SOURCE, &hello(), &key);
    frame.extend([0x5a; 9]);
    assert_eq!(open(&frame, |_| Some(&key)), Ok(hello()));
}

/// The check comes before anything else is read: what is malformed behind it is not even noticed.
#[test]
fn nothing_is_believed_before_the_icv() {
    let key = ick(1);
    let mut frame = seal(SOURCE, &hello(), &key);
    let at = frame.len() - 16;
    // A set that reaches beyond the end.
    frame.splice(at..at, [9, 0, 0, 200]);
    frame[17] += 4;
    let ckn = hello().ckn;
    assert_eq!(open(&frame, |_| Some(&key)), Err(Discarded::Icv(ckn)));
    let at = frame.len() - 16;
    let icv = key.mac(&[&frame[..at]]);
    frame[at..].copy_from_slice(&icv);
    assert_eq!(
        open(&frame, |_| Some(&key)),
        Err(Discarded::Truncated { set: 9 })
    );
}
