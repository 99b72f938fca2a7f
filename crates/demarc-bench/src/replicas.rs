//! Replicas over three etcd members on this machine, beside etcd alone and beside the embedded store.

mod cluster;
mod losses;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use demarc_store::EtcdStore;
use demarc_store::bench::{Keys, etcd_swaps};
use serde_json::json;

use crate::api::{Load, MakeAndDelete, Same, Server, Table, median, prepare_reads};
use crate::scale;
use cluster::Cluster;

/// What to measure with.
pub struct Options {
    /// The program `demarc`.
    pub demarc: PathBuf,
    pub connections: usize,
    /// Seconds of each measurement, after one second of warming up.
    pub seconds: u64,
    /// How often writes and reads are measured, in turns with what they are compared with; the median counts.
    pub rounds: usize,
    /// Virtual interfaces in the store that a replica starts on.
    pub interfaces: u32,
    /// The measurements to run.
    pub only: Vec<Part>,
}

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Durable writes through one replica and through three, beside etcd alone.
    Writes,
    /// Linearizable reads, beside the embedded store's.
    Reads,
    /// How long a replica takes to start.
    Start,
    /// How long nobody can write when a replica or the leader of etcd is killed.
    Losses,
}

const REPLICAS: usize = 3;

/// Measures, and gives a table in Markdown.
///
/// # Errors
/// When a process does not start, or answers anything but 200.
pub fn run(options: &Options) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let directory = tempfile::tempdir()?;
        let mut cluster = Cluster::start(directory.path()).await?;
        let bench = Bench {
            options,
            directory: directory.path(),
        };
        let mut table = Table::default();
        for part in [Part::Writes, Part::Reads, Part::Start, Part::Losses] {
            if !options.only.contains(&part) {
                continue;
            }
            match part {
                Part::Writes => bench.writes(&cluster, &mut table).await?,
                Part::Reads => bench.reads(&cluster, &mut table).await?,
                Part::Start => bench.start(&cluster, &mut table).await?,
                // The last one: members do not come back.
                Part::Losses => losses::measure(&bench, &mut cluster, &mut table).await?,
            }
        }
        Ok(table.to_string())
    })
}

struct Bench<'a> {
    options: &'a Options,
    directory: &'a Path,
}

impl Bench<'_> {
    fn load(&self, server: &Server, connections: usize) -> Load {
        Load {
            address: server.address,
            connections,
            warm_up: Duration::from_secs(1),
            time: Duration::from_secs(self.options.seconds),
            rate: None,
        }
    }

    async fn replica(&self, cluster: &Cluster, prefix: &str) -> anyhow::Result<Server> {
        let store = cluster.url(prefix);
        Server::replica(&self.options.demarc, self.directory, &store).await
    }

    async fn replicas(&self, cluster: &Cluster, prefix: &str) -> anyhow::Result<Vec<Server>> {
        let mut replicas = Vec::new();
        for _ in 0..REPLICAS {
            replicas.push(self.replica(cluster, prefix).await?);
        }
        Ok(replicas)
    }

    /// Through one replica, through three, and etcd alone, in turns.
    async fn writes(&self, cluster: &Cluster, table: &mut Table) -> anyhow::Result<()> {
        let (connections, time) = (
            self.options.connections,
            Duration::from_secs(self.options.seconds),
        );
        let config = cluster.config("alone")?;
        let replicas = self.replicas(cluster, "writes").await?;
        let (mut one, mut three, mut swaps, mut own) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.options.rounds {
            one.push(self.write(&replicas[..1], connections).await?);
            swaps.push(etcd_swaps(&config, connections, Keys::One, time).await.rate);
            three.push(self.write(&replicas, connections).await?);
            own.push(etcd_swaps(&config, connections, Keys::Own, time).await.rate);
        }
        let (one, three) = (median(&mut one), median(&mut three));
        let (swaps, own) = (median(&mut swaps), median(&mut own));
        table.row(
            &format!("durable writes through one replica, {connections} connections"),
            "≥ 10 times the compare-and-swaps of as many single-operation clients on one key",
            format!(
                "{one:.0}/s of {swaps:.0}/s: {:.1} times (clients with a key each: {own:.0}/s)",
                one / swaps
            ),
        );
        table.row(
            "writes through three replicas at once",
            "≥ 70 % of through one",
            format!("{three:.0}/s: {:.0} %", 100.0 * three / one),
        );
        Ok(())
    }

    /// All replicas together make and delete virtual interfaces.
    async fn write(&self, replicas: &[Server], connections: usize) -> anyhow::Result<f64> {
        let mut loads = Vec::new();
        for (number, replica) in replicas.iter().enumerate() {
            let share =
                connections / replicas.len() + usize::from(number < connections % replicas.len());
            let callers = MakeAndDelete::prepare(replica, share).await?;
            loads.push((self.load(replica, share), callers));
        }
        let runs = loads.into_iter().map(|(load, callers)| async move {
            let callers: Vec<_> = callers
                .into_iter()
                .map(|caller| std::cell::RefCell::new(Some(caller)))
                .collect();
            let take = |number: usize| callers[number].take().context("one caller each");
            anyhow::Ok(load.run(take).await?.rate)
        });
        let mut rate = 0.0;
        for run in join_all(runs).await {
            rate += run?;
        }
        Ok(rate)
    }

    /// Linearizable reads of one replica, in turns with the embedded store's.
    async fn reads(&self, cluster: &Cluster, table: &mut Table) -> anyhow::Result<()> {
        let data = self.directory.join("embedded");
        let embedded = Server::demarc(&self.options.demarc, &data).await?;
        let replica = self.replica(cluster, "reads").await?;
        let mut rates = [Vec::new(), Vec::new()];
        let mut requests = Vec::new();
        for server in [&replica, &embedded] {
            let signer = server.signer()?;
            let id = prepare_reads(server, &signer).await?;
            let body = json!({ "virtualInterfaceId": id }).to_string();
            requests.push(signer.request("DescribeVirtualInterfaces", &body));
        }
        for _ in 0..self.options.rounds {
            let servers = [&replica, &embedded];
            for ((server, request), rates) in servers.iter().zip(&requests).zip(&mut rates) {
                let load = self.load(server, self.options.connections);
                rates.push(load.run(|_| Ok(Same(request.clone()))).await?.rate);
            }
        }
        let [mut shared, mut alone] = rates;
        let (shared, alone) = (median(&mut shared), median(&mut alone));
        table.row(
            "linearizable reads per replica",
            "≥ 80 % of the embedded store's",
            format!(
                "{shared:.0}/s of {alone:.0}/s: {:.0} %",
                100.0 * shared / alone
            ),
        );
        Ok(())
    }

    /// A replica starts on a store that others filled.
    async fn start(&self, cluster: &Cluster, table: &mut Table) -> anyhow::Result<()> {
        let store = EtcdStore::connect(&cluster.config("start")?).await?;
        scale::fill(&store, self.options.interfaces).await?;
        let mut times = Vec::new();
        for _ in 0..self.options.rounds {
            let replica = self.replica(cluster, "start").await?;
            times.push(replica.first_answer.as_secs_f64());
        }
        table.row(
            &format!(
                "replica start with {} virtual interfaces",
                self.options.interfaces
            ),
            "< 5 s",
            format!("{:.2} s", median(&mut times)),
        );
        Ok(())
    }
}

/// Waits for all of them at the same time, on this task.
async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut ready = true;
        for (future, done) in &mut waiting {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *done = Some(value),
                    std::task::Poll::Pending => ready = false,
                }
            }
        }
        if ready {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}
