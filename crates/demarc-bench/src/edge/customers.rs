//! Customers' routers: speakers of ours, each with one session and one prefix.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use demarc_bgp::policy::InterfaceKind;
use demarc_bgp::rib::{DeviceId, Origination, RegionId};
use demarc_bgp::wire::{Asn, Family};
use demarc_linux::Namespace;
use demarc_speaker::{
    Activity, ExportMode, GatewayNeighbor, GatewaySpeaker, NamespaceSockets, NeighborConfig,
    Secret, SpeakerConfig,
};
use ipnet::IpNet;
use tokio::task::JoinHandle;

pub(super) const KEY: &str = "for-measurements-only";
pub(super) const ASN: u32 = 65_001;
/// The port of BGP.
const BGP: u16 = 179;

/// What a customer's router is told.
pub(super) struct Plan<'a> {
    pub(super) site: &'a Namespace,
    pub(super) interface: &'a str,
    pub(super) own: IpNet,
    pub(super) neighbor: IpAddr,
    pub(super) neighbor_asn: u32,
    pub(super) announce: IpNet,
    pub(super) bfd: bool,
}

/// A router with one session.
pub(super) enum Customer {
    Plain {
        _speaker: GatewaySpeaker,
    },
    /// One that begins with BFD, too: a gateway's speaker waits for its customer to begin.
    WithBfd(JoinHandle<()>),
}

impl Customer {
    /// Ends the session without a word; its addresses are free then.
    pub(super) async fn end(self) {
        if let Self::WithBfd(task) = self {
            task.abort();
            // It was told to end: there is nothing to be said of how.
            _ = task.await;
        }
    }
}

impl Customer {
    pub(super) async fn start(plan: &Plan<'_>) -> anyhow::Result<Self> {
        let IpAddr::V4(router_id) = plan.own.addr() else {
            anyhow::bail!("customers speak IPv4 here");
        };
        let sockets = Arc::new(NamespaceSockets::new(plan.site.path()));
        let local = SocketAddr::new(plan.own.addr(), BGP);
        let neighbor = NeighborConfig {
            address: plan.neighbor,
            asn: Asn::new(plan.neighbor_asn),
            password: Some(Secret::new(KEY.as_bytes())),
            port: Some(BGP),
            family: Family::Ipv4,
            interface_kind: InterfaceKind::Private,
            site_link: false,
            export: ExportMode::Policy,
            site_link_limit: None,
            prefix_limit: u32::MAX,
            route_filter: Vec::new(),
            local_region: true,
            bfd: plan.bfd,
        };
        if plan.bfd {
            let config = SpeakerConfig {
                asn: Asn::new(ASN),
                router_id,
                listen: vec![local],
                control: None,
                neighbors: vec![neighbor],
                originate: vec![plan.announce],
                ttl: 1,
            };
            let run = demarc_speaker::run_with(config, sockets, std::future::pending());
            // What goes wrong shows in that no session comes up.
            return Ok(Self::WithBfd(tokio::spawn(async { _ = run.await })));
        }
        let mut speaker = GatewaySpeaker::start(sockets, router_id, 1, Activity::default())?;
        let announced = vec![Origination::new(plan.announce)];
        speaker.originate(announced).await?;
        speaker
            .add(&GatewayNeighbor {
                local_asn: Asn::new(ASN),
                local,
                interface: Some(Arc::from(plan.interface)),
                subnet: None,
                region: RegionId::default(),
                device: DeviceId::default(),
                neighbor,
            })
            .await?;
        Ok(Self::Plain { _speaker: speaker })
    }
}
