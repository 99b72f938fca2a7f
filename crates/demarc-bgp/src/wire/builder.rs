//! Making path attributes: for originated routes, and for received ones that policy changes.

use std::net::IpAddr;

use super::as_path::{self, SegmentKind};
use super::asn::Asn;
use super::attribute::{code, flags};
use super::community::{Community, ExtendedCommunity, LargeCommunity};
use super::path_attributes::{self, Aggregator, Origin, PathAttributes};

/// Attributes under construction; [`build`](Self::build) makes them canonical.
#[derive(Clone, Debug, Default)]
pub struct AttributesBuilder {
    pub origin: Origin,
    as_path: Vec<u8>,
    pub next_hop: Option<IpAddr>,
    pub med: Option<u32>,
    pub local_pref: Option<u32>,
    pub atomic_aggregate: bool,
    pub aggregator: Option<Aggregator>,
    pub communities: Vec<Community>,
    pub extended_communities: Vec<ExtendedCommunity>,
    pub large_communities: Vec<LargeCommunity>,
    /// Type code and value of attributes that we only pass on.
    unknown: Vec<(u8, Vec<u8>)>,
}

impl From<&PathAttributes> for AttributesBuilder {
    fn from(attributes: &PathAttributes) -> Self {
        let unknown = attributes.unknown();
        Self {
            origin: attributes.origin(),
            as_path: attributes.as_path().as_bytes().to_vec(),
            next_hop: attributes.next_hop(),
            med: attributes.med(),
            local_pref: attributes.local_pref(),
            atomic_aggregate: attributes.atomic_aggregate(),
            aggregator: attributes.aggregator(),
            communities: attributes.communities().collect(),
            extended_communities: attributes.extended_communities().collect(),
            large_communities: attributes.large_communities().collect(),
            unknown: unknown
                .map(|one| (one.type_code, one.value.to_vec()))
                .collect(),
        }
    }
}

impl AttributesBuilder {
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    #[must_use]
    pub fn next_hop(mut self, next_hop: IpAddr) -> Self {
        self.next_hop = Some(next_hop);
        self
    }

    #[must_use]
    pub fn med(mut self, med: u32) -> Self {
        self.med = Some(med);
        self
    }

    #[must_use]
    pub fn community(mut self, community: Community) -> Self {
        self.communities.push(community);
        self
    }

    /// Puts ASNs in front of the path, the first of them nearest to the receiver.
    #[must_use]
    pub fn prepend(mut self, asns: &[Asn]) -> Self {
        let mut path = Vec::with_capacity(self.as_path.len() + 4 * asns.len() + 2);
        as_path::prepend(
            as_path::AsPath::from_checked(&self.as_path),
            asns,
            &mut path,
        );
        self.as_path = path;
        self
    }

    /// Adds a segment at the far end of the path. An empty one changes nothing; one of more than
    /// 255 ASNs becomes several.
    #[must_use]
    pub fn segment(mut self, kind: SegmentKind, asns: &[Asn]) -> Self {
        for chunk in asns.chunks(255) {
            as_path::push_segment(kind, chunk.iter().copied(), &mut self.as_path);
        }
        self
    }

    /// Forgets the path: for a route that counts as our own.
    #[must_use]
    pub fn clear_as_path(mut self) -> Self {
        self.as_path.clear();
        self
    }

    /// Adds a transitive attribute that we do not know; the first of a type code counts, and codes
    /// that this builder has a field for are not taken.
    #[must_use]
    pub fn unknown(mut self, type_code: u8, value: &[u8]) -> Self {
        let known = super::attribute::expected_flags(type_code).is_some();
        if !known && self.unknown.iter().all(|(other, _)| *other != type_code) {
            self.unknown.push((type_code, value.to_vec()));
        }
        self
    }

    /// Drops every attribute that we do not know.
    pub fn clear_unknown(&mut self) {
        self.unknown.clear();
    }

    #[must_use]
    pub fn build(&self) -> PathAttributes {
        const OPTIONAL_TRANSITIVE: u8 = flags::OPTIONAL | flags::TRANSITIVE;
        let mut out = Vec::with_capacity(64);
        let push = path_attributes::push;
        push(
            &mut out,
            flags::TRANSITIVE,
            code::ORIGIN,
            &[self.origin.code()],
        );
        push(&mut out, flags::TRANSITIVE, code::AS_PATH, &self.as_path);
        match self.next_hop {
            Some(IpAddr::V4(hop)) => {
                push(&mut out, flags::TRANSITIVE, code::NEXT_HOP, &hop.octets());
            }
            Some(IpAddr::V6(hop)) => {
                push(&mut out, flags::TRANSITIVE, code::NEXT_HOP, &hop.octets());
            }
            None => {}
        }
        if let Some(med) = self.med {
            push(&mut out, flags::OPTIONAL, code::MED, &med.to_be_bytes());
        }
        if let Some(local_pref) = self.local_pref {
            push(
                &mut out,
                flags::TRANSITIVE,
                code::LOCAL_PREF,
                &local_pref.to_be_bytes(),
            );
        }
        if self.atomic_aggregate {
            push(&mut out, flags::TRANSITIVE, code::ATOMIC_AGGREGATE, &[]);
        }
        if let Some(aggregator) = self.aggregator {
            let mut value = aggregator.asn.get().to_be_bytes().to_vec();
            value.extend_from_slice(&aggregator.router_id.octets());
            push(&mut out, OPTIONAL_TRANSITIVE, code::AGGREGATOR, &value);
        }
        let communities = self
            .communities
            .iter()
            .flat_map(|one| one.get().to_be_bytes());
        push_list(&mut out, code::COMMUNITIES, communities);
        let extended = self.extended_communities.iter().flat_map(|one| one.0);
        push_list(&mut out, code::EXTENDED_COMMUNITIES, extended);
        let large = self.large_communities.iter();
        let large = large.flat_map(|one| [one.global, one.local1, one.local2]);
        push_list(
            &mut out,
            code::LARGE_COMMUNITIES,
            large.flat_map(u32::to_be_bytes),
        );
        let mut unknown: Vec<_> = self.unknown.iter().collect();
        unknown.sort_by_key(|(type_code, _)| *type_code);
        for (type_code, value) in unknown {
            push(
                &mut out,
                OPTIONAL_TRANSITIVE | flags::PARTIAL,
                *type_code,
                value,
            );
        }
        PathAttributes::from_canonical(&out)
    }
}

/// Appends a list attribute unless it is empty: an empty one would be malformed (RFC 7606 §7.8).
fn push_list(out: &mut Vec<u8>, type_code: u8, value: impl Iterator<Item = u8>) {
    let value: Vec<u8> = value.collect();
    if !value.is_empty() {
        path_attributes::push(out, flags::OPTIONAL | flags::TRANSITIVE, type_code, &value);
    }
}
