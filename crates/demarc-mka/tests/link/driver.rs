//! A driver in the place of Linux's: it does what the port says, and watches that no key is used twice.

use std::collections::{BTreeMap, BTreeSet};

use demarc_mka::{Association, Installed, KeyId, Receiving, Sci, TransmitSa, Transmitting};

/// What is installed, and everything that ever was.
#[derive(Default)]
pub(crate) struct Driver {
    pub(crate) transmit: Option<TransmitSa>,
    pub(crate) receive: BTreeMap<(Sci, u8), demarc_mka::ReceiveSa>,
    pub(crate) next_packet_number: u64,
    /// SAKs that were sent with, in all lives of the port.
    sent_with: BTreeSet<Vec<u8>>,
    /// Channels that were opened with a SAK.
    opened: BTreeSet<(Sci, Vec<u8>)>,
    pub(crate) applied: Option<Association>,
    /// It fails with these words.
    pub(crate) fault: Option<String>,
}

/// A frame of data, as far as it counts here.
#[derive(Clone)]
pub(crate) struct Data {
    pub(crate) from: Sci,
    pub(crate) sa: TransmitSa,
}

impl Driver {
    pub(crate) fn apply(&mut self, association: &Association) -> Installed {
        self.applied = Some(association.clone());
        if let Some(fault) = &self.fault {
            self.receive.clear();
            self.transmit = None;
            return Installed {
                fault: Some(fault.clone()),
                ..Installed::default()
            };
        }
        let mut wanted = BTreeMap::new();
        let mut ids: BTreeMap<u8, KeyId> = BTreeMap::new();
        for channel in &association.receive {
            for sa in &channel.associations {
                let before = wanted.insert((channel.sci, sa.an), sa.clone());
                assert_eq!(before, None, "two keys at one AN");
                let id = *ids.entry(sa.an).or_insert(sa.id);
                assert_eq!(id, sa.id, "an AN of two keys");
                assert_eq!(sa.sak.cipher(), association.cipher);
                assert_eq!(sa.sak.cipher().is_xpn(), sa.xpn.is_some());
            }
        }
        for ((sci, an), sa) in &wanted {
            let is_there = self
                .receive
                .get(&(*sci, *an))
                .is_some_and(|old| old.id == sa.id);
            let sak = sa.sak.as_bytes().to_vec();
            if !is_there {
                let is_new = self.opened.insert((*sci, sak));
                assert!(is_new, "a channel is opened again: replay of {}", sa.id);
            }
        }
        self.receive = wanted;
        if let Some(sa) = &association.transmit {
            let id = ids.get(&sa.an);
            assert!(id.is_none_or(|id| *id == sa.id), "an AN of two keys");
            assert_eq!(sa.sak.cipher().is_xpn(), sa.xpn.is_some());
            if self.transmit.as_ref().is_none_or(|old| old.id != sa.id) {
                let is_new = self.sent_with.insert(sa.sak.as_bytes().to_vec());
                assert!(is_new, "a key is sent with again: nonces of {}", sa.id);
                self.next_packet_number = 1;
            }
        }
        self.transmit = association.transmit.clone();
        self.report()
    }

    pub(crate) fn report(&self) -> Installed {
        let channels: BTreeSet<Sci> = self.receive.keys().map(|(sci, _)| *sci).collect();
        let ids: BTreeSet<KeyId> = self.receive.values().map(|sa| sa.id).collect();
        let complete = ids.into_iter().filter(|id| {
            let count = self.receive.values().filter(|sa| sa.id == *id).count();
            count == channels.len()
        });
        let receiving = complete.map(|id| Receiving {
            id,
            next_packet_number: 1,
        });
        Installed {
            receiving: receiving.collect(),
            transmitting: self.transmit.as_ref().map(|sa| Transmitting {
                id: sa.id,
                next_packet_number: self.next_packet_number,
            }),
            fault: None,
        }
    }

    pub(crate) fn send(&mut self, from: Sci) -> Option<Data> {
        let sa = self.transmit.clone()?;
        self.next_packet_number += 1;
        Some(Data { from, sa })
    }

    /// Whether the frame can be opened.
    pub(crate) fn takes(&self, data: &Data) -> bool {
        let sa = self.receive.get(&(data.from, data.sa.an));
        sa.is_some_and(|sa| sa.id == data.sa.id && sa.sak == data.sa.sak && sa.xpn == data.sa.xpn)
    }

    /// The machine begins anew; what was used stays used.
    pub(crate) fn restart(&mut self) {
        self.transmit = None;
        self.receive.clear();
        self.applied = None;
        self.fault = None;
    }
}
