//! The load generator: keep-alive connections, one request at a time on each, as little work as possible.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::paced;

/// What one connection asks for, request after request.
pub(crate) trait Caller: Send + 'static {
    /// The bytes of the next request, given the body of the answer before.
    fn next(&mut self, answer: &[u8]) -> anyhow::Result<&[u8]>;
}

/// The same bytes again and again; a signature is good for minutes.
pub(crate) struct Same(pub(crate) Vec<u8>);

impl Caller for Same {
    fn next(&mut self, _: &[u8]) -> anyhow::Result<&[u8]> {
        Ok(&self.0)
    }
}

/// How to load.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) warm_up: Duration,
    pub(crate) time: Duration,
    /// Requests a second of all connections together; as fast as answers come when absent.
    pub(crate) rate: Option<f64>,
}

/// What came of it.
pub(crate) struct Outcome {
    /// Answered requests a second.
    pub(crate) rate: f64,
    /// Sorted.
    latencies: Vec<Duration>,
    /// How late the generator itself was where it kept a rate; sorted.
    lateness: Vec<Duration>,
}

impl Outcome {
    /// The latency that `share` of the requests do not exceed.
    pub(crate) fn percentile(&self, share: f64) -> Duration {
        percentile(&self.latencies, share)
    }

    /// The same of the time by which the generator missed the planned time although the connection was free.
    /// The server has no part in it, so latencies do not hold it.
    pub(crate) fn late(&self, share: f64) -> Duration {
        percentile(&self.lateness, share)
    }

    fn of(load: &Load, all: Vec<Samples>) -> Self {
        let count = all.iter().map(|samples| samples.latencies.len()).sum();
        let (mut latencies, mut lateness) = (Vec::with_capacity(count), Vec::new());
        for mut samples in all {
            latencies.append(&mut samples.latencies);
            lateness.append(&mut samples.lateness);
        }
        latencies.sort_unstable();
        lateness.sort_unstable();
        Self {
            rate: latencies.len() as f64 / load.time.as_secs_f64(),
            latencies,
            lateness,
        }
    }
}

fn percentile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into what was counted"
    )]
    let index = (sorted.len() as f64 * share) as usize;
    let last = sorted.len().saturating_sub(1);
    sorted.get(index.min(last)).copied().unwrap_or_default()
}

/// What one connection saw in the time measured.
#[derive(Default)]
pub(super) struct Samples {
    pub(super) latencies: Vec<Duration>,
    pub(super) lateness: Vec<Duration>,
}

impl Load {
    /// Loads with one caller a connection.
    pub(crate) async fn run<C: Caller>(
        &self,
        caller: impl Fn(usize) -> anyhow::Result<C>,
    ) -> anyhow::Result<Outcome> {
        let callers = (0..self.connections)
            .map(caller)
            .collect::<anyhow::Result<Vec<C>>>()?;
        let load = *self;
        let all = match self.rate {
            None => load.hurry(callers).await?,
            Some(rate) => {
                tokio::task::spawn_blocking(move || paced::run(&load, rate, callers)).await??
            }
        };
        Ok(Outcome::of(self, all))
    }

    async fn hurry<C: Caller>(self, callers: Vec<C>) -> anyhow::Result<Vec<Samples>> {
        let begin = Instant::now();
        let connections: Vec<_> = callers
            .into_iter()
            .map(|caller| tokio::spawn(self.connection(caller, begin)))
            .collect();
        let mut all = Vec::new();
        for connection in connections {
            all.push(connection.await??);
        }
        Ok(all)
    }

    /// One connection's requests, as fast as answers come.
    async fn connection<C: Caller>(self, mut caller: C, begin: Instant) -> anyhow::Result<Samples> {
        let mut wire = Wire::connect(self.address).await?;
        let mut samples = Samples::default();
        let mut answer = Vec::new();
        let mut sent = Instant::now();
        loop {
            wire.ask(caller.next(&answer)?, &mut answer).await?;
            let now = Instant::now();
            match self.when(begin, now) {
                When::WarmingUp => {}
                When::Measured => samples.latencies.push(now - sent),
                When::Over => return Ok(samples),
            }
            sent = now;
        }
    }

    pub(super) fn when(&self, begin: Instant, now: Instant) -> When {
        let elapsed = now - begin;
        if elapsed < self.warm_up {
            When::WarmingUp
        } else if elapsed < self.warm_up + self.time {
            When::Measured
        } else {
            When::Over
        }
    }
}

/// Which part of a measurement it is.
pub(super) enum When {
    WarmingUp,
    Measured,
    Over,
}

/// A connection that understands as much of HTTP/1.1 as these servers speak.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = Vec::with_capacity(16 * 1024);
        Ok(Self { stream, buffer })
    }

    /// Sends a request and waits for its answer, whose body goes into `body`. Anything but 200 is an error.
    pub(crate) async fn ask(&mut self, request: &[u8], body: &mut Vec<u8>) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            let count = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(count > 0, "the server closed the connection");
            if let Some(found) = complete(&self.buffer)? {
                body.clear();
                body.extend_from_slice(found);
                return Ok(());
            }
        }
    }
}

/// The body of an answer that is complete. Anything but 200 is an error.
pub(super) fn complete(answer: &[u8]) -> anyhow::Result<Option<&[u8]>> {
    let Some(head) = find(answer, b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(None);
    };
    let end = head + content_length(&answer[..head])?;
    if answer.len() < end {
        return Ok(None);
    }
    if !answer.starts_with(b"HTTP/1.1 200 ") {
        bail!("{}", String::from_utf8_lossy(answer));
    }
    Ok(Some(&answer[head..end]))
}

pub(super) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    let text = std::str::from_utf8(head)?;
    let line = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value)
    });
    Ok(line.context("an answer without a length")?.trim().parse()?)
}
