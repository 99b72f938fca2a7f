//! What somebody did to what is ours, and how that is put right.

use std::collections::BTreeSet;

use demarc_domain::intent::RoutingDomain;
use demarc_linux::{KernelError, Link};
use tracing::{info, warn};

use super::edge::{LinuxEdge, LinuxError};
use super::following::Links;
use super::gateway::{self, Gateway, PARAMETERS};
use super::status::Intents;
use super::virtual_interface::INNER_ENDS;
use super::{stale, uplink_mark};

impl Gateway {
    /// Heals what somebody did to the namespace, and tells what is in it and not ours. Uplinks that are not
    /// wanted any more go back.
    pub(super) fn look_around(&mut self) -> Result<Vec<String>, KernelError> {
        let mut foreign = self.look_at_links()?;
        self.heal()?;
        let name = self.namespace.name();
        let others = self.kernel.foreign().iter();
        foreign.extend(others.map(|what| format!("{what} in namespace {name}")));
        Ok(foreign)
    }

    /// The same, of the interfaces in it alone.
    pub(super) fn look_at_links(&mut self) -> Result<Vec<String>, KernelError> {
        let name = self.namespace.name().to_owned();
        if self.namespace.keep_name()? {
            warn!(namespace = name, "its name had been taken away; it is back");
        }
        // Until it is known what is there nobody is missed.
        self.inside.clear();
        let links = self.kernel.links()?;
        self.miss_uplinks(&links);
        self.inside = links
            .iter()
            .map(|it| (it.index, (it.mac, it.mtu)))
            .collect();
        let mut foreign = Vec::new();
        for link in links {
            if self.is_ours(&link) {
                self.keep_link(&link)?;
                continue;
            }
            if link.alias.starts_with(uplink_mark::PREFIX) {
                info!(
                    namespace = name,
                    interface = link.name,
                    "an uplink of before is given back"
                );
                self.kernel.take_back(link.index)?;
            } else {
                foreign.push(format!("interface {} in namespace {name}", link.name));
            }
        }
        Ok(foreign)
    }

    /// Brings an interface of ours up, and has those of virtual interfaces ask for stations.
    fn keep_link(&mut self, link: &Link) -> Result<(), KernelError> {
        if link.name.starts_with(INNER_ENDS) && link.silent {
            self.kernel.set_asking(link.index)?;
        }
        if !link.up {
            self.kernel.set_up(link.index)?;
        }
        Ok(())
    }

    fn is_ours(&self, link: &Link) -> bool {
        let mut uplinks = self.uplinks.values();
        link.name == "lo"
            || link.name.starts_with(INNER_ENDS)
            || uplinks.any(|uplink| uplink.index == link.index)
    }

    /// Makes again what is missing of what was asked for. A comparison takes time where there are many
    /// routes, so there is one only after somebody else changed something, or while something fails.
    fn heal(&mut self) -> Result<(), KernelError> {
        if self.has_old_rules {
            // All that is wanted has been asked for: what else there is belongs to what went meanwhile.
            let gone = self.kernel.leave_stale_rules()?;
            self.has_old_rules = false;
            if gone > 0 {
                let namespace = self.namespace.name();
                info!(
                    namespace,
                    gone, "rules that nobody wants any more are removed"
                );
            }
        }
        let disturbed = self.watch.has_heard();
        if !disturbed && self.kernel.failing().next().is_none() {
            return Ok(());
        }
        self.namespace.set_parameters(&PARAMETERS)?;
        let made = self.kernel.heal()?;
        let failing = self.kernel.failing().count();
        if made > failing {
            let namespace = self.namespace.name();
            let again = made - failing;
            info!(namespace, again, "what was missing is there again");
        }
        Ok(())
    }

    /// An uplink that is gone is forgotten, so that it is taken in when it is back.
    fn miss_uplinks(&mut self, links: &[Link]) {
        let uplinks = self.uplinks.iter();
        let gone: Vec<_> = uplinks
            .filter(|(_, uplink)| !links.iter().any(|link| link.index == uplink.index))
            .map(|(behind, _)| *behind)
            .collect();
        for behind in gone {
            warn!(gateway = %behind, "its interface has vanished");
            let Some(gone) = self.uplinks.remove(&behind) else {
                continue;
            };
            self.kernel.forget_addresses(gone.index);
            // Its routes went with it, but for those that refuse.
            for prefix in gone.prefixes {
                self.uplink_route(prefix, None);
            }
        }
    }
}

impl LinuxEdge {
    /// Finds what somebody else did to what is ours, and what is left of an earlier process.
    pub(super) fn look_around(&mut self, intents: &Intents) -> Result<(), LinuxError> {
        self.disorder.clear();
        // With what was made and removed just now.
        let links = self.look_at_links(false)?;
        let mut foreign = Vec::new();
        for (domain, gateway) in &mut self.gateways {
            match gateway.look_around() {
                Ok(found) => foreign.extend(found),
                Err(error) => {
                    let subject = gateway::namespace_name(*domain);
                    self.disorder.push((subject, error.to_string()));
                }
            }
        }
        self.heal_outer_ends(&links)?;
        // Without an intent nobody knows what is wanted.
        if !intents.is_empty() {
            let standing = self.standing.values();
            let ends = standing.map(|standing| standing.delivery.outer_end);
            let mac_secs = self.mac_secs.interfaces();
            let ends: BTreeSet<u32> = ends.chain(mac_secs.iter().map(|it| it.2)).collect();
            let devices: BTreeSet<&str> = intents.keys().map(String::as_str).collect();
            let gateways: BTreeSet<RoutingDomain> = self.gateways.keys().copied().collect();
            foreign.extend(stale::interfaces(
                &mut self.kernel,
                &links,
                &ends,
                &devices,
            )?);
            foreign.extend(stale::namespaces(&gateways)?);
        }
        foreign.extend(self.programs_before(&links));
        foreign.sort_unstable();
        for object in foreign.iter().filter(|it| !self.foreign.contains(it)) {
            tracing::warn!(object, "it is in the way and not ours: it is left alone");
        }
        self.foreign = foreign;
        Ok(())
    }

    /// Programs of others that frames meet before ours.
    fn programs_before(&self, links: &[Link]) -> Vec<String> {
        let before = self.program.strangers_before().into_iter();
        let named = before.filter_map(|(index, program)| {
            let link = links.iter().find(|link| link.index == index)?;
            Some(format!("program {program} at {}, before ours", link.name))
        });
        named.collect()
    }

    /// Brings the ends beside the ports up, and delivers there and back, where somebody changed that.
    fn heal_outer_ends(&mut self, links: &[Link]) -> Result<(), KernelError> {
        let found = Links::new(links, &self.ports);
        for (id, standing) in &mut self.standing {
            let end = standing.delivery.outer_end;
            let Some(link) = found.by_index.get(&end) else {
                continue;
            };
            if !link.up {
                self.kernel.set_up(end)?;
            }
            let mtu = u32::from(standing.intent.mtu);
            if link.mtu != mtu {
                info!(interface = link.name, mtu, "its MTU is set back");
                self.kernel.set_mtu(end, mtu)?;
            }
            let Some(gateway) = self.gateways.get_mut(&standing.intent.domain) else {
                continue;
            };
            let (kernel, program) = (&mut self.kernel, &mut self.program);
            if let Err(error) = standing.keep_delivery(gateway, kernel, program) {
                self.disorder.push((id.to_string(), error.to_string()));
            }
        }
        Ok(())
    }
}
