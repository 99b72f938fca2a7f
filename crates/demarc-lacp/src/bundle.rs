//! The members of one LAG: who belongs together, and whether there are enough of them.
//!
//! The selection machine (IEEE 802.1AX §6.4.14) with one aggregator: members go with the partner that most of
//! them have. Below the minimum nothing is carried (`spec/routing §10`, minimumLinks), in two steps so that
//! two ends with a minimum do not wait for each other:
//!
//! - Too few members have a link to the partner: all are on standby. They leave the bundle, and the other end
//!   sees it (no Synchronization, no Collecting, no Distributing), whichever of the three it goes by.
//! - Enough of them do, but the partner has too few in its bundle, or by too few is it heard: none collects.
//!
//! Order of calls: after any call that changes something take [`Bundle::poll_transmit`] until it is empty,
//! read [`Bundle::members`], then sleep until [`Bundle::next_deadline`] and call [`Bundle::handle_timeout`].
//! `now` never goes back; it is the time since an origin of the caller's choice.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::flags::Flags;
use crate::frame::{Lacpdu, PortInfo, SystemId};
use crate::member::{Member, Partner, Why};
use crate::mux::{Mux, Selection};
use crate::receive::Receive;

#[cfg(test)]
mod tests;

/// The default of the standard, for systems and ports.
const PRIORITY: u16 = 0x8000;
/// Steps after which the machines have come to rest: each goes through its five states twice at most.
const STEPS: usize = 10;

/// What is to be bundled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundleConfig {
    /// Of this machine; the same for all its bundles, so that a loop is seen.
    pub system: [u8; 6],
    /// Of this bundle among those of the machine.
    pub key: u16,
    /// Members that must be able to carry traffic; 0 counts as 1.
    pub minimum_links: usize,
}

/// The machines of a LAG. See the module for the order of calls.
#[derive(Clone, Debug)]
pub struct Bundle {
    config: BundleConfig,
    /// By the number of the port, which is unique in the system.
    members: BTreeMap<u16, Member>,
    partner: Option<Partner>,
    /// Members that belong to the bundle, and those of them that both ends have in it.
    ready: usize,
    in_sync: usize,
}

/// A member as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberStatus {
    pub port: u16,
    pub receive: Receive,
    pub mux: Mux,
    pub partner: Option<PortInfo>,
    /// Why it does not send frames; `None`: it does.
    pub why: Option<Why>,
}

impl Bundle {
    #[must_use]
    pub fn new(config: BundleConfig) -> Self {
        Self {
            config,
            members: BTreeMap::new(),
            partner: None,
            ready: 0,
            in_sync: 0,
        }
    }

    #[must_use]
    pub fn config(&self) -> BundleConfig {
        self.config
    }

    /// Adds a port, without a link; one that is there stays as it is.
    pub fn add(&mut self, port: u16) {
        self.members.entry(port).or_insert_with(Member::new);
    }

    /// Adds a port with a link that has been in the bundle since an earlier life of this system. It stays for
    /// as long as the partner may take to speak, and is silent until then. All of a bundle are to be added
    /// before anything else happens to it.
    pub fn adopt(&mut self, port: u16, distributing: bool, now: Duration) {
        let mux = if distributing {
            Mux::Distributing
        } else {
            Mux::Collecting
        };
        let member = || Member::adopted(mux, now);
        self.members.entry(port).or_insert_with(member);
    }

    /// Takes a port out. What to send by it as its last word, for the partner to stop at once.
    pub fn remove(&mut self, port: u16, now: Duration) -> Option<Lacpdu> {
        let own = self.own(port);
        let gone = self.members.remove(&port)?;
        self.settle(now);
        gone.farewell(&own)
    }

    pub fn set_minimum_links(&mut self, minimum: usize, now: Duration) {
        if self.config.minimum_links != minimum {
            self.config.minimum_links = minimum;
            self.settle(now);
        }
    }

    /// The link of a port; the same again changes nothing.
    pub fn set_link(&mut self, port: u16, up: bool, now: Duration) {
        if let Some(member) = self.members.get_mut(&port) {
            member.set_link(up, now);
            self.settle(now);
        }
    }

    /// Takes what came in by a port.
    pub fn handle_pdu(&mut self, port: u16, pdu: &Lacpdu, now: Duration) {
        let own = self.own(port);
        if let Some(member) = self.members.get_mut(&port) {
            member.handle_pdu(&own, pdu, now);
            self.settle(now);
        }
    }

    /// To be called at or after [`Bundle::next_deadline`]; earlier calls change nothing.
    pub fn handle_timeout(&mut self, now: Duration) {
        for member in self.members.values_mut() {
            member.handle_timeout(now);
        }
        self.settle(now);
    }

    /// The next PDU to send now, and by which port.
    pub fn poll_transmit(&mut self, now: Duration) -> Option<(u16, Lacpdu)> {
        let config = self.config;
        let mut members = self.members.iter_mut();
        members.find_map(|(port, member)| {
            let pdu = member.poll_transmit(&own(config, *port), now)?;
            Some((*port, pdu))
        })
    }

    /// `None`: only a link or a frame can change anything.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        let times = self.members.values().filter_map(Member::next_deadline);
        times.min()
    }

    /// All members, by their numbers.
    pub fn members(&self) -> impl Iterator<Item = MemberStatus> + '_ {
        self.members.iter().map(|(port, member)| MemberStatus {
            port: *port,
            receive: member.receive,
            mux: member.mux,
            partner: member.partner,
            why: self.why(member),
        })
    }

    fn own(&self, port: u16) -> PortInfo {
        own(self.config, port)
    }

    fn system(&self) -> SystemId {
        own(self.config, 0).system
    }

    fn needed(&self) -> usize {
        self.config.minimum_links.max(1)
    }

    /// Selection, and what follows from it.
    fn settle(&mut self, now: Duration) {
        let system = self.system();
        self.partner = self.choose(system);
        let belongs = |member: &Member| matches!(member.candidate(system), Ok(with) if goes(with, self.partner));
        let all = self.members.values();
        self.ready = all.filter(|member| belongs(member)).count();
        let enough = self.ready >= self.needed();
        let chosen: Vec<Selection> = self
            .members
            .values()
            .map(|member| match (belongs(member), enough) {
                (false, _) => Selection::Unselected,
                (true, false) => Selection::Standby,
                (true, true) => Selection::Selected,
            })
            .collect();
        for (member, chosen) in self.members.values_mut().zip(chosen) {
            member.selected = chosen;
        }
        for _ in 0..STEPS {
            self.in_sync = self
                .members
                .values()
                .filter(|member| member.selected == Selection::Selected)
                .filter(|member| member.mux >= Mux::Attached && member.partner_in_sync())
                .count();
            let held = self.in_sync < self.needed();
            let mut moved = false;
            for member in self.members.values_mut() {
                moved |= member.step(held, now);
            }
            if !moved {
                break;
            }
        }
    }

    /// The partner that most members have; among equals the one that it was, else that of the lowest port.
    /// A single cable in the wrong place takes nobody along.
    fn choose(&self, system: SystemId) -> Option<Partner> {
        let mut counted: Vec<(Partner, usize)> = Vec::new();
        for member in self.members.values() {
            if let Ok(Some(partner)) = member.candidate(system) {
                match counted.iter_mut().find(|(known, _)| *known == partner) {
                    Some((_, count)) => *count += 1,
                    None => counted.push((partner, 1)),
                }
            }
        }
        let most = counted.iter().map(|(_, count)| *count).max()?;
        let mut best = counted.into_iter().filter(|(_, count)| *count == most);
        let first = best.next()?.0;
        let same = self
            .partner
            .filter(|known| *known == first || best.any(|(other, _)| other == *known));
        Some(same.unwrap_or(first))
    }

    fn why(&self, member: &Member) -> Option<Why> {
        let too_few = |able| Why::TooFew {
            able,
            needed: self.needed(),
        };
        match member.candidate(self.system()) {
            Err(why) => return Some(why),
            Ok(Some((system, key))) if !goes(Some((system, key)), self.partner) => {
                let (others, others_key) = self.partner.unwrap_or_default();
                return Some(Why::OtherPartner {
                    system,
                    key,
                    others,
                    others_key,
                });
            }
            Ok(_) => {}
        }
        match (member.selected, member.mux) {
            _ if member.receive == Receive::Expired => Some(Why::Silent),
            (Selection::Standby, _) => Some(too_few(self.ready)),
            (_, Mux::Detached | Mux::Waiting) => Some(Why::Waiting),
            (_, Mux::Attached) if !member.partner_in_sync() => Some(Why::NotInSync),
            (_, Mux::Attached) => Some(too_few(self.in_sync)),
            (_, Mux::Collecting) => Some(Why::NotCollecting),
            (_, Mux::Distributing) => None,
        }
    }
}

/// Whether who has this partner belongs to a bundle with that one.
fn goes(with: Option<Partner>, bundle: Option<Partner>) -> bool {
    with.is_none_or(|with| bundle == Some(with))
}

/// How a port is named on the wire.
fn own(config: BundleConfig, port: u16) -> PortInfo {
    PortInfo {
        system: SystemId {
            priority: PRIORITY,
            mac: config.system,
        },
        key: config.key,
        port_priority: PRIORITY,
        port,
        flags: Flags::default(),
    }
}
