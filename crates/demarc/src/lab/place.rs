//! Where a lab keeps its state, and whether one is up there.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::keeper::LOG;
use crate::failure::Failure;

const RECORD: &str = "lab.json";
/// How long a lab may take to stop by itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// The directory of a lab.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    directory: PathBuf,
}

/// A lab that was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Of the process that everything of the lab lives in.
    pub(crate) pid: i32,
    /// When that process started, in ticks since the machine did: a pid that was given to another
    /// process is not ours to stop.
    pub(crate) started: u64,
    /// The command that builds the lab, the same way; none once that is done.
    #[serde(default)]
    pub(crate) builder: Option<(i32, u64)>,
    pub(crate) url: String,
    pub(crate) customers: Vec<String>,
    pub(crate) vpcs: Vec<String>,
    /// The topology file, for `status`; none for the example.
    pub(crate) topology: Option<PathBuf>,
}

impl Record {
    /// Nobody will build what is missing.
    pub(crate) fn is_abandoned(&self) -> bool {
        let gone = |(pid, since)| started(pid) != Some(since);
        self.builder.is_some_and(gone)
    }
}

impl Place {
    /// The directory that was named, else the one for whoever runs the program.
    pub(crate) fn new(named: Option<PathBuf>) -> Result<Self, Failure> {
        let directory = named.unwrap_or_else(|| {
            let user = nix::unistd::geteuid();
            if user.is_root() {
                return PathBuf::from("/run/demarc-lab");
            }
            match std::env::var_os("XDG_RUNTIME_DIR") {
                Some(runtime) => Path::new(&runtime).join("demarc-lab"),
                None => std::env::temp_dir().join(format!("demarc-lab-{user}")),
            }
        });
        let directory = std::path::absolute(&directory)
            .map_err(|error| Failure::Usage(format!("{}: {error}", directory.display())))?;
        Ok(Self { directory })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The lab that runs here, if one does. One that has just been started, and whose command is gone already,
    /// may need a moment until it is written down.
    pub(crate) fn running(&self) -> Option<Record> {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = self.recorded();
            if found.is_some() || !self.is_held() || Instant::now() > end {
                return found;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn recorded(&self) -> Option<Record> {
        let text = fs::read_to_string(self.file(RECORD)).ok()?;
        let record: Record = serde_json::from_str(&text).ok()?;
        (started(record.pid) == Some(record.started)).then_some(record)
    }

    /// Whether processes of a lab have its log open: they hold a lock on it for as long as they live.
    fn is_held(&self) -> bool {
        let log = fs::File::open(self.file(LOG));
        log.is_ok_and(|log| matches!(log.try_lock(), Err(fs::TryLockError::WouldBlock)))
    }

    /// A new log, held by whoever has it open.
    pub(crate) fn log(&self) -> io::Result<fs::File> {
        let mut options = fs::OpenOptions::new();
        let log = options.create(true).append(true).open(self.file(LOG))?;
        log.lock()?;
        Ok(log)
    }

    /// As [`Place::running`], for commands that need one.
    pub(crate) fn needed(&self) -> Result<Record, Failure> {
        let shown = self.directory.display();
        match self.running() {
            Some(record) if record.is_abandoned() => Err(Failure::Usage(format!(
                "the lab in {shown} was left half-built: `demarc lab up` builds it anew, `demarc lab down` removes it"
            ))),
            Some(record) => Ok(record),
            None => Err(Failure::Usage(format!(
                "no lab is up in {shown}: `demarc lab up` builds one"
            ))),
        }
    }

    /// A lab was here, whatever became of it.
    pub(crate) fn is_labs(&self) -> bool {
        self.file(RECORD).is_file()
    }

    /// Makes the directory for a new lab. One that holds something else is not touched.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        let shown = self.directory.display();
        if let Some(record) = self.running() {
            return Err(Failure::Usage(format!(
                "a lab is up in {shown} already (pid {}): `demarc lab down` ends it",
                record.pid
            )));
        }
        let failed = |error: io::Error| Failure::Usage(format!("cannot use {shown}: {error}"));
        if self.is_labs() {
            fs::remove_dir_all(&self.directory).map_err(failed)?;
        }
        let mut entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut builder = DirBuilder::new();
                // Keys of sessions are in it.
                return builder
                    .recursive(true)
                    .mode(0o700)
                    .create(&self.directory)
                    .map_err(failed);
            }
            entries => entries.map_err(failed)?,
        };
        if entries.next().is_some() {
            return Err(Failure::Usage(format!(
                "{shown} is not empty and no lab's: name another directory with --dir"
            )));
        }
        Ok(())
    }

    pub(crate) fn write(&self, record: &Record) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(record)
            .map_err(|error| Failure::Other(error.to_string()))?;
        let path = self.file(RECORD);
        fs::write(&path, text)
            .map_err(|error| Failure::Other(format!("cannot write {}: {error}", path.display())))
    }

    /// Ends the process that everything lives in, and removes the directory.
    pub(crate) fn clear(&self, record: &Record) -> Result<(), Failure> {
        end(record.pid, record.started);
        // It may have been the command that builds the lab, and what that has started is another process.
        if let Some(left) = self.running() {
            end(left.pid, left.started);
        }
        self.remove()
    }

    /// Writes down the process that everything lives in, whatever becomes of the command that started it.
    pub(crate) fn write_pid(&self, pid: i32) -> Result<(), Failure> {
        let failed = |error: io::Error| {
            let path = self.file(RECORD);
            Failure::Other(format!("cannot read {}: {error}", path.display()))
        };
        let text = fs::read_to_string(self.file(RECORD)).map_err(failed)?;
        let mut record: Record =
            serde_json::from_str(&text).map_err(|error| failed(error.into()))?;
        record.pid = pid;
        record.started = started(pid).unwrap_or_default();
        self.write(&record)
    }

    /// Removes the directory of a lab.
    pub(crate) fn remove(&self) -> Result<(), Failure> {
        match fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::Other(format!(
                "cannot remove {}: {error}",
                self.directory.display()
            ))),
            _ => Ok(()),
        }
    }
}

/// When a process started, in ticks since the machine did (`proc(5)`, stat, field 22). None for one
/// that has ended.
pub(crate) fn started(pid: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; fields begin behind it.
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?;
    if state == "Z" || state == "X" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Stops a process: first it is asked, then made to.
fn end(pid: i32, since: u64) {
    let process = Pid::from_raw(pid);
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        if started(pid) != Some(since) {
            return;
        }
        _ = kill(process, signal);
        let end = Instant::now() + PATIENCE;
        while started(pid) == Some(since) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(directory: &Path) -> Place {
        Place::new(Some(directory.to_owned())).unwrap()
    }

    fn record(pid: u32, started: u64) -> Record {
        Record {
            pid: i32::try_from(pid).unwrap(),
            started,
            builder: None,
            url: "http://127.0.0.1:1".to_owned(),
            customers: Vec::new(),
            vpcs: Vec::new(),
            topology: None,
        }
    }

    #[test]
    fn a_lab_is_up_while_its_very_process_is() {
        let directory = tempfile::tempdir().unwrap();
        let place = place(directory.path());
        assert!(place.running().is_none());
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let since = started(i32::try_from(child.id()).unwrap()).unwrap();
        place.write(&record(child.id(), since + 1)).unwrap();
        assert!(place.running().is_none(), "the pid is another process's");
        place.write(&record(child.id(), since)).unwrap();
        assert!(matches!(place.prepare(), Err(Failure::Usage(said)) if said.contains("already")));
        place.clear(&record(child.id(), since)).unwrap();
        assert!(child.wait().unwrap().code().is_none(), "ended by a signal");
        assert!(!directory.path().exists());
    }

    #[test]
    fn a_lab_that_is_not_written_down_yet_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let place = place(directory.path());
        // Its command has gone.
        place.write(&record(1, 0)).unwrap();
        let log = place.log().unwrap();
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .stderr(log)
            .spawn()
            .unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let found = std::thread::scope(|scope| {
            let found = scope.spawn(|| place.running());
            std::thread::sleep(Duration::from_millis(50));
            place.write_pid(pid).unwrap();
            found.join().unwrap()
        });
        let found = found.unwrap();
        assert_eq!(found.pid, pid);
        place.clear(&found).unwrap();
        assert!(child.wait().unwrap().code().is_none(), "ended by a signal");
        assert!(!directory.path().exists());
    }

    #[test]
    fn a_directory_of_somebody_elses_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("thesis.tex"), "").unwrap();
        assert!(
            matches!(place(directory.path()).prepare(), Err(Failure::Usage(said)) if said.contains("not empty"))
        );
        assert!(directory.path().join("thesis.tex").exists());
    }

    #[test]
    fn what_a_crashed_lab_left_is_no_obstacle() {
        let directory = tempfile::tempdir().unwrap();
        let place = place(directory.path());
        place.write(&record(1, 0)).unwrap();
        fs::write(directory.path().join("bindings.toml"), "").unwrap();
        place.prepare().unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_lab_whose_builder_has_gone_is_half_built() {
        let directory = tempfile::tempdir().unwrap();
        let place = place(directory.path());
        let us = std::process::id();
        let since = started(i32::try_from(us).unwrap()).unwrap();
        let building = |builder| Record {
            builder,
            ..record(us, since)
        };
        let here = Some((i32::try_from(us).unwrap(), since));
        for (builder, is_usable) in [(None, true), (here, true), (Some((1, 0)), false)] {
            place.write(&building(builder)).unwrap();
            assert_eq!(place.needed().is_ok(), is_usable, "{builder:?}");
        }
        assert!(matches!(place.needed(), Err(Failure::Usage(said)) if said.contains("half-built")));
    }
}
