//! How long nobody can write when the leader of etcd, or a replica, is killed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use demarc_store::bench::{Keys, etcd_swaps};
use tokio::task::JoinHandle;

use super::Bench;
use super::cluster::Cluster;
use crate::api::{Caller, MakeAndDelete, Server, Table, Wire};

/// How long writing goes on around a loss.
const TIME: Duration = Duration::from_secs(14);
const BEFORE: Duration = Duration::from_secs(3);
/// Writers at each replica.
const WRITERS: usize = 4;
/// A request that is not answered for so long is asked again.
const PATIENCE: Duration = Duration::from_secs(12);

pub(super) async fn measure(
    bench: &Bench<'_>,
    cluster: &mut Cluster,
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut replicas = bench.replicas(cluster, "losses").await?;
    let writers = Writers::start(&replicas).await?;
    tokio::time::sleep(TIME).await;
    let usual = writers.stop().await?;
    let writers = Writers::start(&replicas).await?;
    tokio::time::sleep(BEFORE).await;
    replicas.remove(0);
    tokio::time::sleep(TIME - BEFORE).await;
    let pauses = writers.stop().await?;
    table.row(
        "time without writes at the others after killing a replica",
        "none",
        format!(
            "longest pauses {:.2?} and {:.2?}; as long without a loss {:.2?} and {:.2?}",
            pauses[1], pauses[2], usual[1], usual[2]
        ),
    );

    let writers = Writers::start(&replicas).await?;
    let config = cluster.config("losses-alone")?;
    let alone = tokio::spawn(async move { etcd_swaps(&config, WRITERS, Keys::Own, TIME).await });
    tokio::time::sleep(BEFORE).await;
    cluster.kill_leader()?;
    let alone = alone.await?.longest_pause;
    let pauses = writers.stop().await?;
    let longest = pauses.iter().max().copied().unwrap_or_default();
    table.row(
        "time without writes after killing the etcd leader",
        "≤ etcd's own + 1 s",
        format!("{longest:.2?}; etcd's own {alone:.2?}"),
    );
    Ok(())
}

/// They write at every replica until they are stopped, and note when they were answered.
struct Writers {
    began: Instant,
    stop: Arc<AtomicBool>,
    /// Of each replica.
    tasks: Vec<Vec<JoinHandle<Vec<Instant>>>>,
}

impl Writers {
    async fn start(replicas: &[Server]) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut prepared = Vec::new();
        for replica in replicas {
            let callers = MakeAndDelete::prepare(replica, WRITERS).await?;
            prepared.push((replica.address, callers));
        }
        let began = Instant::now();
        let tasks = prepared
            .into_iter()
            .map(|(address, callers)| {
                let callers = callers.into_iter();
                callers
                    .map(|caller| tokio::spawn(write(address, caller, Arc::clone(&stop))))
                    .collect()
            })
            .collect();
        Ok(Self { began, stop, tasks })
    }

    /// The longest pause between two answers of each replica.
    async fn stop(self) -> anyhow::Result<Vec<Duration>> {
        self.stop.store(true, Ordering::Relaxed);
        let ended = Instant::now();
        let mut pauses = Vec::new();
        for tasks in self.tasks {
            let mut moments = vec![self.began, ended];
            for task in tasks {
                moments.extend(task.await?);
            }
            moments.retain(|moment| *moment <= ended);
            moments.sort_unstable();
            let longest = moments.windows(2).map(|pair| pair[1] - pair[0]).max();
            pauses.push(longest.unwrap_or_default());
        }
        Ok(pauses)
    }
}

async fn write(
    address: SocketAddr,
    mut caller: MakeAndDelete,
    stop: Arc<AtomicBool>,
) -> Vec<Instant> {
    let mut moments = Vec::new();
    let mut answer = Vec::new();
    let mut wire = None;
    while !stop.load(Ordering::Relaxed) {
        let open = match wire.take() {
            Some(open) => Ok(open),
            None => Wire::connect(address).await,
        };
        let Ok(mut open) = open else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let Ok(request) = caller.next(&answer) else {
            caller.forget();
            continue;
        };
        let asked = tokio::time::timeout(PATIENCE, open.ask(request, &mut answer)).await;
        if let Ok(Ok(())) = asked {
            moments.push(Instant::now());
            wire = Some(open);
        } else {
            // Whatever became of it, the next thing is to make another.
            caller.forget();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    moments
}
