//! Key agreement of all ports with their sockets, and the interfaces and the data path that follow it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use demarc_domain::device_status::MacSecStatus;
use demarc_linux::{BundleMaps, EapolSocket, Kernel, KernelError, Link, MacSec, port_number};
use demarc_types::ConnectionId;
use tokio::time::Instant;
use tracing::{debug, info};

use super::adoption::inherit;
use super::port::Port;
use super::programming::Doors;
use super::status;
use super::wanted::WantedPort;
use crate::linux::lag::Numbers;
use crate::linux::port_protocol::{AT_ONCE, PortProtocol, REST};

/// Longer than any frame of MKA.
const FRAME: usize = 2_048;
/// All ports.
pub(super) struct Driver {
    start: Instant,
    maps: BundleMaps,
    kernel: Kernel,
    inside: MacSec,
    numbers: Numbers<ConnectionId>,
    ports: BTreeMap<ConnectionId, Port>,
    /// Times that a port came to go by another interface.
    switches: u64,
}

impl Driver {
    pub(super) fn new(maps: BundleMaps) -> Result<Self, KernelError> {
        Ok(Self {
            start: Instant::now(),
            maps,
            kernel: Kernel::here()?,
            inside: MacSec::open()?,
            numbers: Numbers::default(),
            ports: BTreeMap::new(),
            switches: 0,
        })
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(super) fn switches(&self) -> u64 {
        self.switches
    }

    pub(super) fn number(&self, connection: ConnectionId) -> Option<u32> {
        self.ports.get(&connection).map(|port| port.number)
    }

    pub(super) fn carrier(&self, connection: ConnectionId) -> Option<u32> {
        self.ports.get(&connection)?.carrier().interface()
    }

    pub(super) fn interfaces(&self) -> Vec<(ConnectionId, String, u32)> {
        let ports = self.ports.values();
        let there = ports.filter_map(|it| Some((it.wanted.connection, it.name(), it.interface?)));
        there.collect()
    }

    pub(super) fn ports(&self) -> BTreeMap<ConnectionId, MacSecStatus> {
        let ports = self.ports.iter();
        ports.map(|(id, port)| (*id, status::of(port))).collect()
    }

    /// See [`super::MacSecs::follow`].
    pub(super) fn follow(
        &mut self,
        wanted: &[WantedPort],
        links: &[Link],
    ) -> Vec<(ConnectionId, String)> {
        let now = self.now();
        let mut faults = Vec::new();
        self.leave(wanted, links, &mut faults);
        for one in wanted {
            if let Err(error) = self.join(one, links, now) {
                faults.push((one.connection, error));
            }
        }
        self.take_links(links);
        self.carry_out();
        let broken = self.ports.values();
        faults.extend(broken.filter_map(|it| Some((it.wanted.connection, it.fault.clone()?))));
        faults
    }

    /// Lets go of ports that are not wanted, or are another interface or station now.
    fn leave(
        &mut self,
        wanted: &[WantedPort],
        links: &[Link],
        faults: &mut Vec<(ConnectionId, String)>,
    ) {
        let same = |port: &Port| {
            let link = links.iter().find(|it| it.index == port.wanted.interface);
            let mut wanted = wanted.iter();
            wanted.any(|it| {
                (it.connection, it.interface) == (port.wanted.connection, port.wanted.interface)
                    && it.cipher == port.wanted.cipher
                    && link.is_none_or(|link| link.mac == port.mac)
            })
        };
        for (connection, port) in self.ports.extract_if(.., |_, port| !same(port)) {
            info!(%connection, "MKA ends at a port");
            self.maps.end(port.number);
            if let Err(error) = self.kernel.remove_link(&port.name()) {
                faults.push((connection, error.to_string()));
            }
        }
        self.numbers
            .keep(|id| wanted.iter().any(|it| it.connection == id));
    }

    fn join(&mut self, wanted: &WantedPort, links: &[Link], now: Duration) -> Result<(), String> {
        let connection = wanted.connection;
        if !self.ports.contains_key(&connection) {
            let link = links.iter().find(|it| it.index == wanted.interface);
            let Some(link) = link else { return Ok(()) };
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|error| format!("no random numbers: {error}"))?;
            let number = port_number(self.numbers.of(connection));
            let mut port = Port::new(wanted.clone(), number, link.mac, seed);
            let found = inherit(&port, &mut self.kernel, &mut self.inside, now);
            port.inherited = found.map_err(|error| error.to_string())?;
            if port.inherited.is_some() {
                info!(%connection, "what an earlier process encrypts with is taken over");
            }
            self.ports.insert(connection, port);
        }
        let Some(port) = self.ports.get_mut(&connection) else {
            return Ok(());
        };
        if port.wanted != *wanted {
            if port.wanted.in_lag != wanted.in_lag {
                // It is for somebody else now to say what is taken.
                self.maps.end(port.number);
                port.carries = None;
            }
            port.look_at = now;
            port.wanted = wanted.clone();
        }
        let keys = if port.is_wanted() {
            wanted.keys.as_slice()
        } else {
            &[]
        };
        port.agreement.set_keys(keys, now);
        if port.ear.socket.is_none() {
            let socket = EapolSocket::open(wanted.interface).map_err(|error| error.to_string())?;
            port.ear.socket = Some(Arc::new(socket));
        }
        Ok(())
    }
}

impl PortProtocol for Driver {
    type Socket = EapolSocket;
    const NAME: &'static str = "MKA";

    fn take_links(&mut self, links: &[Link]) -> bool {
        let now = self.now();
        let mut changed = false;
        for port in self.ports.values_mut() {
            let index = port.wanted.interface;
            if let Some(link) = links.iter().rfind(|link| link.index == index) {
                let is_up = link.up && link.carrier;
                changed |= port.link != is_up;
                port.link = is_up;
                port.agreement.set_link(port.link, now);
            }
            let touched = |link: &Link| Some(link.index) == port.interface;
            if links.iter().any(touched) {
                // Perhaps by somebody else.
                port.look_at = port.look_at.min(now + REST);
            }
        }
        changed
    }

    fn waits_for(&self) -> (Vec<Arc<EapolSocket>>, Option<Duration>) {
        let now = self.now();
        let mut deadlines = Vec::new();
        let mut sockets = Vec::new();
        for port in self.ports.values() {
            deadlines.extend(port.agreement.next_deadline());
            deadlines.push(port.look_at);
            deadlines.extend(port.inherited.map(|it| it.until));
            port.ear.waits_for(now, &mut sockets, &mut deadlines);
        }
        let next = deadlines.into_iter().min();
        (sockets, next.map(|next| next.saturating_sub(now)))
    }

    fn receive(&mut self) {
        let now = self.now();
        for port in self.ports.values_mut() {
            if !port.ear.rests(now) {
                let read = listen(port, now);
                port.ear.has_read(read, now);
            }
        }
    }

    fn carry_out(&mut self) -> bool {
        let now = self.now();
        let mut changed = false;
        for port in self.ports.values_mut() {
            port.agreement.advance(now);
            let mut doors = Doors {
                kernel: &mut self.kernel,
                inside: &mut self.inside,
            };
            port.program(&mut doors, now);
            port.send();
            port.forward(&mut self.maps);
            let before = port.switch_shown();
            let now_shown = port.show();
            self.switches += u64::from(port.switch_shown() != before);
            changed |= now_shown;
        }
        changed
    }
}

/// Reads what has come in by a port; how many frames.
fn listen(port: &mut Port, now: Duration) -> usize {
    let Some(socket) = port.ear.socket.clone() else {
        return 0;
    };
    let mut buffer = [0; FRAME];
    for read in 0..AT_ONCE {
        match socket.receive(&mut buffer) {
            Ok(Some(frame)) => {
                if let Err(discarded) = port.agreement.receive(frame, now) {
                    debug!(connection = %port.wanted.connection, %discarded, "an EAPOL frame is discarded");
                }
            }
            Ok(None) => return read,
            // Said once: that the interface is down.
            Err(error) => {
                debug!(connection = %port.wanted.connection, %error, "no MKPDU received");
            }
        }
    }
    AT_ONCE
}
