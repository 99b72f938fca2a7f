//! Demarc's speaker beside BIRD, FRR and GoBGP: the same load, the same machine, the same run.
//!
//! Each router runs in a network namespace of its own; the load generator sits at the other end of
//! a veth pair and is all neighbors at once. Every time is taken where routes arrive.

mod counter;
mod lab;
mod measure;
mod neighbor;
mod process;
mod report;
mod routers;
mod scenario;

pub use lab::enter;
pub use measure::{Selection, run};
pub use routers::RouterKind;
