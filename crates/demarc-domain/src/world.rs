//! Every entity and every index, in persistent maps.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use demarc_types::{
    AccountId, AssociationId, BgpPeerId, ConnectionId, DirectConnectGatewayId, LagId, LocationCode,
    ParentId, ProposalId, Region, ResiliencyGroupId, TestId, TransitGatewayId, VirtualInterfaceId,
    VpcId, VpnGatewayId,
};
use imbl::OrdMap;
use imbl::ordmap::DiffItem;

use crate::bulk::{self, Job};
use crate::entity::{
    Association, Change, ClientToken, ClientTokenKey, Connection, Customer, DirectConnectGateway,
    EdgeSession, Entity, EntityKey, FailoverTest, Lag, Lease, Location, Proposal, ResiliencyGroup,
    Service, Silence, TransitGateway, VirtualInterface, Vpc, VpnGateway,
};
use crate::index::Indexes;

/// The whole state of a service. Cloning copies some thirty pointers; the copies share everything until
/// one of them changes.
#[derive(Clone, Default)]
#[cfg_attr(test, derive(PartialEq))]
pub struct World {
    connections: OrdMap<ConnectionId, Arc<Connection>>,
    lags: OrdMap<LagId, Arc<Lag>>,
    virtual_interfaces: OrdMap<VirtualInterfaceId, Arc<VirtualInterface>>,
    gateways: OrdMap<DirectConnectGatewayId, Arc<DirectConnectGateway>>,
    associations: OrdMap<AssociationId, Arc<Association>>,
    proposals: OrdMap<ProposalId, Arc<Proposal>>,
    failover_tests: OrdMap<TestId, Arc<FailoverTest>>,
    resiliency_groups: OrdMap<ResiliencyGroupId, Arc<ResiliencyGroup>>,
    client_tokens: OrdMap<ClientTokenKey, Arc<ClientToken>>,
    customers: OrdMap<AccountId, Arc<Customer>>,
    locations: OrdMap<(Region, LocationCode), Arc<Location>>,
    vpcs: OrdMap<VpcId, Arc<Vpc>>,
    vpn_gateways: OrdMap<VpnGatewayId, Arc<VpnGateway>>,
    transit_gateways: OrdMap<TransitGatewayId, Arc<TransitGateway>>,
    service: Option<Arc<Service>>,
    lease: Option<Arc<Lease>>,
    pub(crate) indexes: Indexes,
}

/// Defines put, remove and look-up of every kind that is kept in a map.
macro_rules! tables {
    ($($variant:ident: $field:ident, $get:ident -> $type:ty, $key:ty;)+) => {
        impl World {
            $(
                /// The entity of this id, whoever owns it.
                pub fn $get(&self, id: $key) -> Option<&Arc<$type>> {
                    self.$field.get(&id)
                }
            )+

            /// The entity under `key`.
            pub fn get(&self, key: &EntityKey) -> Option<Entity> {
                match key {
                    $(EntityKey::$variant(id) => self.$field.get(id).cloned().map(Entity::$variant),)+
                    EntityKey::Service(()) => self.service.clone().map(Entity::Service),
                    EntityKey::Lease(()) => self.lease.clone().map(Entity::Lease),
                }
            }

            fn insert(&mut self, entity: Entity) -> Option<Entity> {
                match entity {
                    $(Entity::$variant(value) => {
                        let EntityKey::$variant(id) = Entity::$variant(Arc::clone(&value)).key() else { return None };
                        self.$field.insert(id, value).map(Entity::$variant)
                    })+
                    Entity::Service(value) => self.service.replace(value).map(Entity::Service),
                    Entity::Lease(value) => self.lease.replace(value).map(Entity::Lease),
                }
            }

            fn take(&mut self, key: &EntityKey) -> Option<Entity> {
                match key {
                    $(EntityKey::$variant(id) => self.$field.remove(id).map(Entity::$variant),)+
                    EntityKey::Service(()) => self.service.take().map(Entity::Service),
                    EntityKey::Lease(()) => self.lease.take().map(Entity::Lease),
                }
            }

            /// The work of filling the tables, which are empty, one table a job.
            fn fill<'a>(&'a mut self, entities: &'a [Entity]) -> Vec<Job<'a>> {
                let Self { $($field,)+ service, lease, indexes: _ } = self;
                vec![
                    $(Box::new(move || {
                        let values = entities.iter().filter_map(|entity| match entity {
                            Entity::$variant(value) => Some((entity.key(), Arc::clone(value))),
                            _ => None,
                        });
                        let pairs = values.filter_map(|(key, value)| match key {
                            EntityKey::$variant(id) => Some((id, value)),
                            _ => None,
                        });
                        *$field = bulk::map(pairs.collect());
                    }),)+
                    Box::new(move || {
                        *service = entities.iter().rev().find_map(|entity| match entity {
                            Entity::Service(value) => Some(Arc::clone(value)),
                            _ => None,
                        });
                    }),
                    Box::new(move || {
                        *lease = entities.iter().rev().find_map(|entity| match entity {
                            Entity::Lease(value) => Some(Arc::clone(value)),
                            _ => None,
                        });
                    }),
                ]
            }

            /// Every entity, kind by kind, in the order of their keys.
            pub fn entities(&self) -> impl Iterator<Item = Entity> + '_ {
                std::iter::empty()
                    $(.chain(self.$field.values().cloned().map(Entity::$variant)))+
                    .chain(self.service.iter().cloned().map(Entity::Service))
                    .chain(self.lease.iter().cloned().map(Entity::Lease))
            }

            /// The number of entities.
            pub fn len(&self) -> usize {
                0 $(+ self.$field.len())+ + usize::from(self.service.is_some()) + usize::from(self.lease.is_some())
            }
        }
    };
}

tables! {
    Connection: connections, connection -> Connection, ConnectionId;
    Lag: lags, lag -> Lag, LagId;
    VirtualInterface: virtual_interfaces, virtual_interface -> VirtualInterface, VirtualInterfaceId;
    Gateway: gateways, gateway -> DirectConnectGateway, DirectConnectGatewayId;
    Association: associations, association -> Association, AssociationId;
    Proposal: proposals, proposal -> Proposal, ProposalId;
    FailoverTest: failover_tests, failover_test -> FailoverTest, TestId;
    ResiliencyGroup: resiliency_groups, resiliency_group -> ResiliencyGroup, ResiliencyGroupId;
    ClientToken: client_tokens, client_token -> ClientToken, ClientTokenKey;
    Customer: customers, customer -> Customer, AccountId;
    Location: locations, stored_location -> Location, (Region, LocationCode);
    Vpc: vpcs, vpc -> Vpc, VpcId;
    VpnGateway: vpn_gateways, vpn_gateway -> VpnGateway, VpnGatewayId;
    TransitGateway: transit_gateways, transit_gateway -> TransitGateway, TransitGatewayId;
}

impl World {
    /// A World of many entities: what comes of putting them one after the other, made in less time and room.
    /// `carry_out` has to do all that is handed to it before it returns.
    pub fn assemble(entities: &[Entity], carry_out: impl Fn(Vec<Job<'_>>)) -> Self {
        let mut world = Self::default();
        carry_out(world.fill(entities));
        // Each key once.
        let entities: Vec<Entity> = world.entities().collect();
        carry_out(world.indexes.fill(&entities));
        world
    }

    /// Nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Carries out one change. Total: putting replaces, removing what is not there does nothing.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Put(entity) => {
                let old = self.insert(entity.clone());
                self.indexes.replace(old.as_ref(), Some(entity));
            }
            Change::Remove(key) => {
                let old = self.take(key);
                self.indexes.replace(old.as_ref(), None);
            }
        }
    }

    /// The service's own document, once it was founded.
    pub fn service(&self) -> Option<&Arc<Service>> {
        self.service.as_ref()
    }

    /// Who acts for the service, where several processes serve it.
    pub fn lease(&self) -> Option<&Arc<Lease>> {
        self.lease.as_ref()
    }

    /// Whether at most virtual interfaces, and what no intent is derived from, differ in the other. Quick, as
    /// Worlds share what they have in common; `false` where that cannot be told quickly.
    pub fn differs_in_interfaces_alone(&self, other: &Self) -> bool {
        self.connections.ptr_eq(&other.connections)
            && self.lags.ptr_eq(&other.lags)
            && self.gateways.ptr_eq(&other.gateways)
            && self.associations.ptr_eq(&other.associations)
            && self.failover_tests.ptr_eq(&other.failover_tests)
            && self.vpcs.ptr_eq(&other.vpcs)
            && self.vpn_gateways.ptr_eq(&other.vpn_gateways)
            && self.transit_gateways.ptr_eq(&other.transit_gateways)
    }

    /// The virtual interfaces that differ in the other, and those that only one of the two has. Quick, as long as
    /// the Worlds share nearly all of them.
    pub fn interfaces_that_differ(&self, other: &Self) -> Vec<VirtualInterfaceId> {
        let differences = self.virtual_interfaces.diff(&other.virtual_interfaces);
        let ids = differences.map(|difference| match difference {
            DiffItem::Add(id, _) | DiffItem::Remove(id, _) => *id,
            DiffItem::Update { new: (id, _), .. } => *id,
        });
        ids.collect()
    }

    /// Every connection, whoever owns it.
    pub fn connections(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.connections.values()
    }

    /// Every LAG, whoever owns it.
    pub fn lags(&self) -> impl Iterator<Item = &Arc<Lag>> {
        self.lags.values()
    }

    // ===== look-ups through indexes =====

    /// Connections of an account in a Region, oldest first; interconnects among them.
    pub fn connections_of(
        &self,
        owner: AccountId,
        region: Region,
    ) -> impl Iterator<Item = &Arc<Connection>> {
        self.indexes
            .connections_by_owner
            .within((owner, region))
            .filter_map(|id| self.connection(id))
    }

    /// Members of a LAG, live ones only, oldest first.
    pub fn members(&self, lag: LagId) -> impl Iterator<Item = &Arc<Connection>> {
        self.indexes
            .members_by_lag
            .within(lag)
            .filter_map(|id| self.connection(id))
    }

    /// Hosted connections on an interconnect or LAG, oldest first; recently deleted ones too.
    pub fn hosted_on(&self, parent: ParentId) -> impl Iterator<Item = &Arc<Connection>> {
        self.indexes
            .hosted_by_parent
            .within(parent)
            .filter_map(|id| self.connection(id))
    }

    /// LAGs of an account in a Region, oldest first.
    pub fn lags_of(&self, owner: AccountId, region: Region) -> impl Iterator<Item = &Arc<Lag>> {
        self.indexes
            .lags_by_owner
            .within((owner, region))
            .filter_map(|id| self.lag(id))
    }

    /// Who speaks for a device.
    pub fn edge_session(&self, device: &str) -> Option<&EdgeSession> {
        self.service.as_ref()?.edges.get(device)
    }

    /// That a device is not heard from, if so.
    pub fn silence(&self, device: &str) -> Option<&Silence> {
        self.service.as_ref()?.silent.get(device)
    }

    /// All devices that are not heard from.
    pub fn silences(&self) -> impl Iterator<Item = (&str, &Silence)> {
        let silent = self.service.iter().flat_map(|service| &service.silent);
        silent.map(|(device, silence)| (device.as_str(), silence))
    }

    /// The locations that the operator stored, of all Regions.
    pub fn all_stored_locations(&self) -> impl Iterator<Item = &Arc<Location>> {
        self.locations.values()
    }

    /// All virtual interfaces, recently deleted ones too.
    pub fn virtual_interfaces(&self) -> impl Iterator<Item = &Arc<VirtualInterface>> {
        self.virtual_interfaces.values()
    }

    /// Virtual interfaces that an account sees in a Region: its own and those on its connections.
    pub fn virtual_interfaces_seen_by(
        &self,
        viewer: AccountId,
        region: Region,
    ) -> impl Iterator<Item = &Arc<VirtualInterface>> {
        self.indexes
            .virtual_interfaces_by_viewer
            .within((viewer, region))
            .filter_map(|id| self.virtual_interface(id))
    }

    /// Virtual interfaces on a connection or LAG, oldest first; recently deleted ones too.
    pub fn virtual_interfaces_on(
        &self,
        parent: ParentId,
    ) -> impl Iterator<Item = &Arc<VirtualInterface>> {
        self.indexes
            .virtual_interfaces_by_parent
            .within(parent)
            .filter_map(|id| self.virtual_interface(id))
    }

    /// Virtual interfaces that lead to a Direct Connect gateway, oldest first; recently deleted ones too.
    pub fn virtual_interfaces_to(
        &self,
        gateway: DirectConnectGatewayId,
    ) -> impl Iterator<Item = &Arc<VirtualInterface>> {
        self.indexes
            .virtual_interfaces_by_gateway
            .within(gateway)
            .filter_map(|id| self.virtual_interface(id))
    }

    /// Virtual interfaces that hold a VLAN and addresses on a connection or LAG, oldest first. However many
    /// were deleted lately, these are few.
    pub fn holders_on(&self, parent: ParentId) -> impl Iterator<Item = &Arc<VirtualInterface>> {
        self.indexes
            .holders_by_parent
            .within(parent)
            .filter_map(|id| self.virtual_interface(id))
    }

    /// Virtual interfaces that hold a place on a Direct Connect gateway, oldest first.
    pub fn holders_to(
        &self,
        gateway: DirectConnectGatewayId,
    ) -> impl Iterator<Item = &Arc<VirtualInterface>> {
        self.indexes
            .holders_by_gateway
            .within(gateway)
            .filter_map(|id| self.virtual_interface(id))
    }

    /// Virtual interfaces that lead to a virtual private gateway directly, until they are deleted.
    pub fn virtual_interfaces_to_vpn_gateway(
        &self,
        gateway: VpnGatewayId,
    ) -> impl Iterator<Item = &Arc<VirtualInterface>> {
        self.indexes
            .virtual_interfaces_by_vpn_gateway
            .within(gateway)
            .filter_map(|id| self.virtual_interface(id))
    }

    /// The virtual interface that a BGP peer belongs to.
    pub fn virtual_interface_of_peer(&self, peer: BgpPeerId) -> Option<&Arc<VirtualInterface>> {
        self.indexes
            .virtual_interfaces_by_peer
            .within(peer)
            .find_map(|id| self.virtual_interface(id))
    }

    /// Direct Connect gateways of an account, oldest first.
    pub fn gateways_of(
        &self,
        owner: AccountId,
    ) -> impl Iterator<Item = &Arc<DirectConnectGateway>> {
        self.indexes
            .gateways_by_owner
            .within(owner)
            .filter_map(|id| self.gateway(id))
    }

    /// Associations of a Direct Connect gateway, oldest first; disassociating ones too.
    pub fn associations_of(
        &self,
        gateway: DirectConnectGatewayId,
    ) -> impl Iterator<Item = &Arc<Association>> {
        self.indexes
            .associations_by_gateway
            .within(gateway)
            .filter_map(|id| self.association(id))
    }

    /// Associations of a virtual private or transit gateway.
    pub fn associations_with(
        &self,
        associated: demarc_types::GatewayRef,
    ) -> impl Iterator<Item = &Arc<Association>> {
        self.indexes
            .associations_by_associated
            .within(associated)
            .filter_map(|id| self.association(id))
    }

    /// Associations that an account has a side of, oldest first.
    pub fn associations_seen_by(
        &self,
        viewer: AccountId,
    ) -> impl Iterator<Item = &Arc<Association>> {
        self.indexes
            .associations_by_viewer
            .within(viewer)
            .filter_map(|id| self.association(id))
    }

    /// Proposals that an account made or may answer, oldest first.
    pub fn proposals_seen_by(&self, viewer: AccountId) -> impl Iterator<Item = &Arc<Proposal>> {
        self.indexes
            .proposals_by_viewer
            .within(viewer)
            .filter_map(|id| self.proposal(id))
    }

    /// Proposals addressed to a Direct Connect gateway.
    pub fn proposals_to(
        &self,
        gateway: DirectConnectGatewayId,
    ) -> impl Iterator<Item = &Arc<Proposal>> {
        self.indexes
            .proposals_by_gateway
            .within(gateway)
            .filter_map(|id| self.proposal(id))
    }

    /// Failover tests of an account in a Region, oldest first.
    pub fn failover_tests_of(
        &self,
        owner: AccountId,
        region: Region,
    ) -> impl Iterator<Item = &Arc<FailoverTest>> {
        self.indexes
            .tests_by_owner
            .within((owner, region))
            .filter_map(|id| self.failover_test(id))
    }

    /// Failover tests of a virtual interface.
    pub fn failover_tests_on(
        &self,
        id: VirtualInterfaceId,
    ) -> impl Iterator<Item = &Arc<FailoverTest>> {
        self.indexes
            .tests_by_virtual_interface
            .within(id)
            .filter_map(|id| self.failover_test(id))
    }

    /// Resiliency groups of an account in a Region, oldest first.
    pub fn resiliency_groups_of(
        &self,
        owner: AccountId,
        region: Region,
    ) -> impl Iterator<Item = &Arc<ResiliencyGroup>> {
        self.indexes
            .groups_by_owner
            .within((owner, region))
            .filter_map(|id| self.resiliency_group(id))
    }

    /// Resiliency groups that a connection or LAG is a member of.
    pub fn resiliency_groups_with(
        &self,
        member: ParentId,
    ) -> impl Iterator<Item = &Arc<ResiliencyGroup>> {
        self.indexes
            .groups_by_member
            .within(member)
            .filter_map(|id| self.resiliency_group(id))
    }

    /// VPCs of an account in a Region, oldest first.
    pub fn vpcs_of(&self, owner: AccountId, region: Region) -> impl Iterator<Item = &Arc<Vpc>> {
        self.indexes
            .vpcs_by_owner
            .within((owner, region))
            .filter_map(|id| self.vpc(id))
    }

    /// Virtual private gateways of an account in a Region, oldest first; recently deleted ones too.
    pub fn vpn_gateways_of(
        &self,
        owner: AccountId,
        region: Region,
    ) -> impl Iterator<Item = &Arc<VpnGateway>> {
        self.indexes
            .vpn_gateways_by_owner
            .within((owner, region))
            .filter_map(|id| self.vpn_gateway(id))
    }

    /// Virtual private gateways attached, or about to be, to a VPC.
    pub fn vpn_gateways_on(&self, vpc: VpcId) -> impl Iterator<Item = &Arc<VpnGateway>> {
        self.indexes
            .vpn_gateways_by_vpc
            .within(vpc)
            .filter_map(|id| self.vpn_gateway(id))
    }

    /// Transit gateways of an account in a Region, oldest first; recently deleted ones too.
    pub fn transit_gateways_of(
        &self,
        owner: AccountId,
        region: Region,
    ) -> impl Iterator<Item = &Arc<TransitGateway>> {
        self.indexes
            .transit_gateways_by_owner
            .within((owner, region))
            .filter_map(|id| self.transit_gateway(id))
    }

    /// Locations that the operator put into a Region, beside the built-in ones.
    pub fn stored_locations(&self, region: Region) -> impl Iterator<Item = &Arc<Location>> {
        self.locations
            .iter()
            .filter(move |((of, _), _)| *of == region)
            .map(|(_, location)| location)
    }
}
