//! Real clients: the packages they are, and the pytest suites that drive them.

use super::tally::{Runner, Tally, Terminal, counted};
use crate::workspace::{self, command};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The suites, their `requirements.txt`, and `node/` with its lock file.
pub(super) fn folder() -> PathBuf {
    workspace::root().join("tests/clients")
}

/// The suites of the Linux edge, which drive it with the same clients.
pub(super) fn edge_folder() -> PathBuf {
    workspace::root().join("tests/edge")
}

/// Runs all suites against a program.
pub(super) fn run(program: &Path) -> Result<Tally> {
    let python = python()?;
    node().context("installing the packages of tests/clients/node")?;
    let mut tests = pytest(&python, &folder(), program);
    counted(Runner::Pytest, &mut tests, &Terminal::Now)
}

/// Runs the suites of the Linux edge. They need root, and skip themselves by name without it.
pub(super) fn run_edge(program: &Path) -> Result<Tally> {
    let mut tests = pytest(&python()?, &edge_folder(), program);
    counted(Runner::Pytest, tests.args(RERUNS), &Terminal::Now)
}

/// Tests beside daemons depend on the machine's mood: a second failure is a failure.
pub(super) const RERUNS: [&str; 2] = ["--reruns", "1"];

fn pytest(python: &Path, folder: &Path, program: &Path) -> Command {
    let mut tests = command(python);
    tests
        .args(["-m", "pytest", "--color=no", "-p", "no:cacheprovider"])
        .arg("-ra")
        .arg(folder)
        .env("DEMARC_BIN", program)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    tests
}

/// A virtual environment with exactly the pinned packages.
pub(super) fn python() -> Result<PathBuf> {
    let environment = workspace::target().join("venv");
    let python = environment.join("bin/python");
    let wanted = folder().join("requirements.txt");
    if is_current(&wanted, &environment)? {
        return Ok(python);
    }
    println!("installing the packages of tests/clients/requirements.txt");
    let mut create = command("python3");
    workspace::run(create.args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut install = command(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    workspace::run(install.arg("--requirement").arg(&wanted))?;
    mark_current(&wanted, &environment)?;
    Ok(python)
}

/// The packages of the JavaScript suites, next to them because Node looks only there.
fn node() -> Result<()> {
    let folder = folder().join("node");
    let lock = folder.join("package-lock.json");
    let modules = folder.join("node_modules");
    if !lock.exists() || is_current(&lock, &modules)? {
        return Ok(());
    }
    if crate::system::find("npm").is_none() {
        // The suites that need Node look for it and skip themselves by name.
        println!("not installed: packages of tests/clients/node: npm is not installed");
        return Ok(());
    }
    println!("installing the packages of tests/clients/node");
    let mut npm = command("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    workspace::run(npm.current_dir(&folder))?;
    mark_current(&lock, &modules)
}

/// The copy of its list that a complete installation carries.
const MARK: &str = ".installed-from";

fn is_current(list: &Path, installed: &Path) -> Result<bool> {
    let wanted = std::fs::read(list).with_context(|| list.display().to_string())?;
    Ok(std::fs::read(installed.join(MARK)).is_ok_and(|found| found == wanted))
}

fn mark_current(list: &Path, installed: &Path) -> Result<()> {
    std::fs::copy(list, installed.join(MARK))?;
    Ok(())
}
