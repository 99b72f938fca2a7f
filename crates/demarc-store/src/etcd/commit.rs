//! One batch, one etcd transaction.
//!
//! The transaction compares the whole head record, revision and commit id, so it takes effect at most once
//! and only on the history that we know. That makes it safe to send again after a lost reply: the second
//! one either does the work or finds, in the log slot of its revision, that the first one did.

use super::EtcdError;
use super::client::{Answered, CallError, FIRST_ATTEMPT};
use super::cluster::{Cluster, Sight, TXN};
use super::grpc::Refusal;
use super::layout::{FORMAT, Record};
use super::wire::{Compare, RequestOp, TxnRequest, TxnResponse};
use crate::{Batch, Change, CommitError, Limits, Revision, TooLarge};

/// etcd takes 128 operations and 1.5 MiB; three operations and some bytes are for our records.
pub(super) const LIMITS: Limits = Limits {
    operations: 125,
    bytes: 1_500_000,
};

pub(super) async fn commit(
    cluster: &Cluster,
    at: Revision,
    batch: &Batch,
) -> Result<Revision, CommitError> {
    batch.check(LIMITS)?;
    let result = attempt(cluster, at, batch).await;
    match result {
        Ok(Verdict::Committed(revision)) => {
            cluster.resolve(batch.id());
            Ok(revision)
        }
        Ok(Verdict::NotCommitted { head }) => {
            cluster.resolve(batch.id());
            Err(CommitError::Conflict { head })
        }
        Ok(Verdict::Forgotten { head }) if !cluster.is_doubtful(batch.id()) => {
            Err(CommitError::Conflict { head })
        }
        Ok(Verdict::Forgotten { .. }) => Err(CommitError::Unknown(EtcdError::Forgotten.into())),
        Err(error) => Err(refused(cluster, batch, error)),
    }
}

/// What became of a batch.
enum Verdict {
    Committed(Revision),
    /// And it never will be.
    NotCommitted {
        head: Revision,
    },
    /// Another batch could not be committed now; whether this one ever was, the log no longer tells.
    Forgotten {
        head: Revision,
    },
}

async fn attempt(cluster: &Cluster, at: Revision, batch: &Batch) -> Result<Verdict, EtcdError> {
    let next = batch.revision_after(at);
    let base = match cluster.newest() {
        _ if at == Revision::ZERO => None,
        Some(known) if known.revision == at => Some(known),
        _ => {
            let sight = cluster.look(next).await?;
            match sight.head {
                Some((head, _)) if head.revision == at => Some(head),
                _ => return judge(&sight, at, batch),
            }
        }
    };
    let before = cluster.newest();
    let request = transaction(cluster, base, next, batch);
    let asked = cluster
        .client
        .call_in_doubt(TXN, &request, FIRST_ATTEMPT)
        .await;
    let Answered { answer, doubtful }: Answered<TxnResponse> = match asked {
        Ok(answered) => answered,
        Err(error) if error.refusal().is_some_and(Refusal::is_out_of_space) => {
            return look_whether_it_was_done(cluster, at, batch, error).await;
        }
        Err(error) => return Err(error.into()),
    };
    if doubtful {
        // Until the log says what became of it.
        cluster.doubt(batch.id());
    }
    if answer.succeeded {
        let (revision, commit) = (next, batch.id());
        cluster.saw(Record { revision, commit });
        return Ok(Verdict::Committed(next));
    }
    judge(&cluster.sight(answer, before)?, at, batch)
}

/// A full etcd refused the batch, or carried it out and refused it all the same. Reading is possible still.
async fn look_whether_it_was_done(
    cluster: &Cluster,
    at: Revision,
    batch: &Batch,
    error: CallError,
) -> Result<Verdict, EtcdError> {
    let still_may = error.doubtful || cluster.is_doubtful(batch.id());
    cluster.doubt(batch.id());
    let sight = cluster.look(batch.revision_after(at)).await?;
    if sight.revision() == at {
        if !still_may {
            cluster.resolve(batch.id());
        }
        return Err(error.into());
    }
    judge(&sight, at, batch)
}

fn transaction(
    cluster: &Cluster,
    base: Option<Record>,
    next: Revision,
    batch: &Batch,
) -> TxnRequest {
    let layout = &cluster.layout;
    let record = Record {
        revision: next,
        commit: batch.id(),
    };
    let mut success = vec![
        RequestOp::put(layout.head(), record.encode()),
        RequestOp::put(layout.slot(next), record.encode()),
    ];
    let compare = match base {
        None => {
            success.push(RequestOp::put(layout.format(), FORMAT));
            vec![
                Compare::absent(layout.head()),
                Compare::absent(layout.format()),
            ]
        }
        Some(base) => vec![
            Compare::value(layout.head(), base.encode()),
            Compare::value(layout.format(), FORMAT),
        ],
    };
    success.extend(batch.changes().iter().map(|change| match change {
        Change::Put { key, value } => RequestOp::put(layout.entry(key), value.clone()),
        Change::Delete { key } => RequestOp::delete(layout.entry(key)),
    }));
    TxnRequest {
        compare,
        success,
        failure: cluster.reads(next),
    }
}

/// Reads the outcome of a batch off the log.
fn judge(sight: &Sight, at: Revision, batch: &Batch) -> Result<Verdict, EtcdError> {
    let next = batch.revision_after(at);
    let head = sight.revision();
    let found = sight.slot.map(|(slot, _)| slot);
    match found {
        Some(slot) if slot.revision == next && slot.commit == batch.id() => {
            Ok(Verdict::Committed(next))
        }
        // The slot has gone round since.
        Some(slot) if slot.revision > next => Ok(Verdict::Forgotten { head }),
        // The head was not what we compared with, and yet its number is the same.
        _ if head == at => Err(EtcdError::Rewritten { revision: at }),
        _ => Ok(Verdict::NotCommitted { head }),
    }
}

fn refused(cluster: &Cluster, batch: &Batch, error: EtcdError) -> CommitError {
    if error.may_have_taken_effect() {
        cluster.doubt(batch.id());
    }
    if error.is_damage() {
        return CommitError::Corrupted(error.into());
    }
    if cluster.is_doubtful(batch.id()) {
        return CommitError::Unknown(error.into());
    }
    if error
        .refusal()
        .is_some_and(|refusal| refusal.is_request_too_large())
    {
        return CommitError::TooLarge(TooLarge {
            operations: batch.changes().len(),
            bytes: batch.bytes(),
            limits: LIMITS,
        });
    }
    CommitError::Unavailable(error.into())
}
