//! Figures of the embedded engine on this machine:
//! `cargo run --release -p demarc-store --example store_bench [ENTRIES]`
//!
//! Prints commits and decisions a second for several batch sizes, for the store and for redb alone,
//! and how long a store of ENTRIES entries (1,000,000 unless given) takes to open and load.

#![expect(clippy::print_stdout, reason = "printing is its purpose")]

use std::error::Error;
use std::time::Instant;

use bytes::Bytes;
use demarc_store::bench::{Workload, bare_redb, commit_rate};
use demarc_store::{Batch, Change, CommitId, EmbeddedStore, Key, Revision, Store};

/// A virtual interface with its tags is about this long.
const VALUE_BYTES: usize = 700;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let entries = std::env::args()
        .nth(1)
        .map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = tempfile::TempDir::new_in(".")?;
    for size in [1, 16, 64, 256] {
        let workload = Workload {
            commits: 2_000,
            batch_sizes: vec![size],
            entries: 2,
            bytes: VALUE_BYTES,
        };
        let bare = bare_redb(&folder.path().join(format!("bare-{size}.redb")), &workload)?;
        let store = EmbeddedStore::open(folder.path().join(format!("store-{size}")))?;
        let ours = commit_rate(&store, &workload).await?;
        println!(
            "{size:>4} decisions a commit: store {:>7.0} commits/s {:>8.0} decisions/s, redb alone {:>7.0} and {:>8.0}",
            ours.commits_per_second(),
            ours.decisions_per_second(),
            bare.commits_per_second(),
            bare.decisions_per_second(),
        );
    }
    let path = folder.path().join("large");
    fill(&path, entries).await?;
    let started = Instant::now();
    let store = EmbeddedStore::open(&path)?;
    println!("open: {:?}", started.elapsed());
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

async fn fill(path: &std::path::Path, entries: u64) -> Result<(), Box<dyn Error>> {
    let store = EmbeddedStore::open(path)?;
    let value = Bytes::from(vec![b'x'; VALUE_BYTES]);
    let started = Instant::now();
    let mut at = Revision::ZERO;
    for first in (0..entries).step_by(10_000) {
        let numbers = first..entries.min(first + 10_000);
        let puts = numbers.map(|number| {
            let key = Key::new(format!("vif/dxvif-{number:08x}"))?;
            let value = value.clone();
            Ok(Change::Put { key, value })
        });
        let puts = puts.collect::<Result<Vec<_>, demarc_store::InvalidKey>>()?;
        let id = CommitId::new(u128::from(first) + 1);
        at = store.commit(at, Batch::new(id, puts)).await?;
    }
    println!("fill: {entries} entries in {:?}", started.elapsed());
    Ok(())
}
