//! Load generators and measurements.
//!
//! * [`api`]: the control plane under load, beside a bare server and the bare engine.
//! * [`scale`]: what it costs to hold a thousand and a million virtual interfaces.
//! * [`replicas`]: several replicas over etcd, beside etcd alone and the embedded store.
//! * [`bgp`]: Demarc's speaker beside BIRD, FRR and GoBGP, measured at the receiver.
//! * [`edge`]: the Linux edge in network namespaces: packets, hundreds of virtual interfaces, failures.
//! * [`tables`]: the routing tables alone, in this process: where time and memory go.

pub mod api;
pub mod bgp;
pub mod edge;
pub mod replicas;
pub mod scale;
pub mod tables;
pub mod workload;
