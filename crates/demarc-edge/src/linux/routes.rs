//! Routes of sessions in the words of the API.

use demarc_bgp::policy::Rejection;
use demarc_bgp::rib::{RouteView, SessionId, Verdict};
use demarc_bgp::wire::SegmentKind;
use demarc_domain::device_status::SeenRoute;
use demarc_domain::{PathSegment, Rejected, RouteDirection};
use demarc_speaker::NeighborRoutes;

/// All routes of a session. The tables keep no time.
pub(super) fn of_session(routes: &NeighborRoutes) -> Vec<SeenRoute> {
    let received = routes
        .received
        .iter()
        .map(|view| route(view, RouteDirection::Accepted));
    let advertised = routes
        .advertised
        .iter()
        .map(|view| route(view, RouteDirection::Advertised));
    received.chain(advertised).collect()
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
        med: view.attributes.med().unwrap_or_default(),
        rejected: match view.verdict {
            Verdict::Rejected(rejection) => Some(rejected(rejection)),
            Verdict::Accepted | Verdict::AcceptedForSiteLink => None,
        },
    }
}

fn rejected(rejection: Rejection) -> Rejected {
    let source = match rejection {
        Rejection::OwnNextHop => "RFC 4271 section 6.3",
        Rejection::AsPathLoop => "RFC 4271 section 9.1.2, spec/routing section 3",
        _ => "spec/routing section 3",
    };
    Rejected {
        rule: rejection.name().to_owned(),
        reason: rejection.to_string(),
        source: source.to_owned(),
    }
}
