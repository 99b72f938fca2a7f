//! Protocols that are spoken on ports, LACP and MKA: each by a thread of its own, so that no other work of the
//! edge keeps a neighbor waiting.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use demarc_linux::{KernelError, Link, LinkNews};
use tokio::sync::watch;
use tracing::error;

/// Frames of a port that are read at once. The slow protocols have ten a second (IEEE 802.3 annex 57A), MKA has
/// one every two seconds: who sends more waits.
pub(super) const AT_ONCE: usize = 16;
/// How long one who sends too much is not listened to.
pub(super) const REST: Duration = Duration::from_millis(100);

/// What is done when something comes in, or a time has come.
pub(super) trait PortProtocol: Send + 'static {
    type Socket: AsFd + Send + Sync;
    /// In words, and as the thread's name.
    const NAME: &'static str;

    /// What to wait for: sockets, and how long.
    fn waits_for(&self) -> (Vec<Arc<Self::Socket>>, Option<Duration>);

    /// Links as they are, of some interfaces; whether one of ours has changed.
    fn take_links(&mut self, links: &[Link]) -> bool;

    /// Takes the frames that have come in.
    fn receive(&mut self);

    /// Lets time pass, sends what is to be sent, and makes the data path follow; whether anything shows.
    fn carry_out(&mut self) -> bool;
}

/// A protocol, and the thread that speaks it for as long as this is there.
pub(super) struct PortThread<P> {
    protocol: Arc<Mutex<P>>,
    /// Closed when nobody wants the thread any more.
    wake: UnixStream,
    changes: watch::Receiver<()>,
}

/// What the thread has.
struct Speaker<P> {
    protocol: Arc<Mutex<P>>,
    watch: LinkNews,
    woken: UnixStream,
    changes: watch::Sender<()>,
}

/// One that panicked is as good as it was: what it does next, it does from the start.
fn lock<P>(protocol: &Mutex<P>) -> MutexGuard<'_, P> {
    protocol.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<P: PortProtocol> PortThread<P> {
    /// In the namespace of the calling thread.
    pub(super) fn start(protocol: P) -> Result<Self, KernelError> {
        let protocol = Arc::new(Mutex::new(protocol));
        let pair = || -> std::io::Result<_> {
            let (wake, woken) = UnixStream::pair()?;
            wake.set_nonblocking(true)?;
            woken.set_nonblocking(true)?;
            Ok((wake, woken))
        };
        let failed = |source| KernelError::Request {
            action: format!("start {}", P::NAME),
            source,
        };
        let (wake, woken) = pair().map_err(failed)?;
        let (sender, changes) = watch::channel(());
        let speaker = Speaker {
            protocol: Arc::clone(&protocol),
            watch: LinkNews::open()?,
            woken,
            changes: sender,
        };
        let named = thread::Builder::new().name(P::NAME.to_lowercase());
        named.spawn(move || speaker.run()).map_err(failed)?;
        Ok(Self {
            protocol,
            wake,
            changes,
        })
    }

    /// The protocol, while the thread waits.
    pub(super) fn lock(&self) -> MutexGuard<'_, P> {
        lock(&self.protocol)
    }

    /// Something has changed since this was looked at.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.clone()
    }

    /// Ends the wait of the thread: deadlines and sockets may have changed.
    pub(super) fn wake(&self) {
        // When there is no room, it has not been woken for the last time yet.
        _ = (&self.wake).write(&[0]);
    }

    /// Only a defect of ours ends the thread: it is not to go unseen.
    pub(super) fn has_ended(&self) -> bool {
        self.changes.has_changed().is_err()
    }
}

impl<P: PortProtocol> Speaker<P> {
    fn run(self) {
        loop {
            let (sockets, time) = lock(&self.protocol).waits_for();
            let mut waiting = vec![self.woken.as_fd(), self.watch.as_fd()];
            waiting.extend(sockets.iter().map(|socket| socket.as_fd()));
            if let Err(problem) = demarc_linux::wait(&waiting, time) {
                error!(%problem, "{} cannot wait", P::NAME);
                thread::sleep(REST);
            }
            if let Ok(0) = (&self.woken).read(&mut [0; 64]) {
                return;
            }
            let links = self.watch.news().unwrap_or_default();
            let mut protocol = lock(&self.protocol);
            protocol.take_links(&links);
            // Before time passes: what has arrived was in time.
            protocol.receive();
            if protocol.carry_out() {
                drop(protocol);
                self.changes.send_replace(());
            }
        }
    }
}

/// The socket of a port.
pub(super) struct Ear<S> {
    /// `None`: it could not be opened; tried again.
    pub(super) socket: Option<Arc<S>>,
    rests_until: Option<Duration>,
}

impl<S> Default for Ear<S> {
    fn default() -> Self {
        Self {
            socket: None,
            rests_until: None,
        }
    }
}

impl<S> Ear<S> {
    /// Adds what to wait for: the socket, or the end of its rest.
    pub(super) fn waits_for(
        &self,
        now: Duration,
        sockets: &mut Vec<Arc<S>>,
        deadlines: &mut Vec<Duration>,
    ) {
        match self.rests_until.filter(|until| *until > now) {
            Some(until) => deadlines.push(until),
            None => sockets.extend(self.socket.clone()),
        }
    }

    pub(super) fn rests(&self, now: Duration) -> bool {
        self.rests_until.is_some_and(|until| until > now)
    }

    /// So many frames were read. Whoever sends without end is heard now and then.
    pub(super) fn has_read(&mut self, frames: usize, now: Duration) {
        self.rests_until = (frames == AT_ONCE).then(|| now + REST);
    }
}
