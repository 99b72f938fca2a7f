//! What program a filter of an interface runs.

use crate::attachment::{HANDLE_NUMBER, PRIORITY};
use crate::error::KernelError;
use crate::netlink::{Kernel, Message, attributes, number32};

/// Family, interface, handle, parent, priority and protocol.
const HEADER: usize = 20;
/// The ingress side of a clsact queueing discipline.
const INGRESS: u32 = 0xffff_fff2;
const TCA_OPTIONS: u16 = 2;
const TCA_BPF_ID: u16 = 11;

impl Kernel {
    /// The number of the program in our filter at the ingress of an interface, whoever attached it.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub(crate) fn ingress_filter(&mut self, interface: u32) -> Result<Option<u32>, KernelError> {
        let mut header = [0; HEADER];
        header[4..8].copy_from_slice(&interface.to_ne_bytes());
        header[12..16].copy_from_slice(&INGRESS.to_ne_bytes());
        let message = Message::new(libc::RTM_GETTFILTER, libc::NLM_F_DUMP, &header);
        let mut found = None;
        self.dump("list filters", message, |entry| {
            found = found.or_else(|| program(entry));
        })?;
        Ok(found)
    }
}

fn program(entry: &[u8]) -> Option<u32> {
    let handle = number32(entry.get(8..)?)?;
    let priority = number32(entry.get(16..)?)? >> 16;
    if (handle, priority) != (HANDLE_NUMBER, u32::from(PRIORITY)) {
        return None;
    }
    let mut parts = attributes(entry.get(HEADER..)?);
    let (_, options) = parts.find(|(kind, _)| *kind == TCA_OPTIONS)?;
    let (_, id) = attributes(options).find(|(kind, _)| *kind == TCA_BPF_ID)?;
    number32(id)
}
