//! Bidirectional Forwarding Detection for one IP hop (RFC 5880, RFC 5881), without I/O.
//!
//! Asynchronous mode, no echo, no authentication: what `spec/routing §1` asks of an edge. The
//! crate is three things, each usable alone:
//!
//! - [`ControlPacket`]: the 24 bytes of RFC 5880 §4.1, decoded and encoded.
//! - [`Session`]: the machine of RFC 5880 §6.8. Time is an argument, randomness is a seed, packets
//!   go in by [`Session::handle_packet`] and come out by [`Session::poll_transmit`].
//! - [`Table`]: which session a datagram belongs to (RFC 5880 §6.3).
//!
//! Sockets, clocks and what a lost neighbor means for BGP are the caller's.

mod packet;
mod random;
mod session;
mod table;

pub use packet::{
    CONTROL_PORT, ControlPacket, DecodeError, Diagnostic, PACKET_LENGTH, SOURCE_PORTS, State,
    TRANSMIT_HOP_LIMIT, decode_datagram,
};
pub use session::{Config, Discard, Event, Intervals, Role, Session};
pub use table::{Lookup, SessionIndex, Table};
