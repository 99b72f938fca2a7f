//! The task that owns the World.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use demarc_domain::entity::{Change, Entity};
use demarc_domain::event;
use demarc_domain::fabric::Fabric;
use demarc_domain::{Context, IdSource, Report, World, found, next_deadline};
use demarc_store::{CommitError, Rejected, Revision, SharedStore, Sharing};
use demarc_types::{AccountId, Region};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::commit::Failure;
use crate::control::{ControlError, Shared};
use crate::draft::Draft;
use crate::event_log::EventLog;
use crate::follower::Follower;
use crate::health::{Role, Standing};
use crate::load::{StartError, load};
use crate::options::{Options, SharingOptions};
use crate::snapshot::Snapshot;
use crate::task::Task;
use crate::tenure::Tenure;

/// How long nothing is begun after a failure, but for requests.
const REST: Duration = Duration::from_secs(1);
/// The longest wait for nothing in particular.
const IDLE: Duration = Duration::from_secs(3_600);

pub(crate) struct Writer {
    pub(crate) store: SharedStore,
    pub(crate) shared: Arc<Shared>,
    pub(crate) fabric: Box<dyn Fabric>,
    /// What callers' ids and keys come from: nothing else may draw from it, so that these follow from the
    /// seed and the requests alone, whatever falls due between them.
    callers_seeds: ChaCha12Rng,
    /// For everything else.
    pub(crate) seeds: ChaCha12Rng,
    /// The last committed World, as far as this process knows.
    pub(crate) world: World,
    pub(crate) revision: Revision,
    /// What the fabric said and is not in the World.
    pub(crate) reports: VecDeque<Report>,
    pub(crate) follower: Follower,
    pub(crate) tenure: Tenure,
    pub(crate) sharing: SharingOptions,
    batch: usize,
    /// The last commit failed: ask whether the store is there before trying another one.
    in_doubt: bool,
    rest_until: Instant,
}

/// What became of the tasks that were looked at.
struct Round {
    draft: Draft,
    /// So many are decided; the others did not fit.
    taken: usize,
    /// These can never be committed.
    too_large: Vec<(usize, String)>,
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
    let role = match store.sharing() {
        Sharing::Exclusive => Role::Alone,
        Sharing::Shared => Role::Follower,
    };
    let shared = Arc::new(Shared {
        store: SharedStore::clone(&store),
        snapshot: ArcSwap::from_pointee(Snapshot {
            world: world.clone(),
            revision,
        }),
        applied: watch::Sender::new(revision),
        standing: Standing::new(role),
        sharing: options.sharing,
        settings: options.settings,
        clock: options.clock,
        routes: options.fabric.routes(),
        events: EventLog::new(options.events, revision),
    });
    let callers_seeds = ChaCha12Rng::from_seed(seed);
    let mut seeds = callers_seeds.clone();
    seeds.set_stream(1);
    let follower = Follower::new(SharedStore::clone(&store));
    let tenure = tenure(&store, options.sharing.lease, &mut seeds);
    let mut writer = Writer {
        store,
        shared: Arc::clone(&shared),
        fabric: options.fabric,
        callers_seeds,
        seeds,
        world,
        revision,
        reports: VecDeque::new(),
        follower,
        tenure,
        sharing: options.sharing,
        batch: options.batch.max(1),
        in_doubt: false,
        rest_until: Instant::now(),
    };
    writer.found().await?;
    writer.take_role();
    writer.resync();
    tokio::spawn(writer.run(tasks));
    Ok(shared)
}

/// A process that is alone needs no name.
fn tenure(store: &SharedStore, patience: Duration, seeds: &mut ChaCha12Rng) -> Tenure {
    match store.sharing() {
        Sharing::Exclusive => Tenure::new(String::new(), patience, 0),
        Sharing::Shared => {
            let name = format!("{:016x}", seeds.next_u64());
            Tenure::new(name, patience, seeds.next_u32())
        }
    }
}

impl Writer {
    /// A new store gets its first document.
    async fn found(&mut self) -> Result<(), StartError> {
        let failed = |error: String| StartError::Commit(CommitError::Unavailable(error.into()));
        let deadline = Instant::now() + self.sharing.commit_patience;
        while self.world.service().is_none() {
            let mut draft = self.draft();
            let mut context = self.context(&draft.world);
            let (world, changes) = found(&draft.world, &mut context);
            // One small document fits any store.
            let _ = draft.take(world, changes);
            match self.commit(draft, false).await {
                Ok(()) => {}
                Err(Failure::Conflict { head }) => {
                    let caught_up = self.catch_up(head, deadline).await;
                    caught_up.map_err(|error| failed(error.reason()))?;
                }
                Err(Failure::TooLarge(why)) => return Err(failed(why)),
                Err(Failure::Lost(error)) => return Err(failed(error.reason())),
            }
        }
        Ok(())
    }

    /// Shows the fabric everything there is.
    pub(crate) fn resync(&mut self) {
        let now = self.shared.now(&self.world);
        self.fabric.resync(&self.world, now);
    }

    async fn run(mut self, mut tasks: mpsc::Receiver<Box<dyn Task>>) {
        let mut waiting = Vec::with_capacity(self.batch);
        loop {
            let follows =
                self.store.sharing() == Sharing::Shared && self.shared.standing.ended().is_none();
            let wake = self.wake_at();
            tokio::select! {
                biased;
                next = self.follower.next(self.revision), if follows => {
                    if let Err(error) = self.follow(next).await {
                        tracing::warn!(%error, "cannot follow the store");
                    }
                    continue;
                }
                count = tasks.recv_many(&mut waiting, self.batch) => if count == 0 { break },
                () = tokio::time::sleep_until(wake) => {}
            }
            let taken = std::mem::take(&mut waiting);
            self.turn(taken).await;
        }
        tracing::debug!("the writer has ended");
    }

    /// When something happens by itself.
    fn wake_at(&self) -> Instant {
        let now = Instant::now();
        if self.shared.standing.ended().is_some() {
            return now + IDLE;
        }
        let mut at = now + IDLE;
        if self.leads() {
            let due = next_deadline(&self.world)
                .into_iter()
                .chain(self.fabric.next_report())
                .min();
            if let Some(due) = due {
                let left = due - self.shared.now(&self.world);
                let left = Duration::from_millis(u64::try_from(left.millis()).unwrap_or(0));
                at = at.min(now + left.min(IDLE));
            }
            if !self.reports.is_empty() {
                at = now;
            }
        }
        if self.store.sharing() == Sharing::Shared && !self.shared.standing.is_retired() {
            at = at.min(self.tenure.due(self.world.lease().map(AsRef::as_ref)));
        }
        at.max(self.rest_until)
    }

    /// Decides, commits and answers what was asked, in as many batches as it takes.
    async fn turn(&mut self, tasks: Vec<Box<dyn Task>>) {
        let mut tasks = VecDeque::from(tasks);
        let mut most = tasks.len();
        let mut deadline = Instant::now() + self.sharing.commit_patience;
        let mut conflicts = 0;
        loop {
            if let Err(error) = self.prepare().await {
                return self.give_up(tasks, &error);
            }
            let round = self.decide(&mut tasks, most);
            let outcome = self.commit(round.draft, round.taken > 0).await;
            match outcome {
                Ok(()) => {
                    for (number, task) in tasks.drain(..round.taken).enumerate() {
                        let rejected = round.too_large.iter().find(|(which, _)| *which == number);
                        task.answer(match rejected {
                            Some((_, why)) => Err(ControlError::TooLarge(why.clone())),
                            None => Ok(()),
                        });
                    }
                    if tasks.is_empty() {
                        return;
                    }
                    deadline = Instant::now() + self.sharing.commit_patience;
                }
                Err(Failure::Conflict { head }) => {
                    conflicts += 1;
                    metrics::counter!("demarc_conflicts_total").increment(1);
                    if Instant::now() > deadline {
                        let text = format!("other processes were first {conflicts} times");
                        return self.give_up(tasks, &ControlError::Unavailable(text));
                    }
                    if conflicts > 1 {
                        self.back_off(conflicts).await;
                    }
                    if let Err(error) = self.catch_up(head, deadline).await {
                        return self.give_up(tasks, &error);
                    }
                }
                Err(Failure::TooLarge(_)) if round.taken > 1 => most = 1,
                Err(Failure::TooLarge(why)) => {
                    for task in tasks.drain(..round.taken) {
                        task.answer(Err(ControlError::TooLarge(why.clone())));
                    }
                    return self.give_up(tasks, &ControlError::Unavailable(why));
                }
                Err(Failure::Lost(error)) => {
                    for task in tasks.drain(..round.taken) {
                        task.answer(Err(error.clone()));
                    }
                    self.resync();
                    return self.give_up(tasks, &ControlError::Unavailable(error.reason()));
                }
            }
        }
    }

    /// Makes sure that there is a store, and that what others wrote there is taken in.
    async fn prepare(&mut self) -> Result<(), ControlError> {
        if let Some(why) = self.shared.standing.ended() {
            return Err(ControlError::Unavailable(why));
        }
        if self.store.sharing() == Sharing::Exclusive {
            return Ok(());
        }
        if self.in_doubt {
            self.store.head().await?;
            self.in_doubt = false;
        }
        self.follow_arrived().await
    }

    /// Refuses what has not been done.
    fn give_up(&mut self, tasks: VecDeque<Box<dyn Task>>, error: &ControlError) {
        tracing::error!(%error, requests = tasks.len(), "a batch was not committed");
        self.shared.standing.refuse_writes(error.to_string());
        self.in_doubt = true;
        self.rest_until = Instant::now() + REST;
        for task in tasks {
            task.answer(Err(error.clone()));
        }
    }

    /// Decides as many of the tasks as fit, each on top of the one before, then what is due.
    fn decide(&mut self, tasks: &mut VecDeque<Box<dyn Task>>, most: usize) -> Round {
        let started = std::time::Instant::now();
        let mut draft = self.draft();
        let mut too_large = Vec::new();
        let mut taken = 0;
        self.mind_lease(&mut draft);
        for (number, task) in tasks.iter_mut().take(most.max(1)).enumerate() {
            let mut context = self.callers_context(&draft.world, task.caller());
            if let Some((world, changes)) = task.decide(&draft.world, &mut context) {
                match self.accept(&mut draft, world, changes) {
                    Ok(()) => {}
                    Err(Rejected::Full(_)) => break,
                    Err(rejected) => too_large.push((number, rejected.to_string())),
                }
            }
            taken = number + 1;
        }
        if self.leads()
            && Instant::now() >= self.rest_until
            && self.what_is_due(&mut draft).is_err()
        {
            self.rest_until = Instant::now() + REST;
        }
        metrics::histogram!("demarc_batch_requests")
            .record(f64::from(u32::try_from(taken).unwrap_or(u32::MAX)));
        metrics::histogram!("demarc_batch_decide_seconds").record(started.elapsed().as_secs_f64());
        Round {
            draft,
            taken,
            too_large,
        }
    }

    /// Shows a sign of life, takes the lease over or gives it up, whichever it is time for.
    fn mind_lease(&mut self, draft: &mut Draft) {
        if self.store.sharing() == Sharing::Exclusive {
            return;
        }
        let lease = draft.world.lease().map(AsRef::as_ref);
        let next = if self.shared.standing.is_retired() {
            self.tenure.given_up(lease)
        } else {
            self.tenure.step(lease)
        };
        if let Some(next) = next {
            let change = Change::Put(Entity::from(next));
            let mut world = draft.world.clone();
            world.apply(&change);
            // The first change of a batch, and a small one.
            let _ = draft.take(world, vec![change]);
        }
    }

    /// Adds a decision to the draft and tells the fabric.
    pub(crate) fn accept(
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
        if self.store.sharing() == Sharing::Exclusive {
            let events = event::between(&before, &draft.world, changes, now);
            draft.events.extend(events);
        }
        let mut keys = changes.iter().map(Change::key);
        self.fabric.touched(&draft.world, &mut keys, now);
        Ok(())
    }

    fn draft(&self) -> Draft {
        Draft::new(self.world.clone(), self.store.limits())
    }

    /// For what the service does by itself.
    pub(crate) fn context(&mut self, world: &World) -> Context {
        let mut seed = [0; 32];
        self.seeds.fill_bytes(&mut seed);
        self.context_from(seed, world, operator())
    }

    fn callers_context(&mut self, world: &World, caller: (AccountId, Region)) -> Context {
        let mut seed = [0; 32];
        self.callers_seeds.fill_bytes(&mut seed);
        self.context_from(seed, world, caller)
    }

    fn context_from(
        &self,
        seed: [u8; 32],
        world: &World,
        (account, region): (AccountId, Region),
    ) -> Context {
        Context {
            account,
            region,
            now: self.shared.now(world),
            ids: IdSource::new(seed),
            settings: Arc::clone(&self.shared.settings),
            routes: Arc::clone(&self.shared.routes),
        }
    }
}

/// On whose behalf the service itself acts.
fn operator() -> (AccountId, Region) {
    (
        AccountId::DEVELOPMENT,
        "operator".parse().expect("the name is well formed"),
    )
}
