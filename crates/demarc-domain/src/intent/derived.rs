//! Intents derived again, at the cost of what differs.

use std::collections::HashMap;
use std::sync::Arc;

use demarc_types::VirtualInterfaceId;

use super::{DeviceIntent, VirtualInterfaceIntent, of, virtual_interface};
use crate::entity::VirtualInterface;
use crate::parent;
use crate::world::World;

/// Intents of a device's virtual interfaces, each with what it was derived from.
#[derive(Debug, Default)]
pub struct Derived(HashMap<VirtualInterfaceId, Derivation>);

#[derive(Debug)]
struct Derivation {
    from: Arc<VirtualInterface>,
    intent: Option<Arc<VirtualInterfaceIntent>>,
}

impl Derived {
    /// Whether the device's intent is still what was derived last, for a World that differs from that one in
    /// these virtual interfaces alone ([`World::differs_in_interfaces_alone`]). If not, it is to be derived
    /// again.
    pub fn holds(&mut self, world: &World, device: &str, differ: &[VirtualInterfaceId]) -> bool {
        differ.iter().all(|id| self.holds_of(world, device, *id))
    }

    fn holds_of(&mut self, world: &World, device: &str, id: VirtualInterfaceId) -> bool {
        let now = world
            .virtual_interface(id)
            .filter(|it| it.holds_resources());
        let Some(known) = self.0.get_mut(&id) else {
            let device_of = |it: &Arc<VirtualInterface>| parent::device(world, it.parent);
            return now.and_then(device_of).as_deref() != Some(device);
        };
        let Some(now) = now.filter(|it| it.parent == known.from.parent) else {
            return false;
        };
        let same = virtual_interface(world, now).as_ref() == known.intent.as_deref();
        if same {
            known.from = Arc::clone(now);
        }
        same
    }
}

/// The same as [`super::device`], for a World that differs from the one `before` was derived from in virtual
/// interfaces alone ([`World::differs_in_interfaces_alone`]): the intents of those that do not differ are taken
/// over. With nothing derived before, for any World.
pub fn device_again(world: &World, device: &str, before: &mut Derived) -> DeviceIntent {
    let mut now = HashMap::with_capacity(before.0.len());
    let intent = of(world, device, |interface| {
        let known = before.0.remove(&interface.id);
        let known = known.filter(|it| Arc::ptr_eq(&it.from, interface));
        let derivation = known.unwrap_or_else(|| Derivation {
            from: Arc::clone(interface),
            intent: virtual_interface(world, interface).map(Arc::new),
        });
        let intent = derivation.intent.clone();
        now.insert(interface.id, derivation);
        intent
    });
    before.0 = now;
    debug_assert_eq!(intent, super::device(world, device));
    intent
}
