//! Router configuration text (`DescribeRouterConfiguration`).
//!
//! [`types`] is the table of known routers, [`render`] writes the text for
//! one of them. Each vendor family is one file that turns a [`Plan`] into its
//! own language; the plan has the decisions that are the same everywhere.
//!
//! The text is meant to be read, edited in the marked places and loaded. A
//! private or transit interface announces nothing until the reader
//! uncomments a prefix; a public one announces exactly its approved prefixes.

mod cidr;
mod interface;
mod plan;
mod text;
mod types;

mod arista_eos;
mod bird;
mod cisco_ios;
mod cisco_nxos;
mod fortios;
mod frr;
mod junos;
mod nokia_sros;
mod pan_os;
mod routeros;
mod vyos;

pub use interface::{Interface, MacSec, MacSecMode};
pub use types::{RouterType, default_type, find, types};

use plan::Plan;
use types::Family;

/// The configuration text for `interface` on a router of `router_type`.
///
/// A peer whose addresses are not CIDR strings of its family is left out and
/// named in the heading. Control characters of any input become blanks, so
/// that no value can start a line of its own.
#[must_use]
pub fn render(router_type: &RouterType, interface: &Interface) -> String {
    let plan = Plan::new(router_type, interface);
    match router_type.family {
        Family::CiscoIos => cisco_ios::render(&plan),
        Family::CiscoNxos => cisco_nxos::render(&plan),
        Family::Junos(platform) => junos::render(&plan, platform),
        Family::PanOs => pan_os::render(&plan),
        Family::Frr => frr::render(&plan),
        Family::Bird => bird::render(&plan),
        Family::AristaEos => arista_eos::render(&plan),
        Family::NokiaSros => nokia_sros::render(&plan),
        Family::RouterOs => routeros::render(&plan),
        Family::Vyos(release) => vyos::render(&plan, release),
        Family::FortiOs => fortios::render(&plan),
    }
}

#[cfg(test)]
mod tests;
