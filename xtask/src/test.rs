//! `cargo xtask test`: every suite of the project, with one line at the end.

mod clients;
mod replicas;
mod tally;

use crate::workspace::{self, cargo, succeeds};
use crate::{system, test::tally::Tally};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use tally::{Runner, counted};

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
    for suite in [
        Suite::Rust,
        Suite::Clients,
        Suite::Interop,
        Suite::Replicas,
        Suite::Edge,
    ] {
        if arguments.only.is_some_and(|only| only != suite) {
            continue;
        }
        let result = match suite {
            Suite::Rust => rust(),
            Suite::Clients => clients(arguments.release),
            Suite::Interop => interop(arguments.release),
            Suite::Replicas => replicas::run(arguments.release),
            Suite::Edge => edge(arguments.release),
        };
        let tally = result.unwrap_or_else(|error| {
            println!("{suite:?}: {error:#}");
            Tally::FAILURE
        });
        total += tally;
        if tally.failed > 0 {
            broken.push(format!("{suite:?}").to_lowercase());
            if !arguments.keep_going {
                break;
            }
        }
    }
    println!("demarc: {total}");
    if !broken.is_empty() {
        bail!("failures in: {}", broken.join(", "));
    }
    Ok(())
}

fn rust() -> Result<Tally> {
    let excluded: &[&str] = if workspace::has_crate(INTEROP) {
        &["--exclude", INTEROP]
    } else {
        &[]
    };
    let mut tally = Tally::default();
    let mut documentation = cargo();
    documentation
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(excluded);
    if has_nextest() {
        let mut nextest = cargo();
        nextest
            .args(["nextest", "run", "--workspace", "--no-fail-fast"])
            .args(excluded);
        tally += counted(Runner::Nextest, &mut nextest)?;
        documentation.arg("--doc");
    }
    tally += counted(Runner::CargoTest, &mut documentation)?;
    Ok(tally)
}

/// One test after the other: each owns network namespaces and the processor that routers need.
fn interop(release: bool) -> Result<Tally> {
    if !workspace::has_crate(INTEROP) {
        return Ok(Tally::skipped(&format!(
            "the workspace has no crate {INTEROP}"
        )));
    }
    let mut tests = cargo();
    tests.env("DEMARC_BIN", program(release)?);
    if has_nextest() {
        tests.args(["nextest", "run", "--package", INTEROP, "--no-fail-fast"]);
        tests.args(["--test-threads", "1"]);
        counted(Runner::Nextest, &mut tests)
    } else {
        tests.args(["test", "--package", INTEROP, "--no-fail-fast"]);
        tests.args(["--", "--test-threads", "1"]);
        counted(Runner::CargoTest, &mut tests)
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
    build.args(["build", "--package", "demarc"]);
    if release {
        build.arg("--release");
    }
    workspace::run(&mut build)?;
    let profile = if release { "release" } else { "debug" };
    Ok(workspace::target().join(profile).join("demarc"))
}
