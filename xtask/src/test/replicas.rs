//! Three replicas over three etcd members, while a nemesis is at work: `tests/replicas`.

use super::tally::{Runner, Tally, Terminal, counted};
use super::{clients, program};
use crate::workspace::{self, command};
use crate::{system, workspace::succeeds};
use anyhow::{Result, bail};
use clap::Args;
use std::path::Path;
use std::process::Command;

/// How long the nemesis is at work in `cargo xtask test`.
const SECONDS: u64 = 120;

#[derive(Args)]
pub(crate) struct Nemesis {
    /// How long things go wrong
    #[arg(long, default_value_t = 2)]
    minutes: u64,
    /// What goes wrong, and when
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep the history of what clients saw in this file, for `cargo xtask history`
    #[arg(long)]
    keep: Option<std::path::PathBuf>,
    /// Test a release build of the program
    #[arg(long)]
    release: bool,
}

/// The suite.
pub(super) fn run(release: bool) -> Result<Tally> {
    for needed in ["etcd", "etcdctl", "python3"] {
        if system::find(needed).is_none() {
            return Ok(Tally::skipped(&format!(
                "replicas: {needed} is not installed"
            )));
        }
    }
    let program = program(release)?;
    counted(
        Runner::Pytest,
        pytest(&program, SECONDS)?
            .args(["--color=no", "-ra"])
            .args(clients::RERUNS),
        &Terminal::Now,
    )
}

/// `cargo xtask nemesis`: the long test alone, with all that it has to say.
pub(crate) fn nemesis(arguments: &Nemesis) -> Result<()> {
    system::prepare();
    let program = program(arguments.release)?;
    let mut pytest = pytest(&program, arguments.minutes * 60)?;
    pytest
        .args(["-s", "-k", "every_history"])
        .env("DEMARC_NEMESIS_SEED", arguments.seed.to_string());
    if let Some(file) = &arguments.keep {
        pytest.env("DEMARC_NEMESIS_KEEP", std::path::absolute(file)?);
    }
    workspace::run(&mut pytest)
}

fn pytest(program: &Path, seconds: u64) -> Result<Command> {
    let python = clients::python()?;
    if !succeeds(command(&python).args(["-m", "pytest", "--version"])) {
        bail!("{} has no pytest", python.display());
    }
    let mut pytest = command(&python);
    pytest
        .args(["-m", "pytest", "-p", "no:cacheprovider"])
        .arg(workspace::root().join("tests/replicas"))
        .env("DEMARC_BINARY", program)
        .env("DEMARC_HISTORY_CHECKER", std::env::current_exe()?)
        .env("DEMARC_NEMESIS_SECONDS", seconds.to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(pytest)
}
