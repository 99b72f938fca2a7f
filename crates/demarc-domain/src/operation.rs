//! The operations, one file a resource. Each function checks in the order of spec/protocol §3.4 (formats,
//! existence and ownership, state, conflicts, quotas) and then acts.

pub(crate) mod agreement;
pub(crate) mod association;
pub(crate) mod attachment;
pub(crate) mod bgp_peer;
pub(crate) mod billing;
#[cfg(test)]
mod check_order;
mod client_token;
pub(crate) mod connection;
pub(crate) mod failover_test;
pub(crate) mod gateway;
pub(crate) mod hosted;
mod hosted_move;
pub(crate) mod interconnect;
pub(crate) mod lag;
pub(crate) mod lag_member;
pub(crate) mod loa;
pub(crate) mod location;
pub(crate) mod mac_sec;
mod port_order;
pub(crate) mod proposal;
pub(crate) mod resiliency_group;
pub(crate) mod resiliency_member;
pub(crate) mod route;
pub(crate) mod router_configuration;
pub(crate) mod tag;
pub(crate) mod virtual_gateway;
pub(crate) mod virtual_interface;
