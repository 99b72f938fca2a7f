//! UPDATE: reading routes, and RFC 7606's care for malformed ones.

mod checks;
mod values;

use std::net::IpAddr;

use ipnet::IpNet;

use super::as_path::{self, AsnWidth};
use super::attribute::{Fault, FaultReason, Treatment, code, expected_flags, flags};
use super::family::Family;
use super::nlri::Nlri;
use super::notification::{ErrorCode, Notification};
use super::path_attributes::{Attribute, Attributes, PathAttributes};
use super::reader::Reader;
use checks::{
    DISCARD, Verdict, WITHDRAW, aggregator, as4_path, ipv4_from, ipv6_from, list, origin, sized,
    usable_ipv4, usable_ipv6,
};
use values::Values;

/// What the two OPENs have settled about how to read UPDATEs. Sessions are external ones.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct SessionContext {
    /// The one family of the session (spec/routing §1); routes of others are ignored.
    pub family: Family,
    /// Both sides have the four-octet ASN capability (RFC 6793).
    pub four_octet_asn: bool,
}

/// A decoded UPDATE. Nothing is copied until [`path_attributes`](Self::path_attributes).
#[derive(Clone, Debug)]
pub struct Update<'a> {
    family: Family,
    four_octet_asn: bool,
    withdrawn: Nlri<'a>,
    mp_withdrawn: Nlri<'a>,
    announced: Nlri<'a>,
    mp_announced: Nlri<'a>,
    mp_next_hop: Option<IpAddr>,
    values: Values<'a>,
    faults: Vec<Fault>,
    end_of_rib: bool,
}

impl<'a> Update<'a> {
    /// Decodes the body of an UPDATE.
    ///
    /// # Errors
    /// The NOTIFICATION where RFC 7606 leaves nothing but a session reset.
    pub(super) fn decode(body: &'a [u8], context: &SessionContext) -> Result<Self, Notification> {
        let sections = Sections::split(body)
            .ok_or_else(|| Notification::new(ErrorCode::UPDATE_MALFORMED_ATTRIBUTE_LIST))?;
        // The plain fields always hold IPv4 (RFC 4760 §3): check them whatever the session is for.
        let bad_network = || Notification::new(ErrorCode::UPDATE_INVALID_NETWORK_FIELD);
        let withdrawn = Nlri::parse(Family::Ipv4, sections.withdrawn).ok_or_else(bad_network)?;
        let announced = Nlri::parse(Family::Ipv4, sections.announced).ok_or_else(bad_network)?;
        let family = context.family;
        let of_family = |nlri| {
            if family == Family::Ipv4 {
                nlri
            } else {
                Nlri::empty(family)
            }
        };
        let update = Self {
            family,
            four_octet_asn: context.four_octet_asn,
            withdrawn: of_family(withdrawn),
            mp_withdrawn: Nlri::empty(family),
            announced: of_family(announced),
            mp_announced: Nlri::empty(family),
            mp_next_hop: None,
            values: Values::default(),
            faults: Vec::new(),
            end_of_rib: false,
        };
        let mut walk = Walk {
            update,
            seen: Seen::default(),
            reach: !announced.is_empty(),
            other_attributes: false,
        };
        walk.attributes(sections.attributes)?;
        let plain_empty = withdrawn.is_empty() && announced.is_empty();
        walk.conclude(plain_empty, sections.attributes.is_empty())
    }

    /// The marker that the first full set of routes is complete (RFC 4724 §2), for our family.
    #[must_use]
    pub const fn is_end_of_rib(&self) -> bool {
        self.end_of_rib
    }

    /// Every fault found, also of discarded attributes.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether a fault turns every announcement into a withdrawal (RFC 7606 §2).
    #[must_use]
    pub fn treat_as_withdraw(&self) -> bool {
        self.faults
            .iter()
            .any(|fault| fault.treatment == Treatment::TreatAsWithdraw)
    }

    /// Prefixes that are no longer reachable, announced ones too when treated so. Apply them
    /// before the announcements: a prefix in both is announced (RFC 4271 §4.3).
    pub fn withdrawn(&self) -> impl Iterator<Item = IpNet> + use<'a> {
        let none = Nlri::empty(self.family);
        let (announced, mp_announced) = if self.treat_as_withdraw() {
            (self.announced, self.mp_announced)
        } else {
            (none, none)
        };
        self.withdrawn
            .chain(self.mp_withdrawn)
            .chain(announced)
            .chain(mp_announced)
    }

    /// Prefixes with their attributes: at most two runs, since the plain field and MP_REACH_NLRI
    /// have next hops of their own. Empty when treated as withdraw.
    pub fn announced(&self) -> impl Iterator<Item = (PathAttributes, Nlri<'a>)> + '_ {
        let keep = !self.treat_as_withdraw();
        let plain_hop = self.values.next_hop.and_then(ipv4_from).map(IpAddr::V4);
        [
            (plain_hop, self.announced),
            (self.mp_next_hop, self.mp_announced),
        ]
        .into_iter()
        .filter(move |(_, nlri)| keep && !nlri.is_empty())
        .filter_map(|(next_hop, nlri)| Some((self.path_attributes(next_hop?), nlri)))
    }

    fn path_attributes(&self, next_hop: IpAddr) -> PathAttributes {
        let mut out = Vec::with_capacity(96);
        self.values.write(next_hop, self.four_octet_asn, &mut out);
        PathAttributes::from_canonical(&out)
    }
}

/// The three variable parts of an UPDATE body.
struct Sections<'a> {
    withdrawn: &'a [u8],
    attributes: &'a [u8],
    announced: &'a [u8],
}

impl<'a> Sections<'a> {
    /// `None` when the two lengths do not fit the body (RFC 4271 §6.3).
    fn split(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let length = reader.u16()?;
        let withdrawn = reader.take(usize::from(length))?;
        let length = reader.u16()?;
        let attributes = reader.take(usize::from(length))?;
        Some(Self {
            withdrawn,
            attributes,
            announced: reader.rest(),
        })
    }
}

/// Type codes seen so far.
#[derive(Default)]
struct Seen([u64; 4]);

impl Seen {
    /// Notes a code; whether it was there before.
    fn note(&mut self, type_code: u8) -> bool {
        let was_there = self.contains(type_code);
        if let Some(word) = self.0.get_mut(usize::from(type_code >> 6)) {
            *word |= 1 << (type_code & 63);
        }
        was_there
    }

    fn contains(&self, type_code: u8) -> bool {
        self.0[usize::from(type_code >> 6)] & (1 << (type_code & 63)) != 0
    }
}

/// The walk over the attributes of one UPDATE.
struct Walk<'a> {
    update: Update<'a>,
    seen: Seen,
    /// Something is announced, in whatever family.
    reach: bool,
    /// An attribute other than MP_UNREACH_NLRI is there.
    other_attributes: bool,
}

impl<'a> Walk<'a> {
    fn attributes(&mut self, bytes: &'a [u8]) -> Result<(), Notification> {
        let mut attributes = Attributes::new(bytes);
        for attribute in attributes.by_ref() {
            self.attribute(attribute)?;
        }
        if attributes.overrun() {
            // RFC 7606 §4. With IPv6 the routes may be in the part that cannot be read: §3 j.
            let mp_seen = self.seen.contains(code::MP_REACH_NLRI);
            if self.update.family == Family::Ipv6 && !mp_seen {
                return Err(Notification::new(
                    ErrorCode::UPDATE_MALFORMED_ATTRIBUTE_LIST,
                ));
            }
            self.other_attributes = true;
            self.fault(0, (WITHDRAW, FaultReason::Overrun));
        }
        Ok(())
    }

    fn fault(&mut self, type_code: u8, (treatment, reason): (Treatment, FaultReason)) {
        self.update.faults.push(Fault {
            type_code,
            treatment,
            reason,
        });
    }

    fn attribute(&mut self, attribute: Attribute<'a>) -> Result<(), Notification> {
        let type_code = attribute.type_code;
        let is_mp = matches!(type_code, code::MP_REACH_NLRI | code::MP_UNREACH_NLRI);
        self.other_attributes |= type_code != code::MP_UNREACH_NLRI;
        if self.seen.note(type_code) {
            if is_mp {
                // RFC 7606 §3 g.
                return Err(Notification::new(
                    ErrorCode::UPDATE_MALFORMED_ATTRIBUTE_LIST,
                ));
            }
            self.fault(type_code, (DISCARD, FaultReason::Duplicate));
            return Ok(());
        }
        match type_code {
            code::MP_REACH_NLRI => self.mp_reach(attribute)?,
            code::MP_UNREACH_NLRI => self.mp_unreach(attribute)?,
            _ => {}
        }
        let Some(expected) = expected_flags(type_code) else {
            return self.unknown(attribute);
        };
        if attribute.flags & (flags::OPTIONAL | flags::TRANSITIVE) != expected {
            // RFC 7606 §3 c. What is discarded on external sessions anyway stays harmless.
            let treatment = if external_only_discards(type_code) {
                DISCARD
            } else {
                WITHDRAW
            };
            self.fault(type_code, (treatment, FaultReason::Flags));
        } else if !is_mp && let Err(verdict) = self.known(type_code, attribute.value) {
            self.fault(type_code, verdict);
        }
        Ok(())
    }

    /// RFC 4271 §6.3 for a well-known one; RFC 4271 §5 for the others.
    fn unknown(&mut self, attribute: Attribute<'a>) -> Result<(), Notification> {
        if attribute.flags & flags::OPTIONAL == 0 {
            let code = ErrorCode::UPDATE_UNRECOGNIZED_WELL_KNOWN;
            return Err(Notification::with_data(code, attribute.raw));
        }
        // We have no use for these, but know how they have to look (RFC 5701 §2, RFC 7606 §7.15).
        if attribute.type_code == code::IPV6_EXTENDED_COMMUNITIES
            && let Err(verdict) = list(attribute.value, 20)
        {
            self.fault(attribute.type_code, verdict);
            return Ok(());
        }
        if attribute.flags & flags::TRANSITIVE != 0 {
            self.update
                .values
                .unknown
                .push((attribute.type_code, attribute.value));
        }
        Ok(())
    }

    /// A known attribute with right flags: checks the value and keeps it (RFC 7606 §7).
    fn known(&mut self, type_code: u8, value: &'a [u8]) -> Verdict {
        let four = self.update.four_octet_asn;
        let values = &mut self.update.values;
        match type_code {
            code::ORIGIN => values.origin = Some(origin(value)?),
            code::AS_PATH => {
                let width = if four { AsnWidth::Four } else { AsnWidth::Two };
                as_path::check(value, width).map_err(|_| (WITHDRAW, FaultReason::Value))?;
                values.as_path = Some(value);
            }
            code::NEXT_HOP => {
                let hop = ipv4_from(value).ok_or((WITHDRAW, FaultReason::Length))?;
                usable_ipv4(hop)?;
                values.next_hop = Some(value);
            }
            code::MED => values.med = Some(sized(value, value.len() == 4, WITHDRAW)?),
            code::LOCAL_PREF | code::ORIGINATOR_ID | code::CLUSTER_LIST => {
                return Err((DISCARD, FaultReason::ExternalSession));
            }
            code::ATOMIC_AGGREGATE => {
                sized(value, value.is_empty(), DISCARD)?;
                values.atomic_aggregate = true;
            }
            code::AGGREGATOR => values.aggregator = Some(aggregator(value, four)?),
            code::COMMUNITIES => values.communities = Some(list(value, 4)?),
            code::EXTENDED_COMMUNITIES => values.extended_communities = Some(list(value, 8)?),
            code::LARGE_COMMUNITIES => values.large_communities = Some(list(value, 12)?),
            // Meant for two-octet sessions only (RFC 6793 §4.1).
            code::AS4_PATH if !four => values.as4_path = Some(as4_path(value)?),
            code::AS4_AGGREGATOR if !four => {
                values.as4_aggregator = Some(aggregator(value, true)?);
            }
            _ => {}
        }
        Ok(())
    }

    /// RFC 4760 §3, RFC 7606 §5.3 and §7.11: what cannot be parsed resets the session.
    fn mp_reach(&mut self, attribute: Attribute<'a>) -> Result<(), Notification> {
        let malformed =
            || Notification::with_data(ErrorCode::UPDATE_OPTIONAL_ATTRIBUTE, attribute.raw);
        let mut reader = Reader::new(attribute.value);
        let afi = reader.u16().ok_or_else(malformed)?;
        let safi = reader.u8().ok_or_else(malformed)?;
        let hop_length = reader.u8().ok_or_else(malformed)?;
        let hop = reader.take(usize::from(hop_length)).ok_or_else(malformed)?;
        reader.u8().ok_or_else(malformed)?;
        self.reach |= !reader.is_empty();
        let Some(family) = Family::from_codes(afi, safi).filter(|one| *one == self.update.family)
        else {
            return Ok(());
        };
        let next_hop = match (family, hop_length) {
            (Family::Ipv4, 4) => ipv4_from(hop).map(IpAddr::V4),
            // Global, or global and link-local (RFC 2545 §3).
            (Family::Ipv6, 16 | 32) => ipv6_from(hop).map(IpAddr::V6),
            _ => None,
        };
        let next_hop = next_hop.ok_or_else(malformed)?;
        self.update.mp_announced = Nlri::parse(family, reader.rest()).ok_or_else(malformed)?;
        self.update.mp_next_hop = Some(next_hop);
        let usable = match next_hop {
            IpAddr::V4(hop) => usable_ipv4(hop),
            IpAddr::V6(hop) => usable_ipv6(hop),
        };
        if let Err(verdict) = usable {
            self.fault(code::MP_REACH_NLRI, verdict);
        }
        Ok(())
    }

    fn mp_unreach(&mut self, attribute: Attribute<'a>) -> Result<(), Notification> {
        let malformed =
            || Notification::with_data(ErrorCode::UPDATE_OPTIONAL_ATTRIBUTE, attribute.raw);
        let mut reader = Reader::new(attribute.value);
        let afi = reader.u16().ok_or_else(malformed)?;
        let safi = reader.u8().ok_or_else(malformed)?;
        if let Some(family) = Family::from_codes(afi, safi).filter(|it| *it == self.update.family) {
            self.update.mp_withdrawn = Nlri::parse(family, reader.rest()).ok_or_else(malformed)?;
            self.update.end_of_rib = reader.is_empty();
        }
        Ok(())
    }

    /// What can only be told once all attributes are known.
    fn conclude(
        mut self,
        plain_empty: bool,
        no_attributes: bool,
    ) -> Result<Update<'a>, Notification> {
        let plain = !self.update.announced.is_empty();
        if plain || !self.update.mp_announced.is_empty() {
            let mandatory = [
                (code::ORIGIN, true),
                (code::AS_PATH, true),
                // MP_REACH_NLRI brings its own (RFC 7606 §3 d).
                (code::NEXT_HOP, plain),
            ];
            for (type_code, wanted) in mandatory {
                if wanted && !self.seen.contains(type_code) {
                    self.fault(type_code, (WITHDRAW, FaultReason::Missing));
                }
            }
        }
        if !self.reach && self.other_attributes && self.update.treat_as_withdraw() {
            // Nothing to treat as withdrawn: routes may have been lost (RFC 7606 §5.2).
            return Err(Notification::new(
                ErrorCode::UPDATE_MALFORMED_ATTRIBUTE_LIST,
            ));
        }
        let empty = plain_empty && no_attributes && self.update.family == Family::Ipv4;
        let lone_unreach = self.update.end_of_rib && plain_empty && !self.other_attributes;
        self.update.end_of_rib = empty || lone_unreach;
        Ok(self.update)
    }
}

/// Attributes that an external session discards whatever they hold.
const fn external_only_discards(type_code: u8) -> bool {
    matches!(
        type_code,
        code::LOCAL_PREF | code::ORIGINATOR_ID | code::CLUSTER_LIST
    )
}
