//! Routes, and rules that choose the table to look them up in.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use crate::address::{family, octets, parse};
use crate::error::KernelError;
use crate::ledger::RouteKey;
use crate::netlink::{Kernel, Message, attributes, number16, number32};
use crate::rule::{FRA_IIFNAME, FRA_TABLE, INPUTS, lookup};

const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PREFSRC: u16 = 7;
const RTA_METRICS: u16 = 8;
const RTA_MULTIPATH: u16 = 9;
const RTA_TABLE: u16 = 15;
const RTAX_LOCK: u16 = 1;
const RTAX_MTU: u16 = 2;
/// Routes of a routing daemon (`RTPROT_BGP`): what is ours in a gateway.
const PROTOCOL: u8 = 186;
/// What the kernel makes by itself: of redirects, of addresses, of router advertisements.
const BY_ITSELF: [u8; 3] = [1, 2, 9];

/// A routing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table(pub u32);

impl Table {
    pub const DEFAULT: Self = Self(253);
    pub const MAIN: Self = Self(254);
    pub const LOCAL: Self = Self(255);
}

/// Where packets go next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NextHop {
    /// Unspecified: to the destination itself, which is on the link.
    pub address: IpAddr,
    /// Interface index.
    pub interface: u32,
}

/// A route of ours as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRoute {
    pub table: Table,
    pub address: IpAddr,
    pub length: u8,
    /// None: packets are refused.
    pub next_hops: Vec<NextHop>,
}

impl KnownRoute {
    pub(crate) fn key(&self) -> RouteKey {
        let (table, address, length) = (self.table, self.address, self.length);
        RouteKey {
            table,
            address,
            length,
        }
    }

    /// Whether it is what [`Kernel::end_table`] makes.
    pub(crate) fn ends_table(&self) -> bool {
        self.length == 0 && self.next_hops.is_empty()
    }

    /// Whether its destinations are on a link: nobody has announced it.
    pub fn is_on_link(&self) -> bool {
        let mut next_hops = self.next_hops.iter();
        next_hops.any(|next_hop| next_hop.address.is_unspecified())
    }
}

/// A route as somebody else made it; `None`: it is ours, or the kernel's own.
fn foreign(entry: &[u8]) -> Option<String> {
    let protocol = *entry.get(5)?;
    if protocol == PROTOCOL || BY_ITSELF.contains(&protocol) {
        return None;
    }
    let KnownRoute {
        table,
        address,
        length,
        ..
    } = read(entry)?;
    Some(format!("route {address}/{length} of table {}", table.0))
}

/// Reads `struct rtmsg` and its attributes.
fn known(entry: &[u8]) -> Option<KnownRoute> {
    let is_ours = entry.get(5) == Some(&PROTOCOL);
    is_ours.then(|| read(entry)).flatten()
}

/// The same, whoever made it.
fn read(entry: &[u8]) -> Option<KnownRoute> {
    let (header, rest) = entry.split_at_checked(12)?;
    let any = match i32::from(header[0]) {
        libc::AF_INET => IpAddr::from([0; 4]),
        libc::AF_INET6 => IpAddr::from([0_u16; 8]),
        _ => return None,
    };
    let mut route = KnownRoute {
        table: Table(u32::from(header[4])),
        address: any,
        length: header[1],
        next_hops: Vec::new(),
    };
    let (mut gateway, mut interface) = (None, None);
    for (kind, value) in attributes(rest) {
        match kind {
            RTA_DST => route.address = parse(value)?,
            RTA_TABLE => route.table = Table(number32(value)?),
            RTA_GATEWAY => gateway = parse(value),
            RTA_OIF => interface = number32(value),
            RTA_MULTIPATH => route.next_hops = several(value),
            _ => {}
        }
    }
    // What refuses packets of IPv6 has an interface, too.
    let is_unicast = header[7] == libc::RTN_UNICAST;
    if let Some(interface) = interface.filter(|_| is_unicast) {
        let address = gateway.unwrap_or(any);
        route.next_hops.push(NextHop { address, interface });
    }
    Some(route)
}

/// A list of `struct rtnexthop`, each with its gateway.
fn several(mut list: &[u8]) -> Vec<NextHop> {
    let mut next_hops = Vec::new();
    while let Some(length) = number16(list).map(usize::from) {
        let Some(one) = list.get(..length).filter(|one| one.len() >= 8) else {
            break;
        };
        let gateway = attributes(&one[8..]).find(|(kind, _)| *kind == RTA_GATEWAY);
        let address = gateway.and_then(|(_, value)| parse(value));
        if let (Some(address), Some(interface)) = (address, number32(&one[4..])) {
            next_hops.push(NextHop { address, interface });
        }
        list = list.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    next_hops
}

fn header(address: IpAddr, length: u8, kind: u8) -> [u8; 12] {
    // Family, destination length, source length, TOS, table, protocol, scope, type, flags.
    [
        family(address),
        length,
        0,
        0,
        0,
        PROTOCOL,
        0,
        kind,
        0,
        0,
        0,
        0,
    ]
}

impl Kernel {
    /// Sends packets for a prefix to these next hops, in equal parts, and to no others.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn replace_route(
        &mut self,
        table: Table,
        address: IpAddr,
        length: u8,
        next_hops: &[NextHop],
    ) -> Result<(), KernelError> {
        self.replace_route_with_mtu(table, address, length, next_hops, None)
    }

    /// The same for packets of at most this length, however long those are that the interfaces take.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn replace_route_with_mtu(
        &mut self,
        table: Table,
        address: IpAddr,
        length: u8,
        next_hops: &[NextHop],
        mtu: Option<u32>,
    ) -> Result<(), KernelError> {
        self.put_route(table, address, length, next_hops, |message| match mtu {
            // Forwarding of IPv6 looks at a locked one only.
            Some(mtu) => message.nested(RTA_METRICS, |metrics| {
                metrics
                    .attribute(RTAX_LOCK, &(1_u32 << RTAX_MTU).to_ne_bytes())
                    .attribute(RTAX_MTU, &mtu.to_ne_bytes())
            }),
            None => message,
        })
    }

    /// The same to one next hop; packets of programs here that name no source come from `source`.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn replace_route_from(
        &mut self,
        table: Table,
        address: IpAddr,
        length: u8,
        next_hop: NextHop,
        source: IpAddr,
    ) -> Result<(), KernelError> {
        self.put_route(table, address, length, &[next_hop], |message| {
            message.attribute(RTA_PREFSRC, &octets(source))
        })
    }

    fn put_route(
        &mut self,
        table: Table,
        address: IpAddr,
        length: u8,
        next_hops: &[NextHop],
        more: impl FnOnce(Message) -> Message,
    ) -> Result<(), KernelError> {
        let flags = libc::NLM_F_CREATE | libc::NLM_F_REPLACE;
        let kind = libc::RTN_UNICAST;
        let message = route(libc::RTM_NEWROUTE, flags, table, address, length, kind);
        let message = match next_hops {
            [one] if one.address.is_unspecified() => {
                more(message).attribute(RTA_OIF, &one.interface.to_ne_bytes())
            }
            [one] => more(message)
                .attribute(RTA_GATEWAY, &octets(one.address))
                .attribute(RTA_OIF, &one.interface.to_ne_bytes()),
            several => {
                let list: Vec<u8> = several.iter().flat_map(multipath_entry).collect();
                more(message).attribute(RTA_MULTIPATH, &list)
            }
        };
        self.note(table, address, length);
        self.change(&format!("route {address}/{length}"), message)
    }

    /// Answers packets for a prefix with "unreachable".
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn block_route(
        &mut self,
        table: Table,
        address: IpAddr,
        length: u8,
    ) -> Result<(), KernelError> {
        let flags = libc::NLM_F_CREATE | libc::NLM_F_REPLACE;
        let kind = libc::RTN_UNREACHABLE;
        let message = route(libc::RTM_NEWROUTE, flags, table, address, length, kind);
        self.note(table, address, length);
        self.change(&format!("block {address}/{length}"), message)
    }

    /// As [`Kernel::replace_route`], for a route that stays what it was: it is not noted.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn restore_route(
        &mut self,
        table: Table,
        address: IpAddr,
        length: u8,
        next_hops: &[NextHop],
    ) -> Result<(), KernelError> {
        let noted = self.noted.take();
        let outcome = self.replace_route(table, address, length, next_hops);
        self.noted = noted;
        outcome
    }

    /// Removes the route of a prefix; none is removed already.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn remove_route(
        &mut self,
        table: Table,
        address: IpAddr,
        length: u8,
    ) -> Result<(), KernelError> {
        let message = route(libc::RTM_DELROUTE, 0, table, address, length, 0);
        self.ensure(
            &format!("remove the route {address}/{length}"),
            message,
            &[libc::ESRCH],
        )
    }

    /// Answers what no other route of the table covers with "unreachable", so that the search does
    /// not go on in other tables.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn end_table(&mut self, table: Table, any: IpAddr) -> Result<(), KernelError> {
        let flags = libc::NLM_F_CREATE | libc::NLM_F_REPLACE;
        self.ledger.note_end(table, any);
        let message = route(
            libc::RTM_NEWROUTE,
            flags,
            table,
            any,
            0,
            libc::RTN_UNREACHABLE,
        )
        // Behind a default route that someone announces.
        .attribute(6, &u32::MAX.to_ne_bytes());
        self.ensure(&format!("end table {}", table.0), message, &[libc::EEXIST])
    }

    /// Packets that come in by an interface are looked up in this table, and in no other of ours.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn set_input_table(
        &mut self,
        interface: &str,
        index: u32,
        table: Option<Table>,
    ) -> Result<(), KernelError> {
        self.ledger.note_table(interface, index, table);
        for any in [IpAddr::from([0; 4]), IpAddr::from([0_u16; 8])] {
            // One rule an interface: its priority follows from its index.
            let priority = INPUTS.start + index % (INPUTS.end - INPUTS.start);
            let known = self.input_tables(interface, any)?;
            // The new rule first: between the two a packet follows one or the other.
            if let Some(table) = table.filter(|table| !known.contains(table)) {
                let flags = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
                let add = lookup(libc::RTM_NEWRULE, flags, any, priority)
                    .text(FRA_IIFNAME, interface)
                    .attribute(FRA_TABLE, &table.0.to_ne_bytes());
                self.ensure("add a rule", add, &[libc::EEXIST])?;
            }
            for old in known.into_iter().filter(|old| Some(*old) != table) {
                let remove = lookup(libc::RTM_DELRULE, 0, any, priority)
                    .text(FRA_IIFNAME, interface)
                    .attribute(FRA_TABLE, &old.0.to_ne_bytes());
                self.ensure("remove a rule", remove, &[libc::ENOENT, libc::ESRCH])?;
            }
        }
        Ok(())
    }

    /// The tables that packets from an interface are looked up in, by rules of its name.
    fn input_tables(&mut self, interface: &str, any: IpAddr) -> Result<Vec<Table>, KernelError> {
        let mut all = self.all_input_tables(any)?;
        Ok(all.remove(interface).unwrap_or_default())
    }

    /// The same of every interface that has such rules.
    pub(crate) fn all_input_tables(
        &mut self,
        any: IpAddr,
    ) -> Result<HashMap<String, Vec<Table>>, KernelError> {
        let mut tables: HashMap<String, Vec<Table>> = HashMap::new();
        for rule in self.all_rules(any)? {
            if let Some((interface, table)) = rule.input_table() {
                tables.entry(interface.to_owned()).or_default().push(table);
            }
        }
        Ok(tables)
    }

    /// The routes that carry our mark, of all tables, without what ends a table.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn routes(&mut self) -> Result<Vec<KnownRoute>, KernelError> {
        let mut routes = self.all_routes()?;
        routes.retain(|route| !route.ends_table());
        Ok(routes)
    }

    /// The same with what ends tables.
    pub(crate) fn all_routes(&mut self) -> Result<Vec<KnownRoute>, KernelError> {
        Ok(self.routes_and_foreign()?.0)
    }

    /// The same, and in words those that somebody else made.
    pub(crate) fn routes_and_foreign(
        &mut self,
    ) -> Result<(Vec<KnownRoute>, Vec<String>), KernelError> {
        let (mut routes, mut others) = (Vec::new(), Vec::new());
        let message = Message::new(libc::RTM_GETROUTE, libc::NLM_F_DUMP, &[0; 12]);
        self.dump("list routes", message, |entry| {
            routes.extend(known(entry));
            others.extend(foreign(entry));
        })?;
        Ok((routes, others))
    }

    /// From now on notes which routes are set.
    pub fn note_routes(&mut self) {
        self.noted = Some(BTreeSet::new());
    }

    /// Whether the route of a prefix was set since [`Kernel::note_routes`].
    pub fn is_noted(&self, table: Table, address: IpAddr, length: u8) -> bool {
        let noted = self.noted.as_ref();
        noted.is_some_and(|noted| noted.contains(&(table, address, length)))
    }

    /// Notes no more.
    pub fn forget_notes(&mut self) {
        self.noted = None;
    }

    fn note(&mut self, table: Table, address: IpAddr, length: u8) {
        if let Some(noted) = &mut self.noted {
            noted.insert((table, address, length));
        }
    }
}

fn route(
    kind: u16,
    flags: i32,
    table: Table,
    address: IpAddr,
    length: u8,
    route_type: u8,
) -> Message {
    let message = Message::new(kind, flags, &header(address, length, route_type))
        .attribute(RTA_TABLE, &table.0.to_ne_bytes());
    if length == 0 {
        message
    } else {
        message.attribute(RTA_DST, &octets(address))
    }
}

/// `struct rtnexthop` and its gateway.
fn multipath_entry(next_hop: &NextHop) -> Vec<u8> {
    let gateway = octets(next_hop.address);
    let attribute = u16::try_from(4 + gateway.len()).unwrap_or_default();
    let whole = attribute + 8;
    let mut bytes = whole.to_ne_bytes().to_vec();
    // No flags, weight 1.
    bytes.extend([0, 0]);
    bytes.extend(next_hop.interface.to_ne_bytes());
    bytes.extend(attribute.to_ne_bytes());
    bytes.extend(RTA_GATEWAY.to_ne_bytes());
    bytes.extend(gateway);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_next_hops_is_read_as_it_was_written() {
        let hops = [1_u32, 7].map(|number| NextHop {
            address: IpAddr::from([169, 254, 0, u8::try_from(number).unwrap()]),
            interface: number,
        });
        let list: Vec<u8> = hops.iter().flat_map(multipath_entry).collect();
        let mut entry = header(hops[0].address, 16, libc::RTN_UNICAST).to_vec();
        entry.extend([8, 0, 1, 0, 10, 40, 0, 0]);
        entry.extend((4 + u16::try_from(list.len()).unwrap()).to_ne_bytes());
        entry.extend(RTA_MULTIPATH.to_ne_bytes());
        entry.extend(list);
        let route = known(&entry).unwrap();
        assert_eq!(route.address, IpAddr::from([10, 40, 0, 0]));
        assert_eq!((route.length, route.next_hops), (16, hops.to_vec()));
    }

    #[test]
    fn a_route_on_the_link_is_read_and_one_of_somebody_else_is_told() {
        let mut entry = header(IpAddr::from([0; 4]), 30, libc::RTN_UNICAST).to_vec();
        entry.extend([8, 0, 1, 0, 169, 254, 0, 0]);
        entry.extend([8, 0, 4, 0]);
        entry.extend(7_u32.to_ne_bytes());
        let route = known(&entry).unwrap();
        assert!(route.is_on_link());
        assert_eq!(route.next_hops[0].interface, 7);
        assert_eq!(foreign(&entry), None);
        // `ip route add`.
        (entry[4], entry[5]) = (254, 3);
        assert_eq!(known(&entry), None);
        let told = foreign(&entry).unwrap();
        assert_eq!(told, "route 169.254.0.0/30 of table 254");
    }

    #[test]
    fn damaged_routes_are_passed_over() {
        assert_eq!(several(&[200, 0, 0, 0, 1]), []);
        assert_eq!(several(&[0, 0, 0, 0]), []);
        assert_eq!(known(&[2, 0, 0]), None);
    }
}
