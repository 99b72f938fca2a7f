//! Network and mounts of its own: a measurement never meets an edge that runs on the machine, nor another's
//! namespaces, and leaves nothing behind.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use demarc_linux::Kernel;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use super::Part;

const INSIDE: &str = "DEMARC_BENCH_INSIDE";
const NAMESPACES: &str = "/run/netns";

/// The table of neighbors of the link layer belongs to the whole machine and ends at 1024 entries. Both sides
/// of every virtual interface are in it here.
const LINK_ADDRESSES: &str = "/proc/sys/net/ipv4/neigh/default/gc_thresh3";

/// Runs the present command again for each part, each in a place of its own, unless it runs there already:
/// `Some` is the part to measure; `None` means that all has been done.
///
/// # Errors
/// Above all for want of root; and when a part failed.
pub fn enter(parts: &[Part]) -> anyhow::Result<Option<Part>> {
    if let Ok(name) = std::env::var(INSIDE) {
        leave()?;
        let part = Part::from_str(&name, false);
        return part.map(Some).map_err(anyhow::Error::msg);
    }
    let entries = std::fs::read_to_string(LINK_ADDRESSES).unwrap_or_default();
    // Not allowed to? Then some 500 interfaces can be measured, with both sides of each.
    let _ = std::fs::write(LINK_ADDRESSES, "16384");
    let outcome = parts.iter().try_for_each(|part| again(*part));
    let _ = std::fs::write(LINK_ADDRESSES, entries);
    outcome.map(|()| None)
}

fn again(part: Part) -> anyhow::Result<()> {
    let name = part.to_possible_value().context("a part has a name")?;
    let status = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, name.get_name())
        .status()
        .context("run in a place of its own")?;
    ensure!(status.success(), "{} failed: {status}", name.get_name());
    Ok(())
}

/// Only for a process with one thread.
fn leave() -> anyhow::Result<()> {
    let root = "namespaces cannot be made: the measurement needs root";
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET).context(root)?;
    let none = None::<&str>;
    let keep = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, keep, none).context("keep mounts to itself")?;
    std::fs::create_dir_all(NAMESPACES)?;
    let (kind, at) = (Some("tmpfs"), Path::new(NAMESPACES));
    mount(kind, at, kind, MsFlags::empty(), none).context("mount /run/netns")?;
    let mut kernel = Kernel::here()?;
    let loopback = kernel.existing("lo")?;
    kernel.set_up(loopback.index)?;
    Ok(())
}
