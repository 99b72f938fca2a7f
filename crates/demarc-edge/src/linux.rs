//! The edge of the machine that the service runs on: ports, VLANs, gateways and sessions on Linux.
//!
//! One task follows the World. It wants what the intents say, knows what it has made, and makes the
//! difference: an object that is as it should be is not touched. What it sees goes back as reports.
//! What an earlier process left is cleared away at the start; until then it keeps forwarding.

mod bindings;
mod edge;
mod fabric;
mod gateway;
mod port;
mod report;
mod routes;
mod virtual_interface;

pub use bindings::{Bindings, BindingsError, PortBinding, UplinkBinding};
pub use edge::{LinuxEdge, LinuxError};
pub use fabric::LinuxFabric;
