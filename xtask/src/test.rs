//! `cargo xtask test`: every suite of the project, with one line at the end.

mod clients;
mod replicas;
mod tally;

use crate::workspace::{self, cargo, succeeds};
use crate::{system, test::tally::Tally};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use tally::{Runner, Terminal, counted};

pub(crate) use replicas::{Nemesis, nemesis};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Run one kind of suite only
    #[arg(long)]
    only: Option<Suite>,
    /// Go on with the next suite when one has failures
    #[arg(long)]
    keep_going: bool,
    /// Test a release build of the program with the real clients
    #[arg(long)]
    release: bool,
}

/// The first failure ends the run, so the fast ones come first.
const ORDER: [Suite; 5] = [
    Suite::Rust,
    Suite::Clients,
    Suite::Interop,
    Suite::Replicas,
    Suite::Edge,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// Unit, property, engine and documentation tests
    Rust,
    /// Real AWS clients against the program
    Clients,
    /// Real routers against the program
    Interop,
    /// Replicas over a real etcd cluster while both are disturbed
    Replicas,
    /// The Linux edge in network namespaces, as root
    Edge,
}

/// The crate whose tests start other people's routers.
const INTEROP: &str = "demarc-interop";

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    system::prepare();
    let mut total = Tally::default();
    let mut broken = Vec::new();
    let wanted: Vec<Suite> = ORDER
        .into_iter()
        .filter(|suite| arguments.only.is_none_or(|only| only == *suite))
        .collect();
    let release = arguments.release;
    let mut suites = wanted.into_iter().peekable();
    while let Some(suite) = suites.next() {
        let beside = suites.next_if(|next| suite == Suite::Clients && *next == Suite::Interop);
        for (suite, tally) in outcomes(suite, beside, release) {
            total += tally;
            if tally.failed > 0 {
                broken.push(format!("{suite:?}").to_lowercase());
            }
        }
        if !broken.is_empty() && !arguments.keep_going {
            break;
        }
    }
    println!("demarc: {total}");
    if !broken.is_empty() {
        bail!("failures in: {}", broken.join(", "));
    }
    Ok(())
}

/// Runs a suite, and another one beside it whose output comes when both have ended: clients keep the
/// processor busy, routers wait for their timers most of the time.
fn outcomes(suite: Suite, beside: Option<Suite>, release: bool) -> Vec<(Suite, Tally)> {
    let or_failure = |suite: Suite, result: Result<Tally>| {
        let tally = result.unwrap_or_else(|error| {
            println!("{suite:?}: {error:#}");
            Tally::FAILURE
        });
        (suite, tally)
    };
    let Some(beside) = beside else {
        let result = outcome(suite, release, &Terminal::Now);
        return vec![or_failure(suite, result)];
    };
    let later = Terminal::Later(Mutex::default());
    let (first, second) = std::thread::scope(|scope| {
        // Nothing is built twice: the second waits for cargo's lock where the first builds.
        let second = scope.spawn(|| outcome(beside, release, &later));
        let first = outcome(suite, release, &Terminal::Now);
        let second = second.join().unwrap_or_else(|_| bail!("it panicked"));
        (first, second)
    });
    println!("{beside:?}, which ran beside {suite:?}:");
    later.flush();
    vec![or_failure(suite, first), or_failure(beside, second)]
}

fn outcome(suite: Suite, release: bool, terminal: &Terminal) -> Result<Tally> {
    match suite {
        Suite::Rust => rust(),
        Suite::Clients => clients(release),
        Suite::Interop => interop(release, terminal),
        Suite::Replicas => replicas::run(release),
        Suite::Edge => edge(release),
    }
}

fn rust() -> Result<Tally> {
    let mut tally = Tally::default();
    let mut documentation = cargo();
    documentation.args(["test", "--workspace", "--no-fail-fast"]);
    if has_nextest() {
        let mut nextest = nextest();
        if workspace::has_crate(INTEROP) {
            nextest.args(["-E", &format!("not package({INTEROP})")]);
        }
        tally += counted(Runner::Nextest, &mut nextest, &Terminal::Now)?;
        documentation.arg("--doc");
    } else if workspace::has_crate(INTEROP) {
        documentation.args(["--exclude", INTEROP]);
    }
    tally += counted(Runner::CargoTest, &mut documentation, &Terminal::Now)?;
    Ok(tally)
}

/// Always the whole workspace: with fewer packages some dependencies have fewer features and are built again.
fn nextest() -> Command {
    let mut nextest = cargo();
    nextest.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    nextest
}

/// One test after the other: each owns network namespaces and the processor that routers need.
fn interop(release: bool, terminal: &Terminal) -> Result<Tally> {
    if !workspace::has_crate(INTEROP) {
        return Ok(Tally::skipped(&format!(
            "the workspace has no crate {INTEROP}"
        )));
    }
    let program = program(release)?;
    if has_nextest() {
        let mut tests = nextest();
        tests.args(["-E", &format!("package({INTEROP})")]);
        tests
            .args(["--test-threads", "1"])
            .env("DEMARC_BIN", program);
        counted(Runner::Nextest, &mut tests, terminal)
    } else {
        let mut tests = cargo();
        tests.args(["test", "--package", INTEROP, "--no-fail-fast"]);
        tests.args(["--", "--test-threads", "1"]);
        tests.env("DEMARC_BIN", program);
        counted(Runner::CargoTest, &mut tests, terminal)
    }
}

fn has_nextest() -> bool {
    succeeds(cargo().args(["nextest", "--version"]))
}

fn clients(release: bool) -> Result<Tally> {
    if !clients::folder().exists() {
        return Ok(Tally::skipped("there is no tests/clients"));
    }
    if system::find("python3").is_none() {
        return Ok(Tally::skipped("real clients: python3 is not installed"));
    }
    clients::run(&program(release)?)
}

fn edge(release: bool) -> Result<Tally> {
    if !clients::edge_folder().exists() {
        return Ok(Tally::skipped("there is no tests/edge"));
    }
    if system::find("python3").is_none() {
        return Ok(Tally::skipped("the Linux edge: python3 is not installed"));
    }
    clients::run_edge(&program(release)?)
}

/// Builds the program that clients and routers meet, and says where it is.
fn program(release: bool) -> Result<PathBuf> {
    let mut build = cargo();
    // The whole workspace for its features, as in `nextest`.
    build.args(["build", "--workspace", "--bin", "demarc"]);
    if release {
        build.arg("--release");
    }
    workspace::run(&mut build)?;
    let profile = if release { "release" } else { "debug" };
    Ok(workspace::target().join(profile).join("demarc"))
}
