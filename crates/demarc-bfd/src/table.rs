//! Which session a received packet belongs to (RFC 5880 §6.3, RFC 5881 §3).

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;

use crate::ControlPacket;

/// A session's place in the driver that owns the sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionIndex(pub usize);

/// The addresses and discriminators in use. Holds no session itself.
#[derive(Debug, Default)]
pub struct Table {
    by_discriminator: HashMap<NonZeroU32, (SessionIndex, IpAddr)>,
    by_neighbor: HashMap<IpAddr, (SessionIndex, NonZeroU32)>,
}

/// The answer to [`Table::lookup`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    Session(SessionIndex),
    /// A discriminator of nobody here, or of a session with another neighbor.
    UnknownDiscriminator,
    /// First packets from an address that is not configured.
    UnknownNeighbor,
}

impl Table {
    /// Adds the session with `neighbor`. `false`, and nothing changed, when either the address or
    /// the discriminator is taken.
    pub fn insert(
        &mut self,
        index: SessionIndex,
        neighbor: IpAddr,
        discriminator: NonZeroU32,
    ) -> bool {
        if self.by_neighbor.contains_key(&neighbor)
            || self.by_discriminator.contains_key(&discriminator)
        {
            return false;
        }
        self.by_neighbor.insert(neighbor, (index, discriminator));
        self.by_discriminator
            .insert(discriminator, (index, neighbor));
        true
    }

    /// Removes the session with `neighbor`, if there is one.
    pub fn remove(&mut self, neighbor: IpAddr) -> Option<SessionIndex> {
        let (index, discriminator) = self.by_neighbor.remove(&neighbor)?;
        self.by_discriminator.remove(&discriminator);
        Some(index)
    }

    /// The session for `packet` from `source`: by our discriminator when the packet carries one,
    /// else by address. A discriminator counts only together with the address it was given to:
    /// on one hop the neighbor's address does not change under a session.
    #[must_use]
    pub fn lookup(&self, packet: &ControlPacket, source: IpAddr) -> Lookup {
        match packet.your_discriminator {
            Some(discriminator) => match self.by_discriminator.get(&discriminator) {
                Some((index, neighbor)) if *neighbor == source => Lookup::Session(*index),
                Some(_) | None => Lookup::UnknownDiscriminator,
            },
            None => self
                .by_neighbor
                .get(&source)
                .map_or(Lookup::UnknownNeighbor, |(index, _)| {
                    Lookup::Session(*index)
                }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Diagnostic, State};

    fn packet(yours: u32) -> ControlPacket {
        ControlPacket {
            diagnostic: Diagnostic::None,
            state: State::Down,
            poll: false,
            final_: false,
            control_plane_independent: false,
            demand: false,
            detect_multiplier: 3,
            my_discriminator: NonZeroU32::new(900).unwrap(),
            your_discriminator: NonZeroU32::new(yours),
            desired_min_tx: Duration::from_secs(1),
            required_min_rx: Duration::from_secs(1),
            required_min_echo_rx: Duration::ZERO,
        }
    }

    #[test]
    fn a_discriminator_decides_before_the_address_and_must_fit_it() {
        let (one, two, other) = ("192.0.2.1", "192.0.2.2", "192.0.2.3");
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut table = Table::default();
        assert!(table.insert(SessionIndex(0), address(one), NonZeroU32::new(10).unwrap()));
        assert!(table.insert(SessionIndex(1), address(two), NonZeroU32::new(20).unwrap()));
        assert!(!table.insert(SessionIndex(2), address(two), NonZeroU32::new(30).unwrap()));
        assert!(!table.insert(
            SessionIndex(2),
            address(other),
            NonZeroU32::new(20).unwrap()
        ));
        let rows = [
            (0, one, Lookup::Session(SessionIndex(0))),
            (10, one, Lookup::Session(SessionIndex(0))),
            (20, two, Lookup::Session(SessionIndex(1))),
            (20, one, Lookup::UnknownDiscriminator),
            (99, one, Lookup::UnknownDiscriminator),
            (0, other, Lookup::UnknownNeighbor),
        ];
        for (yours, source, expected) in rows {
            assert_eq!(
                table.lookup(&packet(yours), address(source)),
                expected,
                "{yours} {source}"
            );
        }
        assert_eq!(table.remove(address(one)), Some(SessionIndex(0)));
        assert_eq!(
            table.lookup(&packet(10), address(one)),
            Lookup::UnknownDiscriminator
        );
        assert_eq!(
            table.lookup(&packet(0), address(one)),
            Lookup::UnknownNeighbor
        );
    }
}
