//! Communities, both directions (`spec/routing §5`).

use crate::wire::Community;

/// The AS number that all Direct Connect communities carry.
pub const PUBLIC_ASN: u16 = 7224;

/// 7224:7100, 7224:7200, 7224:7300: how much return traffic should like a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReturnPreference {
    Low,
    Medium,
    High,
}

/// 7224:9100, 7224:9200, 7224:9300: how far a public prefix may travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PublicScope {
    LocalRegion,
    Continent,
    Global,
}

/// The well-known communities that forbid to hand a route to another network (RFC 1997).
const STAY_HERE: [Community; 3] = [
    Community::NO_EXPORT,
    Community::NO_ADVERTISE,
    Community::NO_EXPORT_SUBCONFED,
];

/// What the communities of a customer's route ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CommunityRequest {
    /// The highest 7224:7x00 present.
    pub return_preference: Option<ReturnPreference>,
    /// The narrowest 7224:9x00 present. `None` means all public Regions.
    pub scope: Option<PublicScope>,
    /// Several tags of one kind that exclude each other: worth a warning to the customer.
    pub contradictory: bool,
    /// NO_EXPORT, or another of RFC 1997 that means as much on external sessions: use the route,
    /// do not hand it on.
    pub no_export: bool,
}

/// Reads the tags of a received route. Which of them count depends on the kind of interface; the
/// others are ignored by the caller, not here.
#[must_use]
pub fn read_communities(communities: impl IntoIterator<Item = Community>) -> CommunityRequest {
    let mut request = CommunityRequest::default();
    for community in communities {
        if STAY_HERE.contains(&community) {
            request.no_export = true;
        } else if let Some(preference) = return_preference(community) {
            let before = request.return_preference;
            request.contradictory |= before.is_some_and(|before| before != preference);
            request.return_preference = before.max(Some(preference));
        } else if let Some(scope) = public_scope(community) {
            let before = request.scope;
            request.contradictory |= before.is_some_and(|before| before != scope);
            request.scope = Some(before.map_or(scope, |before| before.min(scope)));
        }
    }
    request
}

fn return_preference(community: Community) -> Option<ReturnPreference> {
    match (community.high(), community.low()) {
        (PUBLIC_ASN, 7100) => Some(ReturnPreference::Low),
        (PUBLIC_ASN, 7200) => Some(ReturnPreference::Medium),
        (PUBLIC_ASN, 7300) => Some(ReturnPreference::High),
        _ => None,
    }
}

fn public_scope(community: Community) -> Option<PublicScope> {
    match (community.high(), community.low()) {
        (PUBLIC_ASN, 9100) => Some(PublicScope::LocalRegion),
        (PUBLIC_ASN, 9200) => Some(PublicScope::Continent),
        (PUBLIC_ASN, 9300) => Some(PublicScope::Global),
        _ => None,
    }
}

/// Whether a customer's community stays on a route that SiteLink hands to another site: none of
/// 7224:* does (`spec/routing §3, §4, §8`), not even 7224:0, which is not among the reserved ones.
#[must_use]
pub fn crosses_site_link(community: Community) -> bool {
    community.high() != PUBLIC_ASN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> CommunityRequest {
        read_communities(text.split_whitespace().map(|community| {
            let (high, low) = community.split_once(':').unwrap();
            Community::new(high.parse().unwrap(), low.parse().unwrap())
        }))
    }

    #[test]
    fn every_tag_of_the_table_is_read() {
        use PublicScope::{Continent, Global, LocalRegion};
        use ReturnPreference::{High, Low, Medium};
        let rows = [
            ("", None, None, false),
            ("7224:7100", Some(Low), None, false),
            ("7224:7200", Some(Medium), None, false),
            ("7224:7300", Some(High), None, false),
            ("7224:7100 7224:7300 7224:7200", Some(High), None, true),
            ("7224:7100 7224:7100", Some(Low), None, false),
            ("7224:9100", None, Some(LocalRegion), false),
            ("7224:9200", None, Some(Continent), false),
            ("7224:9300", None, Some(Global), false),
            (
                "7224:9300 7224:9100 7224:9200",
                None,
                Some(LocalRegion),
                true,
            ),
            (
                "7224:8100 7224:8200 7224:7000 7225:7300 65001:9100",
                None,
                None,
                false,
            ),
        ];
        for (text, preference, scope, contradictory) in rows {
            let expected = CommunityRequest {
                return_preference: preference,
                scope,
                contradictory,
                no_export: false,
            };
            assert_eq!(request(text), expected, "{text}");
        }
        for (community, stays) in [
            ("65535:65281", true),
            ("65535:65282", true),
            ("65535:65283", true),
            // NOPEER and GRACEFUL_SHUTDOWN forbid nothing.
            ("65535:65284", false),
            ("65535:0", false),
        ] {
            assert_eq!(request(community).no_export, stays, "{community}");
        }
    }

    #[test]
    fn nothing_of_direct_connect_crosses_site_link() {
        for (high, low, crosses) in [
            (7224, 1, false),
            (7224, 7300, false),
            (7224, 65535, false),
            (7224, 0, false),
            (65001, 7300, true),
            (65535, 65282, true),
        ] {
            assert_eq!(
                crosses_site_link(Community::new(high, low)),
                crosses,
                "{high}:{low}"
            );
        }
    }
}
