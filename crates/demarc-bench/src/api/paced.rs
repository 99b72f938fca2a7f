//! Load at a fixed rate: requests at even distances, of one connection after the other, from a single thread.
//!
//! The thread sleeps until an answer is there or a request is due. More threads would take turns with the
//! server's on the same processors, and the timers of a runtime go by the millisecond: all connections would
//! wake up together and queue behind each other.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use super::load::{Caller, Load, Samples, When, complete};

/// Bytes that are read at once: more than any answer has.
const READ: usize = 16 * 1_024;

/// Keeps the rate until the time is over.
pub(super) fn run<C: Caller>(
    load: &Load,
    rate: f64,
    callers: Vec<C>,
) -> anyhow::Result<Vec<Samples>> {
    let mut generator = Generator::start(*load, rate, callers)?;
    let mut events = vec![EpollEvent::empty(); generator.connections.len() + 1];
    while generator.send_due()? {
        let count = generator.epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..count] {
            generator.receive(event.data())?;
        }
    }
    let samples = generator.connections.into_iter();
    Ok(samples.map(|connection| connection.samples).collect())
}

/// Requests are numbered; each belongs to the connection whose number is left when it is divided by theirs.
struct Generator<C> {
    load: Load,
    begin: Instant,
    distance: Duration,
    /// The first request whose time has not come.
    next: usize,
    connections: Vec<Connection<C>>,
    epoll: Epoll,
    timer: TimerFd,
}

struct Connection<C> {
    stream: TcpStream,
    caller: C,
    /// The next request to send.
    request: usize,
    /// Since when the caller waits for an answer.
    since: Option<Instant>,
    received: Vec<u8>,
    answer: Vec<u8>,
    samples: Samples,
}

impl<C: Caller> Generator<C> {
    fn start(load: Load, rate: f64, callers: Vec<C>) -> anyhow::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let readable = |number| EpollEvent::new(EpollFlags::EPOLLIN, number);
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_CLOEXEC)?;
        epoll.add(&timer, readable(u64::MAX))?;
        let mut connections = Vec::new();
        for (request, caller) in callers.into_iter().enumerate() {
            let stream = TcpStream::connect(load.address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            epoll.add(&stream, readable(u64::try_from(request)?))?;
            connections.push(Connection {
                stream,
                caller,
                request,
                since: None,
                received: Vec::with_capacity(READ),
                answer: Vec::new(),
                samples: Samples::default(),
            });
        }
        Ok(Self {
            load,
            begin: Instant::now(),
            distance: Duration::from_secs_f64(1.0 / rate),
            next: 0,
            connections,
            epoll,
            timer,
        })
    }

    fn time_of(&self, request: usize) -> Instant {
        self.begin + self.distance.mul_f64(request as f64)
    }

    /// Sends what is due on connections that are free, and sets the timer for what is due next; false when
    /// the time is over.
    fn send_due(&mut self) -> anyhow::Result<bool> {
        loop {
            let planned = self.time_of(self.next);
            let now = Instant::now();
            if matches!(self.load.when(self.begin, now), When::Over) {
                return Ok(false);
            }
            if planned > now {
                let left = i64::try_from((planned - now).as_nanos())?;
                let left = Expiration::OneShot(TimeSpec::nanoseconds(left));
                // It is not readable any more, too.
                self.timer.set(left, TimerSetTimeFlags::empty())?;
                return Ok(true);
            }
            let count = self.connections.len();
            let connection = &mut self.connections[self.next % count];
            if connection.since.is_none() {
                // That the generator is late itself is not the server's doing.
                connection.send(now, count)?;
                if matches!(self.load.when(self.begin, now), When::Measured) {
                    connection.samples.lateness.push(now - planned);
                }
            }
            self.next += 1;
        }
    }

    /// Takes what has arrived. When the next request of the connection was due before the answer was there, it
    /// is sent at once, and its latency counts from the planned time: whoever wanted to ask had to wait.
    fn receive(&mut self, number: u64) -> anyhow::Result<()> {
        let count = self.connections.len();
        let Some(connection) = self.connections.get_mut(usize::try_from(number)?) else {
            return Ok(());
        };
        let Some(since) = connection.receive()? else {
            return Ok(());
        };
        let now = Instant::now();
        if matches!(self.load.when(self.begin, now), When::Measured) {
            connection.samples.latencies.push(now - since);
        }
        if connection.request < self.next {
            let planned = self.begin + self.distance.mul_f64(connection.request as f64);
            connection.send(planned, count)?;
        }
        Ok(())
    }
}

impl<C: Caller> Connection<C> {
    /// Sends the next request, for which the caller has waited `since` then.
    fn send(&mut self, since: Instant, connections: usize) -> anyhow::Result<()> {
        let request = self.caller.next(&self.answer)?;
        // It is the only one under way, so there is room for it.
        self.stream.write_all(request)?;
        self.since = Some(since);
        self.request += connections;
        Ok(())
    }

    /// Reads what is there; since when the caller has waited, if the answer is complete.
    fn receive(&mut self) -> anyhow::Result<Option<Instant>> {
        let have = self.received.len();
        self.received.resize(have + READ, 0);
        let read = self.stream.read(&mut self.received[have..]);
        let count = match read {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.received.truncate(have);
                return Ok(None);
            }
            Err(error) => bail!(error),
        };
        ensure!(count > 0, "the server closed the connection");
        self.received.truncate(have + count);
        let Some(body) = complete(&self.received)? else {
            return Ok(None);
        };
        self.answer.clear();
        self.answer.extend_from_slice(body);
        self.received.clear();
        Ok(self.since.take())
    }
}
