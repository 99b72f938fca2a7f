//! What the kernel can do, found out by trying (edge.md §2).

use crate::attachment::Attachment;
use crate::error::KernelError;
use crate::link::VethSpec;
use crate::namespace::Namespace;
use crate::netlink::Kernel;
use crate::program::VlanProgram;

/// How VLANs can be delivered here: loads the program and attaches it in a namespace that is then
/// thrown away.
///
/// # Errors
/// [`KernelError`] of the last way that was tried.
pub fn probe() -> Result<Attachment, KernelError> {
    let name = format!("dmc-probe-{}", std::process::id());
    let namespace = Namespace::ensure(&name)?;
    let outcome = namespace.inside(|| {
        try_attachment(&namespace, Attachment::Tcx)
            .or_else(|_| try_attachment(&namespace, Attachment::Clsact))
    });
    drop(namespace);
    Namespace::remove(&name)?;
    outcome?
}

fn try_attachment(here: &Namespace, attachment: Attachment) -> Result<Attachment, KernelError> {
    let mut kernel = Kernel::here()?;
    kernel.remove_link("probe0")?;
    let spec = VethSpec {
        name: "probe0",
        peer: "probe1",
        namespace: here,
        mtu: 1_500,
    };
    kernel.add_veth(spec)?;
    VlanProgram::load(attachment)?.attach_port(&mut kernel, "probe0")?;
    Ok(attachment)
}
