//! How an announced route looks on the wire (`spec/routing §1`, §4, §5, §8).

use std::net::IpAddr;

use ipnet::IpNet;

use super::communities::{PUBLIC_ASN, crosses_site_link};
use super::import::{InterfaceKind, is_martian};
use super::site_link::DeviceHops;
use crate::wire::{Asn, Community, Origin, PathAttributes, SegmentKind};

/// Where an Amazon public prefix lies, seen from the location that announces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AmazonScope {
    /// The Region of this location: 7224:8100.
    Region,
    /// Another Region of the same continent: 7224:8200.
    Continent,
    /// Elsewhere: no tag.
    World,
}

impl AmazonScope {
    const REGION: Community = Community::new(PUBLIC_ASN, 8100);
    const CONTINENT: Community = Community::new(PUBLIC_ASN, 8200);

    const ALL: [Self; 3] = [Self::Region, Self::Continent, Self::World];

    /// The community that tells it.
    #[must_use]
    pub const fn community(self) -> Option<Community> {
        match self {
            Self::Region => Some(Self::REGION),
            Self::Continent => Some(Self::CONTINENT),
            Self::World => None,
        }
    }
}

/// What stands behind our ASN in the path of public prefixes: a backbone and an origin, so that
/// the path has the three hops that the service documents as the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicPath {
    pub backbone: Asn,
    pub origin: Asn,
}

/// `7224 16509 16509` when our ASN is 7224.
pub const DEFAULT_PUBLIC_TAIL: PublicPath = PublicPath {
    backbone: Asn::new(16509),
    origin: Asn::new(16509),
};

/// Makes the attributes of what one kind of interface announces. Neighbors with equal announcers
/// are sent equal bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Announcer {
    pub kind: InterfaceKind,
    pub local_asn: Asn,
    /// Our address on the interface.
    pub next_hop: IpAddr,
    pub public_path: PublicPath,
    /// What a public prefix of our own Region is to the interface's location, at the nearest.
    pub nearest: AmazonScope,
}

impl Announcer {
    /// Whether a prefix of the network itself is announced here (§4 "never advertised"). A transit
    /// gateway's allowed list is announced as it is written, a default route in it too; elsewhere a
    /// default route would draw all the traffic of a customer, and martians are nobody's.
    #[must_use]
    pub fn announces(&self, prefix: IpNet) -> bool {
        match self.kind {
            InterfaceKind::Transit => true,
            InterfaceKind::Private | InterfaceKind::Public => {
                prefix.prefix_len() != 0 && !is_martian(prefix)
            }
        }
    }

    /// A route of the network itself. `stored` carries what the origination fixed: the path behind
    /// us (core networks; empty else) and the scope tag of a public prefix.
    #[must_use]
    pub fn originated(&self, stored: &PathAttributes) -> PathAttributes {
        let mut builder = PathAttributes::builder().next_hop(self.next_hop);
        match self.kind {
            InterfaceKind::Private | InterfaceKind::Transit => {
                let path = stored.as_path();
                for segment in path.segments() {
                    let asns: Vec<Asn> = segment.asns().collect();
                    builder = builder.segment(segment.kind, &asns);
                }
                builder = builder.prepend(&[self.local_asn]);
            }
            InterfaceKind::Public => {
                let PublicPath { backbone, origin } = self.public_path;
                builder = builder
                    .segment(SegmentKind::Sequence, &[self.local_asn, backbone, origin])
                    .community(Community::NO_EXPORT);
                let tagged = |scope: &AmazonScope| {
                    let tag = scope.community();
                    stored.communities().any(|community| tag == Some(community))
                };
                let stored = AmazonScope::ALL.into_iter().find(tagged);
                let scope = stored.unwrap_or(AmazonScope::World).max(self.nearest);
                builder.communities.extend(scope.community());
            }
        }
        builder.origin(Origin::Igp).build()
    }

    /// A route that SiteLink hands on: our ASN once per device, customer communities without
    /// Direct Connect's own, other transitive attributes as they came, no MED.
    #[must_use]
    pub fn site_link(&self, received: &PathAttributes, hops: DeviceHops) -> PathAttributes {
        let prepended = [self.local_asn; 2];
        let mut builder = received.to_builder();
        builder.med = None;
        builder.local_pref = None;
        builder
            .communities
            .retain(|community| crosses_site_link(*community));
        builder
            .extended_communities
            .retain(|community| community.is_transitive());
        builder
            .next_hop(self.next_hop)
            .prepend(&prepended[..hops.prepends()])
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{ExtendedCommunity, LargeCommunity};

    fn announcer(kind: InterfaceKind, asn: u32) -> Announcer {
        Announcer {
            kind,
            local_asn: Asn::new(asn),
            next_hop: "169.254.96.1".parse().unwrap(),
            public_path: DEFAULT_PUBLIC_TAIL,
            nearest: AmazonScope::Region,
        }
    }

    fn tags(attributes: &PathAttributes) -> Vec<String> {
        attributes
            .communities()
            .map(|community| community.to_string())
            .collect()
    }

    #[test]
    fn private_and_transit_originate_with_the_gateway_asn_alone() {
        for kind in [InterfaceKind::Private, InterfaceKind::Transit] {
            let stored = PathAttributes::builder()
                .community(Community::new(7224, 8100))
                .build();
            let sent = announcer(kind, 65030).originated(&stored);
            assert_eq!(sent.as_path().to_string(), "65030");
            assert_eq!(sent.next_hop(), "169.254.96.1".parse().ok());
            assert_eq!(
                (sent.origin(), sent.med(), sent.communities().count()),
                (Origin::Igp, None, 0)
            );
        }
    }

    #[test]
    fn a_default_route_and_martians_are_announced_on_transit_interfaces_alone() {
        let rows = [
            ("10.0.0.0/8", true),
            ("0.0.0.0/1", true),
            ("2001:db8::/32", true),
            ("0.0.0.0/0", false),
            ("::/0", false),
            ("127.0.0.0/8", false),
            ("169.254.96.0/29", false),
            ("224.0.0.0/4", false),
            ("fe80::/64", false),
        ];
        for (prefix, elsewhere) in rows {
            let prefix = prefix.parse().unwrap();
            for (kind, wanted) in [
                (InterfaceKind::Private, elsewhere),
                (InterfaceKind::Public, elsewhere),
                (InterfaceKind::Transit, true),
            ] {
                let announces = announcer(kind, 65030).announces(prefix);
                assert_eq!(announces, wanted, "{prefix} on {kind:?}");
            }
        }
    }

    #[test]
    fn a_core_network_keeps_its_path_behind_the_gateway() {
        let path = [Asn::new(64520), Asn::new(64521)];
        let stored = PathAttributes::builder()
            .segment(SegmentKind::Sequence, &path)
            .build();
        let sent = announcer(InterfaceKind::Transit, 65030).originated(&stored);
        assert_eq!(sent.as_path().to_string(), "65030 64520 64521");
    }

    #[test]
    fn public_prefixes_carry_three_hops_no_export_and_their_scope() {
        let rows = [
            (AmazonScope::Region, vec!["7224:8100", "65535:65281"]),
            (AmazonScope::Continent, vec!["7224:8200", "65535:65281"]),
            (AmazonScope::World, vec!["65535:65281"]),
        ];
        for (scope, expected) in rows {
            let mut stored = PathAttributes::builder().community(Community::new(65001, 1));
            stored.communities.extend(scope.community());
            let sent = announcer(InterfaceKind::Public, 7224).originated(&stored.build());
            assert_eq!(sent.as_path().to_string(), "7224 16509 16509");
            let mut shown = tags(&sent);
            shown.sort_by_key(|text| text.len());
            assert_eq!(shown, expected, "{scope:?}");
        }
    }

    #[test]
    fn no_prefix_is_nearer_than_the_region_of_the_network_is() {
        use AmazonScope::{Continent, Region, World};
        for (nearest, scope, expected) in [
            (Region, Region, Region),
            (Region, World, World),
            (Continent, Region, Continent),
            (Continent, Continent, Continent),
            (Continent, World, World),
            (World, Region, World),
        ] {
            let mut stored = PathAttributes::builder();
            stored.communities.extend(scope.community());
            let announcer = Announcer {
                nearest,
                ..announcer(InterfaceKind::Public, 7224)
            };
            let sent = announcer.originated(&stored.build());
            let tag = sent.communities().find(|it| *it != Community::NO_EXPORT);
            assert_eq!(tag, expected.community(), "{scope:?} from {nearest:?}");
        }
    }

    #[test]
    fn site_link_prepends_once_per_device_and_passes_what_is_the_customers() {
        let mut received = PathAttributes::builder()
            .origin(Origin::Incomplete)
            .next_hop("192.0.2.9".parse().unwrap())
            .segment(SegmentKind::Sequence, &[Asn::new(65020), Asn::new(65021)])
            .med(50)
            .community(Community::new(7224, 7300))
            .community(Community::new(65020, 77))
            .unknown(99, b"kept");
        received.large_communities.push(LargeCommunity {
            global: 1,
            local1: 2,
            local2: 3,
        });
        received
            .extended_communities
            .push(ExtendedCommunity([0x00, 2, 0, 0, 0, 0, 0, 1]));
        received
            .extended_communities
            .push(ExtendedCommunity([0x40, 2, 0, 0, 0, 0, 0, 1]));
        let received = received.build();
        for (hops, path) in [
            (DeviceHops::Same, "65030 65020 65021"),
            (DeviceHops::Two, "65030 65030 65020 65021"),
        ] {
            let sent = announcer(InterfaceKind::Private, 65030).site_link(&received, hops);
            assert_eq!(sent.as_path().to_string(), path);
            assert_eq!(tags(&sent), ["65020:77"]);
            assert_eq!((sent.med(), sent.origin()), (None, Origin::Incomplete));
            assert_eq!(sent.next_hop(), "169.254.96.1".parse().ok());
            assert_eq!(sent.large_communities().count(), 1);
            assert_eq!(sent.extended_communities().count(), 1);
            assert_eq!(
                sent.unknown().next().map(|one| one.value),
                Some(&b"kept"[..])
            );
        }
    }
}
