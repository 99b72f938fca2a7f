//! Durable writes: each connection makes and deletes private virtual interfaces, beside the bare engine.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use demarc_store::EmbeddedStore;
use demarc_store::bench::{Workload, bare_redb, commit_rate};
use serde_json::{Value, json};

use super::load::Caller;
use super::measure::Options;
use super::metrics::value;
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
            let answer: Value = serde_json::from_slice(answer)?;
            let id = answer["virtualInterfaceId"].as_str().context("no id")?;
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
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok(prepared)
}

/// What the writer did between two looks at its metrics.
struct Work {
    /// Requests decided in a batch, on average.
    batch: f64,
    /// Documents written for a request.
    entries: f64,
    /// Seconds of a commit.
    commit: f64,
}

impl Work {
    fn between(before: &str, after: &str, requests: f64) -> Self {
        let told = |name: &str| value(after, name) - value(before, name);
        let commits = told("demarc_commit_seconds_count").max(1.0);
        Self {
            batch: requests / commits,
            entries: told("demarc_changes_total") / requests.max(1.0),
            commit: told("demarc_commit_seconds_sum") / commits,
        }
    }
}

/// Measures writes and adds their rows.
pub(super) async fn measure(
    options: &Options,
    directory: &Path,
    server: Server,
    table: &mut Table,
) -> anyhow::Result<()> {
    let signer = server.signer()?;
    let prepared = prepare(&server, &signer, options.connections).await?;
    let caller = |number: usize| {
        let (ports, gateway) = prepared[number].clone();
        Ok(MakeAndDelete {
            signer: signer.clone(),
            ports,
            gateway,
            number: 0,
            made: false,
            request: Vec::new(),
        })
    };
    let load = options.load(server.address);
    let before = server.metrics().await?;
    let peak = load.run(caller).await?;
    let after = server.metrics().await?;
    let requests = peak.rate * (load.time + load.warm_up).as_secs_f64();
    let work = Work::between(&before, &after, requests);
    let half = Load {
        rate: Some(peak.rate / 2.0),
        ..load
    };
    let calm = half.run(caller).await?;
    drop(server);
    let bytes = bytes_of_documents(&directory.join("data")).await?;
    let bare = bare_engine(directory, &work, bytes).await?;
    rows(&peak, &calm, &work, &bare, bytes, table);
    Ok(())
}

/// What the engine does alone.
struct Bare {
    redb: f64,
    store: f64,
    sync: Duration,
}

async fn bare_engine(directory: &Path, work: &Work, bytes: usize) -> anyhow::Result<Bare> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "averages of small counts"
    )]
    let rounded = |value: f64| value.round().max(1.0) as usize;
    let workload = Workload {
        commits: 400,
        batch_sizes: vec![rounded(work.batch)],
        entries: rounded(work.entries),
        bytes,
    };
    let path = directory.join("bare.redb");
    let redb = bare_redb(&path, &workload)?.decisions_per_second();
    let store = EmbeddedStore::open(directory.join("bare-store"))?;
    let store = commit_rate(&store, &workload).await?.decisions_per_second();
    Ok(Bare {
        redb,
        store,
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

/// The average length of the documents that were written.
async fn bytes_of_documents(data: &Path) -> anyhow::Result<usize> {
    use demarc_store::Store;
    let store = EmbeddedStore::open(data)?;
    let mut entries = store.load().await?;
    let (mut count, mut bytes) = (0, 0);
    while let Some(chunk) = entries.next().await? {
        for entry in chunk {
            count += 1;
            bytes += entry.value.len();
        }
    }
    Ok(bytes / std::cmp::max(count, 1))
}

fn rows(peak: &Outcome, calm: &Outcome, work: &Work, bare: &Bare, bytes: usize, table: &mut Table) {
    table.row(
        "durable create and delete of a private virtual interface",
        "≥ 50 % of the bare engine",
        format!(
            "{:.0}/s of {:.0}/s: {:.0} % (our store alone: {:.0}/s)",
            peak.rate,
            bare.redb,
            100.0 * peak.rate / bare.redb,
            bare.store
        ),
    );
    table.row(
        "its batches",
        "",
        format!(
            "{:.1} requests, {:.2} documents of {bytes} bytes a request, {:.2} ms a commit",
            work.batch,
            work.entries,
            work.commit * 1_000.0
        ),
    );
    table.row(
        "the same at half that rate, p50 / p99",
        "p99 < 10 ms above one fsync",
        format!(
            "{:.2?} / {:.2?} at {:.0}/s; one fsync takes {:.2?}",
            calm.percentile(0.5),
            calm.percentile(0.99),
            calm.rate,
            bare.sync
        ),
    );
}
