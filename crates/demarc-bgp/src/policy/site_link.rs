//! Routes between the interfaces of one gateway (`spec/routing §7`, §8).

use super::communities::CommunityRequest;
use super::import::{ImportPolicy, InterfaceKind};
use ipnet::IpNet;

/// How many routes of other SiteLink interfaces one interface is sent, per family.
pub const DEFAULT_SITE_LINK_LIMIT: u32 = 1000;

/// How many logical devices a route passes from the interface it came in by to the one it leaves
/// by. Each prepends the gateway's ASN once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceHops {
    Same,
    Two,
}

impl DeviceHops {
    /// How often the gateway's ASN stands in front of the path.
    #[must_use]
    pub const fn prepends(self) -> usize {
        match self {
            Self::Same => 1,
            Self::Two => 2,
        }
    }
}

/// Whether an accepted route of an interface may be handed to the other SiteLink interfaces of its
/// gateway. Never: a route of an interface without SiteLink or of a public one, one with NO_EXPORT,
/// a default route, or the peering subnet (§4 "never advertised").
#[must_use]
pub fn passes_site_link(
    source: &ImportPolicy,
    site_link: bool,
    request: CommunityRequest,
    prefix: IpNet,
) -> bool {
    site_link
        && source.kind != InterfaceKind::Public
        && !request.no_export
        && prefix.prefix_len() != 0
        && !source.is_peering_subnet(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Asn;

    #[test]
    fn only_routes_of_site_link_interfaces_pass() {
        let policy = |kind| ImportPolicy {
            kind,
            local_asn: Asn::new(65030),
            neighbor_asn: Asn::new(65020),
            local_address: None,
            peering_subnet: Some("192.0.2.0/29".parse().unwrap()),
            approved: Vec::new(),
        };
        let (private, transit, public) = (
            policy(InterfaceKind::Private),
            policy(InterfaceKind::Transit),
            policy(InterfaceKind::Public),
        );
        let rows = [
            (&private, true, false, "10.0.0.0/8", true),
            (&transit, true, false, "10.0.0.0/8", true),
            (&private, false, false, "10.0.0.0/8", false),
            (&public, true, false, "203.0.113.0/24", false),
            (&private, true, true, "10.0.0.0/8", false),
            (&private, true, false, "0.0.0.0/0", false),
            (&private, true, false, "::/0", false),
            (&private, true, false, "192.0.2.0/29", false),
            (&private, true, false, "192.0.2.1/32", false),
            (&private, true, false, "192.0.2.0/24", true),
        ];
        for (source, site_link, no_export, prefix, expected) in rows {
            let request = CommunityRequest {
                no_export,
                ..CommunityRequest::default()
            };
            let passes = passes_site_link(source, site_link, request, prefix.parse().unwrap());
            assert_eq!(
                passes, expected,
                "{:?} {site_link} {no_export} {prefix}",
                source.kind
            );
        }
    }
}
