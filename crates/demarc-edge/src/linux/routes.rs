//! Routes of sessions in the words of the API.

use demarc_bgp::rib::{RouteView, SessionId};
use demarc_bgp::wire::SegmentKind;
use demarc_domain::device_status::SeenRoute;
use demarc_domain::{PathSegment, RouteDirection};
use demarc_speaker::NeighborRoutes;

/// All routes of a session. The tables keep no time.
pub(super) fn of_session(routes: &NeighborRoutes) -> Vec<SeenRoute> {
    let accepted = routes
        .accepted
        .iter()
        .map(|view| route(view, RouteDirection::Accepted));
    let advertised = routes
        .advertised
        .iter()
        .map(|view| route(view, RouteDirection::Advertised));
    accepted.chain(advertised).collect()
}

fn route(view: &RouteView<SessionId>, direction: RouteDirection) -> SeenRoute {
    let path = view.attributes.as_path();
    SeenRoute {
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
    }
}
