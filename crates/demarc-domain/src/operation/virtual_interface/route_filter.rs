//! What a public virtual interface may announce, and the operator's change of it. AWS asks for a support case
//! or a new virtual interface (spec/observability §6, row 5).

use std::collections::BTreeMap;

use demarc_types::{AddressFamily, Prefix, VirtualInterfaceId, parse_prefix};

use super::peering::is_private;
use super::wrong_state;
use crate::entity::VirtualInterfaceKind;
use crate::refusal::Refusal;
use crate::transaction::Transaction;

/// Replaces the prefixes; the sessions stay up, and so does the state (spec/states §5.1): an edge sees the
/// prefixes in its intent.
pub(crate) fn set_route_filter_prefixes(
    tx: &mut Transaction<'_>,
    id: VirtualInterfaceId,
    prefixes: &[String],
) -> Result<(), Refusal> {
    let interface = tx
        .virtual_interface(id)
        .cloned()
        .ok_or_else(|| Refusal::VirtualInterfaceNotFound(id.to_string()))?;
    if !interface.holds_resources() {
        return Err(wrong_state(tx, &interface));
    }
    if interface.kind != VirtualInterfaceKind::Public {
        return Err(Refusal::invalid(format!(
            "Virtual Interface {id} is {}: only a public one has routeFilterPrefixes.",
            interface.kind.as_str()
        )));
    }
    let speaks_ipv4 = interface
        .peers
        .iter()
        .any(|peer| peer.family == AddressFamily::Ipv4);
    let given: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    let limit = tx.context.settings.quotas.route_filter_prefixes;
    let mut next = interface.as_ref().clone();
    let approved = public_prefixes(&given, speaks_ipv4, limit)?;
    next.route_filter_prefixes = approved.prefixes;
    next.prefix_spellings = approved.spellings;
    tx.put(next);
    Ok(())
}

/// Prefixes, and how they were spelt where that differs from our spelling.
#[derive(Default)]
pub(super) struct Approved {
    pub(super) prefixes: Vec<Prefix>,
    pub(super) spellings: BTreeMap<Prefix, String>,
}

/// Reads up to `limit` public prefixes; at least one where they are `needed`.
pub(super) fn public_prefixes(
    given: &[&str],
    needed: bool,
    limit: usize,
) -> Result<Approved, Refusal> {
    if given.is_empty() && needed {
        return Err(Refusal::invalid(format!(
            "routeFilterPrefixes are needed for a public virtual interface: give 1 to {limit}."
        )));
    }
    if given.len() > limit {
        return Err(Refusal::Quota {
            what: "routeFilterPrefixes",
            limit,
            scope: "the virtual interface".to_owned(),
        });
    }
    let mut approved = Approved::default();
    for text in given {
        let prefix = public_prefix(text)?;
        approved.prefixes.push(prefix);
        if prefix.to_string() != *text {
            approved.spellings.insert(prefix, (*text).to_owned());
        }
    }
    Ok(approved)
}

fn public_prefix(text: &str) -> Result<Prefix, Refusal> {
    let invalid = |why: &str| {
        let shown: String = text.chars().take(64).collect();
        Refusal::invalid(format!("routeFilterPrefixes: {shown} is not valid: {why}."))
    };
    let prefix =
        parse_prefix(text).ok_or_else(|| invalid("a prefix in CIDR notation is needed"))?;
    if prefix.trunc() != prefix {
        return Err(invalid("it has host bits set"));
    }
    if prefix.prefix_len() == 0 {
        return Err(invalid("a default route is not accepted"));
    }
    if AddressFamily::of(&prefix) == AddressFamily::Ipv6 && prefix.prefix_len() > 64 {
        return Err(invalid("an IPv6 prefix must be /64 or shorter"));
    }
    if is_private(&prefix) {
        return Err(invalid("it is not public"));
    }
    Ok(prefix)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::entity::VirtualInterface;
    use crate::operator::Order;
    use crate::testing::{ALICE, Lab};

    fn public(lab: &mut Lab) -> demarc_types::VirtualInterfaceId {
        let connection = lab.dedicated(ALICE);
        lab.public_on(ALICE, &connection).parse().unwrap()
    }

    /// The prefixes as DescribeVirtualInterfaces has them.
    fn shown(lab: &mut Lab, id: demarc_types::VirtualInterfaceId) -> serde_json::Value {
        let named = json!({"virtualInterfaceId": id.to_string()});
        let shown = lab.ok(ALICE, "DescribeVirtualInterfaces", named);
        shown["virtualInterfaces"][0]["routeFilterPrefixes"].clone()
    }

    #[test]
    fn the_operator_replaces_prefixes_of_a_public_virtual_interface() {
        let mut lab = Lab::new();
        let id = public(&mut lab);
        let change = Order::SetRouteFilterPrefixes {
            interface: id,
            prefixes: vec!["175.45.176.0/22".to_owned(), "210.52.109.0/24".to_owned()],
        };
        lab.order(&change).unwrap();
        assert_eq!(
            shown(&mut lab, id),
            json!([{"cidr": "175.45.176.0/22"}, {"cidr": "210.52.109.0/24"}])
        );
    }

    /// spec/operations §1.6: clients compare what they read with what they wrote.
    #[test]
    fn prefixes_are_shown_as_they_were_given() {
        let mut lab = Lab::new();
        let connection = lab.dedicated(ALICE);
        let given = json!([{"cidr": "2A02:0DE0:0::/48"}, {"cidr": "2a02:de1::/48"}]);
        let made = lab.ok(
            ALICE,
            "CreatePublicVirtualInterface",
            json!({"connectionId": connection, "newPublicVirtualInterface": {
                "virtualInterfaceName": "v", "vlan": 5, "asn": 65001, "addressFamily": "ipv6",
                "routeFilterPrefixes": given}}),
        );
        assert_eq!(made["routeFilterPrefixes"], given);
        let id = made["virtualInterfaceId"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let stored = lab.world.virtual_interface(id).unwrap();
        assert_eq!(
            stored.route_filter_prefixes[0],
            "2a02:de0::/48".parse().unwrap()
        );
        assert_eq!(stored.prefix_spellings.len(), 1);
        // Documents from before spellings were kept.
        let mut document = serde_json::to_value(stored.as_ref()).unwrap();
        document.as_object_mut().unwrap().remove("prefix_spellings");
        let old: VirtualInterface = serde_json::from_value(document).unwrap();
        let given: Vec<String> = old.prefixes_as_given().collect();
        assert_eq!(given, ["2a02:de0::/48", "2a02:de1::/48"]);
        let change = Order::SetRouteFilterPrefixes {
            interface: id,
            prefixes: vec!["2a02:de0::/48".to_owned(), "2A02:DE1::/48".to_owned()],
        };
        lab.order(&change).unwrap();
        assert_eq!(
            shown(&mut lab, id),
            json!([{"cidr": "2a02:de0::/48"}, {"cidr": "2A02:DE1::/48"}])
        );
    }

    #[test]
    fn private_and_missing_prefixes_are_refused() {
        let mut lab = Lab::new();
        let interface = public(&mut lab);
        for prefixes in [vec![], vec!["10.0.0.0/8".to_owned()], vec!["x".to_owned()]] {
            let change = Order::SetRouteFilterPrefixes {
                interface,
                prefixes,
            };
            lab.order(&change).unwrap_err();
        }
    }

    /// spec/states §5.1: `pending` is for the first time, an MTU change and a move.
    #[test]
    fn new_prefixes_leave_the_state_as_it_is() {
        let mut lab = Lab::new();
        let id = public(&mut lab);
        lab.settle();
        lab.converge();
        let intent = |lab: &Lab| {
            let interface = lab.world.virtual_interface(id).unwrap();
            crate::intent::virtual_interface(&lab.world, interface).unwrap()
        };
        let before = intent(&lab);
        lab.order(&Order::SetRouteFilterPrefixes {
            interface: id,
            prefixes: vec!["175.45.176.0/22".to_owned()],
        })
        .unwrap();
        let named = json!({"virtualInterfaceId": id.to_string()});
        let shown = lab.ok(ALICE, "DescribeVirtualInterfaces", named);
        assert_eq!(
            shown["virtualInterfaces"][0]["virtualInterfaceState"],
            "available"
        );
        assert_ne!(intent(&lab), before, "the edge hears of it all the same");
    }

    /// Refused is what lies within space that is not routed, not what has some of it.
    #[test]
    fn a_prefix_is_private_when_all_of_it_is() {
        for (prefix, accepted) in [
            ("0.0.0.0/1", true),
            ("192.0.0.0/2", true),
            ("10.0.0.0/7", true),
            ("172.0.0.0/8", true),
            ("10.0.0.0/8", false),
            ("10.1.0.0/16", false),
            ("172.16.0.0/12", false),
            ("192.168.0.0/16", false),
            ("169.254.0.0/16", false),
            ("100.64.0.0/10", false),
            ("127.0.0.0/8", false),
            ("0.0.0.0/8", false),
            ("224.0.0.0/4", false),
            ("224.0.0.0/3", false),
            ("240.0.0.0/8", false),
            ("2000::/3", true),
            ("fc00::/7", false),
            ("fd00::/64", false),
            ("fe80::/10", false),
            ("ff00::/8", false),
            ("::/64", false),
        ] {
            let read = super::public_prefix(prefix);
            assert_eq!(read.is_ok(), accepted, "{prefix}: {read:?}");
        }
    }
}
