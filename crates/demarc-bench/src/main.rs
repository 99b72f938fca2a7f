//! `demarc-bench`: see `--help`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand};
use demarc_bench::api::Part;
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
    /// The control plane under load, beside a bare server and the bare storage engine.
    Api(Api),
    /// The control plane with a thousand and with a million virtual interfaces.
    Scale {
        /// The program `demarc`; the one beside this program by default.
        #[arg(long)]
        demarc: Option<PathBuf>,
        /// Numbers of virtual interfaces, fewest first.
        #[arg(long, value_delimiter = ',', default_value = "1000,1000000")]
        sizes: Vec<u32>,
    },
    /// Replicas over three etcd members, beside etcd alone and the embedded store.
    Replicas(Replicas),
    /// Answers every request with the bytes of a file: what `api` compares with.
    #[command(hide = true)]
    Bare { body: PathBuf },
    /// The speaker beside BIRD, FRR and GoBGP. Needs root: it builds network namespaces.
    Bgp(Bgp),
    /// The Linux edge: throughput, hundreds of virtual interfaces, failures. Needs root: it builds network
    /// namespaces.
    Edge(Edge),
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
struct Api {
    /// The program `demarc`; the one beside this program by default.
    #[arg(long)]
    demarc: Option<PathBuf>,
    /// The program `moto_server`; without it that comparison is left out.
    #[arg(long)]
    moto: Option<PathBuf>,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of each measurement, after one second of warming up.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often reads are measured, in turns with the bare server.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The measurements to run.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "start,reads,writes"
    )]
    only: Vec<Part>,
}

#[derive(Debug, clap::Args)]
struct Replicas {
    /// The program `demarc`; the one beside this program by default.
    #[arg(long)]
    demarc: Option<PathBuf>,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of each measurement, after one second of warming up.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often writes and reads are measured, in turns with what they are compared with.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Virtual interfaces in the store that a replica starts on.
    #[arg(long, default_value_t = 100_000)]
    interfaces: u32,
    /// The measurements to run.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "writes,reads,start,losses"
    )]
    only: Vec<demarc_bench::replicas::Part>,
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

#[derive(Debug, clap::Args)]
struct Edge {
    /// The program `demarc`; the one beside this program by default.
    #[arg(long)]
    demarc: Option<PathBuf>,
    /// The measurements to run.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "throughput,failure,many"
    )]
    only: Vec<demarc_bench::edge::Part>,
    /// How often throughput is measured, in turns with the path without VLANs.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds of each measurement of throughput.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Virtual interfaces on one device.
    #[arg(long, default_value_t = 500)]
    interfaces: u32,
    /// How many of them share a gateway; the quota is 30.
    #[arg(long, default_value_t = 30)]
    on_a_gateway: u32,
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

/// The program to measure: the one named, else the one that was built beside this one.
fn program(named: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let program = match named {
        Some(program) => program,
        None => std::env::current_exe()?.with_file_name("demarc"),
    };
    anyhow::ensure!(
        program.is_file(),
        "there is no {}: build it with `cargo build --release -p demarc`, or name another with --demarc",
        program.display()
    );
    Ok(program)
}

fn api(arguments: Api) -> anyhow::Result<String> {
    demarc_bench::api::run(&demarc_bench::api::Options {
        demarc: program(arguments.demarc)?,
        moto: arguments.moto,
        connections: arguments.connections,
        seconds: arguments.seconds,
        rounds: arguments.rounds,
        only: arguments.only,
    })
}

fn replicas(arguments: Replicas) -> anyhow::Result<String> {
    demarc_bench::replicas::run(&demarc_bench::replicas::Options {
        demarc: program(arguments.demarc)?,
        connections: arguments.connections,
        seconds: arguments.seconds,
        rounds: arguments.rounds,
        interfaces: arguments.interfaces,
        only: arguments.only,
    })
}

fn bare(body: &Path) -> anyhow::Result<String> {
    demarc_bench::api::serve_bare(std::fs::read(body)?)?;
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

fn edge(arguments: Edge) -> anyhow::Result<String> {
    let options = demarc_bench::edge::Options {
        demarc: program(arguments.demarc)?,
        rounds: arguments.rounds,
        seconds: arguments.seconds,
        interfaces: arguments.interfaces,
        on_a_gateway: arguments.on_a_gateway,
    };
    match demarc_bench::edge::enter(&arguments.only)? {
        Some(part) => demarc_bench::edge::run(&options, part),
        None => Ok(String::new()),
    }
}

fn main() -> anyhow::Result<()> {
    let report = match Arguments::parse().command {
        Command::Api(arguments) => api(arguments)?,
        Command::Scale { demarc, sizes } => demarc_bench::scale::run(&program(demarc)?, &sizes)?,
        Command::Replicas(arguments) => replicas(arguments)?,
        Command::Bare { body } => bare(&body)?,
        Command::Bgp(arguments) => bgp(&arguments)?,
        Command::Edge(arguments) => edge(arguments)?,
        Command::Speaker { config } => speaker(&config)?,
        Command::Tables { routes } => demarc_bench::tables::run(routes)?,
    };
    std::io::stdout().write_all(report.as_bytes())?;
    Ok(())
}
