//! Durable writes: each connection makes and deletes private virtual interfaces, beside the bare engine.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use demarc_store::EmbeddedStore;
use demarc_store::bench::{bare_redb, commit_rate};
use serde_json::json;

use super::load::{Caller, find};
use super::measure::Options;
use super::metrics::value;
use super::reads::median;
use super::recording::Recording;
use super::report::Table;
use super::server::{Server, answer_of};
use super::sign::Signer;
use super::{Load, Outcome};

/// Connections of the API that each connection of the generator spreads its work over.
const PORTS: usize = 4;
/// VLANs 1 to this one, in turn.
const VLANS: u32 = 4_000;

/// Makes a virtual interface, then deletes it, and so on.
pub(crate) struct MakeAndDelete {
    signer: Signer,
    ports: Vec<String>,
    gateway: String,
    number: u32,
    made: bool,
    request: Vec<u8>,
}

impl MakeAndDelete {
    /// So many of them, with ports and gateways of their own.
    pub(crate) async fn prepare(server: &Server, count: usize) -> anyhow::Result<Vec<Self>> {
        let signer = server.signer()?;
        let prepared = prepare(server, &signer, count).await?;
        let callers = prepared.into_iter().map(|(ports, gateway)| Self {
            signer: signer.clone(),
            ports,
            gateway,
            number: 0,
            made: false,
            request: Vec::new(),
        });
        Ok(callers.collect())
    }

    /// There was no answer: make another one.
    pub(crate) fn forget(&mut self) {
        self.made = false;
    }
}

impl Caller for MakeAndDelete {
    fn next(&mut self, answer: &[u8]) -> anyhow::Result<&[u8]> {
        self.request = if self.made {
            let id = made_id(answer).context("no id")?;
            let body = format!(r#"{{"virtualInterfaceId":"{id}"}}"#);
            self.signer.request("DeleteVirtualInterface", &body)
        } else {
            self.number += 1;
            let port = &self.ports[self.number as usize % self.ports.len()];
            let (vlan, gateway) = (self.number % VLANS + 1, &self.gateway);
            let body = format!(
                r#"{{"connectionId":"{port}","newPrivateVirtualInterface":{{"virtualInterfaceName":"write","vlan":{vlan},"asn":65000,"directConnectGatewayId":"{gateway}"}}}}"#
            );
            self.signer.request("CreatePrivateVirtualInterface", &body)
        };
        self.made = !self.made;
        Ok(&self.request)
    }
}

/// The id in an answer, without reading all of it: the generator shares the processor with the server.
fn made_id(answer: &[u8]) -> Option<&str> {
    const NAME: &[u8] = br#""virtualInterfaceId":""#;
    let value = &answer[find(answer, NAME)? + NAME.len()..];
    let end = value.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&value[..end]).ok()
}

/// Ports and a gateway for each connection of the generator.
async fn prepare(
    server: &Server,
    signer: &Signer,
    connections: usize,
) -> anyhow::Result<Vec<(Vec<String>, String)>> {
    let mut prepared = Vec::new();
    for _ in 0..connections {
        let mut ports = Vec::new();
        for _ in 0..PORTS {
            let body =
                json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "write"});
            let made = answer_of(server, signer, "CreateConnection", &body).await?;
            ports.push(made["connectionId"].as_str().context("no id")?.to_owned());
        }
        let body = json!({"directConnectGatewayName": "write"});
        let made = answer_of(server, signer, "CreateDirectConnectGateway", &body).await?;
        let gateway = made["directConnectGateway"]["directConnectGatewayId"].as_str();
        prepared.push((ports, gateway.context("no id")?.to_owned()));
    }
    for (ports, _) in &prepared {
        for port in ports {
            until_available(server, signer, port).await?;
        }
    }
    Ok(prepared)
}

async fn until_available(server: &Server, signer: &Signer, port: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    let body = json!({ "connectionId": port });
    loop {
        let found = answer_of(server, signer, "DescribeConnections", &body).await?;
        if found["connections"][0]["connectionState"] == "available" {
            return Ok(());
        }
        anyhow::ensure!(
            started.elapsed() < Duration::from_secs(30),
            "{port} is not provisioned: {found}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the writer did between two looks at its metrics.
struct Work {
    /// Requests decided for each commit, on average.
    batch: f64,
    /// Seconds that a request took to decide, its share of what happened by itself included.
    decide: f64,
    /// Seconds of a commit.
    commit: f64,
    /// Seconds of processor time that the whole server used for a request.
    processor: f64,
}

/// A look at a server's metrics and at its processor time.
struct Look(String, f64);

impl Look {
    async fn at(server: &Server) -> anyhow::Result<Self> {
        Ok(Self(server.metrics().await?, server.processor_time()?))
    }
}

impl Work {
    fn between(before: &Look, after: &Look) -> Self {
        let told = |name: &str| value(&after.0, name) - value(&before.0, name);
        let commits = told("demarc_commit_seconds_count").max(1.0);
        let requests = told("demarc_batch_requests_sum").max(1.0);
        Self {
            batch: requests / commits,
            decide: told("demarc_batch_decide_seconds_sum") / requests,
            commit: told("demarc_commit_seconds_sum") / commits,
            processor: (after.1 - before.1) / requests,
        }
    }
}

/// Measures writes and adds their rows.
pub(super) async fn measure(
    options: &Options,
    directory: &Path,
    table: &mut Table,
) -> anyhow::Result<()> {
    let data = directory.join("writes");
    let server = Server::demarc(&options.demarc, &data).await?;
    let signer = server.signer()?;
    let prepared = prepare(&server, &signer, options.connections).await?;
    let caller = |signer: Signer| {
        let prepared = &prepared;
        move |number: usize| {
            let (ports, gateway) = prepared[number].clone();
            Ok(MakeAndDelete {
                signer: signer.clone(),
                ports,
                gateway,
                number: 0,
                made: false,
                request: Vec::new(),
            })
        }
    };
    let load = options.load(server.address);
    let before = Look::at(&server).await?;
    let peak = load.run(caller(signer)).await?;
    let work = Work::between(&before, &Look::at(&server).await?);
    // The store is read before anything else is written to it.
    drop(server);
    let recording = Recording::read(&data).await?;
    let bare = bare_engine(directory, &work, &recording).await?;

    let server = Server::demarc(&options.demarc, &data).await?;
    let half = Load {
        rate: Some(peak.rate / 2.0),
        ..options.load(server.address)
    };
    let calm = half.run(caller(server.signer()?)).await?;
    rows(&peak, &calm, &work, &bare, &recording, table);
    Ok(())
}

/// What the engine does alone with the same commits.
struct Bare {
    redb: f64,
    store: f64,
    sync: Duration,
}

/// Runs of the engine alone, of which the middle one counts.
const RUNS: usize = 3;

async fn bare_engine(directory: &Path, work: &Work, recording: &Recording) -> anyhow::Result<Bare> {
    let (mut redb, mut store) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let path = directory.join(format!("bare-{run}.redb"));
        let rate = bare_redb(&path, &recording.before, recording.commits())?;
        redb.push(rate.commits_per_second() * work.batch);
        let engine = EmbeddedStore::open(directory.join(format!("bare-{run}")))?;
        commit_rate(&engine, [(0, recording.before.clone())]).await?;
        let rate = commit_rate(&engine, recording.commits()).await?;
        store.push(rate.commits_per_second() * work.batch);
    }
    Ok(Bare {
        redb: median(&mut redb),
        store: median(&mut store),
        sync: one_sync(directory)?,
    })
}

/// The time of one fsync of a page.
fn one_sync(directory: &Path) -> anyhow::Result<Duration> {
    use std::io::Write;
    let mut file = std::fs::File::create(directory.join("sync"))?;
    let mut times = Vec::new();
    for _ in 0..101 {
        file.write_all(&[0; 4_096])?;
        let started = Instant::now();
        file.sync_data()?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

fn rows(
    peak: &Outcome,
    calm: &Outcome,
    work: &Work,
    bare: &Bare,
    recording: &Recording,
    table: &mut Table,
) {
    table.row(
        "durable create and delete of a private virtual interface",
        "≥ 50 % of the bare engine with the same commits",
        format!(
            "{:.0}/s of {:.0}/s: {:.0} % (our store alone: {:.0}/s)",
            peak.rate,
            bare.redb,
            100.0 * peak.rate / bare.redb,
            bare.store
        ),
    );
    table.row(
        "its commits",
        "",
        format!(
            "{:.1} requests, {:.1} documents of {:.0} bytes, {:.2} ms; a request takes {:.0} µs to decide, {:.0} µs of processor time in all",
            work.batch,
            recording.documents(),
            recording.bytes(),
            work.commit * 1_000.0,
            work.decide * 1e6,
            work.processor * 1e6,
        ),
    );
    table.row(
        "the same at half that rate, p50 / p99",
        "p99 < 10 ms above one fsync",
        format!(
            "{:.2?} / {:.2?} at {:.0}/s (the generator was late by {:.2?} / {:.2?}); one fsync takes {:.2?}",
            calm.percentile(0.5),
            calm.percentile(0.99),
            calm.rate,
            calm.late(0.5),
            calm.late(0.99),
            bare.sync
        ),
    );
}
