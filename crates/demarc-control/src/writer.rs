//! The task that owns the World.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bytes::Bytes;
use demarc_domain::entity::Change;
use demarc_domain::event::{self, Event};
use demarc_domain::fabric::Fabric;
use demarc_domain::{Context, IdSource, World, fire, found, next_deadline, observe};
use demarc_store::{
    Batch, BatchBuilder, Change as StoreChange, CommitError, CommitId, Key, Rejected, Revision,
    SharedStore,
};
use demarc_types::{AccountId, Region};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::sync::mpsc;

use crate::control::{ControlError, Shared};
use crate::event_log::EventLog;
use crate::load::{StartError, load};
use crate::options::Options;
use crate::snapshot::Snapshot;
use crate::task::Task;

/// Deadlines and reports handled behind one batch of requests; more wait for the next batch.
const STEPS: usize = 1_000;
/// How often a commit whose outcome is unknown is asked about before giving up.
const QUESTIONS: u32 = 5;

struct Writer {
    store: SharedStore,
    shared: Arc<Shared>,
    fabric: Box<dyn Fabric>,
    seeds: ChaCha12Rng,
    /// The last committed World.
    world: World,
    revision: Revision,
    batch: usize,
}

/// A batch in the making: the World after all its decisions, and their changes.
struct Draft {
    world: World,
    builder: BatchBuilder,
    changes: Vec<Change>,
    /// Step by step: a state that lasts for one step only is seen all the same.
    events: Vec<Event>,
}

pub(crate) async fn start(
    store: SharedStore,
    options: Options,
    tasks: mpsc::Receiver<Box<dyn Task>>,
) -> Result<Arc<Shared>, StartError> {
    let (world, revision) = load(store.as_ref()).await?;
    let seed = match options.seed {
        Some(seed) => seed,
        None => {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed)?;
            seed
        }
    };
    let shared = Arc::new(Shared {
        snapshot: ArcSwap::from_pointee(Snapshot {
            world: world.clone(),
            revision,
        }),
        settings: options.settings,
        clock: options.clock,
        routes: options.fabric.routes(),
        events: EventLog::new(options.events, revision),
    });
    let mut writer = Writer {
        store,
        shared: Arc::clone(&shared),
        fabric: options.fabric,
        seeds: ChaCha12Rng::from_seed(seed),
        world,
        revision,
        batch: options.batch.max(1),
    };
    writer.found().await?;
    writer.resync();
    tokio::spawn(writer.run(tasks));
    Ok(shared)
}

impl Writer {
    /// A new store gets its first document.
    async fn found(&mut self) -> Result<(), StartError> {
        if self.world.service().is_some() {
            return Ok(());
        }
        let mut draft = self.draft();
        let mut context = self.context(&draft.world, operator());
        let (world, changes) = found(&draft.world, &mut context);
        // One small document fits any store.
        let _ = draft.take(world, changes);
        self.commit(draft)
            .await
            .map_err(|error| StartError::Commit(CommitError::Unavailable(error.to_string().into())))
    }

    /// Shows the fabric everything there is.
    fn resync(&mut self) {
        let now = self.shared.now(&self.world);
        let world = self.world.clone();
        let mut keys = world.entities().map(|entity| entity.key());
        self.fabric.touched(&world, &mut keys, now);
    }

    async fn run(mut self, mut tasks: mpsc::Receiver<Box<dyn Task>>) {
        let mut waiting = Vec::with_capacity(self.batch);
        loop {
            let sleep = self.until_due();
            tokio::select! {
                biased;
                count = tasks.recv_many(&mut waiting, self.batch) => if count == 0 { break },
                () = tokio::time::sleep(sleep) => {}
            }
            let taken = std::mem::take(&mut waiting);
            self.turn(taken).await;
        }
        tracing::debug!("the writer has ended");
    }

    /// How long nothing will happen by itself.
    fn until_due(&self) -> Duration {
        let due = next_deadline(&self.world)
            .into_iter()
            .chain(self.fabric.next_report())
            .min();
        let Some(due) = due else {
            return Duration::from_secs(3_600);
        };
        let left = due - self.shared.now(&self.world);
        Duration::from_millis(u64::try_from(left.millis()).unwrap_or(0))
            .min(Duration::from_secs(3_600))
    }

    /// Decides, commits and answers one batch.
    async fn turn(&mut self, mut tasks: Vec<Box<dyn Task>>) {
        let started = Instant::now();
        let mut draft = self.draft();
        let mut too_large = Vec::new();
        for (number, task) in tasks.iter_mut().enumerate() {
            let mut context = self.context(&draft.world, task.caller());
            if let Some((world, changes)) = task.decide(&draft.world, &mut context) {
                if let Err(rejected) = self.accept(&mut draft, world, changes) {
                    too_large.push((number, rejected.to_string()));
                }
            }
        }
        self.what_is_due(&mut draft);
        metrics::histogram!("demarc_batch_requests")
            .record(f64::from(u32::try_from(tasks.len()).unwrap_or(u32::MAX)));
        metrics::histogram!("demarc_batch_decide_seconds").record(started.elapsed().as_secs_f64());
        let outcome = self.commit(draft).await;
        if let Err(error) = &outcome {
            tracing::error!(%error, requests = tasks.len(), "a batch was not committed");
            // The fabric saw a World that did not come to be.
            self.resync();
        }
        for (number, task) in tasks.into_iter().enumerate() {
            let rejected = too_large.iter().find(|(which, _)| *which == number);
            task.answer(match rejected {
                Some((_, why)) => Err(ControlError::TooLarge(why.clone())),
                None => outcome.clone(),
            });
        }
    }

    /// Adds a decision to the draft and tells the fabric.
    fn accept(
        &mut self,
        draft: &mut Draft,
        world: World,
        changes: Vec<Change>,
    ) -> Result<(), Rejected> {
        let before = draft.world.clone();
        let first = draft.changes.len();
        draft.take(world, changes)?;
        let now = self.shared.now(&draft.world);
        let changes = &draft.changes[first..];
        draft.events.extend(event::between(&before, &draft.world, changes, now));
        let mut keys = changes.iter().map(Change::key);
        self.fabric.touched(&draft.world, &mut keys, now);
        Ok(())
    }

    /// Fires deadlines and takes reports until nothing is due any more.
    fn what_is_due(&mut self, draft: &mut Draft) {
        for _ in 0..STEPS {
            let now = self.shared.now(&draft.world);
            let mut idle = true;
            if next_deadline(&draft.world).is_some_and(|at| at <= now) {
                let mut context = self.context(&draft.world, operator());
                let (world, changes) = fire(&draft.world, &mut context, 1);
                idle = changes.is_empty() || self.accept(draft, world, changes).is_err();
            }
            if self.fabric.next_report().is_some_and(|at| at <= now) {
                let reports = self.fabric.poll(&draft.world, now);
                let mut context = self.context(&draft.world, operator());
                let (world, changes) = observe(&draft.world, &mut context, &reports);
                idle &= changes.is_empty() || self.accept(draft, world, changes).is_err();
            }
            if idle {
                break;
            }
        }
    }

    fn draft(&self) -> Draft {
        Draft {
            world: self.world.clone(),
            builder: BatchBuilder::new(self.store.limits()),
            changes: Vec::new(),
            events: Vec::new(),
        }
    }

    fn context(&mut self, world: &World, (account, region): (AccountId, Region)) -> Context {
        let mut seed = [0; 32];
        self.seeds.fill_bytes(&mut seed);
        Context {
            account,
            region,
            now: self.shared.now(world),
            ids: IdSource::new(seed),
            settings: Arc::clone(&self.shared.settings),
            routes: Arc::clone(&self.shared.routes),
        }
    }

    /// Makes the draft durable, and then visible.
    async fn commit(&mut self, draft: Draft) -> Result<(), ControlError> {
        if draft.changes.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let mut id = [0; 16];
        self.seeds.fill_bytes(&mut id);
        let batch = draft.builder.finish(CommitId::new(u128::from_le_bytes(id)));
        let revision = self.store_commit(batch).await?;
        metrics::histogram!("demarc_commit_seconds").record(started.elapsed().as_secs_f64());
        metrics::counter!("demarc_changes_total")
            .increment(u64::try_from(draft.changes.len()).unwrap_or(0));
        self.world = draft.world;
        self.revision = revision;
        self.shared.snapshot.store(Arc::new(Snapshot {
            world: self.world.clone(),
            revision,
        }));
        self.shared.events.append(revision, draft.events);
        Ok(())
    }

    /// Commits, and asks again while the outcome is unknown: repeating a commit is safe.
    async fn store_commit(&self, batch: Batch) -> Result<Revision, ControlError> {
        let mut wait = Duration::from_millis(10);
        let mut questions = 0;
        loop {
            match self.store.commit(self.revision, batch.clone()).await {
                Ok(revision) => return Ok(revision),
                Err(error @ CommitError::Unknown(_)) if questions < QUESTIONS => {
                    tracing::warn!(%error, "asking the store again");
                    questions += 1;
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                Err(error @ CommitError::Unknown(_)) => {
                    return Err(ControlError::Unknown(error.to_string()));
                }
                Err(error @ CommitError::TooLarge(_)) => {
                    return Err(ControlError::TooLarge(error.to_string()));
                }
                Err(error) => return Err(ControlError::Unavailable(error.to_string())),
            }
        }
    }
}

impl Draft {
    /// Appends a decision; one that does not fit changes nothing.
    fn take(&mut self, world: World, changes: Vec<Change>) -> Result<(), Rejected> {
        if changes.is_empty() {
            return Ok(());
        }
        self.builder.push(changes.iter().map(stored).collect())?;
        self.changes.extend(changes);
        self.world = world;
        Ok(())
    }
}

/// A change as the store takes it.
fn stored(change: &Change) -> StoreChange {
    let key = Key::new(change.key().to_string()).expect("entity keys are well-formed store keys");
    match change {
        Change::Put(entity) => StoreChange::Put {
            key,
            value: Bytes::from(entity.to_json()),
        },
        Change::Remove(_) => StoreChange::Delete { key },
    }
}

/// On whose behalf the service itself acts.
fn operator() -> (AccountId, Region) {
    (
        AccountId::DEVELOPMENT,
        "operator".parse().expect("the name is well formed"),
    )
}
