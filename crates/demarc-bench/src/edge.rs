//! The Linux edge: the real program with real VLANs, sessions and packets, in network namespaces of its own.
//!
//! ```text
//!  customers ══ VLAN ══ cage ── cableN ═══ portN   uplinkN ═══ lan in a VPC's namespace
//!                                     (the present namespace, where the service runs)
//! ```
//!
//! The cage is the customers' side of the cables: it tags frames by the program that the edge uses, so that no
//! VLAN interfaces of the kernel are needed. Everything is driven through the API.

mod clock;
mod customers;
mod failure;
mod flows;
mod many;
mod place;
mod service;
mod throughput;
mod traffic;
mod wiring;

use std::path::PathBuf;

pub use place::enter;

use crate::api::Table;

/// What to measure with.
pub struct Options {
    /// The program `demarc`.
    pub demarc: PathBuf,
    /// How often throughput is measured, in turns with the plain path.
    pub rounds: usize,
    /// Seconds of each measurement of throughput.
    pub seconds: f64,
    /// Virtual interfaces on one device.
    pub interfaces: u32,
    /// How many of them share a gateway.
    pub on_a_gateway: u32,
}

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// TCP and small UDP packets, beside the same path without VLANs.
    Throughput,
    /// Links that fail, with BFD and without.
    Failure,
    /// Hundreds of virtual interfaces on one device, one more, and nothing to do.
    Many,
}

/// Measures a part inside [`enter`], and gives a table in Markdown.
///
/// # Errors
/// When the service does not start, refuses a call, or something does not come up in time.
pub fn run(options: &Options, part: Part) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let mut table = Table::default();
        match part {
            Part::Throughput => throughput::measure(options, &mut table).await?,
            Part::Failure => failure::measure(options, &mut table).await?,
            Part::Many => many::measure(options, &mut table).await?,
        }
        Ok(table.to_string())
    })
}
