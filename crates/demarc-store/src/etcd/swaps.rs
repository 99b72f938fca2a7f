//! What etcd itself gives to clients that change one key at a time: the measure for our commits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::client::Client;
use super::cluster::TXN;
use super::config::EtcdConfig;
use super::wire::{Compare, RequestOp, TxnRequest, TxnResponse};

/// Which keys the clients of [`etcd_swaps`] change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// All the same one, as writers that have to be serialised.
    One,
    /// Each its own.
    Own,
}

/// What came out.
#[derive(Debug, Clone, Copy)]
pub struct Swaps {
    /// Changes made, a second.
    pub rate: f64,
    /// The longest time between two of them, of all clients together.
    pub longest_pause: Duration,
}

/// `clients` compare and swap a number for so long, each on connections of its own, and read it again
/// in the same transaction when they were too late.
pub async fn etcd_swaps(config: &EtcdConfig, clients: usize, keys: Keys, time: Duration) -> Swaps {
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for number in 0..clients {
        let name = match keys {
            Keys::One => String::new(),
            Keys::Own => number.to_string(),
        };
        let key = format!("/{}/swaps/{name}", config.prefix);
        let client = Client::new(config);
        tasks.spawn(async move { swap(client, key, number, end).await });
    }
    let mut moments = vec![end - time, end];
    while let Some(made) = tasks.join_next().await {
        moments.extend(made.into_iter().flatten());
    }
    moments.sort_unstable();
    let pauses = moments.windows(2).map(|pair| pair[1] - pair[0]);
    Swaps {
        rate: (moments.len() - 2) as f64 / time.as_secs_f64(),
        longest_pause: pauses.max().unwrap_or_default(),
    }
}

/// When each swap was answered.
async fn swap(client: Client, key: String, number: usize, end: Instant) -> Vec<Instant> {
    let mut moments = Vec::new();
    let mut known: Option<Arc<[u8]>> = None;
    let mut count = 0_u64;
    while Instant::now() < end {
        count += 1;
        // Values are never used twice.
        let value: Arc<[u8]> = format!("{number}-{count}").into_bytes().into();
        let compare = match &known {
            None => Compare::absent(key.clone()),
            Some(known) => Compare::value(key.clone(), known.to_vec()),
        };
        let request = TxnRequest {
            compare: vec![compare],
            success: vec![RequestOp::put(key.clone(), value.to_vec())],
            failure: vec![RequestOp::get(key.clone())],
        };
        let answer: Result<TxnResponse, _> = client.call(TXN, &request).await;
        match answer {
            Ok(answer) if answer.succeeded => {
                known = Some(value);
                moments.push(Instant::now());
            }
            Ok(answer) => {
                let range = answer.responses.into_iter().find_map(|found| found.range);
                let found = range.and_then(|range| range.kvs.into_iter().next());
                known = found.map(|found| found.value.to_vec().into());
            }
            Err(_) => {}
        }
    }
    moments.retain(|moment| *moment < end);
    moments
}
