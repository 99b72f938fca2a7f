//! `cargo xtask fuzz`: every target for a bounded number of runs.
//!
//! The compiler is the stable one. Coverage instrumentation is a codegen option that stable
//! accepts; the flags around it are not, hence `RUSTC_BOOTSTRAP`. The address sanitizer needs a
//! standard library built for it and finds nothing in crates that deny unsafe code.

use crate::workspace::{self, command, succeeds};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::process::Command;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Inputs to try for each target
    #[arg(long, default_value_t = 100_000)]
    runs: u64,
    /// Seconds after which a target ends even so
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The longest input, in bytes: where an input is a story, short ones get more of them told in the same time
    #[arg(long)]
    longest: Option<u32>,
    /// Targets to run instead of all
    targets: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    install()?;
    let known = targets()?;
    if let Some(unknown) = arguments.targets.iter().find(|name| !known.contains(name)) {
        bail!(
            "there is no target {unknown}; there are: {}",
            known.join(", ")
        );
    }
    let chosen = match arguments.targets.as_slice() {
        [] => &known,
        _ => &arguments.targets,
    };
    let mut failed = Vec::new();
    for target in chosen {
        println!("fuzz target {target}: up to {} runs", arguments.runs);
        let mut fuzz = cargo_fuzz();
        fuzz.args(["run", "--sanitizer", "none", target]);
        fuzz.args(corpora(target)?).arg("--");
        fuzz.arg(format!("-runs={}", arguments.runs));
        fuzz.arg(format!("-max_total_time={}", arguments.seconds));
        fuzz.args(arguments.longest.map(|bytes| format!("-max_len={bytes}")));
        if workspace::run(&mut fuzz).is_err() {
            failed.push(target.as_str());
        }
    }
    println!(
        "fuzz: {} passed, {} failed",
        chosen.len() - failed.len(),
        failed.len()
    );
    match failed.as_slice() {
        [] => Ok(()),
        failed => bail!("crashed: {}; see fuzz/artifacts", failed.join(", ")),
    }
}

/// Where cargo-fuzz is put when the machine has none.
fn tools() -> PathBuf {
    workspace::target().join("tools")
}

fn cargo_fuzz() -> Command {
    let installed = tools().join("bin/cargo-fuzz");
    let mut fuzz = if installed.exists() {
        command(installed)
    } else {
        command("cargo-fuzz")
    };
    // The fuzz crate keeps its results apart: other flags, other lock file.
    fuzz.arg("fuzz").env("RUSTC_BOOTSTRAP", "1");
    fuzz.env("CARGO_TARGET_DIR", workspace::target().join("fuzz"));
    fuzz
}

fn install() -> Result<()> {
    if succeeds(cargo_fuzz().arg("--version")) {
        return Ok(());
    }
    println!("installing cargo-fuzz in {}", tools().display());
    let mut install = workspace::cargo();
    install.args(["install", "--quiet", "--locked", "cargo-fuzz", "--root"]);
    workspace::run(install.arg(tools()))
}

fn targets() -> Result<Vec<String>> {
    let output = cargo_fuzz()
        .arg("list")
        .output()
        .context("cargo fuzz list")?;
    if !output.status.success() {
        bail!(
            "cargo fuzz list: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let list = String::from_utf8(output.stdout)?;
    Ok(list.lines().map(str::to_owned).collect())
}

/// The growing corpus of a target, and its committed seeds where it has some.
fn corpora(target: &str) -> Result<Vec<PathBuf>> {
    let fuzz = workspace::root().join("fuzz");
    let corpus = fuzz.join("corpus").join(target);
    std::fs::create_dir_all(&corpus)?;
    let seeds = fuzz.join("seeds").join(target);
    Ok([corpus]
        .into_iter()
        .chain(seeds.exists().then_some(seeds))
        .collect())
}
