//! The words of the API for where things are, computed from what is stored.
//!
//! Where the edge of a device is not heard from, the words for what only it can know are `unknown`, and `down`
//! once it counts as lost (spec/states §13). What it said last stays stored, and is what its intent follows:
//! an edge that comes back finds nothing changed.

use demarc_types::ParentId;

use crate::entity::{
    Association, AssociationPhase, BgpPeer, Connection, ConnectionPhase, DirectConnectGateway,
    EncryptionMode, GatewayPhase, Lag, LagPhase, Link, MacSec, PeerPhase, Proposal, ProposalPhase,
    ResiliencyGroup, ResiliencyGroupPhase, Session, SilenceStage, VirtualInterface,
    VirtualInterfacePhase,
};
use crate::parent;
use crate::world::World;

/// What has become of the silence of the device that ends a carrier; `None` while it is heard, or only asked
/// about.
pub fn silence(world: &World, carrier: ParentId) -> Option<SilenceStage> {
    // Nearly always: devices are heard.
    world.silences().next()?;
    let device = parent::device(world, carrier)?;
    let stage = world.silence(&device)?.stage;
    (stage > SilenceStage::Asked).then_some(stage)
}

/// The word for what a silent edge said last.
fn of_silence(world: &World, carrier: ParentId) -> Option<&'static str> {
    silence(world, carrier).map(|stage| match stage {
        SilenceStage::Asked | SilenceStage::Unknown => "unknown",
        SilenceStage::Lost => "down",
    })
}

fn available_if(up: bool) -> &'static str {
    if up { "available" } else { "down" }
}

/// `connectionState` and `interconnectState` (spec/states §1 to §3).
pub fn connection(world: &World, connection: &Connection) -> &'static str {
    match connection.phase {
        ConnectionPhase::Ordering { .. } => "ordering",
        ConnectionPhase::Requested { .. } => "requested",
        ConnectionPhase::Pending { .. } => "pending",
        ConnectionPhase::Live => {
            let silence = of_silence(world, ParentId::Connection(connection.id));
            silence.unwrap_or_else(|| available_if(is_forwarding(world, connection)))
        }
        ConnectionPhase::Deleting { .. } => "deleting",
        ConnectionPhase::Deleted { .. } => "deleted",
        ConnectionPhase::Rejected { .. } => "rejected",
    }
}

/// Frames can pass: the port's link is up and encrypted where it must be; a hosted connection's parent is up.
fn is_forwarding(world: &World, connection: &Connection) -> bool {
    match connection.parent() {
        Some(parent) => parent_is_up(world, parent),
        None => port_is_up(world, connection),
    }
}

/// A port is in service and has its link.
pub fn port_is_up(world: &World, connection: &Connection) -> bool {
    connection.phase == ConnectionPhase::Live && has_link(world, connection)
}

/// Mode and keys that a port goes by: those of its LAG where it is a member. `None`: it has no MACsec.
pub fn mac_sec_in_force<'w>(world: &'w World, port: &'w Connection) -> Option<&'w MacSec> {
    match port.lag.and_then(|lag| world.lag(lag)) {
        Some(lag) => lag.mac_sec.as_ref(),
        None => port.mac_sec.as_ref(),
    }
}

/// A port's own link, with MACsec when the mode demands it (spec/states §12). A LAG member goes by the
/// LAG's mode and its own encryption.
pub(crate) fn has_link(world: &World, connection: &Connection) -> bool {
    let mode = mac_sec_in_force(world, connection).map(|mac_sec| mac_sec.mode);
    let encrypted = connection
        .mac_sec
        .as_ref()
        .is_some_and(|mac_sec| mac_sec.encrypted);
    connection.link == Link::Up && (mode != Some(EncryptionMode::MustEncrypt) || encrypted)
}

/// A connection, interconnect or LAG is in service and up, by what its edge said last.
pub fn parent_is_up(world: &World, parent: ParentId) -> bool {
    match parent {
        ParentId::Connection(id) => world.connection(id).is_some_and(|found| {
            found.phase == ConnectionPhase::Live && is_forwarding(world, found)
        }),
        ParentId::Lag(id) => world.lag(id).is_some_and(|found| {
            !matches!(found.phase, LagPhase::Deleted { .. }) && has_enough_links(world, found)
        }),
    }
}

/// `lagState` (spec/states §4).
pub fn lag(world: &World, lag: &Lag) -> &'static str {
    match lag.phase {
        LagPhase::Deleted { .. } => "deleted",
        LagPhase::Active { been_up } if been_up || has_enough_links(world, lag) => {
            let silence = of_silence(world, ParentId::Lag(lag.id));
            silence.unwrap_or_else(|| available_if(has_enough_links(world, lag)))
        }
        // Its device is fixed when it is made; only the answer to that says `requested`.
        LagPhase::Active { .. } => "pending",
    }
}

/// As many members are up and distributing as the LAG needs (spec/states §4); an unset minimum counts as
/// one.
pub fn has_enough_links(world: &World, lag: &Lag) -> bool {
    let up = world
        .members(lag.id)
        .filter(|member| port_is_up(world, member) && member.distributing)
        .count();
    up >= usize::try_from(lag.minimum_links)
        .unwrap_or(usize::MAX)
        .max(1)
}

/// The word for a connection or LAG that may carry virtual interfaces; `None` when there is none.
pub fn parent(world: &World, parent: ParentId) -> Option<&'static str> {
    match parent {
        ParentId::Connection(id) => world.connection(id).map(|found| connection(world, found)),
        ParentId::Lag(id) => world.lag(id).map(|found| lag(world, found)),
    }
}

/// `virtualInterfaceState` (spec/states §5.1).
pub fn virtual_interface(world: &World, interface: &VirtualInterface) -> &'static str {
    match interface.phase {
        VirtualInterfacePhase::Confirming { .. } => "confirming",
        VirtualInterfacePhase::Verifying { .. } => "verifying",
        VirtualInterfacePhase::Deleting => "deleting",
        VirtualInterfacePhase::Deleted { .. } => "deleted",
        VirtualInterfacePhase::Rejected { .. } => "rejected",
        VirtualInterfacePhase::Active if interface.test.is_some() => "testing",
        VirtualInterfacePhase::Active if interface.is_behind() => "pending",
        VirtualInterfacePhase::Active => {
            let mut peers = interface.live_peers();
            let silence = of_silence(world, interface.parent);
            silence.unwrap_or_else(|| available_if(peers.any(|peer| peer.session == Session::Up)))
        }
    }
}

/// `bgpPeerState`.
pub fn bgp_peer(peer: &BgpPeer) -> &'static str {
    match peer.phase {
        PeerPhase::Verifying { .. } => "verifying",
        PeerPhase::Pending => "pending",
        PeerPhase::Available => "available",
        PeerPhase::Deleting => "deleting",
        PeerPhase::Deleted => "deleted",
    }
}

/// `bgpStatus`: a peer that is not configured on the edge is down (spec/states §6).
pub fn bgp_status(world: &World, interface: &VirtualInterface, peer: &BgpPeer) -> &'static str {
    if peer.phase != PeerPhase::Available {
        return "down";
    }
    let silence = of_silence(world, interface.parent);
    silence.unwrap_or(match peer.session {
        Session::Up => "up",
        Session::Down => "down",
    })
}

/// `attachmentState` of a virtual interface's attachment, always a shadow of the virtual interface
/// (spec/states §9).
pub fn attachment(interface: &VirtualInterface) -> &'static str {
    match interface.phase {
        VirtualInterfacePhase::Deleting => "detaching",
        VirtualInterfacePhase::Deleted { .. } | VirtualInterfacePhase::Rejected { .. } => {
            "detached"
        }
        _ if interface.programmed == 0 => "attaching",
        _ => "attached",
    }
}

/// `directConnectGatewayState`.
pub fn gateway(gateway: &DirectConnectGateway) -> &'static str {
    match gateway.phase {
        GatewayPhase::Pending { .. } => "pending",
        GatewayPhase::Available => "available",
        GatewayPhase::Deleting { .. } => "deleting",
    }
}

/// `state` of a resiliency group (spec/states §15).
pub fn resiliency_group(group: &ResiliencyGroup) -> &'static str {
    match group.phase {
        ResiliencyGroupPhase::Pending { .. } => "pending",
        ResiliencyGroupPhase::Available => "available",
        ResiliencyGroupPhase::Deleting { .. } => "deleting",
        ResiliencyGroupPhase::Deleted { .. } => "deleted",
    }
}

/// `associationState`.
pub fn association(association: &Association) -> &'static str {
    match association.phase {
        AssociationPhase::Associating { .. } => "associating",
        AssociationPhase::Associated => "associated",
        AssociationPhase::Updating { .. } => "updating",
        AssociationPhase::Disassociating { .. } => "disassociating",
    }
}

/// `proposalState`.
pub fn proposal(proposal: &Proposal) -> &'static str {
    match proposal.phase {
        ProposalPhase::Requested { .. } => "requested",
        ProposalPhase::Accepted { .. } => "accepted",
        ProposalPhase::Deleted { .. } => "deleted",
    }
}
