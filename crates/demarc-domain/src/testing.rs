//! A bench for the tests of this crate: a World, a clock that tests move, and calls as they come in.
//!
//! Calls are given and answered as JSON, through the decoder and the writer that the service uses, so a
//! test reads like the row of the specification that it checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use demarc_api::{Operation, Request, Response};
use demarc_types::{
    AccountId, Asn, ConnectionId, LagId, ParentId, PeerAddress, Region, Span, Timestamp, VlanId,
};
use serde_json::Value;

use crate::context::Context;
use crate::entity::{
    Attachment, BgpPeer, Change, Connection, Entity, Lag, Link, PeerPhase, PrefixAllocation,
    Session, SilenceStage, VirtualInterface, VirtualInterfaceKind, VirtualInterfacePhase,
};
use crate::ids::IdSource;
use crate::operator::{Order, command};
use crate::refusal::Refusal;
use crate::settings::{Account, Accounts, PartnerType, Settings};
use crate::world::World;
use crate::{NoRoutes, PeerReport, Report, decide, fire, observe, parent, state};

/// Accounts for tests. In a [`Lab::listed`] Paula is a partner of type v2, Victor of type v1.
pub(crate) const ALICE: &str = "111111111111";
pub(crate) const BOB: &str = "222222222222";
pub(crate) const PAULA: &str = "333333333333";
pub(crate) const VICTOR: &str = "444444444444";

pub(crate) const REGION: &str = "us-east-1";

/// One service, without a store, a network or a fabric.
pub(crate) struct Lab {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
    pub(crate) settings: Arc<Settings>,
    /// The Region that calls are signed for.
    pub(crate) region: Region,
    calls: u64,
}

impl Lab {
    /// The open development mode, with provisioning steps of one second.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// As [`Lab::new`], with changed settings.
    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings {
            settle: Span::from_secs(1),
            ..Settings::default()
        };
        change(&mut settings);
        Self {
            world: World::default(),
            now: Timestamp::from_millis(1_790_000_000_000),
            settings: Arc::new(settings),
            region: REGION.parse().unwrap(),
            calls: 0,
        }
    }

    /// Alice and Bob are customers, Paula and Victor partners.
    pub(crate) fn listed() -> Self {
        Self::with(|settings| {
            let account = |id: &str, name: &str, partner| {
                let name = name.to_owned();
                (id.parse().unwrap(), Account { name, partner })
            };
            settings.accounts = Accounts::Listed(
                [
                    account(ALICE, "Alice Ltd", PartnerType::NonPartner),
                    account(BOB, "Bob Inc", PartnerType::NonPartner),
                    account(PAULA, "Paula Networks", PartnerType::V2),
                    account(VICTOR, "Victor Networks", PartnerType::V1),
                ]
                .into(),
            );
        })
    }

    /// A context for the next call; every call has its own ids, the same in every run.
    pub(crate) fn context(&mut self, account: &str) -> Context {
        self.calls += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.calls.to_le_bytes());
        Context {
            account: account.parse().unwrap(),
            region: self.region,
            now: self.now,
            ids: IdSource::new(seed),
            settings: Arc::clone(&self.settings),
            routes: Arc::new(NoRoutes),
        }
    }

    /// One call, a millisecond after the one before. Timers that are due by then have fired.
    pub(crate) fn call(&mut self, account: &str, request: &Request) -> Result<Response, Refusal> {
        self.advance(Span::from_millis(1));
        self.call_now(account, request)
    }

    fn call_now(&mut self, account: &str, request: &Request) -> Result<Response, Refusal> {
        let mut context = self.context(account);
        let decision = decide(&self.world, &mut context, request)?;
        self.check(&decision.changes, &decision.world);
        self.world = decision.world;
        Ok(decision.response)
    }

    /// A call that must succeed, by the operation's name; the body and the answer are JSON.
    pub(crate) fn ok(&mut self, account: &str, operation: &str, body: Value) -> Value {
        let request = request(operation, &body);
        let response = self
            .call(account, &request)
            .unwrap_or_else(|refusal| panic!("{operation} {body}: {refusal}"));
        serde_json::from_slice(&response.to_json()).unwrap()
    }

    /// A call that may be refused, but then changes nothing.
    pub(crate) fn attempt(
        &mut self,
        account: &str,
        operation: &str,
        body: Value,
    ) -> Result<Response, Refusal> {
        self.advance(Span::from_millis(1));
        let before: Vec<Entity> = self.world.entities().collect();
        let answer = self.call_now(account, &request(operation, &body));
        assert!(
            answer.is_ok() || self.world.entities().eq(before),
            "{operation} {body} was refused but changed the World"
        );
        answer
    }

    /// A call that must be refused and change nothing; gives the refusal.
    pub(crate) fn refused(&mut self, account: &str, operation: &str, body: Value) -> Refusal {
        match self.attempt(account, operation, body.clone()) {
            Err(refusal) => refusal,
            Ok(answer) => panic!("{operation} {body} was answered with {answer:?}"),
        }
    }

    /// The text of a refusal, for rows that are about the text.
    pub(crate) fn message(&mut self, account: &str, operation: &str, body: Value) -> String {
        self.refused(account, operation, body).to_string()
    }

    /// Lets time pass; whatever is due until then happens in its order.
    pub(crate) fn advance(&mut self, span: Span) {
        let end = self.now + span;
        while let Some(at) = crate::next_deadline(&self.world).filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let mut context = self.context("000000000000");
            let (world, changes) = fire(&self.world, &mut context, usize::MAX);
            self.check(&changes, &world);
            self.world = world;
        }
        self.now = end;
    }

    /// Lets every provisioning step of the control plane end.
    pub(crate) fn settle(&mut self) {
        self.advance(self.settings.settle + Span::from_millis(1));
    }

    /// The changes lead from the World to `after`, and what they put survives being stored.
    pub(crate) fn check(&self, changes: &[Change], after: &World) {
        let mut replayed = self.world.clone();
        for change in changes {
            replayed.apply(change);
            if let Change::Put(entity) = change {
                let stored = Entity::from_json(&entity.key(), &entity.to_json()).unwrap();
                assert!(stored == *entity, "{} is not stored as it is", entity.key());
            }
        }
        assert!(
            replayed.entities().eq(after.entities()),
            "the changes do not lead to the new World"
        );
        let violations = crate::violations(after, &self.settings);
        assert!(violations.is_empty(), "{violations:?}");
    }

    // ===== the part of the operator =====

    /// An order of the operator's; a refusal has changed nothing.
    pub(crate) fn order(&mut self, order: &Order) -> Result<(), Refusal> {
        let mut context = self.context("000000000000");
        let (world, changes) = command(&self.world, &mut context, order)?;
        self.check(&changes, &world);
        self.world = world;
        Ok(())
    }

    // ===== the part of the fabric =====

    /// Puts an entity into the World as it is.
    pub(crate) fn put(&mut self, entity: impl Into<Entity>) {
        self.world.apply(&Change::Put(entity.into()));
    }

    /// What an edge saw comes in.
    pub(crate) fn report(&mut self, reports: &[Report]) {
        let mut context = self.context("000000000000");
        let (world, changes) = observe(&self.world, &mut context, reports);
        self.check(&changes, &world);
        self.world = world;
    }

    /// The link of a port goes up or down.
    pub(crate) fn link(&mut self, id: &str, link: Link) {
        let connection = id.parse().unwrap();
        self.report(&[Report::Port { connection, link }]);
        self.lacp(id, link == Link::Up);
    }

    /// The other end of a member takes it into its bundle, or out of it.
    pub(crate) fn lacp(&mut self, id: &str, distributing: bool) {
        let connection = id.parse().unwrap();
        self.report(&[Report::Lacp {
            connection,
            distributing,
        }]);
    }

    /// The device of a port falls silent, as far as `last`.
    pub(crate) fn silent(&mut self, port: &str, last: SilenceStage) {
        let mut stage = Some(SilenceStage::Asked);
        while let Some(reached) = stage.filter(|stage| *stage <= last) {
            self.report(&[Report::DeviceSilent {
                device: self.connection(port).device.unwrap(),
                since: self.now,
                stage: reached,
            }]);
            stage = reached.next();
        }
    }

    /// The device of a port is heard again.
    pub(crate) fn heard(&mut self, port: &str) {
        let device = self.connection(port).device.unwrap();
        self.report(&[Report::DeviceHeard { device }]);
    }

    /// The fabric carries out all that it was told: virtual interfaces stand or are gone, live peers are
    /// up, keys are in place.
    pub(crate) fn converge(&mut self) {
        let reports: Vec<Report> = self
            .world
            .entities()
            .filter_map(|entity| match entity {
                Entity::VirtualInterface(found) => carried_out(&found),
                Entity::Connection(found) if found.mac_sec.is_some() => {
                    Some(Report::MacSecKeysInstalled {
                        port: ParentId::Connection(found.id),
                        secrets: None,
                    })
                }
                Entity::Lag(found) => Some(Report::MacSecKeysInstalled {
                    port: ParentId::Lag(found.id),
                    secrets: None,
                }),
                _ => None,
            })
            .collect();
        self.report(&reports);
    }

    // ===== short cuts =====

    pub(crate) fn connection(&self, id: &str) -> Connection {
        let id: ConnectionId = id.parse().unwrap();
        self.world.connection(id).unwrap().as_ref().clone()
    }

    pub(crate) fn lag(&self, id: &str) -> Lag {
        let id: LagId = id.parse().unwrap();
        self.world.lag(id).unwrap().as_ref().clone()
    }

    /// `connectionState` of a connection of any kind, `None` once it is not shown any more.
    pub(crate) fn connection_state(&self, id: &str) -> Option<&'static str> {
        let id: ConnectionId = id.parse().unwrap();
        self.world
            .connection(id)
            .map(|found| state::connection(&self.world, found))
    }

    pub(crate) fn lag_state(&self, id: &str) -> Option<&'static str> {
        let id: LagId = id.parse().unwrap();
        self.world
            .lag(id)
            .map(|found| state::lag(&self.world, found))
    }

    /// A 10 Gbit/s dedicated connection, `available`. Gives its id.
    pub(crate) fn dedicated(&mut self, account: &str) -> String {
        let answer = self.ok(
            account,
            "CreateConnection",
            serde_json::json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port"}),
        );
        let id = text(&answer, "connectionId");
        self.settle();
        self.link(&id, Link::Up);
        id
    }

    /// A 10 Gbit/s connection ordered with MACsec, without a link yet. Gives its id.
    pub(crate) fn ordered_with_mac_sec(&mut self, account: &str) -> String {
        let body = serde_json::json!({
            "location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port", "requestMACSec": true,
        });
        text(&self.ok(account, "CreateConnection", body), "connectionId")
    }

    /// A public virtual interface as it has just been ordered. Gives its id.
    pub(crate) fn public_on(&mut self, account: &str, connection: &str) -> String {
        let answer = self.ok(
            account,
            "CreatePublicVirtualInterface",
            serde_json::json!({"connectionId": connection, "newPublicVirtualInterface": {
                "virtualInterfaceName": "v", "vlan": 5, "asn": 65001, "amazonAddress": "175.45.176.1/30",
                "customerAddress": "175.45.176.2/30", "routeFilterPrefixes": [{"cidr": "210.52.109.0/24"}]}}),
        );
        text(&answer, "virtualInterfaceId")
    }

    /// A 10 Gbit/s interconnect, `available`. Gives its id.
    pub(crate) fn interconnect(&mut self, account: &str) -> String {
        let answer = self.ok(
            account,
            "CreateInterconnect",
            serde_json::json!({"location": "EqDC2", "bandwidth": "10Gbps", "interconnectName": "partner port"}),
        );
        let id = text(&answer, "interconnectId");
        self.settle();
        self.link(&id, Link::Up);
        id
    }

    /// A private virtual interface put on a carrier, programmed and up, with the VLAN and 169.254.96.0/29
    /// plus eight times the VLAN for its peer.
    pub(crate) fn virtual_interface_on(
        &mut self,
        owner: &str,
        on: &str,
        vlan: i64,
    ) -> VirtualInterface {
        let on: ParentId = on.parse().unwrap();
        let mut ids = self.context(owner).ids;
        let owner: AccountId = owner.parse().unwrap();
        let base = vlan * 8;
        let address = |host: i64| {
            let (high, low) = ((base + host) / 256, (base + host) % 256);
            PeerAddress::parse(&format!("169.254.{}.{low}/29", 96 + high)).unwrap()
        };
        let interface = VirtualInterface {
            id: ids.virtual_interface(),
            owner,
            region: self.region,
            kind: VirtualInterfaceKind::Private,
            parent: on,
            connection_owner: parent::owner(&self.world, on).unwrap(),
            location: parent::location(&self.world, on).unwrap(),
            device: parent::device(&self.world, on),
            name: format!("vlan {vlan}"),
            vlan: VlanId::new(vlan).unwrap(),
            mtu: 1_500,
            attachment: Attachment::None,
            amazon_side_asn: Asn::new(64_512).unwrap(),
            site_link: false,
            route_filter_prefixes: Vec::new(),
            prefix_spellings: BTreeMap::new(),
            peers: vec![BgpPeer {
                id: ids.bgp_peer(),
                asn: Asn::new(65_000).unwrap(),
                auth_key: ids.auth_key(),
                family: address(1).family(),
                amazon_address: address(1),
                customer_address: address(6),
                phase: PeerPhase::Available,
                session: Session::Up,
                prefixes_received: 0,
                session_since: self.now,
                simulated_down: false,
                wrong_key: false,
            }],
            phase: VirtualInterfacePhase::Active,
            generation: 1,
            programmed: 1,
            test: None,
            rate_limit: None,
            prefix_allocation: Some(PrefixAllocation::default()),
            tags: crate::entity::Tags::default(),
            created: self.now,
        };
        self.put(interface.clone());
        interface
    }

    /// The virtual interface as it is now.
    pub(crate) fn now_of(&self, interface: &VirtualInterface) -> VirtualInterface {
        let found = self.world.virtual_interface(interface.id).unwrap();
        found.as_ref().clone()
    }
}

/// A World as it is after a start, with one thread.
pub(crate) fn assembled(entities: &[Entity]) -> World {
    World::assemble(entities, |jobs| jobs.into_iter().for_each(|job| job()))
}

/// The report that a virtual interface stands as it should, with its live peers up.
fn carried_out(interface: &VirtualInterface) -> Option<Report> {
    let id = interface.id;
    match interface.phase {
        VirtualInterfacePhase::Active => Some(Report::VirtualInterface {
            id,
            generation: interface.generation,
            peers: interface
                .live_peers()
                .map(|peer| PeerReport {
                    wrong_key: false,
                    id: peer.id,
                    session: Session::Up,
                    prefixes_received: 0,
                })
                .collect(),
        }),
        VirtualInterfacePhase::Deleting => Some(Report::VirtualInterfaceRemoved { id }),
        _ => None,
    }
}

/// The request of that name and body; the model has nothing against it.
fn request(operation: &str, body: &Value) -> Request {
    let operation = Operation::from_name(operation).unwrap();
    Request::decode(operation, body.to_string().as_bytes())
        .unwrap_or_else(|error| panic!("{operation} {body}: {error}"))
}

/// A string member of an answer.
pub(crate) fn text(answer: &Value, member: &str) -> String {
    answer[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {answer}"))
        .to_owned()
}
