//! One router, one load: from the start of the process to the last number.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::net::TcpSocket;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::lab::{PROBE_ADDRESS, ROUTER_ADDRESS, neighbor_address};
use super::neighbor::{self, Phase, Plan, Report, Target};
use super::process::{Process, Usage};
use super::routers::{RouterKind, Setup, neighbor_asn};
use crate::workload;

/// A running router with its neighbors.
pub(super) struct Scenario {
    process: Process,
    phase: watch::Sender<Phase>,
    reports: mpsc::UnboundedReceiver<Report>,
    targets: Vec<Target>,
    patience: Duration,
}

/// How many routes each neighbor announces.
pub(super) type Feeds<'a> = &'a dyn Fn(usize) -> u32;

const NEVER: u32 = u32::MAX;

impl Scenario {
    /// Starts the router and prepares its neighbors, not connected yet.
    pub(super) async fn start(
        router: RouterKind,
        demarc: &Path,
        directory: &Path,
        setup: Setup,
        feeds: Feeds<'_>,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let process = router.start(setup, demarc, directory)?;
        let listening = SocketAddr::new(ROUTER_ADDRESS, 179);
        wait_until_listening(listening)
            .await
            .with_context(|| format!("{} does not listen", router.name()))?;
        let (phase, phases) = watch::channel(Phase::Wait);
        let (sender, reports) = mpsc::unbounded_channel();
        let mut targets = Vec::new();
        let mut first = 0;
        for number in 0..setup.neighbors {
            let (count, asn, local) = (
                feeds(number),
                neighbor_asn(number),
                neighbor_address(number),
            );
            let plan = Plan {
                number,
                local,
                router: listening,
                asn,
                feed: workload::announcements(asn, local, first, count).into(),
                withdrawals: workload::withdrawals(first, count).into(),
            };
            first += count;
            let target: Target = Arc::new(AtomicU32::new(NEVER));
            targets.push(Arc::clone(&target));
            tokio::spawn(neighbor::run(plan, target, phases.clone(), sender.clone()));
        }
        Ok(Self {
            process,
            phase,
            reports,
            targets,
            patience,
        })
    }

    /// All neighbors connect at once. The time until the last is established.
    pub(super) async fn connect(&mut self) -> Option<Duration> {
        let start = Instant::now();
        self.phase.send_replace(Phase::Connect);
        let mut missing = self.targets.len();
        let mut last = start;
        while missing > 0 {
            if let Report::Established { at } = self.next(start).await? {
                missing -= 1;
                last = last.max(at);
            }
        }
        Some(last - start)
    }

    /// Starts `phase`; the time until each of `wanted` (neighbor, number of prefixes) is there.
    pub(super) async fn reach(
        &mut self,
        phase: Phase,
        wanted: impl IntoIterator<Item = (usize, u32)>,
    ) -> Option<Duration> {
        let mut missing = vec![false; self.targets.len()];
        let mut left = 0;
        for (number, count) in wanted {
            self.targets[number].store(count, Ordering::Relaxed);
            missing[number] = true;
            left += 1;
        }
        let start = Instant::now();
        self.phase.send_replace(phase);
        let mut last = start;
        while left > 0 {
            if let Report::Reached { neighbor, at } = self.next(start).await?
                && std::mem::replace(&mut missing[neighbor], false)
            {
                left -= 1;
                last = last.max(at);
            }
        }
        Some(last - start)
    }

    pub(super) fn usage(&self) -> Usage {
        self.process.usage()
    }

    /// CPU time over `period` with nothing happening but keepalives.
    pub(super) async fn idle(&self, period: Duration) -> Duration {
        let before = self.usage().cpu;
        tokio::time::sleep(period).await;
        self.usage().cpu.saturating_sub(before)
    }

    /// The next report, `None` when patience since `start` is over.
    async fn next(&mut self, start: Instant) -> Option<Report> {
        let left = self.patience.checked_sub(start.elapsed())?;
        timeout(left, self.reports.recv()).await.ok().flatten()
    }
}

async fn wait_until_listening(address: SocketAddr) -> anyhow::Result<()> {
    for _ in 0..200 {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(PROBE_ADDRESS, 0))?;
        if socket.connect(address).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("no answer on {address} within ten seconds")
}
