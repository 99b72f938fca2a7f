//! What connections and LAGs have in common as carriers of virtual interfaces and hosted connections.

use std::collections::BTreeMap;

use demarc_api::RateLimiterStatus;
use demarc_types::{
    AccountId, Bandwidth, BgpPeerId, ParentId, PeerAddress, VirtualInterfaceId, VlanId,
};

use crate::entity::{
    Connection, ConnectionPhase, Lag, LagPhase, PeerPhase, Session, TestStatus, VirtualInterface,
    VirtualInterfaceKind, VirtualInterfacePhase,
};
use crate::operation::failover_test;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::state;
use crate::transaction::Transaction;
use crate::world::World;

/// The device that ends the ports, once there is one.
pub(crate) fn device(world: &World, parent: ParentId) -> Option<String> {
    match parent {
        ParentId::Connection(id) => {
            let connection = world.connection(id)?;
            match connection.parent() {
                Some(carrier) => device(world, carrier),
                None => connection.device.clone(),
            }
        }
        ParentId::Lag(id) => world.lag(id).map(|lag| lag.device.clone()),
    }
}

/// Of a LAG: all members are, and there is one (spec/states §4). Of a hosted connection: its parent is.
pub(crate) fn is_jumbo_capable(world: &World, parent: ParentId) -> bool {
    match parent {
        ParentId::Connection(id) => world
            .connection(id)
            .is_some_and(|connection| match connection.parent() {
                Some(carrier) => is_jumbo_capable(world, carrier),
                None => connection.jumbo_capable,
            }),
        ParentId::Lag(id) => {
            let mut members = world.members(id).peekable();
            members.peek().is_some() && members.all(|member| member.jumbo_capable)
        }
    }
}

/// Ordered with MACsec. Of a LAG: itself, with all its members.
pub(crate) fn is_mac_sec_capable(world: &World, parent: ParentId) -> bool {
    match parent {
        ParentId::Connection(id) => world
            .connection(id)
            .is_some_and(|connection| connection.mac_sec.is_some()),
        ParentId::Lag(id) => {
            world.lag(id).is_some_and(|lag| lag.mac_sec.is_some())
                && world.members(id).all(|member| member.mac_sec.is_some())
        }
    }
}

/// The account that ordered the carrier.
pub(crate) fn owner(world: &World, parent: ParentId) -> Option<AccountId> {
    match parent {
        ParentId::Connection(id) => world.connection(id).map(|connection| connection.owner),
        ParentId::Lag(id) => world.lag(id).map(|lag| lag.owner),
    }
}

/// The carrier's speed in Mbit/s: of a LAG, of all its members together.
pub(crate) fn megabits(world: &World, parent: ParentId) -> u64 {
    match parent {
        ParentId::Connection(id) => world
            .connection(id)
            .map_or(0, |connection| u64::from(connection.bandwidth.megabits())),
        ParentId::Lag(id) => world
            .members(id)
            .map(|member| u64::from(member.bandwidth.megabits()))
            .sum(),
    }
}

// ===== finding one's own =====

/// A connection of the caller's in its Region, of any kind, deleted ones excepted. Whatever is not the
/// caller's is as if it did not exist.
pub(crate) fn own_connection<'w>(
    tx: &'w Transaction<'_>,
    id: &str,
) -> Result<&'w std::sync::Arc<Connection>, Refusal> {
    let parsed = crate::input::connection(id)?;
    tx.connection(parsed)
        .filter(|found| found.owner == tx.context.account && found.region == tx.context.region)
        .filter(|found| !is_gone(found))
        .ok_or_else(|| Refusal::ConnectionNotFound(id.to_owned()))
}

/// Deleted or rejected: still shown, but no longer acted on.
pub(crate) fn is_gone(connection: &Connection) -> bool {
    matches!(
        connection.phase,
        ConnectionPhase::Deleted { .. } | ConnectionPhase::Rejected { .. }
    )
}

/// A LAG of the caller's in its Region, deleted ones excepted.
pub(crate) fn own_lag<'w>(
    tx: &'w Transaction<'_>,
    id: &str,
) -> Result<&'w std::sync::Arc<Lag>, Refusal> {
    let parsed = crate::input::lag(id)?;
    tx.lag(parsed)
        .filter(|found| found.owner == tx.context.account && found.region == tx.context.region)
        .filter(|found| !matches!(found.phase, LagPhase::Deleted { .. }))
        .ok_or_else(|| Refusal::LagNotFound(id.to_owned()))
}

// ===== virtual interfaces on a carrier =====

/// The virtual interfaces that hold a VLAN and addresses on the carrier.
pub(crate) fn holding(
    world: &World,
    parent: ParentId,
) -> impl Iterator<Item = &std::sync::Arc<VirtualInterface>> {
    world.holders_on(parent)
}

/// The VLAN is free for `but`, or for a new virtual interface.
pub(crate) fn check_vlan(
    world: &World,
    parent: ParentId,
    vlan: VlanId,
    but: Option<VirtualInterfaceId>,
) -> Result<(), Refusal> {
    if holding(world, parent).any(|other| other.vlan == vlan && Some(other.id) != but) {
        return Err(Refusal::VlanInUse(vlan.get()));
    }
    Ok(())
}

/// None of the carrier's virtual interfaces, but `but`, has a peering subnet that overlaps `address`'s.
pub(crate) fn check_address(
    world: &World,
    parent: ParentId,
    address: &PeerAddress,
    but: Option<VirtualInterfaceId>,
) -> Result<(), Refusal> {
    let clash = holding(world, parent)
        .filter(|other| Some(other.id) != but)
        .find(|other| {
            other
                .live_peers()
                .any(|peer| peer.amazon_address.overlaps(address))
        });
    match clash {
        Some(other) => Err(Refusal::invalid(format!(
            "Address {address} conflicts with an address of virtual interface {} on {parent}.",
            other.id
        ))),
        None => Ok(()),
    }
}

/// What `interface` needs on `target`, but for the quotas of [`check_room`]: its VLAN, its addresses, its MTU.
pub(crate) fn check_conflicts(
    world: &World,
    interface: &VirtualInterface,
    target: ParentId,
) -> Result<(), Refusal> {
    check_vlan(world, target, interface.vlan, Some(interface.id))?;
    for peer in interface.live_peers() {
        check_address(world, target, &peer.amazon_address, Some(interface.id))?;
    }
    if interface.mtu > 1_500 && !is_jumbo_capable(world, target) {
        return Err(Refusal::invalid(format!(
            "Virtual interface {} has an MTU of {}, but {target} does not support jumbo frames.",
            interface.id, interface.mtu
        )));
    }
    Ok(())
}

/// One more virtual interface of this kind fits on the carrier (spec/quotas rows 1 to 5).
pub(crate) fn check_room(
    world: &World,
    settings: &Settings,
    parent: ParentId,
    kind: VirtualInterfaceKind,
) -> Result<(), Refusal> {
    let quotas = &settings.quotas;
    let quota = |what, limit| {
        Err(Refusal::Quota {
            what,
            limit,
            scope: parent.to_string(),
        })
    };
    let hosted = matches!(parent, ParentId::Connection(id) if world.connection(id).is_some_and(|found| found.is_hosted()));
    let all = holding(world, parent).count();
    if hosted {
        let limit = quotas.virtual_interfaces_per_hosted_connection;
        return if all < limit {
            Ok(())
        } else {
            quota("Virtual interface", limit)
        };
    }
    if all >= quotas.virtual_interfaces_per_connection {
        return quota(
            "Virtual interface",
            quotas.virtual_interfaces_per_connection,
        );
    }
    let transit = holding(world, parent)
        .filter(|other| other.kind == VirtualInterfaceKind::Transit)
        .count();
    // Of a LAG row 5 is all that there is.
    let is_connection = matches!(parent, ParentId::Connection(_));
    match kind {
        VirtualInterfaceKind::Transit if transit >= quotas.transit_per_connection => {
            quota("Transit virtual interface", quotas.transit_per_connection)
        }
        VirtualInterfaceKind::Private | VirtualInterfaceKind::Public
            if is_connection && all - transit >= quotas.private_and_public_per_connection =>
        {
            quota(
                "Private and public virtual interface",
                quotas.private_and_public_per_connection,
            )
        }
        _ => Ok(()),
    }
}

/// Moves a virtual interface to another carrier. The fabric has to follow; until it has, the peers that
/// were there are deleting and their successors pending, with the same keys and addresses (spec/states §5.3);
/// those under review stay so.
/// A failover test goes on with the successors of the peers that it holds down.
pub(crate) fn rehome(tx: &mut Transaction<'_>, interface: &VirtualInterface, target: ParentId) {
    let mut moved = interface.clone();
    moved.parent = target;
    if let Some(owner) = owner(tx, target) {
        moved.connection_owner = owner;
    }
    if let Some(location) = location(tx, target) {
        moved.location = location;
    }
    moved.device = device(tx, target);
    if moved.phase == VirtualInterfacePhase::Active {
        let successors = succeed(tx, &mut moved);
        if let Some(test) = moved.test.and_then(|id| tx.failover_test(id)) {
            let mut test = test.as_ref().clone();
            for peer in &mut test.peers {
                *peer = successors.get(peer).copied().unwrap_or(*peer);
            }
            tx.put(test);
        }
        moved.generation += 1;
    }
    let test = moved.test;
    tx.put(moved);
    if let Some(test) = test
        && state::silence(tx, target).is_some()
    {
        // Nobody is there to hold it any more.
        failover_test::finish(tx, test, TestStatus::Failed);
    }
}

/// Puts a successor behind every live peer, which is deleting from now on. Gives the successors' ids by those
/// of their predecessors.
fn succeed(
    tx: &mut Transaction<'_>,
    interface: &mut VirtualInterface,
) -> BTreeMap<BgpPeerId, BgpPeerId> {
    let mut successors = Vec::new();
    let mut ids = BTreeMap::new();
    for peer in interface.peers.iter_mut().filter(|peer| peer.is_live()) {
        let mut successor = peer.clone();
        successor.id = tx.fresh_bgp_peer();
        // A review goes on as it was: to move is not to be approved (spec/states §6).
        if !matches!(successor.phase, PeerPhase::Verifying { .. }) {
            successor.phase = PeerPhase::Pending;
        }
        successor.session = Session::Down;
        successor.prefixes_received = 0;
        successor.wrong_key = false;
        peer.phase = PeerPhase::Deleting;
        peer.session = Session::Down;
        ids.insert(peer.id, successor.id);
        successors.push(successor);
    }
    interface.peers.extend(successors);
    ids
}

/// The location of a carrier.
pub(crate) fn location(world: &World, parent: ParentId) -> Option<demarc_types::LocationCode> {
    match parent {
        ParentId::Connection(id) => world.connection(id).map(|connection| connection.location),
        ParentId::Lag(id) => world.lag(id).map(|lag| lag.location),
    }
}

// ===== rate limiters and prefix pools =====

/// `rateLimiterStatus` (spec/api-2026 §1). `totalBandwidth` is the sum of the limits.
pub(crate) fn rate_limiter_status(
    world: &World,
    settings: &Settings,
    parent: ParentId,
) -> RateLimiterStatus {
    let rates: Vec<u64> = holding(world, parent)
        .filter_map(|interface| interface.rate_limit)
        .map(|rate| u64::from(rate.megabits()))
        .collect();
    let allowed = settings.quotas.rate_limiters_per_connection;
    RateLimiterStatus {
        max_allowed: i64::try_from(allowed).ok(),
        in_use: i64::try_from(rates.len()).ok(),
        remaining: i64::try_from(allowed.saturating_sub(rates.len())).ok(),
        total_bandwidth: Some(bandwidth_text(rates.iter().sum())),
    }
}

/// `0Mbps`, `500Mbps`, `1Gbps`, `1.6Tbps`: the largest unit that gives at most one decimal place.
fn bandwidth_text(megabits: u64) -> String {
    let scaled = |unit: u64, name: &str| {
        let (whole, tenth) = (megabits / unit, megabits % unit * 10 / unit);
        if tenth == 0 {
            format!("{whole}{name}")
        } else {
            format!("{whole}.{tenth}{name}")
        }
    };
    match megabits {
        1_000_000.. if megabits.is_multiple_of(100_000) => scaled(1_000_000, "Tbps"),
        1_000.. if megabits.is_multiple_of(100) => scaled(1_000, "Gbps"),
        _ => format!("{megabits}Mbps"),
    }
}

/// How many prefixes may be allocated on a dedicated connection or LAG, and how many are, per family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pool {
    pub(crate) size: i64,
    pub(crate) allocated_ipv4: i64,
    pub(crate) allocated_ipv6: i64,
}

impl Pool {
    pub(crate) fn of(world: &World, parent: ParentId) -> Self {
        let allocations =
            || holding(world, parent).filter_map(|interface| interface.prefix_allocation);
        Self {
            size: pool_size(world, parent),
            allocated_ipv4: allocations()
                .map(|allocation| i64::from(allocation.ipv4))
                .sum(),
            allocated_ipv6: allocations()
                .map(|allocation| i64::from(allocation.ipv6))
                .sum(),
        }
    }

    /// What is left. More may be allocated than there is: the last member of a LAG takes the pool with it.
    pub(crate) fn unallocated_ipv4(self) -> i64 {
        (self.size - self.allocated_ipv4).max(0)
    }

    pub(crate) fn unallocated_ipv6(self) -> i64 {
        (self.size - self.allocated_ipv6).max(0)
    }
}

/// Per port by speed, times the members of a LAG (spec/quotas §2, prefix pools).
fn pool_size(world: &World, parent: ParentId) -> i64 {
    match parent {
        ParentId::Connection(id) => world
            .connection(id)
            .map_or(0, |connection| prefixes_of_port(connection.bandwidth)),
        ParentId::Lag(id) => world.members(id).map(|member| pool_share(member)).sum(),
    }
}

/// What a member adds to the pool of its LAG: nothing until its link has come up.
pub(crate) fn pool_share(member: &Connection) -> i64 {
    if member.phase == ConnectionPhase::Live {
        prefixes_of_port(member.bandwidth)
    } else {
        0
    }
}

fn prefixes_of_port(bandwidth: Bandwidth) -> i64 {
    match bandwidth.megabits() {
        400_000.. => 50_000,
        100_000.. => 30_000,
        _ => 5_000,
    }
}

/// Whether a carrier takes virtual interfaces now: available or down (spec/states §5.2), or one of these and
/// not seen at the moment; and no member of a LAG, whose VLANs are the LAG's (spec/identifiers §6).
pub(crate) fn check_usable(world: &World, parent: ParentId) -> Result<(), Refusal> {
    if let ParentId::Connection(id) = parent
        && let Some(lag) = world.connection(id).and_then(|found| found.lag)
    {
        return Err(Refusal::invalid(format!(
            "The specified Connection ID is not available: {id} is a member of Lag {lag}, which carries what its members would."
        )));
    }
    match state::parent(world, parent) {
        Some("available" | "down" | "unknown") => Ok(()),
        Some(state) => Err(Refusal::ConnectionNotAvailable {
            id: parent.to_string(),
            state,
        }),
        None => Err(match parent {
            ParentId::Connection(id) => Refusal::ConnectionNotFound(id.to_string()),
            ParentId::Lag(id) => Refusal::LagNotFound(id.to_string()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_rates_print_in_the_largest_fitting_unit() {
        for (megabits, text) in [
            (0, "0Mbps"),
            (950, "950Mbps"),
            (1_000, "1Gbps"),
            (1_550, "1550Mbps"),
            (2_500, "2.5Gbps"),
            (1_600_000, "1.6Tbps"),
        ] {
            assert_eq!(bandwidth_text(megabits), text);
        }
    }
}
