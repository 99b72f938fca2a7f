//! LAGs: LACP with the customers' routers, and which members the frames go by.
//!
//! A thread of its own speaks LACP (IEEE 802.1AX), so that no other work of the edge keeps a bundle waiting:
//! it listens to the members' sockets and to news of links, and takes a member that fails out of the data path
//! at once. The edge says which LAGs there are, and reads how they are.

mod driver;
mod number;

use std::collections::BTreeMap;

use demarc_domain::device_status::LacpStatus;
use demarc_domain::intent::{DeviceIntent, PortIntent};
use demarc_linux::{BundleMaps, Kernel, KernelError, Link};
use demarc_types::{ConnectionId, LagId};
use tokio::sync::watch;

use super::port_protocol::{PortProtocol, PortThread};
use driver::Driver;
pub(super) use number::Numbers;

/// A LAG that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WantedLag {
    pub(super) lag: LagId,
    pub(super) device: String,
    pub(super) minimum_links: usize,
    /// Those that have an interface.
    pub(super) members: Vec<WantedMember>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WantedMember {
    pub(super) connection: ConnectionId,
    pub(super) interface: u32,
    /// It may carry something: it is encrypted, or does not have to be.
    pub(super) may_carry: bool,
}

/// All LAGs of this machine.
pub(super) struct Lags(PortThread<Driver>);

impl Lags {
    /// In the namespace of the calling thread. There are no LAGs yet.
    pub(super) fn start(maps: BundleMaps) -> Result<Self, KernelError> {
        PortThread::start(Driver::new(maps)).map(Self)
    }

    /// Something has changed since this was looked at.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.0.changes()
    }

    /// Makes the LAGs be these and no others; what is so already is not touched. Members of a LAG that an
    /// earlier process had in its bundle stay there. Gives what went wrong.
    pub(super) fn follow(
        &self,
        wanted: &[WantedLag],
        links: &[Link],
        kernel: &mut Kernel,
    ) -> Vec<(String, KernelError)> {
        let mut faults = self.0.lock().follow(wanted, links, kernel);
        self.0.wake();
        if self.0.has_ended() {
            let error = KernelError::Program {
                action: "speak LACP".to_owned(),
                message: "its thread has ended; start the edge again".to_owned(),
            };
            faults.push(("LACP".to_owned(), error));
        }
        faults
    }

    /// Links as they are: news of them may be late, or be missed.
    pub(super) fn look_at(&self, links: &[Link]) {
        let mut driver = self.0.lock();
        let changed = driver.take_links(links);
        if changed {
            driver.carry_out();
            drop(driver);
            self.0.wake();
        }
    }

    /// The number that stands for a LAG in the data path.
    pub(super) fn number(&self, lag: LagId) -> Option<u32> {
        self.0.lock().number(lag)
    }

    /// The members of all LAGs.
    pub(super) fn members(&self) -> BTreeMap<ConnectionId, LacpStatus> {
        self.0.lock().members()
    }
}

/// What the intents want of LAGs, of the ports that are there: `interface` tells by which interface a port's
/// frames go, and whether they may.
pub(super) fn wanted(
    devices: &[&DeviceIntent],
    interface: impl Fn(&PortIntent) -> Option<(u32, bool)>,
) -> Vec<WantedLag> {
    let of_device = |device: &&DeviceIntent| -> Vec<WantedLag> {
        let lags = device.lags.iter().map(|lag| WantedLag {
            lag: lag.lag,
            device: device.device.clone(),
            minimum_links: usize::try_from(lag.minimum_links).unwrap_or(usize::MAX),
            members: device
                .ports
                .iter()
                .filter(|port| port.lag == Some(lag.lag))
                .filter_map(|port| member(port, interface(port)?))
                .collect(),
        });
        lags.collect()
    };
    devices.iter().flat_map(of_device).collect()
}

fn member(port: &PortIntent, (interface, may_carry): (u32, bool)) -> Option<WantedMember> {
    Some(WantedMember {
        connection: port.connection,
        interface,
        may_carry,
    })
}

#[cfg(test)]
mod tests {
    use demarc_domain::intent::LagIntent;

    use super::*;

    fn port(number: u32, lag: Option<u32>, mode: Option<&str>) -> PortIntent {
        PortIntent {
            connection: format!("dxcon-{number:08x}").parse().unwrap(),
            megabits: 10_000,
            lag: lag.map(id),
            jumbo: true,
            encryption_mode: mode.map(str::to_owned),
            mac_sec_keys: Vec::new(),
        }
    }

    fn id(number: u32) -> LagId {
        format!("dxlag-{number:08x}").parse().unwrap()
    }

    #[test]
    fn members_are_the_ports_of_a_lag_that_have_an_interface() {
        let lag = |number, minimum_links| LagIntent {
            lag: id(number),
            members: Vec::new(),
            minimum_links,
        };
        let device = DeviceIntent {
            device: "d".to_owned(),
            ports: vec![
                port(1, Some(7), None),
                port(2, Some(7), Some("must_encrypt")),
                port(3, Some(7), Some("should_encrypt")),
                port(4, None, None),
                port(5, Some(8), None),
            ],
            lags: vec![lag(7, 2), lag(8, 0)],
            virtual_interfaces: Vec::new(),
            domains: Vec::new(),
        };
        let unbound = device.ports[4].connection;
        let interface = |port: &PortIntent| {
            let must = port.encryption_mode.as_deref() == Some("must_encrypt");
            (port.connection != unbound).then_some((9, !must))
        };
        let found = wanted(&[&device], interface);
        let may_carry: Vec<bool> = found[0].members.iter().map(|it| it.may_carry).collect();
        assert_eq!(may_carry, [true, false, true]);
        assert_eq!((found[0].lag, found[0].minimum_links), (id(7), 2));
        assert_eq!((found[1].lag, found[1].members.len()), (id(8), 0));
    }
}
