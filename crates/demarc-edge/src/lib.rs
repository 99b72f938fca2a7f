//! Edges: what turns intents into links, sessions and routes.
//!
//! [`Simulated`] is the one that runs anywhere: links come up, customers' routers answer, and everything
//! can be failed by the operator. It has no clock and no I/O; whoever drives it brings the time.

mod linux;
mod simulated;
pub mod why;

pub use linux::{
    Bindings, BindingsError, EdgeView, Intents, LinuxEdge, LinuxError, PortBinding, UplinkBinding,
    UplinkFault, Views,
};
pub use simulated::Simulated;
