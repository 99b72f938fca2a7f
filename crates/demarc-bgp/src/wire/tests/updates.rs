//! UPDATEs: bytes beside values.

use super::*;
use crate::wire::{
    Aggregator, Asn, Community, EncodeError, ExtendedCommunity, Header, LargeCommunity, Origin,
    SegmentKind, UpdateEncoder,
};

const ENCODER: UpdateEncoder = UpdateEncoder {
    family: Family::Ipv4,
    four_octet_asn: true,
};

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
