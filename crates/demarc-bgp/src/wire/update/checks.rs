//! Is the value of a known attribute well-formed, and if not, what then (RFC 7606 §7).

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::wire::as_path::{self, AsnWidth, PathError};
use crate::wire::attribute::{FaultReason, Treatment};
use crate::wire::path_attributes::Origin;

/// What to do about a value that is not, and why.
pub(super) type Verdict = Result<(), (Treatment, FaultReason)>;

pub(super) const DISCARD: Treatment = Treatment::AttributeDiscard;
pub(super) const WITHDRAW: Treatment = Treatment::TreatAsWithdraw;

pub(super) fn sized(
    value: &[u8],
    right: bool,
    treatment: Treatment,
) -> Result<&[u8], (Treatment, FaultReason)> {
    if right {
        Ok(value)
    } else {
        Err((treatment, FaultReason::Length))
    }
}

/// A list of items: neither empty nor cut (RFC 7606 §7.8, §7.14; RFC 8092 §6).
pub(super) fn list(value: &[u8], item: usize) -> Result<&[u8], (Treatment, FaultReason)> {
    sized(
        value,
        !value.is_empty() && value.len().is_multiple_of(item),
        WITHDRAW,
    )
}

pub(super) fn origin(value: &[u8]) -> Result<Origin, (Treatment, FaultReason)> {
    let &[code] = value else {
        return Err((WITHDRAW, FaultReason::Length));
    };
    Origin::from_code(code).ok_or((WITHDRAW, FaultReason::Value))
}

/// RFC 7606 §7.7; ASN 0 is malformed too (RFC 7607 §2).
pub(super) fn aggregator(value: &[u8], four: bool) -> Result<&[u8], (Treatment, FaultReason)> {
    let asn_length = if four { 4 } else { 2 };
    sized(value, value.len() == asn_length + 4, DISCARD)?;
    let zero = value.iter().take(asn_length).all(|octet| *octet == 0);
    if zero {
        Err((DISCARD, FaultReason::Value))
    } else {
        Ok(value)
    }
}

/// RFC 6793 §6: a malformed one is discarded; of one that a confederation has let out, only the
/// segments that are its own affair.
pub(super) fn as4_path(value: &[u8]) -> Result<Cow<'_, [u8]>, (Treatment, FaultReason)> {
    match as_path::check(value, AsnWidth::Four) {
        Ok(()) if !value.is_empty() => Ok(Cow::Borrowed(value)),
        Ok(()) => Err((DISCARD, FaultReason::Length)),
        Err(PathError::Confederation) => {
            let rest = as_path::without_confederations(value);
            let rest = as4_path(&rest).map_err(|_| (DISCARD, FaultReason::Value))?;
            Ok(Cow::Owned(rest.into_owned()))
        }
        Err(PathError::Malformed | PathError::AsnZero) => Err((DISCARD, FaultReason::Value)),
    }
}

pub(super) fn ipv4_from(value: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from)
}

pub(super) fn ipv6_from(value: &[u8]) -> Option<Ipv6Addr> {
    value.first_chunk::<16>().copied().map(Ipv6Addr::from)
}

/// A host address (RFC 4271 §6.3): not `0/8`, multicast, class E or broadcast.
pub(super) fn usable_ipv4(hop: Ipv4Addr) -> Verdict {
    let [first, ..] = hop.octets();
    if first == 0 || first >= 224 {
        Err((WITHDRAW, FaultReason::Value))
    } else {
        Ok(())
    }
}

/// The same for IPv6: an address that a router can have on a link.
pub(super) fn usable_ipv6(hop: Ipv6Addr) -> Verdict {
    let unusable = hop.is_unspecified()
        || hop.is_multicast()
        || hop.is_loopback()
        || hop.to_ipv4_mapped().is_some();
    if unusable {
        Err((WITHDRAW, FaultReason::Value))
    } else {
        Ok(())
    }
}
