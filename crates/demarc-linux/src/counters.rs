//! What the program counts.

use crate::program::VlanProgram;

/// Fields of `struct counters`.
pub(crate) const INTERFACE_COUNTERS: usize = 12;
/// Fields of `struct strays`.
pub(crate) const PORT_COUNTERS: usize = 3;

/// Frames of one virtual interface since it was made. "In" is from the customer. Bytes are those of
/// Ethernet frames without the tag; segments that the kernel carries together count one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VifCounters {
    /// Delivered: what was dropped is not in it.
    pub in_packets: u64,
    pub in_bytes: u64,
    pub out_packets: u64,
    pub out_bytes: u64,
    /// Dropped above the rate.
    pub in_policed_packets: u64,
    pub in_policed_bytes: u64,
    pub out_policed_packets: u64,
    pub out_policed_bytes: u64,
    /// Dropped by the source check of a public virtual interface.
    pub wrong_source: u64,
    /// For another station than ours.
    pub wrong_mac: u64,
    /// Longer than the MTU.
    pub too_long: u64,
    /// BGP, BFD, ARP and neighbor discovery above their own rate.
    pub control_policed: u64,
}

/// Frames of a port that belong to no virtual interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    pub untagged: u64,
    pub unknown_vlan: u64,
    /// The kernel could not handle the frame.
    pub failed: u64,
}

impl VlanProgram {
    /// The counters of a virtual interface, all CPUs together.
    pub fn counters(&self, outer_end: u32) -> Option<VifCounters> {
        let values = self.stats.get(&outer_end, 0).ok()?;
        let [
            in_packets,
            in_bytes,
            out_packets,
            out_bytes,
            in_policed_packets,
            in_policed_bytes,
            out_policed_packets,
            out_policed_bytes,
            wrong_source,
            wrong_mac,
            too_long,
            control_policed,
        ] = sum(values.iter());
        Some(VifCounters {
            in_packets,
            in_bytes,
            out_packets,
            out_bytes,
            in_policed_packets,
            in_policed_bytes,
            out_policed_packets,
            out_policed_bytes,
            wrong_source,
            wrong_mac,
            too_long,
            control_policed,
        })
    }

    /// What came in by a port for nobody, all CPUs together.
    pub fn strays(&self, port: u32) -> Option<Strays> {
        let values = self.strays.get(&port, 0).ok()?;
        let [untagged, unknown_vlan, failed] = sum(values.iter());
        Some(Strays {
            untagged,
            unknown_vlan,
            failed,
        })
    }
}

fn sum<'a, const N: usize>(values: impl Iterator<Item = &'a [u64; N]>) -> [u64; N] {
    values.fold([0; N], |mut all, one| {
        for (sum, value) in all.iter_mut().zip(one) {
            *sum += value;
        }
        all
    })
}
