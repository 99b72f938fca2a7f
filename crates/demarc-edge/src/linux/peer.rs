//! A session of a virtual interface: what is asked of the speaker for it, and what it says of itself.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use demarc_bfd::State as BfdState;
use demarc_bgp::policy::InterfaceKind;
use demarc_bgp::rib::{Counters, DeviceId, RegionId};
use demarc_bgp::session::{IdleReason, LastError, State};
use demarc_bgp::wire::{Asn, Family};
use demarc_domain::device_status::PeerStatus;
use demarc_domain::entity::{Session, VirtualInterfaceKind};
use demarc_domain::intent::{PeerIntent, VirtualInterfaceIntent};
use demarc_speaker::{
    ExportMode, GatewayNeighbor, NeighborConfig, NeighborKey, NeighborReport, Secret, SessionStamp,
    md5,
};
use demarc_types::AddressFamily;

use super::gateway::Gateway;
use super::virtual_interface::{INNER_ENDS, name};

/// The port of BGP.
const BGP: u16 = 179;
/// A neighbor that does not mark the end of its routes has sent them by then.
const NO_END_OF_RIB: Duration = Duration::from_secs(5);

/// A session as it is followed.
pub(super) struct Peer {
    pub(super) intent: PeerIntent,
    pub(super) wanted: GatewayNeighbor,
    pub(super) key: NeighborKey,
    /// Held down by us.
    pub(super) shut: bool,
    pub(super) report: Option<NeighborReport>,
    /// When it was asked for the report.
    pub(super) stamp: Option<SessionStamp>,
    /// Changes of policy.
    pub(super) policies: u32,
    /// The kernel drops what seems to be its segments for their signature.
    pub(super) wrong_key: bool,
}

impl Peer {
    /// It has a key, and nobody has got as far as to speak BGP.
    pub(super) fn may_have_wrong_key(&self) -> bool {
        let report = self.report.as_ref();
        let waits = report.is_some_and(|report| {
            matches!(
                report.status.state,
                State::Connect | State::Active | State::Idle
            )
        });
        waits && !self.shut && !self.intent.auth_key.is_empty() && !self.waits_for_limit()
    }

    /// It announced too much, and the session rests.
    pub(super) fn waits_for_limit(&self) -> bool {
        let reason = self
            .report
            .as_ref()
            .and_then(|report| report.status.idle_reason.as_ref());
        matches!(reason, Some(IdleReason::PrefixLimit { .. }))
    }

    /// It has nothing more to say of its routes: it has sent all of them, or is not meant to.
    pub(super) fn has_said_all(&self) -> bool {
        let status = self.report.as_ref().map(|report| &report.status);
        let said_all = status.is_some_and(|status| {
            let marks_end = status
                .negotiated
                .as_ref()
                .is_some_and(|negotiated| negotiated.peer_capabilities.graceful_restart.is_some());
            let is_up = status.state == State::Established;
            let settled = is_up && status.in_state > NO_END_OF_RIB;
            status.end_of_rib || (settled && !marks_end)
        });
        self.shut || said_all
    }

    pub(super) fn routes_version(&self) -> RoutesVersion {
        let report = self.report.as_ref();
        let version = report.map(|report| RoutesVersion {
            established: report.status.counters.established,
            up: report.status.state == State::Established,
            received: report.status.counters.received.update,
            sent: report.status.counters.sent.update,
            counters: report.counters,
            policy: self.policies,
        });
        version.unwrap_or_default()
    }

    /// How the session is; `None` before it was asked.
    pub(super) fn status(&self) -> Option<PeerStatus> {
        let report = self.report.as_ref()?;
        // A session that we hold down is down, however long its last words take.
        let up = report.status.state == State::Established && !self.shut;
        let counted = |count: u32| if up { count } else { 0 };
        Some(PeerStatus {
            id: self.intent.id,
            session: if up { Session::Up } else { Session::Down },
            state: format!("{:?}", report.status.state),
            reason: (!up).then(|| self.reason(report)).flatten(),
            wrong_key: self.wrong_key && !up,
            bfd: report.bfd.map(|state| match state {
                BfdState::Up => Session::Up,
                _ => Session::Down,
            }),
            prefixes_received: if self.waits_for_limit() && !up {
                // Its routes are forgotten; it was one too many that ended the session.
                self.wanted.neighbor.prefix_limit.saturating_add(1)
            } else {
                counted(report.counters.received)
            },
            prefixes_accepted: counted(report.counters.accepted),
            prefixes_advertised: counted(report.counters.advertised),
        })
    }

    /// Why a session is not up, as far as we know.
    fn reason(&self, report: &NeighborReport) -> Option<String> {
        let status = &report.status;
        if self.shut {
            let why = if self.intent.shutdown {
                "held down by a failover test"
            } else {
                "its port is not in service"
            };
            return Some(why.to_owned());
        }
        if let Some(IdleReason::PrefixLimit { .. }) = status.idle_reason {
            let limit = self.wanted.neighbor.prefix_limit;
            return Some(format!("the neighbor announced more than {limit} prefixes"));
        }
        if self.wrong_key {
            return Some(format!("TCP segments were {}", md5::WRONG_SIGNATURE));
        }
        let said =
            |what: &str, error: &LastError| (error.at, format!("{what} {}", error.notification));
        let sent = status.last_sent.as_ref().map(|it| said("we sent", it));
        let received = status
            .last_received
            .as_ref()
            .map(|it| said("the neighbor sent", it));
        let broken = status.last_connection_error.clone();
        let last = sent.into_iter().chain(received).chain(broken);
        last.max_by_key(|(at, _)| *at).map(|(_, text)| text)
    }
}

/// Differs when the routes of a session may differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RoutesVersion {
    established: u64,
    up: bool,
    received: u64,
    sent: u64,
    counters: Counters,
    policy: u32,
}

/// Of one session or not: what cannot change while it is up.
pub(super) fn same_session(left: &PeerIntent, right: &PeerIntent) -> bool {
    left.asn == right.asn
        && left.auth_key == right.auth_key
        && left.local == right.local
        && left.remote == right.remote
}

/// What the neighbor is told when its session is held down (RFC 9003).
pub(super) fn shutdown_text(peer: &PeerIntent) -> String {
    match (peer.shutdown, peer.test) {
        (true, Some(test)) => format!("failover test {test}"),
        (true, None) => "failover test".to_owned(),
        (false, _) => "port down".to_owned(),
    }
}

/// What may change while the session is up.
pub(super) fn policy(
    neighbor: &GatewayNeighbor,
) -> (u32, bool, &[ipnet::IpNet], RegionId, DeviceId) {
    let config = &neighbor.neighbor;
    let (region, device) = (neighbor.region, neighbor.device);
    let filter = &config.route_filter;
    (
        config.prefix_limit,
        config.site_link,
        filter,
        region,
        device,
    )
}

/// The length of a prefix that is one host.
pub(super) const fn host_length(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// What is asked of the speaker.
pub(super) fn neighbor(
    peer: &PeerIntent,
    intent: &VirtualInterfaceIntent,
    gateway: &mut Gateway,
) -> GatewayNeighbor {
    let (family, prefix_limit) = match peer.family {
        AddressFamily::Ipv4 => (Family::Ipv4, intent.prefix_limit_ipv4),
        AddressFamily::Ipv6 => (Family::Ipv6, intent.prefix_limit_ipv6),
    };
    GatewayNeighbor {
        local_asn: Asn::new(intent.asn.get()),
        local: SocketAddr::new(peer.local.address(), BGP),
        interface: Some(Arc::from(name(INNER_ENDS, intent.id))),
        subnet: Some(peer.local.network()),
        region: gateway.region(intent.region),
        device: gateway.device(intent.device.as_deref()),
        neighbor: NeighborConfig {
            address: peer.remote.address(),
            asn: Asn::new(peer.asn.get()),
            password: (!peer.auth_key.is_empty()).then(|| Secret::new(peer.auth_key.as_bytes())),
            port: Some(BGP),
            family,
            interface_kind: match intent.kind {
                VirtualInterfaceKind::Private => InterfaceKind::Private,
                VirtualInterfaceKind::Public => InterfaceKind::Public,
                VirtualInterfaceKind::Transit => InterfaceKind::Transit,
            },
            site_link: intent.site_link,
            export: ExportMode::Policy,
            // One allocation sets both (spec/routing §2).
            site_link_limit: Some(prefix_limit),
            prefix_limit,
            route_filter: intent.route_filter_prefixes.clone(),
            local_region: true,
            bfd: true,
        },
    }
}
