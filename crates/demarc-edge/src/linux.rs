//! The edge of the machine that the service runs on: ports, VLANs, gateways and sessions on Linux.
//!
//! A function of device intents: one task wants what they say, knows what it has made, and makes the
//! difference; an object that is as it should be is not touched. What it sees goes out as device statuses.
//! It knows nothing of the World, nor of how intents come and statuses go. What an earlier process left goes
//! on forwarding, and is taken over.

mod adoption;
mod bell;
mod bindings;
mod edge;
mod following;
mod forwarding;
mod gateway;
mod healing;
mod lag;
mod macsec;
mod peer;
mod port;
mod port_protocol;
mod routes;
mod seeing;
mod stale;
mod status;
mod uplink_mark;
mod virtual_interface;

pub use bindings::{Bindings, BindingsError, PortBinding, UplinkBinding, UplinkFault};
pub use edge::{LinuxEdge, LinuxError};
pub use status::{EdgeView, Intents, Views};
