//! The JSON of the control server. Times are seconds; absent things are null.

use std::collections::BTreeMap;
use std::net::IpAddr;

use demarc_bgp::policy::{InterfaceKind, Rejection};
use demarc_bgp::rib::{Counters, RouteView, SessionId, Verdict};
use demarc_bgp::session::{IdleReason, LastError, MessageCounts, Negotiated, SessionStatus};
use demarc_bgp::wire::{Capabilities, Origin};
use serde::Serialize;

use crate::config::{ExportMode, NeighborConfig};
use crate::message::ShownRoutes;

#[derive(Debug, Serialize)]
pub(super) struct Neighbor {
    address: IpAddr,
    asn: u32,
    family: String,
    interface_kind: &'static str,
    site_link: bool,
    export: &'static str,
    passive: bool,
    md5: bool,
    bfd: bool,
    state: &'static str,
    state_seconds: f64,
    idle_reason: Option<String>,
    router_id: Option<String>,
    hold_time: Option<u16>,
    keepalive: Option<f64>,
    capabilities: Option<ShownCapabilities>,
    last_error: LastErrors,
    /// By family; a session has one.
    prefixes: BTreeMap<String, Prefixes>,
    prefix_limit: u32,
    flaps: u64,
    established: u64,
    attribute_faults: u64,
    refused_connections: u64,
    messages: Messages,
    keeps_stale_routes: bool,
}

#[derive(Debug, Serialize)]
struct Prefixes {
    #[serde(rename = "in")]
    received: u32,
    accepted: u32,
    rejected: u32,
    out: u32,
    rejected_by_reason: BTreeMap<&'static str, u32>,
}

#[derive(Debug, Serialize)]
struct ShownCapabilities {
    multiprotocol: Vec<String>,
    four_octet_asn: bool,
    route_refresh: bool,
    enhanced_route_refresh: bool,
    graceful_restart_seconds: Option<u16>,
}

#[derive(Debug, Serialize)]
struct LastErrors {
    sent: Option<ShownNotification>,
    received: Option<ShownNotification>,
    connection: Option<String>,
}

#[derive(Debug, Serialize)]
struct ShownNotification {
    code: u8,
    subcode: u8,
    message: String,
}

#[derive(Debug, Serialize)]
struct Messages {
    received: Counts,
    sent: Counts,
}

#[derive(Debug, Serialize)]
struct Counts {
    open: u64,
    update: u64,
    notification: u64,
    keepalive: u64,
    route_refresh: u64,
}

pub(crate) const fn kind_name(kind: InterfaceKind) -> &'static str {
    match kind {
        InterfaceKind::Private => "private",
        InterfaceKind::Transit => "transit",
        InterfaceKind::Public => "public",
    }
}

impl Neighbor {
    pub(super) fn new(
        config: &NeighborConfig,
        status: &SessionStatus,
        counters: &Counters,
        md5_hint: Option<String>,
    ) -> Self {
        let negotiated = status.negotiated.as_ref();
        let by_reason = Rejection::ALL.iter().zip(counters.rejected);
        let rejected_by_reason = by_reason
            .filter(|(_, count)| *count > 0)
            .map(|(why, count)| (why.name(), count));
        let prefixes = Prefixes {
            received: counters.received,
            accepted: counters.accepted,
            rejected: counters.rejected_total(),
            out: counters.advertised,
            rejected_by_reason: rejected_by_reason.collect(),
        };
        Self {
            address: config.address,
            asn: config.asn.get(),
            family: config.family.to_string(),
            interface_kind: kind_name(config.interface_kind),
            site_link: config.site_link,
            export: match config.export {
                ExportMode::Policy => "policy",
                ExportMode::None => "none",
            },
            passive: config.port.is_none(),
            md5: config.password.is_some(),
            bfd: config.bfd,
            state: status.state.name(),
            state_seconds: status.in_state.as_secs_f64(),
            idle_reason: status.idle_reason.as_ref().map(idle_reason),
            router_id: negotiated.map(|it| it.peer_router_id.to_string()),
            hold_time: negotiated.map(|it| it.hold_time),
            keepalive: negotiated.map(|it| it.keepalive_interval.as_secs_f64()),
            capabilities: negotiated.map(capabilities),
            last_error: LastErrors {
                sent: status.last_sent.as_ref().map(notification),
                received: status.last_received.as_ref().map(notification),
                connection: md5_hint.or_else(|| {
                    let (_, text) = status.last_connection_error.as_ref()?;
                    Some(text.clone())
                }),
            },
            prefixes: BTreeMap::from([(config.family.to_string(), prefixes)]),
            prefix_limit: config.prefix_limit,
            flaps: status.counters.flaps,
            established: status.counters.established,
            attribute_faults: status.counters.faults,
            refused_connections: status.counters.refused,
            messages: Messages {
                received: counts(&status.counters.received),
                sent: counts(&status.counters.sent),
            },
            keeps_stale_routes: status.stale_until.is_some(),
        }
    }
}

fn idle_reason(reason: &IdleReason) -> String {
    match reason {
        IdleReason::NotStarted => "not started".to_owned(),
        IdleReason::AdministrativeShutdown { .. } => "administrative shutdown".to_owned(),
        IdleReason::PrefixLimit { .. } => "prefix-limit".to_owned(),
        IdleReason::Damped { .. } => "waiting before the next try".to_owned(),
        IdleReason::Resting => "the other connection is in use".to_owned(),
    }
}

fn capabilities(negotiated: &Negotiated) -> ShownCapabilities {
    let Capabilities {
        multiprotocol,
        graceful_restart,
        ..
    } = &negotiated.peer_capabilities;
    ShownCapabilities {
        multiprotocol: multiprotocol
            .iter()
            .map(|(afi, safi)| format!("{afi}/{safi}"))
            .collect(),
        four_octet_asn: negotiated.four_octet_asn,
        route_refresh: negotiated.route_refresh,
        enhanced_route_refresh: negotiated.enhanced_route_refresh,
        graceful_restart_seconds: graceful_restart.as_ref().map(|it| it.restart_time),
    }
}

fn notification(error: &LastError) -> ShownNotification {
    ShownNotification {
        code: error.notification.code.code,
        subcode: error.notification.code.subcode,
        message: error.notification.to_string(),
    }
}

const fn counts(counts: &MessageCounts) -> Counts {
    Counts {
        open: counts.open,
        update: counts.update,
        notification: counts.notification,
        keepalive: counts.keepalive,
        route_refresh: counts.route_refresh,
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Route {
    prefix: String,
    /// Whose table this is.
    neighbor: IpAddr,
    /// Who announced it; null for our own.
    learned_from: Option<IpAddr>,
    next_hop: Option<IpAddr>,
    as_path: String,
    origin: &'static str,
    med: Option<u32>,
    communities: Vec<String>,
    extended_communities: Vec<String>,
    large_communities: Vec<String>,
    accepted: bool,
    /// Why not, for people and for programs.
    rejected_because: Option<String>,
    rejection: Option<&'static str>,
    stale: bool,
}

impl Route {
    pub(super) fn all_of(shown: &ShownRoutes) -> impl Iterator<Item = Self> + '_ {
        shown
            .routes
            .iter()
            .map(|route| Self::new(shown.neighbor, route))
    }

    fn new(neighbor: IpAddr, route: &RouteView<SessionId>) -> Self {
        let attributes = &route.attributes;
        let rejection = match route.verdict {
            Verdict::Rejected(reason) => Some(reason),
            Verdict::Accepted | Verdict::AcceptedForSiteLink => None,
        };
        Self {
            prefix: route.prefix.to_string(),
            neighbor,
            learned_from: route.neighbor,
            next_hop: attributes.next_hop(),
            as_path: attributes.as_path().to_string(),
            origin: match attributes.origin() {
                Origin::Igp => "igp",
                Origin::Egp => "egp",
                Origin::Incomplete => "incomplete",
            },
            med: attributes.med(),
            communities: attributes.communities().map(|it| it.to_string()).collect(),
            extended_communities: attributes
                .extended_communities()
                .map(|it| it.to_string())
                .collect(),
            large_communities: attributes
                .large_communities()
                .map(|it| it.to_string())
                .collect(),
            accepted: rejection.is_none(),
            rejected_because: rejection.map(|reason| reason.to_string()),
            rejection: rejection.map(Rejection::name),
            stale: route.stale,
        }
    }
}

/// All routes as one JSON array, written while nobody says that it is not wanted any more.
pub(super) fn routes(shown: &[ShownRoutes], unwanted: impl Fn() -> bool) -> Option<Vec<u8>> {
    let mut text = vec![b'['];
    for route in shown.iter().flat_map(Route::all_of) {
        if unwanted() {
            return None;
        }
        if text.len() > 1 {
            text.push(b',');
        }
        serde_json::to_writer(&mut text, &route)
            .expect("a vector takes everything, and a route is made of numbers and strings");
    }
    text.push(b']');
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use demarc_bgp::rib::RouteView;
    use demarc_bgp::wire::PathAttributes;

    use super::*;

    #[test]
    fn routes_are_one_array_unless_nobody_waits_for_them() {
        let route = RouteView {
            prefix: "10.0.0.0/8".parse().unwrap(),
            attributes: PathAttributes::builder().build(),
            verdict: Verdict::Accepted,
            stale: false,
            session: None,
            neighbor: None,
        };
        let shown = vec![ShownRoutes {
            neighbor: "192.0.2.1".parse().unwrap(),
            routes: vec![route; 3],
        }];
        for (shown, count) in [(&[][..], 0), (&shown[..], 3)] {
            let text = routes(shown, || false).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(value.as_array().map(Vec::len), Some(count));
        }
        let looks = Cell::new(0);
        let hung_up = || looks.replace(looks.get() + 1) == 1;
        assert_eq!(routes(&shown, hung_up), None);
        assert_eq!(looks.get(), 2, "it goes no further");
    }
}
