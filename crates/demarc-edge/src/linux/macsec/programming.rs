//! Making a MACsec interface be as key agreement wants it.
//!
//! Level-triggered: what is there is read each time, so what somebody else undid is done again, and what is as it
//! should be is not touched. The order keeps frames passing: first what they are taken with, then what they are
//! sent with, then away with the rest.

use demarc_linux::{AssociationSpec, Kernel, KernelError, MacSec, MacSecLink, MacSecSpec, SecY};
use demarc_mka::{Association, Installed, Receiving, Sci, Transmitting, Xpn};
use tracing::info;

use super::port::Port;

/// Of frames that are late: none is taken.
const WINDOW: u32 = 0;
/// Frames that may have gone since packet numbers were read last: more than any port sends in two seconds. A
/// number that was used once with a key must never be used with it again (IEEE 802.1AE §10.5), whoever took away
/// what counted.
const SINCE_READ: u64 = 1 << 28;
/// The last number of a key, but for a few (32 bits; extended ones have 64).
const LAST: u64 = 0xffff_ff00;

pub(super) fn sci(mac: [u8; 6]) -> u64 {
    let sci = Sci {
        address: mac,
        port: 1,
    };
    sci.to_bits()
}

/// The kernel, by both its doors.
pub(super) struct Doors<'a> {
    pub(super) kernel: &'a mut Kernel,
    pub(super) inside: &'a mut MacSec,
}

impl Doors<'_> {
    /// Makes everything so; what there is then.
    pub(super) fn program(
        &mut self,
        port: &mut Port,
        association: &Association,
    ) -> Result<Installed, KernelError> {
        let keep = port.inherited.filter(|_| association.transmit.is_none());
        // What goes on forwarding stays as it is, until there is something of another kind.
        let inherited = keep.filter(|_| association.receive.is_empty());
        let cipher = inherited.map_or_else(|| association.cipher.id(), |it| it.cipher);
        let link = self.interface(port, cipher)?;
        port.interface = Some(link.index);
        let mut seen = self.read(link.index)?;
        let changed = self.install(&link, &seen, &port.seen, association)?;
        let purged = keep.is_none() && self.purge(link.index, &seen, association)?;
        if changed || purged {
            seen = self.read(link.index)?;
        }
        let Some(link) = self.kernel.mac_sec(&port.name())? else {
            return Err(KernelError::NoInterface(port.name()));
        };
        let installed = installed(&seen, link.encoding(), association);
        port.seen = seen;
        Ok(installed)
    }

    fn read(&mut self, index: u32) -> Result<SecY, KernelError> {
        Ok(self.inside.read(index)?.unwrap_or_default())
    }

    /// The interface, up and set as it is to be.
    fn interface(&mut self, port: &Port, cipher: u64) -> Result<MacSecLink, KernelError> {
        let name = port.name();
        let spec = MacSecSpec {
            name: &name,
            port: port.wanted.interface,
            sci: sci(port.mac),
            cipher,
            window: WINDOW,
        };
        let mut found = self.kernel.mac_sec(&name)?;
        if found.as_ref().is_some_and(|found| !found.is_of(&spec)) {
            self.kernel.remove_link(&name)?;
            found = None;
        }
        if found.is_none() {
            self.kernel.add_mac_sec(&spec)?;
            found = self.kernel.mac_sec(&name)?;
            info!(connection = %port.wanted.connection, interface = name, "a MACsec interface is made");
        }
        let found = found.ok_or_else(|| KernelError::NoInterface(name.clone()))?;
        let link = self.kernel.existing(&name)?;
        let mark = port.mark();
        if link.alias != mark {
            self.kernel.set_alias(link.index, &mark)?;
        }
        if !found.is_as(&spec) {
            self.kernel.set_mac_sec(found.index, &spec)?;
        }
        let below = self.kernel.mtu_of(port.wanted.interface)?;
        let mtu = below.saturating_sub(MacSecLink::OVERHEAD);
        if link.mtu != mtu {
            self.kernel.set_mtu(link.index, mtu)?;
        }
        if !link.up {
            self.kernel.set_up(link.index)?;
        }
        Ok(found)
    }

    /// Puts in what is missing; whether anything was. `before`: what was there at the last look.
    fn install(
        &mut self,
        link: &MacSecLink,
        seen: &SecY,
        before: &SecY,
        wanted: &Association,
    ) -> Result<bool, KernelError> {
        let index = link.index;
        let mut changed = false;
        for channel in &wanted.receive {
            let sci = channel.sci.to_bits();
            let there = seen.receive.iter().find(|it| it.sci == sci);
            if there.is_none() {
                self.inside.add_channel(index, sci)?;
                changed = true;
            }
            let there = there
                .map(|it| it.associations.as_slice())
                .unwrap_or_default();
            for one in &channel.associations {
                let at = there.iter().find(|it| it.an == one.an);
                if at.is_some_and(|at| at.active && at.id == one.id.to_bytes()) {
                    continue;
                }
                if at.is_some() {
                    self.inside.remove_receive(index, sci, one.an)?;
                }
                let spec = AssociationSpec {
                    an: one.an,
                    id: one.id.to_bytes(),
                    key: one.sak.as_bytes(),
                    // What was taken once is not taken again.
                    packet_number: one
                        .lowest_packet_number
                        .max(received(before, sci, one.id.to_bytes()))
                        .max(1),
                    extended: one.xpn.map(extended),
                };
                self.inside.add_receive(index, sci, &spec)?;
                changed = true;
            }
        }
        let Some(one) = &wanted.transmit else {
            return Ok(changed);
        };
        let at = seen.transmit.iter().find(|it| it.an == one.an);
        if at.is_none_or(|at| !at.active || at.id != one.id.to_bytes()) {
            if at.is_some() {
                self.inside.remove_transmit(index, one.an)?;
            }
            let spec = AssociationSpec {
                an: one.an,
                id: one.id.to_bytes(),
                key: one.sak.as_bytes(),
                packet_number: next(before, one.id.to_bytes(), one.xpn.is_some()),
                extended: one.xpn.map(extended),
            };
            self.inside.add_transmit(index, &spec)?;
            changed = true;
        }
        if link.encoding() != one.an || changed {
            self.kernel.set_encoding_association(index, one.an)?;
        }
        Ok(changed)
    }

    /// Takes away what is not named; whether anything was.
    fn purge(
        &mut self,
        index: u32,
        seen: &SecY,
        wanted: &Association,
    ) -> Result<bool, KernelError> {
        let mut changed = false;
        for channel in &seen.receive {
            let is_it = |it: &&demarc_mka::ReceiveChannel| it.sci.to_bits() == channel.sci;
            let Some(named) = wanted.receive.iter().find(is_it) else {
                self.inside.remove_channel(index, channel.sci)?;
                changed = true;
                continue;
            };
            for one in &channel.associations {
                if !named.associations.iter().any(|it| it.an == one.an) {
                    self.inside.remove_receive(index, channel.sci, one.an)?;
                    changed = true;
                }
            }
        }
        for one in &seen.transmit {
            if wanted.transmit.as_ref().is_none_or(|it| it.an != one.an) {
                self.inside.remove_transmit(index, one.an)?;
                changed = true;
            }
        }
        Ok(changed)
    }
}

/// The first packet number to send with a key that is put in: 1, unless it was there before.
fn next(before: &SecY, id: [u8; 16], extended: bool) -> u64 {
    let mut there = before.transmit.iter();
    let Some(known) = there.find(|it| it.id == id) else {
        return 1;
    };
    let next = known.packet_number.saturating_add(SINCE_READ);
    if extended { next } else { next.min(LAST) }
}

/// The packet number that was to come next from a channel, with a key that was there before.
fn received(before: &SecY, sci: u64, id: [u8; 16]) -> u64 {
    let channels = before.receive.iter().filter(|it| it.sci == sci);
    let mut there = channels.flat_map(|it| &it.associations);
    there
        .find(|it| it.id == id)
        .map_or(0, |it| it.packet_number)
}

fn extended(xpn: Xpn) -> (u32, [u8; 12]) {
    (xpn.ssci, xpn.salt)
}

/// What of an association is there.
fn installed(seen: &SecY, encoding: u8, wanted: &Association) -> Installed {
    let mut receiving: Vec<Receiving> = Vec::new();
    for one in wanted.receive.iter().flat_map(|it| &it.associations) {
        if receiving.iter().any(|it| it.id == one.id) {
            continue;
        }
        // In every channel that is to have it.
        let numbers: Option<Vec<u64>> = wanted
            .receive
            .iter()
            .filter(|channel| channel.associations.iter().any(|it| it.id == one.id))
            .map(|channel| {
                let there = seen
                    .receive
                    .iter()
                    .find(|it| it.sci == channel.sci.to_bits())?;
                let mut there = there.associations.iter();
                let found = there.find(|it| it.active && it.id == one.id.to_bytes())?;
                Some(found.packet_number)
            })
            .collect();
        if let Some(next_packet_number) = numbers.and_then(|it| it.into_iter().max()) {
            receiving.push(Receiving {
                id: one.id,
                next_packet_number,
            });
        }
    }
    let transmitting = wanted.transmit.as_ref().and_then(|one| {
        let mut there = seen.transmit.iter();
        let found = there.find(|it| {
            it.active && it.an == encoding && it.an == one.an && it.id == one.id.to_bytes()
        })?;
        Some(Transmitting {
            id: one.id,
            next_packet_number: found.packet_number,
        })
    });
    Installed {
        receiving,
        transmitting,
        fault: None,
    }
}

#[cfg(test)]
mod tests {
    use demarc_linux::{SecChannel, SecureAssociation};

    use super::*;

    #[test]
    fn a_key_that_is_put_in_again_goes_on_behind_what_was_sent_and_taken() {
        let with = |id: u8, packet_number| SecureAssociation {
            an: 1,
            active: true,
            packet_number,
            id: [id; 16],
        };
        let before = SecY {
            transmit: vec![with(7, 1_000)],
            receive: vec![SecChannel {
                sci: 9,
                active: true,
                associations: vec![with(7, 500)],
            }],
            ..SecY::default()
        };
        assert_eq!(next(&before, [7; 16], false), 1_000 + SINCE_READ);
        assert_eq!(next(&before, [8; 16], false), 1, "another key");
        assert_eq!(next(&SecY::default(), [7; 16], false), 1);
        let late = SecY {
            transmit: vec![with(7, 0xfff0_0000)],
            ..SecY::default()
        };
        assert_eq!(next(&late, [7; 16], false), LAST);
        assert_eq!(next(&late, [7; 16], true), 0xfff0_0000 + SINCE_READ);
        assert_eq!(received(&before, 9, [7; 16]), 500);
        assert_eq!(received(&before, 8, [7; 16]), 0, "another channel");
        assert_eq!(received(&before, 9, [8; 16]), 0, "another key");
    }
}
