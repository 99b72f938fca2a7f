//! Events beside the states: encryption of a port, prefix limits that come near, reviews that wait for
//! somebody.

use demarc_types::{ArnResource, ResourceArn, Timestamp};

use super::{Detail, Event, Subject};
use crate::entity::{
    BgpPeer, Connection, Entity, PeerPhase, VirtualInterface, VirtualInterfacePhase,
};
use crate::intent;

/// Appends what there is to say of an entity that was `old` and is `new`.
pub(super) fn append(
    old: Option<&Entity>,
    new: Option<&Entity>,
    now: Timestamp,
    events: &mut Vec<Event>,
) {
    match (old, new) {
        (Some(Entity::Connection(old)), Some(Entity::Connection(new))) => {
            events.extend(encryption(old, new, now));
        }
        (old, Some(Entity::VirtualInterface(new))) => {
            let old = match old {
                Some(Entity::VirtualInterface(old)) => Some(old.as_ref()),
                _ => None,
            };
            events.extend(review(old, new, now));
            events.extend(prefix_limits(old, new, now));
            events.extend(wrong_keys(old, new, now));
        }
        _ => {}
    }
}

fn encryption(old: &Connection, new: &Connection, now: Timestamp) -> Option<Event> {
    let word = |port: &Connection| {
        let encrypted = port.mac_sec.as_ref().map(|mac_sec| mac_sec.encrypted)?;
        Some(if encrypted {
            "Encryption Up"
        } else {
            "Encryption Down"
        })
    };
    let (before, after) = (word(old)?, word(new)?);
    (before != after).then(|| {
        let arn = ArnResource::Connection(new.id);
        Event {
            detail_type: "Direct Connect MACsec State Change",
            account: new.owner,
            region: Some(new.region),
            time: now,
            subject: Subject::Arn(ResourceArn::new(new.region, new.owner, arn)),
            detail: Detail::states(Some(before), after),
        }
    })
}

/// A public virtual interface that somebody has to look at, or a peer that was added to one in service. They
/// are counted, since a move gives peers new ids.
fn review(old: Option<&VirtualInterface>, new: &VirtualInterface, now: Timestamp) -> Option<Event> {
    let waiting = |interface: &VirtualInterface| match interface.phase {
        VirtualInterfacePhase::Verifying { approve_at: None } => 1,
        VirtualInterfacePhase::Active => {
            let peers = interface.peers.iter();
            peers
                .filter(|peer| peer.phase == PeerPhase::Verifying { approve_at: None })
                .count()
        }
        _ => 0,
    };
    (waiting(new) > old.map_or(0, waiting)).then(|| {
        let detail = Detail::Review { state: "verifying" };
        on_interface("Direct Connect Verification Needed", new, detail, now)
    })
}

/// The shares of its limit from which a peer is warned, in per cent (spec/routing §2).
const WARNING_PERCENT: u64 = 80;
const LAST_WARNING_PERCENT: u64 = 95;

/// How near a peer is to its limit of prefixes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    Far,
    Near,
    VeryNear,
    Beyond,
}

fn prefix_limits(
    old: Option<&VirtualInterface>,
    new: &VirtualInterface,
    now: Timestamp,
) -> Vec<Event> {
    let nearness = |interface: &VirtualInterface, peer: &BgpPeer| {
        let received = u64::from(peer.prefixes_received);
        let limit = u64::from(intent::prefix_limit(interface, peer.family));
        let reaches = |percent: u64| received > 0 && received * 100 >= limit * percent;
        if received > limit {
            Nearness::Beyond
        } else if reaches(LAST_WARNING_PERCENT) {
            Nearness::VeryNear
        } else if reaches(WARNING_PERCENT) {
            Nearness::Near
        } else {
            Nearness::Far
        }
    };
    let before = |peer: &BgpPeer| {
        let old = old?;
        let known = old.peers.iter().find(|known| known.id == peer.id)?;
        Some(nearness(old, known))
    };
    let mut events = Vec::new();
    for peer in new.live_peers() {
        let now_at = nearness(new, peer);
        if now_at <= before(peer).unwrap_or(Nearness::Far) {
            continue;
        }
        let detail_type = if now_at == Nearness::Beyond {
            "Direct Connect Prefix Limit Exceeded"
        } else {
            "Direct Connect Prefix Limit Warning"
        };
        let detail = Detail::Prefixes {
            address_family: peer.family.as_str(),
            limit: intent::prefix_limit(new, peer.family),
            peer: peer.id,
            received: peer.prefixes_received,
        };
        events.push(on_interface(detail_type, new, detail, now));
    }
    events
}

/// Peers whose key has come to differ from the customer's. The words name no key.
fn wrong_keys(
    old: Option<&VirtualInterface>,
    new: &VirtualInterface,
    now: Timestamp,
) -> Vec<Event> {
    let known = |peer: &BgpPeer| {
        let mut peers = old.into_iter().flat_map(|old| &old.peers);
        peers.any(|known| known.id == peer.id && known.wrong_key)
    };
    let fresh = new
        .live_peers()
        .filter(|peer| peer.wrong_key && !known(peer));
    let events = fresh.map(|peer| {
        let detail = Detail::Key {
            address_family: peer.family.as_str(),
            peer: peer.id,
        };
        on_interface(
            "Direct Connect BGP Authentication Failure",
            new,
            detail,
            now,
        )
    });
    events.collect()
}

fn on_interface(
    detail_type: &'static str,
    interface: &VirtualInterface,
    detail: Detail,
    now: Timestamp,
) -> Event {
    let arn = ArnResource::VirtualInterface(interface.id);
    Event {
        detail_type,
        account: interface.owner,
        region: Some(interface.region),
        time: now,
        subject: Subject::Arn(ResourceArn::new(interface.region, interface.owner, arn)),
        detail,
    }
}
