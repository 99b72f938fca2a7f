//! What was asked of the kernel in one namespace and is to stay: whoever undoes it, it can be done again.
//!
//! Routes are asked for by [`Kernel::want_route`]: one that the kernel does not take now stays wanted, and
//! is tried again by [`Kernel::heal`]. Addresses, rules and the ends of tables are noted as they are made.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use crate::error::KernelError;
use crate::netlink::Kernel;
use crate::route::{NextHop, Table};
use crate::rule::{KnownRule, own_rules};

/// What somebody else made is told up to so many.
const TOLD: usize = 10;

/// The route of a prefix in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RouteKey {
    pub(crate) table: Table,
    pub(crate) address: IpAddr,
    pub(crate) length: u8,
}

/// Where packets of a route go.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way {
    /// None: packets are refused.
    next_hops: Vec<NextHop>,
    mtu: Option<u32>,
}

/// Something that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Route(RouteKey),
    End(Table, IpAddr),
    Address(u32, IpAddr, u8),
    Rules(String),
    Mark(u32),
    OwnRule(IpAddr, u32),
}

/// All that is to be there.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    routes: BTreeMap<RouteKey, Way>,
    ends: BTreeSet<(Table, IpAddr)>,
    addresses: BTreeSet<(u32, IpAddr, u8)>,
    /// By interface, with its index.
    tables: BTreeMap<String, (u32, Table)>,
    refusals: BTreeMap<String, Vec<(IpAddr, u8)>>,
    /// Of what is sent from here with a mark.
    marks: BTreeMap<u32, Table>,
    /// What others had made of routes and rules when they were compared last.
    foreign: Vec<String>,
    /// What the kernel would not do when it was asked last.
    failing: BTreeMap<Asked, KernelError>,
}

impl Ledger {
    pub(crate) fn note_end(&mut self, table: Table, any: IpAddr) {
        self.ends.insert((table, any));
    }

    pub(crate) fn note_address(&mut self, index: u32, address: IpAddr, length: u8, wanted: bool) {
        let entry = (index, address, length);
        if wanted {
            self.addresses.insert(entry);
        } else {
            self.addresses.remove(&entry);
            self.failing.remove(&Asked::Address(index, address, length));
        }
    }

    pub(crate) fn note_table(&mut self, interface: &str, index: u32, table: Option<Table>) {
        match table {
            Some(table) => _ = self.tables.insert(interface.to_owned(), (index, table)),
            None => {
                self.tables.remove(interface);
                self.forget_rules(interface);
            }
        }
    }

    pub(crate) fn note_refusals(&mut self, interface: &str, prefixes: &[(IpAddr, u8)]) {
        if prefixes.is_empty() {
            self.refusals.remove(interface);
            self.forget_rules(interface);
        } else {
            let prefixes = prefixes.to_vec();
            self.refusals.insert(interface.to_owned(), prefixes);
        }
    }

    /// The table that it was.
    pub(crate) fn note_mark(&mut self, mark: u32, table: Option<Table>) -> Option<Table> {
        match table {
            Some(table) => self.marks.insert(mark, table),
            None => {
                self.failing.remove(&Asked::Mark(mark));
                self.marks.remove(&mark)
            }
        }
    }

    /// Whether a rule chooses a table for what comes in by an interface.
    pub(crate) fn chooses(&self, interface: &str) -> bool {
        self.tables.contains_key(interface)
    }

    /// Whether rules refuse what comes in by an interface.
    pub(crate) fn refuses(&self, interface: &str) -> bool {
        self.refusals.contains_key(interface)
    }

    pub(crate) fn knows_mark(&self, mark: u32) -> bool {
        self.marks.contains_key(&mark)
    }

    fn forget_rules(&mut self, interface: &str) {
        self.failing.remove(&Asked::Rules(interface.to_owned()));
    }

    fn judge(&mut self, asked: Asked, outcome: Result<(), KernelError>) {
        match outcome {
            Ok(()) => _ = self.failing.remove(&asked),
            Err(error) => _ = self.failing.insert(asked, error),
        }
    }
}

impl Kernel {
    /// Packets for a prefix are to go to these next hops, in equal parts; `None`: nothing is said of them.
    /// No next hops: they are refused. What the kernel does not take is among [`Kernel::failing`].
    pub fn want_route(
        &mut self,
        table: Table,
        address: IpAddr,
        length: u8,
        to: Option<(&[NextHop], Option<u32>)>,
    ) {
        let key = RouteKey {
            table,
            address,
            length,
        };
        let outcome = match to {
            Some((next_hops, mtu)) => {
                let next_hops = next_hops.to_vec();
                self.ledger.routes.insert(key, Way { next_hops, mtu });
                self.set_again(key)
            }
            None => {
                self.ledger.routes.remove(&key);
                self.remove_route(table, address, length)
            }
        };
        self.ledger.judge(Asked::Route(key), outcome);
    }

    fn set_again(&mut self, key: RouteKey) -> Result<(), KernelError> {
        let (table, address, length) = (key.table, key.address, key.length);
        match self.ledger.routes.get(&key).cloned() {
            Some(way) if way.next_hops.is_empty() => self.block_route(table, address, length),
            Some(way) => {
                self.replace_route_with_mtu(table, address, length, &way.next_hops, way.mtu)
            }
            // It was to go, and did not.
            None => self.remove_route(table, address, length),
        }
    }

    /// What the kernel would not do when it was asked last, each with the interface that it concerns.
    pub fn failing(&self) -> impl Iterator<Item = (Option<u32>, &KernelError)> {
        self.ledger.failing.iter().map(|(asked, error)| {
            let interface = match asked {
                Asked::Address(index, ..) => Some(*index),
                Asked::Route(key) => {
                    let way = self.ledger.routes.get(key);
                    way.and_then(|way| way.next_hops.first())
                        .map(|next_hop| next_hop.interface)
                }
                Asked::Rules(name) => self.ledger.tables.get(name).map(|(index, _)| *index),
                Asked::End(..) | Asked::Mark(_) | Asked::OwnRule(..) => None,
            };
            (interface, error)
        })
    }

    /// An interface is gone, and its addresses with it.
    pub fn forget_addresses(&mut self, index: u32) {
        let of_it = |entry: &(u32, IpAddr, u8)| entry.0 == index;
        self.ledger.addresses.retain(|entry| !of_it(entry));
        let is_its = |asked: &Asked| matches!(asked, Asked::Address(of, ..) if *of == index);
        self.ledger.failing.retain(|asked, _| !is_its(asked));
    }

    /// Compares what is there with what was asked for, and asks again for what is missing or failed; how
    /// many things that were.
    ///
    /// # Errors
    /// [`KernelError::Request`]: the kernel does not say what is there.
    pub fn heal(&mut self) -> Result<usize, KernelError> {
        self.ledger.foreign.clear();
        // Routes need addresses, and packets need rules before routes count.
        let healed = self.heal_addresses()? + self.heal_rules()? + self.heal_routes()?;
        let foreign = &mut self.ledger.foreign;
        let more = foreign.len().saturating_sub(TOLD);
        if more > 0 {
            foreign.truncate(TOLD);
            foreign.push(format!("{more} more routes and rules"));
        }
        Ok(healed)
    }

    /// Routes and rules that others had made when [`Kernel::heal`] was called last, in words.
    pub fn foreign(&self) -> &[String] {
        &self.ledger.foreign
    }

    fn heal_addresses(&mut self) -> Result<usize, KernelError> {
        let there: BTreeSet<_> = self.all_addresses()?.into_iter().collect();
        let wanted = self.ledger.addresses.difference(&there);
        let missing: Vec<_> = wanted.copied().collect();
        for (index, address, length) in &missing {
            let outcome = self.add_address(*index, *address, *length);
            if outcome.as_ref().err().and_then(KernelError::errno) == Some(libc::ENODEV) {
                self.forget_addresses(*index);
                continue;
            }
            let asked = Asked::Address(*index, *address, *length);
            self.ledger.judge(asked, outcome);
        }
        Ok(missing.len())
    }

    fn heal_rules(&mut self) -> Result<usize, KernelError> {
        let mut damaged = BTreeSet::new();
        let (mut marks, mut own) = (BTreeSet::new(), Vec::new());
        for any in [IpAddr::from([0; 4]), IpAddr::from([0_u16; 8])] {
            let there = self.all_rules(any)?;
            let mut tables: HashMap<&str, Vec<Table>> = HashMap::new();
            for (name, table) in there.iter().filter_map(KnownRule::input_table) {
                tables.entry(name).or_default().push(table);
            }
            let is_whole = |name: &str, table: Table| {
                tables.get(name).is_some_and(|tables| *tables == [table])
            };
            let wanted = self.ledger.tables.iter();
            let broken = wanted.filter(|(name, (_, table))| !is_whole(name, *table));
            damaged.extend(broken.map(|(name, _)| name.clone()));
            let marked: BTreeSet<_> = there.iter().filter_map(KnownRule::mark_table).collect();
            let wanted = self
                .ledger
                .marks
                .iter()
                .map(|(mark, table)| (*mark, *table));
            marks.extend(wanted.filter(|one| !marked.contains(one)));
            let is_there = |priority: u32| {
                let mut rules = there.iter().filter(|rule| rule.is_own(any));
                rules.any(|rule| rule.priority == priority)
            };
            let missing = own_rules(any).iter().filter(|one| !is_there(one.0));
            own.extend(missing.map(|(priority, table)| (any, *priority, *table)));
            let foreign = there.iter().filter(|rule| rule.is_foreign(any));
            let foreign = foreign.map(|rule| format!("rule {}", rule.priority));
            self.ledger.foreign.extend(foreign);
        }
        for (any, priority, table) in &own {
            let outcome = self.add_own_rule(*any, *priority, *table);
            self.ledger.judge(Asked::OwnRule(*any, *priority), outcome);
        }
        for (mark, table) in &marks {
            let outcome = self.set_mark_table(*mark, Some(*table));
            self.ledger.judge(Asked::Mark(*mark), outcome);
        }
        for name in &damaged {
            let Some((index, table)) = self.ledger.tables.get(name).copied() else {
                continue;
            };
            let outcome = self.set_input_table(name, index, Some(table));
            self.ledger.judge(Asked::Rules(name.clone()), outcome);
        }
        for (name, prefixes) in self.ledger.refusals.clone() {
            // It compares for itself.
            self.refuse_input(&name, &prefixes)?;
        }
        Ok(damaged.len() + marks.len() + own.len())
    }

    fn heal_routes(&mut self) -> Result<usize, KernelError> {
        let mut there: HashMap<RouteKey, Vec<NextHop>> = HashMap::new();
        let mut ends = BTreeSet::new();
        let (routes, foreign) = self.routes_and_foreign()?;
        self.ledger.foreign.extend(foreign);
        for mut route in routes {
            if route.ends_table() {
                ends.insert((route.table, route.address));
                continue;
            }
            route.next_hops.sort_unstable();
            there.insert(route.key(), route.next_hops);
        }
        let missing: Vec<_> = self.ledger.ends.difference(&ends).copied().collect();
        for (table, any) in &missing {
            let outcome = self.end_table(*table, *any);
            self.ledger.judge(Asked::End(*table, *any), outcome);
        }
        let is_there = |key: &RouteKey, way: &Way| {
            let mut next_hops = way.next_hops.clone();
            next_hops.sort_unstable();
            there.get(key) == Some(&next_hops)
        };
        let routes = self.ledger.routes.iter();
        let missing_routes = routes.filter(|(key, way)| !is_there(key, way));
        let mut damaged: BTreeSet<RouteKey> = missing_routes.map(|(key, _)| *key).collect();
        // Also those whose packets only have another length, or that were to go.
        damaged.extend(self.ledger.failing.keys().filter_map(|asked| match asked {
            Asked::Route(key) => Some(*key),
            _ => None,
        }));
        for key in &damaged {
            let outcome = self.set_again(*key);
            self.ledger.judge(Asked::Route(*key), outcome);
        }
        Ok(missing.len() + damaged.len())
    }
}
