//! Which packets a gateway sends where: section 7 of spec/routing. Who may send packets to whom is the
//! choice of the table that they are looked up in.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use demarc_bgp::rib::RegionId;
use demarc_linux::{Kernel, KernelError, NextHop, Table, VlanProgram};
use demarc_speaker::{ForwardingChange, NeighborKey};
use demarc_types::Prefix;

use super::edge::LinuxError;
use super::gateway::{Gateway, Owner, Uplink};

/// Looked up for packets from a virtual interface: what lies behind the uplinks.
pub(super) const FROM_INTERFACE: Table = Table(1001);
/// The same, and the other interfaces with SiteLink.
pub(super) const FROM_SITE_LINK: Table = Table(1002);

/// Of what is learned from interfaces that differ in theirs.
const COMMON_MTU: u32 = 1_500;

/// Looked up for packets from an uplink of a Region: the virtual interfaces, never another uplink.
pub(super) fn from_uplink(region: RegionId) -> Table {
    Table(1003 + u32::from(region.0))
}

/// Looked up for what the gateway itself answers to packets of a virtual interface, which carries the index of
/// the outer end as its mark: the networks of its peers. Other interfaces may have the same ones (spec/routing §7).
pub(super) fn answers(outer_end: u32) -> Table {
    Table(1_000_000_000 + outer_end)
}

/// A neighbor as forwarding sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Neighbor {
    pub(super) address: IpAddr,
    /// Index of the virtual interface in the gateway.
    pub(super) interface: u32,
    /// Of the virtual interface.
    pub(super) mtu: u16,
    /// The outer end of the interface when only announced sources may send.
    pub(super) checked: Option<u32>,
}

/// Which prefixes may send by which outer end.
#[derive(Debug, Default)]
pub(super) struct Sources(BTreeMap<u32, BTreeSet<Prefix>>);

impl Sources {
    fn follow(
        &mut self,
        change: &ForwardingChange,
        neighbors: &BTreeMap<NeighborKey, Neighbor>,
        program: &mut VlanProgram,
    ) -> Result<(), KernelError> {
        let (address, length) = (change.prefix.network(), change.prefix.prefix_len());
        let ends: BTreeSet<u32> = neighbors.values().filter_map(|one| one.checked).collect();
        for end in ends {
            let allowed = change.accepted.iter().any(|key| {
                let neighbor = neighbors.get(key);
                neighbor.is_some_and(|neighbor| neighbor.checked == Some(end))
            });
            let known = self.0.entry(end).or_default();
            if allowed && known.insert(change.prefix) {
                program.allow_source(end, address, length)?;
            } else if !allowed && known.remove(&change.prefix) {
                program.forbid_source(end, address, length);
            }
        }
        Ok(())
    }

    /// Lets a source pass that was accepted before a restart.
    pub(super) fn seed(
        &mut self,
        end: u32,
        prefix: Prefix,
        program: &mut VlanProgram,
    ) -> Result<(), KernelError> {
        if self.0.entry(end).or_default().insert(prefix) {
            program.allow_source(end, prefix.network(), prefix.prefix_len())?;
        }
        Ok(())
    }

    /// A source was accepted before a restart and has not been announced again.
    pub(super) fn drop_one(&mut self, end: u32, prefix: Prefix, program: &mut VlanProgram) {
        let known = self.0.get_mut(&end);
        if known.is_some_and(|known| known.remove(&prefix)) {
            program.forbid_source(end, prefix.network(), prefix.prefix_len());
        }
    }

    /// Takes back what is left of an interface that goes.
    pub(super) fn forget(&mut self, end: u32, program: &mut VlanProgram) {
        for prefix in self.0.remove(&end).unwrap_or_default() {
            program.forbid_source(end, prefix.network(), prefix.prefix_len());
        }
    }
}

impl Gateway {
    /// Whether the speaker has changes for [`Gateway::forward`].
    pub(super) fn has_news(&self) -> bool {
        self.forwarded != self.speaker.forwarding_stamp()
    }

    /// Takes routes from the speaker's tables into the kernel.
    pub(super) async fn forward(&mut self, program: &mut VlanProgram) -> Result<(), LinuxError> {
        // Before the question: what comes behind it is news again.
        self.forwarded = self.speaker.forwarding_stamp();
        let regions: Vec<RegionId> = self.tables.iter().copied().collect();
        // A Region that came later has not been told yet.
        let partial = |known: &&ForwardingChange| known.by_region.len() != regions.len();
        let again = self.routes.values().filter(partial);
        let again = again.map(|known| known.prefix).collect();
        let changes = self.speaker.forwarding_changes(regions, again).await?;
        let changed: Vec<Prefix> = changes.iter().map(|change| change.prefix).collect();
        for change in changes {
            self.program(&change);
            self.sources.follow(&change, &self.neighbors, program)?;
            if change.accepted.is_empty() {
                self.routes.remove(&change.prefix);
            } else {
                self.routes.insert(change.prefix, change);
            }
        }
        if self.hairpin {
            self.cross_again(|behind| changed.iter().any(|prefix| prefix.contains(&behind)));
        }
        Ok(())
    }

    fn next_hops(&self, keys: &[NeighborKey]) -> Vec<NextHop> {
        let known = keys.iter().filter_map(|key| self.neighbors.get(key));
        let next_hop = |neighbor: &Neighbor| NextHop {
            address: neighbor.address,
            interface: neighbor.interface,
        };
        known.map(next_hop).collect()
    }

    /// The longest packet of a prefix where that is not the interface's own choice: what was learned from
    /// interfaces of different MTUs takes 1500 bytes whichever way it goes (spec/routing §9).
    fn common_mtu(&self, accepted: &[NeighborKey]) -> Option<u32> {
        let known = accepted.iter().filter_map(|key| self.neighbors.get(key));
        let mtus: BTreeSet<u16> = known.map(|neighbor| neighbor.mtu).collect();
        (mtus.len() > 1).then_some(COMMON_MTU)
    }

    /// The interface of these sessions has another MTU now.
    pub(super) fn set_mtu(&mut self, keys: &[NeighborKey], mtu: u16) {
        for key in keys {
            if let Some(neighbor) = self.neighbors.get_mut(key) {
                neighbor.mtu = mtu;
            }
        }
        let known = self.routes.values();
        let concerned = known.filter(|known| keys.iter().any(|key| known.accepted.contains(key)));
        for change in concerned.cloned().collect::<Vec<_>>() {
            self.program(&change);
        }
    }

    fn program(&mut self, change: &ForwardingChange) {
        let prefix = change.prefix;
        let owner = self.owner(prefix);
        let mtu = self.common_mtu(&change.accepted);
        let tables: Vec<RegionId> = self.tables.iter().copied().collect();
        for (region, keys) in tables.into_iter().zip(&change.by_region) {
            let next_hops = self.next_hops(keys);
            match owner {
                Some(Owner::Uplink) if self.is_own(prefix) => {}
                // A part of a VPC: packets for it go where those for the VPC go.
                Some(Owner::Uplink) => {
                    set(&mut self.kernel, from_uplink(region), prefix, &[], None)
                }
                Some(Owner::Customer) if next_hops.is_empty() => {
                    self.cross(region, prefix);
                }
                Some(Owner::Customer) | None => {
                    let table = from_uplink(region);
                    set(&mut self.kernel, table, prefix, &next_hops, mtu);
                }
            }
        }
        if self.is_own(prefix) {
            // The gateway's own networks are not for a customer to take over.
            return;
        }
        if owner.is_some() {
            for table in [Table::MAIN, FROM_SITE_LINK] {
                set(&mut self.kernel, table, prefix, &[], None);
            }
            return;
        }
        let all = match change.by_region.first() {
            Some(keys) => self.next_hops(keys),
            None => self.next_hops(&change.accepted),
        };
        let site_link = self.next_hops(&change.site_link);
        set(&mut self.kernel, Table::MAIN, prefix, &all, mtu);
        set(&mut self.kernel, FROM_SITE_LINK, prefix, &site_link, mtu);
    }

    /// Who decides about a prefix that lies behind an uplink. What is a part of a VPC is the VPC's, too
    /// (spec/routing §3).
    fn owner(&self, prefix: Prefix) -> Option<Owner> {
        let is_its = |uplink: &&Uplink| match uplink.owner {
            Owner::Uplink => uplink.prefixes.iter().any(|own| own.contains(&prefix)),
            Owner::Customer => uplink.prefixes.contains(&prefix),
        };
        let mut owners = self.uplinks.values().filter(is_its);
        owners.next().map(|uplink| uplink.owner)
    }

    /// Whether the prefix itself lies behind an uplink.
    fn is_own(&self, prefix: Prefix) -> bool {
        let mut uplinks = self.uplinks.values();
        uplinks.any(|uplink| uplink.prefixes.contains(&prefix))
    }

    /// Decides about packets from uplinks for a prefix behind one: no uplink reaches another through this
    /// gateway, unless that is allowed and a customer's route covers what is behind it (spec/routing §7).
    fn cross(&mut self, region: RegionId, prefix: Prefix) {
        if self.hairpin && self.is_covered(region, prefix) {
            let mut uplinks = self.uplinks.values();
            let behind = uplinks.find(|uplink| uplink.prefixes.contains(&prefix));
            if let Some(next_hop) = behind.and_then(|uplink| uplink.next_hop(prefix)) {
                let table = from_uplink(region);
                set(&mut self.kernel, table, prefix, &[next_hop], None);
                return;
            }
        }
        self.block(region, prefix);
    }

    /// Whether a customer's route of exactly this prefix takes traffic of the Region.
    fn has_customer(&self, region: RegionId, prefix: Prefix) -> bool {
        let place = self.tables.iter().position(|known| *known == region);
        let route = self.routes.get(&prefix);
        let keys = route
            .zip(place)
            .and_then(|(route, place)| route.by_region.get(place));
        keys.is_some_and(|keys| !self.next_hops(keys).is_empty())
    }

    /// The same for one that covers the prefix.
    fn is_covered(&self, region: RegionId, prefix: Prefix) -> bool {
        let mut covering = std::iter::successors(Some(prefix), Prefix::supernet);
        covering.any(|wider| self.has_customer(region, wider))
    }

    /// Decides again about prefixes behind uplinks.
    fn cross_again(&mut self, concerned: impl Fn(Prefix) -> bool) {
        let all = self.uplinks.values();
        let all = all.flat_map(|uplink| uplink.prefixes.iter().copied());
        let prefixes: Vec<Prefix> = all.filter(|prefix| concerned(*prefix)).collect();
        for prefix in prefixes {
            let customers = self.owner(prefix) == Some(Owner::Customer);
            for region in self.tables.clone() {
                // What a customer announces of the very same goes to the customer.
                if !customers || !self.has_customer(region, prefix) {
                    self.cross(region, prefix);
                }
            }
        }
    }

    /// Whether uplinks may reach each other, from now on.
    pub(super) fn set_hairpin(&mut self, allowed: bool) -> Result<(), KernelError> {
        if self.hairpin != allowed {
            self.hairpin = allowed;
            self.cross_again(|_| true);
        }
        // What an uplink sends for what lies behind itself would go round until its TTL ends.
        for uplink in self.uplinks.values_mut() {
            let refused = if allowed {
                uplink.prefixes.clone()
            } else {
                Vec::new()
            };
            if uplink.refused != refused {
                let own = refused.iter().map(|one| (one.network(), one.prefix_len()));
                let own: Vec<_> = own.collect();
                let interface = &uplink.binding.interface;
                self.kernel.refuse_input(interface, &own)?;
                uplink.refused = refused;
            }
        }
        Ok(())
    }

    /// Packets for the prefix are refused in the table of the Region's uplinks.
    fn block(&mut self, region: RegionId, prefix: Prefix) {
        let (address, length) = (prefix.network(), prefix.prefix_len());
        // The end of the table refuses what nothing else is said of.
        if length > 0 {
            self.kernel
                .want_route(from_uplink(region), address, length, Some((&[], None)));
        }
    }

    /// Packets for a prefix go to an uplink, or no longer.
    pub(super) fn uplink_route(&mut self, prefix: Prefix, to: Option<NextHop>) {
        for table in [FROM_INTERFACE, FROM_SITE_LINK, Table::MAIN] {
            set(&mut self.kernel, table, prefix, to.as_slice(), None);
        }
        for region in self.tables.clone() {
            match to {
                Some(_) => self.cross(region, prefix),
                None => set(&mut self.kernel, from_uplink(region), prefix, &[], None),
            }
        }
        // What customers announce of the same, or of parts of it, comes to its right.
        let known = self.routes.values();
        let inside = known.filter(|known| prefix.contains(&known.prefix));
        for known in inside.cloned().collect::<Vec<_>>() {
            self.program(&known);
        }
    }
}

/// What the kernel does not take now is tried again when the gateway is looked at.
fn set(kernel: &mut Kernel, table: Table, prefix: Prefix, next_hops: &[NextHop], mtu: Option<u32>) {
    let to = (!next_hops.is_empty()).then_some((next_hops, mtu));
    kernel.want_route(table, prefix.network(), prefix.prefix_len(), to);
}
