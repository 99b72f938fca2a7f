//! The load generator: keep-alive connections, one request at a time on each, as little work as possible.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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
}

impl Outcome {
    /// The latency that `share` of the requests do not exceed.
    pub(crate) fn percentile(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index into what was counted"
        )]
        let index = (self.latencies.len() as f64 * share) as usize;
        let last = self.latencies.len().saturating_sub(1);
        self.latencies
            .get(index.min(last))
            .copied()
            .unwrap_or_default()
    }
}

impl Load {
    /// Loads with one caller a connection.
    pub(crate) async fn run<C: Caller>(
        &self,
        caller: impl Fn(usize) -> anyhow::Result<C>,
    ) -> anyhow::Result<Outcome> {
        let begin = Instant::now();
        let mut tasks = Vec::new();
        for number in 0..self.connections {
            let connection = connection(*self, number, caller(number)?, begin);
            tasks.push(match self.rate {
                Some(_) => tokio::task::spawn_blocking(|| alone(connection)),
                None => tokio::spawn(connection),
            });
        }
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.append(&mut task.await??);
        }
        latencies.sort_unstable();
        let rate = latencies.len() as f64 / self.time.as_secs_f64();
        Ok(Outcome { rate, latencies })
    }
}

/// Runs a connection that keeps a rate in a thread of its own, with the kernel's fine timers: those of the
/// runtime go by the millisecond, so all connections would wake up together and queue behind each other.
fn alone<T>(connection: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(connection)
}

/// One connection's requests; the latencies of those that were answered in the time measured.
async fn connection<C: Caller>(
    load: Load,
    number: usize,
    mut caller: C,
    begin: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut wire = Wire::connect(load.address).await?;
    let counted = begin + load.warm_up;
    let end = counted + load.time;
    let period = load
        .rate
        .map(|rate| Duration::from_secs_f64(load.connections as f64 / rate));
    let mut planned = begin
        + period
            .unwrap_or_default()
            .mul_f64(number as f64 / load.connections as f64);
    let mut latencies = Vec::new();
    let mut answer = Vec::new();
    loop {
        let mut sent = Instant::now();
        if let Some(period) = period {
            if planned > sent {
                // The generator's own lateness in waking up is not the server's.
                std::thread::sleep(planned - sent);
                sent = Instant::now();
            } else {
                // The answer before came late, and this request had to wait for it.
                sent = planned;
            }
            planned += period;
        }
        wire.ask(caller.next(&answer)?, &mut answer).await?;
        let now = Instant::now();
        if now >= end {
            return Ok(latencies);
        }
        if now >= counted {
            latencies.push(now - sent);
        }
    }
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
        let head = loop {
            self.read().await?;
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
        };
        let length = content_length(&self.buffer[..head])?;
        while self.buffer.len() < head + length {
            self.read().await?;
        }
        body.clear();
        body.extend_from_slice(&self.buffer[head..head + length]);
        if !self.buffer.starts_with(b"HTTP/1.1 200 ") {
            bail!("{}", String::from_utf8_lossy(&self.buffer));
        }
        Ok(())
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        let count = self.stream.read_buf(&mut self.buffer).await?;
        ensure!(count > 0, "the server closed the connection");
        Ok(())
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
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
