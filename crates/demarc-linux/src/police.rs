//! Rates, and who may send: what the program checks before it delivers.

use std::net::IpAddr;

use aya::maps::lpm_trie::Key;

use crate::error::KernelError;
use crate::program::{VlanProgram, failed};

/// `enum way`.
const IN: u32 = 0;
const OUT: u32 = 1;
const CONTROL: u32 = 2;

/// What one virtual interface may send of BGP, BFD, ARP and neighbor discovery. These bypass its
/// rate (spec/routing §11), so they have one of their own.
const CONTROL_MEGABITS: u32 = 20;

/// The depth of a bucket in bytes: 25 ms at the rate, ten long packets, or 64 KiB, whichever is
/// most (spec/routing §11).
fn depth(megabits: u32, mtu: u16) -> u64 {
    let bytes_in_25_ms = u64::from(megabits) * 3_125;
    bytes_in_25_ms.max(10 * u64::from(mtu)).max(64 * 1024)
}

/// `struct bucket`, full.
fn bucket(megabits: u32, mtu: u16) -> [u64; 3] {
    let megabits = u64::from(megabits.max(1));
    let bytes = depth(u32::try_from(megabits).unwrap_or(u32::MAX), mtu);
    // Sixteenths of a nanosecond that these bytes take at the rate.
    [0, megabits, bytes * 128_000 / megabits]
}

/// `struct bucket_key`.
fn key(outer_end: u32, way: u32) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&outer_end.to_ne_bytes());
    bytes[4..].copy_from_slice(&way.to_ne_bytes());
    bytes
}

/// `struct source_key` behind its length: 32 bits of interface and the prefix, IPv4 as mapped IPv6.
fn source(outer_end: u32, address: IpAddr, length: u8) -> Key<[u8; 20]> {
    let (octets, length) = match address {
        IpAddr::V4(address) => (address.to_ipv6_mapped().octets(), u32::from(length) + 96),
        IpAddr::V6(address) => (address.octets(), u32::from(length)),
    };
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&outer_end.to_ne_bytes());
    bytes[4..].copy_from_slice(&octets);
    Key::new(32 + length, bytes)
}

impl VlanProgram {
    /// Drops what a virtual interface carries above this rate, each way for itself; `None` lets
    /// everything through. Only [`VlanProgram::end`] or another call ends it.
    ///
    /// # Errors
    /// [`KernelError::Program`].
    pub fn police(
        &mut self,
        outer_end: u32,
        megabits: Option<u32>,
        mtu: u16,
    ) -> Result<(), KernelError> {
        let ways = [
            (IN, megabits),
            (OUT, megabits),
            (CONTROL, Some(CONTROL_MEGABITS)),
        ];
        for (way, megabits) in ways {
            let key = key(outer_end, way);
            match megabits {
                Some(megabits) => self
                    .buckets
                    .insert(key, bucket(megabits, mtu), 0)
                    .map_err(failed("set a rate"))?,
                // None there is none wanted.
                None => _ = self.buckets.remove(&key),
            }
        }
        self.mark_policed(outer_end, megabits.is_some())
    }

    /// Whether there is a rate.
    pub(crate) fn is_policed(&self, outer_end: u32) -> bool {
        self.buckets.get(&key(outer_end, IN), 0).is_ok()
    }

    pub(crate) fn unpolice(&mut self, outer_end: u32) {
        for way in [IN, OUT, CONTROL] {
            // None there is none wanted.
            _ = self.buckets.remove(&key(outer_end, way));
        }
    }

    /// Lets packets from a prefix come in by a virtual interface that checks sources.
    ///
    /// # Errors
    /// [`KernelError::Program`].
    pub fn allow_source(
        &mut self,
        outer_end: u32,
        address: IpAddr,
        length: u8,
    ) -> Result<(), KernelError> {
        self.sources
            .insert(&source(outer_end, address, length), 1, 0)
            .map_err(failed("allow a source"))
    }

    /// Takes that back; one that is not there is gone already.
    pub fn forbid_source(&mut self, outer_end: u32, address: IpAddr, length: u8) {
        _ = self.sources.remove(&source(outer_end, address, length));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attachment::Attachment;
    use crate::program::VlanDelivery;

    #[test]
    fn a_bucket_holds_25_milliseconds_and_never_less_than_a_burst_of_the_kernel() {
        let rows = [
            (50, 1_500, 156_250),
            (1_000, 1_500, 3_125_000),
            (1, 1_500, 65_536),
            (10, 9_001, 90_010),
        ];
        for (megabits, mtu, bytes) in rows {
            assert_eq!(depth(megabits, mtu), bytes, "{megabits} {mtu}");
        }
        // 25 ms in sixteenths of a nanosecond.
        assert_eq!(bucket(1_000, 1_500), [0, 1_000, 400_000_000]);
    }

    /// Whether the program asks for a rate: at the outer end, and at the port if anything is delivered.
    fn asks(program: &VlanProgram, of: VlanDelivery) -> (Option<bool>, Option<bool>) {
        let policed = |vif: [u8; 24]| vif[20] & 2 != 0;
        let mut at = [0; 8];
        at[..4].copy_from_slice(&of.port.to_ne_bytes());
        at[4..6].copy_from_slice(&of.vlan.to_ne_bytes());
        (
            program.vifs.get(&of.outer_end, 0).ok().map(policed),
            program.ports.get(&at, 0).ok().map(policed),
        )
    }

    #[test]
    fn a_rate_is_asked_for_from_when_it_is_set_until_it_is_taken_back() {
        if !nix::unistd::geteuid().is_root() {
            println!("skipped: needs root");
            return;
        }
        let mut program = VlanProgram::load(Attachment::Clsact).unwrap();
        let to = VlanDelivery {
            port: 3,
            vlan: 100,
            outer_end: 7,
            mac: [2, 0, 0, 0, 0, 1],
            mtu: 1_500,
            source_check: true,
        };
        let rate = Some(50);
        program.police(7, rate, 1_500).unwrap();
        program.deliver(to).unwrap();
        assert_eq!(asks(&program, to), (Some(true), Some(true)), "set before");
        program.police(7, None, 1_500).unwrap();
        assert_eq!(asks(&program, to), (Some(false), Some(false)), "taken back");
        assert!(program.buckets.get(&key(7, IN), 0).is_err());
        assert!(program.buckets.get(&key(7, CONTROL), 0).is_ok());
        program.suspend(to);
        program.police(7, rate, 1_500).unwrap();
        assert_eq!(asks(&program, to), (Some(true), None), "suspended");
        program.deliver(to).unwrap();
        assert_eq!(asks(&program, to), (Some(true), Some(true)), "live again");
        // Another has its VLAN by now.
        let other = VlanDelivery { outer_end: 8, ..to };
        program.deliver(other).unwrap();
        program.police(7, None, 1_500).unwrap();
        program.police(8, rate, 1_500).unwrap();
        assert_eq!(asks(&program, other), (Some(true), Some(true)));
        program.police(7, rate, 1_500).unwrap();
        assert_eq!(
            program.ports.get(&key(3, 100), 0).unwrap()[4],
            8,
            "still that of the other"
        );
    }

    #[test]
    fn sources_of_both_families_share_one_trie() {
        let four = source(7, "203.0.113.0".parse().unwrap(), 24);
        assert_eq!(four.prefix_len(), 32 + 96 + 24);
        assert_eq!(four.data()[14..18], [0xff, 0xff, 203, 0]);
        let six = source(7, "2001:db8::".parse().unwrap(), 32);
        assert_eq!(
            (six.prefix_len(), &six.data()[4..6]),
            (64, &[0x20, 0x01][..])
        );
    }
}
