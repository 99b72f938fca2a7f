//! Named network namespaces, as `ip netns` keeps them: a file under /run/netns.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};

use crate::error::KernelError;
use crate::netlink::Kernel;
use crate::watch::{ChangeWatch, Watched};

const DIRECTORY: &str = "/run/netns";

/// A named network namespace that exists.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    file: File,
}

impl Namespace {
    /// Opens the namespace, and makes it first if there is none of the name.
    ///
    /// # Errors
    /// [`KernelError::Request`]; needs CAP_SYS_ADMIN.
    pub fn ensure(name: &str) -> Result<Self, KernelError> {
        match Self::open(name) {
            Ok(found) => Ok(found),
            Err(_) => {
                make(name).map_err(KernelError::request(format!("make namespace {name}")))?;
                Self::open(name)
            }
        }
    }

    /// Opens a namespace that is there.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn open(name: &str) -> Result<Self, KernelError> {
        let open = || {
            let file = File::open(path(name))?;
            // A file that a crash left behind without its mount is no namespace.
            enter_check(&file)?;
            Ok(file)
        };
        let file = open().map_err(KernelError::request(format!("open namespace {name}")))?;
        Ok(Self {
            name: name.to_owned(),
            file,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ties the name to the namespace again if somebody took it away; whether that was needed. The
    /// namespace itself lives for as long as we hold it.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn keep_name(&self) -> Result<bool, KernelError> {
        let path = self.path();
        let own = self.file.metadata();
        let same = own.and_then(|own| {
            let there = fs::metadata(&path)?;
            Ok((own.dev(), own.ino()) == (there.dev(), there.ino()))
        });
        if same.unwrap_or(false) {
            return Ok(false);
        }
        let tie = || -> io::Result<()> {
            fs::create_dir_all(DIRECTORY)?;
            File::create(&path)?;
            let own = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            let none = None::<&str>;
            mount(Some(own.as_str()), &path, none, MsFlags::MS_BIND, none)?;
            Ok(())
        };
        tie().map_err(KernelError::request(format!(
            "name namespace {}",
            self.name
        )))?;
        Ok(true)
    }

    /// Where others find it.
    pub fn path(&self) -> PathBuf {
        path(&self.name)
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    /// The kernel as seen from inside.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn kernel(&self) -> Result<Kernel, KernelError> {
        self.inside(Kernel::here)?
    }

    /// Watches what others change inside, beside what goes through `own`, a kernel as seen from there.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn watch(&self, watched: Watched, own: &Kernel) -> Result<ChangeWatch, KernelError> {
        self.inside(|| ChangeWatch::here(watched, own))?
    }

    /// Runs `task` inside, on a thread that then ends: no other thread is ever in the wrong place.
    ///
    /// # Errors
    /// [`KernelError::Request`] when the namespace cannot be entered.
    pub fn inside<T: Send>(&self, task: impl FnOnce() -> T + Send) -> Result<T, KernelError> {
        let run = || {
            thread::scope(|scope| {
                let inside = scope.spawn(|| {
                    setns(&self.file, CloneFlags::CLONE_NEWNET)?;
                    Ok(task())
                });
                inside
                    .join()
                    .unwrap_or_else(|_| Err(io::Error::other("the thread inside panicked")))
            })
        };
        run().map_err(KernelError::request(format!(
            "enter namespace {}",
            self.name
        )))
    }

    /// Sets kernel parameters of the namespace: names below `/proc/sys/net`, with values.
    ///
    /// # Errors
    /// [`KernelError::Request`] for the first that the kernel does not take.
    pub fn set_parameters(&self, parameters: &[(&str, &str)]) -> Result<(), KernelError> {
        self.inside(|| set_parameters(parameters))?
    }

    /// Removes a namespace with everything in it. One that is not there is removed already.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn remove(name: &str) -> Result<(), KernelError> {
        let path = path(name);
        let remove = || {
            match umount2(&path, MntFlags::MNT_DETACH) {
                Ok(()) | Err(nix::Error::ENOENT | nix::Error::EINVAL) => {}
                Err(error) => return Err(error.into()),
            }
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        };
        remove().map_err(KernelError::request(format!("remove namespace {name}")))
    }

    /// The names of all namespaces that begin with `prefix`.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn names(prefix: &str) -> Result<Vec<String>, KernelError> {
        let list = || -> io::Result<Vec<String>> {
            let entries = match fs::read_dir(DIRECTORY) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                entries => entries?,
            };
            let mut names = Vec::new();
            for entry in entries {
                names.extend(entry?.file_name().into_string());
            }
            names.retain(|name| name.starts_with(prefix));
            names.sort();
            Ok(names)
        };
        list().map_err(KernelError::request("list namespaces"))
    }
}

/// Sets kernel parameters of the calling thread's namespace.
pub(crate) fn set_parameters(parameters: &[(&str, &str)]) -> Result<(), KernelError> {
    for (name, value) in parameters {
        fs::write(Path::new("/proc/sys/net").join(name), value)
            .map_err(KernelError::request(format!("set net/{name} to {value}")))?;
    }
    Ok(())
}

fn path(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(name)
}

fn enter_check(file: &File) -> io::Result<()> {
    thread::scope(|scope| {
        let inside = scope.spawn(|| setns(file, CloneFlags::CLONE_NEWNET));
        match inside.join() {
            Ok(result) => Ok(result?),
            Err(_) => Err(io::Error::other("the thread inside panicked")),
        }
    })
}

/// A thread leaves for a new namespace and ties its file to it; the file keeps it when the thread
/// has ended.
fn make(name: &str) -> io::Result<()> {
    fs::create_dir_all(DIRECTORY)?;
    let path = path(name);
    File::create(&path)?;
    let made = thread::scope(|scope| {
        let inside = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            let none = None::<&str>;
            mount(
                Some("/proc/thread-self/ns/net"),
                &path,
                none,
                MsFlags::MS_BIND,
                none,
            )
        });
        inside.join()
    });
    match made {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            // Nothing is tied to it.
            _ = fs::remove_file(&path);
            Err(error.into())
        }
        Err(_) => Err(io::Error::other("the thread inside panicked")),
    }
}
