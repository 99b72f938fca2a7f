//! Random histories, compared with a plain map.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Engine, Instance, batch, delete, put, receive, second};
use crate::faulty::{Fault, Faulty};
use crate::{Batch, Change, Commit, CommitError, Key, Revision, SharedStore, Store};

/// One thing that happens to a store.
#[derive(Debug, Clone)]
enum Step {
    /// A commit at the head, by the first or the second handle, with this fault.
    Commit(Writer, Vec<Change>, Fault),
    /// A commit at a revision that is this far back.
    Stale(Writer, u64, Vec<Change>),
    /// One of the commits so far, again.
    Repeat(Writer, prop::sample::Index),
    /// Everything read and compared.
    Load(Writer),
    /// All commits since one of the revisions so far.
    Watch(Writer, prop::sample::Index),
    /// Both handles are dropped and the store is opened again.
    Reopen,
}

#[derive(Debug, Clone, Copy)]
enum Writer {
    First,
    Second,
}

fn change() -> impl Strategy<Value = Change> {
    let value = proptest::option::weighted(0.7, "[a-z]{0,12}");
    ("[a-h](/[a-c])?", value).prop_map(|(key, value)| match value {
        Some(value) => put(key, value),
        None => delete(key),
    })
}

fn step() -> impl Strategy<Value = Step> {
    let writer = || prop_oneof![Just(Writer::First), Just(Writer::Second)];
    let changes = || proptest::collection::vec(change(), 0..6);
    let fault = prop_oneof![
        6 => Just(Fault::None),
        1 => Just(Fault::LoseReply),
        1 => Just(Fault::FailBefore),
    ];
    prop_oneof![
        8 => (writer(), changes(), fault).prop_map(|(who, what, fault)| Step::Commit(who, what, fault)),
        2 => (writer(), 1..4_u64, changes()).prop_map(|(who, back, what)| Step::Stale(who, back, what)),
        2 => (writer(), any::<prop::sample::Index>()).prop_map(|(who, which)| Step::Repeat(who, which)),
        1 => writer().prop_map(Step::Load),
        1 => (writer(), any::<prop::sample::Index>()).prop_map(|(who, from)| Step::Watch(who, from)),
        1 => Just(Step::Reopen),
    ]
}

/// What a store must look like.
#[derive(Default)]
struct Model {
    entries: BTreeMap<Key, Bytes>,
    commits: Vec<(Revision, Batch)>,
}

impl Model {
    fn head(&self) -> Revision {
        self.commits
            .last()
            .map_or(Revision::ZERO, |(at, batch)| batch.revision_after(*at))
    }

    fn apply(&mut self, batch: Batch) {
        for change in batch.changes().iter() {
            match change {
                Change::Put { key, value } => self.entries.insert(key.clone(), value.clone()),
                Change::Delete { key } => self.entries.remove(key),
            };
        }
        self.commits.push((self.head(), batch));
    }
}

/// The store under test with its two handles.
struct Run {
    instance: Box<dyn Instance>,
    handles: Option<(SharedStore, SharedStore)>,
    model: Model,
}

impl Run {
    async fn start(engine: &dyn Engine) -> Self {
        let mut run = Self {
            instance: engine.create(),
            handles: None,
            model: Model::default(),
        };
        run.reopen().await;
        run
    }

    async fn reopen(&mut self) {
        self.handles = None;
        let first = self.instance.open().await;
        let second = second(&mut *self.instance, &first).await;
        self.handles = Some((first, second));
    }

    fn handle(&self, writer: Writer) -> SharedStore {
        let (first, second) = self.handles.as_ref().expect("open between steps");
        SharedStore::clone(match writer {
            Writer::First => first,
            Writer::Second => second,
        })
    }

    async fn step(&mut self, step: Step) {
        let head = self.model.head();
        match step {
            Step::Commit(writer, changes, fault) => {
                self.commit(writer, batch(changes), fault).await;
            }
            Step::Stale(writer, back, changes) => {
                let at = Revision::new(head.get().saturating_sub(back));
                if at != head {
                    let refused = self.handle(writer).commit(at, batch(changes)).await;
                    let found = matches!(refused, Err(CommitError::Conflict { head: found }) if found == head);
                    assert!(found, "at {at} of {head}: {refused:?}");
                }
            }
            Step::Repeat(writer, which) => {
                if let Some((at, batch)) = pick(&self.model.commits, which) {
                    let again = self.handle(writer).commit(*at, batch.clone()).await;
                    assert_eq!(again.expect("a repeated commit"), at.next());
                }
            }
            Step::Load(writer) => {
                let entries = self.handle(writer).load().await.expect("load");
                assert_eq!(entries.revision(), head);
                assert_eq!(
                    entries.collect().await.expect("entries"),
                    self.model.entries
                );
            }
            Step::Watch(writer, from) => {
                let from = from.index(self.model.commits.len() + 1);
                self.watch(writer, from).await;
            }
            Step::Reopen => self.reopen().await,
        }
        assert_eq!(
            self.handle(Writer::Second).head().await.expect("head"),
            self.model.head()
        );
    }

    async fn commit(&mut self, writer: Writer, batch: Batch, fault: Fault) {
        let head = self.model.head();
        let faulty = Faulty::script(self.handle(writer), [fault]);
        match (fault, faulty.commit(head, batch.clone()).await) {
            (Fault::None, Ok(made)) => assert_eq!(made, head.next()),
            (Fault::FailBefore, Err(CommitError::Unavailable(_))) => return,
            (Fault::LoseReply, Err(CommitError::Unknown(_))) => {}
            (fault, other) => panic!("with {fault:?}: {other:?}"),
        }
        self.model.apply(batch);
    }

    async fn watch(&self, writer: Writer, from: usize) {
        let expected = &self.model.commits[from..];
        let store = self.handle(writer);
        let mut watch = store
            .watch(Revision::new(from as u64))
            .await
            .expect("watch");
        let seen = receive(&mut watch, expected.len()).await;
        for (seen, (at, batch)) in seen.iter().zip(expected) {
            assert_eq!((seen.revision, seen.id), (at.next(), batch.id()));
        }
        assert_eq!(
            replay(&self.model.commits[..from], &seen),
            self.model.entries
        );
    }
}

fn pick(commits: &[(Revision, Batch)], which: prop::sample::Index) -> Option<&(Revision, Batch)> {
    (!commits.is_empty()).then(|| &commits[which.index(commits.len())])
}

/// The entries that result from some commits of the model and then some that a watch delivered.
fn replay(before: &[(Revision, Batch)], seen: &[Commit]) -> BTreeMap<Key, Bytes> {
    let mut model = Model::default();
    for (_, batch) in before {
        model.apply(batch.clone());
    }
    for commit in seen {
        model.apply(Batch::new(commit.id, commit.changes.iter().cloned()));
    }
    model.entries
}

pub async fn random_histories_match_a_map(engine: &dyn Engine) {
    let config = Config {
        cases: engine.histories(),
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Handle::current();
    let result = tokio::task::block_in_place(|| {
        let steps = proptest::collection::vec(step(), 1..40);
        TestRunner::new(config).run(&steps, |steps| {
            runtime.block_on(async {
                let mut run = Run::start(engine).await;
                for step in steps {
                    run.step(step).await;
                }
                run.step(Step::Load(Writer::First)).await;
            });
            Ok(())
        })
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
