//! A router under test as a process: started in its namespace, stopped by its id, and its use of
//! the machine.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;

use super::lab::ROUTER;

/// Stops the process when dropped.
#[derive(Debug)]
pub(super) struct Process(Child);

/// What a process has used.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) cpu: Duration,
    pub(super) resident_mib: f64,
    pub(super) peak_mib: f64,
}

impl Process {
    /// Starts `command` in the router's namespace; what it prints goes to `log`.
    pub(super) fn start(command: &[String], log: &std::path::Path) -> anyhow::Result<Self> {
        let log = fs::File::create(log)?;
        // nsenter becomes the program itself, so the child's id is the router's.
        let child = Command::new("nsenter")
            .arg(format!("--net=/run/netns/{ROUTER}"))
            .args(command)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("start {}", command.join(" ")))?;
        Ok(Self(child))
    }

    pub(super) fn usage(&self) -> Usage {
        let id = self.0.id();
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // Fields behind the name, which may hold spaces: state is 3, utime 14, stime 15.
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .map(|(_, rest)| rest.split_whitespace().collect())
            .unwrap_or_default();
        let ticks = |field: usize| {
            fields
                .get(field - 3)
                .and_then(|text| text.parse::<u64>().ok())
        };
        let ticks = ticks(14).unwrap_or(0) + ticks(15).unwrap_or(0);
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split_whitespace().next());
            number
                .and_then(|text| text.parse::<f64>().ok())
                .unwrap_or(0.0)
        };
        Usage {
            // USER_HZ is 100 on every Linux that Rust runs on.
            cpu: Duration::from_millis(ticks * 10),
            resident_mib: kib("VmRSS:") / 1024.0,
            peak_mib: kib("VmHWM:") / 1024.0,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
