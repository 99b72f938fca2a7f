//! Load generators and measurements.
//!
//! * [`bgp`]: Demarc's speaker beside BIRD, FRR and GoBGP, measured at the receiver.
//! * [`tables`]: the routing tables alone, in this process: where time and memory go.

pub mod bgp;
pub mod tables;
pub mod workload;
