//! Against the kernel, where it has MACsec.

use super::*;
use crate::link::VethSpec;
use crate::namespace::Namespace;
use crate::probe_mac_sec;

const GCM_AES_256: u64 = 0x0080_c200_0100_0002;
const GCM_AES_XPN_256: u64 = 0x0080_c200_0100_0004;

fn key(an: u8, extended: bool) -> AssociationSpec<'static> {
    AssociationSpec {
        an,
        id: [an + 1; 16],
        key: &[7; 32],
        packet_number: if extended { 1 << 40 } else { 5 },
        extended: extended.then_some((0x0102_0304, [9; 12])),
    }
}

/// In a namespace that is then thrown away.
#[test]
fn what_is_put_into_an_interface_is_read_back_and_goes() {
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: needs root");
        return;
    }
    if let Err(error) = probe_mac_sec() {
        println!("skipped: this kernel has no MACsec: {error}");
        return;
    }
    let name = format!("demarc-macsec-{}", std::process::id());
    let namespace = Namespace::ensure(&name).unwrap();
    namespace
        .inside(|| {
            for cipher in [GCM_AES_256, GCM_AES_XPN_256] {
                one_interface(&namespace, cipher);
            }
        })
        .unwrap();
    drop(namespace);
    Namespace::remove(&name).unwrap();
}

fn one_interface(namespace: &Namespace, cipher: u64) {
    let extended = cipher == GCM_AES_XPN_256;
    let mut kernel = Kernel::here().unwrap();
    kernel.remove_link("port").unwrap();
    let pair = VethSpec {
        name: "port",
        peer: "far",
        namespace,
        mtu: 9_037,
    };
    kernel.add_veth(pair).unwrap();
    let port = kernel.existing("port").unwrap();
    let spec = MacSecSpec {
        name: "dmcm1",
        port: port.index,
        sci: 0x0200_0000_0001_0001,
        cipher,
        window: 0,
    };
    assert_eq!(kernel.mac_sec("dmcm1").unwrap(), None);
    assert_eq!(
        kernel.mac_sec("port").unwrap(),
        None,
        "it is something else"
    );
    kernel.add_mac_sec(&spec).unwrap();
    let made = kernel.mac_sec("dmcm1").unwrap().unwrap();
    assert!(made.is_as(&spec), "{made:?}");
    let wider = MacSecSpec { window: 64, ..spec };
    assert!(made.is_of(&wider) && !made.is_as(&wider));
    kernel.set_mac_sec(made.index, &wider).unwrap();
    assert!(kernel.mac_sec("dmcm1").unwrap().unwrap().is_as(&wider));
    let link = kernel.existing("dmcm1").unwrap();
    assert_eq!(
        (link.mac, link.mtu),
        (port.mac, 9_037 - MacSecLink::OVERHEAD)
    );

    let mut inside = MacSec::open().unwrap();
    let (index, peer) = (made.index, 0x0200_0000_0002_0001);
    assert_eq!(inside.read(index).unwrap(), Some(SecY::default()));
    assert_eq!(inside.read(port.index).unwrap(), None);
    for _ in 0..2 {
        inside.add_channel(index, peer).unwrap();
    }
    for an in [0, 3] {
        inside.add_receive(index, peer, &key(an, extended)).unwrap();
        inside.add_transmit(index, &key(an, extended)).unwrap();
    }
    kernel.set_encoding_association(index, 3).unwrap();
    assert_eq!(kernel.mac_sec("dmcm1").unwrap().unwrap().encoding(), 3);
    let read = inside.read(index).unwrap().unwrap();
    let there = |an: u8| SecureAssociation {
        an,
        active: true,
        id: [an + 1; 16],
        packet_number: key(an, extended).packet_number,
    };
    assert_eq!(read.transmit, [there(0), there(3)]);
    assert_eq!((read.receive[0].sci, read.receive[0].active), (peer, true));
    assert_eq!(read.receive[0].associations, [there(0), there(3)]);
    for _ in 0..2 {
        inside.remove_transmit(index, 0).unwrap();
        inside.remove_receive(index, peer, 0).unwrap();
    }
    let read = inside.read(index).unwrap().unwrap();
    assert_eq!(read.transmit, [there(3)]);
    assert_eq!(read.receive[0].associations, [there(3)]);
    for _ in 0..2 {
        inside.remove_channel(index, peer).unwrap();
    }
    assert_eq!(inside.read(index).unwrap().unwrap().receive, []);
}
