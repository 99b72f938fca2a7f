//! `demarc-bench`: see `--help`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand};
use demarc_bench::bgp::{RouterKind, Selection};
use demarc_speaker::SpeakerConfig;

/// Measures Demarc, and other routers on the same machine for comparison.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The speaker beside BIRD, FRR and GoBGP. Needs root: it builds network namespaces.
    Bgp(Bgp),
    /// Runs the speaker, as `demarc speaker` does: what `bgp` measures by default.
    #[command(hide = true)]
    Speaker {
        #[arg(long)]
        config: PathBuf,
    },
    /// The routing tables alone, in this process.
    Tables {
        #[arg(long, default_value_t = 800_000)]
        routes: u32,
    },
}

#[derive(Debug, clap::Args)]
struct Bgp {
    /// The program that is started as `PROGRAM speaker --config FILE`; this one by default, which
    /// has the speaker in it.
    #[arg(long, env = "DEMARC")]
    demarc: Option<PathBuf>,
    /// The routers to measure; those that are not installed are left out by name.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "demarc,bird,frr,gobgp"
    )]
    routers: Vec<RouterKind>,
    /// The measurements to run.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "routes100k,routes800k,burst500,burst2000,mesh500,idle2000"
    )]
    only: Vec<Selection>,
    /// How often each is run; the best is shown, with the median behind it.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Seconds after which a step of a measurement is given up.
    #[arg(long, default_value_t = 120)]
    patience: u64,
}

/// The allocator of the program `demarc`, so that its memory is what is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn speaker(config: &Path) -> anyhow::Result<String> {
    let config = SpeakerConfig::read(config)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(demarc_speaker::run(config))?;
    Ok(String::new())
}

/// Enough addresses for the largest measurement.
const NEIGHBORS: usize = 2001;

fn bgp(arguments: &Bgp) -> anyhow::Result<String> {
    if let Some(status) = demarc_bench::bgp::enter(NEIGHBORS)? {
        anyhow::ensure!(status == 0, "the measurement failed with status {status}");
        return Ok(String::new());
    }
    let Bgp {
        demarc,
        routers,
        only,
        runs,
        patience,
    } = arguments;
    let patience = Duration::from_secs(*patience);
    let demarc = demarc.clone().map_or_else(std::env::current_exe, Ok)?;
    demarc_bench::bgp::run(&demarc, routers, only, *runs, patience)
}

fn main() -> anyhow::Result<()> {
    let report = match Arguments::parse().command {
        Command::Bgp(arguments) => bgp(&arguments)?,
        Command::Speaker { config } => speaker(&config)?,
        Command::Tables { routes } => demarc_bench::tables::run(routes)?,
    };
    std::io::stdout().write_all(report.as_bytes())?;
    Ok(())
}
