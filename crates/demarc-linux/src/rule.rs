//! Rules that say what is looked up where: those that refuse packets before any table is looked up, those
//! of marks, and the kernel's own.

use std::net::IpAddr;

use crate::address::{family, octets, parse};
use crate::error::KernelError;
use crate::netlink::{Kernel, Message, attributes, number32};
use crate::route::Table;

const FRA_DST: u16 = 1;
pub(crate) const FRA_IIFNAME: u16 = 3;
pub(crate) const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
pub(crate) const FRA_TABLE: u16 = 15;
/// The action of a rule that names a table.
const LOOK_UP: u8 = 1;
/// The action: answer with "unreachable" (`FR_ACT_UNREACHABLE`).
const UNREACHABLE: u8 = 7;
/// Where rules choose a table for what comes in, each in the place of its interface.
pub(crate) const INPUTS: std::ops::Range<u32> = 1_000..31_000;
/// Before the rules that choose a table.
const REFUSALS: u32 = 900;
/// Behind the rules that choose a table for what comes in: that is not to ask these.
const MARKS: u32 = 31_500;
/// Family, destination length, source length, TOS, table, two reserved, action, flags.
const HEADER: usize = 12;
/// What the kernel has of IPv4 from the beginning; of IPv6 it is the first two.
const OWN: [(u32, Table); 3] = [
    (0, Table::LOCAL),
    (32_766, Table::MAIN),
    (32_767, Table::DEFAULT),
];

/// The rules that the kernel makes of itself.
pub(crate) fn own_rules(any: IpAddr) -> &'static [(u32, Table)] {
    if any.is_ipv4() { &OWN } else { &OWN[..2] }
}

/// A rule as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownRule {
    pub(crate) priority: u32,
    action: u8,
    table: Table,
    interface: Option<String>,
    mark: Option<u32>,
    destination: (IpAddr, u8),
}

impl KnownRule {
    fn read(entry: &[u8], any: IpAddr) -> Option<Self> {
        let (header, rest) = entry.split_at_checked(HEADER)?;
        let mut rule = Self {
            priority: 0,
            action: header[7],
            table: Table(u32::from(header[4])),
            interface: None,
            mark: None,
            destination: (any, header[1]),
        };
        for (kind, value) in attributes(rest) {
            match kind {
                FRA_DST => rule.destination.0 = parse(value)?,
                FRA_IIFNAME => {
                    let name = value.strip_suffix(&[0])?;
                    rule.interface = Some(String::from_utf8_lossy(name).into_owned());
                }
                FRA_PRIORITY => rule.priority = number32(value)?,
                FRA_FWMARK => rule.mark = number32(value).filter(|mark| *mark != 0),
                FRA_TABLE => rule.table = Table(number32(value)?),
                _ => {}
            }
        }
        Some(rule)
    }

    /// The interface and the table of a rule that chooses one for what comes in.
    pub(crate) fn input_table(&self) -> Option<(&str, Table)> {
        let interface = self.interface.as_deref()?;
        (self.action == LOOK_UP).then_some((interface, self.table))
    }

    /// The mark and the table of a rule of ours for what is sent from here.
    pub(crate) fn mark_table(&self) -> Option<(u32, Table)> {
        let is_ours = self.action == LOOK_UP && self.priority == MARKS;
        let mark = self.mark.filter(|_| is_ours);
        mark.map(|mark| (mark, self.table))
    }

    /// The request that takes it away.
    fn removal(&self, any: IpAddr) -> Message {
        let (address, length) = self.destination;
        let mut message = Message::new(libc::RTM_DELRULE, 0, &header(any, length, self.action))
            .attribute(FRA_PRIORITY, &self.priority.to_ne_bytes());
        if let Some(interface) = &self.interface {
            message = message.text(FRA_IIFNAME, interface);
        }
        if let Some(mark) = self.mark {
            message = message.attribute(FRA_FWMARK, &mark.to_ne_bytes());
        }
        if length > 0 {
            message = message.attribute(FRA_DST, &octets(address));
        }
        if self.action == LOOK_UP {
            message = message.attribute(FRA_TABLE, &self.table.0.to_ne_bytes());
        }
        message
    }

    /// The prefix of a rule that refuses packets of the interface.
    fn refusal(&self, interface: &str) -> Option<(IpAddr, u8)> {
        let is_its = self.interface.as_deref() == Some(interface);
        (is_its && self.action == UNREACHABLE).then_some(self.destination)
    }

    /// Whether it is one of ours: by its place and what it asks for.
    fn is_ours(&self) -> bool {
        let is_input = INPUTS.contains(&self.priority) && self.input_table().is_some();
        let refuses = self.priority == REFUSALS && self.action == UNREACHABLE;
        is_input || refuses || self.mark_table().is_some()
    }

    /// Whether it is one that the kernel makes of itself.
    pub(crate) fn is_own(&self, any: IpAddr) -> bool {
        let looks_up = self.action == LOOK_UP && self.interface.is_none() && self.mark.is_none();
        looks_up && self.destination.1 == 0 && own_rules(any).contains(&(self.priority, self.table))
    }

    /// Whether somebody else made it.
    pub(crate) fn is_foreign(&self, any: IpAddr) -> bool {
        !(self.is_own(any) || self.is_ours())
    }
}

impl Kernel {
    /// Packets that come in by an interface for these prefixes are refused, and for no others.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn refuse_input(
        &mut self,
        interface: &str,
        prefixes: &[(IpAddr, u8)],
    ) -> Result<(), KernelError> {
        self.ledger.note_refusals(interface, prefixes);
        let known = self.refused(interface)?;
        for new in prefixes.iter().filter(|one| !known.contains(one)) {
            let flags = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
            let message = refuse(libc::RTM_NEWRULE, flags, interface, *new);
            self.ensure("add a rule that refuses", message, &[libc::EEXIST])?;
        }
        for old in known.iter().filter(|one| !prefixes.contains(one)) {
            let message = refuse(libc::RTM_DELRULE, 0, interface, *old);
            let gone = [libc::ENOENT, libc::ESRCH];
            self.ensure("remove a rule that refuses", message, &gone)?;
        }
        Ok(())
    }

    fn refused(&mut self, interface: &str) -> Result<Vec<(IpAddr, u8)>, KernelError> {
        let mut found = Vec::new();
        for any in [IpAddr::from([0; 4]), IpAddr::from([0_u16; 8])] {
            let rules = self.all_rules(any)?;
            found.extend(rules.iter().filter_map(|rule| rule.refusal(interface)));
        }
        Ok(found)
    }

    /// What is sent from here with a mark looks into this table before any other of ours. Packets that only go
    /// through find their table before this rule.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn set_mark_table(&mut self, mark: u32, table: Option<Table>) -> Result<(), KernelError> {
        let old = self.ledger.note_mark(mark, table);
        for any in [IpAddr::from([0; 4]), IpAddr::from([0_u16; 8])] {
            let message = |kind, flags, table: Table| {
                lookup(kind, flags, any, MARKS)
                    .attribute(FRA_FWMARK, &mark.to_ne_bytes())
                    .attribute(FRA_TABLE, &table.0.to_ne_bytes())
            };
            if let Some(table) = table {
                let flags = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
                let add = message(libc::RTM_NEWRULE, flags, table);
                self.ensure("add a rule of a mark", add, &[libc::EEXIST])?;
            } else if let Some(old) = old {
                let remove = message(libc::RTM_DELRULE, 0, old);
                let gone = [libc::ENOENT, libc::ESRCH];
                self.ensure("remove a rule of a mark", remove, &gone)?;
            }
        }
        Ok(())
    }

    /// Takes away rules of ours that an earlier process left and nobody has asked for since: of interfaces that
    /// are gone. How many these were.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn leave_stale_rules(&mut self) -> Result<usize, KernelError> {
        let mut count = 0;
        for any in [IpAddr::from([0; 4]), IpAddr::from([0_u16; 8])] {
            let there = self.all_rules(any)?;
            let stale = there.iter().filter(|rule| rule.is_ours());
            let stale = stale.filter(|rule| match (&rule.interface, rule.mark_table()) {
                (Some(interface), _) if rule.action == UNREACHABLE => {
                    !self.ledger.refuses(interface)
                }
                (Some(interface), _) => !self.ledger.chooses(interface),
                (None, Some((mark, _))) => !self.ledger.knows_mark(mark),
                (None, None) => false,
            });
            for rule in stale.cloned().collect::<Vec<_>>() {
                let gone = [libc::ENOENT, libc::ESRCH];
                self.ensure("remove a stale rule", rule.removal(any), &gone)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Makes a rule that the kernel makes of itself, and that somebody has taken away.
    pub(crate) fn add_own_rule(
        &mut self,
        any: IpAddr,
        priority: u32,
        table: Table,
    ) -> Result<(), KernelError> {
        let flags = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
        let add = lookup(libc::RTM_NEWRULE, flags, any, priority)
            .attribute(FRA_TABLE, &table.0.to_ne_bytes());
        let action = format!("add the rule of table {}", table.0);
        self.ensure(&action, add, &[libc::EEXIST])
    }

    /// The rules of a family.
    pub(crate) fn all_rules(&mut self, any: IpAddr) -> Result<Vec<KnownRule>, KernelError> {
        let mut rules = Vec::new();
        let message = Message::new(libc::RTM_GETRULE, libc::NLM_F_DUMP, &header(any, 0, 0));
        self.dump("list rules", message, |entry| {
            rules.extend(KnownRule::read(entry, any));
        })?;
        Ok(rules)
    }
}

fn header(any: IpAddr, length: u8, action: u8) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[0] = family(any);
    header[1] = length;
    header[7] = action;
    header
}

/// A rule that names a table, without it.
pub(crate) fn lookup(kind: u16, flags: i32, any: IpAddr, priority: u32) -> Message {
    let header = header(any, 0, LOOK_UP);
    Message::new(kind, flags, &header).attribute(FRA_PRIORITY, &priority.to_ne_bytes())
}

fn refuse(kind: u16, flags: i32, interface: &str, (address, length): (IpAddr, u8)) -> Message {
    let message = Message::new(kind, flags, &header(address, length, UNREACHABLE))
        .attribute(FRA_PRIORITY, &REFUSALS.to_ne_bytes())
        .text(FRA_IIFNAME, interface);
    if length == 0 {
        message
    } else {
        message.attribute(FRA_DST, &octets(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::namespace::Namespace;

    const ANY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

    fn read(message: Message) -> KnownRule {
        KnownRule::read(&message.finish(1)[16..], ANY).unwrap()
    }

    #[test]
    fn a_rule_that_refuses_is_read_as_it_was_written() {
        let prefix = (IpAddr::from([10, 40, 0, 0]), 16);
        let rule = read(refuse(libc::RTM_NEWRULE, 0, "uplink1", prefix));
        assert_eq!(rule.refusal("uplink1"), Some(prefix));
        assert_eq!(rule.refusal("uplink2"), None);
        assert!(!rule.is_foreign(ANY));
        assert_eq!(KnownRule::read(&[0; 8], ANY), None);
    }

    #[test]
    fn ours_and_the_kernels_are_told_from_those_of_others() {
        let of = |priority: u32, table: u32| {
            lookup(libc::RTM_NEWRULE, 0, ANY, priority).attribute(FRA_TABLE, &table.to_ne_bytes())
        };
        let with_mark = |priority| of(priority, 9_000).attribute(FRA_FWMARK, &7_u32.to_ne_bytes());
        let rows = [
            ("main", of(32_766, 254), false),
            ("main elsewhere", of(32_000, 254), true),
            (
                "of an interface",
                of(1_007, 1_001).text(FRA_IIFNAME, "vif-x"),
                false,
            ),
            ("of none", of(1_007, 1_001), true),
            ("of a mark", with_mark(MARKS), false),
            ("of a mark elsewhere", with_mark(100), true),
        ];
        for (row, message, foreign) in rows {
            assert_eq!(read(message).is_foreign(ANY), foreign, "{row}");
        }
    }

    #[test]
    fn rules_of_an_earlier_process_go_and_those_of_this_one_and_of_others_stay() {
        if !nix::unistd::geteuid().is_root() {
            println!("skipped: needs root");
            return;
        }
        let name = format!("demarc-test-rules-{}", std::process::id());
        let namespace = Namespace::ensure(&name).unwrap();
        let left = namespace.inside(|| {
            let prefix = (IpAddr::from([10, 40, 0, 0]), 16);
            let ask = |kernel: &mut Kernel, interface: &str, mark: u32| {
                let table = Some(Table(1_001));
                kernel.set_input_table(interface, mark, table).unwrap();
                kernel.set_mark_table(mark, Some(Table(mark))).unwrap();
                kernel.refuse_input(interface, &[prefix]).unwrap();
            };
            let mut before = Kernel::here().unwrap();
            ask(&mut before, "vif-gone", 7_001);
            ask(&mut before, "vif-here", 7_002);
            let of_others = lookup(libc::RTM_NEWRULE, libc::NLM_F_CREATE, ANY, 500)
                .attribute(FRA_TABLE, &7_u32.to_ne_bytes());
            before.ensure("add a rule", of_others, &[]).unwrap();
            let mut now = Kernel::here().unwrap();
            ask(&mut now, "vif-here", 7_002);
            let gone = now.leave_stale_rules().unwrap();
            let again = now.leave_stale_rules().unwrap();
            let all = now.all_rules(ANY).unwrap();
            let names = all.iter().filter_map(|rule| rule.interface.clone());
            let names: Vec<String> = names.collect();
            let marks: Vec<u32> = all.iter().filter_map(|rule| rule.mark).collect();
            let others = all.iter().filter(|rule| rule.is_foreign(ANY)).count();
            (gone, again, names, marks, others)
        });
        drop(namespace);
        Namespace::remove(&name).unwrap();
        // A table for each family, a mark for each family, one refusal.
        let here = || "vif-here".to_owned();
        assert_eq!(left.unwrap(), (5, 0, vec![here(), here()], vec![7_002], 1));
    }
}
