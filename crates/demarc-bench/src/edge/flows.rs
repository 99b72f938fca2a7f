//! Many thin flows to a customer, so that some of them take each path, and how long one is silent.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use demarc_linux::Namespace;

/// A host of the customer's.
pub(super) const HERE: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
/// A host in the VPC.
pub(super) const VPC: Ipv4Addr = Ipv4Addr::new(10, 40, 1, 1);
const PORT: u16 = 5_002;
const FLOWS: usize = 16;
/// Between two packets of a flow.
const INTERVAL: Duration = Duration::from_millis(2);
/// How long flows run before something happens to them, and how long after.
const BEFORE: Duration = Duration::from_millis(300);
const AFTER: Duration = Duration::from_secs(3);

/// Flows under way.
pub(super) struct Flows {
    stop: Arc<AtomicBool>,
    sender: JoinHandle<()>,
    receiver: JoinHandle<HashMap<u16, Flow>>,
}

/// One flow as it arrives.
struct Flow {
    last: Instant,
    longest: Duration,
}

impl Flows {
    /// From the host in the VPC to the customer's.
    pub(super) fn start(from: &Namespace, to: &Namespace) -> anyhow::Result<Self> {
        let target = (HERE, PORT);
        let receiver = to.inside(|| UdpSocket::bind(target))??;
        receiver.set_read_timeout(Some(BEFORE))?;
        let mut senders = Vec::new();
        for _ in 0..FLOWS {
            let sender = from.inside(|| UdpSocket::bind((VPC, 0)))??;
            sender.connect(target)?;
            senders.push(sender);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (sending, receiving) = (Arc::clone(&stop), Arc::clone(&stop));
        let flows = Self {
            stop,
            sender: thread::spawn(move || send(&senders, &sending)),
            receiver: thread::spawn(move || receive(&receiver, &receiving)),
        };
        thread::sleep(BEFORE);
        Ok(flows)
    }

    /// The longest silence of any of them until some time from now.
    pub(super) fn longest_gap(self) -> anyhow::Result<Duration> {
        thread::sleep(AFTER);
        self.stop.store(true, Ordering::Relaxed);
        let end = Instant::now();
        let sent = self.sender.join();
        let seen = self.receiver.join().ok().context("the receiver panicked")?;
        ensure!(sent.is_ok(), "the sender panicked");
        ensure!(
            seen.len() == FLOWS,
            "only {} of {FLOWS} flows arrived",
            seen.len()
        );
        // One that never came back is silent until the end.
        let gaps = seen
            .values()
            .map(|flow| flow.longest.max(end.saturating_duration_since(flow.last)));
        gaps.max().context("no flow")
    }
}

fn send(senders: &[UdpSocket], stop: &AtomicBool) {
    let mut due = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        for sender in senders {
            // Refused on a path that has just failed: that is the silence that is measured.
            _ = sender.send(&[0; 18]);
        }
        due += INTERVAL;
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

fn receive(receiver: &UdpSocket, stop: &AtomicBool) -> HashMap<u16, Flow> {
    let mut flows = HashMap::new();
    let mut buffer = [0; 64];
    while !stop.load(Ordering::Relaxed) {
        match receiver.recv_from(&mut buffer) {
            Ok((_, from)) => {
                let now = Instant::now();
                let flow = flows.entry(from.port()).or_insert(Flow {
                    last: now,
                    longest: Duration::ZERO,
                });
                flow.longest = flow.longest.max(now - flow.last);
                flow.last = now;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    flows
}
