//! The speaker under test.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::http::request;
use crate::lab::{Lab, Side};
use crate::process::{Process, wait_for};

/// A `[[neighbor]]` of the speaker's configuration: the keys that every test gives, and more lines
/// where a test needs them.
#[derive(Debug, Clone)]
pub struct NeighborPlan {
    /// The router's number: address 10.77.0.n or fd77::n, AS 65000 + n unless `asn` is given.
    pub number: u8,
    pub ipv6: bool,
    pub asn: Option<u32>,
    pub password: Option<&'static str>,
    /// Never connect, only accept.
    pub passive: bool,
    /// Lines of TOML, such as `site_link = true`.
    pub more: &'static str,
}

impl NeighborPlan {
    #[must_use]
    pub fn new(number: u8, ipv6: bool) -> Self {
        Self {
            number,
            ipv6,
            asn: None,
            password: None,
            passive: false,
            more: "",
        }
    }

    /// The router's address.
    #[must_use]
    pub fn address(&self) -> String {
        if self.ipv6 {
            format!("fd77::{}", self.number)
        } else {
            format!("10.77.0.{}", self.number)
        }
    }
}

/// The speaker's AS number unless a test chooses another.
pub(crate) const SPEAKER_ASN: u32 = 64512;

/// A running speaker.
#[derive(Debug)]
pub struct Speaker {
    namespace: String,
    file: PathBuf,
    asn: u32,
    pub process: Process,
}

impl Speaker {
    /// Starts `program speaker --config FILE`, or the `demarc` that `DEMARC_BINARY` names. Originates
    /// 10.0.0.0/8 and fd00::/8.
    #[must_use]
    pub fn start(lab: &Lab, program: &Path, asn: u32, neighbors: &[NeighborPlan]) -> Self {
        let file = lab.directory().join("speaker.toml");
        fs::write(&file, configuration(asn, neighbors)).expect("the lab's directory is ours");
        let namespace = lab.namespace(Side::Speaker);
        let program = ["DEMARC_BINARY", "DEMARC"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok())
            .unwrap_or_else(|| program.display().to_string());
        let command = [
            program,
            "speaker".into(),
            "--config".into(),
            file.display().to_string(),
        ];
        let process = Process::start(
            &namespace,
            &command,
            &[],
            &lab.directory().join("speaker.log"),
        );
        let speaker = Self {
            namespace,
            file,
            asn,
            process,
        };
        let up = wait_for(Duration::from_secs(10), || {
            speaker.get("/neighbors").is_some()
        });
        assert!(
            up,
            "the speaker does not answer: {}",
            speaker.process.output()
        );
        speaker
    }

    /// The JSON of `GET path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Value> {
        request(&self.namespace, "GET", path)
    }

    /// Writes the file anew and has it read; the answer counts what changed.
    #[must_use]
    pub fn reload(&self, neighbors: &[NeighborPlan]) -> Value {
        fs::write(&self.file, configuration(self.asn, neighbors)).expect("the file is ours");
        request(&self.namespace, "POST", "/reload").unwrap_or(Value::Null)
    }

    /// `POST /neighbors/{address}/{command}`.
    pub fn command(&self, neighbor: &NeighborPlan, command: &str) {
        let path = format!("/neighbors/{}/{command}", neighbor.address());
        assert!(
            request(&self.namespace, "POST", &path).is_some(),
            "no answer to {path}"
        );
    }

    /// What the speaker tells about a neighbor.
    #[must_use]
    pub fn neighbor(&self, plan: &NeighborPlan) -> Value {
        self.get(&format!("/neighbors/{}", plan.address()))
            .unwrap_or(Value::Null)
    }

    #[must_use]
    pub fn is_established(&self, plan: &NeighborPlan) -> bool {
        self.neighbor(plan)["state"] == "Established"
    }

    /// Waits until the session is up.
    pub fn expect_established(&self, plan: &NeighborPlan) {
        let up = wait_for(Duration::from_secs(30), || self.is_established(plan));
        assert!(
            up,
            "not established: {:#}\n{}",
            self.neighbor(plan),
            self.process.output()
        );
    }

    /// The prefixes of a direction with their paths, sorted.
    #[must_use]
    pub fn routes(&self, plan: &NeighborPlan, direction: &str) -> Vec<(String, String)> {
        let path = format!("/routes?direction={direction}&neighbor={}", plan.address());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let shown = self.get(&path).unwrap_or(Value::Null);
        let routes = shown.as_array().into_iter().flatten();
        let mut routes: Vec<_> = routes
            .map(|route| (text(&route["prefix"]), text(&route["as_path"])))
            .collect();
        routes.sort();
        routes
    }

    /// Waits until exactly these prefixes are accepted from the neighbor.
    pub fn expect_accepted(&self, plan: &NeighborPlan, prefixes: &[&str]) {
        let mut expected: Vec<_> = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
        expected.sort();
        let present = || -> Vec<String> {
            self.routes(plan, "accepted")
                .into_iter()
                .map(|(prefix, _)| prefix)
                .collect()
        };
        let all = wait_for(Duration::from_secs(20), || present() == expected);
        assert!(
            all,
            "accepted {:?}, not {expected:?}: {:#}",
            present(),
            self.neighbor(plan)
        );
    }
}

fn configuration(asn: u32, neighbors: &[NeighborPlan]) -> String {
    let mut text = format!(
        "asn = {asn}\nrouter_id = \"10.77.0.1\"\nlisten = [\"10.77.0.1:179\", \"[fd77::1]:179\"]\n\
         control = \"127.0.0.1:1791\"\n"
    );
    for plan in neighbors {
        let asn = plan.asn.unwrap_or_else(|| 65000 + u32::from(plan.number));
        let family = if plan.ipv6 { "ipv6" } else { "ipv4" };
        let port = if plan.passive { 0 } else { 179 };
        let kind = if plan.more.contains("interface_kind") {
            ""
        } else {
            "interface_kind = \"private\"\n"
        };
        write!(
            text,
            "[[neighbor]]\naddress = \"{}\"\nasn = {asn}\nport = {port}\nfamilies = [\"{family}\"]\n{kind}{}\n",
            plan.address(),
            plan.more
        )
        .expect("a string takes all");
        if let Some(password) = plan.password {
            writeln!(text, "password = \"{password}\"").expect("a string takes all");
        }
    }
    text.push_str("[[originate]]\nprefix = \"10.0.0.0/8\"\n[[originate]]\nprefix = \"fd00::/8\"\n");
    text
}
