//! MACsec: key agreement with the customers' routers, and by which interface a port's frames go.
//!
//! A thread of its own speaks MKA (IEEE 802.1X), so that no other work of the edge lets a key run out: it
//! listens to the ports, keeps a MACsec interface over each as key agreement wants it, and switches the data
//! path of a port between that interface and the port itself. The edge says which ports there are, and reads how
//! they are. A member of a LAG is switched by LACP instead, which runs over the interface that this names.

mod adoption;
mod driver;
mod port;
mod programming;
mod status;
mod wanted;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use demarc_domain::device_status::MacSecStatus;
use demarc_linux::{BundleMaps, EapolSocket, KernelError, Link, LinkNews};
use demarc_types::ConnectionId;
use tokio::sync::watch;
use tracing::{error, info};

use driver::Driver;
pub(super) use wanted::{unknown_keys, wanted};

/// Names of MACsec interfaces begin like this.
pub(super) const INTERFACES: &str = "dmcm";

/// MACsec of all ports of this machine.
pub(super) struct MacSecs {
    /// Or why there is none.
    speaker: Result<Handle, String>,
}

struct Handle {
    driver: Arc<Mutex<Driver>>,
    /// Closed when nobody wants the thread any more.
    wake: UnixStream,
    changes: watch::Receiver<u64>,
}

/// What the thread has.
struct Speaker {
    driver: Arc<Mutex<Driver>>,
    watch: LinkNews,
    woken: UnixStream,
    changes: watch::Sender<u64>,
}

/// A driver that panicked is as good as it was: what it does next, it does from the start.
fn lock(driver: &Mutex<Driver>) -> MutexGuard<'_, Driver> {
    driver.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MacSecs {
    /// In the namespace of the calling thread; tries whether its kernel has MACsec. There are no ports yet.
    pub(super) fn start(maps: BundleMaps) -> Result<Self, KernelError> {
        if let Err(error) = demarc_linux::probe_mac_sec() {
            info!(%error, "the kernel has no MACsec");
            return Ok(Self {
                speaker: Err(error.to_string()),
            });
        }
        let driver = Arc::new(Mutex::new(Driver::new(maps)?));
        let pair = || -> std::io::Result<_> {
            let (wake, woken) = UnixStream::pair()?;
            wake.set_nonblocking(true)?;
            woken.set_nonblocking(true)?;
            Ok((wake, woken))
        };
        let failed = |source| KernelError::Request {
            action: "start MKA".to_owned(),
            source,
        };
        let (wake, woken) = pair().map_err(failed)?;
        let (sender, changes) = watch::channel(0);
        let speaker = Speaker {
            driver: Arc::clone(&driver),
            watch: LinkNews::open()?,
            woken,
            changes: sender,
        };
        let named = thread::Builder::new().name("mka".to_owned());
        named.spawn(move || speaker.run()).map_err(failed)?;
        Ok(Self {
            speaker: Ok(Handle {
                driver,
                wake,
                changes,
            }),
        })
    }

    /// Why ports cannot be encrypted here.
    pub(super) fn missing(&self) -> Option<&str> {
        self.speaker.as_ref().err().map(String::as_str)
    }

    fn driver(&self) -> Option<MutexGuard<'_, Driver>> {
        self.speaker.as_ref().ok().map(|it| lock(&it.driver))
    }

    /// Something has changed since this was looked at, and how often a port came to go by another interface;
    /// never where there is no MACsec.
    pub(super) fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.speaker.as_ref().ok().map(|it| it.changes.clone())
    }

    /// Makes the ports be these and no others; what is so already is not touched. What an earlier process
    /// encrypts with stays until there is something newer, or nobody answers. Gives what went wrong.
    pub(super) fn follow(
        &self,
        wanted: &[wanted::WantedPort],
        links: &[Link],
    ) -> Vec<(ConnectionId, String)> {
        let Ok(handle) = &self.speaker else {
            return Vec::new();
        };
        let mut faults = lock(&handle.driver).follow(wanted, links);
        handle.wake();
        if handle.changes.has_changed().is_err() {
            // Only a defect of ours ends the thread: it is not to go unseen.
            let text = "MKA has ended; start the edge again";
            faults.extend(wanted.iter().map(|it| (it.connection, text.to_owned())));
        }
        faults
    }

    /// The number that stands for a port in the data path.
    pub(super) fn number(&self, connection: ConnectionId) -> Option<u32> {
        self.driver()?.number(connection)
    }

    /// The interface that a port's frames go by: its MACsec interface, or the port. `None`: by none, since it
    /// has to be encrypted and is not; or it is no port with MACsec.
    pub(super) fn carrier(&self, connection: ConnectionId) -> Option<u32> {
        self.driver()?.carrier(connection)
    }

    /// The MACsec interfaces, each with its port.
    pub(super) fn interfaces(&self) -> Vec<(ConnectionId, String, u32)> {
        self.driver().map(|it| it.interfaces()).unwrap_or_default()
    }

    /// How the ports are.
    pub(super) fn ports(&self) -> BTreeMap<ConnectionId, MacSecStatus> {
        self.driver().map(|it| it.ports()).unwrap_or_default()
    }
}

impl Handle {
    /// Ends the wait of the thread: deadlines and sockets may have changed.
    fn wake(&self) {
        // When there is no room, it has not been woken for the last time yet.
        _ = (&self.wake).write(&[0]);
    }
}

impl Speaker {
    fn run(self) {
        loop {
            let (sockets, time) = lock(&self.driver).waits_for();
            let mut waiting = vec![self.woken.as_fd(), self.watch.as_fd()];
            let sockets: Vec<Arc<EapolSocket>> = sockets;
            waiting.extend(sockets.iter().map(|socket| socket.as_fd()));
            if let Err(problem) = demarc_linux::wait(&waiting, time) {
                error!(%problem, "MKA cannot wait");
                thread::sleep(driver::REST);
            }
            if let Ok(0) = (&self.woken).read(&mut [0; 64]) {
                return;
            }
            let links = self.watch.news().unwrap_or_default();
            let mut driver = lock(&self.driver);
            driver.take_links(&links);
            // Before time passes: what has arrived was in time.
            driver.receive();
            if driver.carry_out() {
                let switches = driver.switches();
                drop(driver);
                self.changes.send_replace(switches);
            }
        }
    }
}
