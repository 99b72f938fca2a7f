//! Test support: a watcher that knows what a session must never do, and two speakers on a network
//! that delays, breaks and parts, under a virtual clock. Everything follows from a seed.

mod network;
mod watcher;

pub use network::{Faults, Simulation, Speaker};
pub use watcher::Watcher;

#[cfg(test)]
mod tests;
