//! The handle that everyone holds.

use std::sync::Arc;

use arc_swap::ArcSwap;
use demarc_api::{Request as ApiRequest, Response};
use demarc_domain::{Context, IdSource, Order, Refusal, Report, RouteSource, Settings, World};
use demarc_store::{CommitError, ReadError, Revision, SharedStore, Sharing};
use demarc_types::{AccountId, Region, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::commit::Failure;
use crate::event_log::EventLog;
use crate::health::Standing;
use crate::load::StartError;
use crate::options::{Options, SharingOptions};
use crate::snapshot::Snapshot;
use crate::task::{Request, Task, Verdict};
use crate::writer;

/// A control plane. Clones share one writer.
#[derive(Clone)]
pub struct Control {
    queue: mpsc::Sender<Box<dyn Task>>,
    pub(crate) shared: Arc<Shared>,
}

/// What the writer publishes and everyone reads.
pub(crate) struct Shared {
    pub(crate) store: SharedStore,
    pub(crate) snapshot: ArcSwap<Snapshot>,
    /// The revision of the snapshot, for those who wait for it.
    pub(crate) applied: watch::Sender<Revision>,
    pub(crate) standing: Standing,
    pub(crate) sharing: SharingOptions,
    pub(crate) settings: Arc<Settings>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) routes: Arc<dyn RouteSource>,
    pub(crate) events: EventLog,
}

impl Shared {
    /// The service's time: the machine's, put forward as far as it was told.
    pub(crate) fn now(&self, world: &World) -> Timestamp {
        let now = self.clock.now();
        world
            .service()
            .map_or(now, |service| now + service.clock_offset)
    }
}

/// Reports in one decision: together they fit into any store's commit.
const REPORTS: usize = 32;

/// The request was not carried out, or it is not known whether it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// Nothing was changed.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The change may have been made or not.
    #[error("the store did not say whether the change was made: {0}")]
    Unknown(String),
    /// The decision is too large for the store; nothing was changed.
    #[error("the change is too large for the store: {0}")]
    TooLarge(String),
    /// The writer has ended; nothing was changed.
    #[error("the service is stopping")]
    Stopped,
}

impl ControlError {
    /// The store's word, without what the variant says already.
    pub(crate) fn reason(self) -> String {
        match self {
            Self::Unavailable(text) | Self::Unknown(text) | Self::TooLarge(text) => text,
            Self::Stopped => self.to_string(),
        }
    }
}

impl Shared {
    /// Nothing can be served any more: what is in the store cannot be understood.
    pub(crate) fn end(&self, why: &dyn std::fmt::Display) -> ControlError {
        let text = format!("this process cannot go on: {why}");
        if self.standing.end(text.clone()) {
            tracing::error!("{text}");
        }
        ControlError::Unavailable(text)
    }

    /// The store could not be read. Damage ends this process where others write too: what it knows is no longer
    /// what they know.
    pub(crate) fn unread(&self, error: ReadError) -> ControlError {
        match error {
            ReadError::Corrupted(_) if self.store.sharing() == Sharing::Shared => {
                self.end(&with_causes(&error))
            }
            _ => error.into(),
        }
    }

    /// The same of a commit.
    pub(crate) fn uncommitted(&self, error: CommitError) -> Failure {
        match error {
            CommitError::Corrupted(_) if self.store.sharing() == Sharing::Shared => {
                Failure::Lost(self.end(&with_causes(&error)))
            }
            _ => error.into(),
        }
    }
}

impl From<ReadError> for ControlError {
    fn from(error: ReadError) -> Self {
        Self::Unavailable(match &error {
            ReadError::Unavailable(cause) => with_causes(cause.as_ref()),
            ReadError::Corrupted(_) | ReadError::ImportUnfinished => with_causes(&error),
        })
    }
}

/// The error and why.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

impl Control {
    /// Loads the store and starts the writer on the current runtime.
    ///
    /// # Errors
    /// [`StartError`] when the store cannot be read or does not hold what this version understands.
    pub async fn start(store: SharedStore, options: Options) -> Result<Self, StartError> {
        let (queue, tasks) = mpsc::channel(options.queue);
        let shared = writer::start(store, options, tasks).await?;
        Ok(Self { queue, shared })
    }

    /// The World as of the last commit that this process knows of; see [`Control::read`].
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    /// The time of the service.
    pub fn now(&self) -> Timestamp {
        self.shared.now(&self.shared.snapshot.load().world)
    }

    pub fn settings(&self) -> &Arc<Settings> {
        &self.shared.settings
    }

    /// The stream of state changes.
    pub fn events(&self) -> &EventLog {
        &self.shared.events
    }

    /// A context for reads on behalf of `account`. Reads make no ids.
    pub fn context(&self, account: AccountId, region: Region) -> Context {
        Context {
            account,
            region,
            now: self.now(),
            ids: IdSource::new([0; 32]),
            settings: Arc::clone(&self.shared.settings),
            routes: Arc::clone(&self.shared.routes),
        }
    }

    /// What the fabric says of routes.
    pub fn routes(&self) -> &dyn RouteSource {
        self.shared.routes.as_ref()
    }

    /// Answers a read from the current snapshot. Wait for [`Control::read`] before, to miss nothing that
    /// another process has answered.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn query(
        &self,
        account: AccountId,
        region: Region,
        request: &ApiRequest,
    ) -> Result<Response, Refusal> {
        let snapshot = self.shared.snapshot.load();
        demarc_domain::query(&snapshot.world, &self.context(account, region), request)
    }

    /// Decides and commits a request of the Direct Connect API.
    ///
    /// # Errors
    /// The outer error tells of the store, the inner one is the refusal.
    pub async fn decide(
        &self,
        account: AccountId,
        region: Region,
        request: ApiRequest,
    ) -> Result<Result<Response, Refusal>, ControlError> {
        self.submit(account, region, move |world, context| {
            let decision = demarc_domain::decide(world, context, &request)?;
            Ok((decision.world, decision.changes, decision.response))
        })
        .await
    }

    /// Carries out an operator's order.
    ///
    /// # Errors
    /// As [`Control::decide`].
    pub async fn command(&self, order: Order) -> Result<Result<(), Refusal>, ControlError> {
        self.submit(
            AccountId::DEVELOPMENT,
            operator_region(),
            move |world, context| {
                demarc_domain::command(world, context, &order)
                    .map(|(world, changes)| (world, changes, ()))
            },
        )
        .await
    }

    /// Takes in what an edge outside this process reports. Reports stand each for itself, so many of them may
    /// become several commits.
    ///
    /// # Errors
    /// [`ControlError`]; report everything again then.
    pub async fn report(&self, reports: Vec<Report>) -> Result<(), ControlError> {
        for some in reports.chunks(REPORTS) {
            self.report_together(some.to_vec()).await?;
        }
        Ok(())
    }

    pub(crate) async fn report_together(&self, reports: Vec<Report>) -> Result<(), ControlError> {
        let taken = self.submit(
            AccountId::DEVELOPMENT,
            operator_region(),
            move |world, context| {
                let (world, changes) = demarc_domain::observe(world, context, &reports);
                Ok::<_, std::convert::Infallible>((world, changes, ()))
            },
        );
        taken.await.map(|result| match result {
            Ok(()) => (),
            Err(never) => match never {},
        })
    }

    /// Hands any decision to the writer and waits until it is durable.
    ///
    /// # Errors
    /// The outer error tells of the store, the inner one is the decision's own.
    pub async fn submit<T, E, F>(
        &self,
        account: AccountId,
        region: Region,
        decide: F,
    ) -> Result<Result<T, E>, ControlError>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&World, &mut Context) -> Verdict<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task = Request {
            caller: (account, region),
            decide,
            verdict: None,
            reply,
        };
        self.queue
            .send(Box::new(task))
            .await
            .map_err(|_| ControlError::Stopped)?;
        answer.await.map_err(|_| ControlError::Stopped)?
    }
}

/// Orders and reports belong to no Region; the name is never shown.
fn operator_region() -> Region {
    "operator".parse().expect("the name is well formed")
}
