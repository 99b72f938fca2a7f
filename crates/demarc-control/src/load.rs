//! Reading a store into a World.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

use demarc_domain::entity::{Entity, EntityKey, InvalidKey};
use demarc_domain::{Job, World};
use demarc_store::{Entry, ReadError, Revision, Store};

/// The store cannot be made a World of.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the store could not be read")]
    Read(#[from] ReadError),
    #[error(
        "the store holds a key that this version does not know: {0}; was it written by a newer version?"
    )]
    Key(#[from] InvalidKey),
    #[error("the document under `{key}` could not be read")]
    Document {
        key: Box<EntityKey>,
        source: serde_json::Error,
    },
    #[error("the document under `{key}` names itself `{named}`")]
    Mismatch {
        key: Box<EntityKey>,
        named: Box<EntityKey>,
    },
    #[error("the system gave no random numbers")]
    Random(#[from] getrandom::Error),
    #[error("the documents could not be read")]
    Reader(#[source] tokio::task::JoinError),
    #[error("the first commit failed")]
    Commit(#[source] demarc_store::CommitError),
}

/// Chunks whose documents are read while the next ones come from the store.
const AHEAD: usize = 4;

/// Everything in the store, and the revision that it stands at.
///
/// Documents are read on several threads; then tables and indexes are made of them, again on several.
pub(crate) async fn load(store: &dyn Store) -> Result<(World, Revision), StartError> {
    let mut entries = store.load().await?;
    let revision = entries.revision();
    let mut entities = Vec::new();
    let mut reading = VecDeque::new();
    loop {
        let chunk = entries.next().await?;
        let is_last = chunk.is_none();
        reading.extend(chunk.map(|chunk| tokio::task::spawn_blocking(|| read_all(chunk))));
        while reading.len() > AHEAD || is_last {
            let Some(read) = reading.pop_front() else {
                let world = tokio::task::spawn_blocking(move || {
                    World::assemble(&entities, |jobs| side_by_side(jobs))
                });
                return Ok((world.await.map_err(StartError::Reader)?, revision));
            };
            entities.append(&mut read.await.map_err(StartError::Reader)??);
        }
    }
}

/// Does the jobs, as many at a time as there are processors.
fn side_by_side(jobs: Vec<Job<'_>>) {
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = Mutex::new(jobs.into_iter());
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                while let Some(job) = next() {
                    job();
                }
            });
        }
    });
}

fn read_all(chunk: Vec<Entry>) -> Result<Vec<Entity>, StartError> {
    let read = |entry: Entry| read(entry.key.as_str(), &entry.value);
    chunk.into_iter().map(read).collect()
}

/// One document as an entity; it has to name itself as it is stored.
pub(crate) fn read(key: &str, document: &[u8]) -> Result<Entity, StartError> {
    let key: EntityKey = key.parse()?;
    let entity = Entity::from_json(&key, document).map_err(|source| StartError::Document {
        key: Box::new(key),
        source,
    })?;
    if entity.key() == key {
        Ok(entity)
    } else {
        Err(StartError::Mismatch {
            key: Box::new(key),
            named: Box::new(entity.key()),
        })
    }
}
