//! The replicated engine: any number of processes over one etcd cluster.
//!
//! A commit is one etcd transaction that compares the head; a watch follows everyone's commits; the head is
//! looked up once for all readers that wait. It speaks etcd's own gRPC with messages declared by hand, so that
//! building needs no protobuf compiler. The layout in etcd, and what it survives, is in
//! `docs/store-format.md`, section 8.
//!
//! ```text
//! EtcdStore ─ commit, load, watch, lookup     what a store does
//!     └ cluster, leader                       what is known of the head; the bookkeeping keys; whom to ask
//!         └ client                            any member, again and again; logging in
//!             └ member ─ grpc ─ wire          one HTTP/2 connection; framing and status; messages
//! ```
//!
//! etcd is told no secrets of ours and does nothing of its own: no leases, no locks. Who fires timers and
//! talks to devices is decided elsewhere.

use std::sync::Arc;

use self::client::{CallError, Client};
use self::cluster::Cluster;
use self::layout::Layout;
use self::lookup::Lookups;
use crate::{
    Batch, BoxFuture, CommitError, Commits, Entries, Limits, ReadError, Revision, Sharing, Store,
    WatchError,
};

mod client;
mod cluster;
mod commit;
mod config;
mod grpc;
mod layout;
mod leader;
mod load;
mod lookup;
mod member;
mod swaps;
mod watch;
mod wire;

pub use config::{Credentials, Endpoint, EtcdConfig, InvalidEtcdUrl, TlsFileError, tls_from_files};
pub use grpc::Refusal;
pub use swaps::{Keys, Swaps, etcd_swaps};

/// A store in an etcd cluster. Dropping it leaves everything as it is.
#[derive(Debug)]
pub struct EtcdStore {
    cluster: Arc<Cluster>,
    lookups: Lookups,
}

impl EtcdStore {
    /// Connects to a cluster and checks that the store in it, if there is one, is of a format that we know.
    /// Nothing is written before the first commit.
    ///
    /// # Errors
    /// [`ReadError`] when no member answers, the format is newer, or the prefix is among another store's entries.
    pub async fn connect(config: &EtcdConfig) -> Result<Self, ReadError> {
        let client = Client::new(config);
        let layout = Layout::new(&config.prefix);
        let cluster = Arc::new(Cluster::new(client, layout));
        cluster.stands_alone().await?;
        cluster.look(Revision::ZERO).await?;
        cluster.client.turn_to_leader().await;
        tokio::spawn(leader::follow(Arc::downgrade(&cluster)));
        Ok(Self {
            cluster,
            lookups: Lookups::default(),
        })
    }

    /// The member of the cluster that is asked, as `scheme://host:port`: the leader, a few seconds after it has
    /// become that.
    pub fn member(&self) -> String {
        self.cluster.client.in_use().to_owned()
    }
}

impl Store for EtcdStore {
    fn limits(&self) -> Limits {
        commit::LIMITS
    }

    fn sharing(&self) -> Sharing {
        Sharing::Shared
    }

    fn load(&self) -> BoxFuture<'_, Result<Entries, ReadError>> {
        Box::pin(load::load(&self.cluster))
    }

    fn commit(&self, at: Revision, batch: Batch) -> BoxFuture<'_, Result<Revision, CommitError>> {
        Box::pin(async move { commit::commit(&self.cluster, at, &batch).await })
    }

    fn watch(&self, from: Revision) -> BoxFuture<'_, Result<Commits, WatchError>> {
        Box::pin(watch::watch(&self.cluster, from))
    }

    fn head(&self) -> BoxFuture<'_, Result<Revision, ReadError>> {
        Box::pin(self.lookups.head(&self.cluster))
    }
}

/// What can be wrong with a store in etcd.
#[derive(Debug, thiserror::Error)]
enum EtcdError {
    /// No member answered usefully.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A newer version of the program owns the store.
    #[error(
        "etcd holds a store of format {found:?}, this program knows format 1; use the newer program"
    )]
    NewerFormat {
        /// The format that was found.
        found: String,
    },
    /// Our keys would be another store's entries.
    #[error(
        "this prefix is inside another store, whose head is the etcd key {head:?}; \
         choose a prefix without a part named v1"
    )]
    Nested {
        /// The other store's head.
        head: String,
    },
    /// What is there is a part of a store.
    #[error(
        "the etcd key {found:?} is there and {missing:?} is not; restore etcd from a backup, \
         or delete everything that begins with {root:?} to begin anew"
    )]
    Half {
        /// The key that is there.
        found: String,
        /// The key that is not.
        missing: String,
        /// What all keys begin with.
        root: String,
    },
    /// A record of ours cannot be read.
    #[error("the etcd key {key:?} holds nothing that this program wrote")]
    Garbled {
        /// The full key.
        key: String,
    },
    /// An entry changed without a commit.
    #[error(
        "the etcd key {key:?} was changed by something else than a commit; \
         undo that change, then restart this process"
    )]
    Foreign {
        /// The full key.
        key: String,
    },
    /// An older state is there again.
    #[error(
        "the store went back from revision {known} to {found}; \
         if etcd was restored from a backup, restart this process"
    )]
    WentBack {
        /// What we have seen.
        known: Revision,
        /// What is there now.
        found: Revision,
    },
    /// The same number, another history.
    #[error(
        "revision {revision} is not the one that this process knows; \
         if etcd was restored from a backup, restart this process"
    )]
    Rewritten {
        /// The revision.
        revision: Revision,
    },
    /// Too many commits have been made since.
    #[error("the log of commits no longer reaches back to this commit")]
    Forgotten,
}

impl EtcdError {
    /// Whether only a person can help.
    fn is_damage(&self) -> bool {
        match self {
            Self::Garbled { .. }
            | Self::Half { .. }
            | Self::Nested { .. }
            | Self::Foreign { .. }
            | Self::WentBack { .. }
            | Self::Rewritten { .. } => true,
            Self::Call(_) | Self::NewerFormat { .. } | Self::Forgotten => false,
        }
    }

    fn may_have_taken_effect(&self) -> bool {
        matches!(self, Self::Call(error) if error.doubtful)
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Call(error) => error.refusal(),
            _ => None,
        }
    }
}

impl From<EtcdError> for ReadError {
    fn from(error: EtcdError) -> Self {
        if error.is_damage() {
            Self::Corrupted(error.into())
        } else {
            Self::Unavailable(error.into())
        }
    }
}

#[cfg(test)]
mod tests;
