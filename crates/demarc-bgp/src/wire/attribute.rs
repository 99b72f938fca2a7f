//! Path attribute codes, and what RFC 7606 wants done about a malformed one.

use std::fmt;

/// Attribute flags (RFC 4271 §4.3).
pub(super) mod flags {
    pub(in crate::wire) const OPTIONAL: u8 = 0x80;
    pub(in crate::wire) const TRANSITIVE: u8 = 0x40;
    pub(in crate::wire) const PARTIAL: u8 = 0x20;
    pub(in crate::wire) const EXTENDED_LENGTH: u8 = 0x10;
}

/// Attribute type codes.
pub(super) mod code {
    pub(in crate::wire) const ORIGIN: u8 = 1;
    pub(in crate::wire) const AS_PATH: u8 = 2;
    pub(in crate::wire) const NEXT_HOP: u8 = 3;
    pub(in crate::wire) const MED: u8 = 4;
    pub(in crate::wire) const LOCAL_PREF: u8 = 5;
    pub(in crate::wire) const ATOMIC_AGGREGATE: u8 = 6;
    pub(in crate::wire) const AGGREGATOR: u8 = 7;
    pub(in crate::wire) const COMMUNITIES: u8 = 8;
    pub(in crate::wire) const ORIGINATOR_ID: u8 = 9;
    pub(in crate::wire) const CLUSTER_LIST: u8 = 10;
    pub(in crate::wire) const MP_REACH_NLRI: u8 = 14;
    pub(in crate::wire) const MP_UNREACH_NLRI: u8 = 15;
    pub(in crate::wire) const EXTENDED_COMMUNITIES: u8 = 16;
    pub(in crate::wire) const AS4_PATH: u8 = 17;
    pub(in crate::wire) const AS4_AGGREGATOR: u8 = 18;
    /// Not read, only carried: see `Walk::unknown`.
    pub(in crate::wire) const IPV6_EXTENDED_COMMUNITIES: u8 = 25;
    pub(in crate::wire) const LARGE_COMMUNITIES: u8 = 32;
}

/// The name of an attribute type code, for logs.
#[must_use]
pub const fn attribute_name(type_code: u8) -> &'static str {
    match type_code {
        code::ORIGIN => "ORIGIN",
        code::AS_PATH => "AS_PATH",
        code::NEXT_HOP => "NEXT_HOP",
        code::MED => "MULTI_EXIT_DISC",
        code::LOCAL_PREF => "LOCAL_PREF",
        code::ATOMIC_AGGREGATE => "ATOMIC_AGGREGATE",
        code::AGGREGATOR => "AGGREGATOR",
        code::COMMUNITIES => "COMMUNITIES",
        code::ORIGINATOR_ID => "ORIGINATOR_ID",
        code::CLUSTER_LIST => "CLUSTER_LIST",
        code::MP_REACH_NLRI => "MP_REACH_NLRI",
        code::MP_UNREACH_NLRI => "MP_UNREACH_NLRI",
        code::EXTENDED_COMMUNITIES => "EXTENDED_COMMUNITIES",
        code::AS4_PATH => "AS4_PATH",
        code::AS4_AGGREGATOR => "AS4_AGGREGATOR",
        code::IPV6_EXTENDED_COMMUNITIES => "IPV6_EXTENDED_COMMUNITIES",
        code::LARGE_COMMUNITIES => "LARGE_COMMUNITIES",
        _ => "unknown attribute",
    }
}

/// The Optional and Transitive bits that an attribute we know must carry (RFC 7606 §3 c).
pub(super) const fn expected_flags(type_code: u8) -> Option<u8> {
    match type_code {
        code::ORIGIN
        | code::AS_PATH
        | code::NEXT_HOP
        | code::LOCAL_PREF
        | code::ATOMIC_AGGREGATE => Some(flags::TRANSITIVE),
        code::AGGREGATOR
        | code::COMMUNITIES
        | code::EXTENDED_COMMUNITIES
        | code::AS4_PATH
        | code::AS4_AGGREGATOR
        | code::LARGE_COMMUNITIES => Some(flags::OPTIONAL | flags::TRANSITIVE),
        code::MED
        | code::ORIGINATOR_ID
        | code::CLUSTER_LIST
        | code::MP_REACH_NLRI
        | code::MP_UNREACH_NLRI => Some(flags::OPTIONAL),
        _ => None,
    }
}

/// The two treatments of RFC 7606 that keep the session. The third, session reset, is the error
/// of [`decode`](super::decode).
#[derive(Copy, Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub enum Treatment {
    /// The attribute is dropped, the route is kept.
    AttributeDiscard,
    /// Every route of the message counts as withdrawn.
    TreatAsWithdraw,
}

/// One malformed attribute and what was done about it.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    pub type_code: u8,
    pub treatment: Treatment,
    pub reason: FaultReason,
}

/// What was wrong with an attribute.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum FaultReason {
    /// The Optional or Transitive bit contradicts the type code.
    Flags,
    /// The length cannot be right for the type code.
    Length,
    /// The length is right, the value is not one that the RFC allows.
    Value,
    /// A second one of the same type; the first counts.
    Duplicate,
    /// A mandatory attribute is absent.
    Missing,
    /// It ends past the end of the attributes.
    Overrun,
    /// It has no meaning on an external session.
    ExternalSession,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            FaultReason::Flags => "wrong flags",
            FaultReason::Length => "wrong length",
            FaultReason::Value => "invalid value",
            FaultReason::Duplicate => "duplicate",
            FaultReason::Missing => "missing",
            FaultReason::Overrun => "ends past the attributes",
            FaultReason::ExternalSession => "not for external sessions",
        };
        let treatment = match self.treatment {
            Treatment::AttributeDiscard => "attribute discarded",
            Treatment::TreatAsWithdraw => "treated as withdraw",
        };
        write!(
            f,
            "{} ({}): {reason}, {treatment}",
            attribute_name(self.type_code),
            self.type_code
        )
    }
}
