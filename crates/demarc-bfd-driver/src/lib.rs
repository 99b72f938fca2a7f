//! Runs BFD sessions (RFC 5880, RFC 5881) over UDP.
//!
//! One [`Driver`] serves one local address: it owns the socket on port 3784 there and one sending
//! socket per neighbor. It changes nothing but its sessions; what a lost path means for BGP is for
//! whoever reads the [`Change`]s.
//!
//! ```text
//!   port 3784 ──▶ task ──▶ Table ──▶ Session ──▶ sending socket of the neighbor, hop limit 255
//!                  ▲ │
//!        commands ─┘ └─▶ changes
//! ```
//!
//! Sockets are opened by [`Sockets::open`] in the network namespace of the calling thread and stay
//! there. Dropping the [`Driver`] ends the task and closes the sockets; neighbors then notice by
//! silence. [`Driver::unwatch`] says goodbye (AdminDown) first.

mod driver;
mod socket;

pub use driver::{Change, Driver, Status};
pub use socket::{Sockets, open_sender};
