//! FRR: zebra for the kernel's routes, bgpd for the sessions.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use demarc_linux::Namespace;

use super::super::order::RouterPlan;
use super::super::topology::first_host;

/// How long zebra may take until bgpd can reach it.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn start(
    plan: &RouterPlan,
    namespace: &Namespace,
    directory: &Path,
) -> Result<Vec<Child>, String> {
    let configuration = configuration(plan);
    let mut started = Vec::new();
    for program in ["zebra", "bgpd"] {
        let file = |ending: &str| {
            directory
                .join(format!("{program}.{ending}"))
                .display()
                .to_string()
        };
        super::write(
            &directory.join(format!("{program}.conf")),
            &configuration[usize::from(program == "bgpd")],
        )?;
        let zserv = directory.join("zserv.api");
        let arguments: Vec<String> = [
            // As root, since the directory is root's. Users of FRR have to be in the group of its sockets.
            "-u",
            "root",
            "-g",
            "frrvty",
            "-f",
            &file("conf"),
            "-i",
            &file("pid"),
            "--vty_socket",
            &directory.display().to_string(),
            "-z",
            &zserv.display().to_string(),
            "-A",
            "127.0.0.1",
            "-P",
            "0",
        ]
        .map(str::to_owned)
        .into();
        started.push(super::spawn(namespace, program, &arguments, directory)?);
        let end = Instant::now() + PATIENCE;
        while !zserv.exists() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(started)
}

/// Of zebra, and of bgpd.
fn configuration(plan: &RouterPlan) -> [String; 2] {
    let host = first_host(plan.network);
    let zebra = format!(
        "route-map source permit 10\n set src {host}\nexit\nip protocol bgp route-map source\n"
    );
    let mut text = String::new();
    let asn = plan.sessions.first().map_or(0, |session| session.asn);
    // Writing into a String does not fail.
    _ = write!(
        text,
        "router bgp {asn}\n bgp router-id {host}\n no bgp ebgp-requires-policy\n \
         no bgp network import-check\n no bgp default ipv4-unicast\n"
    );
    for session in &plan.sessions {
        let theirs = session.amazon_address.address();
        _ = write!(
            text,
            " neighbor {theirs} remote-as {}\n neighbor {theirs} password {}\n \
             neighbor {theirs} description {}\n neighbor {theirs} timers connect 1\n",
            session.amazon_side_asn, session.auth_key, session.name
        );
    }
    _ = write!(
        text,
        " address-family ipv4 unicast\n  network {}\n",
        plan.network.trunc()
    );
    for session in &plan.sessions {
        let (theirs, name) = (session.amazon_address.address(), &session.name);
        _ = write!(
            text,
            "  neighbor {theirs} activate\n  neighbor {theirs} route-map {name}-in in\n  \
             neighbor {theirs} route-map {name}-out out\n"
        );
    }
    text.push_str(" exit-address-family\nexit\n");
    _ = writeln!(text, "ip prefix-list own permit {}", plan.network.trunc());
    for session in &plan.sessions {
        let (name, (high, low)) = (&session.name, session.preference.community());
        _ = write!(
            text,
            "route-map {name}-in permit 10\n set local-preference {}\nexit\n\
             route-map {name}-out permit 10\n match ip address prefix-list own\n set community {high}:{low}\nexit\n",
            session.preference.local()
        );
    }
    [zebra, text]
}
