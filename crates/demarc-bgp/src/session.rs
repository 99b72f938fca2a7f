//! The session machine of RFC 4271 §8, as a value: events and time in, outputs and deadlines out.
//!
//! ```text
//!   driver                             Session                               RIB
//!   handle_start / handle_command -->  +--------------------------------+
//!   admit_incoming, handle_connected   | outgoing Link  incoming Link   |  Up, Routes, EndOfRib,
//!   handle_connection_lost       -->   |      \  collision §6.8 /       |-> Down, FlushStale,
//!   handle_input(bytes)          -->   | damping, prefix limit,         |  Refresh...
//!   handle_timeout(now)          -->   | graceful restart helper        |
//!   handle_prefix_limit_exceeded -->   +--------------------------------+
//!        poll_output: Connect, Send, Close ...     next_deadline
//! ```
//!
//! A neighbor has one [`Session`] and up to two connections: the one that we open and the one that
//! it opens. Each runs the RFC's table, [`transition`], which is a pure function of state and event.
//! Nothing here knows a socket, a clock or a random source.
//!
//! How to drive it: call a `handle_*` method, then take every [`Output`] from
//! [`poll_output`](Session::poll_output) in order, then sleep until
//! [`next_deadline`](Session::next_deadline) or the next event. Time must not run backwards.

mod collision;
mod config;
mod damping;
mod fsm;
mod graceful_restart;
mod link;
mod machine;
mod negotiate;
mod output;
mod prefix_limit;
mod status;
mod timestamp;

pub use config::{Restart, SessionConfig};
pub use fsm::{Action, Event, State, Transition, transition};
pub use machine::{Command, Session};
pub use negotiate::Negotiated;
pub use output::{Admission, Direction, DownReason, Output, RouteUpdate, SessionEvent};
pub use status::{Counters, IdleReason, LastError, MessageCounts, SessionStatus};
pub use timestamp::Timestamp;

#[cfg(test)]
mod tests;
