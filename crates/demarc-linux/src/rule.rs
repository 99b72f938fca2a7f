//! Rules that refuse packets before any table is looked up.

use std::net::IpAddr;

use crate::address::{family, octets, parse};
use crate::error::KernelError;
use crate::netlink::{Kernel, Message, attributes};
use crate::route::{FRA_IIFNAME, FRA_PRIORITY};

const FRA_DST: u16 = 1;
/// The action: answer with "unreachable" (`FR_ACT_UNREACHABLE`).
const UNREACHABLE: u8 = 7;
/// Before the rules that choose a table.
const PRIORITY: u32 = 900;
/// Family, destination length, source length, TOS, table, two reserved, action, flags.
const HEADER: usize = 12;

fn header(any: IpAddr, length: u8) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[0] = family(any);
    header[1] = length;
    header[7] = UNREACHABLE;
    header
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
            let message = rule(libc::RTM_NEWRULE, flags, interface, *new);
            self.ensure("add a rule that refuses", message, &[libc::EEXIST])?;
        }
        for old in known.iter().filter(|one| !prefixes.contains(one)) {
            let message = rule(libc::RTM_DELRULE, 0, interface, *old);
            let gone = [libc::ENOENT, libc::ESRCH];
            self.ensure("remove a rule that refuses", message, &gone)?;
        }
        Ok(())
    }

    fn refused(&mut self, interface: &str) -> Result<Vec<(IpAddr, u8)>, KernelError> {
        let mut found = Vec::new();
        for any in [IpAddr::from([0; 4]), IpAddr::from([0_u16; 8])] {
            let mut header = [0; HEADER];
            header[0] = family(any);
            let message = Message::new(libc::RTM_GETRULE, libc::NLM_F_DUMP, &header);
            self.dump("list rules", message, |entry| {
                found.extend(refusal(entry, interface, any));
            })?;
        }
        Ok(found)
    }
}

/// The prefix of a rule that refuses packets of the interface.
fn refusal(entry: &[u8], interface: &str, any: IpAddr) -> Option<(IpAddr, u8)> {
    let (header, rest) = entry.split_at_checked(HEADER)?;
    if header[7] != UNREACHABLE {
        return None;
    }
    let find = |wanted| {
        let mut all = attributes(rest).filter(|(kind, _)| *kind == wanted);
        all.next().map(|(_, value)| value)
    };
    let name = find(FRA_IIFNAME)?;
    if name.strip_suffix(&[0]) != Some(interface.as_bytes()) {
        return None;
    }
    let address = find(FRA_DST).and_then(parse).unwrap_or(any);
    Some((address, header[1]))
}

fn rule(kind: u16, flags: i32, interface: &str, (address, length): (IpAddr, u8)) -> Message {
    let message = Message::new(kind, flags, &header(address, length))
        .attribute(FRA_PRIORITY, &PRIORITY.to_ne_bytes())
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

    #[test]
    fn a_rule_that_refuses_is_read_as_it_was_written() {
        let prefix = (IpAddr::from([10, 40, 0, 0]), 16);
        let bytes = rule(libc::RTM_NEWRULE, 0, "uplink1", prefix).finish(1);
        let (entry, any) = (&bytes[16..], IpAddr::from([0; 4]));
        assert_eq!(refusal(entry, "uplink1", any), Some(prefix));
        assert_eq!(refusal(entry, "uplink2", any), None);
        assert_eq!(refusal(&entry[..8], "uplink1", any), None);
    }
}
