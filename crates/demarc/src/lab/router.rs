//! The customers' routers: real daemons, configured from what the API says of their virtual interfaces.

mod bird;
mod frr;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use demarc_linux::Namespace;

use super::isolation::INSIDE;
use super::order::{Daemon, RouterPlan};
use crate::failure::Failure;

/// Programs are looked for here as well: a user's path often lacks the directories of daemons.
const DIRECTORIES: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/lib/frr"];

/// The daemon to use: the one asked for, else whichever is installed.
pub(crate) fn choose(wanted: Option<Daemon>) -> Result<Daemon, Failure> {
    let there = |daemon: Daemon| match daemon {
        Daemon::Bird => find("bird").is_some(),
        Daemon::Frr => find("bgpd").is_some() && find("zebra").is_some(),
    };
    match wanted {
        Some(daemon) if there(daemon) => Ok(daemon),
        Some(daemon) => Err(Failure::Usage(format!(
            "no {}: install the package {}",
            programs(daemon),
            package(daemon)
        ))),
        None => [Daemon::Bird, Daemon::Frr]
            .into_iter()
            .find(|it| there(*it))
            .ok_or_else(|| {
                Failure::Usage(
                    "no router daemon: a lab needs BIRD or FRR, such as the package bird2 or frr"
                        .to_owned(),
                )
            }),
    }
}

fn programs(daemon: Daemon) -> &'static str {
    match daemon {
        Daemon::Bird => "`bird`",
        Daemon::Frr => "`zebra` and `bgpd`",
    }
}

fn package(daemon: Daemon) -> &'static str {
    match daemon {
        Daemon::Bird => "bird2",
        Daemon::Frr => "frr",
    }
}

/// Where a program is. OpenBGPD has a `bgpd`, too: FRR's stand in a directory of their own.
fn find(name: &str) -> Option<PathBuf> {
    let is_frr = matches!(name, "bgpd" | "zebra");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let searched = std::env::split_paths(&path).chain(DIRECTORIES.map(PathBuf::from));
    let mut candidates: Vec<PathBuf> = if is_frr {
        ["/usr/lib/frr", "/usr/libexec/frr", "/usr/local/libexec/frr"]
            .map(PathBuf::from)
            .into()
    } else {
        searched.collect()
    };
    candidates
        .iter_mut()
        .for_each(|directory| directory.push(name));
    candidates.into_iter().find(|path| path.is_file())
}

/// The directory of a customer's router, as seen inside.
pub(crate) fn directory(customer: &str) -> PathBuf {
    Path::new(INSIDE).join("customers").join(customer)
}

/// Starts a router in its namespace. Its processes end with the lab.
pub(crate) fn start(plan: &RouterPlan, namespace: &Namespace) -> Result<Vec<Child>, String> {
    let directory = directory(&plan.customer);
    fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    match plan.daemon {
        Daemon::Bird => bird::start(plan, namespace, &directory),
        Daemon::Frr => frr::start(plan, namespace, &directory),
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Starts a program inside, with its output in a file.
fn spawn(
    namespace: &Namespace,
    program: &str,
    arguments: &[String],
    directory: &Path,
) -> Result<Child, String> {
    let path = find(program).ok_or_else(|| format!("there is no `{program}`"))?;
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.join("log"));
    let log = log.and_then(|log| Ok((log.try_clone()?, log)));
    let (out, err) = log.map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut command = Command::new(&path);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err);
    let started = namespace
        .inside(|| command.spawn())
        .map_err(|error| error.to_string())?;
    started.map_err(|error| format!("cannot start {}: {error}", path.display()))
}
