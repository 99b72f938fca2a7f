//! The values of one UPDATE's attributes, and their canonical form.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::wire::as_path::{self, AsPath};
use crate::wire::asn::Asn;
use crate::wire::attribute::{code, flags};
use crate::wire::path_attributes::{self, Origin};

/// Values of well-formed attributes.
#[derive(Clone, Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) origin: Option<Origin>,
    pub(super) as_path: Option<&'a [u8]>,
    pub(super) next_hop: Option<&'a [u8]>,
    pub(super) med: Option<&'a [u8]>,
    pub(super) atomic_aggregate: bool,
    pub(super) aggregator: Option<&'a [u8]>,
    pub(super) communities: Option<&'a [u8]>,
    pub(super) extended_communities: Option<&'a [u8]>,
    pub(super) large_communities: Option<&'a [u8]>,
    pub(super) as4_path: Option<Cow<'a, [u8]>>,
    pub(super) as4_aggregator: Option<&'a [u8]>,
    pub(super) unknown: Vec<(u8, &'a [u8])>,
}

impl Values<'_> {
    /// Appends the canonical form.
    pub(super) fn write(&self, next_hop: IpAddr, four_octet_asn: bool, out: &mut Vec<u8>) {
        const OPTIONAL_TRANSITIVE: u8 = flags::OPTIONAL | flags::TRANSITIVE;
        let push = path_attributes::push;
        push(
            out,
            flags::TRANSITIVE,
            code::ORIGIN,
            &[self.origin.unwrap_or_default().code()],
        );
        let path = self.as_path.unwrap_or_default();
        if four_octet_asn {
            push(out, flags::TRANSITIVE, code::AS_PATH, path);
        } else {
            push(
                out,
                flags::TRANSITIVE,
                code::AS_PATH,
                &self.whole_path(path),
            );
        }
        match next_hop {
            IpAddr::V4(hop) => push(out, flags::TRANSITIVE, code::NEXT_HOP, &hop.octets()),
            IpAddr::V6(hop) => push(out, flags::TRANSITIVE, code::NEXT_HOP, &hop.octets()),
        }
        if let Some(med) = self.med {
            push(out, flags::OPTIONAL, code::MED, med);
        }
        if self.atomic_aggregate {
            push(out, flags::TRANSITIVE, code::ATOMIC_AGGREGATE, &[]);
        }
        if let Some(value) = self.aggregator {
            let value = self.whole_aggregator(value);
            push(out, OPTIONAL_TRANSITIVE, code::AGGREGATOR, &value);
        }
        let lists = [
            (code::COMMUNITIES, self.communities),
            (code::EXTENDED_COMMUNITIES, self.extended_communities),
            (code::LARGE_COMMUNITIES, self.large_communities),
        ];
        for (type_code, list) in lists {
            if let Some(value) = list {
                push(out, OPTIONAL_TRANSITIVE, type_code, value);
            }
        }
        if self.unknown.is_empty() {
            return;
        }
        let mut unknown = self.unknown.clone();
        unknown.sort_unstable_by_key(|(type_code, _)| *type_code);
        for (type_code, value) in unknown {
            push(out, OPTIONAL_TRANSITIVE | flags::PARTIAL, type_code, value);
        }
    }

    /// An aggregator whose ASN is real means that an old speaker aggregated after the last new one:
    /// AS4_AGGREGATOR and AS4_PATH are then stale (RFC 6793 §4.2.3).
    fn as4_is_stale(&self) -> bool {
        let trans = Asn::TRANS.two_octets().to_be_bytes();
        self.aggregator
            .is_some_and(|value| !value.starts_with(&trans))
    }

    fn whole_path(&self, two_octet_path: &[u8]) -> Vec<u8> {
        let mut widened = Vec::with_capacity(two_octet_path.len() * 2);
        as_path::widen(two_octet_path, &mut widened);
        let as4_path = self.as4_path.as_deref();
        let Some(as4_path) = as4_path.filter(|_| !self.as4_is_stale()) else {
            return widened;
        };
        let mut merged = Vec::with_capacity(widened.len() + as4_path.len());
        let path = AsPath::from_checked(&widened);
        as_path::merge(path, AsPath::from_checked(as4_path), &mut merged);
        merged
    }

    /// The eight-octet form of a checked six- or eight-octet AGGREGATOR.
    fn whole_aggregator(&self, value: &[u8]) -> [u8; 8] {
        let narrow = <[u8; 6]>::try_from(value).ok().map(|[a, b, c, d, e, f]| {
            let newer = self.as4_aggregator.filter(|_| !self.as4_is_stale());
            newer
                .and_then(|newer| newer.try_into().ok())
                .unwrap_or([0, 0, a, b, c, d, e, f])
        });
        narrow.or_else(|| value.try_into().ok()).unwrap_or_default()
    }
}
