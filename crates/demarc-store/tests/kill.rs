//! A process that commits is killed at random moments. Nothing that it acknowledged may be missing.

#![expect(clippy::unwrap_used, reason = "a test: failing is its way to report")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use demarc_store::{Batch, Change, CommitId, EmbeddedStore, Key, Revision, Store};

const FOLDER: &str = "DEMARC_STORE_KILL_FOLDER";
const ROUNDS: &str = "DEMARC_STORE_KILL_ROUNDS";

/// A cheap hash: the history is a function of the revision, so both processes know it.
fn mix(number: u64) -> u64 {
    let mixed = (number ^ (number >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// The batch that makes `revision`.
fn batch(revision: Revision) -> Batch {
    let number = revision.get();
    let changes = (0..1 + mix(number) % 8).map(|step| {
        let dice = mix(number * 16 + step);
        let key = Key::new(format!("n/{}", dice % 200)).unwrap();
        if dice.is_multiple_of(5) {
            return Change::Delete { key };
        }
        let value = format!(
            "{{\"n\":{number},\"x\":\"{}\"}}",
            "x".repeat(usize::try_from(dice % 900).unwrap())
        );
        Change::Put {
            key,
            value: value.into(),
        }
    });
    Batch::new(CommitId::new(u128::from(number)), changes)
}

#[test]
#[ignore = "the process that gets killed; started by the other test"]
fn child_that_commits() {
    let folder = std::env::var(FOLDER).expect("started by the other test");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = EmbeddedStore::open(folder).unwrap();
        let mut at = store.head().await.unwrap();
        let mut out = std::io::stdout().lock();
        loop {
            at = store.commit(at, batch(at.next())).await.unwrap();
            writeln!(out, "acknowledged {at}").unwrap();
            out.flush().unwrap();
        }
    });
}

fn start_child(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child_that_commits", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Lets a child commit for a while, kills it, and returns the last revision that it acknowledged.
fn run_and_kill(folder: &Path, time: Duration) -> Option<u64> {
    let mut child = start_child(folder);
    let output = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        // The last line may be cut off by the kill; then it was not acknowledged.
        let lines = output.split(b'\n').map_while(Result::ok);
        let revisions = lines.filter_map(|line| {
            let line = String::from_utf8(line).ok()?;
            line.strip_prefix("acknowledged ")?.parse::<u64>().ok()
        });
        revisions.last()
    });
    std::thread::sleep(time);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let rounds = std::env::var(ROUNDS).map_or(25, |text| text.parse().expect("a number of rounds"));
    let folder = tempfile::TempDir::new().unwrap();
    let mut entries = BTreeMap::<Key, Bytes>::new();
    let mut checked = Revision::ZERO;
    for round in 0..rounds {
        let time = Duration::from_millis(10 + mix(round) % 150);
        let acknowledged = run_and_kill(folder.path(), time);
        let acknowledged = acknowledged.unwrap_or_else(|| checked.get());
        let store = EmbeddedStore::open(folder.path()).unwrap();
        let head = store.head().await.unwrap();
        let expected = acknowledged..=acknowledged + 1;
        assert!(
            expected.contains(&head.get()),
            "head {head}, acknowledged {acknowledged}"
        );
        while checked < head {
            checked = checked.next();
            for change in batch(checked).changes().iter() {
                match change {
                    Change::Put { key, value } => entries.insert(key.clone(), value.clone()),
                    Change::Delete { key } => entries.remove(key),
                };
            }
        }
        let found = store.load().await.unwrap().collect().await.unwrap();
        assert_eq!(found, entries, "round {round} at revision {head}");
    }
    assert!(checked > Revision::ZERO, "no child ever committed");
    println!("{rounds} kills, {checked} commits");
}
