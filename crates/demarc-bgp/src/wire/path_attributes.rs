//! Path attributes as a RIB keeps them: one shared slice of canonical bytes.
//!
//! The bytes are attributes as on the wire, known ones first and by type code, then unknown
//! transitive ones by type code. ASNs have four octets, NEXT_HOP (type 3) holds 4 or 16 octets
//! whichever attribute carried it, flags are normal, lengths are minimal. So equal routes are equal
//! bytes, a lookup by bytes needs no allocation, and sending is mostly copying.

use std::borrow::Borrow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::as_path::AsPath;
use super::asn::Asn;
use super::attribute::{code, flags};
use super::builder::AttributesBuilder;
use super::community::{Community, ExtendedCommunity, LargeCommunity};
use super::reader::Reader;

/// ORIGIN. The order is that of the decision process: lowest is preferred.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Origin {
    #[default]
    Igp,
    Egp,
    Incomplete,
}

impl Origin {
    pub(super) const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Igp),
            1 => Some(Self::Egp),
            2 => Some(Self::Incomplete),
            _ => None,
        }
    }

    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Igp => 0,
            Self::Egp => 1,
            Self::Incomplete => 2,
        }
    }
}

/// AGGREGATOR: who made an aggregate.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub struct Aggregator {
    pub asn: Asn,
    pub router_id: Ipv4Addr,
}

/// A transitive attribute that we do not know and pass on with the Partial bit (RFC 4271 §5).
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub struct UnknownAttribute<'a> {
    pub type_code: u8,
    pub value: &'a [u8],
}

/// The attributes of one or many routes. Cloning shares; equality, order and hash are those of the
/// canonical bytes, also through `Borrow<[u8]>`.
#[derive(Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct PathAttributes {
    bytes: Arc<[u8]>,
}

impl Borrow<[u8]> for PathAttributes {
    fn borrow(&self) -> &[u8] {
        &self.bytes
    }
}

impl PathAttributes {
    /// Takes bytes that are canonical already: the update decoder and the builder write them.
    pub(super) fn from_canonical(bytes: &[u8]) -> Self {
        Self {
            bytes: Arc::from(bytes),
        }
    }

    /// Starts with IGP origin, an empty path and nothing else.
    #[must_use]
    pub fn builder() -> AttributesBuilder {
        AttributesBuilder::default()
    }

    /// A builder with everything that is in here.
    #[must_use]
    pub fn to_builder(&self) -> AttributesBuilder {
        AttributesBuilder::from(self)
    }

    /// The canonical bytes (module docs).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Type code and value of each attribute, in canonical order.
    pub(super) fn iter(&self) -> Attributes<'_> {
        Attributes {
            reader: Reader::new(&self.bytes),
        }
    }

    fn value(&self, type_code: u8) -> Option<&[u8]> {
        self.iter()
            .find(|attribute| attribute.type_code == type_code)
            .map(|found| found.value)
    }

    fn value_u32(&self, type_code: u8) -> Option<u32> {
        self.value(type_code)?
            .try_into()
            .ok()
            .map(u32::from_be_bytes)
    }

    #[must_use]
    pub fn origin(&self) -> Origin {
        self.value(code::ORIGIN)
            .and_then(|value| Origin::from_code(*value.first()?))
            .unwrap_or_default()
    }

    #[must_use]
    pub fn as_path(&self) -> AsPath<'_> {
        AsPath::from_checked(self.value(code::AS_PATH).unwrap_or_default())
    }

    /// The global next hop; a link-local second address is not kept (spec/routing §1).
    #[must_use]
    pub fn next_hop(&self) -> Option<IpAddr> {
        let value = self.value(code::NEXT_HOP)?;
        if let Ok(octets) = <[u8; 4]>::try_from(value) {
            return Some(IpAddr::V4(Ipv4Addr::from(octets)));
        }
        <[u8; 16]>::try_from(value)
            .ok()
            .map(|octets| IpAddr::V6(Ipv6Addr::from(octets)))
    }

    /// MULTI_EXIT_DISC; a missing one compares as 0 (spec/routing §6).
    #[must_use]
    pub fn med(&self) -> Option<u32> {
        self.value_u32(code::MED)
    }

    /// LOCAL_PREF; never there on a route from an external session.
    #[must_use]
    pub fn local_pref(&self) -> Option<u32> {
        self.value_u32(code::LOCAL_PREF)
    }

    #[must_use]
    pub fn atomic_aggregate(&self) -> bool {
        self.value(code::ATOMIC_AGGREGATE).is_some()
    }

    #[must_use]
    pub fn aggregator(&self) -> Option<Aggregator> {
        aggregator_from(self.value(code::AGGREGATOR)?)
    }

    pub fn communities(&self) -> impl Iterator<Item = Community> + '_ {
        let (values, _) = self
            .value(code::COMMUNITIES)
            .unwrap_or_default()
            .as_chunks::<4>();
        values
            .iter()
            .map(|octets| Community::from_u32(u32::from_be_bytes(*octets)))
    }

    #[must_use]
    pub fn has_community(&self, community: Community) -> bool {
        self.communities().any(|other| other == community)
    }

    pub fn extended_communities(&self) -> impl Iterator<Item = ExtendedCommunity> + '_ {
        let value = self.value(code::EXTENDED_COMMUNITIES).unwrap_or_default();
        value
            .as_chunks::<8>()
            .0
            .iter()
            .copied()
            .map(ExtendedCommunity)
    }

    pub fn large_communities(&self) -> impl Iterator<Item = LargeCommunity> + '_ {
        let value = self.value(code::LARGE_COMMUNITIES).unwrap_or_default();
        value.as_chunks::<12>().0.iter().map(large_community_from)
    }

    pub fn unknown(&self) -> impl Iterator<Item = UnknownAttribute<'_>> + '_ {
        self.iter()
            .filter(|attribute| attribute.flags & flags::PARTIAL != 0)
            .map(|attribute| UnknownAttribute {
                type_code: attribute.type_code,
                value: attribute.value,
            })
    }
}

/// For logs and test failures: what a router's `show route` would tell.
impl fmt::Debug for PathAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PathAttributes");
        shown
            .field("origin", &self.origin())
            .field("as_path", &self.as_path());
        shown.field("next_hop", &self.next_hop());
        if let Some(med) = self.med() {
            shown.field("med", &med);
        }
        if let Some(local_pref) = self.local_pref() {
            shown.field("local_pref", &local_pref);
        }
        let communities: Vec<String> = self
            .communities()
            .map(|community| community.to_string())
            .collect();
        if !communities.is_empty() {
            shown.field("communities", &communities);
        }
        shown.finish_non_exhaustive()
    }
}

/// One attribute of the canonical form.
#[derive(Copy, Clone, Debug)]
pub(super) struct Attribute<'a> {
    pub(super) flags: u8,
    pub(super) type_code: u8,
    pub(super) value: &'a [u8],
    /// The whole attribute, header included.
    pub(super) raw: &'a [u8],
}

/// Walks well-formed attributes; stops at the first that overruns.
pub(super) struct Attributes<'a> {
    reader: Reader<'a>,
}

impl<'a> Attributes<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(bytes),
        }
    }

    /// Something is left that [`Iterator::next`] could not read.
    pub(super) const fn overrun(&self) -> bool {
        !self.reader.is_empty()
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let mut reader = self.reader;
        let flags = reader.u8()?;
        let type_code = reader.u8()?;
        let length = if flags & flags::EXTENDED_LENGTH == 0 {
            usize::from(reader.u8()?)
        } else {
            usize::from(reader.u16()?)
        };
        let value = reader.take(length)?;
        let raw = &self.reader.rest()[..self.reader.len() - reader.len()];
        self.reader = reader;
        Some(Attribute {
            flags,
            type_code,
            value,
            raw,
        })
    }
}

/// Appends one attribute with the shortest length field.
pub(super) fn push(out: &mut Vec<u8>, flags: u8, type_code: u8, value: &[u8]) {
    if let Ok(length) = u8::try_from(value.len()) {
        out.extend_from_slice(&[flags, type_code, length]);
    } else {
        let [high, low] = u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes();
        out.extend_from_slice(&[flags | flags::EXTENDED_LENGTH, type_code, high, low]);
    }
    out.extend_from_slice(value.get(..usize::from(u16::MAX)).unwrap_or(value));
}

fn aggregator_from(value: &[u8]) -> Option<Aggregator> {
    let (asn, router_id) = value.split_first_chunk::<4>()?;
    let router_id = Ipv4Addr::from(<[u8; 4]>::try_from(router_id).ok()?);
    Some(Aggregator {
        asn: Asn::new(u32::from_be_bytes(*asn)),
        router_id,
    })
}

fn large_community_from(octets: &[u8; 12]) -> LargeCommunity {
    let &[a, b, c, d, e, f, g, h, i, j, k, l] = octets;
    LargeCommunity {
        global: u32::from_be_bytes([a, b, c, d]),
        local1: u32::from_be_bytes([e, f, g, h]),
        local2: u32::from_be_bytes([i, j, k, l]),
    }
}
