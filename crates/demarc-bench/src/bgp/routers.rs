//! How each router is configured and started.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::lab::{ROUTER_ADDRESS, neighbor_address};
use super::process::Process;

/// A router that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RouterKind {
    Demarc,
    Bird,
    Frr,
    Gobgp,
}

/// Who is announced what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announce {
    /// Everything to everyone.
    ToAll,
    /// Everything to the last neighbor, nothing to the others.
    ToLast,
}

/// The router's side of a measurement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setup {
    pub(super) neighbors: usize,
    pub(super) announce: Announce,
}

pub(super) const ROUTER_ASN: u32 = 64512;

/// The AS number of neighbor `number`: four octets, all different.
pub(super) fn neighbor_asn(number: usize) -> u32 {
    4_200_000_000 + u32::try_from(number).expect("a few thousand neighbors")
}

impl Setup {
    fn exports_to(&self, number: usize) -> bool {
        self.announce == Announce::ToAll || number + 1 == self.neighbors
    }
}

impl RouterKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Demarc => "Demarc",
            Self::Bird => "BIRD",
            Self::Frr => "FRR",
            Self::Gobgp => "GoBGP",
        }
    }

    fn program(self, demarc: &Path) -> PathBuf {
        match self {
            Self::Demarc => demarc.to_owned(),
            Self::Bird => "/usr/sbin/bird".into(),
            Self::Frr => "/usr/lib/frr/bgpd".into(),
            Self::Gobgp => "/usr/bin/gobgpd".into(),
        }
    }

    pub(super) fn is_installed(self, demarc: &Path) -> bool {
        self.program(demarc).exists()
    }

    /// Writes the configuration into `directory` and starts the router.
    pub(super) fn start(
        self,
        setup: Setup,
        demarc: &Path,
        directory: &Path,
    ) -> anyhow::Result<Process> {
        let file = directory.join("router.conf");
        let text = match self {
            Self::Demarc => demarc_toml(setup)?,
            Self::Bird => bird_conf(setup)?,
            Self::Frr => frr_conf(setup)?,
            Self::Gobgp => gobgp_toml(setup)?,
        };
        fs::write(&file, text)?;
        let program = self.program(demarc).display().to_string();
        let file = file.display().to_string();
        let at = |name: &str| directory.join(name).display().to_string();
        let command: Vec<String> = match self {
            Self::Demarc => vec![program, "speaker".into(), "--config".into(), file],
            Self::Bird => {
                vec![
                    program,
                    "-f".into(),
                    "-c".into(),
                    file,
                    "-s".into(),
                    at("ctl"),
                    "-P".into(),
                    at("pid"),
                ]
            }
            Self::Frr => {
                let arguments = [
                    "-Z",
                    "-n",
                    "-S",
                    "-A",
                    "127.0.0.1",
                    "-P",
                    "0",
                    "-p",
                    "179",
                    "-f",
                ];
                let mut command = vec![program];
                command.extend(arguments.map(str::to_owned));
                command.extend([file, "-i".into(), at("pid"), "--vty_socket".into(), at("")]);
                command
            }
            Self::Gobgp => {
                let arguments = ["-t", "toml", "--api-hosts", "127.0.0.1:50051", "-f"];
                let mut command = vec![program];
                command.extend(arguments.map(str::to_owned));
                command.push(file);
                command
            }
        };
        Process::start(&command, &directory.join("log"))
    }
}

fn demarc_toml(setup: Setup) -> anyhow::Result<String> {
    let mut text = String::new();
    writeln!(text, "asn = {ROUTER_ASN}\nrouter_id = \"{ROUTER_ADDRESS}\"")?;
    writeln!(
        text,
        "listen = [\"{ROUTER_ADDRESS}:179\"]\ncontrol = \"127.0.0.1:1791\""
    )?;
    for number in 0..setup.neighbors {
        let export = if setup.exports_to(number) {
            "policy"
        } else {
            "none"
        };
        writeln!(
            text,
            "[[neighbor]]\naddress = \"{}\"",
            neighbor_address(number)
        )?;
        writeln!(
            text,
            "asn = {}\nport = 0\nfamilies = [\"ipv4\"]",
            neighbor_asn(number)
        )?;
        writeln!(
            text,
            "interface_kind = \"private\"\nsite_link = true\nsite_link_limit = 0"
        )?;
        writeln!(text, "export = \"{export}\"\nprefix_limit = 1000000")?;
    }
    Ok(text)
}

fn bird_conf(setup: Setup) -> anyhow::Result<String> {
    let mut text = format!("router id {ROUTER_ADDRESS};\nprotocol device {{}}\n");
    for number in 0..setup.neighbors {
        let export = if setup.exports_to(number) {
            "all"
        } else {
            "none"
        };
        writeln!(text, "protocol bgp n{number} {{")?;
        writeln!(text, " local {ROUTER_ADDRESS} as {ROUTER_ASN}; passive;")?;
        writeln!(
            text,
            " neighbor {} as {};",
            neighbor_address(number),
            neighbor_asn(number)
        )?;
        writeln!(text, " ipv4 {{ import all; export {export}; }};\n}}")?;
    }
    Ok(text)
}

fn frr_conf(setup: Setup) -> anyhow::Result<String> {
    let mut text = format!("router bgp {ROUTER_ASN}\n bgp router-id {ROUTER_ADDRESS}\n");
    text.push_str(" no bgp ebgp-requires-policy\n no bgp default ipv4-unicast\n");
    for number in 0..setup.neighbors {
        let address = neighbor_address(number);
        writeln!(
            text,
            " neighbor {address} remote-as {}",
            neighbor_asn(number)
        )?;
        writeln!(text, " neighbor {address} passive")?;
        writeln!(text, " neighbor {address} advertisement-interval 0")?;
    }
    text.push_str(" address-family ipv4 unicast\n");
    for number in 0..setup.neighbors {
        let address = neighbor_address(number);
        writeln!(text, "  neighbor {address} activate")?;
        if !setup.exports_to(number) {
            writeln!(text, "  neighbor {address} route-map NOTHING out")?;
        }
    }
    text.push_str(" exit-address-family\n!\nroute-map NOTHING deny 10\n!\n");
    Ok(text)
}

fn gobgp_toml(setup: Setup) -> anyhow::Result<String> {
    let mut text = format!(
        "[global.config]\nas = {ROUTER_ASN}\nrouter-id = \"{ROUTER_ADDRESS}\"\nport = 179\n"
    );
    if setup.announce == Announce::ToLast {
        text.push_str("[global.apply-policy.config]\nexport-policy-list = [\"to-last\"]\n");
        text.push_str("default-export-policy = \"reject-route\"\n");
        let last = neighbor_address(setup.neighbors.saturating_sub(1));
        writeln!(
            text,
            "[[defined-sets.neighbor-sets]]\nneighbor-set-name = \"last\""
        )?;
        writeln!(text, "neighbor-info-list = [\"{last}\"]")?;
        text.push_str(
            "[[policy-definitions]]\nname = \"to-last\"\n[[policy-definitions.statements]]\n",
        );
        text.push_str("[policy-definitions.statements.conditions.match-neighbor-set]\nneighbor-set = \"last\"\n");
        text.push_str(
            "[policy-definitions.statements.actions]\nroute-disposition = \"accept-route\"\n",
        );
    }
    for number in 0..setup.neighbors {
        writeln!(text, "[[neighbors]]\n[neighbors.config]")?;
        writeln!(text, "neighbor-address = \"{}\"", neighbor_address(number))?;
        writeln!(
            text,
            "peer-as = {}\n[neighbors.transport.config]",
            neighbor_asn(number)
        )?;
        writeln!(text, "passive-mode = true")?;
    }
    Ok(text)
}
