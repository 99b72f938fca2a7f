//! Times of MKA (IEEE 802.1X table 9-3), and what the network can make grow.

use std::time::Duration;

/// `MKA Hello Time`: a participant speaks as often.
pub(crate) const HELLO: Duration = Duration::from_secs(2);
/// `MKA Life Time`: who is silent for longer is gone.
pub(crate) const LIFE: Duration = Duration::from_secs(6);
/// `SAK Retire Time`: an old key is kept for as long after a new one is used, for frames on the way.
pub(crate) const RETIRE: Duration = Duration::from_secs(3);
/// Messages of a participant that has news, in a second at most.
pub(crate) const BURST: usize = 5;
pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// A key that is not taken for as long gives way to that of another participant.
pub(crate) const STALL: Duration = Duration::from_secs(12);
/// Before a participant of which that is true is tried again.
pub(crate) const RETRY: Duration = Duration::from_secs(60);

/// Live peers of a participant, and as many potential ones. There is one at the other end of a cable.
pub(crate) const PEERS: usize = 8;

/// `PendingPNExhaustion`: from this packet number on a new key is due.
pub(crate) const EXHAUSTION: u64 = 0xc000_0000;
/// The same with extended packet numbers.
pub(crate) const EXHAUSTION_XPN: u64 = 0xc000_0000_0000_0000;
