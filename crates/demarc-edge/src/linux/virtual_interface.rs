//! One virtual interface: a pair of interfaces, a VLAN, addresses, and its sessions.

use std::collections::BTreeMap;
use std::sync::Arc;

use demarc_domain::device_status::{TrafficCounters, VirtualInterfaceStatus};
use demarc_domain::entity::VirtualInterfaceKind;
use demarc_domain::intent::VirtualInterfaceIntent;
use demarc_linux::{Kernel, KernelError, Link, VethSpec, VifCounters, VlanDelivery, VlanProgram};
use demarc_speaker::{NeighborKey, SessionStamp};
use demarc_types::{BgpPeerId, VirtualInterfaceId};
use tracing::info;

use super::edge::LinuxError;
use super::forwarding::{FROM_INTERFACE, FROM_SITE_LINK, answers};
use super::gateway::Gateway;
use super::peer::{Peer, same_session};
use super::status;

mod sessions;

/// Names of the ends beside the ports begin like this.
pub(super) const OUTER_ENDS: &str = "dmcv";
/// What outer ends are marked with begins like this.
const MARK: &str = "demarc:";
/// Names of the ends in the gateways.
pub(super) const INNER_ENDS: &str = "vif-";

/// A session to be asked how it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unheard {
    peer: BgpPeerId,
    pub(super) key: NeighborKey,
    /// When it is asked: what happens later is told again.
    stamp: Option<SessionStamp>,
}

/// A virtual interface that stands.
pub(super) struct Standing {
    pub(super) intent: Arc<VirtualInterfaceIntent>,
    /// The intent was followed to its end.
    settled: bool,
    pub(super) device: String,
    pub(super) delivery: VlanDelivery,
    inner: u32,
    peers: BTreeMap<BgpPeerId, Peer>,
    pub(super) counters: TrafficCounters,
    /// The end in the gateway has gone from there: what is left is to be made anew.
    pub(super) is_broken: bool,
    /// As it was shown last.
    shown: Arc<VirtualInterfaceStatus>,
}

/// An interface's name has at most 15 bytes; an id's suffix has 8.
pub(super) fn name(prefix: &str, id: VirtualInterfaceId) -> String {
    let suffix = id.suffix().to_owned();
    let start = suffix.len().saturating_sub(11);
    format!("{prefix}{}", &suffix[start..])
}

/// What an outer end is marked with: whose it is, and on which device.
pub(super) fn mark(id: VirtualInterfaceId, device: &str) -> String {
    format!("{MARK}{id} {device}")
}

/// The device of a mark.
pub(super) fn device_of(alias: &str) -> Option<&str> {
    let (_, device) = alias.strip_prefix(MARK)?.split_once(' ')?;
    Some(device)
}

/// The two ends, those that are there if they are whole.
fn pair(
    outer: &str,
    inner: &str,
    mtu: u32,
    gateway: &mut Gateway,
    host: &mut Kernel,
) -> Result<(Link, Link), LinuxError> {
    if let (Some(outside), Some(inside)) = (host.link(outer)?, gateway.kernel.link(inner)?) {
        info!(interface = outer, "taken over from an earlier process");
        return Ok((outside, inside));
    }
    // Half a pair, or one in another gateway. A pair is marked before it is brought up.
    if let Some(link) = host.link(outer)? {
        if device_of(&link.alias).is_none() && (link.up || !link.alias.is_empty()) {
            return Err(LinuxError::InTheWay(outer.to_owned()));
        }
        host.remove_link(outer)?;
    }
    host.add_veth(VethSpec {
        name: outer,
        peer: inner,
        namespace: &gateway.namespace,
        mtu,
    })?;
    Ok((host.existing(outer)?, gateway.kernel.existing(inner)?))
}

impl Standing {
    /// Makes the pair, or takes the one that an earlier process made, and starts delivery. Sessions come
    /// with [`Standing::follow`].
    pub(super) fn make(
        intent: &VirtualInterfaceIntent,
        device: &str,
        port: u32,
        gateway: &mut Gateway,
        host: &mut Kernel,
        program: &mut VlanProgram,
    ) -> Result<Self, LinuxError> {
        let outer = name(OUTER_ENDS, intent.id);
        let inner = name(INNER_ENDS, intent.id);
        let mtu = u32::from(intent.mtu);
        let (outside, inside) = pair(&outer, &inner, mtu, gateway, host)?;
        let mark = mark(intent.id, device);
        if outside.alias != mark {
            host.set_alias(outside.index, &mark)?;
        }
        if outside.mtu != mtu || inside.mtu != mtu {
            host.set_mtu(outside.index, mtu)?;
            gateway.kernel.set_mtu(inside.index, mtu)?;
        }
        gateway.drop_addresses(inside.index, intent)?;
        let delivery = VlanDelivery {
            port,
            vlan: intent.vlan.get(),
            outer_end: outside.index,
            mac: inside.mac,
            mtu: intent.mtu,
            source_check: intent.kind == VirtualInterfaceKind::Public,
        };
        program.police(outside.index, intent.police_megabits, intent.mtu)?;
        program.deliver(delivery)?;
        if !intent.in_service {
            program.suspend(delivery);
        }
        // Only now: a program that an earlier process left delivers until ours takes over.
        program.attach_outer_end(host, &outer)?;
        host.set_up(outside.index)?;
        gateway.kernel.set_up(inside.index)?;
        info!(interface = %intent.id, vlan = intent.vlan.get(), namespace = gateway.namespace.name(), "virtual interface is up");
        let mut standing = Self {
            intent: Arc::new(VirtualInterfaceIntent {
                peers: Vec::new(),
                ..intent.clone()
            }),
            settled: false,
            device: device.to_owned(),
            delivery,
            inner: inside.index,
            peers: BTreeMap::new(),
            counters: TrafficCounters::default(),
            is_broken: false,
            shown: Arc::new(VirtualInterfaceStatus {
                id: intent.id,
                generation: intent.generation,
                counters: TrafficCounters::default(),
                peers: Vec::new(),
            }),
        };
        standing.set_table(gateway, intent.site_link)?;
        let end = outside.index;
        gateway.kernel.set_mark_table(end, Some(answers(end)))?;
        Ok(standing)
    }

    fn set_table(&mut self, gateway: &mut Gateway, site_link: bool) -> Result<(), KernelError> {
        let table = if site_link {
            FROM_SITE_LINK
        } else {
            FROM_INTERFACE
        };
        let inner = name(INNER_ENDS, self.intent.id);
        gateway
            .kernel
            .set_input_table(&inner, self.inner, Some(table))
    }

    /// Whether it was made as this intent has it: there is nothing to do.
    pub(super) fn is_as(&self, intent: &Arc<VirtualInterfaceIntent>) -> bool {
        // Of an intent that is the very same object nothing has to be compared.
        self.settled && self.intent == *intent
    }

    /// Changes what differs from the intent; sessions that it does not concern stay up.
    pub(super) async fn follow(
        &mut self,
        intent: &Arc<VirtualInterfaceIntent>,
        gateway: &mut Gateway,
        host: &mut Kernel,
        program: &mut VlanProgram,
    ) -> Result<(), LinuxError> {
        self.settled = false;
        let end = self.delivery.outer_end;
        if intent.mtu != self.intent.mtu {
            host.set_mtu(end, u32::from(intent.mtu))?;
            gateway.kernel.set_mtu(self.inner, u32::from(intent.mtu))?;
            self.delivery.mtu = intent.mtu;
            let keys: Vec<NeighborKey> = self.peers.values().map(|peer| peer.key).collect();
            gateway.set_mtu(&keys, intent.mtu);
        }
        if (intent.mtu, intent.in_service) != (self.intent.mtu, self.intent.in_service) {
            program.deliver(self.delivery)?;
            if !intent.in_service {
                // A port that must be encrypted and is not, or that is down: nothing comes in.
                program.suspend(self.delivery);
            }
        }
        let rate = |intent: &VirtualInterfaceIntent| (intent.police_megabits, intent.mtu);
        if rate(intent) != rate(&self.intent) {
            program.police(end, intent.police_megabits, intent.mtu)?;
        }
        if intent.site_link != self.intent.site_link {
            self.set_table(gateway, intent.site_link)?;
        }
        let changed = |peer: &Peer| {
            let wanted = intent
                .peers
                .iter()
                .find(|wanted| wanted.id == peer.intent.id);
            wanted.is_none_or(|wanted| {
                !same_session(wanted, &peer.intent) || intent.asn != self.intent.asn
            })
        };
        let gone: Vec<BgpPeerId> = self
            .peers
            .iter()
            .filter(|(_, peer)| changed(peer))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.remove_peer(id, gateway, program).await?;
        }
        for peer in &intent.peers {
            self.follow_peer(peer, intent, gateway, program).await?;
        }
        self.intent = Arc::clone(intent);
        self.settled = true;
        Ok(())
    }

    /// Takes the frames that the gateway sends by it, and keeps its station, if somebody changed these.
    pub(super) fn keep_delivery(
        &mut self,
        gateway: &mut Gateway,
        host: &mut Kernel,
        program: &mut VlanProgram,
    ) -> Result<(), KernelError> {
        // The gateway was looked at just now, if it could be.
        self.is_broken = !gateway.inside.is_empty() && !gateway.inside.contains_key(&self.inner);
        if self.is_broken {
            return Err(KernelError::NoInterface(name(INNER_ENDS, self.intent.id)));
        }
        if let Some((mac, mtu)) = gateway.inside.get(&self.inner).copied() {
            if mac != self.delivery.mac {
                // The customer remembers the old one for a while.
                info!(interface = %self.intent.id, "its station gets its address back");
                gateway.kernel.set_mac(self.inner, self.delivery.mac)?;
            }
            let wanted = u32::from(self.intent.mtu);
            if mtu != wanted {
                info!(interface = %self.intent.id, mtu = wanted, "its MTU is set back");
                gateway.kernel.set_mtu(self.inner, wanted)?;
            }
        }
        if program.is_attached(self.delivery.outer_end) {
            return Ok(());
        }
        let outer = name(OUTER_ENDS, self.intent.id);
        info!(interface = outer, "its filter had been taken away");
        program.attach_outer_end(host, &outer)
    }

    /// What was counted of it; whether its customer has sent something since the last time.
    pub(super) fn count(&mut self, seen: VifCounters) -> bool {
        let counted = TrafficCounters {
            wrong_signature: self.counters.wrong_signature,
            ..status::traffic(seen)
        };
        let before = std::mem::replace(&mut self.counters, counted);
        before.in_packets != counted.in_packets
    }

    /// What there is to say of it; the same object as before when nothing differs.
    pub(super) fn status(&mut self) -> Arc<VirtualInterfaceStatus> {
        let (generation, counters) = (self.intent.generation, self.counters);
        if (self.shown.generation, self.shown.counters) != (generation, counters) {
            let shown = Arc::make_mut(&mut self.shown);
            (shown.generation, shown.counters) = (generation, counters);
        }
        Arc::clone(&self.shown)
    }

    /// Says good-bye to the neighbors and removes everything. What could not be removed is tried again.
    pub(super) async fn end(
        &mut self,
        gateway: &mut Gateway,
        host: &mut Kernel,
        program: &mut VlanProgram,
    ) -> Result<(), LinuxError> {
        let peers: Vec<BgpPeerId> = self.peers.keys().copied().collect();
        for id in peers {
            self.remove_peer(id, gateway, program).await?;
        }
        gateway.sources.forget(self.delivery.outer_end, program);
        program.end(self.delivery);
        let inner = name(INNER_ENDS, self.intent.id);
        gateway.kernel.set_input_table(&inner, self.inner, None)?;
        let end = self.delivery.outer_end;
        gateway.kernel.set_mark_table(end, None)?;
        gateway.kernel.forget_addresses(self.inner);
        // Whoever has its name by now.
        host.remove_index(self.delivery.outer_end)?;
        program.forget(self.delivery.outer_end);
        info!(interface = %self.intent.id, "virtual interface is gone");
        Ok(())
    }
}
