//! Load generators and measurements.
//!
//! * [`tables`]: the routing tables alone, in this process: where time and memory go.

pub mod tables;
pub mod workload;
