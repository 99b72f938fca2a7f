//! Secondary indexes: who sees what, what hangs on what, what is due when.
//!
//! An entity says which index entries it wants ([`wanted`]); a change takes away those of the old value
//! that the new one does not want, and adds the others. So an index can not drift from its entities.

use std::cmp::Ordering;
use std::ops::Bound;

use demarc_types::{
    AccountId, AddressFamily, AssociationId, BgpPeerId, ConnectionId, DirectConnectGatewayId,
    GatewayRef, LagId, ParentId, ProposalId, Region, ResiliencyGroupId, TestId, Timestamp,
    TransitGatewayId, VirtualInterfaceId, VpcId, VpnGatewayId,
};
use equivalent::{Comparable, Equivalent};
use imbl::OrdSet;

use crate::address_pool::{self, Slot};
use crate::bulk::{self, Job};
use crate::entity::{Association, Connection, Entity, EntityKey, VirtualInterface};

/// The members of groups, in order of creation, then id.
#[derive(Clone)]
pub(crate) struct Index<G, I>(OrdSet<Entry<G, I>>);

type Entry<G, I> = (G, Timestamp, I);

impl<G: Ord + Copy, I: Ord + Copy> Default for Index<G, I> {
    fn default() -> Self {
        Self(OrdSet::new())
    }
}

#[cfg(test)]
impl<G: Ord, I: Ord> PartialEq for Index<G, I> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<G: Ord + Copy, I: Ord + Copy> Index<G, I> {
    /// The group's members, oldest first.
    pub(crate) fn within(&self, group: G) -> impl Iterator<Item = I> + '_ {
        self.after(group, None).map(|(_, id)| id)
    }

    /// The group's members behind `position`, with their times of creation.
    pub(crate) fn after(
        &self,
        group: G,
        position: Option<(Timestamp, I)>,
    ) -> impl Iterator<Item = (Timestamp, I)> + '_ {
        let at = position.map_or(Place::Start, |(created, id)| Place::At(created, id));
        let seek = Seek { group, at };
        self.0
            .range::<_, Seek<G, I>>((Bound::Excluded(seek), Bound::Unbounded))
            .take_while(move |(of, _, _)| *of == group)
            .map(|(_, created, id)| (*created, *id))
    }

    /// The group's members, newest first.
    pub(crate) fn newest_first(&self, group: G) -> impl Iterator<Item = I> + '_ {
        let bound = |at| Bound::Excluded(Seek { group, at });
        self.0
            .range::<_, Seek<G, I>>((bound(Place::Start), bound(Place::End)))
            .rev()
            .map(|(_, _, id)| *id)
    }

    fn insert(&mut self, entry: Entry<G, I>) {
        self.0.insert(entry);
    }

    fn remove(&mut self, entry: &Entry<G, I>) {
        self.0.remove(entry);
    }
}

/// A place in an index.
struct Seek<G, I> {
    group: G,
    at: Place<I>,
}

/// Where in a group: just before it, at one entry of it, or just behind it.
enum Place<I> {
    Start,
    At(Timestamp, I),
    End,
}

impl<G: Ord, I: Ord> Equivalent<Entry<G, I>> for Seek<G, I> {
    fn equivalent(&self, entry: &Entry<G, I>) -> bool {
        self.compare(entry) == Ordering::Equal
    }
}

impl<G: Ord, I: Ord> Comparable<Entry<G, I>> for Seek<G, I> {
    fn compare(&self, (group, created, id): &Entry<G, I>) -> Ordering {
        self.group.cmp(group).then_with(|| match &self.at {
            Place::Start => Ordering::Less,
            Place::At(at, own) => at.cmp(created).then_with(|| own.cmp(id)),
            Place::End => Ordering::Greater,
        })
    }
}

/// Defines [`Indexes`] and [`Wanted`], one line an index.
macro_rules! indexes {
    ($($variant:ident, $field:ident: $group:ty => $id:ty;)+) => {
        /// All secondary indexes.
        #[derive(Clone, Default)]
        #[cfg_attr(test, derive(PartialEq))]
        pub(crate) struct Indexes {
            $(pub(crate) $field: Index<$group, $id>,)+
            /// What happens by itself, soonest first.
            pub(crate) deadlines: OrdSet<(Timestamp, EntityKey)>,
            /// Peering subnets in use that came from the automatic pools.
            pub(crate) address_slots: OrdSet<(AccountId, Region, AddressFamily, Slot, VirtualInterfaceId)>,
        }

        /// One entry that an entity wants to have in an index.
        #[derive(PartialEq)]
        enum Wanted {
            $($variant(Entry<$group, $id>),)+
            Deadline(Timestamp, EntityKey),
            AddressSlot((AccountId, Region, AddressFamily, Slot, VirtualInterfaceId)),
        }

        impl Indexes {
            fn add(&mut self, wanted: Wanted) {
                match wanted {
                    $(Wanted::$variant(entry) => self.$field.insert(entry),)+
                    Wanted::Deadline(at, key) => {
                        self.deadlines.insert((at, key));
                    }
                    Wanted::AddressSlot(slot) => {
                        self.address_slots.insert(slot);
                    }
                }
            }

            fn withdraw(&mut self, wanted: &Wanted) {
                match wanted {
                    $(Wanted::$variant(entry) => self.$field.remove(entry),)+
                    Wanted::Deadline(at, key) => {
                        self.deadlines.remove(&(*at, *key));
                    }
                    Wanted::AddressSlot(slot) => {
                        self.address_slots.remove(slot);
                    }
                }
            }

            /// The work of filling the indexes, which are empty, with what these entities want, one index
            /// a job. No two of the entities have the same key. Each job goes over all of them, so that the
            /// entries of as many indexes are in memory beside the sets as jobs run at a time.
            pub(crate) fn fill<'a>(&'a mut self, entities: &'a [Entity]) -> Vec<Job<'a>> {
                let Self { $($field,)+ deadlines, address_slots } = self;
                vec![
                    $(Box::new(move || {
                        $field.0 = set_of(entities, |wanted| match wanted {
                            Wanted::$variant(entry) => Some(entry),
                            _ => None,
                        });
                    }),)+
                    Box::new(move || {
                        *deadlines = set_of(entities, |wanted| match wanted {
                            Wanted::Deadline(at, key) => Some((at, key)),
                            _ => None,
                        });
                    }),
                    Box::new(move || {
                        *address_slots = set_of(entities, |wanted| match wanted {
                            Wanted::AddressSlot(slot) => Some(slot),
                            _ => None,
                        });
                    }),
                ]
            }
        }
    };
}

indexes! {
    ConnectionByOwner, connections_by_owner: (AccountId, Region) => ConnectionId;
    MemberByLag, members_by_lag: LagId => ConnectionId;
    HostedByParent, hosted_by_parent: ParentId => ConnectionId;
    LagByOwner, lags_by_owner: (AccountId, Region) => LagId;
    VirtualInterfaceByViewer, virtual_interfaces_by_viewer: (AccountId, Region) => VirtualInterfaceId;
    VirtualInterfaceByParent, virtual_interfaces_by_parent: ParentId => VirtualInterfaceId;
    VirtualInterfaceByGateway, virtual_interfaces_by_gateway: DirectConnectGatewayId => VirtualInterfaceId;
    HolderByParent, holders_by_parent: ParentId => VirtualInterfaceId;
    HolderByGateway, holders_by_gateway: DirectConnectGatewayId => VirtualInterfaceId;
    VirtualInterfaceByPeer, virtual_interfaces_by_peer: BgpPeerId => VirtualInterfaceId;
    VirtualInterfaceByVpnGateway, virtual_interfaces_by_vpn_gateway: VpnGatewayId => VirtualInterfaceId;
    GatewayByOwner, gateways_by_owner: AccountId => DirectConnectGatewayId;
    AssociationByGateway, associations_by_gateway: DirectConnectGatewayId => AssociationId;
    AssociationByAssociated, associations_by_associated: GatewayRef => AssociationId;
    AssociationByViewer, associations_by_viewer: AccountId => AssociationId;
    ProposalByViewer, proposals_by_viewer: AccountId => ProposalId;
    ProposalByGateway, proposals_by_gateway: DirectConnectGatewayId => ProposalId;
    TestByOwner, tests_by_owner: (AccountId, Region) => TestId;
    TestByVirtualInterface, tests_by_virtual_interface: VirtualInterfaceId => TestId;
    GroupByOwner, groups_by_owner: (AccountId, Region) => ResiliencyGroupId;
    GroupByMember, groups_by_member: ParentId => ResiliencyGroupId;
    VpcByOwner, vpcs_by_owner: (AccountId, Region) => VpcId;
    VpnGatewayByOwner, vpn_gateways_by_owner: (AccountId, Region) => VpnGatewayId;
    VpnGatewayByVpc, vpn_gateways_by_vpc: VpcId => VpnGatewayId;
    TransitGatewayByOwner, transit_gateways_by_owner: (AccountId, Region) => TransitGatewayId;
}

impl Indexes {
    /// Follows an entity from its old value to its new one; either may be missing.
    pub(crate) fn replace(&mut self, old: Option<&Entity>, new: Option<&Entity>) {
        let before = old.map(wanted).unwrap_or_default();
        let after = new.map(wanted).unwrap_or_default();
        for entry in before.iter().filter(|entry| !after.contains(entry)) {
            self.withdraw(entry);
        }
        for entry in after {
            if !before.contains(&entry) {
                self.add(entry);
            }
        }
    }
}

/// The index entries of an entity.
fn wanted(entity: &Entity) -> Vec<Wanted> {
    let mut entries = Vec::with_capacity(8);
    want(entity, &mut |entry| entries.push(entry));
    entries
}

/// What these entities want to have in one index.
fn set_of<T: Ord + Clone>(entities: &[Entity], choose: impl Fn(Wanted) -> Option<T>) -> OrdSet<T> {
    let mut entries = Vec::new();
    for entity in entities {
        want(entity, &mut |entry| entries.extend(choose(entry)));
    }
    bulk::set(entries)
}

/// Names each index entry of an entity.
fn want(entity: &Entity, add: &mut impl FnMut(Wanted)) {
    match entity {
        Entity::Connection(connection) => of_connection(connection, add),
        Entity::Lag(lag) => add(Wanted::LagByOwner((
            (lag.owner, lag.region),
            lag.created,
            lag.id,
        ))),
        Entity::VirtualInterface(interface) => of_virtual_interface(interface, add),
        Entity::Gateway(gateway) => add(Wanted::GatewayByOwner((
            gateway.owner,
            gateway.created,
            gateway.id,
        ))),
        Entity::Association(association) => of_association(association, add),
        Entity::Proposal(proposal) => {
            let (created, id) = (proposal.created, proposal.id);
            add(Wanted::ProposalByViewer((
                proposal.gateway_owner,
                created,
                id,
            )));
            add(Wanted::ProposalByViewer((
                proposal.associated_owner,
                created,
                id,
            )));
            add(Wanted::ProposalByGateway((proposal.gateway, created, id)));
        }
        Entity::FailoverTest(test) => {
            add(Wanted::TestByOwner((
                (test.owner, test.region),
                test.started,
                test.id,
            )));
            add(Wanted::TestByVirtualInterface((
                test.virtual_interface,
                test.started,
                test.id,
            )));
        }
        Entity::ResiliencyGroup(group) => {
            let (created, id) = (group.created, group.id);
            add(Wanted::GroupByOwner((
                (group.owner, group.region),
                created,
                id,
            )));
            for member in &group.members {
                add(Wanted::GroupByMember((member.connection, created, id)));
            }
        }
        Entity::Vpc(vpc) => add(Wanted::VpcByOwner((
            (vpc.owner, vpc.region),
            vpc.created,
            vpc.id,
        ))),
        Entity::VpnGateway(gateway) => {
            let (created, id) = (gateway.created, gateway.id);
            add(Wanted::VpnGatewayByOwner((
                (gateway.owner, gateway.region),
                created,
                id,
            )));
            if let Some(attachment) = gateway.attachment {
                add(Wanted::VpnGatewayByVpc((attachment.vpc, created, id)));
            }
        }
        Entity::TransitGateway(gateway) => add(Wanted::TransitGatewayByOwner((
            (gateway.owner, gateway.region),
            gateway.created,
            gateway.id,
        ))),
        Entity::ClientToken(_)
        | Entity::Customer(_)
        | Entity::Lease(_)
        | Entity::Location(_)
        | Entity::Service(_) => {}
    }
    if let Some(at) = entity.deadline() {
        add(Wanted::Deadline(at, entity.key()));
    }
}

fn of_connection(connection: &Connection, add: &mut impl FnMut(Wanted)) {
    let (created, id) = (connection.created, connection.id);
    let owner = (connection.owner, connection.region);
    add(Wanted::ConnectionByOwner((owner, created, id)));
    if let Some(lag) = connection.lag.filter(|_| connection.is_live()) {
        add(Wanted::MemberByLag((lag, created, id)));
    }
    if let Some(parent) = connection.parent() {
        add(Wanted::HostedByParent((parent, created, id)));
    }
}

fn of_virtual_interface(interface: &VirtualInterface, add: &mut impl FnMut(Wanted)) {
    let (created, id) = (interface.created, interface.id);
    let owner = (interface.owner, interface.region);
    add(Wanted::VirtualInterfaceByViewer((owner, created, id)));
    if interface.connection_owner != interface.owner {
        let viewer = (interface.connection_owner, interface.region);
        add(Wanted::VirtualInterfaceByViewer((viewer, created, id)));
    }
    add(Wanted::VirtualInterfaceByParent((
        interface.parent,
        created,
        id,
    )));
    if let Some(gateway) = interface.gateway() {
        add(Wanted::VirtualInterfaceByGateway((gateway, created, id)));
    }
    if let Some(gateway) = interface.vpn_gateway() {
        add(Wanted::VirtualInterfaceByVpnGateway((gateway, created, id)));
    }
    for peer in &interface.peers {
        add(Wanted::VirtualInterfaceByPeer((peer.id, created, id)));
    }
    if interface.holds_resources() {
        add(Wanted::HolderByParent((interface.parent, created, id)));
        if let Some(gateway) = interface.gateway() {
            add(Wanted::HolderByGateway((gateway, created, id)));
        }
        for peer in interface.live_peers() {
            if let Some(slot) = address_pool::slot_of(&peer.amazon_address) {
                let key = (interface.owner, interface.region, peer.family, slot, id);
                add(Wanted::AddressSlot(key));
            }
        }
    }
}

fn of_association(association: &Association, add: &mut impl FnMut(Wanted)) {
    let (created, id) = (association.created, association.id);
    add(Wanted::AssociationByGateway((
        association.gateway,
        created,
        id,
    )));
    add(Wanted::AssociationByAssociated((
        association.associated,
        created,
        id,
    )));
    add(Wanted::AssociationByViewer((
        association.gateway_owner,
        created,
        id,
    )));
    add(Wanted::AssociationByViewer((
        association.associated_owner,
        created,
        id,
    )));
}
