use proptest::prelude::*;

use super::*;

/// A packet as a router sends it while coming up: state Init, multiplier 3, 300 ms.
const INIT: [u8; 24] = [
    0x20, 0x80, 3, 24, 0, 0, 0, 7, 0, 0, 0, 9, 0, 4, 0x93, 0xe0, 0, 4, 0x93, 0xe0, 0, 0, 0, 0,
];

#[test]
fn a_known_packet_reads_as_its_fields() {
    let packet = ControlPacket::decode(&INIT).unwrap();
    assert_eq!(packet.state, State::Init);
    assert_eq!(packet.diagnostic, Diagnostic::None);
    assert_eq!(packet.my_discriminator.get(), 7);
    assert_eq!(packet.your_discriminator.unwrap().get(), 9);
    assert_eq!(packet.desired_min_tx, Duration::from_millis(300));
    assert_eq!(packet.required_min_rx, Duration::from_millis(300));
    assert_eq!(packet.encode(), INIT);
}

#[test]
fn every_check_of_the_rfc_refuses_its_packet() {
    let altered = |at: usize, value: u8| {
        let mut bytes = INIT;
        bytes[at] = value;
        bytes
    };
    let rows: [(&str, Vec<u8>, DecodeError); 11] = [
        (
            "version 0",
            altered(0, 0x00).into(),
            DecodeError::Version(0),
        ),
        (
            "version 2",
            altered(0, 0x40).into(),
            DecodeError::Version(2),
        ),
        ("cut", INIT[..23].into(), DecodeError::Short(23)),
        ("empty", vec![], DecodeError::Short(0)),
        (
            "length 23",
            altered(3, 23).into(),
            DecodeError::Length {
                length: 23,
                payload: 24,
            },
        ),
        (
            "length 25",
            altered(3, 25).into(),
            DecodeError::Length {
                length: 25,
                payload: 24,
            },
        ),
        (
            "authentication",
            altered(1, 0x84).into(),
            DecodeError::Length {
                length: 24,
                payload: 24,
            },
        ),
        (
            "multiplier",
            altered(2, 0).into(),
            DecodeError::ZeroMultiplier,
        ),
        (
            "multipoint",
            altered(1, 0x81).into(),
            DecodeError::Multipoint,
        ),
        (
            "my discriminator",
            altered(7, 0).into(),
            DecodeError::ZeroDiscriminator,
        ),
        (
            "poll and final",
            altered(1, 0xb0).into(),
            DecodeError::PollAndFinal,
        ),
    ];
    for (name, bytes, error) in rows {
        assert_eq!(ControlPacket::decode(&bytes), Err(error), "{name}");
    }
    let mut authenticated = altered(1, 0x84).to_vec();
    authenticated[3] = 26;
    authenticated.extend([1, 2]);
    assert_eq!(
        ControlPacket::decode(&authenticated),
        Err(DecodeError::Authentication)
    );
}

#[test]
fn your_discriminator_may_be_zero_only_in_down_and_admin_down() {
    for state in State::ALL {
        let mut bytes = INIT;
        bytes[1] = state.bits() << 6;
        bytes[8..12].fill(0);
        let result = ControlPacket::decode(&bytes);
        match state {
            State::AdminDown | State::Down => assert!(result.is_ok(), "{state:?}"),
            State::Init | State::Up => {
                assert_eq!(result, Err(DecodeError::MissingDiscriminator(state)));
            }
        }
    }
}

#[test]
fn a_hop_limit_other_than_255_is_refused() {
    assert!(decode_datagram(&INIT, 255).is_ok());
    for hop_limit in [0, 1, 64, 254] {
        assert_eq!(
            decode_datagram(&INIT, hop_limit),
            Err(DecodeError::HopLimit(hop_limit))
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(packet) = ControlPacket::decode(&bytes) {
            prop_assert_eq!(ControlPacket::decode(&packet.encode()), Ok(packet));
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same(
        diagnostic in 0u8..32, state in 0u8..4, flags in 0u8..16, multiplier in 1u8..,
        mine in 1u32.., yours in 1u32.., words in any::<[u32; 3]>(),
    ) {
        let packet = ControlPacket {
            diagnostic: Diagnostic::from_bits(diagnostic),
            state: State::from_bits(state),
            poll: flags & 1 != 0,
            final_: flags & 3 == 2,
            control_plane_independent: flags & 4 != 0,
            demand: flags & 8 != 0,
            detect_multiplier: multiplier,
            my_discriminator: NonZeroU32::new(mine).unwrap(),
            your_discriminator: NonZeroU32::new(yours),
            desired_min_tx: interval(words[0]),
            required_min_rx: interval(words[1]),
            required_min_echo_rx: interval(words[2]),
        };
        prop_assert_eq!(ControlPacket::decode(&packet.encode()), Ok(packet));
    }
}
