//! Programs that tests use and cargo cannot install: routers, etcd, network tools, Python, Node.
//!
//! A test that needs one of them and finds none says so and is skipped; here they are installed
//! where that is possible (Debian, as root).

use crate::workspace::{command, run, succeeds};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// A Debian package and a program of it that tests start.
const PACKAGES: [(&str, &str); 22] = [
    ("bird2", "bird"),
    ("clang", "clang"),
    ("etcd-client", "etcdctl"),
    ("etcd-server", "etcd"),
    ("ethtool", "ethtool"),
    ("exabgp", "exabgp"),
    ("faketime", "faketime"),
    ("frr", "zebra"),
    ("gobgpd", "gobgpd"),
    ("iproute2", "ip"),
    ("iputils-ping", "ping"),
    ("kmod", "depmod"),
    ("libbpf-dev", "/usr/include/bpf/bpf_helpers.h"),
    ("nftables", "nft"),
    ("nodejs", "node"),
    ("npm", "npm"),
    ("openbgpd", "bgpctl"),
    ("openvswitch-switch", "ovs-vswitchd"),
    ("python3", "python3"),
    ("python3-venv", "python3"),
    ("qemu-system-x86", "qemu-system-x86_64"),
    ("wpasupplicant", "wpa_supplicant"),
];

/// Folders that the search path of an ordinary user leaves out.
const SYSTEM_FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/lib/frr"];

/// Where a program is, if it is installed.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(SYSTEM_FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Installs what is missing, as far as possible, and says what stays missing and why.
pub(crate) fn prepare() {
    let wanted = missing();
    if wanted.is_empty() {
        return;
    }
    let reason = match install(&wanted) {
        Ok(()) => "apt-get has no such package or could not install it".to_owned(),
        Err(error) => format!("{error:#}"),
    };
    for package in missing() {
        println!("not installed: {package}: {reason}");
    }
}

fn missing() -> Vec<&'static str> {
    let is_there = |package: &str, program: &str| match package {
        // Debian ships Python without the part that makes virtual environments.
        "python3-venv" => succeeds(command("python3").args(["-c", "import ensurepip, venv"])),
        _ => find(program).is_some(),
    };
    PACKAGES
        .iter()
        .filter(|(package, program)| !is_there(package, program))
        .map(|&(package, _)| package)
        .collect()
}

fn install(packages: &[&str]) -> Result<()> {
    anyhow::ensure!(is_root(), "not root, so apt-get was not tried");
    anyhow::ensure!(find("apt-get").is_some(), "this system has no apt-get");
    println!("installing {}", packages.join(", "));
    let apt = || {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
        apt
    };
    run(apt().arg("update")).context("apt-get update")?;
    let _quiet = NoDaemons::new();
    let mut all = apt();
    all.args(["install", "--yes", "--no-install-recommends"])
        .args(packages);
    if run(&mut all).is_err() {
        // One unknown name refuses them all.
        for package in packages {
            let mut one = apt();
            one.args(["install", "--yes", "--no-install-recommends", package]);
            // What fails here is named by the caller.
            let _ = run(&mut one);
        }
    }
    Ok(())
}

/// Keeps Debian from starting the daemons it installs: tests start their own.
struct NoDaemons {
    policy: Option<&'static Path>,
}

impl NoDaemons {
    const POLICY: &'static str = "/usr/sbin/policy-rc.d";

    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let policy = Path::new(Self::POLICY);
        // A machine with a policy of its own keeps it.
        let written = !policy.exists()
            && std::fs::write(policy, "#!/bin/sh\nexit 101\n").is_ok()
            && std::fs::set_permissions(policy, PermissionsExt::from_mode(0o755)).is_ok();
        Self {
            policy: written.then_some(policy),
        }
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if let Some(policy) = self.policy {
            let _ = std::fs::remove_file(policy);
        }
    }
}

fn is_root() -> bool {
    let id = command("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
