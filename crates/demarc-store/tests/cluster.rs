//! Three etcd members that are frozen and killed in turn while two writers commit and one replica watches.
//! Nothing that was answered may be missing, doubled or out of order.

#![expect(clippy::unwrap_used, reason = "a test: failing is its way to report")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use demarc_store::{
    Batch, Change, CommitError, CommitId, EtcdConfig, EtcdStore, Key, Revision, Store,
    commit_definitely,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How often every member is frozen and killed; more with this variable.
const ROUNDS: &str = "DEMARC_STORE_CLUSTER_ROUNDS";

/// A member that can be killed and started again with its data.
struct Member {
    arguments: Vec<String>,
    folder: PathBuf,
    /// A shell that waits for its input to end and then kills etcd, so that nothing outlives the test.
    shell: Child,
    etcd: Pid,
}

impl Member {
    fn start(folder: &Path, name: usize, clients: &[u16], peers: &[u16]) -> Self {
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let cluster: Vec<_> = peers
            .iter()
            .enumerate()
            .map(|(n, port)| format!("m{n}={}", url(*port)))
            .collect();
        let folder = folder.join(format!("m{name}"));
        let arguments = [
            ("--name", format!("m{name}")),
            ("--listen-client-urls", url(clients[name])),
            ("--advertise-client-urls", url(clients[name])),
            ("--listen-peer-urls", url(peers[name])),
            ("--initial-advertise-peer-urls", url(peers[name])),
            ("--initial-cluster", cluster.join(",")),
            ("--data-dir", folder.to_str().unwrap().to_owned()),
        ];
        let arguments = arguments
            .into_iter()
            .flat_map(|(flag, value)| [flag.to_owned(), value]);
        let arguments: Vec<_> = arguments.chain(["--unsafe-no-fsync".to_owned()]).collect();
        let (shell, etcd) = spawn(&arguments);
        Self {
            arguments,
            folder,
            shell,
            etcd,
        }
    }

    fn signal(&self, signal: Signal) {
        kill(self.etcd, signal).unwrap();
    }

    fn restart(&mut self) {
        self.stop();
        assert!(self.folder.exists());
        (self.shell, self.etcd) = spawn(&self.arguments);
    }

    fn stop(&mut self) {
        drop(self.shell.stdin.take());
        self.shell.wait().unwrap();
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(arguments: &[String]) -> (Child, Pid) {
    let script = "etcd \"$@\" >/dev/null 2>&1 & child=$!; echo $child; cat >/dev/null; kill -9 $child; wait $child";
    let mut shell = Command::new("sh")
        .args(["-c", script, "sh"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(shell.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    (shell, Pid::from_raw(line.trim().parse().unwrap()))
}

fn free_ports() -> Vec<u16> {
    let listeners: Vec<_> = (0..6)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    listeners
        .iter()
        .map(|listener| listener.local_addr().unwrap().port())
        .collect()
}

/// Three members, and the ports for their clients.
fn start(folder: &Path) -> (Vec<Member>, Vec<u16>) {
    let ports = free_ports();
    let (clients, peers) = ports.split_at(3);
    let members = (0..3).map(|name| Member::start(folder, name, clients, peers));
    (members.collect(), clients.to_vec())
}

/// All members, this one first.
fn config(clients: &[u16], first: usize) -> EtcdConfig {
    let hosts: Vec<_> = (0..3)
        .map(|n| format!("127.0.0.1:{}", clients[(first + n) % 3]))
        .collect();
    format!("etcd://{}", hosts.join(",")).parse().unwrap()
}

async fn connect(config: &EtcdConfig) -> EtcdStore {
    for _ in 0..10 {
        if let Ok(store) = EtcdStore::connect(config).await {
            return store;
        }
    }
    panic!("the cluster does not start");
}

/// What a writer was told, and the longest time that one commit took.
struct Testimony {
    made: Vec<(Revision, CommitId)>,
    refused: Vec<CommitId>,
    longest: Duration,
}

async fn write(store: EtcdStore, writer: u64, stop: Arc<AtomicBool>) -> Testimony {
    let mut testimony = Testimony {
        made: Vec::new(),
        refused: Vec::new(),
        longest: Duration::ZERO,
    };
    let mut at = Revision::ZERO;
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let id = CommitId::new((u128::from(writer) << 64) + number);
        let change = Change::Put {
            key: Key::new(format!("w/{writer}/{}", number % 500)).unwrap(),
            value: number.to_string().into(),
        };
        let batch = Batch::new(id, [change]);
        let started = Instant::now();
        match commit_definitely(&store, at, batch, Duration::from_secs(60)).await {
            Ok(revision) => {
                testimony.made.push((revision, id));
                at = revision;
            }
            Err(CommitError::Conflict { head }) => {
                testimony.refused.push(id);
                at = head;
            }
            Err(CommitError::Unavailable(_)) => testimony.refused.push(id),
            Err(error) => panic!("writer {writer}: {error:?}"),
        }
        testimony.longest = testimony.longest.max(started.elapsed());
    }
    testimony
}

/// Freezes and then kills every member, one at a time.
async fn torment(members: &mut [Member], rounds: usize) {
    for _ in 0..rounds {
        for member in &mut *members {
            member.signal(Signal::SIGSTOP);
            tokio::time::sleep(Duration::from_millis(1_800)).await;
            member.signal(Signal::SIGCONT);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        for member in &mut *members {
            member.signal(Signal::SIGKILL);
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            member.restart();
            tokio::time::sleep(Duration::from_millis(1_000)).await;
        }
    }
}

fn is_missing() -> bool {
    let version = Command::new("etcd")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    !version.is_ok_and(|status| status.success())
}

/// The port of the member that says on its page of metrics that it leads.
fn leader(clients: &[u16]) -> Option<u16> {
    let leads = |port: &&u16| {
        let mut answer = String::new();
        let asked = TcpStream::connect(("127.0.0.1", **port)).and_then(|mut stream| {
            stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
            stream.read_to_string(&mut answer)
        });
        asked.is_ok() && answer.contains("\netcd_server_is_leader 1\n")
    };
    clients.iter().find(leads).copied()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leader_is_asked_whichever_member_is_named_first() {
    if is_missing() {
        println!("skipped: the program etcd is not installed");
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let (mut members, clients) = start(folder.path());
    let clients = clients.as_slice();
    let mut stores = Vec::new();
    for first in 0..3 {
        stores.push(connect(&config(clients, first)).await);
    }
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let first = leader(clients).unwrap();
    for store in &stores {
        assert_eq!(store.member(), url(first));
    }
    let place = clients.iter().position(|port| *port == first).unwrap();
    members[place].stop();
    let began = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let next = leader(clients).map(url);
        if next.is_some() && stores.iter().all(|it| Some(it.member()) == next) {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(40), "{next:?}");
    }
    for store in &stores {
        store.head().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_answered_is_lost_while_members_freeze_and_die() {
    if is_missing() {
        println!("skipped: the program etcd is not installed");
        return;
    }
    let rounds = std::env::var(ROUNDS).map_or(1, |text| text.parse().expect("a number of rounds"));
    let folder = tempfile::TempDir::new().unwrap();
    let (mut members, clients) = start(folder.path());
    let clients = clients.as_slice();
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for writer in 0..2 {
        let store = connect(&config(clients, writer)).await;
        writers.push(tokio::spawn(write(
            store,
            writer as u64 + 1,
            Arc::clone(&stop),
        )));
    }
    let watcher = Arc::new(connect(&config(clients, 2)).await);
    let mut watch = watcher.watch(Revision::ZERO).await.unwrap();
    let reader = Arc::clone(&watcher);
    let finished = Arc::new(AtomicBool::new(false));
    let last_word = Arc::clone(&finished);
    let seen = tokio::spawn(async move {
        let mut seen = Vec::new();
        loop {
            // The reader asks for the head, as a replica does; this also wakes a watch that fell behind.
            let next = tokio::time::timeout(Duration::from_secs(1), watch.next()).await;
            match next {
                Ok(Ok(commit)) => seen.push((commit.revision, commit.id)),
                Ok(Err(error)) => panic!("the watch gave up: {error:?}"),
                Err(_) => match reader.head().await {
                    Ok(head)
                        if last_word.load(Ordering::Relaxed)
                            && seen.last().is_some_and(|(last, _)| *last == head) =>
                    {
                        return seen;
                    }
                    _ => {}
                },
            }
        }
    });

    torment(&mut members, rounds).await;
    stop.store(true, Ordering::Relaxed);
    let mut made = Vec::new();
    let mut refused = Vec::new();
    for writer in writers {
        let testimony = writer.await.unwrap();
        println!(
            "{} commits, the longest took {:?}",
            testimony.made.len(),
            testimony.longest
        );
        made.extend(testimony.made);
        refused.extend(testimony.refused);
    }
    made.sort_unstable();
    finished.store(true, Ordering::Relaxed);
    let seen = seen.await.unwrap();
    assert!(made.len() > 100, "only {} commits", made.len());
    assert_eq!(seen, made, "what a watcher saw is not what was answered");
    assert!(
        seen.iter().all(|(_, id)| !refused.contains(id)),
        "a refused commit took effect"
    );
    let revisions = seen.iter().map(|(revision, _)| revision.get());
    assert!(
        revisions.eq(1..=seen.len() as u64),
        "revisions are not 1, 2, 3, ..."
    );
}
