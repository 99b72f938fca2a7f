//! What the kernel can do, found out by trying (edge.md §2).

use crate::attachment::Attachment;
use crate::error::KernelError;
use crate::link::VethSpec;
use crate::macsec::{AssociationSpec, MacSec, MacSecSpec};
use crate::namespace::Namespace;
use crate::netlink::Kernel;
use crate::program::VlanProgram;

/// How VLANs can be delivered here: loads the program and attaches it in a namespace that is then
/// thrown away.
///
/// # Errors
/// [`KernelError`] of the last way that was tried.
pub fn probe() -> Result<Attachment, KernelError> {
    thrown_away(|namespace| {
        try_attachment(namespace, Attachment::Tcx)
            .or_else(|_| try_attachment(namespace, Attachment::Clsact))
    })
}

/// Whether ports can be encrypted here: makes a MACsec interface with a key in a namespace that is then thrown
/// away.
///
/// # Errors
/// [`KernelError`]: why not.
pub fn probe_mac_sec() -> Result<(), KernelError> {
    thrown_away(try_mac_sec)
}

fn thrown_away<T: Send>(
    attempt: impl FnOnce(&Namespace) -> Result<T, KernelError> + Send,
) -> Result<T, KernelError> {
    let name = format!("dmc-probe-{}", std::process::id());
    let namespace = Namespace::ensure(&name)?;
    let outcome = namespace.inside(|| attempt(&namespace));
    drop(namespace);
    Namespace::remove(&name)?;
    outcome?
}

/// Makes a pair in the namespace of the calling thread.
fn make_pair(here: &Namespace) -> Result<Kernel, KernelError> {
    let mut kernel = Kernel::here()?;
    kernel.remove_link("probe0")?;
    kernel.add_veth(VethSpec {
        name: "probe0",
        peer: "probe1",
        namespace: here,
        mtu: 1_500,
    })?;
    Ok(kernel)
}

fn try_mac_sec(here: &Namespace) -> Result<(), KernelError> {
    /// GCM-AES-256.
    const CIPHER: u64 = 0x0080_c200_0100_0002;
    let mut kernel = make_pair(here)?;
    let port = kernel.existing("probe0")?;
    let spec = MacSecSpec {
        name: "probe2",
        port: port.index,
        sci: 1,
        cipher: CIPHER,
        window: 0,
    };
    kernel.add_mac_sec(&spec)?;
    let made = kernel.existing(spec.name)?;
    // The ciphers are modules of their own.
    MacSec::open()?.add_transmit(
        made.index,
        &AssociationSpec {
            an: 0,
            id: [0; 16],
            key: &[0; 32],
            packet_number: 1,
            extended: None,
        },
    )
}

fn try_attachment(here: &Namespace, attachment: Attachment) -> Result<Attachment, KernelError> {
    let mut kernel = make_pair(here)?;
    VlanProgram::load(attachment)?.attach_port(&mut kernel, "probe0")?;
    Ok(attachment)
}
