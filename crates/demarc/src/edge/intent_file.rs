//! The last intent on disk, so that an edge can start while the control plane is away. It holds the keys of
//! BGP sessions: only its owner may read it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use demarc_domain::intent::VersionedIntent;

pub(super) struct IntentFile {
    directory: PathBuf,
    path: PathBuf,
    device: String,
}

impl IntentFile {
    pub(super) fn new(directory: &Path, device: &str) -> Self {
        let name: String = device
            .chars()
            .map(|it| {
                if it.is_ascii_alphanumeric() || it == '-' {
                    it
                } else {
                    '_'
                }
            })
            .collect();
        Self {
            directory: directory.to_owned(),
            path: directory.join(format!("{name}.intent.json")),
            device: device.to_owned(),
        }
    }

    /// Where it is, as it was named.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What was kept, if that can be read and is of this device.
    pub(super) fn read(&self) -> Option<VersionedIntent> {
        let text = fs::read(&self.path).ok()?;
        match serde_json::from_slice::<VersionedIntent>(&text) {
            Ok(kept) if kept.intent.device == self.device => Some(kept),
            Ok(_) => None,
            Err(error) => {
                let path = self.path.display();
                tracing::warn!(%path, %error, "the intent that was kept is of no use");
                None
            }
        }
    }

    /// Replaces the file as a whole.
    pub(super) fn keep(&self, intent: &VersionedIntent) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        let beside = self.path.with_extension("new");
        let written = write(&beside, &serde_json::to_vec(intent)?);
        let outcome = written.and_then(|()| fs::rename(&beside, &self.path));
        if outcome.is_err() {
            // A piece of it is of no use to anybody.
            _ = fs::remove_file(&beside);
        }
        outcome
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_domain::intent::DeviceIntent;
    use std::os::unix::fs::PermissionsExt;

    fn intent(device: &str) -> VersionedIntent {
        VersionedIntent {
            revision: 7,
            intent: DeviceIntent {
                device: device.to_owned(),
                ports: Vec::new(),
                lags: Vec::new(),
                virtual_interfaces: Vec::new(),
                domains: Vec::new(),
            },
        }
    }

    #[test]
    fn an_intent_is_found_again_and_read_by_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let file = IntentFile::new(&directory.path().join("state"), "a/b");
        assert!(file.read().is_none());
        file.keep(&intent("a/b")).unwrap();
        assert_eq!(file.read(), Some(intent("a/b")));
        let mode = fs::metadata(&file.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(
            IntentFile::new(&directory.path().join("state"), "a_b")
                .read()
                .is_none()
        );
    }

    #[test]
    fn a_damaged_file_is_passed_over() {
        let directory = tempfile::tempdir().unwrap();
        let file = IntentFile::new(directory.path(), "d");
        fs::write(&file.path, "{\"revision\": 1").unwrap();
        assert!(file.read().is_none());
    }
}
