//! What an earlier process left: it goes on forwarding, and is replaced piece by piece.
//!
//! Routes of neighbors stay until these have said again what they have to say, or the restart time is over
//! (RFC 4724 §4.1, as the speaker that restarted).

use demarc_bgp::session::SessionConfig;
use demarc_domain::intent::VirtualInterfaceIntent;
use demarc_linux::{Kernel, KernelError, KnownRoute, NextHop, VlanProgram};
use demarc_types::Prefix;
use tokio::time::Instant;
use tracing::info;

use super::edge::LinuxError;
use super::forwarding::Neighbor;
use super::gateway::Gateway;

/// Looks that pass between the word of a session that it has said all and its routes being judged: they
/// are on their way through the tables.
const LOOKS: u32 = 5;

/// Routes that nobody has set again yet.
pub(super) struct Adoption {
    stale: Vec<KnownRoute>,
    until: Instant,
    /// Neighbors that have said all, with the looks since.
    heard: Vec<(NextHop, u32)>,
}

impl Adoption {
    /// Looks for routes in a namespace that was there; `None`: there are none.
    pub(super) fn begin(kernel: &mut Kernel) -> Result<Option<Self>, KernelError> {
        let stale = kernel.routes()?;
        // Without neighbors' routes there is nobody to wait for.
        if stale.iter().all(KnownRoute::is_on_link) {
            return Ok(None);
        }
        kernel.note_routes();
        Ok(Some(Self {
            stale,
            until: Instant::now() + SessionConfig::RESTART_TIME,
            heard: Vec::new(),
        }))
    }

    pub(super) fn routes(&self) -> usize {
        self.stale.len()
    }
}

impl Gateway {
    /// Takes addresses away that no session of the interface has.
    pub(super) fn drop_addresses(
        &mut self,
        interface: u32,
        intent: &VirtualInterfaceIntent,
    ) -> Result<(), KernelError> {
        for (address, length) in self.kernel.addresses(interface)? {
            let is_wanted = intent.peers.iter().any(|peer| {
                (peer.local.address(), peer.local.network().prefix_len()) == (address, length)
            });
            if !is_wanted {
                self.kernel.remove_address(interface, address, length)?;
            }
        }
        Ok(())
    }

    /// What a neighbor had announced before the restart may go on sending, where sources are checked.
    pub(super) fn seed_sources(
        &mut self,
        neighbor: Neighbor,
        program: &mut VlanProgram,
    ) -> Result<(), KernelError> {
        let (Some(end), Some(adoption)) = (neighbor.checked, &self.adoption) else {
            return Ok(());
        };
        let next_hop = NextHop {
            address: neighbor.address,
            interface: neighbor.interface,
        };
        for route in &adoption.stale {
            if route.next_hops.contains(&next_hop)
                && let Ok(prefix) = Prefix::new(route.address, route.length)
            {
                self.sources.seed(end, prefix, program)?;
            }
        }
        Ok(())
    }

    /// The sources of stale next hops that nobody has announced again.
    fn drop_sources(&mut self, route: &KnownRoute, gone: &[NextHop], program: &mut VlanProgram) {
        let Ok(prefix) = Prefix::new(route.address, route.length) else {
            return;
        };
        let accepted = self.routes.get(&prefix).map(|known| &known.accepted);
        let ends = self.neighbors.iter().filter(|(key, neighbor)| {
            let is_gone = gone.iter().any(|next_hop| {
                (next_hop.address, next_hop.interface) == (neighbor.address, neighbor.interface)
            });
            is_gone && accepted.is_none_or(|keys| !keys.contains(key))
        });
        let ends: Vec<u32> = ends.filter_map(|(_, neighbor)| neighbor.checked).collect();
        for end in ends {
            self.sources.drop_one(end, prefix, program);
        }
    }

    /// Takes away what is stale for good. `sessions`: each next hop, and whether it has said all.
    pub(super) async fn leave_behind(
        &mut self,
        sessions: &[(NextHop, bool)],
        program: &mut VlanProgram,
    ) -> Result<(), LinuxError> {
        let Some(mut adoption) = self.adoption.take() else {
            return Ok(());
        };
        let over = Instant::now() >= adoption.until;
        let done = sessions.iter().filter(|(_, done)| *done);
        let heard = done.map(|(next_hop, _)| {
            let known = adoption.heard.iter().find(|(other, _)| other == next_hop);
            (*next_hop, known.map_or(0, |(_, looks)| looks + 1))
        });
        adoption.heard = heard.collect();
        let waits = |next_hop: &NextHop| {
            let known = |(other, _): &&(NextHop, bool)| other == next_hop;
            let looks = adoption.heard.iter().find(|(other, _)| other == next_hop);
            // One that belongs to no session will never be said again.
            !over
                && sessions.iter().any(|one| known(&one))
                && looks.is_none_or(|(_, looks)| *looks < LOOKS)
        };
        let mut kept = Vec::new();
        for mut route in std::mem::take(&mut adoption.stale) {
            let before = route.next_hops.len();
            let gone = route.next_hops.extract_if(.., |next_hop| !waits(next_hop));
            let gone: Vec<NextHop> = gone.collect();
            let after = route.next_hops.len();
            self.drop_sources(&route, &gone, program);
            if self
                .kernel
                .is_noted(route.table, route.address, route.length)
            {
                // Set again by us; it is here for the sources of those that have not spoken yet.
                if after > 0 {
                    kept.push(route);
                }
                continue;
            }
            if after > 0 && after < before {
                self.restore(&route)?;
            } else if after == 0 {
                self.kernel
                    .remove_route(route.table, route.address, route.length)?;
            }
            if after > 0 {
                kept.push(route);
            }
        }
        let name = self.namespace.name();
        if kept.is_empty() {
            info!(namespace = name, "all is as it should be after the restart");
            self.kernel.forget_notes();
            self.speaker.set_restarted(false).await?;
        } else {
            adoption.stale = kept;
            self.adoption = Some(adoption);
        }
        Ok(())
    }

    /// Keeps what is left of a stale route.
    fn restore(&mut self, route: &KnownRoute) -> Result<(), KernelError> {
        let hops = &route.next_hops;
        self.kernel
            .restore_route(route.table, route.address, route.length, hops)
    }
}
