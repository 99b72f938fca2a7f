//! What somebody did to a gateway's namespace, and how that is put right.

use demarc_linux::{KernelError, Link};
use tracing::{info, warn};

use super::gateway::{Gateway, PARAMETERS};
use super::uplink_mark;
use super::virtual_interface::INNER_ENDS;

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
        let links = self.kernel.links()?;
        self.miss_uplinks(&links);
        self.stations = links.iter().map(|link| (link.index, link.mac)).collect();
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

    /// Brings an interface of ours up, and those of virtual interfaces to what they were made with.
    fn keep_link(&mut self, link: &Link) -> Result<(), KernelError> {
        if link.name.starts_with(INNER_ENDS) && link.silent {
            self.kernel.set_asking(link.index)?;
        }
        let length = self.lengths.get(&link.index);
        if let Some(length) = length.copied().filter(|length| *length != link.mtu) {
            info!(interface = link.name, length, "its MTU is set back");
            self.kernel.set_mtu(link.index, length)?;
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
