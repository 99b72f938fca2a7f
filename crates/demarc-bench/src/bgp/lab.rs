//! Two network namespaces and a wire between them.

use std::fmt::Write;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// The namespace of the router under test.
pub(super) const ROUTER: &str = "dbench-router";
/// The namespace of the neighbors.
pub(super) const NEIGHBORS: &str = "dbench-peers";
const INSIDE: &str = "DEMARC_BENCH_INSIDE";

const LINK_ADDRESSES: &str = "/proc/sys/net/ipv4/neigh/default/gc_thresh3";

/// Where the router listens.
pub(super) const ROUTER_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 99, 0, 1));

/// An address that is no neighbor's: to see whether the router listens.
pub(super) const PROBE_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 99, 0, 2));

/// The address of neighbor `number`.
pub(super) fn neighbor_address(number: usize) -> IpAddr {
    let number = u32::try_from(number).expect("a few thousand neighbors") + 0x0a63_0100;
    IpAddr::V4(Ipv4Addr::from_bits(number))
}

/// Runs the present command again inside a fresh lab, unless it runs there already.
/// `Some` is its exit status; `None` means go on, you are inside.
///
/// # Errors
/// When the lab cannot be built, above all for want of root.
pub fn enter(neighbors: usize) -> anyhow::Result<Option<i32>> {
    if std::env::var_os(INSIDE).is_some() {
        return Ok(None);
    }
    remove();
    // The address table of the link layer belongs to the whole machine and ends at 1024 entries.
    let entries = std::fs::read_to_string(LINK_ADDRESSES).unwrap_or_default();
    // Not allowed to? Then up to 1000 neighbors can be measured.
    let _ = std::fs::write(LINK_ADDRESSES, "16384");
    let built = build(neighbors);
    let status = built.and_then(|()| {
        Command::new("ip")
            .args(["netns", "exec", NEIGHBORS])
            .arg(std::env::current_exe()?)
            .args(std::env::args_os().skip(1))
            .env(INSIDE, "1")
            .status()
            .context("run inside the lab")
    });
    remove();
    let _ = std::fs::write(LINK_ADDRESSES, entries);
    Ok(Some(status?.code().unwrap_or(1)))
}

fn build(neighbors: usize) -> anyhow::Result<()> {
    let mut batch = String::new();
    for namespace in [ROUTER, NEIGHBORS] {
        ip(&["netns", "add", namespace], "")?;
        ip(&["-n", namespace, "link", "set", "lo", "up"], "")?;
    }
    ip(
        &[
            "link", "add", "wire", "netns", ROUTER, "type", "veth", "peer", "name", "wire",
            "netns", NEIGHBORS,
        ],
        "",
    )?;
    ip(
        &[
            "-n",
            ROUTER,
            "addr",
            "add",
            &format!("{ROUTER_ADDRESS}/16"),
            "dev",
            "wire",
        ],
        "",
    )?;
    ip(&["-n", ROUTER, "link", "set", "wire", "up"], "")?;
    writeln!(batch, "addr add {PROBE_ADDRESS}/16 dev wire")?;
    for number in 0..neighbors {
        writeln!(batch, "addr add {}/16 dev wire", neighbor_address(number))?;
    }
    batch.push_str("link set wire up\n");
    ip(&["-n", NEIGHBORS, "-batch", "-"], &batch)
}

fn remove() {
    for namespace in [ROUTER, NEIGHBORS] {
        // Absent is as good as removed.
        let _ = Command::new("ip")
            .args(["netns", "del", namespace])
            .stderr(Stdio::null())
            .status();
    }
}

fn ip(arguments: &[&str], input: &str) -> anyhow::Result<()> {
    let mut child = Command::new("ip")
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .context("start ip (package iproute2)")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    if !child.wait()?.success() {
        bail!("ip {} failed: the lab needs root", arguments.join(" "));
    }
    Ok(())
}
