//! Writing UPDATEs: as many prefixes with the same attributes as one message holds.

use std::net::IpAddr;

use ipnet::IpNet;

use super::as_path;
use super::attribute::{code, flags};
use super::family::Family;
use super::message::{MAX_MESSAGE_LENGTH, MessageType, begin, finish};
use super::nlri;
use super::path_attributes::{self, PathAttributes};

/// Why attributes cannot be sent. The prefixes must then be withdrawn from the neighbor
/// (RFC 4271 §9.2).
#[derive(Copy, Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EncodeError {
    #[error("attributes of {length} octets leave no room for a prefix in a BGP message")]
    TooLarge { length: usize },
    #[error("there is no next hop of the family {family}")]
    NoNextHop { family: Family },
}

/// Writes UPDATEs for neighbors with the same session parameters. Its output is the same for all
/// of them, so a group of equal neighbors needs one encoding.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub struct UpdateEncoder {
    pub family: Family,
    /// Both sides have the four-octet ASN capability; without it AS4_PATH goes along.
    pub four_octet_asn: bool,
}

/// Octets of the largest prefix.
const fn largest_prefix(family: Family) -> usize {
    match family {
        Family::Ipv4 => 5,
        Family::Ipv6 => 17,
    }
}

impl UpdateEncoder {
    /// Appends the announcement of `prefixes`, in as few messages as their order allows. Nothing
    /// is appended for no prefixes.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as before.
    pub fn announce(
        &self,
        attributes: &PathAttributes,
        prefixes: impl IntoIterator<Item = IpNet>,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let mut head = Vec::with_capacity(attributes.as_bytes().len() + 32);
        let mut rest = Vec::new();
        match (self.family, attributes.next_hop()) {
            (Family::Ipv4, Some(IpAddr::V4(_))) => self.plain(attributes, &mut head),
            (Family::Ipv6, Some(IpAddr::V6(hop))) => {
                // MP_REACH_NLRI first (RFC 7606 §5.1); its length is filled in at the end.
                let [high, low] = self.family.afi().to_be_bytes();
                let flags = flags::OPTIONAL | flags::EXTENDED_LENGTH;
                head.extend_from_slice(&[flags, code::MP_REACH_NLRI, 0, 0]);
                head.extend_from_slice(&[high, low, self.family.safi(), 16]);
                head.extend_from_slice(&hop.octets());
                head.push(0);
                self.plain(attributes, &mut rest);
            }
            _ => {
                return Err(EncodeError::NoNextHop {
                    family: self.family,
                });
            }
        }
        let length = head.len() + rest.len();
        if 23 + length + largest_prefix(self.family) > MAX_MESSAGE_LENGTH {
            return Err(EncodeError::TooLarge { length });
        }
        let parts = Parts {
            withdraw: false,
            head: &head,
            tail: &rest,
        };
        self.messages(&parts, prefixes, out);
        Ok(())
    }

    /// Appends the withdrawal of `prefixes`, in as few messages as possible.
    pub fn withdraw(&self, prefixes: impl IntoIterator<Item = IpNet>, out: &mut Vec<u8>) {
        let [high, low] = self.family.afi().to_be_bytes();
        let flags = flags::OPTIONAL | flags::EXTENDED_LENGTH;
        let unreach = [
            flags,
            code::MP_UNREACH_NLRI,
            0,
            0,
            high,
            low,
            self.family.safi(),
        ];
        let head: &[u8] = match self.family {
            Family::Ipv4 => &[],
            Family::Ipv6 => &unreach,
        };
        self.messages(
            &Parts {
                withdraw: true,
                head,
                tail: &[],
            },
            prefixes,
            out,
        );
    }

    /// Appends End-of-RIB (RFC 4724 §2).
    pub fn end_of_rib(&self, out: &mut Vec<u8>) {
        let start = begin(out, MessageType::Update);
        match self.family {
            Family::Ipv4 => out.extend_from_slice(&[0, 0, 0, 0]),
            Family::Ipv6 => {
                let [high, low] = self.family.afi().to_be_bytes();
                let flags = flags::OPTIONAL;
                let unreach = [
                    flags,
                    code::MP_UNREACH_NLRI,
                    3,
                    high,
                    low,
                    self.family.safi(),
                ];
                out.extend_from_slice(&[0, 0, 0, 6]);
                out.extend_from_slice(&unreach);
            }
        }
        finish(out, start);
    }

    /// Attributes without MP ones, in the form that the neighbor reads.
    fn plain(&self, attributes: &PathAttributes, out: &mut Vec<u8>) {
        if self.four_octet_asn && self.family == Family::Ipv4 {
            out.extend_from_slice(attributes.as_bytes());
            return;
        }
        for attribute in attributes.iter() {
            match attribute.type_code {
                code::NEXT_HOP if self.family == Family::Ipv6 => {}
                code::AS_PATH if !self.four_octet_asn => two_octet_path(attributes, out),
                code::AGGREGATOR if !self.four_octet_asn => two_octet_aggregator(attributes, out),
                _ => out.extend_from_slice(attribute.raw),
            }
        }
    }

    fn messages(
        &self,
        parts: &Parts<'_>,
        prefixes: impl IntoIterator<Item = IpNet>,
        out: &mut Vec<u8>,
    ) {
        let mut open: Option<OpenMessage> = None;
        for prefix in prefixes {
            if nlri::family_of(&prefix) != self.family {
                debug_assert!(false, "{prefix} given to the {} encoder", self.family);
                continue;
            }
            let length = nlri::encoded_length(&prefix);
            if let Some(message) = open.take_if(|message| message.is_full(out, parts, length)) {
                message.close(out, parts, self.family);
            }
            let message = open.get_or_insert_with(|| OpenMessage::open(out, parts, self.family));
            debug_assert!(message.nlri <= out.len());
            nlri::encode(&prefix, out);
        }
        if let Some(message) = open {
            message.close(out, parts, self.family);
        }
    }
}

/// What surrounds the prefixes of a message.
struct Parts<'a> {
    withdraw: bool,
    /// IPv4: the attributes. IPv6: the start of the MP attribute.
    head: &'a [u8],
    /// IPv6: the attributes behind MP_REACH_NLRI.
    tail: &'a [u8],
}

/// A message that still takes prefixes.
struct OpenMessage {
    start: usize,
    /// Where its prefixes start.
    nlri: usize,
}

impl OpenMessage {
    fn open(out: &mut Vec<u8>, parts: &Parts<'_>, family: Family) -> Self {
        let start = begin(out, MessageType::Update);
        // Withdrawn Routes Length; for an IPv4 withdrawal filled in at the end.
        out.extend_from_slice(&[0, 0]);
        if !(parts.withdraw && family == Family::Ipv4) {
            let attributes = u16_length(parts.head.len() + parts.tail.len());
            out.extend_from_slice(&attributes);
            out.extend_from_slice(parts.head);
        }
        Self {
            start,
            nlri: out.len(),
        }
    }

    fn is_full(&self, out: &[u8], parts: &Parts<'_>, prefix: usize) -> bool {
        // An IPv4 withdrawal still needs its two octets of Total Path Attribute Length.
        let closing = parts.tail.len() + 2 * usize::from(parts.head.is_empty());
        out.len() - self.start + prefix + closing > MAX_MESSAGE_LENGTH
    }

    fn close(self, out: &mut Vec<u8>, parts: &Parts<'_>, family: Family) {
        let prefixes = out.len() - self.nlri;
        match (family, parts.withdraw) {
            (Family::Ipv4, true) => {
                out[self.nlri - 2..self.nlri].copy_from_slice(&u16_length(prefixes));
                out.extend_from_slice(&[0, 0]);
            }
            (Family::Ipv4, false) => {}
            (Family::Ipv6, _) => {
                let attribute = self.nlri - parts.head.len();
                let value = u16_length(parts.head.len() - 4 + prefixes);
                out[attribute + 2..attribute + 4].copy_from_slice(&value);
                let all = u16_length(parts.head.len() + prefixes + parts.tail.len());
                out[attribute - 2..attribute].copy_from_slice(&all);
                out.extend_from_slice(parts.tail);
            }
        }
        finish(out, self.start);
    }
}

fn u16_length(length: usize) -> [u8; 2] {
    u16::try_from(length)
        .expect("a part of a message of at most 4096 octets")
        .to_be_bytes()
}

/// AS_PATH with two octets an ASN; AS4_PATH behind it when AS_TRANS had to stand in
/// (RFC 6793 §4.2.2).
fn two_octet_path(attributes: &PathAttributes, out: &mut Vec<u8>) {
    let path = attributes.as_path();
    let mut narrow = Vec::with_capacity(path.as_bytes().len());
    let lossy = as_path::narrow(path, &mut narrow);
    path_attributes::push(out, flags::TRANSITIVE, code::AS_PATH, &narrow);
    if lossy {
        let flags = flags::OPTIONAL | flags::TRANSITIVE;
        path_attributes::push(out, flags, code::AS4_PATH, path.as_bytes());
    }
}

fn two_octet_aggregator(attributes: &PathAttributes, out: &mut Vec<u8>) {
    let Some(aggregator) = attributes.aggregator() else {
        return;
    };
    let flags = flags::OPTIONAL | flags::TRANSITIVE;
    let [a, b] = aggregator.asn.two_octets().to_be_bytes();
    let [c, d, e, f] = aggregator.router_id.octets();
    path_attributes::push(out, flags, code::AGGREGATOR, &[a, b, c, d, e, f]);
    if !aggregator.asn.fits_two_octets() {
        let mut value = aggregator.asn.get().to_be_bytes().to_vec();
        value.extend_from_slice(&[c, d, e, f]);
        path_attributes::push(out, flags, code::AS4_AGGREGATOR, &value);
    }
}
