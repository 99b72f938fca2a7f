//! Senders and receivers: bytes over TCP, and packets of 64 bytes over UDP.
//!
//! The sender's processor does all the work of the path up to the receiver's socket, so the two are on
//! processors of their own where there are two.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use demarc_linux::Namespace;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, sendmmsg};
use nix::unistd::{Pid, gettid};

use super::clock::processor_time_of_thread;

/// Before it counts: windows have to open, and caches to fill.
const WARM_UP: Duration = Duration::from_millis(300);
/// What makes a frame of 64 bytes with headers and check sequence.
const PAYLOAD: usize = 18;
/// Packets of one system call.
const AT_ONCE: usize = 64;
const TCP_BUFFER: usize = 128 * 1024;
const PORT: u16 = 5_001;

/// Who sends what to whom.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    /// What the sender's thread is called, so that a profile tells the paths apart.
    pub(super) name: &'static str,
    pub(super) from: &'a Namespace,
    pub(super) source: Ipv4Addr,
    pub(super) to: &'a Namespace,
    pub(super) target: Ipv4Addr,
}

impl Way<'_> {
    fn target(&self) -> SocketAddr {
        SocketAddrV4::new(self.target, PORT).into()
    }

    /// Whether a packet arrives.
    pub(super) fn arrives(&self) -> anyhow::Result<bool> {
        let receiver = self.to.inside(|| UdpSocket::bind(self.target()))??;
        receiver.set_read_timeout(Some(WARM_UP))?;
        let sender = self.from.inside(|| UdpSocket::bind((self.source, 0)))??;
        // Without a route it cannot even be sent.
        _ = sender.send_to(&[0; PAYLOAD], self.target());
        Ok(receiver.recv(&mut [0; PAYLOAD]).is_ok())
    }

    /// Bytes of one TCP connection.
    pub(super) fn tcp(&self, time: Duration) -> anyhow::Result<Rate> {
        let listener = self.to.inside(|| TcpListener::bind(self.target()))??;
        let mut sender = self.from.inside(|| connect(self.source, self.target()))??;
        let (mut receiver, _) = listener.accept()?;
        receiver.set_read_timeout(Some(WARM_UP))?;
        measure(
            self.name,
            time,
            move |stop| {
                let buffer = vec![0; TCP_BUFFER];
                while !stop.load(Ordering::Relaxed) {
                    sender.write_all(&buffer)?;
                }
                Ok(())
            },
            move |stop, count| {
                let mut buffer = vec![0; TCP_BUFFER];
                while !stop.load(Ordering::Relaxed) {
                    match receiver.read(&mut buffer) {
                        Ok(0) => break,
                        Ok(read) => _ = count.fetch_add(read as u64, Ordering::Relaxed),
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(())
            },
        )
    }

    /// Packets of 64 bytes that arrive of as many as can be sent.
    pub(super) fn udp(&self, time: Duration) -> anyhow::Result<Rate> {
        let receiver = self.to.inside(|| UdpSocket::bind(self.target()))??;
        receiver.set_read_timeout(Some(WARM_UP))?;
        let sender = self.from.inside(|| UdpSocket::bind((self.source, 0)))??;
        // In its namespace, where the way to the target is.
        sender.connect(self.target())?;
        measure(
            self.name,
            time,
            move |stop| {
                let payload = [0; PAYLOAD];
                let packets = [[IoSlice::new(&payload)]; AT_ONCE];
                let mut headers = MultiHeaders::<SockaddrIn>::preallocate(AT_ONCE, None);
                let addresses = [None; AT_ONCE];
                let flags = MsgFlags::empty();
                while !stop.load(Ordering::Relaxed) {
                    let sent = sendmmsg(
                        sender.as_raw_fd(),
                        &mut headers,
                        packets.iter(),
                        addresses,
                        [],
                        flags,
                    );
                    match sent {
                        Ok(_) | Err(nix::Error::ENOBUFS | nix::Error::ECONNREFUSED) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(())
            },
            move |stop, count| {
                let mut buffer = [0; PAYLOAD];
                while !stop.load(Ordering::Relaxed) {
                    match receiver.recv(&mut buffer) {
                        Ok(_) => _ = count.fetch_add(1, Ordering::Relaxed),
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(())
            },
        )
    }
}

fn connect(source: Ipv4Addr, target: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(source.into(), 0).into())?;
    socket.connect(&target.into())?;
    Ok(socket.into())
}

/// What arrives.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    /// In a second.
    pub(super) of_time: f64,
    /// In a second of the sender's processor time, which is nearly all that the path takes: other work on the
    /// machine takes no part in it.
    pub(super) of_work: f64,
}

/// What the receiver counts while both run.
fn measure(
    name: &str,
    time: Duration,
    send: impl FnOnce(&AtomicBool) -> anyhow::Result<()> + Send,
    receive: impl FnOnce(&AtomicBool, &AtomicU64) -> anyhow::Result<()> + Send,
) -> anyhow::Result<Rate> {
    let (stop_sending, stop, count) = (
        &AtomicBool::new(false),
        &AtomicBool::new(false),
        &AtomicU64::new(0),
    );
    thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            on_processor(1);
            receive(stop, count)
        });
        let (tell, told) = mpsc::channel();
        let sender = thread::Builder::new().name(name.to_owned());
        let sender = sender.spawn_scoped(scope, move || {
            on_processor(0);
            // Who measures is there, or nothing is.
            _ = tell.send(gettid());
            send(stop_sending)
        })?;
        let sending = told.recv()?;
        let work = || processor_time_of_thread(sending);
        thread::sleep(WARM_UP);
        let (before, begin, used) = (count.load(Ordering::Relaxed), Instant::now(), work()?);
        thread::sleep(time);
        let (after, elapsed) = (count.load(Ordering::Relaxed), begin.elapsed());
        let used = work()? - used;
        // The receiver reads on, so that the sender does not wait for it.
        stop_sending.store(true, Ordering::Relaxed);
        let sent = sender.join().ok().context("the sender panicked")?;
        stop.store(true, Ordering::Relaxed);
        let received = receiver.join().ok().context("the receiver panicked")?;
        sent?;
        received?;
        let arrived = (after - before) as f64;
        Ok(Rate {
            of_time: arrived / elapsed.as_secs_f64(),
            of_work: arrived / used.as_secs_f64(),
        })
    })
}

/// The present thread stays on a processor, if there is one of this number.
fn on_processor(number: usize) {
    let mut set = CpuSet::new();
    if set.set(number).is_ok() {
        // Where it may not be there, it runs anywhere.
        _ = sched_setaffinity(Pid::from_raw(0), &set);
    }
}
