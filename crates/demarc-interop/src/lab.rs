//! Two namespaces and a wire.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// An end of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Speaker,
    Router,
}

/// Two namespaces with a wire between them. The speaker has 10.77.0.1 and fd77::1, routers
/// 10.77.0.2 to 10.77.0.9 and fd77::2 to fd77::9.
#[derive(Debug)]
pub struct Lab {
    name: String,
    directory: TempDir,
}

static LABS: AtomicU32 = AtomicU32::new(0);

impl Lab {
    /// Builds a lab; `None`, told on standard error, where that is not possible.
    #[must_use]
    pub fn new() -> Option<Self> {
        let number = LABS.fetch_add(1, Ordering::Relaxed);
        let name = format!("di{}-{number}", std::process::id());
        let directory = tempfile::tempdir().ok()?;
        let lab = Self { name, directory };
        if lab.build() {
            return Some(lab);
        }
        skip("network namespaces need root and the package iproute2");
        None
    }

    fn build(&self) -> bool {
        let (speaker, router) = (self.namespace(Side::Speaker), self.namespace(Side::Router));
        let mut done = true;
        for namespace in [&speaker, &router] {
            done = done
                && ip(&["netns", "add", namespace])
                && ip(&["-n", namespace, "link", "set", "lo", "up"]);
        }
        done = done
            && ip(&[
                "link", "add", "wire", "netns", &speaker, "type", "veth", "peer", "name", "wire",
                "netns", &router,
            ]);
        let mut add = |namespace: &str, number: u8| {
            let (v4, v6) = (format!("10.77.0.{number}/24"), format!("fd77::{number}/64"));
            done = done
                && ip(&["-n", namespace, "addr", "add", &v4, "dev", "wire"])
                && ip(&["-n", namespace, "addr", "add", &v6, "dev", "wire", "nodad"]);
        };
        add(&speaker, 1);
        for number in 2..10 {
            add(&router, number);
        }
        done && self.set_wire("up") && ip(&["-n", &router, "link", "set", "wire", "up"])
    }

    /// Cuts the wire without either end being told.
    pub fn cut_wire(&self) {
        // A silent drop, as a failed switch in between would do it: the links stay up.
        let namespace = self.namespace(Side::Speaker);
        for arguments in [
            ["qdisc", "add", "dev", "wire", "clsact"].as_slice(),
            &[
                "filter", "add", "dev", "wire", "ingress", "matchall", "action", "drop",
            ],
            &[
                "filter", "add", "dev", "wire", "ingress", "u32", "match", "u32", "0", "0",
                "action", "drop",
            ],
        ] {
            run("tc", &[&["-n", namespace.as_str()], arguments].concat());
        }
    }

    /// Sets the speaker's end of the wire up or down.
    pub fn set_wire(&self, state: &str) -> bool {
        ip(&[
            "-n",
            &self.namespace(Side::Speaker),
            "link",
            "set",
            "wire",
            state,
        ])
    }

    /// The name of a namespace.
    #[must_use]
    pub fn namespace(&self, side: Side) -> String {
        match side {
            Side::Speaker => format!("{}s", self.name),
            Side::Router => format!("{}r", self.name),
        }
    }

    /// A directory for configurations, sockets and logs.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for side in [Side::Speaker, Side::Router] {
            ip(&["netns", "del", &self.namespace(side)]);
        }
    }
}

fn ip(arguments: &[&str]) -> bool {
    run("ip", arguments)
}

fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Says why the present test does nothing.
pub(crate) fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("skipped {test}: {reason}\n");
    // A test that cannot print can still be skipped.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}
