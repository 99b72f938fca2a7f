//! A router of a customer.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::lab::{Lab, Side, skip};
use crate::process::{Process, wait_for};

mod configuration;

/// The daemons that customers bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouterKind {
    Bird,
    Frr,
    Gobgp,
    Exabgp,
    Openbgpd,
}

impl RouterKind {
    fn program(self) -> &'static str {
        match self {
            Self::Bird => "/usr/sbin/bird",
            Self::Frr => "/usr/lib/frr/bgpd",
            Self::Gobgp => "/usr/bin/gobgpd",
            Self::Exabgp => "/usr/sbin/exabgp",
            Self::Openbgpd => "/usr/sbin/bgpd",
        }
    }

    /// Whether the daemon is installed; says so, with the name of the test, when it is not.
    #[must_use]
    pub fn is_installed(self) -> bool {
        let present = fs::exists(self.program()).unwrap_or(false);
        if !present {
            skip(&format!("{} is not installed", self.program()));
        }
        present
    }
}

/// How a router is configured. All of them have one session with the speaker.
#[derive(Debug, Clone)]
pub struct RouterPlan {
    pub kind: RouterKind,
    /// As in [`crate::NeighborPlan::number`].
    pub number: u8,
    pub ipv6: bool,
    pub asn: u32,
    pub speaker_asn: u32,
    pub password: Option<&'static str>,
    /// Never connect, only accept.
    pub passive: bool,
    pub prefixes: Vec<String>,
    /// Offered hold time in seconds, where a test needs a certain one.
    pub hold_time: Option<u16>,
    pub bfd: bool,
    /// Speak four-octet AS numbers. BIRD and GoBGP cannot be told not to.
    pub four_octet_asn: bool,
    /// Promise to keep forwarding through a restart. BIRD always does, OpenBGPD never.
    pub graceful_restart: bool,
}

impl RouterPlan {
    #[must_use]
    pub fn new(kind: RouterKind, number: u8, ipv6: bool) -> Self {
        Self {
            kind,
            number,
            ipv6,
            asn: 65000 + u32::from(number),
            speaker_asn: crate::speaker::SPEAKER_ASN,
            password: None,
            passive: false,
            prefixes: Vec::new(),
            hold_time: None,
            bfd: false,
            four_octet_asn: true,
            graceful_restart: false,
        }
    }

    /// The same, announcing these prefixes.
    #[must_use]
    pub fn announcing(mut self, prefixes: &[&str]) -> Self {
        self.prefixes = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
        self
    }

    fn local(&self) -> String {
        if self.ipv6 {
            format!("fd77::{}", self.number)
        } else {
            format!("10.77.0.{}", self.number)
        }
    }

    fn remote(&self) -> &'static str {
        if self.ipv6 { "fd77::1" } else { "10.77.0.1" }
    }
}

/// A running router.
#[derive(Debug)]
pub struct Router {
    plan: RouterPlan,
    namespace: String,
    directory: PathBuf,
    pub process: Process,
}

impl Router {
    /// Starts the daemon, or gives `None` where it is missing.
    #[must_use]
    pub fn start(lab: &Lab, plan: RouterPlan) -> Option<Self> {
        if !plan.kind.is_installed() {
            return None;
        }
        let directory = lab.directory().join(format!("router{}", plan.number));
        fs::create_dir_all(&directory).expect("the lab's directory is ours");
        let namespace = lab.namespace(Side::Router);
        let process = configuration::start(&plan, &namespace, &directory);
        Some(Self {
            plan,
            namespace,
            directory,
            process,
        })
    }

    /// Starts the daemon again, after a crash or with another plan.
    pub fn restart(&mut self, plan: RouterPlan) {
        self.process.terminate();
        self.process = configuration::start(&plan, &self.namespace, &self.directory);
        self.plan = plan;
    }

    /// Announces what the plan says, where the configuration cannot: GoBGP has no static routes, its
    /// client adds them.
    pub fn announce(&self) {
        if self.plan.kind != RouterKind::Gobgp {
            return;
        }
        let there = wait_for(Duration::from_secs(10), || {
            self.client(&["neighbor"]).contains("Peer")
        });
        assert!(there, "gobgpd does not answer");
        let family = self.family();
        for prefix in &self.plan.prefixes {
            let _ = self.client(&["global", "rib", "add", prefix, "-a", family]);
        }
    }

    /// Asks the speaker for all its routes again, as after a change of the daemon's import policy.
    /// ExaBGP has no import policy, GoBGP keeps all routes and asks nobody.
    pub fn ask_for_refresh(&self) {
        let speaker = self.plan.remote();
        let _ = match self.plan.kind {
            RouterKind::Bird => self.client(&["reload", "in", "speaker"]),
            RouterKind::Frr => self.client(&[&format!(
                "clear bgp {} unicast {speaker} soft in",
                self.family()
            )]),
            RouterKind::Openbgpd => self.client(&["neighbor", speaker, "refresh"]),
            RouterKind::Exabgp | RouterKind::Gobgp => String::new(),
        };
    }

    fn family(&self) -> &'static str {
        if self.plan.ipv6 { "ipv6" } else { "ipv4" }
    }

    /// Runs the daemon's own client and gives what it prints.
    #[must_use]
    pub fn client(&self, arguments: &[&str]) -> String {
        let at = |name: &str| self.directory.join(name).display().to_string();
        let base = match self.plan.kind {
            RouterKind::Bird => vec!["birdc".to_owned(), "-s".into(), at("ctl")],
            RouterKind::Frr => vec!["vtysh".into(), "--vty_socket".into(), at(""), "-c".into()],
            RouterKind::Gobgp => vec!["gobgp".into(), "-p".into(), "50051".into()],
            RouterKind::Openbgpd => vec!["bgpctl".into(), "-s".into(), at("ctl")],
            RouterKind::Exabgp => return self.process.output(),
        };
        let output = Command::new("nsenter")
            .arg(format!("--net=/run/netns/{}", self.namespace))
            .args(base)
            .args(arguments)
            .output();
        output
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .unwrap_or_default()
    }

    /// The routes as the daemon shows them. ExaBGP has no table: its log of received UPDATEs.
    #[must_use]
    pub fn routes(&self) -> String {
        let family = self.family();
        match self.plan.kind {
            RouterKind::Bird => self.client(&["show", "route", "all"]),
            RouterKind::Frr => self.client(&[&format!("show bgp {family} unicast")]),
            RouterKind::Gobgp => self.client(&["global", "rib", "-a", family]),
            RouterKind::Openbgpd => self.client(&["show", "rib"]),
            RouterKind::Exabgp => self.process.output(),
        }
    }

    /// Waits until the daemon has a route for `prefix`.
    pub fn expect_route(&self, prefix: &str) {
        let there = wait_for(Duration::from_secs(20), || self.routes().contains(prefix));
        assert!(
            there,
            "no {prefix} in:\n{}\n{}",
            self.routes(),
            self.process.output()
        );
    }
}
