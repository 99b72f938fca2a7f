//! Entities as the API shows them to one viewer.

mod connection;
mod lag;
mod virtual_interface;

pub(crate) use connection::{connection, interconnect, tag_list};
pub(crate) use lag::lag;
pub(crate) use virtual_interface::{bgp_peer, virtual_interface};
