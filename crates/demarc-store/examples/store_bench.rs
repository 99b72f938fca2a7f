//! Figures of the embedded engine on this machine:
//! `cargo run --release -p demarc-store --example store_bench [ENTRIES [ETCD-URL]]`
//!
//! Prints commits and decisions a second for several batch sizes, for the store and for redb alone,
//! and how long a store of ENTRIES entries (1,000,000 unless given) takes to open and load. With the
//! address of an etcd store, such as `etcd://127.0.0.1:2379/bench`, which must be empty, it does the
//! same with that.

#![expect(clippy::print_stdout, reason = "printing is its purpose")]

use std::error::Error;
use std::time::Instant;

use bytes::Bytes;
use demarc_store::bench::{Rate, Workload, bare_redb, commit_rate};
use demarc_store::{
    Batch, Change, CommitId, EmbeddedStore, EtcdConfig, EtcdStore, InvalidKey, Key, Store,
};

/// A virtual interface with its tags is about this long.
const VALUE_BYTES: usize = 700;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let entries = arguments
        .next()
        .map_or(Ok(1_000_000), |text| text.parse())?;
    match arguments.next() {
        None => embedded(entries).await,
        Some(address) => etcd(entries, &address.parse()?).await,
    }
}

async fn embedded(entries: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::TempDir::new_in(".")?;
    for size in [1, 16, 64, 256] {
        let workload = workload(size);
        let bare = bare_redb(
            &folder.path().join(format!("bare-{size}.redb")),
            &[],
            workload.commits(),
        )?;
        let store = EmbeddedStore::open(folder.path().join(format!("store-{size}")))?;
        report(
            "store",
            size,
            commit_rate(&store, workload.commits()).await?,
        );
        report("redb alone", size, bare);
    }
    let path = folder.path().join("large");
    fill(&EmbeddedStore::open(&path)?, entries).await?;
    let started = Instant::now();
    let store = EmbeddedStore::open(&path)?;
    println!("open: {:?}", started.elapsed());
    load(&store).await
}

async fn etcd(entries: u64, config: &EtcdConfig) -> Result<(), Box<dyn Error>> {
    let store = EtcdStore::connect(config).await?;
    for size in [1, 8, 62] {
        report(
            "etcd",
            size,
            commit_rate(&store, workload(size).commits()).await?,
        );
    }
    fill(&store, entries).await?;
    load(&store).await
}

fn workload(size: usize) -> Workload {
    Workload {
        commits: 2_000,
        batch_sizes: vec![size],
        entries: 2,
        bytes: VALUE_BYTES,
    }
}

fn report(what: &str, size: usize, rate: Rate) {
    let (commits, decisions) = (rate.commits_per_second(), rate.decisions_per_second());
    println!(
        "{size:>4} decisions a commit, {what}: {commits:.0} commits/s, {decisions:.0} decisions/s"
    );
}

async fn load(store: &dyn Store) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let mut loading = store.load().await?;
    let (mut count, mut bytes) = (0, 0);
    while let Some(chunk) = loading.next().await? {
        count += chunk.len();
        bytes += chunk.iter().map(|entry| entry.value.len()).sum::<usize>();
    }
    println!(
        "load: {count} entries, {bytes} bytes in {:?}",
        started.elapsed()
    );
    Ok(())
}

async fn fill(store: &dyn Store, entries: u64) -> Result<(), Box<dyn Error>> {
    let value = Bytes::from(vec![b'x'; VALUE_BYTES]);
    let started = Instant::now();
    let mut at = store.head().await?;
    let stride = store.limits().operations.min(10_000);
    for first in (0..entries).step_by(stride) {
        let numbers = first..entries.min(first + stride as u64);
        let puts = numbers.map(|number| {
            let key = Key::new(format!("vif/dxvif-{number:08x}"))?;
            let value = value.clone();
            Ok(Change::Put { key, value })
        });
        let puts = puts.collect::<Result<Vec<_>, InvalidKey>>()?;
        let id = CommitId::new((1 << 64) + u128::from(first));
        at = store.commit(at, Batch::new(id, puts)).await?;
    }
    println!("fill: {entries} entries in {:?}", started.elapsed());
    Ok(())
}
