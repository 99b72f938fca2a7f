//! The program under test, as a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use super::load::Wire;
use super::sign::Signer;

const ACCESS_KEY: &str = "AKIABENCHMARK0000001";
const SECRET: &str = "for measurements on loopback only, not a secret";
/// The unit of times in /proc, which is the same on every Linux of today.
const TICKS_PER_SECOND: f64 = 100.0;
pub(crate) const ACCOUNT: &str = "111122223333";

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first answer.
    pub(crate) first_answer: Duration,
}

impl Server {
    /// `demarc serve` on a data directory: one account, signatures verified, quotas and throttle out of
    /// the way, provisioning without delay.
    pub(crate) async fn demarc(program: &Path, data: &Path) -> anyhow::Result<Self> {
        let config = data.with_extension("toml");
        std::fs::write(&config, configuration())?;
        let place = ["--data".as_ref(), data.as_os_str()];
        Self::serve(program, &config, &place).await
    }

    /// The same as the edge of this machine, in the open development mode: who calls names its account.
    pub(crate) async fn linux(
        program: &Path,
        data: &Path,
        bindings: &Path,
    ) -> anyhow::Result<Self> {
        let config = data.with_extension("toml");
        std::fs::write(&config, LIMITS)?;
        let place = ["--data".as_ref(), data.as_os_str()];
        let fabric = ["--fabric", "linux", "--bindings"].map(OsStr::new);
        let more = [&place[..], &fabric, &[bindings.as_os_str()]].concat();
        Self::serve(program, &config, &more).await
    }

    /// The same as one of several processes over an etcd store.
    pub(crate) async fn replica(
        program: &Path,
        directory: &Path,
        store: &str,
    ) -> anyhow::Result<Self> {
        let config = directory.join("replica.toml");
        std::fs::write(&config, configuration())?;
        let place = ["--store".as_ref(), store.as_ref()];
        Self::serve(program, &config, &place).await
    }

    async fn serve(program: &Path, config: &Path, more: &[&OsStr]) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(program);
        command
            .args(["serve", "--settle", "0", "--listen", &address.to_string()])
            .args(more)
            .arg("--config")
            .arg(config)
            .env("RUST_LOG", "error");
        let started = Instant::now();
        let child = command.stdout(Stdio::null()).spawn()?;
        let mut server = Self {
            child,
            address,
            first_answer: Duration::ZERO,
        };
        server.wait(started).await?;
        Ok(server)
    }

    /// Any other server that takes connections at `address` once it is ready.
    pub(crate) async fn other(mut command: Command, address: SocketAddr) -> anyhow::Result<Self> {
        let started = Instant::now();
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self {
            child,
            address,
            first_answer: Duration::ZERO,
        };
        while tokio::net::TcpStream::connect(address).await.is_err() {
            server.still_waiting(started)?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }

    /// The bare server, a copy of this program.
    pub(crate) fn bare(body: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("bare")
            .arg(body)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let out = child.stdout.take().context("its output is piped")?;
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().trim_start_matches("http://").parse()?;
        Ok(Self {
            child,
            address,
            first_answer: Duration::ZERO,
        })
    }

    async fn wait(&mut self, started: Instant) -> anyhow::Result<()> {
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        loop {
            if let Ok(mut wire) = Wire::connect(self.address).await
                && wire.ask(request.as_bytes(), &mut Vec::new()).await.is_ok()
            {
                self.first_answer = started.elapsed();
                return Ok(());
            }
            self.still_waiting(started)?;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn still_waiting(&mut self, started: Instant) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the server ended with {status}");
        }
        if started.elapsed() > Duration::from_secs(120) {
            bail!("the server does not answer");
        }
        Ok(())
    }

    pub(crate) fn signer(&self) -> anyhow::Result<Signer> {
        Signer::new(self.address.to_string(), ACCESS_KEY, SECRET)
    }

    /// The text of `/metrics`.
    pub(crate) async fn metrics(&self) -> anyhow::Result<String> {
        let request = format!("GET /metrics HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        let mut body = Vec::new();
        let mut wire = Wire::connect(self.address).await?;
        wire.ask(request.as_bytes(), &mut body).await?;
        Ok(String::from_utf8(body)?)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor time that the process has used, in seconds.
    pub(crate) fn processor_time(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name, which may hold spaces: user and system time are the 12th and 13th fields.
        let (_, fields) = stat.rsplit_once(") ").context("no name in stat")?;
        let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
        let ticks: u64 = ticks.sum::<Result<_, _>>()?;
        Ok(ticks as f64 / TICKS_PER_SECOND)
    }

    /// Resident memory of the process in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let text = line.context("no VmRSS")?.trim().trim_end_matches(" kB");
        Ok(text.parse::<u64>()? * 1_024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One call and its answer.
pub(crate) async fn answer_of(
    server: &Server,
    signer: &Signer,
    operation: &str,
    body: &Value,
) -> anyhow::Result<Value> {
    let mut answer = Vec::new();
    let request = signer.request(operation, &body.to_string());
    let mut wire = Wire::connect(server.address).await?;
    wire.ask(&request, &mut answer)
        .await
        .with_context(|| format!("{operation} {body}"))?;
    Ok(serde_json::from_slice(&answer)?)
}

/// A port that nobody listens on.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

/// Quotas and throttle out of the way.
const LIMITS: &str = "
[throttle]
rate = 1e9
burst = 1e9

[rules.quotas]
connections_per_location = 1000000
gateways = 1000000
private_and_public_per_connection = 1000000
virtual_interfaces_per_connection = 1000000
virtual_interfaces_per_gateway = 1000000
prefixes_per_gateway = 1000000000
";

fn configuration() -> String {
    format!(
        r#"{LIMITS}
[[account]]
id = "{ACCOUNT}"
name = "Benchmark"

[[account.access_key]]
id = "{ACCESS_KEY}"
secret = "{SECRET}"
"#
    )
}
