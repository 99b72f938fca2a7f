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
use std::sync::MutexGuard;

use demarc_domain::device_status::MacSecStatus;
use demarc_linux::{BundleMaps, KernelError, Link};
use demarc_types::ConnectionId;
use tokio::sync::watch;
use tracing::info;

use super::port_protocol::PortThread;
use driver::Driver;
pub(super) use wanted::{unknown_keys, wanted};

/// Names of MACsec interfaces begin like this.
pub(super) const INTERFACES: &str = "dmcm";

/// MACsec of all ports of this machine.
pub(super) struct MacSecs {
    /// Or why there is none.
    speaker: Result<PortThread<Driver>, String>,
}

impl MacSecs {
    /// In the namespace of the calling thread; tries whether its kernel has MACsec. There are no ports yet.
    pub(super) fn start(maps: BundleMaps) -> Result<Self, KernelError> {
        let speaker = match demarc_linux::probe_mac_sec() {
            Ok(()) => Ok(PortThread::start(Driver::new(maps)?)?),
            Err(error) => {
                info!(%error, "the kernel has no MACsec");
                Err(error.to_string())
            }
        };
        Ok(Self { speaker })
    }

    /// Why ports cannot be encrypted here.
    pub(super) fn missing(&self) -> Option<&str> {
        self.speaker.as_ref().err().map(String::as_str)
    }

    fn driver(&self) -> Option<MutexGuard<'_, Driver>> {
        self.speaker.as_ref().ok().map(PortThread::lock)
    }

    /// Something has changed since this was looked at; never where there is no MACsec.
    pub(super) fn changes(&self) -> Option<watch::Receiver<()>> {
        self.speaker.as_ref().ok().map(PortThread::changes)
    }

    /// How often a port came to go by another interface.
    pub(super) fn switches(&self) -> u64 {
        self.driver().map_or(0, |it| it.switches())
    }

    /// Makes the ports be these and no others; what is so already is not touched. What an earlier process
    /// encrypts with stays until there is something newer, or nobody answers. Gives what went wrong.
    pub(super) fn follow(
        &self,
        wanted: &[wanted::WantedPort],
        links: &[Link],
    ) -> Vec<(ConnectionId, String)> {
        let Ok(speaker) = &self.speaker else {
            return Vec::new();
        };
        let mut faults = speaker.lock().follow(wanted, links);
        speaker.wake();
        if speaker.has_ended() {
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
