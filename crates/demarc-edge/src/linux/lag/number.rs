//! Numbers of 16 bits for ids: keys of LAGs, numbers of ports. They have to be the same after a restart, or the
//! other end would see other ports.

use std::collections::BTreeMap;

use demarc_types::{ConnectionId, LagId};

/// Numbers in use, by id. What has one keeps it.
#[derive(Debug)]
pub(in crate::linux) struct Numbers<Id> {
    given: BTreeMap<Id, u16>,
}

impl<Id> Default for Numbers<Id> {
    fn default() -> Self {
        Self {
            given: BTreeMap::new(),
        }
    }
}

/// An id with the part of it that is its own.
pub(in crate::linux) trait Suffixed: Ord + Copy {
    fn own(self) -> String;
}

impl Suffixed for ConnectionId {
    fn own(self) -> String {
        self.suffix().to_owned()
    }
}

impl Suffixed for LagId {
    fn own(self) -> String {
        self.suffix().to_owned()
    }
}

impl<Id: Suffixed> Numbers<Id> {
    /// The number of an id: its hash, or the next that is free. Never 0, which stands for nothing in LACP.
    pub(in crate::linux) fn of(&mut self, id: Id) -> u16 {
        if let Some(number) = self.given.get(&id) {
            return *number;
        }
        let [first, second, ..] = hash(id.own().as_bytes()).to_be_bytes();
        let mut number = u16::from_be_bytes([first, second]).max(1);
        while self.given.len() < usize::from(u16::MAX)
            && self.given.values().any(|other| *other == number)
        {
            number = number.wrapping_add(1).max(1);
        }
        self.given.insert(id, number);
        number
    }

    /// Forgets the numbers of ids that are no more.
    pub(in crate::linux) fn keep(&mut self, wanted: impl Fn(Id) -> bool) {
        self.given.retain(|id, _| wanted(*id));
    }
}

/// The system that a device is in LACP: an address that nobody else has, as far as one can know
/// (IEEE 802 §8.4, locally administered).
pub(super) fn system_of(device: &str) -> [u8; 6] {
    let [a, b, c, d, e, ..] = hash(device.as_bytes()).to_be_bytes();
    [0x02, a, b, c, d, e]
}

/// FNV-1a, with the end of MurmurHash3 so that every bit counts for every other: the same on every machine
/// and in every version.
fn hash(bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lag(number: u32) -> LagId {
        format!("dxlag-{number:08x}").parse().unwrap()
    }

    #[test]
    fn numbers_are_the_same_after_a_restart_and_never_shared() {
        let ids: Vec<LagId> = (0..300).map(lag).collect();
        let given = || {
            let mut numbers = Numbers::default();
            ids.iter().map(|id| numbers.of(*id)).collect::<Vec<_>>()
        };
        let first = given();
        assert_eq!(first, given());
        let mut sorted = first.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), ids.len());
        assert!(!sorted.contains(&0));
        // Most have their own whatever others there are.
        let alone = |id: &LagId| Numbers::default().of(*id);
        let own = ids
            .iter()
            .zip(&first)
            .filter(|(id, number)| alone(id) == **number);
        assert!(own.count() > 290);
    }

    #[test]
    fn a_device_is_one_system_and_no_other() {
        let system = system_of("EqDC2-370kou9loeqh0");
        assert_eq!(system, system_of("EqDC2-370kou9loeqh0"));
        assert_ne!(system, system_of("EqDC2-370kou9loeqh1"));
        assert_eq!(system[0], 2);
    }
}
