//! The Link Aggregation Control Protocol (IEEE 802.1AX-2014 clause 6), without I/O.
//!
//! Our side of a LAG, as `spec/routing §10` asks for it: always active, all members equal, nothing without
//! LACP. The crate is two things, each usable alone:
//!
//! - [`SlowFrame`]: LACPDUs and Marker PDUs, decoded and encoded.
//! - [`Bundle`]: the members of one LAG, each with its receive, periodic, selection and mux machine. Time is
//!   an argument; PDUs go in by [`Bundle::handle_pdu`] and come out by [`Bundle::poll_transmit`].
//!
//! Sockets, clocks, and frames that are to be distributed are the caller's.

mod bundle;
mod flags;
mod frame;
mod member;
mod mux;
mod receive;

pub use bundle::{Bundle, BundleConfig, MemberStatus};
pub use flags::Flags;
pub use frame::{
    DESTINATION, DecodeError, ETHERTYPE, Lacpdu, Marker, PAYLOAD_LENGTH, PortInfo, SlowFrame,
    SystemId,
};
pub use member::Why;
pub use mux::Mux;
pub use receive::Receive;
