//! The sessions of a virtual interface: which there are, and how they are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use demarc_bgp::session::Command;
use demarc_domain::device_status::PeerStatus;
use demarc_domain::intent::{PeerIntent, VirtualInterfaceIntent};
use demarc_linux::{NextHop, VlanProgram};
use demarc_speaker::{NeighborKey, NeighborReport};
use demarc_types::BgpPeerId;
use tracing::warn;

use super::super::edge::LinuxError;
use super::super::forwarding::{Neighbor, answers};
use super::super::gateway::Gateway;
use super::super::peer::{Peer, RoutesVersion, host_length, neighbor, policy, shutdown_text};
use super::{Standing, Unheard};

impl Standing {
    pub(super) async fn follow_peer(
        &mut self,
        peer: &PeerIntent,
        intent: &VirtualInterfaceIntent,
        gateway: &mut Gateway,
        program: &mut VlanProgram,
    ) -> Result<(), LinuxError> {
        let wanted = neighbor(peer, intent, gateway);
        let shut = peer.shutdown || !intent.in_service;
        let checked = self
            .delivery
            .source_check
            .then_some(self.delivery.outer_end);
        let remote = peer.remote.address();
        if !self.peers.contains_key(&peer.id) {
            let length = peer.local.network().prefix_len();
            gateway
                .kernel
                .add_address(self.inner, peer.local.address(), length)?;
            self.answer_on(gateway, peer, true);
            let key = gateway.speaker.add(&wanted).await?;
            let forwarding = Neighbor {
                address: remote,
                interface: self.inner,
                mtu: intent.mtu,
                checked,
            };
            gateway.neighbors.insert(key, forwarding);
            gateway.seed_sources(forwarding, program)?;
            if let Some(end) = checked {
                program.allow_source(end, remote, host_length(remote))?;
            }
            let made = Peer {
                intent: peer.clone(),
                wanted: wanted.clone(),
                key,
                shut: false,
                report: None,
                stamp: None,
                policies: 0,
                wrong_key: false,
            };
            self.peers.insert(peer.id, made);
        }
        let Some(known) = self.peers.get_mut(&peer.id) else {
            return Ok(());
        };
        if policy(&known.wanted) != policy(&wanted) {
            gateway.speaker.set_policy(known.key, &wanted).await?;
            known.policies += 1;
            // Counters may be others now.
            known.stamp = None;
            if wanted.neighbor.prefix_limit > known.wanted.neighbor.prefix_limit
                && known.waits_for_limit()
            {
                let text = "the prefix limit was raised".to_owned();
                gateway
                    .speaker
                    .command(known.key, Command::Clear { text })
                    .await?;
            }
        }
        if shut != known.shut {
            let command = if shut {
                let text = shutdown_text(peer);
                Command::Shutdown { text }
            } else {
                Command::Enable
            };
            gateway.speaker.command(known.key, command).await?;
        }
        (known.wanted, known.shut, known.intent) = (wanted, shut, peer.clone());
        Ok(())
    }

    pub(super) async fn remove_peer(
        &mut self,
        id: BgpPeerId,
        gateway: &mut Gateway,
        program: &mut VlanProgram,
    ) -> Result<(), LinuxError> {
        let Some(peer) = self.peers.remove(&id) else {
            return Ok(());
        };
        gateway.speaker.remove(peer.key).await;
        // Its routes go before what they point at.
        gateway.forward(program).await?;
        gateway.neighbors.remove(&peer.key);
        if self.delivery.source_check {
            let remote = peer.intent.remote.address();
            program.forbid_source(self.delivery.outer_end, remote, host_length(remote));
        }
        let (address, length) = (
            peer.intent.local.address(),
            peer.intent.local.network().prefix_len(),
        );
        let shared = self
            .peers
            .values()
            .any(|other| other.intent.local.address() == address);
        if !shared {
            gateway.kernel.remove_address(self.inner, address, length)?;
        }
        let network = peer.intent.local.network();
        let mut others = self.peers.values();
        if others.all(|other| other.intent.local.network() != network) {
            self.answer_on(gateway, &peer.intent, false);
        }
        Ok(())
    }

    /// What the gateway itself answers to those in the network of a peer goes out by this interface, or no
    /// longer.
    fn answer_on(&self, gateway: &mut Gateway, peer: &PeerIntent, wanted: bool) {
        let network = peer.local.network().trunc();
        let any = match network.network() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let next_hop = NextHop {
            address: any,
            interface: self.inner,
        };
        let table = answers(self.delivery.outer_end);
        let to = wanted.then_some((std::slice::from_ref(&next_hop), None));
        let (address, length) = (network.network(), network.prefix_len());
        gateway.kernel.want_route(table, address, length, to);
    }

    /// The sessions that something may have happened to, or all.
    pub(in crate::linux) fn unheard(&self, gateway: &Gateway, all: bool) -> Vec<Unheard> {
        // What a session has said since a restart depends on the time, too.
        let all = all || gateway.adoption.is_some();
        let peers = self.peers.iter().filter_map(|(id, peer)| {
            let stamp = gateway.speaker.stamp(peer.key);
            (all || peer.stamp != stamp).then_some(Unheard {
                peer: *id,
                key: peer.key,
                stamp,
            })
        });
        peers.collect()
    }

    /// Takes in what a session said of itself.
    pub(in crate::linux) fn hear(&mut self, unheard: Unheard, report: Option<NeighborReport>) {
        let Some(peer) = self.peers.get_mut(&unheard.peer) else {
            return;
        };
        if report.is_none() {
            warn!(peer = %unheard.peer, "no report of a session: its task has ended");
        }
        (peer.report, peer.stamp) = (report, unheard.stamp);
        peer.wrong_key &= peer.may_have_wrong_key();
    }

    /// Whether a session waits for a customer who may have another key.
    pub(in crate::linux) fn may_have_wrong_key(&self) -> bool {
        self.peers.values().any(Peer::may_have_wrong_key)
    }

    /// The kernel has dropped segments for their signature while such a session waited.
    pub(in crate::linux) fn suspect_key(&mut self, segments: u64) {
        self.counters.wrong_signature += segments;
        let peers = self.peers.values_mut();
        for peer in peers.filter(|peer| peer.may_have_wrong_key()) {
            peer.wrong_key = true;
        }
    }

    /// Shows the sessions as they are by what they said last; whether that is new.
    pub(in crate::linux) fn show_sessions(&mut self) -> bool {
        let now: Vec<PeerStatus> = self.peers.values().filter_map(Peer::status).collect();
        let differ = self.shown.peers != now;
        if differ {
            Arc::make_mut(&mut self.shown).peers = now;
        }
        differ
    }

    /// The next hops of the sessions, each with whether it has nothing more to say of its routes: the
    /// neighbor has sent all of them, or is not meant to.
    pub(in crate::linux) fn recovered(&self) -> impl Iterator<Item = (NextHop, bool)> + '_ {
        self.peers.values().map(|peer| {
            let next_hop = NextHop {
                address: peer.intent.remote.address(),
                interface: self.inner,
            };
            (next_hop, peer.has_said_all())
        })
    }

    /// The sessions, for whoever wants to see their routes, each with what tells whether these have
    /// changed.
    pub(in crate::linux) fn sessions(
        &self,
    ) -> impl Iterator<Item = (BgpPeerId, NeighborKey, RoutesVersion)> + '_ {
        let peers = self.peers.iter();
        peers.map(|(id, peer)| (*id, peer.key, peer.routes_version()))
    }

    pub(in crate::linux) fn count_sessions(&self) -> usize {
        self.peers.len()
    }
}
