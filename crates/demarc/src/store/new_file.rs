//! A file that is there when it is complete, and not before.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Written beside its place under another name. Dropped before it is kept, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct NewFile {
    file: File,
    path: PathBuf,
    written_to: PathBuf,
}

impl NewFile {
    /// Begins a file for `path`, where there must be none. Only its owner can read it: what is written here is as
    /// secret as the store itself.
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let name = path.file_name().ok_or(ErrorKind::IsADirectory)?;
        let mut unfinished = OsString::from(name);
        unfinished.push(format!(".unfinished-{}", std::process::id()));
        let written_to = path.with_file_name(unfinished);
        let mut options = File::options();
        let file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&written_to)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            written_to,
        })
    }

    /// Gives it its name. A backup counts when it is on the disk, with its name.
    pub(crate) fn keep(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.written_to, &self.path)?;
        let parent = self.path.parent();
        let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or_else(|| Path::new(".")))?.sync_all()
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Not there any more once it is kept.
        let _ = fs::remove_file(&self.written_to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_completely_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("dump.jsonl");
        let names = || fs::read_dir(directory.path()).unwrap().count();
        let mut file = NewFile::beside(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(file);
        assert_eq!(names(), 0);
        let mut file = NewFile::beside(&path).unwrap();
        file.write_all(b"all").unwrap();
        file.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"all");
        assert_eq!(names(), 1);
        let refused = NewFile::beside(&path).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    }
}
