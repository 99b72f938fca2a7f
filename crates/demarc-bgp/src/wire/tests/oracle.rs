//! The other codec, both ways: what one writes the other reads as the same.

use std::net::Ipv6Addr;

use ipnet::{Ipv4Net, Ipv6Net};
use netgauze_bgp_pkt::BgpMessage;
use netgauze_bgp_pkt::community as theirs_community;
use netgauze_bgp_pkt::nlri::{Ipv4Unicast, Ipv4UnicastAddress};
use netgauze_bgp_pkt::path_attribute as theirs;
use netgauze_bgp_pkt::update::BgpUpdateMessage;
use netgauze_bgp_pkt::wire::deserializer::BgpParsingContext;
use netgauze_parse_utils::WritablePdu;
use netgauze_parse_utils::reader::SliceReader;
use netgauze_parse_utils::traits::ParseFromWithOneInput;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::wire::{
    Aggregator, Asn, AttributesBuilder, Capabilities, Community, GracefulRestart,
    GracefulRestartFamily, LargeCommunity, Open, Origin, SegmentKind, UpdateEncoder,
};

pub(super) fn ipv4_nets() -> impl Strategy<Value = Vec<Ipv4Net>> {
    // Unicast only: the other codec does not take multicast prefixes.
    let net = (any::<u32>(), 0..=32_u8).prop_map(|(address, length)| {
        let address = Ipv4Addr::from(address & 0x5fff_ffff);
        Ipv4Net::new(address, length).unwrap().trunc()
    });
    vec(net, 1..40)
}

pub(super) fn builders() -> impl Strategy<Value = AttributesBuilder> {
    let origins = prop_oneof![
        Just(Origin::Igp),
        Just(Origin::Egp),
        Just(Origin::Incomplete)
    ];
    let asns = || vec((1..u32::MAX).prop_map(Asn::new), 1..6);
    let first = (
        origins,
        asns(),
        proptest::option::of(asns()),
        any::<Option<u32>>(),
    );
    let large = (any::<u32>(), any::<u32>(), any::<u32>());
    let rest = (
        vec(any::<u32>(), 0..5),
        vec(large, 0..4),
        proptest::option::of((1..u32::MAX, any::<u32>())),
        any::<bool>(),
    );
    (first, rest, 1..=254_u8).prop_map(|(first, rest, last)| {
        let (origin, sequence, set, med) = first;
        let (communities, large, aggregator, atomic) = rest;
        let mut builder = PathAttributes::builder().origin(origin).next_hop(hop(last));
        builder = builder.segment(SegmentKind::Sequence, &sequence);
        if let Some(set) = set {
            builder = builder.segment(SegmentKind::Set, &set);
        }
        builder.med = med;
        builder.atomic_aggregate = atomic;
        builder.communities = communities.into_iter().map(Community::from_u32).collect();
        builder.large_communities = large
            .into_iter()
            .map(|(global, local1, local2)| LargeCommunity {
                global,
                local1,
                local2,
            })
            .collect();
        builder.aggregator = aggregator.map(|(asn, id)| Aggregator {
            asn: Asn::new(asn),
            router_id: Ipv4Addr::from(id),
        });
        builder
    })
}

/// Reads and writes with the other codec.
fn through_theirs(bytes: &[u8]) -> Vec<u8> {
    let mut context = BgpParsingContext::default();
    let mut reader = SliceReader::new(bytes);
    let parsed = BgpMessage::parse(&mut reader, &mut context).unwrap();
    let mut written = Vec::new();
    parsed.write(&mut written).unwrap();
    written
}

/// Our attributes as theirs, in an order of their own.
fn as_theirs(ours: &PathAttributes) -> Vec<theirs::PathAttribute> {
    use theirs::PathAttributeValue as Value;
    let make = |optional, transitive, value| {
        theirs::PathAttribute::from(optional, transitive, false, false, value).unwrap()
    };
    let origin = match ours.origin() {
        Origin::Igp => theirs::Origin::IGP,
        Origin::Egp => theirs::Origin::EGP,
        Origin::Incomplete => theirs::Origin::Incomplete,
    };
    let segments: Vec<theirs::As4PathSegment> = ours
        .as_path()
        .segments()
        .map(|segment| {
            let kind = match segment.kind {
                SegmentKind::Set => theirs::AsPathSegmentType::AsSet,
                _ => theirs::AsPathSegmentType::AsSequence,
            };
            let asns: Vec<u32> = segment.asns().map(Asn::get).collect();
            theirs::As4PathSegment::new(kind, asns)
        })
        .collect();
    let IpAddr::V4(next_hop) = ours.next_hop().unwrap() else {
        panic!("an IPv4 next hop")
    };
    let path = theirs::AsPath::As4PathSegments(segments.into());
    let mut all = vec![
        make(false, true, Value::NextHop(theirs::NextHop::new(next_hop))),
        make(false, true, Value::AsPath(path)),
        make(false, true, Value::Origin(origin)),
    ];
    if let Some(med) = ours.med() {
        let med = theirs::MultiExitDiscriminator::new(med);
        all.push(make(true, false, Value::MultiExitDiscriminator(med)));
    }
    let communities: Vec<theirs_community::Community> = ours
        .communities()
        .map(|it| theirs_community::Community::new(it.get()))
        .collect();
    if !communities.is_empty() {
        all.push(make(
            true,
            true,
            Value::Communities(theirs::Communities::new(communities)),
        ));
    }
    let large: Vec<theirs_community::LargeCommunity> = ours
        .large_communities()
        .map(|it| theirs_community::LargeCommunity::new(it.global, it.local1, it.local2))
        .collect();
    if !large.is_empty() {
        let large = theirs::LargeCommunities::new(large);
        all.push(make(true, true, Value::LargeCommunities(large)));
    }
    all
}

proptest! {
    #[test]
    fn they_read_our_updates(builder in builders(), nets in ipv4_nets()) {
        let attributes = builder.build();
        let nets: Vec<IpNet> = nets.into_iter().map(IpNet::V4).collect();
        let mut bytes = Vec::new();
        let encoder = UpdateEncoder { family: Family::Ipv4, four_octet_asn: true };
        encoder.announce(&attributes, nets.iter().copied(), &mut bytes).unwrap();
        let theirs = through_theirs(&bytes);
        let decoded = decode_update(&theirs, &IPV4).unwrap();
        prop_assert!(decoded.faults().is_empty());
        prop_assert_eq!(announced(&decoded), [(attributes, nets)]);
    }

    #[test]
    fn they_read_our_ipv6_updates(
        builder in builders(),
        nets in vec((any::<u128>(), 0..=64_u8), 1..20),
    ) {
        let hop: IpAddr = "2001:db8::9".parse().unwrap();
        let attributes = builder.next_hop(hop).build();
        let nets: Vec<IpNet> = nets
            .into_iter()
            .map(|(bits, length)| {
                let address = Ipv6Addr::from((bits >> 3) | (1 << 125));
                IpNet::V6(Ipv6Net::new(address, length).unwrap().trunc())
            })
            .collect();
        let encoder = UpdateEncoder { family: Family::Ipv6, four_octet_asn: true };
        let mut bytes = Vec::new();
        encoder.announce(&attributes, nets.iter().copied(), &mut bytes).unwrap();
        let theirs = through_theirs(&bytes);
        let decoded = decode_update(&theirs, &IPV6).unwrap();
        prop_assert_eq!(announced(&decoded), [(attributes, nets.clone())]);
        let mut bytes = Vec::new();
        encoder.withdraw(nets.iter().copied(), &mut bytes);
        let theirs = through_theirs(&bytes);
        let decoded = decode_update(&theirs, &IPV6).unwrap();
        prop_assert_eq!(decoded.withdrawn().collect::<Vec<_>>(), nets);
    }

    #[test]
    fn we_read_their_updates(builder in builders(), nets in ipv4_nets(), gone in ipv4_nets()) {
        let mut builder = builder;
        (builder.aggregator, builder.atomic_aggregate) = (None, false);
        let wanted = builder.build();
        let unicast = |nets: &[Ipv4Net]| -> Vec<Ipv4UnicastAddress> {
            let one = |net: &Ipv4Net| Ipv4Unicast::from_net(*net).unwrap();
            nets.iter().map(one).map(Ipv4UnicastAddress::new_no_path_id).collect()
        };
        let message =
            BgpUpdateMessage::new(unicast(&gone), as_theirs(&wanted), unicast(&nets));
        let mut bytes = Vec::new();
        BgpMessage::Update(message).write(&mut bytes).unwrap();
        let decoded = decode_update(&bytes, &IPV4).unwrap();
        prop_assert!(decoded.faults().is_empty());
        let nets: Vec<IpNet> = nets.into_iter().map(IpNet::V4).collect();
        let gone: Vec<IpNet> = gone.into_iter().map(IpNet::V4).collect();
        prop_assert_eq!(announced(&decoded), [(wanted, nets)]);
        prop_assert_eq!(decoded.withdrawn().collect::<Vec<_>>(), gone);
    }

    #[test]
    fn they_read_our_open(
        asn in 1..u32::MAX,
        hold_time in 3..=u16::MAX,
        id in 1..0xe000_0000_u32,
        restart_time in 0..=0x0fff_u16,
        refresh in any::<bool>(),
        preserved in any::<bool>(),
    ) {
        let open = Open {
            two_octet_asn: Asn::new(asn).two_octets(),
            hold_time,
            router_id: Ipv4Addr::from(id),
            capabilities: Capabilities {
                multiprotocol: vec![(1, 1), (2, 1)],
                four_octet_asn: Some(Asn::new(asn)),
                route_refresh: refresh,
                enhanced_route_refresh: refresh,
                graceful_restart: Some(GracefulRestart {
                    restarting: preserved,
                    notification: false,
                    restart_time,
                    families: vec![GracefulRestartFamily {
                        afi: 1,
                        safi: 1,
                        forwarding_preserved: preserved,
                    }],
                }),
                unknown: Vec::new(),
            },
        };
        let mut bytes = Vec::new();
        open.encode(&mut bytes);
        let theirs = through_theirs(&bytes);
        let Message::Open(decoded) = decode(&theirs, &IPV4).unwrap() else {
            panic!("an OPEN stays one")
        };
        prop_assert_eq!(decoded, open);
    }
}
