//! What the feeders announce: distinct /24s, a few per UPDATE with a path and communities of their
//! own, as in a real table.

use std::net::{IpAddr, Ipv4Addr};

use demarc_bgp::wire::{Asn, Community, Family, PathAttributes, SegmentKind, UpdateEncoder};
use ipnet::{IpNet, Ipv4Net};

/// Prefixes that share attributes, so the prefixes of one UPDATE.
pub const PREFIXES_PER_UPDATE: u32 = 5;

/// The prefix numbered `index`: a /24 from 16.0.0.0 upwards, leaping over what is never routed.
#[must_use]
pub fn prefix(index: u32) -> IpNet {
    const FIRST: u32 = 16 << 16;
    const LOOPBACK: u32 = 127 << 16;
    let mut number = FIRST + index;
    if number >= LOOPBACK {
        number += 1 << 16;
    }
    let address = Ipv4Addr::from_bits(number << 8);
    IpNet::V4(Ipv4Net::new(address, 24).expect("24 is a length"))
}

/// The attributes of the block of prefixes numbered `block`.
#[must_use]
pub fn attributes(asn: u32, next_hop: IpAddr, block: u32) -> PathAttributes {
    let path = [
        asn,
        64600 + block % 200,
        100_000 + block,
        200_000 + block % 977,
    ]
    .map(Asn::new);
    let [_, _, high, low] = block.to_be_bytes();
    PathAttributes::builder()
        .segment(SegmentKind::Sequence, &path)
        .next_hop(next_hop)
        .community(Community::new(64500, u16::from_be_bytes([high, low])))
        .community(Community::new(64501, u16::from(low)))
        .build()
}

/// UPDATEs that announce `count` prefixes from `first` on.
#[must_use]
pub fn announcements(asn: u32, next_hop: IpAddr, first: u32, count: u32) -> Vec<u8> {
    let encoder = UpdateEncoder {
        family: Family::Ipv4,
        four_octet_asn: true,
    };
    let mut out = Vec::new();
    let mut index = first;
    let end = first + count;
    while index < end {
        let next = (index + PREFIXES_PER_UPDATE).min(end);
        let attributes = attributes(asn, next_hop, index / PREFIXES_PER_UPDATE);
        encoder
            .announce(&attributes, (index..next).map(prefix), &mut out)
            .expect("a short path fits a message");
        index = next;
    }
    out
}

/// UPDATEs that withdraw `count` prefixes from `first` on.
#[must_use]
pub fn withdrawals(first: u32, count: u32) -> Vec<u8> {
    let encoder = UpdateEncoder {
        family: Family::Ipv4,
        four_octet_asn: true,
    };
    let mut out = Vec::new();
    encoder.withdraw((first..first + count).map(prefix), &mut out);
    out
}

/// Whole messages of a buffer.
pub fn messages(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = u16::from_be_bytes([*bytes.get(16)?, *bytes.get(17)?]);
        let (message, rest) = bytes.split_at_checked(usize::from(length))?;
        bytes = rest;
        Some(message)
    })
}
