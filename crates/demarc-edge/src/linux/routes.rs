//! Routes of sessions in the words of the API.

use demarc_bgp::rib::{RouteView, SessionId};
use demarc_bgp::wire::SegmentKind;
use demarc_domain::{PathSegment, Route, RouteDirection};
use demarc_speaker::NeighborRoutes;
use demarc_types::Timestamp;

/// All routes of a session; `since` is when it came up, the tables keep no time of their own.
pub(super) fn of_session(routes: &NeighborRoutes, since: Timestamp) -> Vec<Route> {
    let accepted = routes
        .accepted
        .iter()
        .map(|view| route(view, RouteDirection::Accepted, since));
    let advertised = routes
        .advertised
        .iter()
        .map(|view| route(view, RouteDirection::Advertised, since));
    accepted.chain(advertised).collect()
}

fn route(view: &RouteView<SessionId>, direction: RouteDirection, installed: Timestamp) -> Route {
    let path = view.attributes.as_path();
    Route {
        direction,
        prefix: view.prefix,
        as_path: path
            .segments()
            .map(|segment| PathSegment {
                is_set: segment.kind == SegmentKind::Set,
                numbers: segment.asns().map(|asn| asn.get()).collect(),
            })
            .collect(),
        communities: view
            .attributes
            .communities()
            .map(|community| (community.high(), community.low()))
            .collect(),
        installed,
    }
}
