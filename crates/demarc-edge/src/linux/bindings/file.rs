//! The file that bindings are read from.

use std::path::{Path, PathBuf};

use tracing::info;

use super::{Bindings, BindingsError};

/// The file of bindings, looked at again and again. Its text says whether it is another one: times of files are
/// coarse, and one that was read while it was being written may have the time of the whole.
pub(in crate::linux) struct BindingsFile {
    path: PathBuf,
    /// What was read last and taken, or refused.
    text: String,
    /// Another text, which is taken when it is still there at the next look.
    next: Option<String>,
    pub(in crate::linux) bindings: Bindings,
    /// Why the bindings are older than the file.
    pub(in crate::linux) error: Option<String>,
}

impl BindingsFile {
    pub(in crate::linux) fn open(path: PathBuf) -> Result<Self, BindingsError> {
        let text = read(&path)?;
        let bindings = Bindings::parse(&path, &text)?;
        Ok(Self {
            path,
            text,
            next: None,
            bindings,
            error: None,
        })
    }

    pub(in crate::linux) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file again; whether the bindings are new.
    pub(in crate::linux) fn refresh(&mut self) -> bool {
        let outcome = read(&self.path).and_then(|text| self.take(text));
        let (is_new, error) = match outcome {
            Ok(None) => return false,
            Ok(Some(bindings)) => {
                info!(file = %self.path.display(), "bindings are read again");
                self.bindings = bindings;
                (true, None)
            }
            Err(error) => (
                false,
                Some(format!("{error}; the bindings stay as they were")),
            ),
        };
        self.error = error;
        is_new
    }

    /// The bindings of a text, if it is another one.
    fn take(&mut self, text: String) -> Result<Option<Bindings>, BindingsError> {
        if text == self.text {
            self.next = None;
            // A file that could not be read for a while is what it was: it is right if it was.
            let is_over = self.error.is_some();
            return is_over
                .then(|| Bindings::parse(&self.path, &text))
                .transpose();
        }
        if self.next.as_ref() != Some(&text) {
            self.next = Some(text);
            return Ok(None);
        }
        self.next = None;
        self.text = text;
        Bindings::parse(&self.path, &self.text).map(Some)
    }
}

pub(super) fn read(path: &Path) -> Result<String, BindingsError> {
    std::fs::read_to_string(path).map_err(|source| BindingsError::Read {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_counts_when_it_is_written_whatever_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bindings.toml");
        let port = |name: &str| format!("[[port]]\ndevice = \"d\"\ninterface = \"{name}\"\n");
        let write = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let file = std::fs::File::open(&path).unwrap();
            file.set_modified(std::time::UNIX_EPOCH).unwrap();
        };
        write(&port("a"));
        let mut file = BindingsFile::open(path.clone()).unwrap();
        let mut look = || {
            let is_new = file.refresh();
            let names = file.bindings.port.iter().map(|it| it.interface.clone());
            (is_new, names.collect::<String>(), file.error.is_some())
        };
        let at = |is_new: bool, name: &str, wrong: bool| (is_new, name.to_owned(), wrong);
        assert_eq!(look(), at(false, "a", false));
        // An editor has emptied it, and has not written yet.
        write("");
        assert_eq!(look(), at(false, "a", false));
        write(&port("b"));
        assert_eq!(look(), at(false, "a", false), "it may go on");
        assert_eq!(look(), at(true, "b", false));
        assert_eq!(look(), at(false, "b", false));
        write("nonsense");
        assert_eq!(look(), at(false, "b", false));
        assert_eq!(look(), at(false, "b", true));
        write(&port("b"));
        look();
        assert_eq!(look(), at(true, "b", false));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(look(), at(false, "b", true));
        write(&port("b"));
        assert!(!look().2);
        write("");
        look();
        assert_eq!(look(), at(true, "", false), "empty for good");
    }
}
