//! Bytes beside values.

use super::*;
use crate::wire::{
    Aggregator, Asn, Capabilities, Community, EncodeError, ErrorCode, ExtendedCommunity,
    GracefulRestart, GracefulRestartFamily, Header, LargeCommunity, Open, Origin, RefreshKind,
    RouteRefresh, SegmentKind, UpdateEncoder, encode_keepalive,
};

const ENCODER: UpdateEncoder = UpdateEncoder {
    family: Family::Ipv4,
    four_octet_asn: true,
};

#[test]
fn an_open_with_every_capability() {
    let open = Open {
        two_octet_asn: 23456,
        hold_time: 90,
        router_id: Ipv4Addr::new(192, 0, 2, 1),
        capabilities: Capabilities {
            multiprotocol: vec![(2, 1)],
            four_octet_asn: Some(Asn::new(4_200_000_001)),
            route_refresh: true,
            enhanced_route_refresh: true,
            graceful_restart: Some(GracefulRestart {
                restarting: true,
                notification: false,
                restart_time: 120,
                families: vec![GracefulRestartFamily {
                    afi: 2,
                    safi: 1,
                    forwarding_preserved: true,
                }],
            }),
            unknown: Vec::new(),
        },
    };
    let body = [
        4, 0x5b, 0xa0, 0, 90, 192, 0, 2, 1, 26, 2, 24, // version, AS, hold, id, parameter
        1, 4, 0, 2, 0, 1, // multiprotocol IPv6 unicast
        2, 0, // route refresh
        70, 0, // enhanced route refresh
        64, 6, 0x80, 120, 0, 2, 1, 0x80, // graceful restart
        65, 4, 0xfa, 0x56, 0xea, 0x01, // four-octet ASN
    ];
    let mut bytes = Vec::new();
    open.encode(&mut bytes);
    assert_eq!(bytes, message(1, &body));
    let Message::Open(decoded) = decode(&bytes, &IPV6).unwrap() else {
        panic!("not an OPEN")
    };
    assert_eq!(decoded, open);
    assert_eq!(decoded.asn(), Asn::new(4_200_000_001));
}

#[test]
fn long_optional_parameters_use_the_extended_form() {
    let mut open = Open {
        two_octet_asn: 1,
        hold_time: 3,
        router_id: Ipv4Addr::new(1, 1, 1, 1),
        capabilities: Capabilities::default(),
    };
    for code in 200..204 {
        let value = vec![code; 100];
        open.capabilities
            .unknown
            .push(crate::wire::UnknownCapability { code, value });
    }
    let mut bytes = Vec::new();
    open.encode(&mut bytes);
    assert_eq!(&bytes[28..33], [255, 255, 1, 155, 2], "RFC 9072 §2");
    let Message::Open(decoded) = decode(&bytes, &IPV4).unwrap() else {
        panic!("not an OPEN")
    };
    assert_eq!(decoded, open);
}

#[test]
fn every_bad_header_and_open_has_its_notification() {
    let open = |body: &[u8]| message(1, body);
    let mut unsynchronized = message(4, &[]);
    unsynchronized[3] = 0;
    let mut oversized = message(4, &[]);
    oversized[16..18].copy_from_slice(&4097_u16.to_be_bytes());
    let good = [4, 0, 1, 0, 90, 1, 1, 1, 1];
    let with = |tail: &[u8]| open(&[&good[..], tail].concat());
    let rows: [(&str, Vec<u8>, ErrorCode, &[u8]); 14] = [
        (
            "marker",
            unsynchronized,
            ErrorCode::HEADER_NOT_SYNCHRONIZED,
            &[],
        ),
        (
            "too long",
            oversized,
            ErrorCode::HEADER_BAD_LENGTH,
            &[0x10, 0x01],
        ),
        (
            "keepalive of 20",
            message(4, &[0]),
            ErrorCode::HEADER_BAD_LENGTH,
            &[0, 20],
        ),
        (
            "open of 28",
            message(1, &[0; 9]),
            ErrorCode::HEADER_BAD_LENGTH,
            &[0, 28],
        ),
        (
            "update of 22",
            message(2, &[0; 3]),
            ErrorCode::HEADER_BAD_LENGTH,
            &[0, 22],
        ),
        (
            "notification of 20",
            message(3, &[0]),
            ErrorCode::HEADER_BAD_LENGTH,
            &[0, 20],
        ),
        ("type 0", message(0, &[]), ErrorCode::HEADER_BAD_TYPE, &[0]),
        ("type 6", message(6, &[]), ErrorCode::HEADER_BAD_TYPE, &[6]),
        (
            "version 3",
            open(&[3, 0, 1, 0, 90, 1, 1, 1, 1, 0]),
            ErrorCode::OPEN_UNSUPPORTED_VERSION,
            &[0, 4],
        ),
        (
            "parameters overrun",
            with(&[4, 2, 1, 0]),
            ErrorCode::OPEN_UNSPECIFIC,
            &[],
        ),
        (
            "parameter overruns",
            with(&[2, 2, 1]),
            ErrorCode::OPEN_UNSPECIFIC,
            &[],
        ),
        (
            "authentication",
            with(&[2, 1, 0]),
            ErrorCode::OPEN_UNSUPPORTED_PARAMETER,
            &[],
        ),
        (
            "capability overruns",
            with(&[4, 2, 2, 65, 4]),
            ErrorCode::OPEN_UNSPECIFIC,
            &[],
        ),
        (
            "short capability",
            with(&[5, 2, 3, 65, 1, 0]),
            ErrorCode::OPEN_UNSPECIFIC,
            &[],
        ),
    ];
    for (name, bytes, code, data) in rows {
        let error = decode(&bytes, &IPV4).unwrap_err();
        assert_eq!(error, Notification::with_data(code, data), "{name}");
    }
}

#[test]
fn a_header_is_told_from_its_first_bytes() {
    let mut bytes = Vec::new();
    encode_keepalive(&mut bytes);
    assert_eq!(bytes, message(4, &[]));
    for length in 0..19 {
        assert_eq!(Header::peek(&bytes[..length]), Ok(None), "{length}");
    }
    assert_eq!(Header::peek(&bytes).unwrap().unwrap().length, 19);
    assert!(
        Header::peek(&[0xff, 0xfe]).is_err(),
        "no need to wait for the rest"
    );
}

#[test]
fn notifications_carry_their_data() {
    let rows: [(Notification, &[u8], &str); 8] = [
        (
            Notification::max_prefixes(Family::Ipv6, 1000),
            &[6, 1, 0, 2, 1, 0, 0, 3, 0xe8],
            "6/1 Maximum Number of Prefixes Reached: limit 1000 (ipv6)",
        ),
        (
            Notification::with_shutdown_text(ErrorCode::CEASE_ADMINISTRATIVE_SHUTDOWN, "bye"),
            &[6, 2, 3, b'b', b'y', b'e'],
            "6/2 Administrative Shutdown: \"bye\"",
        ),
        (
            Notification::with_shutdown_text(ErrorCode::CEASE_ADMINISTRATIVE_RESET, ""),
            &[6, 4, 0],
            "6/4 Administrative Reset",
        ),
        (
            Notification::with_data(ErrorCode::FSM_IN_OPEN_CONFIRM, [2]),
            &[5, 2, 2],
            "5/2 Receive Unexpected Message in OpenConfirm State: UPDATE",
        ),
        (
            Notification::with_data(ErrorCode::FSM_IN_OPEN_CONFIRM, [0]),
            &[5, 2, 0],
            "5/2 Receive Unexpected Message in OpenConfirm State: data 00",
        ),
        (
            Notification::new(ErrorCode::CEASE_BFD_DOWN),
            &[6, 10],
            "6/10 BFD Down",
        ),
        (
            Notification::new(ErrorCode::HOLD_TIMER_EXPIRED),
            &[4, 0],
            "4/0 Hold Timer Expired",
        ),
        (
            Notification::new(ErrorCode {
                code: 6,
                subcode: 99,
            }),
            &[6, 99],
            "6/99 Cease",
        ),
    ];
    for (notification, body, shown) in rows {
        let mut bytes = Vec::new();
        notification.encode(&mut bytes);
        assert_eq!(bytes, message(3, body));
        assert_eq!(notification.to_string(), shown);
        let decoded = decode(&bytes, &IPV4).unwrap();
        assert!(matches!(decoded, Message::Notification(it) if it == notification));
    }
}

#[test]
fn shutdown_texts_are_cut_between_characters_and_read_with_care() {
    let code = ErrorCode::CEASE_ADMINISTRATIVE_SHUTDOWN;
    let long = Notification::with_shutdown_text(code, &"ü".repeat(200));
    assert_eq!(long.data[0], 254, "127 characters of two octets");
    assert_eq!(long.shutdown_text().unwrap().chars().count(), 127);
    for data in [&[][..], &[0], &[5, b'a'], &[2, 0xff, 0xff]] {
        assert_eq!(
            Notification::with_data(code, data).shutdown_text(),
            None,
            "{data:?}"
        );
    }
    let other = Notification::with_data(ErrorCode::CEASE, [1, b'a']);
    assert_eq!(other.shutdown_text(), None);
}

#[test]
fn route_refresh_in_all_kinds_and_lengths() {
    for (kind, code) in [
        (RefreshKind::Request, 0),
        (RefreshKind::Begin, 1),
        (RefreshKind::End, 2),
    ] {
        let mut bytes = Vec::new();
        RouteRefresh::encode(Family::Ipv6, kind, &mut bytes);
        assert_eq!(bytes, message(5, &[0, 2, code, 1]));
        let decoded = decode(&bytes, &IPV6).unwrap();
        let wanted = RouteRefresh::new(Family::Ipv6, kind);
        assert!(matches!(decoded, Message::RouteRefresh(it) if it == wanted));
    }
    let unknown = RouteRefresh { known: None };
    for body in [[0, 25, 0, 70], [0, 1, 9, 1]] {
        let bytes = message(5, &body);
        assert!(matches!(decode(&bytes, &IPV4), Ok(Message::RouteRefresh(it)) if it == unknown));
    }
    for body in [&[0, 1, 0][..], &[0, 1, 1, 1, 0], &[0, 1, 2, 1, 0]] {
        let bytes = message(5, body);
        let wanted = Notification::with_data(ErrorCode::REFRESH_INVALID_LENGTH, bytes.clone());
        assert_eq!(decode(&bytes, &IPV4).unwrap_err(), wanted);
    }
}

fn rich_attributes() -> PathAttributes {
    let mut builder = PathAttributes::builder()
        .origin(Origin::Egp)
        .segment(SegmentKind::Sequence, &[65001, 4_200_000_001].map(Asn::new))
        .segment(SegmentKind::Set, &[Asn::new(1), Asn::new(2)])
        .next_hop(hop(9))
        .med(50)
        .community(Community::new(7224, 7300))
        .unknown(99, b"x");
    builder.atomic_aggregate = true;
    builder.aggregator = Some(Aggregator {
        asn: Asn::new(70000),
        router_id: Ipv4Addr::new(1, 2, 3, 4),
    });
    builder
        .extended_communities
        .push(ExtendedCommunity([0, 2, 0, 1, 0, 0, 0, 2]));
    builder.large_communities.push(LargeCommunity {
        global: 70000,
        local1: 1,
        local2: 2,
    });
    builder.build()
}

#[test]
fn an_update_with_every_attribute() {
    let attributes = rich_attributes();
    let prefixes = [net("10.0.0.0/8"), net("0.0.0.0/0"), net("192.0.2.128/25")];
    let mut bytes = Vec::new();
    ENCODER.announce(&attributes, prefixes, &mut bytes).unwrap();
    let parts = [
        attribute(0x40, 1, &[1]),
        attribute(
            0x40,
            2,
            &[
                2, 2, 0, 0, 0xfd, 0xe9, 0xfa, 0x56, 0xea, 1, 1, 2, 0, 0, 0, 1, 0, 0, 0, 2,
            ],
        ),
        attribute(0x40, 3, &[192, 0, 2, 9]),
        attribute(0x80, 4, &[0, 0, 0, 50]),
        attribute(0x40, 6, &[]),
        attribute(0xc0, 7, &[0, 1, 0x11, 0x70, 1, 2, 3, 4]),
        attribute(0xc0, 8, &[0x1c, 0x38, 0x1c, 0x84]),
        attribute(0xc0, 16, &[0, 2, 0, 1, 0, 0, 0, 2]),
        attribute(0xc0, 32, &[0, 1, 0x11, 0x70, 0, 0, 0, 1, 0, 0, 0, 2]),
        attribute(0xe0, 99, b"x"),
    ];
    assert_eq!(
        bytes,
        update(&[], &parts.concat(), &[8, 10, 0, 25, 192, 0, 2, 128])
    );
    let decoded = decode_update(&bytes, &IPV4).unwrap();
    assert!(decoded.faults().is_empty());
    assert_eq!(
        announced(&decoded),
        [(attributes.clone(), prefixes.to_vec())]
    );
    assert_eq!(attributes.as_path().to_string(), "65001 4200000001 {1 2}");
    assert_eq!(attributes.as_path().hop_count(), 3, "a set counts one");
    assert_eq!(attributes.as_path().first(), Some(Asn::new(65001)));
    assert_eq!(attributes.as_path().origin(), None, "it ends with a set");
    assert_eq!(attributes.to_builder().build(), attributes);
}

#[test]
fn the_order_of_attributes_does_not_matter() {
    let forward = [
        attribute(0x40, 1, &[0]),
        attribute(0x40, 2, &[]),
        attribute(0x40, 3, &[192, 0, 2, 1]),
        attribute(0xc0, 99, &[1]),
        attribute(0xc0, 100, &[2]),
    ];
    let mut backward = forward.clone();
    backward.reverse();
    let one = update(&[], &forward.concat(), &[8, 10]);
    let other = update(&[], &backward.concat(), &[8, 10]);
    let one = announced(&decode_update(&one, &IPV4).unwrap());
    assert_eq!(one, announced(&decode_update(&other, &IPV4).unwrap()));
}

#[test]
fn ipv6_routes_travel_in_mp_attributes() {
    let encoder = UpdateEncoder {
        family: Family::Ipv6,
        four_octet_asn: true,
    };
    let next_hop: IpAddr = "2001:db8::1".parse().unwrap();
    let path = [Asn::new(64512)];
    let attributes = PathAttributes::builder()
        .prepend(&path)
        .next_hop(next_hop)
        .build();
    let prefixes = [net("2001:db8:5::/48"), net("::/0")];
    let mut bytes = Vec::new();
    encoder.announce(&attributes, prefixes, &mut bytes).unwrap();
    let mut reach = vec![0x90, 14, 0, 29, 0, 2, 1, 16, 0x20, 1, 0x0d, 0xb8];
    reach.extend([0; 11]);
    reach.extend([1, 0, 48, 0x20, 1, 0x0d, 0xb8, 0, 5, 0]);
    let rest = [
        attribute(0x40, 1, &[0]),
        attribute(0x40, 2, &[2, 1, 0, 0, 0xfc, 0]),
    ];
    assert_eq!(bytes, update(&[], &[reach, rest.concat()].concat(), &[]));
    let decoded = decode_update(&bytes, &IPV6).unwrap();
    assert_eq!(announced(&decoded), [(attributes, prefixes.to_vec())]);

    let mut bytes = Vec::new();
    encoder.withdraw(prefixes, &mut bytes);
    let decoded = decode_update(&bytes, &IPV6).unwrap();
    assert_eq!(decoded.withdrawn().collect::<Vec<_>>(), prefixes);
    assert!(!decoded.is_end_of_rib());
    // The same bytes mean nothing to an IPv4 session.
    assert_eq!(decode_update(&bytes, &IPV4).unwrap().withdrawn().count(), 0);
}

#[test]
fn end_of_rib_is_known_for_the_family_of_the_session_only() {
    for (family, context, other) in [(Family::Ipv4, IPV4, IPV6), (Family::Ipv6, IPV6, IPV4)] {
        let mut bytes = Vec::new();
        UpdateEncoder {
            family,
            four_octet_asn: true,
        }
        .end_of_rib(&mut bytes);
        assert!(decode_update(&bytes, &context).unwrap().is_end_of_rib());
        assert!(!decode_update(&bytes, &other).unwrap().is_end_of_rib());
    }
}

#[test]
fn prefixes_are_packed_up_to_the_largest_message() {
    let attributes = rich_attributes();
    let prefixes: Vec<IpNet> = (0..5000_u32)
        .map(|index| {
            let address = Ipv4Addr::from((10 << 24) + (index << 8));
            IpNet::V4(ipnet::Ipv4Net::new(address, 24).unwrap())
        })
        .collect();
    for withdraw in [false, true] {
        let mut bytes = Vec::new();
        if withdraw {
            ENCODER.withdraw(prefixes.iter().copied(), &mut bytes);
        } else {
            ENCODER
                .announce(&attributes, prefixes.iter().copied(), &mut bytes)
                .unwrap();
        }
        let mut seen = Vec::new();
        let mut lengths = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some(header) = Header::peek(rest).unwrap() {
            let decoded = decode_update(&rest[..header.length], &IPV4).unwrap();
            seen.extend(decoded.withdrawn());
            seen.extend(decoded.announced().flat_map(|(_, nlri)| nlri));
            lengths.push(header.length);
            rest = &rest[header.length..];
        }
        assert_eq!(seen, prefixes);
        let (_, full) = lengths.split_last().unwrap();
        assert!(full.iter().all(|length| *length > 4096 - 4), "{lengths:?}");
    }
}

/// A message of 4096 octets at most, with the largest prefix of the family at its end.
#[test]
fn attributes_that_leave_room_for_a_prefix_are_sent() {
    let rows = [
        (Family::Ipv4, hop(1), net("10.0.0.1/32"), 5),
        (
            Family::Ipv6,
            "2001:db8::1".parse().unwrap(),
            net("2001:db8::1/128"),
            17,
        ),
    ];
    for (family, next_hop, prefix, octets) in rows {
        let encoder = UpdateEncoder { family, ..ENCODER };
        let mut longest = 0;
        for communities in 960..1024 {
            let mut builder = PathAttributes::builder().next_hop(next_hop);
            builder.communities = (0..communities).map(Community::from_u32).collect();
            let mut bytes = Vec::new();
            let sent = encoder.announce(&builder.build(), [prefix], &mut bytes);
            match sent {
                Ok(()) => longest = bytes.len(),
                Err(EncodeError::TooLarge { length }) => {
                    assert!(23 + length + octets > 4096, "{family}: {length}");
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert!((4093..=4096).contains(&longest), "{family}: {longest}");
    }
}

#[test]
fn attributes_too_large_for_a_message_are_refused_without_a_trace() {
    let mut builder = PathAttributes::builder().next_hop(hop(1));
    builder.communities = (0..1013).map(Community::from_u32).collect();
    let mut bytes = vec![7];
    let error = ENCODER
        .announce(&builder.build(), [net("10.0.0.0/8")], &mut bytes)
        .unwrap_err();
    assert!(matches!(error, EncodeError::TooLarge { .. }));
    assert_eq!(bytes, [7]);
    let no_hop = PathAttributes::builder().build();
    let error = ENCODER
        .announce(&no_hop, [net("10.0.0.0/8")], &mut bytes)
        .unwrap_err();
    assert_eq!(
        error,
        EncodeError::NoNextHop {
            family: Family::Ipv4
        }
    );
}

#[test]
fn prepending_joins_the_first_sequence_until_it_is_full() {
    let base = |count: u32| {
        let asns: Vec<Asn> = (1..=count).map(Asn::new).collect();
        PathAttributes::builder().segment(SegmentKind::Sequence, &asns)
    };
    let path = base(3).prepend(&[Asn::new(9), Asn::new(8)]).build();
    assert_eq!(path.as_path().to_string(), "9 8 1 2 3");
    assert_eq!(path.as_path().segments().count(), 1);
    let path = base(255).prepend(&[Asn::new(9)]).build();
    assert_eq!(path.as_path().segments().count(), 2);
    assert_eq!(path.as_path().hop_count(), 256);
    let set = PathAttributes::builder().segment(SegmentKind::Set, &[Asn::new(5)]);
    assert_eq!(
        set.prepend(&[Asn::new(9)]).build().as_path().to_string(),
        "9 {5}"
    );
}

#[test]
fn two_octet_sessions_carry_large_numbers_in_as4_attributes() {
    let old = UpdateEncoder {
        family: Family::Ipv4,
        four_octet_asn: false,
    };
    let context = SessionContext {
        family: Family::Ipv4,
        four_octet_asn: false,
    };
    let attributes = rich_attributes();
    let mut bytes = Vec::new();
    old.announce(&attributes, [net("10.0.0.0/8")], &mut bytes)
        .unwrap();
    let decoded = decode_update(&bytes, &context).unwrap();
    assert!(decoded.faults().is_empty());
    assert_eq!(
        announced(&decoded)[0].0,
        attributes,
        "nothing is lost on the way"
    );
    // AS_TRANS stands where the number does not fit.
    let trans = [2, 2, 0xfd, 0xe9, 0x5b, 0xa0];
    assert!(bytes.windows(6).any(|window| window == trans));
}

/// RFC 6793 §4.2.3: what an AS_PATH and an AS4_PATH give together.
#[test]
fn as4_path_replaces_the_far_end_of_as_path() {
    let context = SessionContext {
        family: Family::Ipv4,
        four_octet_asn: false,
    };
    let seq = |asns: &[u16]| {
        let mut value = vec![2, u8::try_from(asns.len()).unwrap()];
        value.extend(asns.iter().flat_map(|asn| asn.to_be_bytes()));
        value
    };
    let seq4 = |asns: &[u32]| {
        let mut value = vec![2, u8::try_from(asns.len()).unwrap()];
        value.extend(asns.iter().flat_map(|asn| asn.to_be_bytes()));
        value
    };
    let aggregator = |asn: u16| {
        let mut value = asn.to_be_bytes().to_vec();
        value.extend([1, 2, 3, 4]);
        value
    };
    let rows = [
        (
            "new behind old",
            seq(&[100, 23456, 200]),
            Some(seq4(&[70000, 200])),
            None,
            "100 70000 200",
        ),
        (
            "all new",
            seq(&[23456]),
            Some(seq4(&[70000])),
            None,
            "70000",
        ),
        (
            "longer: ignored",
            seq(&[100]),
            Some(seq4(&[1, 2])),
            None,
            "100",
        ),
        ("without", seq(&[100, 23456]), None, None, "100 23456"),
        (
            "stale after an aggregation",
            seq(&[100, 23456]),
            Some(seq4(&[70000])),
            Some(aggregator(100)),
            "100 23456",
        ),
        (
            "aggregated by a new speaker",
            seq(&[100, 23456]),
            Some(seq4(&[70000])),
            Some(aggregator(23456)),
            "100 70000",
        ),
        (
            "a confederation's own segments count for nothing",
            seq(&[100, 23456]),
            Some(
                [
                    vec![3, 1, 0, 0, 0xfc, 0x58],
                    seq4(&[70000]),
                    vec![4, 1, 0, 0, 0, 9],
                ]
                .concat(),
            ),
            None,
            "100 70000",
        ),
    ];
    for (name, path, as4_path, aggregator, wanted) in rows {
        let mut parts = vec![
            attribute(0x40, 1, &[0]),
            attribute(0x40, 2, &path),
            attribute(0x40, 3, &[192, 0, 2, 1]),
        ];
        parts.extend(aggregator.map(|value| attribute(0xc0, 7, &value)));
        parts.extend(as4_path.map(|value| attribute(0xc0, 17, &value)));
        let bytes = update(&[], &parts.concat(), &[8, 10]);
        let decoded = decode_update(&bytes, &context).unwrap();
        assert!(
            decoded.faults().is_empty(),
            "{name}: {:?}",
            decoded.faults()
        );
        assert_eq!(
            announced(&decoded)[0].0.as_path().to_string(),
            wanted,
            "{name}"
        );
    }
}

#[test]
fn host_bits_on_the_wire_are_cleared() {
    let parts = [
        attribute(0x40, 1, &[0]),
        attribute(0x40, 2, &[]),
        attribute(0x40, 3, &[192, 0, 2, 1]),
    ];
    let bytes = update(&[4, 0xff], &parts.concat(), &[12, 10, 0xff]);
    let decoded = decode_update(&bytes, &IPV4).unwrap();
    assert_eq!(announced(&decoded)[0].1, [net("10.240.0.0/12")]);
    assert_eq!(
        decoded.withdrawn().collect::<Vec<_>>(),
        [net("240.0.0.0/4")]
    );
}
