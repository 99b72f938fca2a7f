//! Reading the members of requests: formats of ids, names, tags and numbers.
//!
//! The model's own constraints were checked when the request was decoded; what follows is the service's.

use std::collections::BTreeSet;

use demarc_api::Tag;
use demarc_types::{
    AccountId, Asn, AssociationId, BgpPeerId, ConnectionId, DirectConnectGatewayId, GatewayRef,
    LagId, ParentId, ProposalId, ResiliencyGroupId, TestId, VirtualInterfaceId, VlanId,
    VpnGatewayId, is_name,
};

use crate::entity::Tags;
use crate::refusal::Refusal;

// ===== ids =====

pub(crate) fn account(text: &str) -> Result<AccountId, Refusal> {
    text.parse()
        .map_err(|_| Refusal::AccountIdFormat(text.to_owned()))
}

/// A connection id, in the family of connection calls.
pub(crate) fn connection(text: &str) -> Result<ConnectionId, Refusal> {
    text.parse()
        .map_err(|_| Refusal::ConnectionIdFormat(text.to_owned()))
}

pub(crate) fn lag(text: &str) -> Result<LagId, Refusal> {
    text.parse()
        .map_err(|_| Refusal::LagIdFormat(text.to_owned()))
}

/// A connection or LAG id, in the family of connection calls.
pub(crate) fn connection_or_lag(text: &str) -> Result<ParentId, Refusal> {
    if text.starts_with(LagId::PREFIX) {
        lag(text).map(ParentId::Lag)
    } else {
        connection(text).map(ParentId::Connection)
    }
}

/// A connection or LAG id, in the family of virtual interface calls, which word the refusal otherwise.
pub(crate) fn virtual_interface_parent(text: &str) -> Result<ParentId, Refusal> {
    text.parse()
        .map_err(|_| Refusal::ParentIdFormat(text.to_owned()))
}

pub(crate) fn virtual_interface(text: &str) -> Result<VirtualInterfaceId, Refusal> {
    text.parse()
        .map_err(|_| Refusal::VirtualInterfaceIdFormat(text.to_owned()))
}

pub(crate) fn bgp_peer(text: &str) -> Result<BgpPeerId, Refusal> {
    text.parse()
        .map_err(|_| Refusal::BgpPeerIdFormat(text.to_owned()))
}

pub(crate) fn failover_test(text: &str) -> Result<TestId, Refusal> {
    text.parse()
        .map_err(|_| Refusal::TestIdFormat(text.to_owned()))
}

pub(crate) fn gateway(text: &str) -> Result<DirectConnectGatewayId, Refusal> {
    text.parse()
        .map_err(|_| Refusal::GatewayIdFormat(text.to_owned()))
}

pub(crate) fn vpn_gateway(text: &str) -> Result<VpnGatewayId, Refusal> {
    text.parse()
        .map_err(|_| Refusal::VirtualGatewayIdFormat(text.to_owned()))
}

/// A virtual private or transit gateway.
pub(crate) fn gateway_ref(text: &str) -> Result<GatewayRef, Refusal> {
    text.parse()
        .map_err(|_| Refusal::VirtualGatewayIdFormat(text.to_owned()))
}

pub(crate) fn association(text: &str) -> Result<AssociationId, Refusal> {
    text.parse().map_err(|_| Refusal::AssociationIdFormat)
}

pub(crate) fn proposal(text: &str) -> Result<ProposalId, Refusal> {
    text.parse().map_err(|_| Refusal::ProposalIdFormat)
}

/// The model takes the prefix in either case, and ids have lower-case letters only.
pub(crate) fn resiliency_group(text: &str) -> Result<ResiliencyGroupId, Refusal> {
    text.to_ascii_lowercase()
        .parse()
        .map_err(|_| Refusal::ResiliencyGroupIdFormat(text.to_owned()))
}

// ===== values =====

/// A name of 1 to `max` allowed characters; `what` names the member in the refusal.
pub(crate) fn name(what: &str, text: &str, max: usize) -> Result<String, Refusal> {
    if is_name(text, max) {
        Ok(text.to_owned())
    } else {
        let shown: String = text.chars().take(64).collect();
        Err(Refusal::invalid(format!(
            "{what} is not valid. It has to be 1 to {max} letters, digits, blanks and _ - , /, not `{shown}`."
        )))
    }
}

/// The longest name of a carrier: letters of authorization have a line for it.
const PROVIDER_LENGTH: usize = 200;

/// `providerName`: any text that fits into a letter.
pub(crate) fn provider_name(given: Option<&str>) -> Result<Option<String>, Refusal> {
    if given.is_some_and(|name| name.chars().count() > PROVIDER_LENGTH) {
        return Err(Refusal::invalid(format!(
            "providerName is not valid: at most {PROVIDER_LENGTH} characters are allowed."
        )));
    }
    Ok(given.map(str::to_owned))
}

pub(crate) fn vlan(number: i64) -> Result<VlanId, Refusal> {
    VlanId::new(number).ok_or(if number < VlanId::MIN {
        Refusal::VlanTooSmall(number)
    } else {
        Refusal::VlanTooLarge(number)
    })
}

/// The customer's ASN from the short and the long member; the long one wins (spec/identifiers §7).
pub(crate) fn asn(short: Option<i64>, long: Option<i64>) -> Result<Asn, Refusal> {
    let (number, max) = match (long, short) {
        (Some(number), _) => (number, 4_294_967_294),
        (None, Some(number)) => (number, i64::from(Asn::MAX_SHORT)),
        (None, None) => {
            return Err(Refusal::invalid(
                "A BGP ASN is needed: give asn or asnLong.",
            ));
        }
    };
    if number < 1 {
        return Err(Refusal::AsnTooSmall(number));
    }
    match Asn::new(number).filter(|_| number <= max) {
        None => Err(Refusal::AsnTooLarge { value: number, max }),
        Some(asn) if asn.is_reserved() => {
            Err(Refusal::invalid(format!("BGP ASN {number} is reserved.")))
        }
        Some(asn) => Ok(asn),
    }
}

// ===== tags =====

/// The tags of a new resource: no key twice, none reserved, not too many (spec/identifiers §13).
pub(crate) fn tags(given: Option<&Vec<Tag>>, limit: usize) -> Result<Tags, Refusal> {
    let given = given.map(Vec::as_slice).unwrap_or_default();
    let mut keys = BTreeSet::new();
    for tag in given {
        if !keys.insert(tag.key.as_str()) {
            return Err(Refusal::DuplicateTagKey(tag.key.clone()));
        }
    }
    tag_keys(given.iter().map(|tag| tag.key.as_str()))?;
    if given.len() > limit {
        return Err(Refusal::TooManyTags {
            tags: given.len(),
            limit,
        });
    }
    Ok(given
        .iter()
        .map(|tag| (tag.key.as_str(), tag.value.as_deref().unwrap_or_default()))
        .collect())
}

/// None of the keys is reserved.
pub(crate) fn tag_keys<'a>(mut keys: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
    let reserved = |key: &&str| {
        key.get(..4)
            .is_some_and(|head| head.eq_ignore_ascii_case("aws:"))
    };
    match keys.find(reserved) {
        Some(key) => Err(Refusal::ReservedTagKey(key.to_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_asn_wins_over_the_short_one() {
        assert_eq!(
            asn(Some(0), Some(4_200_000_000)).unwrap().get(),
            4_200_000_000
        );
        assert_eq!(asn(Some(0), None), Err(Refusal::AsnTooSmall(0)));
        assert_eq!(
            asn(Some(-94_967_296), None).unwrap_err().to_string(),
            "BGP ASN -94967296 must have value greater than or equal to 1"
        );
        assert!(matches!(
            asn(Some(2_147_483_648), None),
            Err(Refusal::AsnTooLarge { .. })
        ));
        assert!(asn(None, None).is_err());
    }

    #[test]
    fn tag_keys_are_checked_before_they_are_counted() {
        let tag = |key: &str| Tag {
            key: key.to_owned(),
            value: None,
        };
        assert!(matches!(
            tags(Some(&vec![tag("a"), tag("a")]), 50),
            Err(Refusal::DuplicateTagKey(_))
        ));
        assert!(matches!(
            tags(Some(&vec![tag("aws:x")]), 50),
            Err(Refusal::ReservedTagKey(_))
        ));
        let many = (0..51).map(|number| tag(&number.to_string())).collect();
        assert!(matches!(
            tags(Some(&many), 50),
            Err(Refusal::TooManyTags {
                tags: 51,
                limit: 50
            })
        ));
        assert_eq!(tags(Some(&vec![tag("a")]), 50).unwrap().get("a"), Some(""));
    }
}
