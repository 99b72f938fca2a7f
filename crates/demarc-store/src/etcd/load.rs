//! All entries at one etcd revision, page by page.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::EtcdError;
use super::cluster::{Cluster, Sight};
use super::wire::{RangeRequest, RangeResponse};
use crate::{Entries, Entry, EntrySender, ReadError, Revision};

const RANGE: &str = "/etcdserverpb.KV/Range";
/// Entries asked for at once. etcd 3.4 walks its whole index for each page, so pages are large. Halved when an
/// answer gets too large, down to one. Smaller in tests, so that the suite turns pages.
const PAGE: u64 = if cfg!(test) { 700 } else { 10_000 };
/// A page is some megabytes.
const PAGE_TIME: Duration = Duration::from_secs(3);

pub(super) async fn load(cluster: &Arc<Cluster>) -> Result<Entries, ReadError> {
    let sight = cluster.look(Revision::ZERO).await?;
    cluster.loads(&sight);
    let (sender, entries) = Entries::channel(sight.revision());
    let cluster = Arc::clone(cluster);
    tokio::spawn(async move {
        let sent = send_pages(&cluster, &sight, &sender).await;
        sender.finish(sent.map_err(ReadError::from)).await;
    });
    Ok(entries)
}

async fn send_pages(
    cluster: &Cluster,
    sight: &Sight,
    sender: &EntrySender,
) -> Result<(), EtcdError> {
    let (start, end) = cluster.layout.entries();
    let (mut start, end) = (Bytes::from(start), Bytes::from(end));
    let mut limit = PAGE;
    loop {
        let request = RangeRequest {
            key: start.clone(),
            range_end: end.clone(),
            limit,
            revision: sight.etcd_revision,
        };
        let page = cluster
            .client
            .call_at_leisure(RANGE, &request, PAGE_TIME)
            .await;
        let page: RangeResponse = match page.map_err(EtcdError::from) {
            Err(error)
                if limit > 1
                    && error
                        .refusal()
                        .is_some_and(|refusal| refusal.is_answer_too_large()) =>
            {
                limit /= 2;
                continue;
            }
            page => page?,
        };
        if let Some(last) = page.kvs.last() {
            if sight.head.is_none() {
                // Nobody committed it: a store was not removed completely.
                let found = String::from_utf8_lossy(&last.key).into_owned();
                return Err(cluster.half(found, cluster.layout.head()));
            }
            start = Bytes::from([&last.key[..], &[0]].concat());
        }
        let more = page.more;
        let chunk = page.kvs.into_iter().map(|found| {
            let key = cluster.layout.entry_key(&found.key);
            let key = key.ok_or_else(|| EtcdError::Garbled {
                key: String::from_utf8_lossy(&found.key).into_owned(),
            })?;
            let value = found.value;
            Ok(Entry { key, value })
        });
        let chunk = chunk.collect::<Result<Vec<_>, EtcdError>>()?;
        if sender.send(chunk).await.is_err() || !more {
            return Ok(());
        }
    }
}
