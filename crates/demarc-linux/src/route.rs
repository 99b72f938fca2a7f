//! Routes, and rules that choose the table to look them up in.

use std::net::IpAddr;

use crate::address::{family, octets};
use crate::error::KernelError;
use crate::netlink::{Kernel, Message};

const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_MULTIPATH: u16 = 9;
const RTA_TABLE: u16 = 15;
const FRA_IIFNAME: u16 = 3;
const FRA_PRIORITY: u16 = 6;
const FRA_TABLE: u16 = 15;
/// Routes of a routing daemon (`RTPROT_BGP`): what is ours in a gateway.
const PROTOCOL: u8 = 186;

/// A routing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table(pub u32);

impl Table {
    pub const MAIN: Self = Self(254);
}

/// Where packets go next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NextHop {
    pub address: IpAddr,
    /// Interface index.
    pub interface: u32,
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
        let flags = libc::NLM_F_CREATE | libc::NLM_F_REPLACE;
        let message = route(
            libc::RTM_NEWROUTE,
            flags,
            table,
            address,
            length,
            libc::RTN_UNICAST,
        );
        let message = match next_hops {
            [one] => message
                .attribute(RTA_GATEWAY, &octets(one.address))
                .attribute(RTA_OIF, &one.interface.to_ne_bytes()),
            several => {
                let list: Vec<u8> = several.iter().flat_map(multipath_entry).collect();
                message.attribute(RTA_MULTIPATH, &list)
            }
        };
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
        self.change(&format!("block {address}/{length}"), message)
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
        for any in [IpAddr::from([0; 4]), IpAddr::from([0_u16; 8])] {
            // One rule an interface: its priority follows from its index.
            let priority = 1_000 + index % 30_000;
            let remove = rule(libc::RTM_DELRULE, 0, any, priority).text(FRA_IIFNAME, interface);
            self.ensure("remove a rule", remove, &[libc::ENOENT, libc::ESRCH])?;
            let Some(table) = table else { continue };
            let flags = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
            let add = rule(libc::RTM_NEWRULE, flags, any, priority)
                .text(FRA_IIFNAME, interface)
                .attribute(FRA_TABLE, &table.0.to_ne_bytes());
            self.ensure("add a rule", add, &[libc::EEXIST])?;
        }
        Ok(())
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

fn rule(kind: u16, flags: i32, any: IpAddr, priority: u32) -> Message {
    let mut header = [0; 12];
    header[0] = family(any);
    // The action "look up".
    header[7] = 1;
    Message::new(kind, flags, &header).attribute(FRA_PRIORITY, &priority.to_ne_bytes())
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
