//! An engine that misbehaves on demand, around any other.
//!
//! For the conformance suite and for simulators: what happens is decided by a plan, call by call, so a
//! seed or a script repeats it. Waiting uses tokio's clock, which a test may pause.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use crate::error::Reason;
use crate::{
    Batch, BoxFuture, Cause, CommitError, CommitSender, Commits, Entries, Limits, ReadError,
    Revision, SharedStore, Sharing, Store, WatchError,
};

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// [`Store::load`]
    Load,
    /// [`Store::commit`]
    Commit,
    /// [`Store::watch`]
    Watch,
    /// [`Store::head`]
    Head,
}

/// What goes wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It takes longer: a watch delivers each commit that much later.
    Delay(Duration),
    /// The engine refuses before anything happened. A watch or a read is refused too.
    FailBefore,
    /// It takes so long to refuse; nothing happened.
    FailLater(Duration),
    /// The commit takes effect, but nobody says so. Other calls just fail.
    LoseReply,
    /// Nobody says anything, and the commit reaches the engine only after this time. Other calls just fail.
    CommitLater(Duration),
    /// A watch breaks off after this many commits. No effect on other calls.
    BreakAfter(usize),
}

type Plan = Box<dyn FnMut(Call) -> Fault + Send>;

/// A store whose plan decides what goes wrong.
pub struct Faulty {
    inner: SharedStore,
    plan: Mutex<Plan>,
}

impl Faulty {
    /// Asks `plan` before each call.
    pub fn new(inner: SharedStore, plan: impl FnMut(Call) -> Fault + Send + 'static) -> Self {
        Self {
            inner,
            plan: Mutex::new(Box::new(plan)),
        }
    }

    /// These faults for the next commits, then none. Other calls are not disturbed.
    pub fn script(inner: SharedStore, faults: impl IntoIterator<Item = Fault>) -> Self {
        let mut faults = faults.into_iter().collect::<Vec<_>>().into_iter();
        Self::new(inner, move |call| match call {
            Call::Commit => faults.next().unwrap_or(Fault::None),
            _ => Fault::None,
        })
    }

    /// Random faults of every kind, the same for the same seed and order of calls.
    ///
    /// `percent` of the calls are disturbed; nothing takes longer than `longest`.
    pub fn random(inner: SharedStore, seed: u64, percent: u64, longest: Duration) -> Self {
        let mut dice = Dice(seed);
        Self::new(inner, move |_| {
            if dice.below(100) >= percent {
                return Fault::None;
            }
            let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
            let time = Duration::from_millis(dice.below(millis.saturating_add(1)));
            match dice.below(5) {
                0 => Fault::Delay(time),
                1 => Fault::FailBefore,
                2 => Fault::LoseReply,
                3 => Fault::CommitLater(time),
                _ => Fault::BreakAfter(usize::try_from(dice.below(4)).unwrap_or(0)),
            }
        })
    }

    fn fault(&self, call: Call) -> Fault {
        let plan = self.plan.lock();
        let mut plan = plan.unwrap_or_else(PoisonError::into_inner);
        plan(call)
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Faulty").field(&self.inner).finish()
    }
}

impl Store for Faulty {
    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    fn sharing(&self) -> Sharing {
        self.inner.sharing()
    }

    fn load(&self) -> BoxFuture<'_, Result<Entries, ReadError>> {
        let fault = self.fault(Call::Load);
        Box::pin(async move {
            pass(fault).await.map_err(ReadError::Unavailable)?;
            self.inner.load().await
        })
    }

    fn commit(&self, at: Revision, batch: Batch) -> BoxFuture<'_, Result<Revision, CommitError>> {
        let fault = self.fault(Call::Commit);
        Box::pin(async move {
            match fault {
                Fault::None | Fault::BreakAfter(_) => {}
                Fault::Delay(time) => sleep(time).await,
                Fault::FailBefore => return Err(CommitError::Unavailable(injected())),
                Fault::FailLater(time) => {
                    sleep(time).await;
                    return Err(CommitError::Unavailable(injected()));
                }
                Fault::LoseReply => {
                    let _lost = self.inner.commit(at, batch).await;
                    return Err(CommitError::Unknown(injected()));
                }
                Fault::CommitLater(time) => {
                    let inner = SharedStore::clone(&self.inner);
                    tokio::spawn(async move {
                        sleep(time).await;
                        let _lost = inner.commit(at, batch).await;
                    });
                    return Err(CommitError::Unknown(injected()));
                }
            }
            self.inner.commit(at, batch).await
        })
    }

    fn watch(&self, from: Revision) -> BoxFuture<'_, Result<Commits, WatchError>> {
        let fault = self.fault(Call::Watch);
        Box::pin(async move {
            let (left, delay) = match fault {
                Fault::BreakAfter(commits) => (commits, Duration::ZERO),
                Fault::Delay(time) => (usize::MAX, time),
                fault => {
                    pass(fault).await.map_err(WatchError::Unavailable)?;
                    return self.inner.watch(from).await;
                }
            };
            let source = self.inner.watch(from).await?;
            let (sender, commits) = Commits::channel();
            tokio::spawn(forward(source, sender, left, delay));
            Ok(commits)
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<Revision, ReadError>> {
        let fault = self.fault(Call::Head);
        Box::pin(async move {
            pass(fault).await.map_err(ReadError::Unavailable)?;
            self.inner.head().await
        })
    }
}

/// What a fault does to a call that changes nothing.
async fn pass(fault: Fault) -> Result<(), Cause> {
    match fault {
        Fault::None | Fault::BreakAfter(_) => Ok(()),
        Fault::Delay(time) => {
            sleep(time).await;
            Ok(())
        }
        Fault::FailLater(time) => {
            sleep(time).await;
            Err(injected())
        }
        Fault::FailBefore | Fault::LoseReply | Fault::CommitLater(_) => Err(injected()),
    }
}

async fn forward(mut source: Commits, sender: CommitSender, left: usize, delay: Duration) {
    for _ in 0..left {
        let item = tokio::select! {
            item = source.next() => item,
            () = sender.closed() => return,
        };
        sleep(delay).await;
        let last = item.is_err();
        if sender.send(item).await.is_err() || last {
            return;
        }
    }
    let _gone = sender.send(Err(WatchError::Unavailable(injected()))).await;
}

fn injected() -> Cause {
    Reason("injected fault").into()
}

/// A small seeded generator (SplitMix64): good enough to choose faults, and needs nothing.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, or 0 when `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }
}
