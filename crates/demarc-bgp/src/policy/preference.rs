//! Which of several routes for one prefix is better (`spec/routing §6`).
//!
//! The longest prefix is not here: it is what a routing table does anyway.

use super::communities::ReturnPreference;

/// How many next hops one prefix may use (`spec/routing §6.1`).
pub const MAX_ECMP_PATHS: usize = 16;

/// Whether the interface's location lies in the Region that chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegionMatch {
    Same,
    Other,
}

/// Local preference of a route on a private or transit interface. The order of the values is what
/// the service documents; the numbers are ours.
#[must_use]
pub fn local_preference(
    tag: Option<ReturnPreference>,
    site_link: bool,
    region: RegionMatch,
) -> u16 {
    match (tag, site_link, region) {
        (Some(ReturnPreference::High), _, _) => 300,
        (Some(ReturnPreference::Medium), _, _) => 200,
        (Some(ReturnPreference::Low), _, _) => 100,
        // SiteLink ignores the distance between Regions.
        (None, true, _) | (None, false, RegionMatch::Same) => 200,
        (None, false, RegionMatch::Other) => 150,
    }
}

/// The part of a route that decides, packed so that smaller is better: higher local preference,
/// then fewer hops, then lower MED (missing is 0, compared between all neighbors). Equal values
/// share the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Preference(u64);

impl Preference {
    /// What the network itself originates: better than anything learned.
    pub const ORIGINATED: Self = Self(0);

    #[must_use]
    pub fn new(local_preference: u16, hops: u16, med: Option<u32>) -> Self {
        let inverted = u64::from(u16::MAX - local_preference);
        Self(inverted << 48 | u64::from(hops) << 32 | u64::from(med.unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReturnPreference::{High, Low, Medium};

    #[test]
    fn local_preference_follows_the_listing_of_section_6() {
        let rows = [
            (Some(High), false, RegionMatch::Other, 300),
            (Some(Medium), false, RegionMatch::Other, 200),
            (Some(Low), true, RegionMatch::Same, 100),
            (None, true, RegionMatch::Other, 200),
            (None, true, RegionMatch::Same, 200),
            (None, false, RegionMatch::Same, 200),
            (None, false, RegionMatch::Other, 150),
        ];
        for (tag, site_link, region, expected) in rows {
            let result = local_preference(tag, site_link, region);
            assert_eq!(result, expected, "{tag:?} {site_link} {region:?}");
        }
    }

    #[test]
    fn each_step_decides_only_when_the_ones_before_are_equal() {
        let better_first = [
            (Preference::ORIGINATED, Preference::new(300, 0, None)),
            (
                Preference::new(300, 9, Some(9)),
                Preference::new(200, 1, None),
            ),
            (
                Preference::new(200, 2, Some(9)),
                Preference::new(200, 3, None),
            ),
            (
                Preference::new(200, 2, None),
                Preference::new(200, 2, Some(1)),
            ),
        ];
        for (better, worse) in better_first {
            assert!(better < worse, "{better:?} {worse:?}");
        }
        assert_eq!(
            Preference::new(200, 2, None),
            Preference::new(200, 2, Some(0))
        );
    }

    /// `spec/routing §6`, the east VPC: A east with 3 hops, B east with 2, C west with 1.
    #[test]
    fn the_example_of_the_user_guide_chooses_b() {
        let route =
            |region, hops| Preference::new(local_preference(None, false, region), hops, None);
        let a = route(RegionMatch::Same, 3);
        let b = route(RegionMatch::Same, 2);
        let c = route(RegionMatch::Other, 1);
        assert_eq!([a, b, c].into_iter().min(), Some(b));
        // With SiteLink the shortest path wins whatever the Region.
        let linked =
            |region, hops| Preference::new(local_preference(None, true, region), hops, None);
        assert!(linked(RegionMatch::Other, 1) < linked(RegionMatch::Same, 2));
    }
}
