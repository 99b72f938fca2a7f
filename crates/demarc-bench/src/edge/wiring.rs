//! Cables, VLANs, and networks behind gateways.

use std::net::Ipv4Addr;

use demarc_linux::{Kernel, Namespace, NextHop, Table, VethSpec, VlanDelivery, VlanProgram, probe};
use ipnet::IpNet;

/// A port takes frames of 9001 bytes and a tag.
const CABLE_MTU: u32 = 9_001;
pub(super) const MTU: u16 = 1_500;

/// Forwarding as in a gateway, and no patience with two paths.
const ROUTER: [(&str, &str); 5] = [
    ("ipv4/ip_forward", "1"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/conf/all/send_redirects", "0"),
    ("ipv4/fib_multipath_hash_policy", "1"),
];

/// A namespace with what can be asked of it.
pub(super) struct Site {
    pub(super) namespace: Namespace,
    pub(super) kernel: Kernel,
}

impl Site {
    pub(super) fn new(name: &str) -> anyhow::Result<Self> {
        let namespace = Namespace::ensure(name)?;
        namespace.set_parameters(&ROUTER)?;
        let mut kernel = namespace.kernel()?;
        let loopback = kernel.existing("lo")?;
        kernel.set_up(loopback.index)?;
        Ok(Self { namespace, kernel })
    }

    /// An address of a host in it.
    pub(super) fn host(&mut self, address: Ipv4Addr) -> anyhow::Result<()> {
        let loopback = self.kernel.existing("lo")?;
        self.kernel
            .add_address(loopback.index, address.into(), 32)?;
        Ok(())
    }

    /// Gives an interface its address and brings it up.
    pub(super) fn address(&mut self, interface: &str, address: IpNet) -> anyhow::Result<()> {
        let link = self.kernel.existing(interface)?;
        let (own, length) = (address.addr(), address.prefix_len());
        self.kernel.add_address(link.index, own, length)?;
        self.kernel.set_up(link.index)?;
        Ok(())
    }

    /// Everything else goes there.
    pub(super) fn way_out(&mut self, interface: &str, via: Ipv4Addr) -> anyhow::Result<()> {
        self.route(IpNet::default(), interface, via)
    }

    pub(super) fn route(
        &mut self,
        prefix: IpNet,
        interface: &str,
        via: Ipv4Addr,
    ) -> anyhow::Result<()> {
        let next_hop = NextHop {
            address: via.into(),
            interface: self.kernel.existing(interface)?.index,
        };
        let (network, length) = (prefix.network(), prefix.prefix_len());
        self.kernel
            .replace_route(Table::MAIN, network, length, &[next_hop])?;
        Ok(())
    }
}

/// A wire between two sites.
pub(super) fn wire(
    near: &mut Site,
    far: &mut Site,
    names: [&str; 2],
    addresses: [IpNet; 2],
) -> anyhow::Result<()> {
    near.kernel.add_veth(VethSpec {
        name: names[0],
        peer: names[1],
        namespace: &far.namespace,
        mtu: u32::from(MTU),
    })?;
    near.address(names[0], addresses[0])?;
    far.address(names[1], addresses[1])
}

/// The names of a cable's ends: at the edge, and at the customer's.
pub(super) fn port(number: u32) -> String {
    format!("port{number}")
}

pub(super) fn cable(number: u32) -> String {
    format!("cable{number}")
}

/// The edge's interface to a VPC, its address and the VPC's.
pub(super) fn uplink(number: u32) -> (String, Ipv4Addr, Ipv4Addr) {
    let base = u32::from(Ipv4Addr::new(100, 64, 0, 0)) + number * 4;
    let address = |host| Ipv4Addr::from(base + host);
    (format!("uplink{number}"), address(1), address(2))
}

/// Makes a cable; its far end is in `to`, down.
pub(super) fn add_cable(edge: &mut Kernel, number: u32, to: &Namespace) -> anyhow::Result<()> {
    edge.add_veth(VethSpec {
        name: &port(number),
        peer: &cable(number),
        namespace: to,
        mtu: CABLE_MTU,
    })?;
    Ok(())
}

/// Makes the network behind an uplink, with one host.
pub(super) fn add_vpc(
    edge: &mut Kernel,
    number: u32,
    site: &mut Site,
    host: Ipv4Addr,
) -> anyhow::Result<()> {
    let (name, ours, theirs) = uplink(number);
    let lan = format!("lan{number}");
    edge.add_veth(VethSpec {
        name: &name,
        peer: &lan,
        namespace: &site.namespace,
        mtu: CABLE_MTU,
    })?;
    site.address(&lan, IpNet::new(theirs.into(), 30)?)?;
    site.host(host)?;
    site.way_out(&lan, ours)
}

/// The customers' end of a VLAN.
#[derive(Clone, Copy)]
pub(super) struct Vlan {
    delivery: VlanDelivery,
}

/// The customers' side of cables.
pub(super) struct Cage {
    site: Site,
    program: VlanProgram,
    vlans: u32,
}

impl Cage {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            site: Site::new("cage")?,
            program: VlanProgram::load(probe()?)?,
            vlans: 0,
        })
    }

    pub(super) fn add_cable(&mut self, edge: &mut Kernel, number: u32) -> anyhow::Result<()> {
        add_cable(edge, number, &self.site.namespace)?;
        let Self { site, program, .. } = self;
        let kernel = &mut site.kernel;
        let name = cable(number);
        let attached = site
            .namespace
            .inside(|| program.attach_port(kernel, &name))?;
        attached?;
        self.plug(number, true)
    }

    /// The VLAN of a cable as an interface of a customer's router, with its name.
    pub(super) fn add_vlan(
        &mut self,
        site: &mut Site,
        cable_number: u32,
        vlan: u16,
        address: IpNet,
    ) -> anyhow::Result<(Vlan, String)> {
        self.vlans += 1;
        let (outer, inner) = (format!("at{}", self.vlans), format!("vlan{}", self.vlans));
        let Self {
            site: own, program, ..
        } = self;
        let kernel = &mut own.kernel;
        kernel.add_veth(VethSpec {
            name: &outer,
            peer: &inner,
            namespace: &site.namespace,
            mtu: u32::from(MTU),
        })?;
        site.address(&inner, address)?;
        let outside = kernel.existing(&outer)?;
        let attached = own
            .namespace
            .inside(|| program.attach_outer_end(kernel, &outer))?;
        attached?;
        own.kernel.set_up(outside.index)?;
        let delivery = VlanDelivery {
            port: own.kernel.existing(&cable(cable_number))?.index,
            vlan,
            outer_end: outside.index,
            mac: site.kernel.existing(&inner)?.mac,
            mtu: MTU,
            source_check: false,
        };
        program.deliver(delivery)?;
        Ok((Vlan { delivery }, inner))
    }

    /// From now on frames of the VLAN vanish both ways; the links stay up.
    pub(super) fn silence(&mut self, vlan: Vlan) {
        self.program.end(vlan.delivery);
    }

    /// Frames pass again.
    pub(super) fn restore(&mut self, vlan: Vlan) -> anyhow::Result<()> {
        Ok(self.program.deliver(vlan.delivery)?)
    }

    /// Puts the cable in, or pulls it: the port has a carrier, or none.
    pub(super) fn plug(&mut self, number: u32, up: bool) -> anyhow::Result<()> {
        let kernel = &mut self.site.kernel;
        let link = kernel.existing(&cable(number))?;
        if up {
            kernel.set_up(link.index)?;
        } else {
            kernel.set_down(link.index)?;
        }
        Ok(())
    }
}
