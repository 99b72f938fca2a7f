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
use demarc_types::{AccountId, Region, Timestamp};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::commit::Failure;
use crate::commit_id::Author;
use crate::control::{ControlError, Shared};
use crate::draft::Draft;
use crate::due::Room;
use crate::event_log::EventLog;
use crate::follower::Follower;
use crate::health::{Role, Standing};
use crate::load::{StartError, load};
use crate::options::{Options, SharingOptions};
use crate::pace::Pace;
use crate::round::{Decided, Round};
use crate::snapshot::Snapshot;
use crate::task::Task;
use crate::tenure::Tenure;
use crate::turns::Turns;
use crate::waiting::Waiting;

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
    pub(crate) turns: Turns,
    pub(crate) sharing: SharingOptions,
    pub(crate) waiting: Waiting,
    /// What was decided on top of a commit while that was under way.
    pub(crate) ahead: Option<Round>,
    /// The most that wait here, taken from the queue.
    batch: usize,
    /// There was no room for what is due in the last round.
    due_first: bool,
    pub(crate) pace: Pace,
    /// The last commit failed: ask whether the store is there before trying another one.
    in_doubt: bool,
    rest_until: Instant,
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
    let turns = Turns::new(Author(seeds.next_u32()));
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
        turns,
        sharing: options.sharing,
        waiting: Waiting::new(tasks),
        ahead: None,
        batch: options.batch.max(1),
        due_first: false,
        pace: Pace::new(options.batch),
        in_doubt: false,
        rest_until: Instant::now(),
    };
    writer.found().await?;
    writer.take_role();
    writer.resync();
    tokio::spawn(writer.run());
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
            let mut draft = self.round_on(self.world.clone()).draft;
            let mut context = self.context(&draft.world);
            let (world, changes) = found(&draft.world, &mut context);
            // One small document fits any store.
            let _ = draft.take(world, changes);
            match self.commit(draft, Duration::ZERO, false).await {
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

    async fn run(mut self) {
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
                is_open = self.waiting.arrive(self.batch) => if !is_open { break },
                () = tokio::time::sleep_until(wake) => {}
            }
            self.turn().await;
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

    /// Decides, commits and answers what was asked, in as many rounds as it takes.
    async fn turn(&mut self) {
        let mut deadline = Instant::now() + self.sharing.commit_patience;
        let mut conflicts = 0;
        loop {
            if let Err(error) = self.prepare(deadline).await {
                return self.give_up(&error);
            }
            let mut round = match self.ahead.take() {
                Some(ahead) => ahead,
                None => self.round_on(self.world.clone()),
            };
            self.decide(&mut round);
            let Round {
                draft,
                decided,
                took,
                ..
            } = round;
            tell(decided.len(), took);
            match self.commit(draft, took, !decided.is_empty()).await {
                Ok(()) => {
                    self.pace.committed();
                    for decided in decided {
                        decided.answer();
                    }
                    if self.waiting.is_empty() && self.ahead.is_none() {
                        return;
                    }
                    deadline = Instant::now() + self.sharing.commit_patience;
                    conflicts = 0;
                }
                Err(Failure::Conflict { head }) => {
                    conflicts += 1;
                    if conflicts > 1 {
                        self.pace.lost(decided.len());
                    }
                    self.decide_again(decided);
                    metrics::counter!("demarc_conflicts_total").increment(1);
                    if Instant::now() > deadline {
                        let text = format!("other processes were first {conflicts} times");
                        return self.give_up(&ControlError::Unavailable(text));
                    }
                    if conflicts > 1 {
                        self.back_off(conflicts).await;
                    }
                    if let Err(error) = self.catch_up(head, deadline).await {
                        return self.give_up(&error);
                    }
                }
                Err(Failure::TooLarge(_)) if decided.len() > 1 => {
                    self.decide_again(decided);
                    self.pace.one_by_one();
                }
                Err(Failure::TooLarge(why)) => {
                    let error = ControlError::TooLarge(why.clone());
                    refuse(decided, &error);
                    return self.give_up(&ControlError::Unavailable(why));
                }
                Err(Failure::Lost(error)) => {
                    refuse(decided, &error);
                    self.resync();
                    return self.give_up(&ControlError::Unavailable(error.reason()));
                }
            }
        }
    }

    /// Others would be first most of the time where they write, too. And what is tried one by one has to end.
    pub(crate) fn runs_ahead(&self) -> bool {
        self.store.sharing() == Sharing::Exclusive && self.pace.is_full()
    }

    pub(crate) fn decide_again(&mut self, decided: Vec<Decided>) {
        let tasks = decided.into_iter().map(|decided| decided.task);
        self.waiting.put_back(tasks);
    }

    /// Makes sure that there is a store, that what others wrote there is taken in, and that it is our turn.
    async fn prepare(&mut self, deadline: Instant) -> Result<(), ControlError> {
        if let Some(why) = self.shared.standing.ended() {
            return Err(ControlError::Unavailable(why));
        }
        if self.store.sharing() == Sharing::Exclusive {
            return Ok(());
        }
        if self.in_doubt {
            let head = self.store.head().await;
            head.map_err(|error| self.shared.unread(error))?;
            self.in_doubt = false;
        }
        self.follow_arrived().await?;
        self.await_turn(deadline).await
    }

    /// Meanwhile takes in what others commit, and what is asked for.
    async fn await_turn(&mut self, deadline: Instant) -> Result<(), ControlError> {
        while let Some(turn) = self.turns.mine()
            && Instant::now() < turn.min(deadline)
        {
            let has_room = self.waiting.is_open() && self.waiting.len() < self.batch;
            tokio::select! {
                biased;
                next = self.follower.next(self.revision) => self.follow(next).await?,
                _ = self.waiting.arrive(self.batch), if has_room => {}
                () = tokio::time::sleep_until(turn.min(deadline)) => {}
            }
        }
        Ok(())
    }

    /// Refuses what has not been done.
    fn give_up(&mut self, error: &ControlError) {
        tracing::error!(%error, requests = self.waiting.len(), "a batch was not committed");
        self.shared.standing.refuse_writes(error.to_string());
        self.in_doubt = true;
        self.rest_until = Instant::now() + REST;
        self.waiting.refuse(error);
    }

    /// Decides as much of what waits as there is room for, each on top of the one before, then what is due.
    /// Where requests left it no room, it comes before them the next time, with a part of the room: neither
    /// ever waits for the other to run dry.
    pub(crate) fn decide(&mut self, round: &mut Round) {
        let started = std::time::Instant::now();
        self.mind_lease(&mut round.draft);
        let due_first = std::mem::take(&mut self.due_first);
        if due_first {
            // Three quarters: what requests bring about has to be done as fast as they are.
            let part = self.store.limits().operations / 4 * 3;
            self.do_what_is_due(&mut round.draft, part.max(1));
        }
        while round.has_room(self.pace.requests)
            && let Some(mut task) = self.waiting.next()
        {
            let mut too_large = None;
            let mut context = self.callers_context(&round.draft.world, task.caller());
            let now = context.now;
            if let Some((world, changes)) = task.decide(&round.draft.world, &mut context) {
                match self.accept(&mut round.draft, world, changes, now) {
                    Ok(()) => {}
                    Err(Rejected::Full(_)) => {
                        self.waiting.put_back(std::iter::once(task));
                        round.is_full = true;
                        break;
                    }
                    Err(rejected) => too_large = Some(rejected.to_string()),
                }
            }
            round.decided.push(Decided { task, too_large });
        }
        let room = self.do_what_is_due(&mut round.draft, usize::MAX);
        self.due_first = room == Room::Short;
        round.took += started.elapsed();
    }

    /// Does what is due, where that is for this process to do.
    fn do_what_is_due(&mut self, draft: &mut Draft, most: usize) -> Room {
        if !self.leads() || Instant::now() < self.rest_until {
            return Room::Enough;
        }
        let most = most.min(self.pace.due);
        self.what_is_due(draft, most).unwrap_or_else(|_| {
            self.rest_until = Instant::now() + REST;
            Room::Enough
        })
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

    /// Adds a decision of this moment to the draft and tells the fabric.
    pub(crate) fn accept(
        &mut self,
        draft: &mut Draft,
        world: World,
        changes: Vec<Change>,
        moment: Timestamp,
    ) -> Result<(), Rejected> {
        if changes.is_empty() {
            return Ok(());
        }
        let first = draft.changes.len();
        let before = draft.take(world, changes)?;
        let changes = &draft.changes[first..];
        if self.store.sharing() == Sharing::Exclusive {
            // In the order in which they are told, whenever they were due.
            let now = self.shared.now(&draft.world);
            let events = event::between(&before, &draft.world, changes, now);
            draft.events.extend(events);
        }
        let mut keys = changes.iter().map(Change::key);
        self.fabric.touched(&draft.world, &mut keys, moment);
        Ok(())
    }

    /// A round that builds on this World.
    pub(crate) fn round_on(&self, world: World) -> Round {
        Round::new(Draft::new(world, self.store.limits()))
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

fn refuse(decided: Vec<Decided>, error: &ControlError) {
    for decided in decided {
        decided.refuse(error);
    }
}

fn tell(requests: usize, took: Duration) {
    metrics::histogram!("demarc_batch_requests")
        .record(f64::from(u32::try_from(requests).unwrap_or(u32::MAX)));
    metrics::histogram!("demarc_batch_decide_seconds").record(took.as_secs_f64());
}

/// On whose behalf the service itself acts.
fn operator() -> (AccountId, Region) {
    (
        AccountId::DEVELOPMENT,
        "operator".parse().expect("the name is well formed"),
    )
}
