//! Asking the leader rather than a follower, which would have to ask the leader in turn: for each look-up and
//! each commit that is two messages between members less.

use std::sync::Weak;
use std::time::Duration;

use tokio::time::sleep;

use super::cluster::Cluster;

/// How long another leader may go unnoticed. Nothing depends on who is asked but what it costs.
const LOOK: Duration = Duration::from_secs(5);

/// Uses the leader from now on, whoever that is, until the store is gone.
pub(super) async fn follow(cluster: Weak<Cluster>) {
    loop {
        sleep(LOOK).await;
        let Some(cluster) = cluster.upgrade() else {
            return;
        };
        cluster.client.turn_to_leader().await;
    }
}
