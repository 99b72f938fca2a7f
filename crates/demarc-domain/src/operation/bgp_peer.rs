//! Further BGP peers of a virtual interface. Source: spec/operations §8, spec/states §6.

use demarc_api::{
    CreateBGPPeerRequest, CreateBGPPeerResponse, DeleteBGPPeerRequest, DeleteBGPPeerResponse,
    HasLogicalRedundancy, NewBGPPeer,
};
use demarc_types::AddressFamily;

use super::virtual_interface::destination::check_asns_differ;
use super::virtual_interface::peering::{self, PeerDraft, PeerInput, Place};
use super::virtual_interface::{check_changeable, own, show};
use crate::entity::{BgpPeer, PeerPhase, Session, VirtualInterface};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::{input, view};

/// With logical redundancy, a family can have this many peers.
const REDUNDANT_PEERS: usize = 2;

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateBGPPeerRequest,
) -> Result<CreateBGPPeerResponse, Refusal> {
    let id = needed(input.virtual_interface_id.as_deref())?;
    let default = NewBGPPeer::default();
    let new = input.new_bgp_peer.as_ref().unwrap_or(&default);
    input::virtual_interface(id)?;
    let mut interface = own(tx, id)?.as_ref().clone();
    check_changeable(tx, &interface)?;
    let given = PeerInput {
        asn: new.asn,
        asn_long: new.asn_long,
        auth_key: new.auth_key.as_deref(),
        family: new.address_family,
        amazon_address: new.amazon_address.as_deref(),
        customer_address: new.customer_address.as_deref(),
    };
    let asn = given.asn()?;
    check_family(tx, &interface, given.family())?;
    let draft = PeerDraft::read(interface.kind, asn, given)?;
    check_asns_differ(
        interface.kind,
        draft.asn,
        interface.amazon_side_asn,
        interface.attachment,
    )?;
    let settings = &tx.context.settings;
    let by_itself = settings.approve_public_virtual_interfaces;
    let place = Place {
        account: interface.owner,
        region: interface.region,
        parent: interface.parent,
        but: Some(interface.id),
        phase: peering::first_phase(interface.kind, by_itself, tx.context.now, settings.settle),
    };
    let peer = draft.make(tx, place)?;
    interface.peers.push(peer);
    tx.put(interface.clone());
    Ok(CreateBGPPeerResponse {
        virtual_interface: Some(show(tx, &interface)),
    })
}

fn needed(id: Option<&str>) -> Result<&str, Refusal> {
    id.ok_or_else(|| Refusal::invalid("A virtualInterfaceId is needed."))
}

/// One peer a family, two where the port has logical redundancy.
fn check_family(
    tx: &Transaction<'_>,
    interface: &VirtualInterface,
    family: AddressFamily,
) -> Result<(), Refusal> {
    let redundancy = view::redundancy_of(
        tx,
        interface.region,
        interface.location.as_str(),
        interface.device.as_deref(),
    );
    let limit = if redundancy == HasLogicalRedundancy::Yes {
        REDUNDANT_PEERS
    } else {
        1
    };
    if interface
        .live_peers()
        .filter(|peer| peer.family == family)
        .count()
        >= limit
    {
        return Err(Refusal::BgpPeerFamilyTaken {
            id: interface.id.to_string(),
            family,
        });
    }
    Ok(())
}

pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteBGPPeerRequest,
) -> Result<DeleteBGPPeerResponse, Refusal> {
    let id = needed(input.virtual_interface_id.as_deref())?;
    input::virtual_interface(id)?;
    if let Some(peer) = &input.bgp_peer_id {
        input::bgp_peer(peer)?;
    }
    let mut interface = own(tx, id)?.as_ref().clone();
    let chosen = choose(&interface, input)?;
    if interface.live_peers().count() < 2 {
        return Err(Refusal::LastBgpPeer);
    }
    for peer in interface.peers.iter_mut().filter(|peer| peer.id == chosen) {
        peer.phase = PeerPhase::Deleting;
        peer.session = Session::Down;
    }
    tx.put(interface.clone());
    Ok(DeleteBGPPeerResponse {
        virtual_interface: Some(show(tx, &interface)),
    })
}

/// By id, else by ASN and customer address, or one of them where that leaves one peer; Go clients send an
/// ASN of 0 beside an id.
fn choose(
    interface: &VirtualInterface,
    input: &DeleteBGPPeerRequest,
) -> Result<demarc_types::BgpPeerId, Refusal> {
    let not_found = || Refusal::BgpPeerNotFound(interface.id.to_string());
    let asn = input.asn_long.or(input.asn).filter(|number| *number != 0);
    let matches = |peer: &&BgpPeer| match &input.bgp_peer_id {
        Some(id) => peer.id.to_string() == *id,
        None => {
            asn.is_none_or(|number| i64::from(peer.asn.get()) == number)
                && input
                    .customer_address
                    .as_deref()
                    .is_none_or(|address| peer.customer_address.as_str() == address)
        }
    };
    let mut chosen = interface.live_peers().filter(matches);
    let first = chosen.next().ok_or_else(not_found)?;
    if chosen.next().is_some() {
        return Err(Refusal::invalid(
            "Choose the BGP peer by bgpPeerId, or by asn and customerAddress.",
        ));
    }
    Ok(first.id)
}
