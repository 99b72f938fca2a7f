//! How a program is tied to the ingress of an interface.

use std::os::fd::AsFd;

use aya::programs::tc::{
    NlOptions, SchedClassifierLink, SchedClassifierLinkId, TcAttachOptions, TcHandle,
    qdisc_add_clsact,
};
use aya::programs::{
    Link as _, ProgramError, ProgramInfo, SchedClassifier, TcAttachType, loaded_programs,
};

use crate::error::KernelError;
use crate::netlink::Kernel;
use crate::program::failed;
use crate::tcx;

/// Both stay when the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// By tcx, since Linux 6.6: some 45 ns less for each packet.
    Tcx,
    /// By tc filters.
    Clsact,
}

/// The programs of ours, as the kernel names them.
pub(crate) const PORT_IN: &str = "port_in";
pub(crate) const VIF_IN: &str = "vif_in";

/// Where our filter is among those of an interface.
pub(crate) const PRIORITY: u16 = 1;
pub(crate) const HANDLE_NUMBER: u32 = 1;
const HANDLE: TcHandle = TcHandle::new(0, 1);

impl Attachment {
    /// Ties a program to an interface of the calling thread's namespace, in the place of one that an earlier
    /// process of ours left: no frame is lost.
    pub(crate) fn tie(
        self,
        kernel: &mut Kernel,
        program: &mut SchedClassifier,
        (name, index): (&str, u32),
    ) -> Result<(), KernelError> {
        let action = || format!("attach to {name}");
        match self {
            Self::Tcx => {
                let there = ours_by_tcx(index).map_err(KernelError::request(action()))?;
                let number = number(program).map_err(failed(action()))?;
                if there.as_ref().is_none_or(|old| old.id() != number) {
                    let replaced = there.as_ref().map(ProgramInfo::fd).transpose();
                    let replaced = replaced.map_err(failed(action()))?;
                    let own = program.fd().map_err(failed(action()))?;
                    tcx::attach(index, own.as_fd(), replaced.as_ref().map(AsFd::as_fd))
                        .map_err(KernelError::request(action()))?;
                }
                // A version that knew filters only may have left one, which nothing reaches any more.
                if kernel.ingress_filter(index)?.is_some() {
                    _ = release_filter(name);
                }
                Ok(())
            }
            Self::Clsact => {
                let id = match exchange(program, name) {
                    Ok(id) => id,
                    Err(_) => {
                        // Where others have filters, ours joins them.
                        _ = qdisc_add_clsact(name);
                        let options = TcAttachOptions::Netlink(NlOptions {
                            priority: PRIORITY,
                            handle: HANDLE,
                            ..NlOptions::default()
                        });
                        program
                            .attach_with_options(name, TcAttachType::Ingress, options)
                            .map_err(failed(action()))?
                    }
                };
                // The filter goes with its interface, not with this process.
                std::mem::forget(program.take_link(id).map_err(failed(action()))?);
                Ok(())
            }
        }
    }

    /// The programs of others that frames meet before this one, by the kernel's numbers; `None`: it is not where
    /// it was tied any more. Of filters the kernel tells by itself.
    pub(crate) fn before(self, program: u32, index: u32) -> Option<Vec<u32>> {
        match self {
            Self::Tcx => {
                // An interface that is gone has no program, and is found out otherwise.
                let mut there = tcx::programs(index).ok()?;
                let place = there.iter().position(|other| *other == program)?;
                there.truncate(place);
                Some(there)
            }
            Self::Clsact => Some(Vec::new()),
        }
    }

    /// Takes a program of ours away.
    pub(crate) fn release(self, program: &SchedClassifier, (name, index): (&str, u32)) {
        // What is not there has been taken away already.
        match self {
            Self::Tcx => _ = program.fd().map(|own| tcx::detach(index, own.as_fd())),
            Self::Clsact => _ = release_filter(name),
        }
    }
}

/// The kernel's number of a program.
pub(crate) fn number(program: &SchedClassifier) -> Result<u32, ProgramError> {
    Ok(program.info()?.id())
}

/// The program of ours that is tied to an interface by tcx, whoever tied it.
fn ours_by_tcx(index: u32) -> std::io::Result<Option<ProgramInfo>> {
    let there = tcx::programs(index)?;
    if there.is_empty() {
        return Ok(None);
    }
    let is_ours = |program: &ProgramInfo| {
        let name = program.name_as_str().unwrap_or_default();
        there.contains(&program.id()) && [PORT_IN, VIF_IN].contains(&name)
    };
    Ok(loaded_programs().filter_map(Result::ok).find(is_ours))
}

fn filter(name: &str) -> Result<SchedClassifierLink, ProgramError> {
    let link = SchedClassifierLink::attached(name, TcAttachType::Ingress, PRIORITY, HANDLE, None)?;
    Ok(link)
}

/// Exchanges the program in the filter that a process of ours left.
fn exchange(
    program: &mut SchedClassifier,
    name: &str,
) -> Result<SchedClassifierLinkId, ProgramError> {
    program.attach_to_link(filter(name)?)
}

fn release_filter(name: &str) -> Result<(), ProgramError> {
    filter(name)?.detach()
}

impl Kernel {
    /// The number of the program of ours at the ingress of an interface, whoever attached it.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub(crate) fn ingress_program(&mut self, interface: u32) -> Result<Option<u32>, KernelError> {
        // Before Linux 6.6 there is no tcx to be asked.
        match ours_by_tcx(interface) {
            Ok(Some(program)) => Ok(Some(program.id())),
            _ => self.ingress_filter(interface),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::link::VethSpec;
    use crate::namespace::Namespace;
    use crate::program::VlanProgram;

    /// Those that this kernel has; none where nothing may be tied.
    fn known() -> Vec<Attachment> {
        if !nix::unistd::geteuid().is_root() {
            println!("skipped: needs root");
            return Vec::new();
        }
        if tcx::programs(1).is_ok() {
            return vec![Attachment::Tcx, Attachment::Clsact];
        }
        println!("skipped for tcx: this kernel has none");
        vec![Attachment::Clsact]
    }

    /// In a namespace with the interface `port`, which is then thrown away.
    fn with_port(test: impl FnOnce(&mut Kernel, u32) + Send) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("demarc-test-tie-{}-{count}", std::process::id());
        let namespace = Namespace::ensure(&name).unwrap();
        let outcome = namespace.inside(|| {
            let mut kernel = Kernel::here().unwrap();
            let spec = VethSpec {
                name: "port",
                peer: "far",
                namespace: &namespace,
                mtu: 1_500,
            };
            kernel.add_veth(spec).unwrap();
            let index = kernel.existing("port").unwrap().index;
            test(&mut kernel, index);
        });
        drop(namespace);
        Namespace::remove(&name).unwrap();
        outcome.unwrap();
    }

    fn look(program: &mut VlanProgram) {
        program.hear_of_attachments();
        program.look_at_attachments();
    }

    #[test]
    fn a_program_stays_when_its_process_lets_go_and_the_next_takes_its_place() {
        for attachment in known() {
            with_port(|kernel, port| {
                let mut tie = |by: Attachment| {
                    let mut program = VlanProgram::load(by).unwrap();
                    program.attach_port(kernel, "port").unwrap();
                    assert_eq!(program.ports(), [port]);
                    drop(program);
                    kernel.ingress_program(port).unwrap()
                };
                let first = tie(attachment);
                assert!(first.is_some(), "{attachment:?} stays");
                let second = tie(attachment);
                assert!(second.is_some(), "{attachment:?} stays");
                assert_ne!(first, second, "{attachment:?}");
                if attachment == Attachment::Tcx {
                    assert_eq!(tcx::programs(port).unwrap().len(), 1, "one, not two");
                }
            });
        }
    }

    #[test]
    fn a_filter_of_a_version_before_tcx_is_taken_away() {
        if !known().contains(&Attachment::Tcx) {
            return;
        }
        with_port(|kernel, port| {
            let mut before = VlanProgram::load(Attachment::Clsact).unwrap();
            before.attach_port(kernel, "port").unwrap();
            assert!(kernel.ingress_filter(port).unwrap().is_some());
            let mut now = VlanProgram::load(Attachment::Tcx).unwrap();
            now.attach_port(kernel, "port").unwrap();
            assert_eq!(kernel.ingress_filter(port).unwrap(), None);
            assert!(kernel.ingress_program(port).unwrap().is_some());
        });
    }

    #[test]
    fn what_is_taken_away_is_missed_and_can_be_tied_again() {
        for attachment in known() {
            with_port(|kernel, port| {
                let mut program = VlanProgram::load(attachment).unwrap();
                program.attach_port(kernel, "port").unwrap();
                look(&mut program);
                assert!(program.is_attached(port), "{attachment:?}");
                match attachment {
                    Attachment::Tcx => {
                        let tied = ours_by_tcx(port).unwrap().unwrap().fd().unwrap();
                        tcx::detach(port, tied.as_fd()).unwrap();
                    }
                    Attachment::Clsact => release_filter("port").unwrap(),
                }
                look(&mut program);
                assert!(!program.is_attached(port), "{attachment:?}");
                program.attach_port(kernel, "port").unwrap();
                assert!(kernel.ingress_program(port).unwrap().is_some());
            });
        }
    }

    #[test]
    fn programs_of_others_before_ours_are_told() {
        if !known().contains(&Attachment::Tcx) {
            return;
        }
        with_port(|kernel, port| {
            let mut object = aya::Ebpf::load(crate::program::OBJECT).unwrap();
            let theirs: &mut SchedClassifier =
                object.program_mut(VIF_IN).unwrap().try_into().unwrap();
            theirs.load().unwrap();
            tcx::attach(port, theirs.fd().unwrap().as_fd(), None).unwrap();
            let first = number(theirs).unwrap();
            // Ours goes behind what is there, unless that is ours, too: by its name.
            let mut program = VlanProgram::load(Attachment::Tcx).unwrap();
            let own = program.classifier(PORT_IN).unwrap();
            tcx::attach(port, own.fd().unwrap().as_fd(), None).unwrap();
            let second = number(own).unwrap();
            assert_eq!(Attachment::Tcx.before(second, port), Some(vec![first]));
            assert_eq!(Attachment::Tcx.before(first, port), Some(Vec::new()));
            assert_eq!(Attachment::Tcx.before(0, port), None);
            kernel.remove_link("port").unwrap();
            assert_eq!(Attachment::Tcx.before(second, port), None);
        });
    }

    #[test]
    fn an_interface_that_is_a_port_no_more_is_left() {
        for attachment in known() {
            with_port(|kernel, port| {
                let mut program = VlanProgram::load(attachment).unwrap();
                program.attach_port(kernel, "port").unwrap();
                program.leave_port("port", port);
                assert_eq!(
                    kernel.ingress_program(port).unwrap(),
                    None,
                    "{attachment:?}"
                );
                assert!(program.ports().is_empty());
            });
        }
    }
}
