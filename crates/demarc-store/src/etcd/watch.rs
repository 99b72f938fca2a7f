//! Following the commits of everyone.
//!
//! One streaming call, opened again at the next etcd revision whenever it breaks, for as long as somebody
//! watches. A stream that is silent although the head is known to have moved is given up too: its member may
//! be frozen or cut off from the others.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, interval, sleep};

use super::EtcdError;
use super::cluster::Cluster;
use super::layout::Record;
use super::wire::{Event, WatchCreateRequest, WatchRequest, WatchResponse};
use crate::error::Reason;
use crate::{Cause, Change, Commit, CommitSender, Commits, ReadError, Revision, WatchError};

/// How long a stream may lag behind a head that we know of.
const SILENCE: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const WATCH: &str = "/etcdserverpb.Watch/Watch";

pub(super) async fn watch(cluster: &Arc<Cluster>, from: Revision) -> Result<Commits, WatchError> {
    let start = first_etcd_revision(cluster, from).await?;
    let (sender, commits) = Commits::channel();
    let follower = Follower {
        cluster: Arc::clone(cluster),
        sender: sender.clone(),
        last: from,
        start,
        collected: Vec::new(),
    };
    tokio::spawn(async move {
        tokio::select! {
            () = follower.run() => {}
            () = sender.closed() => {}
        }
    });
    Ok(commits)
}

/// etcd's revision of the first commit after `from`.
async fn first_etcd_revision(cluster: &Cluster, from: Revision) -> Result<u64, WatchError> {
    let sight = cluster.look(from.next()).await.map_err(ReadError::from)?;
    let head = sight.revision();
    if from == head {
        // Not everything behind the head is news: a load saw what had come and gone by then.
        let seen = match sight.head {
            None => sight.etcd_revision,
            head => cluster.seen_at(head),
        };
        return Ok(seen + 1);
    }
    match sight.slot {
        Some((slot, etcd_revision)) if slot.revision == from.next() && from < head => {
            Ok(etcd_revision)
        }
        _ => Err(WatchError::Compacted { from, head }),
    }
}

/// Why a stream ended.
enum End {
    /// The watcher has gone or got an error that ends the watch.
    Over,
    /// Another stream may do better.
    Broken(Cause),
}

impl From<WatchError> for End {
    fn from(_sent: WatchError) -> Self {
        Self::Over
    }
}

struct Follower {
    cluster: Arc<Cluster>,
    sender: CommitSender,
    /// The last revision that was delivered.
    last: Revision,
    /// The etcd revision to go on from.
    start: u64,
    /// Events of a revision that is not complete.
    collected: Vec<Event>,
}

impl Follower {
    async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let (before, began) = (self.last, Instant::now());
            match self.follow().await {
                End::Over => return,
                End::Broken(cause) => {
                    tracing::info!(%cause, last = %self.last, "the etcd watch broke; watching again");
                }
            }
            if self.last > before || began.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Opens a stream and delivers what it brings.
    async fn follow(&mut self) -> End {
        self.collected.clear();
        let (key, end) = self.cluster.layout.everything();
        let request = WatchRequest {
            create: Some(WatchCreateRequest {
                key: key.into(),
                range_end: end.into(),
                start_revision: self.start,
                fragment: true,
            }),
        };
        let mut stream = match self.cluster.client.stream(WATCH, &request).await {
            Ok(stream) => stream,
            Err(error) => return End::Broken(error.into()),
        };
        let mut check = interval(SILENCE / 4);
        let mut lagging = None;
        loop {
            tokio::select! {
                received = stream.next() => {
                    let taken = match received {
                        Ok(response) => self.take(response).await,
                        Err(cause) => Err(End::Broken(cause)),
                    };
                    if let Err(end) = taken {
                        return end;
                    }
                    lagging = None;
                }
                now = check.tick() => {
                    if self.cluster.newest_revision() <= self.last {
                        lagging = None;
                    } else if now - *lagging.get_or_insert(now) >= SILENCE {
                        self.cluster.client.turn();
                        return End::Broken(Reason("the watch stayed behind the head").into());
                    }
                }
            }
        }
    }

    async fn take(&mut self, response: WatchResponse) -> Result<(), End> {
        if response.compact_revision > 0 {
            let (from, head) = (self.last, self.cluster.newest_revision());
            return self.fail(WatchError::Compacted { from, head }).await;
        }
        if response.canceled {
            // The reason may be a token that has expired.
            self.cluster.client.forget_token();
            let reason = format!("etcd cancelled the watch: {}", response.cancel_reason);
            return Err(End::Broken(reason.into()));
        }
        self.collected.extend(response.events);
        if response.fragment {
            return Ok(());
        }
        let events = std::mem::take(&mut self.collected);
        for group in events.chunk_by(|a, b| a.mod_revision() == b.mod_revision()) {
            match self.commit_of(group) {
                Ok(Some((commit, record))) => {
                    self.last = commit.revision;
                    self.cluster.saw(record);
                    self.sender.send(Ok(commit)).await.map_err(|_| End::Over)?;
                }
                Ok(None) => {}
                Err(error) => {
                    let error = ReadError::from(error);
                    return self.fail(error.into()).await;
                }
            }
            self.start = group
                .first()
                .map_or(self.start, |event| event.mod_revision() + 1);
        }
        Ok(())
    }

    /// Tells the watcher and stops.
    async fn fail(&self, error: WatchError) -> Result<(), End> {
        let _gone = self.sender.send(Err(error)).await;
        Err(End::Over)
    }

    /// Puts the events of one etcd revision together; `None` when none of them is about entries.
    fn commit_of(&self, events: &[Event]) -> Result<Option<(Commit, Record)>, EtcdError> {
        let layout = &self.cluster.layout;
        let head_key = layout.head();
        let head = events
            .iter()
            .find(|event| event.key() == head_key.as_bytes());
        let entries = events.iter().filter(|event| layout.is_entry(event.key()));
        let Some(head) = head else {
            return match entries.take(1).next() {
                None => Ok(None),
                Some(foreign) => Err(EtcdError::Foreign {
                    key: String::from_utf8_lossy(foreign.key()).into_owned(),
                }),
            };
        };
        let record = Record::decode(&head.clone().into_kv())?;
        if record.revision <= self.last {
            let (known, found) = (self.last, record.revision);
            return Err(EtcdError::WentBack { known, found });
        }
        let changes = entries.map(|event| {
            let key = layout.entry_key(event.key());
            let key = key.ok_or_else(|| EtcdError::Garbled {
                key: String::from_utf8_lossy(event.key()).into_owned(),
            })?;
            Ok(if event.is_delete() {
                Change::Delete { key }
            } else {
                let value = event.clone().into_kv().value;
                Change::Put { key, value }
            })
        });
        let commit = Commit {
            revision: record.revision,
            id: record.commit,
            changes: changes.collect::<Result<_, EtcdError>>()?,
        };
        Ok(Some((commit, record)))
    }
}
