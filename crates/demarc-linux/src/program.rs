//! VLAN delivery by the eBPF program (`bpf/edge.bpf.c`), attached to ports and virtual interfaces.

use std::collections::{BTreeMap, HashSet};

use aya::maps::{HashMap, LpmTrie, MapData, PerCpuHashMap, PerCpuValues};
use aya::programs::SchedClassifier;
use aya::util::nr_cpus;
use aya::{Ebpf, include_bytes_aligned};

use crate::attachment::{self, Attachment, PORT_IN, VIF_IN};
use crate::bundle::BundleMaps;
use crate::counters::{INTERFACE_COUNTERS, PORT_COUNTERS};
use crate::error::KernelError;
use crate::link::silence;
use crate::netlink::{Kernel, number32};
use crate::watch::{ChangeWatch, Watched};

pub(crate) static OBJECT: &[u8] = include_bytes_aligned!("../bpf/edge.bpf.o");

/// What is to be delivered where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VlanDelivery {
    /// Interface index of the port, or the number of a bundle ([`crate::bundle_number`]).
    pub port: u32,
    pub vlan: u16,
    /// Interface index of the end of the pair that stays beside the port.
    pub outer_end: u32,
    /// The address of the end in the gateway.
    pub mac: [u8; 6],
    /// The longest IP packet, both ways.
    pub mtu: u16,
    /// Only packets from the sources of [`VlanProgram::allow_source`] come in.
    pub source_check: bool,
}

/// What is tied to an interface.
struct Tied {
    section: &'static str,
    /// The kernel's, of the program.
    number: u32,
    /// The programs of others that come before it.
    before: Vec<u32>,
}

/// The program, loaded, with its maps.
pub struct VlanProgram {
    program: Ebpf,
    pub(crate) ports: HashMap<MapData, [u8; 8], [u8; 24]>,
    pub(crate) vifs: HashMap<MapData, u32, [u8; 24]>,
    pub(crate) stats: PerCpuHashMap<MapData, u32, [u64; INTERFACE_COUNTERS]>,
    pub(crate) strays: PerCpuHashMap<MapData, u32, [u64; PORT_COUNTERS]>,
    pub(crate) buckets: HashMap<MapData, [u8; 8], [u64; 3]>,
    pub(crate) sources: LpmTrie<MapData, [u8; 20], u8>,
    bundles: Option<BundleMaps>,
    attachment: Attachment,
    /// By index of the interface.
    attached: BTreeMap<u32, Tied>,
    /// Of filters that others take away.
    watch: ChangeWatch,
    /// Interfaces whose filters were taken away since they were looked at.
    gone: HashSet<u32>,
}

pub(crate) fn failed<E: std::error::Error>(
    action: impl Into<String>,
) -> impl FnOnce(E) -> KernelError {
    let action = action.into();
    move |error| {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            message = format!("{message}: {next}");
            cause = next.source();
        }
        KernelError::Program { action, message }
    }
}

fn map<T, E: std::error::Error>(
    program: &mut Ebpf,
    name: &str,
    open: impl FnOnce(aya::maps::Map) -> Result<T, E>,
) -> Result<T, KernelError> {
    let action = format!("open the map {name}");
    let found = program.take_map(name).ok_or_else(|| KernelError::Program {
        action: action.clone(),
        message: "it is not in the object".to_owned(),
    })?;
    open(found).map_err(failed(action))
}

impl VlanProgram {
    /// Loads the program into the kernel. The interfaces are those of the calling thread's namespace.
    ///
    /// # Errors
    /// [`KernelError::Program`]: no CAP_BPF, or a kernel without what it needs.
    pub fn load(attachment: Attachment) -> Result<Self, KernelError> {
        let watch = ChangeWatch::here(Watched::Filters, &Kernel::here()?)?;
        let mut program = Ebpf::load(OBJECT).map_err(failed("load the VLAN program"))?;
        for name in [PORT_IN, VIF_IN] {
            classifier(&mut program, name)?
                .load()
                .map_err(failed(format!("load {name}")))?;
        }
        Ok(Self {
            ports: map(&mut program, "ports", HashMap::try_from)?,
            vifs: map(&mut program, "vifs", HashMap::try_from)?,
            stats: map(&mut program, "stats", PerCpuHashMap::try_from)?,
            strays: map(&mut program, "strays", PerCpuHashMap::try_from)?,
            buckets: map(&mut program, "buckets", HashMap::try_from)?,
            sources: map(&mut program, "sources", LpmTrie::try_from)?,
            bundles: Some(BundleMaps::new(
                map(&mut program, "collecting", HashMap::try_from)?,
                map(&mut program, "bundles", HashMap::try_from)?,
            )),
            program,
            attachment,
            attached: BTreeMap::new(),
            watch,
            gone: HashSet::new(),
        })
    }

    pub fn attachment(&self) -> Attachment {
        self.attachment
    }

    /// The members of bundles, for the one who changes them: the first who asks.
    ///
    /// # Errors
    /// [`KernelError::Program`] for the second.
    pub fn take_bundles(&mut self) -> Result<BundleMaps, KernelError> {
        self.bundles.take().ok_or_else(|| KernelError::Program {
            action: "change bundles".to_owned(),
            message: "somebody else does".to_owned(),
        })
    }

    /// The same, for who changes other bundles than that one.
    ///
    /// # Errors
    /// [`KernelError::Program`].
    pub fn share_bundles(&mut self) -> Result<BundleMaps, KernelError> {
        let action = "share the bundles";
        let mut maps = Vec::new();
        // Each knows the maps that it uses.
        for name in [PORT_IN, VIF_IN] {
            let info = classifier(&mut self.program, name)?.info();
            let used = info.map_err(failed(action))?.map_ids();
            maps.extend(used.map_err(failed(action))?.unwrap_or_default());
        }
        let shared = BundleMaps::of_program(&maps);
        shared.ok_or_else(|| KernelError::Program {
            action: action.to_owned(),
            message: "the kernel does not tell which they are".to_owned(),
        })
    }

    /// Takes the frames that come in by a port. The interface is in the namespace of the calling
    /// thread.
    ///
    /// # Errors
    /// [`KernelError`].
    pub fn attach_port(&mut self, kernel: &mut Kernel, name: &str) -> Result<(), KernelError> {
        silence(name)?;
        let port = kernel.existing(name)?.index;
        if self.strays.get(&port, 0).is_err() {
            self.strays
                .insert(port, zeros()?, 0)
                .map_err(failed(format!("count at {name}")))?;
        }
        self.attach(kernel, name, PORT_IN)
    }

    /// Takes the frames that a gateway sends by a virtual interface.
    ///
    /// # Errors
    /// [`KernelError`].
    pub fn attach_outer_end(&mut self, kernel: &mut Kernel, name: &str) -> Result<(), KernelError> {
        silence(name)?;
        self.attach(kernel, name, VIF_IN)
    }

    /// The ports that it is attached to, by interface index.
    pub fn ports(&self) -> Vec<u32> {
        let attached = self.attached.iter();
        let of_ports = attached.filter(|(_, tied)| tied.section == PORT_IN);
        of_ports.map(|(index, _)| *index).collect()
    }

    /// Leaves an interface that is a port no more: its frames are its own again.
    pub fn leave_port(&mut self, name: &str, index: u32) {
        let attachment = self.attachment;
        if let Ok(program) = classifier(&mut self.program, PORT_IN) {
            attachment.release(program, (name, index));
        }
        self.attached.remove(&index);
        // Nobody counts there any more.
        _ = self.strays.remove(&index);
    }

    fn attach(
        &mut self,
        kernel: &mut Kernel,
        name: &str,
        section: &'static str,
    ) -> Result<(), KernelError> {
        let index = kernel.existing(name)?.index;
        if self.attached.contains_key(&index) {
            return Ok(());
        }
        let attachment = self.attachment;
        let program = classifier(&mut self.program, section)?;
        attachment.tie(kernel, program, (name, index))?;
        let number = attachment::number(program).map_err(failed(format!("ask for {section}")))?;
        self.attached.insert(
            index,
            Tied {
                section,
                number,
                before: Vec::new(),
            },
        );
        self.hear_of_filters();
        Ok(())
    }

    /// Starts delivery. Traffic begins with the last of the three maps (edge.md §6.9). A rate that
    /// [`VlanProgram::police`] set before is kept.
    ///
    /// # Errors
    /// [`KernelError::Program`].
    pub fn deliver(&mut self, to: VlanDelivery) -> Result<(), KernelError> {
        let action = || format!("deliver VLAN {}", to.vlan);
        let value = entry(to, self.is_policed(to.outer_end));
        self.vifs
            .insert(to.outer_end, value, 0)
            .map_err(failed(action()))?;
        if self.stats.get(&to.outer_end, 0).is_err() {
            self.stats
                .insert(to.outer_end, zeros()?, 0)
                .map_err(failed(action()))?;
        }
        self.ports
            .insert(key(to.port, to.vlan), value, 0)
            .map_err(failed(action()))
    }

    /// Has the program ask for the rate of a virtual interface, or not, wherever it is delivered.
    pub(crate) fn mark_policed(
        &mut self,
        outer_end: u32,
        policed: bool,
    ) -> Result<(), KernelError> {
        let action = || "mark what has a rate";
        let Ok(known) = self.vifs.get(&outer_end, 0) else {
            // The mark comes with its delivery.
            return Ok(());
        };
        let marked = marked(known, policed);
        if marked == known {
            return Ok(());
        }
        self.vifs
            .insert(outer_end, marked, 0)
            .map_err(failed(action()))?;
        let key = key_of(known);
        // What is suspended stays so.
        if self.ports.get(&key, 0).is_ok_and(|at| at == known) {
            self.ports
                .insert(key, marked, 0)
                .map_err(failed(action()))?;
        }
        Ok(())
    }

    /// Drops what comes in, as frames of a VLAN that nobody knows, until [`VlanProgram::deliver`].
    pub fn suspend(&mut self, of: VlanDelivery) {
        // What is not there is suspended already.
        _ = self.ports.remove(&key(of.port, of.vlan));
    }

    /// Ends delivery.
    pub fn end(&mut self, from: VlanDelivery) {
        self.unpolice(from.outer_end);
        // What is not there has ended already.
        _ = self.ports.remove(&key(from.port, from.vlan));
        _ = self.vifs.remove(&from.outer_end);
        _ = self.stats.remove(&from.outer_end);
    }

    /// Forgets the attachments that the kernel says somebody took away: [`VlanProgram::is_attached`] tells which
    /// these were.
    pub fn hear_of_attachments(&mut self) {
        self.hear_of_filters();
        let gone = std::mem::take(&mut self.gone);
        self.attached.retain(|index, _| !gone.contains(index));
    }

    /// The same of those that the kernel does not tell of: it is asked for each.
    pub fn look_at_attachments(&mut self) {
        let attachment = self.attachment;
        self.attached.retain(|index, tied| {
            let before = attachment.before(tied.number, *index);
            let is_there = before.is_some();
            tied.before = before.unwrap_or_default();
            is_there
        });
    }

    /// The programs of others that frames met before ours at the last look, by interface index.
    pub fn strangers_before(&self) -> Vec<(u32, u32)> {
        let attached = self.attached.iter();
        let all = attached.flat_map(|(index, tied)| tied.before.iter().map(|it| (*index, *it)));
        all.collect()
    }

    /// Reads what the kernel has told. Our own attachments are among it, and there is room for some hundred: it
    /// has to be read after each, or the kernel leaves something out.
    fn hear_of_filters(&mut self) {
        let gone = &mut self.gone;
        let all = self.watch.read(|kind, payload| {
            if matches!(kind, libc::RTM_DELQDISC | libc::RTM_DELTFILTER) {
                // `struct tcmsg`: family, padding, interface.
                gone.extend(payload.get(4..).and_then(number32));
            }
        });
        if !all {
            // To attach again what is attached changes nothing.
            gone.extend(self.attached.keys());
        }
    }

    #[cfg(test)]
    pub(crate) fn classifier(&mut self, name: &str) -> Result<&SchedClassifier, KernelError> {
        Ok(classifier(&mut self.program, name)?)
    }

    /// Whether the program is attached to an interface, as far as we know.
    pub fn is_attached(&self, index: u32) -> bool {
        self.attached.contains_key(&index)
    }

    /// Forgets the attachment of an interface that is gone.
    pub fn forget(&mut self, index: u32) {
        self.attached.remove(&index);
    }
}

fn classifier<'a>(
    program: &'a mut Ebpf,
    name: &str,
) -> Result<&'a mut SchedClassifier, KernelError> {
    let missing = || KernelError::Program {
        action: format!("find {name}"),
        message: "it is not in the object".to_owned(),
    };
    let found = program.program_mut(name).ok_or_else(missing)?;
    found.try_into().map_err(|_| missing())
}

/// Nothing counted yet, on every CPU.
fn zeros<const N: usize>() -> Result<PerCpuValues<[u64; N]>, KernelError> {
    let count = nr_cpus().map_or(1, |count| count);
    PerCpuValues::try_from(vec![[0; N]; count]).map_err(KernelError::request("make counters"))
}

/// `struct port_key`.
fn key(port: u32, vlan: u16) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&port.to_ne_bytes());
    bytes[4..].copy_from_slice(&u32::from(vlan).to_ne_bytes());
    bytes
}

/// `SOURCE_CHECK` and `POLICED`.
const SOURCE_CHECK: u32 = 1;
const POLICED: u32 = 2;

/// `struct vif`.
fn entry(to: VlanDelivery, policed: bool) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..4].copy_from_slice(&to.port.to_ne_bytes());
    bytes[4..8].copy_from_slice(&to.outer_end.to_ne_bytes());
    bytes[8..10].copy_from_slice(&to.vlan.to_ne_bytes());
    bytes[10..16].copy_from_slice(&to.mac);
    bytes[16..20].copy_from_slice(&u32::from(to.mtu).to_ne_bytes());
    let check = if to.source_check { SOURCE_CHECK } else { 0 };
    bytes[20..].copy_from_slice(&check.to_ne_bytes());
    marked(bytes, policed)
}

/// The same virtual interface, with a rate or without.
fn marked(mut vif: [u8; 24], policed: bool) -> [u8; 24] {
    let [.., a, b, c, d] = vif;
    let others = u32::from_ne_bytes([a, b, c, d]) & !POLICED;
    let flags = if policed { others | POLICED } else { others };
    vif[20..].copy_from_slice(&flags.to_ne_bytes());
    vif
}

/// Where frames for a virtual interface come in.
fn key_of(vif: [u8; 24]) -> [u8; 8] {
    let [p0, p1, p2, p3, _, _, _, _, v0, v1, ..] = vif;
    key(
        u32::from_ne_bytes([p0, p1, p2, p3]),
        u16::from_ne_bytes([v0, v1]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_marked_beside_the_source_check_and_found_by_its_port() {
        for source_check in [false, true] {
            let to = VlanDelivery {
                port: 0x8000_0007,
                vlan: 4094,
                outer_end: 9,
                mac: [2, 0, 0, 0, 0, 1],
                mtu: 9_001,
                source_check,
            };
            let [without, with] = [false, true].map(|policed| entry(to, policed));
            let flags = |vif: [u8; 24]| u32::from_ne_bytes(vif[20..].try_into().unwrap());
            let check = u32::from(source_check);
            assert_eq!((flags(without), flags(with)), (check, check | POLICED));
            assert_eq!(marked(without, true), with);
            assert_eq!(marked(with, false), without);
            assert_eq!(key_of(with), key(to.port, to.vlan));
        }
    }
}
