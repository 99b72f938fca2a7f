//! `demarc lab exec`: a command at a site of the lab.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

use super::place::Place;
use super::router;
use crate::cli::ExecArguments;
use crate::failure::Failure;

/// Sockets of router daemons are expected here; each command sees those of its own site.
const SOCKETS: [&str; 2] = ["/run/bird", "/run/frr"];

/// Becomes the command, in the site's namespace.
pub(crate) fn run(arguments: &ExecArguments) -> Result<(), Failure> {
    let record = Place::new(arguments.place.dir.clone())?.needed()?;
    let site = &arguments.site;
    if !record.customers.contains(site) && !record.vpcs.contains(site) {
        let known: Vec<&str> = record
            .customers
            .iter()
            .chain(&record.vpcs)
            .map(String::as_str)
            .collect();
        return Err(Failure::Usage(format!(
            "there is no `{site}` in the lab: {}",
            known.join(", ")
        )));
    }
    let here = std::env::current_dir();
    enter(record.pid, site).map_err(|error| {
        Failure::Usage(format!(
            "cannot enter `{site}`: {error}; whoever built the lab can"
        ))
    })?;
    if let Ok(here) = here {
        // Mounts of the lab are those of the machine, but for /run.
        _ = std::env::set_current_dir(here);
    }
    let (program, rest) = arguments
        .command
        .split_first()
        .ok_or_else(|| Failure::Usage("a command is needed, such as `ip route`".to_owned()))?;
    let error = Command::new(program).args(rest).exec();
    Err(Failure::Usage(format!(
        "cannot run {}: {error}",
        program.display()
    )))
}

fn enter(pid: i32, site: &str) -> std::io::Result<()> {
    let open = |name: &str| File::open(format!("/proc/{pid}/ns/{name}"));
    let (user, mounts) = (open("user")?, open("mnt")?);
    if !nix::unistd::geteuid().is_root() {
        setns(user, CloneFlags::CLONE_NEWUSER)?;
    }
    setns(mounts, CloneFlags::CLONE_NEWNS)?;
    let network = File::open(Path::new("/run/netns").join(site))?;
    setns(network, CloneFlags::CLONE_NEWNET)?;
    unshare(CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    let directory = router::directory(site);
    if directory.is_dir() {
        for socket in SOCKETS {
            mount(Some(&directory), socket, none, MsFlags::MS_BIND, none)?;
        }
    }
    Ok(())
}
