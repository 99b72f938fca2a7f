//! Routes of a virtual interface, from what the fabric says. Source: spec/api-2026 §2.

use std::fmt;
use std::str::FromStr;

use demarc_api::{
    self as api, AsPathSegment, AsPathType, EpochSeconds, ListVirtualInterfaceRoutesRequest,
    ListVirtualInterfaceRoutesResponse, Operation, RouteFilters,
};
use demarc_types::{AddressFamily, Prefix, Timestamp, parse_prefix};

use crate::context::Context;
use crate::entity::{VirtualInterface, VirtualInterfaceKind};
use crate::input;
use crate::paging::{Page, Unasked};
use crate::refusal::Refusal;
use crate::route_source::{Route, RouteDirection};
use crate::world::World;

/// The communities of 7224 that mean something on a route (spec/routing §5). Customers may see these: the
/// others are internal, or taken off by the inbound policy (§3).
fn supported_communities(kind: VirtualInterfaceKind, direction: RouteDirection) -> &'static [u16] {
    match (kind, direction) {
        (VirtualInterfaceKind::Public, RouteDirection::Accepted) => &[9_100, 9_200, 9_300],
        (VirtualInterfaceKind::Public, RouteDirection::Advertised) => &[8_100, 8_200],
        (_, RouteDirection::Accepted) => &[7_100, 7_200, 7_300],
        (_, RouteDirection::Advertised) => &[],
    }
}

pub(crate) fn list(
    world: &World,
    context: &Context,
    input: &ListVirtualInterfaceRoutesRequest,
) -> Result<ListVirtualInterfaceRoutesResponse, Refusal> {
    let Some(id) = input.virtual_interface_id.as_deref() else {
        return Err(Refusal::invalid("A virtualInterfaceId is needed."));
    };
    let filter = Filter::read(input.filters.as_ref())?;
    let interface = input::virtual_interface(id)
        .map(|id| world.virtual_interface(id))?
        .filter(|found| found.region == context.region && found.holds_resources())
        .filter(|found| found.owner == context.account || found.connection_owner == context.account)
        .ok_or_else(|| Refusal::VirtualInterfaceNotFound(id.to_owned()))?;
    let binding = format!("{:?}", input.filters);
    let page = Page::read(
        world,
        context,
        Operation::ListVirtualInterfaceRoutes,
        &[id, &binding],
        input.max_results,
        input.next_token.as_deref(),
        Unasked::Hundred,
    )?;
    let mut routes: Vec<Route> = context.routes.routes(world, interface);
    routes.retain(|route| filter.matches(interface.kind, route));
    routes.sort_by_key(order);
    let behind = page.position::<Place>()?.map(|(_, place)| place);
    let places: Vec<Place> = places(&routes).collect();
    let entries = std::iter::zip(places, &routes)
        .skip_while(|(place, _)| behind.is_some_and(|behind| *place <= behind));
    let (routes, next_token) = page.take(entries, |(place, _)| {
        (Timestamp::default(), place.to_string())
    });
    Ok(ListVirtualInterfaceRoutesResponse {
        virtual_interface_id: Some(id.to_owned()),
        routes: Some(
            routes
                .into_iter()
                .map(|(_, route)| show(interface, route))
                .collect(),
        ),
        next_token,
    })
}

/// Direction, then family, then number.
fn order(route: &Route) -> (RouteDirection, AddressFamily, Prefix) {
    (
        route.direction,
        AddressFamily::of(&route.prefix),
        route.prefix,
    )
}

/// Where a route stands in the list. It says nothing of the routes before it: those come and go between two
/// pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    direction: RouteDirection,
    family: AddressFamily,
    prefix: Prefix,
    /// How many routes of this direction and prefix are before it: two peers may hear the same.
    nth: usize,
}

/// The places of routes that are in order.
fn places(routes: &[Route]) -> impl Iterator<Item = Place> {
    let mut last: Option<Place> = None;
    routes.iter().map(move |route| {
        let (direction, family, prefix) = order(route);
        let nth = match last {
            Some(last) if (last.direction, last.prefix) == (direction, prefix) => last.nth + 1,
            _ => 0,
        };
        let place = Place {
            direction,
            family,
            prefix,
            nth,
        };
        last = Some(place);
        place
    })
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            RouteDirection::Accepted => ACCEPTED,
            RouteDirection::Advertised => ADVERTISED,
        };
        write!(out, "{direction} {} {}", self.prefix, self.nth)
    }
}

const ACCEPTED: &str = "accepted";
const ADVERTISED: &str = "advertised";

/// The text is no place, as in tokens of another version.
struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let mut words = text.split(' ');
        let (Some(direction), Some(prefix), Some(nth), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(NoPlace);
        };
        let prefix = parse_prefix(prefix).ok_or(NoPlace)?;
        Ok(Self {
            direction: match direction {
                ACCEPTED => RouteDirection::Accepted,
                ADVERTISED => RouteDirection::Advertised,
                _ => return Err(NoPlace),
            },
            family: AddressFamily::of(&prefix),
            prefix,
            nth: nth.parse().map_err(|_| NoPlace)?,
        })
    }
}

/// The communities that customers may see; a filter must not find a route by the others, either.
fn shown_communities(
    kind: VirtualInterfaceKind,
    route: &Route,
) -> impl Iterator<Item = &(u16, u16)> {
    let supported = supported_communities(kind, route.direction);
    let shown = move |(high, low): &&(u16, u16)| *high == 7_224 && supported.contains(low);
    route.communities.iter().filter(shown)
}

fn show(interface: &VirtualInterface, route: &Route) -> api::Route {
    api::Route {
        cidr: Some(route.prefix.to_string()),
        route_direction: Some(match route.direction {
            RouteDirection::Accepted => api::RouteDirection::Accepted,
            RouteDirection::Advertised => api::RouteDirection::Advertised,
        }),
        address_family: Some(match AddressFamily::of(&route.prefix) {
            AddressFamily::Ipv4 => api::AddressFamily::Ipv4,
            AddressFamily::Ipv6 => api::AddressFamily::Ipv6,
        }),
        as_path: Some(
            route
                .as_path
                .iter()
                .map(|segment| AsPathSegment {
                    path_type: Some(if segment.is_set {
                        AsPathType::Set
                    } else {
                        AsPathType::Seq
                    }),
                    path: Some(segment.numbers.iter().copied().map(i64::from).collect()),
                })
                .collect(),
        ),
        communities: Some(
            shown_communities(interface.kind, route)
                .map(|(high, low)| format!("{high}:{low}"))
                .collect(),
        ),
        aws_logical_device_id: interface.device.clone(),
        route_installed_at: Some(EpochSeconds::from_milliseconds(route.installed.millis())),
    }
}

/// All conditions apply; the listed prefixes are alternatives, the path a run of numbers within the
/// route's, and all communities must be there.
#[derive(Default)]
struct Filter {
    direction: Option<RouteDirection>,
    family: Option<AddressFamily>,
    prefixes: Vec<Prefix>,
    as_path: Vec<i64>,
    communities: Vec<(u16, u16)>,
}

impl Filter {
    fn read(filters: Option<&RouteFilters>) -> Result<Self, Refusal> {
        let Some(filters) = filters else {
            return Ok(Self::default());
        };
        let prefixes = filters
            .cidrs
            .as_deref()
            .unwrap_or_default()
            .iter()
            .map(|text| {
                // With host bits it is no route's, and finds none.
                parse_prefix(text).ok_or_else(|| {
                    let shown: String = text.chars().take(64).collect();
                    Refusal::invalid(format!("Filter CIDR {shown} is not valid."))
                })
            });
        let communities = filters.communities.as_deref().unwrap_or_default().iter().map(|text| {
            text.split_once(':').and_then(|(high, low)| Some((high.parse().ok()?, low.parse().ok()?))).ok_or_else(|| {
                let shown: String = text.chars().take(64).collect();
                Refusal::invalid(format!("Filter community {shown} is not valid: two numbers with a colon are needed."))
            })
        });
        Ok(Self {
            direction: filters.route_direction.map(|direction| match direction {
                api::RouteDirection::Accepted => RouteDirection::Accepted,
                api::RouteDirection::Advertised => RouteDirection::Advertised,
            }),
            family: filters.address_family.map(|family| match family {
                api::AddressFamily::Ipv4 => AddressFamily::Ipv4,
                api::AddressFamily::Ipv6 => AddressFamily::Ipv6,
            }),
            prefixes: prefixes.collect::<Result<_, _>>()?,
            as_path: filters.as_path.clone().unwrap_or_default(),
            communities: communities.collect::<Result<_, _>>()?,
        })
    }

    fn matches(&self, kind: VirtualInterfaceKind, route: &Route) -> bool {
        let path: Vec<i64> = route
            .as_path
            .iter()
            .flat_map(|segment| segment.numbers.iter().copied().map(i64::from))
            .collect();
        self.direction
            .is_none_or(|direction| route.direction == direction)
            && self
                .family
                .is_none_or(|family| AddressFamily::of(&route.prefix) == family)
            && (self.prefixes.is_empty() || self.prefixes.contains(&route.prefix))
            && (self.as_path.is_empty()
                || path
                    .windows(self.as_path.len())
                    .any(|run| run == self.as_path))
            && self
                .communities
                .iter()
                .all(|community| shown_communities(kind, route).any(|shown| shown == community))
    }
}

#[cfg(test)]
mod tests {
    use demarc_types::Timestamp;

    use std::sync::Arc;

    use super::*;
    use crate::route_source::{PathSegment, RouteSource};
    use crate::testing::{ALICE, Lab};

    fn route() -> Route {
        Route {
            direction: RouteDirection::Advertised,
            prefix: "10.0.0.0/16".parse().unwrap(),
            as_path: vec![PathSegment {
                is_set: false,
                numbers: vec![64_512, 65_001, 65_002],
            }],
            communities: vec![(7_224, 8_100), (7_224, 1), (65_535, 65_281)],
            installed: Timestamp::default(),
        }
    }

    fn filter(change: impl FnOnce(&mut RouteFilters)) -> Filter {
        let mut filters = RouteFilters::default();
        change(&mut filters);
        Filter::read(Some(&filters)).unwrap()
    }

    /// spec/api-2026 §2: prefixes are alternatives, the path a contiguous run, communities must all be there.
    #[test]
    fn filters_match_as_they_are_meant() {
        let words = |list: &[&str]| Some(list.iter().map(ToString::to_string).collect::<Vec<_>>());
        for (cidrs, matches) in [
            (&["10.0.0.0/16"][..], true),
            (&["192.0.2.0/24", "10.0.0.0/16"], true),
            (&["10.0.0.0/8"], false),
            (&["10.0.0.0/17"], false),
            (&["10.0.0.1/16"], false),
        ] {
            let filter = filter(|filters| filters.cidrs = words(cidrs));
            assert_eq!(
                filter.matches(VirtualInterfaceKind::Public, &route()),
                matches,
                "{cidrs:?}"
            );
        }
        for (path, matches) in [
            (&[65_001][..], true),
            (&[64_512, 65_001], true),
            (&[65_001, 65_002], true),
            (&[64_512, 65_002], false),
            (&[65_001, 64_512], false),
            (&[64_512, 65_001, 65_002, 65_003], false),
        ] {
            let filter = filter(|filters| filters.as_path = Some(path.to_vec()));
            assert_eq!(
                filter.matches(VirtualInterfaceKind::Public, &route()),
                matches,
                "{path:?}"
            );
        }
        for (communities, matches) in [
            (&["7224:8100"][..], true),
            (&["7224:8100", "7224:8200"], false),
            // Internal ones are not shown, so they are not found either.
            (&["7224:1"], false),
            (&["65535:65281"], false),
        ] {
            let filter = filter(|filters| filters.communities = words(communities));
            assert_eq!(
                filter.matches(VirtualInterfaceKind::Public, &route()),
                matches,
                "{communities:?}"
            );
        }
    }

    /// spec/routing §3 and §5: what the inbound policy takes off is no community of an accepted route.
    #[test]
    fn only_communities_that_mean_something_on_the_route_are_shown() {
        use {RouteDirection as Direction, VirtualInterfaceKind as Kind};
        let all = [7_100, 7_200, 7_300, 8_100, 8_200, 9_100, 9_200, 9_300, 1];
        for (kind, direction, wanted) in [
            (
                Kind::Private,
                Direction::Accepted,
                &[7_100, 7_200, 7_300][..],
            ),
            (Kind::Transit, Direction::Accepted, &[7_100, 7_200, 7_300]),
            (Kind::Public, Direction::Accepted, &[9_100, 9_200, 9_300]),
            (Kind::Public, Direction::Advertised, &[8_100, 8_200]),
            (Kind::Private, Direction::Advertised, &[]),
        ] {
            let route = Route {
                direction,
                communities: all.iter().map(|low| (7_224, *low)).collect(),
                ..route()
            };
            let shown: Vec<u16> = shown_communities(kind, &route).map(|one| one.1).collect();
            assert_eq!(shown, wanted, "{kind:?} {direction:?}");
            for low in all {
                let asked =
                    filter(|filters| filters.communities = Some(vec![format!("7224:{low}")]));
                let found = asked.matches(kind, &route);
                assert_eq!(found, wanted.contains(&low), "{kind:?} {direction:?} {low}");
            }
        }
    }

    #[test]
    fn filters_that_are_none_are_refused() {
        for (cidr, community) in [
            ("x", "7224:1"),
            ("10.0.0.0/016", "7224:1"),
            ("10.0.0.0/16", "7224"),
            ("10.0.0.0/16", "7224:65536"),
        ] {
            let filters = RouteFilters {
                cidrs: Some(vec![cidr.to_owned()]),
                communities: Some(vec![community.to_owned()]),
                ..RouteFilters::default()
            };
            assert!(Filter::read(Some(&filters)).is_err(), "{cidr} {community}");
        }
    }

    /// The routes in force at one moment.
    struct At(Vec<Route>);

    impl RouteSource for At {
        fn routes(&self, _: &World, _: &VirtualInterface) -> Vec<Route> {
            self.0.clone()
        }
    }

    /// spec/protocol §5: nothing that is there all the time is skipped or shown twice.
    #[test]
    fn pages_skip_no_route_when_others_come_and_go() {
        let mut lab = Lab::new();
        let port = lab.dedicated(ALICE);
        let id = lab.virtual_interface_on(ALICE, &port, 5).id.to_string();
        let mut page = |prefixes: &[&str], token: Option<String>| {
            let routes = prefixes.iter().map(|prefix| Route {
                prefix: prefix.parse().unwrap(),
                ..route()
            });
            let mut context = lab.context(ALICE);
            context.routes = Arc::new(At(routes.collect()));
            let input = ListVirtualInterfaceRoutesRequest {
                virtual_interface_id: Some(id.clone()),
                max_results: Some(2),
                next_token: token,
                ..ListVirtualInterfaceRoutesRequest::default()
            };
            let listed = list(&lab.world, &context, &input).unwrap();
            let shown: Vec<String> = listed
                .routes
                .unwrap_or_default()
                .into_iter()
                .filter_map(|route| route.cidr)
                .collect();
            (shown, listed.next_token)
        };
        let all = [
            "9.0.0.0/8",
            "10.0.0.0/8",
            "10.0.0.0/16",
            "11.0.0.0/8",
            "2001:db8::/32",
        ];
        let (shown, token) = page(&all, None);
        assert_eq!(shown, ["9.0.0.0/8", "10.0.0.0/8"]);
        // Both are withdrawn, the one that the token stands at among them.
        let (shown, token) = page(&all[2..], token);
        assert_eq!(shown, ["10.0.0.0/16", "11.0.0.0/8"]);
        // One comes before the place.
        let (shown, token) = page(&all[1..], token);
        assert_eq!(shown, ["2001:db8::/32"]);
        assert_eq!(token, None);
        // Two peers may hear the same prefix.
        let twice = ["9.0.0.0/8", "9.0.0.0/8", "9.0.0.0/8", "10.0.0.0/8"];
        let (_, token) = page(&twice, None);
        let (shown, _) = page(&twice, token);
        assert_eq!(shown, ["9.0.0.0/8", "10.0.0.0/8"]);
    }
}
