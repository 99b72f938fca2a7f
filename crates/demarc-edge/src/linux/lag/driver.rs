//! The machines of all LAGs with their sockets, and the data path that follows them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use demarc_domain::device_status::{LacpState, LacpStatus};
use demarc_lacp::{Bundle, BundleConfig, Lacpdu, MemberStatus, Mux, SlowFrame};
use demarc_linux::{BundleMaps, Inherited, Kernel, KernelError, Link, SlowSocket, bundle_number};
use demarc_types::{ConnectionId, LagId};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::super::port_protocol::{AT_ONCE, Ear, PortProtocol};
use super::number::{Numbers, system_of};
use super::{WantedLag, WantedMember};

/// Longer than any frame of the slow protocols.
const FRAME: usize = 256;

struct Port {
    connection: ConnectionId,
    interface: u32,
    ear: Ear<SlowSocket>,
    mac: [u8; 6],
    carrier: bool,
    may_carry: bool,
}

impl Port {
    fn is_up(&self) -> bool {
        self.carrier && self.may_carry
    }

    fn send(&self, pdu: Lacpdu) {
        self.send_frame(&SlowFrame::Lacp(pdu));
    }

    fn send_frame(&self, frame: &SlowFrame) {
        let Some(socket) = &self.ear.socket else {
            return;
        };
        if let Err(error) = socket.send(self.mac, &frame.encode()) {
            // The next one follows; a link that is down says so by itself.
            debug!(connection = %self.connection, %error, "no LACPDU sent");
        }
    }
}

struct Lag {
    id: LagId,
    bundle: Bundle,
    /// In the data path.
    number: u32,
    /// By their numbers in LACP.
    ports: BTreeMap<u16, Port>,
    /// As it was shown last.
    shown: Vec<MemberStatus>,
    fault: Option<String>,
}

/// All LAGs.
pub(super) struct Driver {
    start: Instant,
    maps: BundleMaps,
    keys: Numbers<LagId>,
    numbers: Numbers<ConnectionId>,
    lags: BTreeMap<LagId, Lag>,
}

impl Driver {
    pub(super) fn new(maps: BundleMaps) -> Self {
        Self {
            start: Instant::now(),
            maps,
            keys: Numbers::default(),
            numbers: Numbers::default(),
            lags: BTreeMap::new(),
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(super) fn number(&self, lag: LagId) -> Option<u32> {
        self.lags.get(&lag).map(|lag| lag.number)
    }

    /// See [`super::Lags::follow`].
    pub(super) fn follow(
        &mut self,
        wanted: &[WantedLag],
        links: &[Link],
        kernel: &mut Kernel,
    ) -> Vec<(String, KernelError)> {
        let now = self.now();
        let mut faults = Vec::new();
        self.leave(wanted, now);
        for lag in wanted {
            self.join(lag, links, kernel, now, &mut faults);
        }
        self.take_links(links);
        self.carry_out();
        let broken = self.lags.values();
        faults.extend(broken.filter_map(|lag| {
            let message = lag.fault.clone()?;
            let action = "carry LACP out".to_owned();
            Some((lag.id.to_string(), KernelError::Program { action, message }))
        }));
        faults
    }

    /// Lets go of what is not wanted; the other end hears it.
    fn leave(&mut self, wanted: &[WantedLag], now: Duration) {
        let is_wanted = |lag: LagId, port: &Port| {
            let lag = wanted.iter().find(|wanted| wanted.lag == lag);
            lag.is_some_and(|lag| {
                let mut members = lag.members.iter();
                members.any(|it| (it.connection, it.interface) == (port.connection, port.interface))
            })
        };
        for lag in self.lags.values_mut() {
            let gone: Vec<u16> = lag
                .ports
                .iter()
                .filter(|(_, port)| !is_wanted(lag.id, port))
                .map(|(number, _)| *number)
                .collect();
            for number in gone {
                let last = lag.bundle.remove(number, now);
                if let Some(port) = lag.ports.remove(&number) {
                    info!(lag = %lag.id, connection = %port.connection, "a member leaves the LAG");
                    if let Some(pdu) = last.filter(|_| port.is_up()) {
                        port.send(pdu);
                    }
                }
            }
        }
        let is_gone = |id: &LagId| !wanted.iter().any(|wanted| wanted.lag == *id);
        for (_, lag) in self.lags.extract_if(.., |id, _| is_gone(id)) {
            self.maps.end(lag.number);
        }
        self.keys.keep(|id| !is_gone(&id));
        self.numbers.keep(|connection| {
            let mut members = wanted.iter().flat_map(|lag| &lag.members);
            members.any(|member| member.connection == connection)
        });
    }

    fn join(
        &mut self,
        wanted: &WantedLag,
        links: &[Link],
        kernel: &mut Kernel,
        now: Duration,
        faults: &mut Vec<(String, KernelError)>,
    ) {
        let lag = self.lags.entry(wanted.lag).or_insert_with(|| {
            let key = self.keys.of(wanted.lag);
            Lag {
                id: wanted.lag,
                bundle: Bundle::new(BundleConfig {
                    system: system_of(&wanted.device),
                    key,
                    minimum_links: wanted.minimum_links,
                }),
                number: bundle_number(key),
                ports: BTreeMap::new(),
                shown: Vec::new(),
                fault: None,
            }
        });
        for member in &wanted.members {
            let number = self.numbers.of(member.connection);
            let port = lag.ports.entry(number).or_insert_with(|| {
                let port = new_port(member, links);
                let inherited = BundleMaps::inherited(kernel, member.interface);
                enter(&mut lag.bundle, lag.number, number, &port, inherited, now);
                port
            });
            port.may_carry = member.may_carry;
            if port.ear.socket.is_none() {
                match SlowSocket::open(port.interface) {
                    Ok(socket) => port.ear.socket = Some(Arc::new(socket)),
                    Err(error) => faults.push((member.connection.to_string(), error)),
                }
            }
        }
        // Behind the members: one that is taken over must not leave because others have not been looked at.
        for (number, port) in &lag.ports {
            lag.bundle.set_link(*number, port.is_up(), now);
        }
        lag.bundle.set_minimum_links(wanted.minimum_links, now);
    }

    /// See [`super::Lags::members`].
    pub(super) fn members(&self) -> BTreeMap<ConnectionId, LacpStatus> {
        let all = self.lags.values().flat_map(|lag| {
            lag.bundle.members().filter_map(|member| {
                let port = lag.ports.get(&member.port)?;
                Some((port.connection, status_of(lag.id, port, &member)))
            })
        });
        all.collect()
    }
}

impl PortProtocol for Driver {
    type Socket = SlowSocket;
    const NAME: &'static str = "LACP";

    fn take_links(&mut self, links: &[Link]) -> bool {
        let now = self.now();
        let mut changed = false;
        for lag in self.lags.values_mut() {
            for (number, port) in &mut lag.ports {
                let Some(link) = links.iter().rfind(|link| link.index == port.interface) else {
                    continue;
                };
                port.mac = link.mac;
                let carrier = link.up && link.carrier;
                if port.carrier != carrier {
                    port.carrier = carrier;
                    lag.bundle.set_link(*number, port.is_up(), now);
                    changed = true;
                }
            }
        }
        changed
    }

    fn waits_for(&self) -> (Vec<Arc<SlowSocket>>, Option<Duration>) {
        let now = self.now();
        let mut deadlines = Vec::new();
        let mut sockets = Vec::new();
        for lag in self.lags.values() {
            deadlines.extend(lag.bundle.next_deadline());
            for port in lag.ports.values() {
                port.ear.waits_for(now, &mut sockets, &mut deadlines);
            }
        }
        let next = deadlines.into_iter().min();
        (sockets, next.map(|next| next.saturating_sub(now)))
    }

    fn receive(&mut self) {
        let now = self.now();
        for lag in self.lags.values_mut() {
            let Lag { bundle, ports, .. } = lag;
            for (number, port) in ports {
                if !port.ear.rests(now) {
                    let read = listen(*number, port, bundle, now);
                    port.ear.has_read(read, now);
                }
            }
        }
    }

    fn carry_out(&mut self) -> bool {
        let now = self.now();
        let mut changed = false;
        for lag in self.lags.values_mut() {
            lag.bundle.handle_timeout(now);
            // What must not be sent any more is not sent before the other end hears of it.
            lag.fault = lag
                .forward(&mut self.maps)
                .err()
                .map(|error| error.to_string());
            while let Some((number, pdu)) = lag.bundle.poll_transmit(now) {
                if let Some(port) = lag.ports.get(&number) {
                    port.send(pdu);
                }
            }
            changed |= lag.show();
        }
        changed
    }
}

impl Lag {
    /// Makes the data path be as the machines are.
    fn forward(&mut self, maps: &mut BundleMaps) -> Result<(), KernelError> {
        let members: Vec<MemberStatus> = self.bundle.members().collect();
        let with = |least: Mux| {
            let members = members.iter().filter(move |member| member.mux >= least);
            members.filter_map(|member| Some(self.ports.get(&member.port)?.interface))
        };
        let collecting: BTreeSet<u32> = with(Mux::Collecting).collect();
        let distributing: Vec<u32> = with(Mux::Distributing).collect();
        maps.set(self.number, &collecting, &distributing)
    }

    /// Says in the log what is new of the members; whether anything is.
    fn show(&mut self) -> bool {
        let members: Vec<MemberStatus> = self.bundle.members().collect();
        if members == self.shown {
            return false;
        }
        for member in &members {
            let before = self.shown.iter().find(|before| before.port == member.port);
            let was = before.map_or(Mux::Detached, |before| before.mux);
            let Some(port) = self.ports.get(&member.port) else {
                continue;
            };
            let (lag, connection) = (self.id, port.connection);
            match (was == Mux::Distributing, member.why) {
                (false, None) => info!(%lag, %connection, "a member is up"),
                (true, Some(why)) => warn!(%lag, %connection, %why, "a member is down"),
                _ => {}
            }
        }
        self.shown = members;
        true
    }
}

fn new_port(member: &WantedMember, links: &[Link]) -> Port {
    let link = links.iter().find(|link| link.index == member.interface);
    Port {
        connection: member.connection,
        interface: member.interface,
        ear: Ear::default(),
        mac: link.map(|link| link.mac).unwrap_or_default(),
        carrier: link.is_some_and(|link| link.up && link.carrier),
        may_carry: member.may_carry,
    }
}

/// A member comes in: anew, or as an earlier process left it.
fn enter(
    bundle: &mut Bundle,
    number_of_bundle: u32,
    number: u16,
    port: &Port,
    inherited: Option<Inherited>,
    now: Duration,
) {
    let same = inherited.filter(|before| before.bundle == number_of_bundle && port.is_up());
    match same {
        Some(before) => {
            info!(connection = %port.connection, "a member of before is taken over");
            bundle.adopt(number, before.distributing, now);
        }
        None => bundle.add(number),
    }
}

/// Reads what has come in by a port; how many frames.
fn listen(number: u16, port: &Port, bundle: &mut Bundle, now: Duration) -> usize {
    let Some(socket) = &port.ear.socket else {
        return 0;
    };
    let mut buffer = [0; FRAME];
    for read in 0..AT_ONCE {
        let frame = match socket.receive(&mut buffer) {
            Ok(Some(payload)) => SlowFrame::decode(payload),
            Ok(None) => return read,
            Err(error) => {
                // Said once: that the interface is down.
                debug!(connection = %port.connection, %error, "no LACPDU received");
                continue;
            }
        };
        match frame {
            Ok(SlowFrame::Lacp(pdu)) => bundle.handle_pdu(number, &pdu, now),
            Ok(SlowFrame::Marker(marker)) => {
                if let Some(response) = marker.response() {
                    port.send_frame(&SlowFrame::Marker(response));
                }
            }
            // Of another slow protocol, or of nobody who speaks LACP.
            Err(_) => {}
        }
    }
    AT_ONCE
}

fn status_of(lag: LagId, port: &Port, member: &MemberStatus) -> LacpStatus {
    let encrypted = "the port is must_encrypt and not encrypted";
    let why = member.why.map(|why| why.to_string());
    let barred = (port.carrier && !port.may_carry).then(|| encrypted.to_owned());
    LacpStatus {
        lag,
        state: match member.mux {
            Mux::Detached => LacpState::Detached,
            Mux::Waiting => LacpState::Waiting,
            Mux::Attached => LacpState::Attached,
            Mux::Collecting => LacpState::Collecting,
            Mux::Distributing => LacpState::Distributing,
        },
        partner: member
            .partner
            .map(|partner| format!("{} key {}", partner.system, partner.key)),
        reason: barred.or(why),
    }
}
