//! One service in a test: a World, the simulated edge, and a clock that the test moves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use demarc_api::{Operation, Request};
use demarc_domain::entity::{Change, Entity};
use demarc_domain::fabric::Fabric;
use demarc_domain::intent::{self, Derived, DeviceIntent};
use demarc_domain::neighbor::{self, Ec2Request};
use demarc_domain::{
    Context, IdSource, Order, Settings, World, command, decide, fire, next_deadline, observe,
    query, violations,
};
use demarc_edge::Simulated;
use demarc_types::{Region, Span, Timestamp};
use serde_json::Value;

/// How often the edge may have something to say about one entity before it has to be quiet.
const REPORTS_PER_ENTITY: usize = 12;

pub(crate) struct Simulation {
    pub(crate) world: World,
    pub(crate) settings: Arc<Settings>,
    pub(crate) now: Timestamp,
    edge: Simulated,
    /// What intents are derived again from, by device.
    derived: BTreeMap<String, (Derived, DeviceIntent)>,
    steps: u64,
    /// Everything that was answered and changed, to compare runs byte for byte.
    pub(crate) transcript: Vec<String>,
}

impl Simulation {
    pub(crate) fn new(settings: Settings) -> Self {
        let settle = settings.settle;
        Self {
            world: World::default(),
            settings: Arc::new(settings),
            now: Timestamp::from_millis(1_790_000_000_000),
            edge: Simulated::new(settle),
            derived: BTreeMap::new(),
            steps: 0,
            transcript: Vec::new(),
        }
    }

    pub(crate) fn region() -> Region {
        "us-east-1".parse().unwrap()
    }

    fn context(&mut self, account: &str) -> Context {
        self.steps += 1;
        self.seeded_context(account, self.steps)
    }

    pub(crate) fn seeded_context(&self, account: &str, number: u64) -> Context {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        Context {
            account: account.parse().unwrap(),
            region: Self::region(),
            now: self.now,
            ids: IdSource::new(seed),
            settings: Arc::clone(&self.settings),
            routes: self.edge.routes(),
        }
    }

    /// One call of the API; what is answered, a refusal included.
    pub(crate) fn call(
        &mut self,
        account: &str,
        operation: &str,
        body: &Value,
    ) -> Result<Value, String> {
        let operation = Operation::from_name(operation).unwrap();
        let answer = match Request::decode(operation, body.to_string().as_bytes()) {
            Err(error) => Err(error.to_string()),
            Ok(request) => self.decided(account, &request),
        };
        self.transcript
            .push(format!("{account} {operation} {body} -> {answer:?}"));
        answer
    }

    fn decided(&mut self, account: &str, request: &Request) -> Result<Value, String> {
        let mut context = self.context(account);
        let decision = decide(&self.world, &mut context, request).map_err(|no| no.to_string())?;
        let changed = request.operation().is_read_only() && !decision.changes.is_empty();
        assert!(!changed, "{} is a read and wrote", request.operation());
        self.take(&decision.world, &decision.changes);
        Ok(serde_json::from_slice(&decision.response.to_json()).unwrap())
    }

    /// One call of the EC2 subset.
    pub(crate) fn call_ec2(&mut self, account: &str, request: &Ec2Request) {
        let mut context = self.context(account);
        let decided = neighbor::decide(&self.world, &mut context, request);
        let answer = decided.map(|(world, changes, response)| {
            self.take(&world, &changes);
            format!("{response:?}")
        });
        self.transcript
            .push(format!("{account} {request:?} -> {answer:?}"));
    }

    /// One order of the operator.
    pub(crate) fn order(&mut self, order: &Order) {
        let mut context = self.context("000000000000");
        let decided = command(&self.world, &mut context, order);
        let answer = decided.map(|(world, changes)| self.take(&world, &changes));
        self.transcript.push(format!("{order:?} -> {answer:?}"));
    }

    /// Accepts a decision: the changes alone must lead to its World, and the World must be sound.
    fn take(&mut self, after: &World, changes: &[Change]) {
        let mut applied = self.world.clone();
        for change in changes {
            applied.apply(change);
        }
        assert!(
            applied.entities().eq(after.entities()),
            "the changes do not lead to the new World"
        );
        let before = std::mem::replace(&mut self.world, after.clone());
        self.derive_intents(&before);
        for change in changes {
            if let Change::Put(entity) = change {
                assert_same_after_storing(entity);
            }
            self.transcript.push(format!("{change:?}"));
        }
        let mut keys = changes.iter().map(Change::key);
        self.edge.touched(&self.world, &mut keys, self.now);
        assert_eq!(
            violations(&self.world, &self.settings),
            Vec::<String>::new()
        );
    }

    /// Intents that are derived from what changed are those that are derived from everything.
    fn derive_intents(&mut self, before: &World) {
        if !before.differs_in_interfaces_alone(&self.world) {
            self.derived.clear();
        }
        let differ = before.interfaces_that_differ(&self.world);
        let devices = self.world.connections().filter_map(|it| it.device.clone());
        for device in devices.collect::<BTreeSet<String>>() {
            let now = intent::device(&self.world, &device);
            let (mut derived, before) = match self.derived.remove(&device) {
                Some((derived, before)) => (derived, Some(before)),
                None => (Derived::default(), None),
            };
            match before {
                Some(before) if derived.holds(&self.world, &device, &differ) => {
                    assert_eq!(before, now, "held to be the same");
                }
                _ => {
                    let again = intent::device_again(&self.world, &device, &mut derived);
                    assert_eq!(again, now);
                }
            }
            self.derived.insert(device, (derived, now));
        }
    }

    /// Lets time pass; everything that is due on the way happens at its own time.
    pub(crate) fn advance(&mut self, span: Span) {
        let end = self.now + span;
        let limit = 64 + self.world.len() * REPORTS_PER_ENTITY;
        let mut moments = 0;
        while let Some(at) = self.next_moment().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.fire_and_observe();
            moments += 1;
            assert!(moments < limit, "something is due again and again");
        }
        self.now = end;
    }

    fn next_moment(&self) -> Option<Timestamp> {
        let report = self.edge.next_report();
        next_deadline(&self.world).into_iter().chain(report).min()
    }

    fn fire_and_observe(&mut self) {
        if next_deadline(&self.world).is_some_and(|at| at <= self.now) {
            let mut context = self.context("000000000000");
            let (world, changes) = fire(&self.world, &mut context, 1);
            assert!(!changes.is_empty(), "a deadline did nothing");
            self.take(&world, &changes);
        }
        if self.edge.next_report().is_some_and(|at| at <= self.now) {
            let reports = self.edge.poll(&self.world, self.now);
            let mut context = self.context("000000000000");
            let (world, changes) = observe(&self.world, &mut context, &reports);
            self.take(&world, &changes);
            let (_, again) = observe(&self.world, &mut context, &reports);
            assert_eq!(again, [], "{reports:?} were taken twice");
        }
    }

    /// Runs until the edge has nothing more to do, which must come soon, and stays so after a restart.
    pub(crate) fn assert_the_edge_goes_quiet(&mut self) {
        let limit = 64 + self.world.len() * REPORTS_PER_ENTITY;
        let mut reports = 0;
        while let Some(at) = self.edge.next_report() {
            self.advance(Span::from_millis(at.millis() - self.now.millis()));
            reports += 1;
            assert!(reports < limit, "the edge does not come to rest");
        }
        self.edge = Simulated::new(self.settings.settle);
        self.edge.resync(&self.world, self.now);
        let forgotten = self.edge.poll(&self.world, Timestamp::MAX);
        assert_eq!(forgotten, [], "only an edge that starts over sees this");
    }

    /// What every account is shown equals what it is shown of a World built from the entities alone: at once,
    /// as at a start, and one by one.
    pub(crate) fn assert_indexes_follow(&mut self, accounts: &[&str]) {
        let entities: Vec<Entity> = self.world.entities().collect();
        let at_once = World::assemble(&entities, |jobs| jobs.into_iter().for_each(|job| job()));
        let mut one_by_one = World::default();
        for entity in entities {
            one_by_one.apply(&Change::Put(entity));
        }
        assert_eq!(next_deadline(&self.world), next_deadline(&at_once));
        assert_eq!(next_deadline(&self.world), next_deadline(&one_by_one));
        for account in accounts {
            let context = self.context(account);
            for operation in Operation::ALL.iter().filter(|one| one.is_read_only()) {
                let Ok(request) = Request::decode(*operation, b"{}") else {
                    continue;
                };
                let shown = |world: &World| {
                    query(world, &context, &request)
                        .map(|response| String::from_utf8(response.to_json()).unwrap())
                        .map_err(|refusal| refusal.to_string())
                };
                let expected = shown(&self.world);
                assert_eq!(expected, shown(&at_once), "{account} {operation}");
                assert_eq!(expected, shown(&one_by_one), "{account} {operation}");
            }
        }
    }
}

fn assert_same_after_storing(entity: &Entity) {
    let read = Entity::from_json(&entity.key(), &entity.to_json()).unwrap();
    assert_eq!(&read, entity);
    let key = entity.key().to_string();
    assert_eq!(key.parse(), Ok(entity.key()));
}
