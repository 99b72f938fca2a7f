//! The configuration of each daemon, and how it is started in the foreground.

use std::fmt::Write;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{RouterKind, RouterPlan};
use crate::process::Process;

/// Writes the configuration and starts the daemon.
pub(super) fn start(plan: &RouterPlan, namespace: &str, directory: &Path) -> Process {
    let file = directory.join("conf");
    let text = match plan.kind {
        RouterKind::Bird => bird(plan),
        RouterKind::Frr => frr(plan),
        RouterKind::Gobgp => gobgp(plan),
        RouterKind::Exabgp => exabgp(plan),
        RouterKind::Openbgpd => openbgpd(plan, directory),
    };
    fs::write(&file, text.expect("a string takes all")).expect("the lab's directory is ours");
    // OpenBGPD reads nothing that others could have written.
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("the file is ours");
    let (command, environment) = command(plan, directory, &file.display().to_string());
    Process::start(namespace, &command, &environment, &directory.join("log"))
}

fn command(
    plan: &RouterPlan,
    directory: &Path,
    file: &str,
) -> (Vec<String>, Vec<(&'static str, String)>) {
    let at = |name: &str| directory.join(name).display().to_string();
    let (ctl, pid, here) = (at("ctl"), at("pid"), at(""));
    let local = plan.local();
    let arguments: Vec<&str> = match plan.kind {
        RouterKind::Bird => vec!["-f", "-c", file, "-s", &ctl, "-P", &pid],
        RouterKind::Frr => vec![
            "-Z",
            "-n",
            "-S",
            "-A",
            "127.0.0.1",
            "-P",
            "0",
            "-f",
            file,
            "-i",
            &pid,
            "--vty_socket",
            &here,
            "-l",
            &local,
        ],
        RouterKind::Gobgp => vec!["-f", file, "-t", "toml", "--api-hosts", "127.0.0.1:50051"],
        RouterKind::Exabgp => vec![file],
        RouterKind::Openbgpd => {
            // Where it drops its privileges to.
            fs::create_dir_all("/run/openbgpd").expect("tests run as root");
            vec!["-d", "-f", file]
        }
    };
    let environment = match plan.kind {
        RouterKind::Exabgp => vec![
            ("exabgp_daemon_user", "root".to_owned()),
            ("exabgp_daemon_drop", "false".to_owned()),
            ("exabgp_tcp_bind", local.clone()),
            ("exabgp_tcp_port", "179".to_owned()),
            ("exabgp_api_cli", "false".to_owned()),
            ("exabgp_log_level", "DEBUG".to_owned()),
            ("exabgp_log_routes", "true".to_owned()),
            ("exabgp_log_parser", "true".to_owned()),
        ],
        _ => Vec::new(),
    };
    let program = plan.kind.program().to_owned();
    let command = std::iter::once(program).chain(arguments.into_iter().map(str::to_owned));
    (command.collect(), environment)
}

type Text = Result<String, std::fmt::Error>;

fn bird(plan: &RouterPlan) -> Text {
    let (local, remote, channel) = (plan.local(), plan.remote(), family(plan));
    let mut text = format!("router id 10.77.0.{};\nprotocol device {{}}\n", plan.number);
    if plan.bfd {
        writeln!(
            text,
            "protocol bfd {{ interface \"wire\" {{ min rx interval 300 ms; min tx interval 300 ms; multiplier 3; }}; }}"
        )?;
    }
    writeln!(text, "protocol static own {{ {channel};")?;
    for prefix in &plan.prefixes {
        writeln!(text, " route {prefix} blackhole;")?;
    }
    writeln!(text, "}}\nprotocol bgp speaker {{")?;
    writeln!(text, " local {local} as {}; strict bind on;", plan.asn)?;
    writeln!(text, " neighbor {remote} as {};", plan.speaker_asn)?;
    writeln!(
        text,
        " connect delay time 1; connect retry time 2; error wait time 1, 2; graceful restart on;"
    )?;
    if plan.passive {
        writeln!(text, " passive on;")?;
    }
    if plan.bfd {
        writeln!(text, " bfd on;")?;
    }
    if let Some(seconds) = plan.hold_time {
        writeln!(text, " hold time {seconds};")?;
    }
    if let Some(key) = plan.password {
        writeln!(text, " password \"{key}\";")?;
    }
    writeln!(
        text,
        " {channel} {{ import all; export where source = RTS_STATIC; }};\n}}"
    )?;
    Ok(text)
}

fn frr(plan: &RouterPlan) -> Text {
    let (local, remote) = (plan.local(), plan.remote());
    let mut text = format!(
        "bgp as-path access-list own seq 5 permit ^$\nrouter bgp {}\n bgp router-id 10.77.0.{}\n",
        plan.asn, plan.number
    );
    text.push_str(" no bgp ebgp-requires-policy\n no bgp default ipv4-unicast\n no bgp network import-check\n");
    writeln!(text, " neighbor {remote} remote-as {}", plan.speaker_asn)?;
    writeln!(text, " neighbor {remote} timers connect 1")?;
    // The wire has eight addresses of each family.
    writeln!(text, " neighbor {remote} update-source {local}")?;
    if plan.passive {
        writeln!(text, " neighbor {remote} passive")?;
    }
    if !plan.four_octet_asn {
        // No capability at all: a router of last century.
        writeln!(text, " neighbor {remote} dont-capability-negotiate")?;
    }
    if plan.graceful_restart {
        text.push_str(" bgp graceful-restart\n bgp graceful-restart preserve-fw-state\n");
    }
    if let Some(seconds) = plan.hold_time {
        writeln!(
            text,
            " neighbor {remote} timers {} {seconds}",
            (seconds / 3).max(1)
        )?;
    }
    if let Some(key) = plan.password {
        writeln!(text, " neighbor {remote} password {key}")?;
    }
    writeln!(text, " address-family {} unicast", family(plan))?;
    for prefix in &plan.prefixes {
        writeln!(text, "  network {prefix}")?;
    }
    // It would send our own routes back to us.
    writeln!(text, "  neighbor {remote} filter-list own out")?;
    writeln!(text, "  neighbor {remote} activate\n exit-address-family")?;

    Ok(text)
}

fn gobgp(plan: &RouterPlan) -> Text {
    let (local, remote) = (plan.local(), plan.remote());
    let mut text = format!(
        "[global.config]\nas = {}\nrouter-id = \"10.77.0.{}\"\n",
        plan.asn, plan.number
    );
    writeln!(text, "local-address-list = [\"{local}\"]")?;
    writeln!(
        text,
        "[[neighbors]]\n[neighbors.config]\nneighbor-address = \"{remote}\""
    )?;
    writeln!(text, "peer-as = {}", plan.speaker_asn)?;
    if let Some(key) = plan.password {
        writeln!(text, "auth-password = \"{key}\"")?;
    }
    writeln!(
        text,
        "[neighbors.timers.config]\nconnect-retry = 5\nidle-hold-time-after-reset = 2"
    )?;
    if let Some(seconds) = plan.hold_time {
        writeln!(
            text,
            "hold-time = {seconds}\nkeepalive-interval = {}",
            (seconds / 3).max(1)
        )?;
    }
    writeln!(
        text,
        "[neighbors.transport.config]\nlocal-address = \"{local}\""
    )?;
    writeln!(text, "passive-mode = {}", plan.passive)?;
    if plan.graceful_restart {
        text.push_str("[neighbors.graceful-restart.config]\nenabled = true\nrestart-time = 60\n");
    }
    writeln!(
        text,
        "[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]"
    )?;
    writeln!(text, "afi-safi-name = \"{}-unicast\"", family(plan))?;
    if plan.graceful_restart {
        text.push_str("[neighbors.afi-safis.mp-graceful-restart.config]\nenabled = true\n");
    }
    Ok(text)
}

fn exabgp(plan: &RouterPlan) -> Text {
    let (local, remote) = (plan.local(), plan.remote());
    let mut text = format!(
        "neighbor {remote} {{\n router-id 10.77.0.{};\n",
        plan.number
    );
    writeln!(
        text,
        " local-address {local};\n local-as {};\n peer-as {};",
        plan.asn, plan.speaker_asn
    )?;
    if plan.passive {
        writeln!(text, " passive true;")?;
    }
    if let Some(seconds) = plan.hold_time {
        writeln!(text, " hold-time {seconds};")?;
    }
    if let Some(key) = plan.password {
        writeln!(text, " md5-password '{key}';")?;
    }
    text.push_str(" capability {\n");
    if !plan.four_octet_asn {
        text.push_str("  asn4 disable;\n");
    }
    if plan.graceful_restart {
        text.push_str("  graceful-restart 60;\n");
    }
    text.push_str(" }\n");
    writeln!(text, " family {{ {} unicast; }}\n static {{", family(plan))?;
    for prefix in &plan.prefixes {
        writeln!(text, "  route {prefix} next-hop self;")?;
    }
    text.push_str(" }\n}\n");
    Ok(text)
}

fn openbgpd(plan: &RouterPlan, directory: &Path) -> Text {
    let (local, remote) = (plan.local(), plan.remote());
    let family = if plan.ipv6 { "IPv6" } else { "IPv4" };
    let mut text = format!("AS {}\nrouter-id 10.77.0.{}\n", plan.asn, plan.number);
    writeln!(text, "fib-update no\nlisten on {local}\nconnect-retry 2")?;
    writeln!(text, "socket \"{}\"", directory.join("ctl").display())?;
    if let Some(seconds) = plan.hold_time {
        writeln!(text, "holdtime {seconds}")?;
    }
    for prefix in &plan.prefixes {
        writeln!(text, "network {prefix}")?;
    }
    writeln!(
        text,
        "neighbor {remote} {{\n remote-as {}\n local-address {local}",
        plan.speaker_asn
    )?;
    writeln!(
        text,
        " announce IPv4 none\n announce IPv6 none\n announce {family} unicast"
    )?;
    if plan.passive {
        writeln!(text, " passive")?;
    }
    if !plan.four_octet_asn {
        writeln!(text, " announce as-4byte no")?;
    }
    if let Some(key) = plan.password {
        writeln!(text, " tcp md5sig password \"{key}\"")?;
    }
    writeln!(text, "}}\nallow from any\nallow to any")?;
    Ok(text)
}

fn family(plan: &RouterPlan) -> &'static str {
    if plan.ipv6 { "ipv6" } else { "ipv4" }
}
