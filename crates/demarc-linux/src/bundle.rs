//! Bundles of ports: which members take frames, and which send them.
//!
//! Apart from the rest of the program's maps, since whoever speaks LACP changes them at any moment.

use std::collections::{BTreeMap, BTreeSet};

use aya::maps::{HashMap, Map, MapData, MapInfo};
use aya::programs::loaded_programs;

use crate::error::KernelError;
use crate::netlink::Kernel;
use crate::program::failed;

/// Members of a bundle that send, at most (`MEMBERS` of the program).
const MEMBERS: usize = 16;

/// `struct bundle`: the count, then the interfaces.
type Value = [u32; MEMBERS + 1];

/// The number that stands for a bundle where a port could be; no interface has it.
pub const fn bundle_number(key: u16) -> u32 {
    0x8000_0000 | key as u32
}

/// The number of a port whose frames may go by the port itself or by another interface over it: a bundle of one.
pub const fn port_number(number: u16) -> u32 {
    0x8001_0000 | number as u32
}

/// `struct membership`: the bundle, and whether the member distributes.
type Membership = [u32; 2];

/// What is in force of one bundle.
#[derive(Debug, Default)]
struct Known {
    /// By member.
    collecting: BTreeMap<u32, Membership>,
    distributing: Vec<u32>,
}

/// The maps of bundles.
pub struct BundleMaps {
    collecting: HashMap<MapData, u32, Membership>,
    bundles: HashMap<MapData, u32, Value>,
    known: BTreeMap<u32, Known>,
}

/// What a program of an earlier process does with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inherited {
    pub bundle: u32,
    pub distributing: bool,
}

impl BundleMaps {
    pub(crate) fn new(
        collecting: HashMap<MapData, u32, Membership>,
        bundles: HashMap<MapData, u32, Value>,
    ) -> Self {
        Self {
            collecting,
            bundles,
            known: BTreeMap::new(),
        }
    }

    /// The same maps for somebody else, who changes other bundles.
    pub(crate) fn of_program(maps: &[u32]) -> Option<Self> {
        Some(Self::new(open(maps, "collecting")?, open(maps, "bundles")?))
    }

    /// Frames of these members are taken, and of no others; frames for them go out by those that distribute
    /// (the first 16). What is so already is not touched. Nothing is sent where nothing would be taken, at no
    /// moment.
    ///
    /// # Errors
    /// [`KernelError::Program`].
    pub fn set(
        &mut self,
        bundle: u32,
        collecting: &BTreeSet<u32>,
        distributing: &[u32],
    ) -> Result<(), KernelError> {
        let action = || format!("change the members of bundle {bundle:#x}");
        let known = self.known.entry(bundle).or_default();
        let wanted = collecting.iter().map(|member| {
            let distributes = u32::from(distributing.contains(member));
            (*member, [bundle, distributes])
        });
        let wanted: BTreeMap<u32, Membership> = wanted.collect();
        for (member, value) in &wanted {
            if known.collecting.get(member) != Some(value) {
                self.collecting
                    .insert(member, value, 0)
                    .map_err(failed(action()))?;
            }
        }
        if known.distributing != distributing {
            self.bundles
                .insert(bundle, value(distributing), 0)
                .map_err(failed(action()))?;
            known.distributing = distributing.to_vec();
        }
        let gone = known.collecting.keys();
        for member in gone.filter(|member| !wanted.contains_key(member)) {
            // One that is not there is gone already.
            _ = self.collecting.remove(member);
        }
        known.collecting = wanted;
        Ok(())
    }

    /// Nothing is left of a bundle.
    pub fn end(&mut self, bundle: u32) {
        _ = self.bundles.remove(&bundle);
        let known = self.known.remove(&bundle).unwrap_or_default();
        for member in known.collecting.keys() {
            _ = self.collecting.remove(member);
        }
    }

    /// What the program that is attached to a port does with it as a member; `None`: it is no member, or
    /// there is no such program. The interface is in the namespace of `kernel`.
    pub fn inherited(kernel: &mut Kernel, port: u32) -> Option<Inherited> {
        let id = kernel.ingress_program(port).ok()??;
        let program = loaded_programs()
            .filter_map(Result::ok)
            .find(|program| program.id() == id)?;
        let maps = program.map_ids().ok()??;
        let collecting: HashMap<MapData, u32, Membership> = open(&maps, "collecting")?;
        let [bundle, distributes] = collecting.get(&port, 0).ok()?;
        Some(Inherited {
            bundle,
            distributing: distributes != 0,
        })
    }
}

/// A map of a program by its name.
fn open<T: TryFrom<Map>>(maps: &[u32], name: &str) -> Option<T> {
    let named =
        |id: &&u32| MapInfo::from_id(**id).is_ok_and(|info| info.name_as_str() == Some(name));
    let id = maps.iter().find(named)?;
    let data = MapData::from_id(*id).ok()?;
    T::try_from(Map::from_map_data(data).ok()?).ok()
}

fn value(distributing: &[u32]) -> Value {
    let mut value = [0; MEMBERS + 1];
    for (place, member) in value[1..].iter_mut().zip(distributing) {
        *place = *member;
    }
    value[0] = u32::try_from(distributing.len().min(MEMBERS)).unwrap_or_default();
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attachment::Attachment;
    use crate::link::VethSpec;
    use crate::namespace::Namespace;
    use crate::program::VlanProgram;

    #[test]
    fn a_bundle_is_a_count_and_its_members() {
        assert_eq!(value(&[]), [0; 17]);
        assert_eq!(value(&[7, 9])[..4], [2, 7, 9, 0]);
        let many: Vec<u32> = (1..=20).collect();
        assert_eq!((value(&many)[0], value(&many)[16]), (16, 16));
    }

    /// In a namespace that is then thrown away.
    #[test]
    fn what_an_attached_program_does_with_a_member_is_read_from_it() {
        if !nix::unistd::geteuid().is_root() {
            println!("skipped: needs root");
            return;
        }
        let name = format!("demarc-test-{}", std::process::id());
        let namespace = Namespace::ensure(&name).unwrap();
        let found = namespace.inside(|| {
            let mut kernel = Kernel::here().unwrap();
            for (name, peer) in [("port1", "far1"), ("port2", "far2")] {
                let namespace = &namespace;
                let mtu = 1_500;
                kernel
                    .add_veth(VethSpec {
                        name,
                        peer,
                        namespace,
                        mtu,
                    })
                    .unwrap();
            }
            let [first, second] =
                ["port1", "port2"].map(|name| kernel.existing(name).unwrap().index);
            let mut program = VlanProgram::load(Attachment::Clsact).unwrap();
            let mut maps = program.take_bundles().unwrap();
            assert_eq!(
                BundleMaps::inherited(&mut kernel, first),
                None,
                "no program"
            );
            for name in ["port1", "port2"] {
                program.attach_port(&mut kernel, name).unwrap();
            }
            assert_eq!(BundleMaps::inherited(&mut kernel, first), None, "no member");
            let bundle = bundle_number(7);
            let mut others = program.share_bundles().unwrap();
            maps.set(bundle, &[first].into(), &[first]).unwrap();
            others.set(port_number(7), &[second].into(), &[]).unwrap();
            assert_eq!(
                BundleMaps::inherited(&mut kernel, second),
                Some(Inherited {
                    bundle: port_number(7),
                    distributing: false
                }),
                "by the other hand"
            );
            others.end(port_number(7));
            maps.set(bundle, &[first, second].into(), &[first]).unwrap();
            drop((program, maps));
            [first, second].map(|port| BundleMaps::inherited(&mut kernel, port))
        });
        drop(namespace);
        Namespace::remove(&name).unwrap();
        let member = |distributing| {
            let bundle = bundle_number(7);
            Some(Inherited {
                bundle,
                distributing,
            })
        };
        assert_eq!(found.unwrap(), [member(true), member(false)]);
    }

    #[test]
    fn no_interface_has_the_number_of_a_bundle() {
        assert_eq!(bundle_number(0xffff), 0x8000_ffff);
        assert!(i32::try_from(bundle_number(0)).is_err());
        assert!(port_number(0) > bundle_number(u16::MAX));
    }
}
