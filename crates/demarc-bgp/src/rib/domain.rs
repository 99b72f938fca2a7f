//! Both families of one routing domain.

use ipnet::IpNet;

use super::decision::RegionId;
use super::engine::Rib;
use super::event::{Event, LimitExceeded};
use super::export::Progress;
use super::group::Origination;
use super::prefix::{Ipv4Key, Ipv6Key};
use super::session::{Counters, Established, SessionConfig, SessionIndex};
use super::view::{MemoryUse, Place, RouteView};
use crate::wire::{Family, PathAttributes, Update};

/// A session of a domain. Its family never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId {
    family: Family,
    index: SessionIndex,
}

impl SessionId {
    #[must_use]
    pub const fn family(self) -> Family {
        self.family
    }
}

/// The tables of one routing domain. See [`Rib`] for what each method does.
#[derive(Debug)]
pub struct Domain {
    ipv4: Rib<Ipv4Key>,
    ipv6: Rib<Ipv6Key>,
}

/// Calls a method of the table of `$id`'s family.
macro_rules! of_family {
    ($self:ident, $family:expr, $rib:ident => $call:expr) => {
        match $family {
            Family::Ipv4 => {
                let $rib = &$self.ipv4;
                $call
            }
            Family::Ipv6 => {
                let $rib = &$self.ipv6;
                $call
            }
        }
    };
    (mut $self:ident, $family:expr, $rib:ident => $call:expr) => {
        match $family {
            Family::Ipv4 => {
                let $rib = &mut $self.ipv4;
                $call
            }
            Family::Ipv6 => {
                let $rib = &mut $self.ipv6;
                $call
            }
        }
    };
}

impl Domain {
    /// Empty tables. `seed` protects the hash tables against chosen prefixes.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            ipv4: Rib::new(seed),
            ipv6: Rib::new(!seed),
        }
    }

    pub fn add_session(&mut self, family: Family, config: SessionConfig) -> SessionId {
        let index = of_family!(mut self, family, rib => rib.add_session(config));
        SessionId { family, index }
    }

    pub fn remove_session(&mut self, id: SessionId) {
        of_family!(mut self, id.family, rib => rib.remove_session(id.index));
    }

    pub fn session_up(&mut self, id: SessionId, established: Established) {
        of_family!(mut self, id.family, rib => rib.session_up(id.index, established));
    }

    pub fn session_down(&mut self, id: SessionId) {
        of_family!(mut self, id.family, rib => rib.session_down(id.index));
    }

    pub fn session_restarting(&mut self, id: SessionId) {
        of_family!(mut self, id.family, rib => rib.session_restarting(id.index));
    }

    pub fn mark_stale(&mut self, id: SessionId) {
        of_family!(mut self, id.family, rib => rib.mark_stale(id.index));
    }

    pub fn sweep_stale(&mut self, id: SessionId) {
        of_family!(mut self, id.family, rib => rib.sweep_stale(id.index));
    }

    /// # Errors
    /// [`LimitExceeded`]: see [`Rib::update`].
    pub fn update(&mut self, id: SessionId, update: &Update<'_>) -> Result<(), LimitExceeded> {
        of_family!(mut self, id.family, rib => rib.update(id.index, update))
    }

    pub fn withdraw(&mut self, id: SessionId, prefixes: impl IntoIterator<Item = IpNet>) {
        of_family!(mut self, id.family, rib => rib.withdraw(id.index, prefixes));
    }

    /// # Errors
    /// [`LimitExceeded`]: see [`Rib::announce`].
    pub fn announce(
        &mut self,
        id: SessionId,
        attributes: &PathAttributes,
        prefixes: impl IntoIterator<Item = IpNet>,
    ) -> Result<(), LimitExceeded> {
        of_family!(mut self, id.family, rib => rib.announce(id.index, attributes, prefixes))
    }

    /// Replaces what the network itself announces, in both families.
    pub fn set_originations(&mut self, originations: &[Origination]) {
        self.ipv4.set_originations(originations);
        self.ipv6.set_originations(originations);
    }

    /// # Errors
    /// [`LimitExceeded`]: see [`Rib::set_config`].
    pub fn set_config(
        &mut self,
        id: SessionId,
        config: SessionConfig,
    ) -> Result<(), LimitExceeded> {
        of_family!(mut self, id.family, rib => rib.set_config(id.index, config))
    }

    pub fn refresh(&mut self, id: SessionId, enhanced: bool) {
        of_family!(mut self, id.family, rib => rib.refresh(id.index, enhanced));
    }

    pub fn poll_transmit(&mut self, id: SessionId, out: &mut Vec<u8>, enough: usize) -> Progress {
        of_family!(mut self, id.family, rib => rib.poll_transmit(id.index, out, enough))
    }

    /// Sessions that have something to send since they were drained. May name one twice.
    pub fn take_ready(&mut self) -> impl Iterator<Item = SessionId> + use<> {
        let name = |family| move |index| SessionId { family, index };
        let ipv4 = self.ipv4.take_ready().into_iter().map(name(Family::Ipv4));
        ipv4.chain(self.ipv6.take_ready().into_iter().map(name(Family::Ipv6)))
    }

    pub fn poll_event(&mut self) -> Option<Event<SessionId>> {
        let name = |family| move |index| SessionId { family, index };
        if let Some(event) = self.ipv4.poll_event() {
            return Some(event.map_session(name(Family::Ipv4)));
        }
        self.ipv6
            .poll_event()
            .map(|event| event.map_session(name(Family::Ipv6)))
    }

    pub fn track_forwarding(&mut self) {
        self.ipv4.track_forwarding();
        self.ipv6.track_forwarding();
    }

    pub fn has_forwarding_changes(&self) -> bool {
        self.ipv4.has_forwarding_changes() || self.ipv6.has_forwarding_changes()
    }

    pub fn take_forwarding_changes(&mut self) -> Vec<IpNet> {
        let mut changes = self.ipv4.take_forwarding_changes();
        changes.append(&mut self.ipv6.take_forwarding_changes());
        changes
    }

    #[must_use]
    pub fn counters(&self, id: SessionId) -> Counters {
        of_family!(self, id.family, rib => rib.counters(id.index))
    }

    #[must_use]
    pub fn config(&self, id: SessionId) -> &SessionConfig {
        of_family!(self, id.family, rib => &rib.session(id.index).config)
    }

    pub fn routes_in(&self, id: SessionId) -> Box<dyn Iterator<Item = RouteView<SessionId>> + '_> {
        let name = move |index| SessionId {
            family: id.family,
            index,
        };
        of_family!(self, id.family, rib => {
            Box::new(rib.routes_in(id.index).map(move |view| view.map_session(name)))
        })
    }

    #[must_use]
    pub fn places_in(&self, id: SessionId) -> Vec<Place> {
        of_family!(self, id.family, rib => rib.places_in(id.index))
    }

    #[must_use]
    pub fn places_out(&self, id: SessionId) -> Vec<Place> {
        of_family!(self, id.family, rib => rib.places_out(id.index))
    }

    #[must_use]
    pub fn route_in(&self, id: SessionId, place: Place) -> Option<RouteView<SessionId>> {
        let view = of_family!(self, id.family, rib => rib.route_in(id.index, place))?;
        let family = id.family;
        Some(view.map_session(|index| SessionId { family, index }))
    }

    #[must_use]
    pub fn route_out(&self, id: SessionId, place: Place) -> Option<RouteView<SessionId>> {
        let view = of_family!(self, id.family, rib => rib.route_out(id.index, place))?;
        let family = id.family;
        Some(view.map_session(|index| SessionId { family, index }))
    }

    pub fn routes_out(&self, id: SessionId) -> Box<dyn Iterator<Item = RouteView<SessionId>> + '_> {
        let name = move |index| SessionId {
            family: id.family,
            index,
        };
        of_family!(self, id.family, rib => {
            Box::new(rib.routes_out(id.index).map(move |view| view.map_session(name)))
        })
    }

    #[must_use]
    pub fn multipath(&self, prefix: &IpNet, region: RegionId) -> Vec<RouteView<SessionId>> {
        let family = family_of(prefix);
        let name = |index| SessionId { family, index };
        let routes = of_family!(self, family, rib => rib.multipath(prefix, region));
        routes
            .into_iter()
            .map(|view| view.map_session(name))
            .collect()
    }

    #[must_use]
    pub fn site_link_multipath(&self, prefix: &IpNet) -> Vec<RouteView<SessionId>> {
        let family = family_of(prefix);
        let name = |index| SessionId { family, index };
        let routes = of_family!(self, family, rib => rib.site_link_multipath(prefix));
        routes
            .into_iter()
            .map(|view| view.map_session(name))
            .collect()
    }

    #[must_use]
    pub fn routes_of(&self, prefix: &IpNet) -> Vec<RouteView<SessionId>> {
        let family = family_of(prefix);
        let name = |index| SessionId { family, index };
        let routes = of_family!(self, family, rib => rib.routes_of(prefix));
        routes
            .into_iter()
            .map(|view| view.map_session(name))
            .collect()
    }

    #[must_use]
    pub fn memory_use(&self, family: Family) -> MemoryUse {
        of_family!(self, family, rib => rib.memory_use())
    }
}

fn family_of(prefix: &IpNet) -> Family {
    match prefix {
        IpNet::V4(_) => Family::Ipv4,
        IpNet::V6(_) => Family::Ipv6,
    }
}
