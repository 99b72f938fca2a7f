//! `allowedPrefixesToDirectConnectGateway`: how the list is read, and what is announced because of it.
//!
//! With a virtual private gateway the list filters the CIDRs of the VPC; with a transit gateway it is
//! announced as written (spec/routing §4.1).

use demarc_api::RouteFilterPrefix;
use demarc_types::{GatewayRef, Prefix, overlaps, parse_prefix};

use crate::entity::Association;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::world::World;

/// Reads a list: CIDRs that are network addresses, each once, in their order.
pub(crate) fn read(given: Option<&Vec<RouteFilterPrefix>>) -> Result<Vec<Prefix>, Refusal> {
    let mut prefixes = Vec::new();
    for entry in given.map(Vec::as_slice).unwrap_or_default() {
        let prefix = read_one(entry.cidr.as_deref().unwrap_or_default())?;
        if !prefixes.contains(&prefix) {
            prefixes.push(prefix);
        }
    }
    Ok(prefixes)
}

fn read_one(text: &str) -> Result<Prefix, Refusal> {
    let shown = || text.chars().take(64).collect::<String>();
    let prefix = parse_prefix(text).ok_or_else(|| {
        Refusal::invalid(format!(
            "Allowed prefix {} is not a valid CIDR block.",
            shown()
        ))
    })?;
    if prefix.trunc() != prefix {
        return Err(Refusal::invalid(format!(
            "Allowed prefix {} is not a network address: use {}.",
            shown(),
            prefix.trunc()
        )));
    }
    Ok(prefix)
}

/// The list on the wire; IPv6 in canonical form.
pub(crate) fn show(prefixes: &[Prefix]) -> Vec<RouteFilterPrefix> {
    let entry = |prefix: &Prefix| RouteFilterPrefix {
        cidr: Some(prefix.to_string()),
    };
    prefixes.iter().map(entry).collect()
}

/// `list` without `removals`, with `additions` in front: newest first. Adding what is there and removing
/// what is not changes nothing (spec/operations §9).
pub(crate) fn change(list: &[Prefix], removals: &[Prefix], additions: &[Prefix]) -> Vec<Prefix> {
    let kept: Vec<Prefix> = list
        .iter()
        .filter(|prefix| !removals.contains(prefix))
        .copied()
        .collect();
    let mut changed: Vec<Prefix> = additions
        .iter()
        .filter(|prefix| !kept.contains(prefix))
        .copied()
        .collect();
    changed.extend(kept);
    changed
}

/// The list is not longer than allowed, and not empty where it is what is announced
/// (spec/quotas rows 33 and 37).
pub(crate) fn check_length(
    settings: &Settings,
    associated: GatewayRef,
    list: &[Prefix],
) -> Result<(), Refusal> {
    let quotas = &settings.quotas;
    let limit = match associated {
        GatewayRef::VirtualPrivate(_) => quotas.prefixes_per_vpn_gateway_association,
        GatewayRef::Transit(_) => quotas.prefixes_per_transit_gateway_association,
    };
    if list.is_empty() && matches!(associated, GatewayRef::Transit(_)) {
        return Err(Refusal::invalid(format!(
            "Allowed prefixes are needed for an association with transit gateway {associated}."
        )));
    }
    if list.len() > limit {
        return Err(Refusal::Quota {
            what: "Allowed prefix",
            limit,
            scope: format!("the association with {associated}"),
        });
    }
    Ok(())
}

/// The first pair of overlapping prefixes of two lists.
pub(crate) fn overlap(left: &[Prefix], right: &[Prefix]) -> Option<(Prefix, Prefix)> {
    left.iter()
        .flat_map(|one| right.iter().map(move |other| (*one, *other)))
        .find(|(one, other)| overlaps(one, other))
}

/// What the association announces to the virtual interfaces of its Direct Connect gateway, while it is
/// `associated` or `updating`.
pub(crate) fn announced(world: &World, association: &Association) -> Vec<Prefix> {
    match association.associated {
        GatewayRef::Transit(_) => association.allowed_prefixes.clone(),
        GatewayRef::VirtualPrivate(gateway) => {
            let vpc = world
                .vpn_gateway(gateway)
                .and_then(|gateway| gateway.attached_vpc())
                .and_then(|vpc| world.vpc(vpc));
            match vpc {
                Some(vpc) => filter(
                    vpc.prefixes()
                        .filter(|cidr| !association.withheld.contains(cidr)),
                    &association.allowed_prefixes,
                ),
                // Of a gateway taken on trust nothing but the list is known.
                None if world.vpn_gateway(gateway).is_none() => {
                    association.allowed_prefixes.clone()
                }
                None => Vec::new(),
            }
        }
    }
}

/// The CIDRs that some allowed prefix covers.
fn filter(cidrs: impl Iterator<Item = Prefix>, allowed: &[Prefix]) -> Vec<Prefix> {
    cidrs
        .filter(|cidr| allowed.iter().any(|prefix| prefix.contains(cidr)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Vec<Prefix> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn given(texts: &[&str]) -> Vec<RouteFilterPrefix> {
        let entry = |text: &&str| RouteFilterPrefix {
            cidr: Some((*text).to_owned()),
        };
        texts.iter().map(entry).collect()
    }

    #[test]
    fn a_virtual_private_gateway_announces_the_cidrs_that_the_list_covers() {
        // The rows of spec/routing §4.1.
        for (cidrs, allowed, announced) in [
            (&["10.0.0.0/16"][..], "22.0.0.0/24", &[][..]),
            (&["10.0.0.0/16"], "10.0.0.0/24", &[]),
            (&["10.0.0.0/16"], "10.0.0.0/15", &["10.0.0.0/16"]),
            (&["10.0.0.0/16"], "10.0.0.0/8", &["10.0.0.0/16"]),
            (&["10.0.0.0/16"], "10.0.0.0/16", &["10.0.0.0/16"]),
            (
                &["10.0.0.0/16", "10.1.0.0/16"],
                "10.0.0.0/16",
                &["10.0.0.0/16"],
            ),
        ] {
            assert_eq!(
                filter(list(cidrs).into_iter(), &list(&[allowed])),
                list(announced),
                "{cidrs:?} under {allowed}"
            );
        }
    }

    #[test]
    fn entries_are_network_addresses_and_come_back_in_canonical_form() {
        assert_eq!(
            read(Some(&given(&["2001:DB8:0:0::/32", "10.0.0.0/8"]))).unwrap(),
            list(&["2001:db8::/32", "10.0.0.0/8"])
        );
        assert_eq!(
            show(&list(&["2001:DB8:0:0::/32"])),
            given(&["2001:db8::/32"])
        );
        for (text, refusal) in [
            (
                "10.0.0.1/8",
                "Allowed prefix 10.0.0.1/8 is not a network address: use 10.0.0.0/8.",
            ),
            (
                "10.0.0.0/33",
                "Allowed prefix 10.0.0.0/33 is not a valid CIDR block.",
            ),
            ("", "Allowed prefix  is not a valid CIDR block."),
        ] {
            let refused = read(Some(&given(&[text]))).unwrap_err();
            assert_eq!(refused.to_string(), refusal, "{text}");
        }
        assert_eq!(
            read(Some(&given(&["10.0.0.0/8", "10.0.0.0/8"]))).unwrap(),
            list(&["10.0.0.0/8"])
        );
    }

    #[test]
    fn removals_come_before_additions_and_the_newest_stands_first() {
        let list_of = |texts: &[&str]| list(texts);
        assert_eq!(
            change(
                &list_of(&["10.0.0.0/16", "10.1.0.0/16"]),
                &list_of(&["10.0.0.0/16", "10.9.0.0/16"]),
                &list_of(&["10.2.0.0/16", "10.1.0.0/16"])
            ),
            list_of(&["10.2.0.0/16", "10.1.0.0/16"])
        );
        assert_eq!(
            change(
                &list_of(&["10.0.0.0/16"]),
                &list_of(&["10.0.0.0/16"]),
                &list_of(&["10.0.0.0/16"])
            ),
            list_of(&["10.0.0.0/16"]),
            "removed, then added again"
        );
    }
}
