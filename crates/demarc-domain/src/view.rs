//! Entities as the API shows them to one viewer.

mod association;
mod attachment;
mod connection;
mod gateway;
mod lag;
mod proposal;
mod virtual_interface;

pub(crate) use association::association;
pub(crate) use attachment::attachment;
pub(crate) use connection::{connection, interconnect, redundancy_of, tag_list};
pub(crate) use gateway::gateway;
pub(crate) use lag::lag;
pub(crate) use proposal::proposal;
pub(crate) use virtual_interface::{connection_type, peer_details, virtual_interface};
