//! Entities as the API shows them to one viewer.

mod association;
mod attachment;
mod connection;
mod gateway;
mod lag;
mod proposal;
mod resiliency_group;
mod virtual_interface;

pub(crate) use association::association;
pub(crate) use attachment::attachment;
pub(crate) use connection::{
    connection, interconnect, mac_sec_key, mac_sec_keys, redundancy_of, tag_list,
};
pub(crate) use gateway::gateway;
pub(crate) use lag::lag;
pub(crate) use proposal::proposal;
pub(crate) use resiliency_group::{
    resiliency_group, resiliency_group_association, resiliency_group_summary,
};
pub(crate) use virtual_interface::{connection_type, peer_details, virtual_interface};
