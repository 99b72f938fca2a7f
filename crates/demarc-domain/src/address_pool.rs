//! Peering subnets handed out when a caller names none.
//!
//! IPv4: /29s of 169.254.0.0/16 from 169.254.96.0 on, amazon = base+1, customer = base+6. IPv6: /125s of
//! 2001:db8:1100:2f0::/64, the same way (spec/identifiers §8). A subnet is not handed out twice to one
//! account in one Region while it is in use, nor twice on one connection. The pool is gone through in order,
//! so that a subnet that became free does not come again at once (spec/routing §1.2): the next one stands
//! behind that of the newest virtual interface, which is remembered while it is shown, deleted or not.

use std::net::{Ipv4Addr, Ipv6Addr};

use demarc_types::{AccountId, AddressFamily, PeerAddress, Region, VirtualInterfaceId};
use equivalent::{Comparable, Equivalent};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::world::World;

/// The number of a subnet within its pool.
pub(crate) type Slot = u32;

const IPV4_BASE: u32 = u32::from_be_bytes([169, 254, 0, 0]);
const IPV4_SLOTS: Slot = 65_536 / 8;
/// 169.254.96.0/29 is the first one handed out; the observed ones began there.
const IPV4_FIRST: Slot = 96 * 256 / 8;
const IPV6_BASE: u128 = 0x2001_0db8_1100_02f0 << 64;
/// More than there can be virtual interfaces; keeps slots in 32 bits.
const IPV6_SLOTS: Slot = Slot::MAX;

/// The slot that an address belongs to, if it looks like one from the pools.
pub(crate) fn slot_of(address: &PeerAddress) -> Option<Slot> {
    match address.subnet() {
        IpNet::V4(net) if net.prefix_len() == 29 && net.network().is_link_local() => {
            Some((u32::from(net.network()) - IPV4_BASE) / 8)
        }
        IpNet::V6(net)
            if net.prefix_len() == 125 && u128::from(net.network()) >> 64 == IPV6_BASE >> 64 =>
        {
            Slot::try_from((u128::from(net.network()) - IPV6_BASE) / 8).ok()
        }
        _ => None,
    }
}

/// The two addresses of a slot, Amazon's first.
fn addresses(family: AddressFamily, slot: Slot) -> (PeerAddress, PeerAddress) {
    match family {
        AddressFamily::Ipv4 => {
            let at = |offset| {
                let address = Ipv4Addr::from(IPV4_BASE + slot * 8 + offset);
                PeerAddress::from(IpNet::V4(Ipv4Net::new_assert(address, 29)))
            };
            (at(1), at(6))
        }
        AddressFamily::Ipv6 => {
            let at = |offset| {
                let address = Ipv6Addr::from(IPV6_BASE + u128::from(slot) * 8 + offset);
                PeerAddress::from(IpNet::V6(Ipv6Net::new_assert(address, 125)))
            };
            (at(1), at(6))
        }
    }
}

/// A fresh pair of addresses, Amazon's first; `None` when the pool is used up. `taken` tells whether a
/// subnet clashes with one on the same connection.
pub(crate) fn allocate(
    world: &World,
    account: AccountId,
    region: Region,
    family: AddressFamily,
    taken: impl Fn(&PeerAddress) -> bool,
) -> Option<(PeerAddress, PeerAddress)> {
    let (first, count) = match family {
        AddressFamily::Ipv4 => (IPV4_FIRST, IPV4_SLOTS),
        AddressFamily::Ipv6 => (0, IPV6_SLOTS),
    };
    let last = newest(world, account, region, family)
        .or_else(|| last_used(world, account, region, family));
    let start = last.map_or(first, |slot| slot.saturating_add(1));
    // Behind that one first, then from the pool's beginning; 169.254.0.0/29 is left out.
    let candidates = (start..count)
        .chain(first..start.min(count))
        .chain(1..first);
    candidates
        .filter(|slot| !in_use(world, account, region, family, *slot))
        .map(|slot| addresses(family, slot))
        .find(|(amazon, _)| !taken(amazon))
}

/// How many virtual interfaces are looked at for the newest one with a subnet from the pool: an account may
/// have made many for others, or with addresses of its own.
const NEWEST: usize = 32;

/// The slot of the account's newest virtual interface that has one.
fn newest(
    world: &World,
    account: AccountId,
    region: Region,
    family: AddressFamily,
) -> Option<Slot> {
    let newest = world
        .indexes
        .virtual_interfaces_by_viewer
        .newest_first((account, region))
        .take(NEWEST);
    newest
        .filter_map(|id| world.virtual_interface(id))
        .filter(|found| found.owner == account)
        .find_map(|found| {
            let peers = found.peers.iter().filter(|peer| peer.family == family);
            peers.filter_map(|peer| slot_of(&peer.amazon_address)).max()
        })
}

/// Compares by account, Region, family and, if given, slot; stands behind all that are equal so far.
struct Behind(AccountId, Region, AddressFamily, Option<Slot>);

type Key = (AccountId, Region, AddressFamily, Slot, VirtualInterfaceId);

impl Equivalent<Key> for Behind {
    fn equivalent(&self, _: &Key) -> bool {
        false
    }
}

impl Comparable<Key> for Behind {
    fn compare(&self, key: &Key) -> std::cmp::Ordering {
        (self.0, self.1, self.2)
            .cmp(&(key.0, key.1, key.2))
            .then_with(|| {
                self.3
                    .map_or(std::cmp::Ordering::Equal, |slot| slot.cmp(&key.3))
            })
            .then(std::cmp::Ordering::Greater)
    }
}

fn last_used(
    world: &World,
    account: AccountId,
    region: Region,
    family: AddressFamily,
) -> Option<Slot> {
    let key = world
        .indexes
        .address_slots
        .get_prev(&Behind(account, region, family, None))?;
    (key.0 == account && key.1 == region && key.2 == family).then_some(key.3)
}

fn in_use(
    world: &World,
    account: AccountId,
    region: Region,
    family: AddressFamily,
    slot: Slot,
) -> bool {
    world
        .indexes
        .address_slots
        .get_prev(&Behind(account, region, family, Some(slot)))
        .is_some_and(|key| (key.0, key.1, key.2, key.3) == (account, region, family, slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pair_is_the_one_observed() {
        let (account, region) = (AccountId::DEVELOPMENT, "us-east-1".parse().unwrap());
        let world = World::default();
        let (amazon, customer) =
            allocate(&world, account, region, AddressFamily::Ipv4, |_| false).unwrap();
        assert_eq!(
            (amazon.as_str(), customer.as_str()),
            ("169.254.96.1/29", "169.254.96.6/29")
        );
        let (amazon, customer) =
            allocate(&world, account, region, AddressFamily::Ipv6, |_| false).unwrap();
        assert_eq!(
            (amazon.as_str(), customer.as_str()),
            ("2001:db8:1100:2f0::1/125", "2001:db8:1100:2f0::6/125")
        );
    }

    #[test]
    fn subnets_taken_on_the_connection_are_passed_over() {
        let (account, region) = (AccountId::DEVELOPMENT, "us-east-1".parse().unwrap());
        let taken = PeerAddress::parse("169.254.96.0/24").unwrap();
        let pair = allocate(
            &World::default(),
            account,
            region,
            AddressFamily::Ipv4,
            |subnet| subnet.overlaps(&taken),
        );
        assert_eq!(pair.unwrap().0.as_str(), "169.254.97.1/29");
    }

    #[test]
    fn a_pool_that_is_used_up_gives_none() {
        let (account, region) = (AccountId::DEVELOPMENT, "us-east-1".parse().unwrap());
        assert!(
            allocate(
                &World::default(),
                account,
                region,
                AddressFamily::Ipv4,
                |_| true
            )
            .is_none()
        );
    }

    #[test]
    fn slots_and_addresses_are_inverse() {
        for (family, slot) in [
            (AddressFamily::Ipv4, 0),
            (AddressFamily::Ipv4, 8191),
            (AddressFamily::Ipv6, 12_345_678),
        ] {
            let (amazon, customer) = addresses(family, slot);
            assert_eq!(
                (slot_of(&amazon), slot_of(&customer)),
                (Some(slot), Some(slot))
            );
        }
    }
}
