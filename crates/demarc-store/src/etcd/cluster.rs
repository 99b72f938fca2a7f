//! What every part of the engine shares: the cluster, and what we know of its head.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::EtcdError;
use super::client::Client;
use super::grpc::Refusal;
use super::layout::{FORMAT, Layout, Record};
use super::wire::{RangeResponse, RequestOp, TxnRequest, TxnResponse};
use crate::{CommitId, Revision};

pub(super) const TXN: &str = "/etcdserverpb.KV/Txn";

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) client: Client,
    pub(super) layout: Layout,
    /// The newest head that any answer showed; `None` while the store is at revision 0.
    newest: Mutex<Option<Record>>,
    /// The last head that everything was loaded at, with etcd's revision of the load.
    loaded: Mutex<Option<(Option<Record>, u64)>>,
    /// Commits that were answered "unknown" and not yet resolved.
    doubtful: Mutex<BTreeSet<CommitId>>,
}

/// The bookkeeping keys, read at one moment.
#[derive(Debug)]
pub(super) struct Sight {
    /// The head with etcd's revision of it.
    pub(super) head: Option<(Record, u64)>,
    /// The log slot that was asked for, likewise.
    pub(super) slot: Option<(Record, u64)>,
    /// etcd's revision when it was read.
    pub(super) etcd_revision: u64,
}

impl Sight {
    pub(super) fn revision(&self) -> Revision {
        self.head
            .map_or(Revision::ZERO, |(record, _)| record.revision)
    }
}

impl Cluster {
    pub(super) fn new(client: Client, layout: Layout) -> Self {
        Self {
            client,
            layout,
            newest: Mutex::default(),
            loaded: Mutex::default(),
            doubtful: Mutex::default(),
        }
    }

    /// Makes sure that our keys are not among the entries of another store.
    pub(super) async fn stands_alone(&self) -> Result<(), EtcdError> {
        for head in self.layout.heads_around() {
            let request = TxnRequest {
                success: vec![RequestOp::get(head.clone())],
                ..TxnRequest::default()
            };
            let answer: TxnResponse = match self.client.call(TXN, &request).await {
                // Whoever may not look has been given a place by somebody who knows.
                Err(error) if error.refusal().is_some_and(Refusal::is_denied) => continue,
                answer => answer?,
            };
            let mut ranges = answer.responses.into_iter().filter_map(|it| it.range);
            if ranges.any(|range| !range.kvs.is_empty()) {
                return Err(EtcdError::Nested { head });
            }
        }
        Ok(())
    }

    /// Reads the head and one log slot. Linearizable.
    pub(super) async fn look(&self, slot: Revision) -> Result<Sight, EtcdError> {
        let before = self.newest();
        let request = TxnRequest {
            success: self.reads(slot),
            ..TxnRequest::default()
        };
        let answer: TxnResponse = self.client.call(TXN, &request).await?;
        self.sight(answer, before)
    }

    /// The reads that make a [`Sight`].
    pub(super) fn reads(&self, slot: Revision) -> Vec<RequestOp> {
        let keys = [
            self.layout.head(),
            self.layout.format(),
            self.layout.slot(slot),
        ];
        keys.into_iter().map(RequestOp::get).collect()
    }

    /// Understands what [`Self::reads`] returned. `before` is what was known when they were sent.
    pub(super) fn sight(
        &self,
        answer: TxnResponse,
        before: Option<Record>,
    ) -> Result<Sight, EtcdError> {
        let mut ranges = answer.responses.into_iter().map(|response| response.range);
        let mut next = || ranges.next().flatten().unwrap_or_default();
        let (head, format, slot) = (next(), next(), next());
        if let Some(found) = format.kvs.first()
            && found.value != FORMAT.as_bytes()
        {
            let found = String::from_utf8_lossy(&found.value).into_owned();
            return Err(EtcdError::NewerFormat { found });
        }
        let (head_key, format_key) = (self.layout.head(), self.layout.format());
        match (head.kvs.is_empty(), format.kvs.is_empty()) {
            (true, false) => return Err(self.half(format_key, head_key)),
            (false, true) => return Err(self.half(head_key, format_key)),
            _ => {}
        }
        let sight = Sight {
            head: record(&head)?,
            slot: record(&slot)?,
            etcd_revision: answer.header.unwrap_or_default().revision,
        };
        let known = before.map_or(Revision::ZERO, |record| record.revision);
        if sight.revision() < known {
            let found = sight.revision();
            return Err(EtcdError::WentBack { known, found });
        }
        if let Some((record, _)) = sight.head {
            self.saw(record);
        }
        Ok(sight)
    }

    /// One key is there without another.
    pub(super) fn half(&self, found: String, missing: String) -> EtcdError {
        let root = self.layout.everything().0;
        EtcdError::Half {
            found,
            missing,
            root,
        }
    }

    /// The newest head that was seen.
    pub(super) fn newest(&self) -> Option<Record> {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn newest_revision(&self) -> Revision {
        self.newest()
            .map_or(Revision::ZERO, |record| record.revision)
    }

    /// Remembers a head unless a newer one is known.
    pub(super) fn saw(&self, record: Record) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.is_none_or(|newest| newest.revision < record.revision) {
            *newest = Some(record);
        }
    }

    /// Remembers what a load is going to see.
    pub(super) fn loads(&self, sight: &Sight) {
        let head = sight.head.map(|(record, _)| record);
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        *loaded = Some((head, sight.etcd_revision));
    }

    /// etcd's revision up to which everything has been seen by whoever stands at this head.
    pub(super) fn seen_at(&self, head: Option<(Record, u64)>) -> u64 {
        let loaded = *self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let committed = head.map_or(0, |(_, etcd_revision)| etcd_revision);
        match loaded {
            Some((record, seen)) if record == head.map(|(record, _)| record) => seen.max(committed),
            _ => committed,
        }
    }

    pub(super) fn is_doubtful(&self, commit: CommitId) -> bool {
        let doubtful = self.doubtful.lock();
        doubtful
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&commit)
    }

    pub(super) fn doubt(&self, commit: CommitId) {
        let doubtful = self.doubtful.lock();
        doubtful
            .unwrap_or_else(PoisonError::into_inner)
            .insert(commit);
    }

    pub(super) fn resolve(&self, commit: CommitId) {
        let doubtful = self.doubtful.lock();
        doubtful
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&commit);
    }
}

fn record(range: &RangeResponse) -> Result<Option<(Record, u64)>, EtcdError> {
    let found = range.kvs.first();
    let record = found.map(|found| Ok((Record::decode(found)?, found.mod_revision)));
    record.transpose()
}
