//! Processes in namespaces, and waiting.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A process of a test. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` in the network namespace `namespace`; what it prints goes to `log`.
    pub(crate) fn start(
        namespace: &str,
        command: &[String],
        environment: &[(&str, String)],
        log: &Path,
    ) -> Self {
        let file = File::create(log).expect("the lab's directory is ours");
        let child = Command::new("nsenter")
            .arg(format!("--net=/run/netns/{namespace}"))
            .args(command)
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file can be shared"))
            .stderr(file)
            .spawn()
            .expect("nsenter is installed");
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// Stops it without a word, as a crash would.
    pub fn crash(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, and waits.
    pub fn terminate(&mut self) {
        self.signal(Signal::SIGTERM);
        if !wait_for(Duration::from_secs(5), || {
            matches!(self.child.try_wait(), Ok(Some(_)))
        }) {
            self.crash();
        }
    }

    /// Sends a signal to it and to the processes that it has made of itself; `SIGSTOP` freezes them.
    pub fn signal(&self, signal: Signal) {
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        let parts = children.split_whitespace().filter_map(|id| id.parse().ok());
        for id in std::iter::once(id.cast_signed()).chain(parts) {
            // It may have ended by itself; the test then sees that.
            let _ = kill(Pid::from_raw(id), signal);
        }
    }

    /// What it has printed.
    #[must_use]
    pub fn output(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.crash();
    }
}

/// Asks again and again until `condition` holds or `patience` is over.
pub fn wait_for(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if condition() {
            return true;
        }
        if start.elapsed() > patience {
            return false;
        }
        thread::sleep(Duration::from_millis(50));
    }
}
