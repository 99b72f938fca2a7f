//! A place of its own for the lab: network, mounts and processes apart from the machine's.
//!
//! Everything of a lab lives under one process that is the first of its process namespace. When that
//! process ends, the kernel ends all others there, and the network namespaces go with them: a lab
//! cannot leave anything behind, and never meets an edge that runs on the machine itself.

use std::fs;
use std::io;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

/// Where the lab's directory is seen from inside.
pub(crate) const INSIDE: &str = "/run/demarc-lab";

/// What the kernel did not allow.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IsolationError {
    #[error(
        "a lab needs root, or a kernel that lets users make namespaces: {0}; run `sudo demarc lab up`"
    )]
    NotAllowed(nix::Error),
    #[error("cannot {action}: {source}")]
    Failed {
        action: &'static str,
        source: io::Error,
    },
}

fn failed<E: Into<io::Error>>(action: &'static str) -> impl FnOnce(E) -> IsolationError {
    move |source| IsolationError::Failed {
        action,
        source: source.into(),
    }
}

/// Leaves for new namespaces. What is started from now on is in the new process namespace, the first
/// one as its first. Only for a process with one thread.
pub(crate) fn leave(directory: &Path) -> Result<(), IsolationError> {
    let (user, group) = (geteuid(), getegid());
    let apart = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWPID;
    if user.is_root() {
        unshare(apart).map_err(IsolationError::NotAllowed)?;
    } else {
        unshare(apart | CloneFlags::CLONE_NEWUSER).map_err(IsolationError::NotAllowed)?;
        let write = |name: &str, text: String| fs::write(format!("/proc/self/{name}"), text);
        write("setgroups", "deny".to_owned()).map_err(failed("give up groups"))?;
        write("uid_map", format!("0 {user} 1")).map_err(failed("be root in the lab"))?;
        write("gid_map", format!("0 {group} 1")).map_err(failed("be root in the lab"))?;
    }
    own_mounts(directory)
}

/// `/run` and the file system of eBPF are the lab's own; its directory is at [`INSIDE`].
fn own_mounts(directory: &Path) -> Result<(), IsolationError> {
    let none = None::<&str>;
    let keep = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, keep, none).map_err(failed("keep mounts to itself"))?;
    // `directory` may be below /run, so the new /run is put together beside it first.
    let run = directory.join("run");
    fs::create_dir_all(&run).map_err(failed("make a directory"))?;
    mount(
        Some("tmpfs"),
        &run,
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=755"),
    )
    .map_err(failed("mount /run"))?;
    for name in ["netns", "bird", "frr", "demarc-lab"] {
        fs::create_dir(run.join(name)).map_err(failed("make a directory"))?;
    }
    let bind = |from: &Path, to: &Path| mount(Some(from), to, none, MsFlags::MS_BIND, none);
    bind(directory, &run.join("demarc-lab")).map_err(failed("mount the lab's directory"))?;
    let all = MsFlags::MS_BIND | MsFlags::MS_REC;
    mount(Some(&run), "/run", none, all, none).map_err(failed("mount /run"))?;
    // Names in it are the machine's otherwise. An unprivileged lab may not, and has no use for it.
    if Path::new("/sys/fs/bpf").is_dir() {
        _ = mount(
            Some("bpf"),
            "/sys/fs/bpf",
            Some("bpf"),
            MsFlags::empty(),
            none,
        );
    }
    Ok(())
}
