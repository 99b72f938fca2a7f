use proptest::prelude::*;

use super::*;

/// An LACPDU of Open vSwitch 3.1 in a bundle, behind its Ethernet header.
const CAPTURED: &str = "0101\
    0114fffeb23cab66b5490001ffff00023d000000\
    0214fffe2ee059190f480001ffff00013f000000\
    031000000000000000000000000000000000";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .bytes()
        .filter_map(|digit| char::from(digit).to_digit(16))
        .map(|digit| u8::try_from(digit).unwrap())
        .collect();
    let mut bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    bytes.resize(PAYLOAD_LENGTH, 0);
    bytes
}

#[test]
fn a_pdu_of_another_implementation_is_read_and_written_the_same() {
    let sent = bytes(CAPTURED);
    let SlowFrame::Lacp(pdu) = SlowFrame::decode(&sent).unwrap() else {
        panic!("not an LACPDU");
    };
    assert_eq!(pdu.actor.system.to_string(), "b2:3c:ab:66:b5:49");
    assert_eq!((pdu.actor.system.priority, pdu.actor.key), (65_534, 1));
    assert_eq!((pdu.actor.port_priority, pdu.actor.port), (65_535, 2));
    assert_eq!(
        pdu.actor.flags.to_string(),
        "activity aggregation synchronized collecting distributing"
    );
    assert!(pdu.partner.flags.has(Flags::SHORT_TIMEOUT));
    assert_eq!(SlowFrame::Lacp(pdu).encode().to_vec(), sent);
}

#[test]
fn what_is_not_for_us_is_named() {
    let good = bytes(CAPTURED);
    let with = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        bytes
    };
    let length = |part, length, expected| {
        Err(DecodeError::Length {
            part,
            length,
            expected,
        })
    };
    let rows = [
        ("short", good[..109].to_vec(), Err(DecodeError::Short(109))),
        ("empty", Vec::new(), Err(DecodeError::Short(0))),
        ("OAM", with(0, 3), Err(DecodeError::Subtype(3))),
        ("actor", with(3, 19), length(1, 19, 20)),
        ("partner", with(23, 0), length(2, 0, 20)),
        ("collector", with(43, 255), length(3, 255, 16)),
        ("a later version", with(1, 2), Ok(())),
        ("an unknown part", with(2, 9), Ok(())),
        ("a reserved field", with(19, 9), Ok(())),
    ];
    for (name, bytes, expected) in rows {
        assert_eq!(SlowFrame::decode(&bytes).map(|_| ()), expected, "{name}");
    }
}

#[test]
fn a_marker_is_answered_and_an_answer_is_not() {
    let question = bytes("02010110 0007 020304050607 deadbeef 0000");
    let SlowFrame::Marker(marker) = SlowFrame::decode(&question).unwrap() else {
        panic!("not a marker");
    };
    let answer = marker.response().unwrap();
    let mut expected = question;
    expected[2] = 2;
    assert_eq!(SlowFrame::Marker(answer).encode().to_vec(), expected);
    assert_eq!(answer.response(), None);
}

prop_compose! {
    fn port()(
        priority: u16, mac: [u8; 6], key: u16, port_priority: u16, port: u16, flags: u8,
    ) -> PortInfo {
        let system = SystemId { priority, mac };
        PortInfo { system, key, port_priority, port, flags: Flags::from_bits(flags) }
    }
}

proptest! {
    #[test]
    fn a_pdu_comes_back_as_it_was(actor in port(), partner in port(), collector_max_delay: u16) {
        let frame = SlowFrame::Lacp(Lacpdu { actor, partner, collector_max_delay });
        prop_assert_eq!(SlowFrame::decode(&frame.encode()), Ok(frame));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..140), kind in 0_u8..4) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        if let Ok(frame) = SlowFrame::decode(&bytes) {
            prop_assert_eq!(SlowFrame::decode(&frame.encode()), Ok(frame));
        }
    }
}
