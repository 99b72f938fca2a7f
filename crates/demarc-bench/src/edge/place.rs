//! Network and mounts of its own: a measurement never meets an edge that runs on the machine, nor another's
//! namespaces, and leaves nothing behind.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use demarc_linux::Kernel;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

const INSIDE: &str = "DEMARC_BENCH_INSIDE";
const NAMESPACES: &str = "/run/netns";

/// The table of neighbors of the link layer belongs to the whole machine and ends at 1024 entries. Both sides
/// of every virtual interface are in it here.
const LINK_ADDRESSES: &str = "/proc/sys/net/ipv4/neigh/default/gc_thresh3";

/// Runs the present command again in a place of its own, unless it runs there already.
/// `Some` is its exit status; `None` means go on, you are inside.
///
/// # Errors
/// Above all for want of root.
pub fn enter() -> anyhow::Result<Option<i32>> {
    if std::env::var_os(INSIDE).is_some() {
        leave()?;
        return Ok(None);
    }
    let entries = std::fs::read_to_string(LINK_ADDRESSES).unwrap_or_default();
    // Not allowed to? Then some 500 interfaces can be measured, with both sides of each.
    let _ = std::fs::write(LINK_ADDRESSES, "16384");
    let status = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .status();
    let _ = std::fs::write(LINK_ADDRESSES, entries);
    let status = status.context("run in a place of its own")?;
    Ok(Some(status.code().unwrap_or(1)))
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
