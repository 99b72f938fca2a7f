//! What it costs to hold many virtual interfaces: stores are written as the service would have left them,
//! then the real program is started on each.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use demarc_domain::IdSource;
use demarc_domain::entity::{
    Attachment, BgpPeer, Connection, ConnectionKind, ConnectionPhase, DirectConnectGateway, Entity,
    GatewayPhase, Link, PeerPhase, PrefixAllocation, Session, Tags, VirtualInterface,
    VirtualInterfaceKind, VirtualInterfacePhase,
};
use demarc_store::{Batch, Change, CommitId, EmbeddedStore, Key, Revision, Store};
use demarc_types::{
    AccountId, Asn, ConnectionId, DirectConnectGatewayId, ParentId, PeerAddress, Region, Timestamp,
    VlanId,
};
use serde_json::json;

use crate::api::{ACCOUNT, Load, Same, Server, Table};

/// Virtual interfaces on a port, as the quota has it.
const ON_A_PORT: u32 = 50;
/// Virtual interfaces to a gateway, as the quota has it.
const TO_A_GATEWAY: u32 = 30;
/// Documents in a commit while a store is written.
const IN_A_COMMIT: usize = 5_000;

/// What one size costs.
struct Cost {
    size: u32,
    start: Duration,
    /// Processor time used until then, in seconds.
    work: f64,
    by_id: Duration,
    first_page: Duration,
    resident: u64,
}

/// Measures each size, and gives a table in Markdown.
///
/// # Errors
/// When a store cannot be written, or the program does not start on it.
pub fn run(program: &Path, sizes: &[u32]) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut costs = Vec::new();
    for size in sizes {
        costs.push(runtime.block_on(cost(program, *size))?);
    }
    let mut table = Table::default();
    for cost in &costs {
        table.row(
            &format!("{} virtual interfaces", cost.size),
            "",
            format!(
                "start {:.2?} ({:.2} s of processor time), by id {:.1?}, first page of 100 {:.1?}, {} MiB",
                cost.start,
                cost.work,
                cost.by_id,
                cost.first_page,
                cost.resident >> 20
            ),
        );
    }
    if let [small, .., large] = costs.as_slice() {
        compare(small, large, &mut table);
    }
    Ok(table.to_string())
}

fn compare(small: &Cost, large: &Cost, table: &mut Table) {
    let times = |large: Duration, small: Duration| large.as_secs_f64() / small.as_secs_f64();
    let more = f64::from(large.size - small.size);
    let each = (large.resident as f64 - small.resident as f64) / more;
    let own = own_size();
    table.row(
        "read by id",
        "≤ 1.5 times",
        format!("{:.2} times", times(large.by_id, small.by_id)),
    );
    table.row(
        "first page of a list",
        "≤ 2 times",
        format!("{:.2} times", times(large.first_page, small.first_page)),
    );
    table.row("start", "≤ 10 s", format!("{:.2?}", large.start));
    table.row(
        "memory of each beyond its own fields",
        "≤ 2048 bytes",
        format!("{:.0} bytes ({each:.0} in all, {own:.0} own)", each - own),
    );
}

async fn cost(program: &Path, size: u32) -> anyhow::Result<Cost> {
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    let asked = write(&data, size).await?;
    let server = Server::demarc(program, &data).await?;
    let (resident, work) = (server.resident()?, server.processor_time()?);
    let signer = server.signer()?;
    let by_id = signer.request(
        "DescribeVirtualInterfaces",
        &json!({ "virtualInterfaceId": asked }).to_string(),
    );
    let page = signer.request("DescribeVirtualInterfaces", r#"{"maxResults":100}"#);
    Ok(Cost {
        size,
        start: server.first_answer,
        work,
        by_id: latency(&server, by_id).await?,
        first_page: latency(&server, page).await?,
        resident,
    })
}

/// The median time of an answer on one connection.
async fn latency(server: &Server, request: Vec<u8>) -> anyhow::Result<Duration> {
    let load = Load {
        address: server.address,
        connections: 1,
        warm_up: Duration::from_millis(500),
        time: Duration::from_secs(3),
        rate: None,
    };
    let outcome = load.run(|_| Ok(Same(request.clone()))).await?;
    Ok(outcome.percentile(0.5))
}

/// Writes a store; gives the id of a virtual interface in the middle.
async fn write(data: &Path, size: u32) -> anyhow::Result<String> {
    fill(&EmbeddedStore::open(data)?, size).await
}

/// Fills an empty store; gives the id of a virtual interface in the middle.
pub(crate) async fn fill(store: &dyn Store, size: u32) -> anyhow::Result<String> {
    let most = store.limits().operations.min(IN_A_COMMIT);
    let mut source = Source::new()?;
    let mut at = store.head().await?;
    let mut documents = Vec::new();
    let mut asked = String::new();
    for number in 0..size {
        let interface = source.interface(number)?;
        if number == size / 2 {
            asked = interface.id.to_string();
        }
        documents.append(&mut source.made);
        documents.push(Entity::from(interface));
        // The next one may bring a port and a gateway.
        if documents.len() + 3 > most || number + 1 == size {
            at = commit(store, at, &mut documents).await?;
        }
    }
    Ok(asked)
}

async fn commit(
    store: &dyn Store,
    at: Revision,
    documents: &mut Vec<Entity>,
) -> anyhow::Result<Revision> {
    let changes = documents
        .drain(..)
        .map(|entity| {
            let key = Key::new(entity.key().to_string())?;
            let value = Bytes::from(entity.to_json());
            Ok(Change::Put { key, value })
        })
        .collect::<anyhow::Result<Vec<Change>>>()?;
    let id = CommitId::new(u128::from(at.get()) + 1);
    Ok(store.commit(at, Batch::new(id, changes)).await?)
}

/// Makes entities as they are after they came up.
struct Source {
    ids: IdSource,
    owner: AccountId,
    region: Region,
    now: Timestamp,
    port: Option<ConnectionId>,
    gateway: Option<DirectConnectGatewayId>,
    /// Ports and gateways made on the way.
    made: Vec<Entity>,
}

impl Source {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            ids: IdSource::new([7; 32]),
            owner: ACCOUNT.parse()?,
            region: "us-east-1".parse()?,
            now: Timestamp::from_millis(1_790_000_000_000),
            port: None,
            gateway: None,
            made: Vec::new(),
        })
    }

    fn port(&mut self, number: u32) -> anyhow::Result<ConnectionId> {
        if let Some(port) = self.port.filter(|_| !number.is_multiple_of(ON_A_PORT)) {
            return Ok(port);
        }
        let port = Connection {
            id: self.ids.connection(),
            owner: self.owner,
            region: self.region,
            location: "EqDC2".parse()?,
            name: format!("port {number}"),
            bandwidth: "10Gbps".parse()?,
            kind: ConnectionKind::Dedicated,
            phase: ConnectionPhase::Live,
            link: Link::Up,
            distributing: false,
            simulated_down: false,
            lag: None,
            device: Some("EqDC2-370kou9loeqh0".to_owned()),
            provider_name: None,
            partner_name: None,
            jumbo_capable: true,
            mac_sec: None,
            loa_issued: None,
            billing_mode: None,
            billing_changes: Vec::new(),
            tags: Tags::default(),
            created: self.now,
        };
        self.port = Some(port.id);
        self.made.push(port.clone().into());
        Ok(port.id)
    }

    fn gateway(&mut self, number: u32) -> anyhow::Result<DirectConnectGatewayId> {
        if let Some(gateway) = self
            .gateway
            .filter(|_| !number.is_multiple_of(TO_A_GATEWAY))
        {
            return Ok(gateway);
        }
        let gateway = DirectConnectGateway {
            id: self.ids.gateway(),
            owner: self.owner,
            region: self.region,
            name: format!("gateway {number}"),
            amazon_side_asn: asn(64_512)?,
            phase: GatewayPhase::Available,
            state_change_error: None,
            allow_hairpin: false,
            tags: Tags::default(),
            created: self.now,
        };
        self.gateway = Some(gateway.id);
        self.made.push(gateway.clone().into());
        Ok(gateway.id)
    }

    fn interface(&mut self, number: u32) -> anyhow::Result<VirtualInterface> {
        let port = self.port(number)?;
        let gateway = self.gateway(number)?;
        let on_port = number % ON_A_PORT;
        let (third, fourth) = (number / 64 % 256, on_port * 4);
        let address =
            |host: u32| PeerAddress::parse(&format!("169.254.{third}.{}/30", fourth + host));
        let peer = BgpPeer {
            id: self.ids.bgp_peer(),
            asn: asn(65_000)?,
            auth_key: self.ids.auth_key(),
            family: address(1)?.family(),
            amazon_address: address(1)?,
            customer_address: address(2)?,
            phase: PeerPhase::Available,
            session: Session::Up,
            // As many as the simulated customer announces: nothing is left to be done for it.
            prefixes_received: 3,
            session_since: self.now,
            simulated_down: false,
            wrong_key: false,
        };
        Ok(VirtualInterface {
            id: self.ids.virtual_interface(),
            owner: self.owner,
            region: self.region,
            kind: VirtualInterfaceKind::Private,
            parent: ParentId::Connection(port),
            connection_owner: self.owner,
            location: "EqDC2".parse()?,
            device: Some("EqDC2-370kou9loeqh0".to_owned()),
            name: format!("virtual interface {number}"),
            vlan: VlanId::new(i64::from(on_port) + 100).context("a VLAN")?,
            mtu: 1_500,
            attachment: Attachment::DirectConnectGateway(gateway),
            amazon_side_asn: asn(64_512)?,
            site_link: false,
            route_filter_prefixes: Vec::new(),
            prefix_spellings: std::collections::BTreeMap::new(),
            peers: vec![peer],
            phase: VirtualInterfacePhase::Active,
            generation: 1,
            programmed: 1,
            test: None,
            rate_limit: None,
            prefix_allocation: Some(PrefixAllocation::default()),
            tags: Tags::default(),
            created: Timestamp::from_millis(self.now.millis() + i64::from(number)),
        })
    }
}

fn asn(number: i64) -> anyhow::Result<Asn> {
    Asn::new(number).context("an ASN")
}

/// Bytes of the fields of one virtual interface of [`Source`] and what they point at.
fn own_size() -> f64 {
    let texts = "virtual interface 500000".len() + "EqDC2-370kou9loeqh0".len() + 24;
    (size_of::<VirtualInterface>() + size_of::<BgpPeer>() + texts) as f64
}
