//! What the edge says of itself, device by device.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use demarc_domain::device_status::{
    DeviceStatus, DropCounters, Fault, PortStatus, SeenRoutes, TrafficCounters,
};
use demarc_domain::intent::{DeviceIntent, RoutingDomain, VersionedIntent};
use demarc_linux::{Strays, VifCounters};

use super::bindings::Behind;
use super::gateway::namespace_name;

/// What each device is to do, by its name.
pub type Intents = BTreeMap<String, Arc<VersionedIntent>>;

/// Whether these are the very same intents: one that is derived again because something differs is another.
pub(super) fn same(these: &Intents, those: &Intents) -> bool {
    let mut pairs = these.iter().zip(those);
    let is_same = |((device, intent), (other, that))| device == other && Arc::ptr_eq(intent, that);
    these.len() == those.len() && pairs.all(is_same)
}

/// What is known of each device, by its name.
pub type Views = BTreeMap<String, EdgeView>;

/// A device's status and the routes of its sessions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdgeView {
    pub status: Arc<DeviceStatus>,
    pub routes: Arc<SeenRoutes>,
    /// Higher than that of every view before.
    pub number: u64,
}

/// Replaces what was seen by what is seen now, and numbers what differs; whether something does.
pub(super) fn replace(views: &mut Views, mut now: Views) -> bool {
    let number = views.values().map(|it| it.number).max().unwrap_or(0) + 1;
    for (device, view) in &mut now {
        let before = views.get(device);
        let same = before.filter(|it| it.status == view.status && it.routes == view.routes);
        view.number = same.map_or(number, |it| it.number);
    }
    let differs = *views != now;
    *views = now;
    differs
}

/// What is wrong with what: said once in the log when it begins, and in every status until it ends.
#[derive(Debug, Default)]
pub(super) struct Faults {
    now: BTreeMap<String, String>,
    before: BTreeMap<String, String>,
}

impl Faults {
    /// Begins a round: what is not said again has ended.
    pub(super) fn begin(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }

    pub(super) fn say(&mut self, subject: impl ToString, message: impl ToString) {
        let (subject, message) = (subject.to_string(), message.to_string());
        if self.before.get(&subject) != Some(&message) && self.now.get(&subject) != Some(&message) {
            tracing::error!(subject, "{message}");
        }
        self.now.insert(subject, message);
    }

    /// Ends a round.
    pub(super) fn end(&mut self) {
        for subject in self.before.keys().filter(|it| !self.now.contains_key(*it)) {
            tracing::info!(subject, "that is over");
        }
        self.before.clear();
    }

    fn list(&self) -> impl Iterator<Item = Fault> + '_ {
        let faults = self.now.iter();
        faults.map(|(subject, message)| Fault::new(subject, message))
    }

    /// The faults of each device: what is wrong with something of its own, and what is wrong with the whole
    /// machine.
    pub(super) fn by_device<'a>(&self, intents: &'a Intents) -> BTreeMap<&'a str, Vec<Fault>> {
        if self.now.is_empty() {
            return BTreeMap::new();
        }
        let devices = intents.iter();
        let devices: Vec<(&str, BTreeSet<String>)> = devices
            .map(|(device, wanted)| (device.as_str(), subjects(&wanted.intent)))
            .collect();
        let mut faults: BTreeMap<&str, Vec<Fault>> = BTreeMap::new();
        for fault in self.list() {
            let is_of = |(_, own): &&(&str, BTreeSet<String>)| own.contains(&fault.subject);
            let of_all = !devices.iter().any(|device| is_of(&device));
            for (device, _) in devices.iter().filter(|device| of_all || is_of(device)) {
                faults.entry(device).or_default().push(fault.clone());
            }
        }
        faults
    }
}

/// What faults of a device may be about.
fn subjects(intent: &DeviceIntent) -> BTreeSet<String> {
    let ports = intent.ports.iter().map(|port| port.connection.to_string());
    let lags = intent.lags.iter().map(|lag| lag.lag.to_string());
    let interfaces = intent.virtual_interfaces.iter().map(|it| it.id.to_string());
    let domains = intent.domains.iter().flat_map(|domain| {
        let uplinks = domain.uplinks.iter();
        let mut subjects: Vec<String> = uplinks.map(|it| it.gateway.to_string()).collect();
        subjects.push(namespace_name(domain.domain));
        if domain.domain == RoutingDomain::Public {
            subjects.push(Behind::Public.to_string());
        }
        subjects
    });
    let all = ports.chain(lags).chain(interfaces).chain(domains);
    all.collect()
}

pub(super) fn traffic(seen: VifCounters) -> TrafficCounters {
    TrafficCounters {
        in_packets: seen.in_packets,
        in_bytes: seen.in_bytes,
        out_packets: seen.out_packets,
        out_bytes: seen.out_bytes,
        in_policed: seen.in_policed_packets,
        in_policed_bytes: seen.in_policed_bytes,
        out_policed: seen.out_policed_packets,
        out_policed_bytes: seen.out_policed_bytes,
        wrong_source: seen.wrong_source,
        wrong_mac: seen.wrong_mac,
        too_long: seen.too_long,
        control_policed: seen.control_policed,
        wrong_signature: 0,
    }
}

pub(super) fn drops(strays: Strays) -> DropCounters {
    DropCounters {
        untagged: strays.untagged,
        unknown_vlan: strays.unknown_vlan,
        failed: strays.failed,
    }
}

/// All ports of a device together.
pub(super) fn all_drops(ports: &[PortStatus]) -> DropCounters {
    let none = DropCounters::default();
    ports.iter().fold(none, |all, port| sum(all, port.drops))
}

pub(super) fn sum(all: DropCounters, more: DropCounters) -> DropCounters {
    DropCounters {
        untagged: all.untagged + more.untagged,
        unknown_vlan: all.unknown_vlan + more.unknown_vlan,
        failed: all.failed + more.failed,
    }
}

#[cfg(test)]
mod tests {
    use demarc_domain::intent::PortIntent;

    use super::*;

    #[test]
    fn an_intent_that_came_since_is_noticed_and_one_that_did_not_is_not() {
        let intent = |device: &str, revision| {
            let intent = DeviceIntent {
                device: device.to_owned(),
                ports: Vec::new(),
                lags: Vec::new(),
                virtual_interfaces: Vec::new(),
                domains: Vec::new(),
            };
            let wanted = Arc::new(VersionedIntent { revision, intent });
            (device.to_owned(), wanted)
        };
        let known = Intents::from([intent("a", 1), intent("b", 1)]);
        assert!(same(&known, &known.clone()));
        let mut newer = known.clone();
        newer.extend([intent("b", 2)]);
        assert!(!same(&known, &newer));
        let mut fewer = known.clone();
        fewer.remove("b");
        assert!(!same(&known, &fewer) && !same(&fewer, &known));
        let mut other = fewer.clone();
        other.extend([intent("c", 1)]);
        assert!(!same(&known, &other));
    }

    #[test]
    fn a_view_that_differs_has_a_higher_number() {
        let view = |followed| {
            let status = DeviceStatus {
                followed: Some(followed),
                ..DeviceStatus::default()
            };
            EdgeView {
                status: Arc::new(status),
                ..EdgeView::default()
            }
        };
        let seen = |a, b| Views::from([("a".to_owned(), view(a)), ("b".to_owned(), view(b))]);
        let mut views = Views::new();
        let mut step = |a, b| {
            let differs = replace(&mut views, seen(a, b));
            (differs, views["a"].number, views["b"].number)
        };
        assert_eq!(step(1, 1), (true, 1, 1));
        assert_eq!(step(1, 1), (false, 1, 1));
        assert_eq!(step(2, 1), (true, 2, 1));
        assert_eq!(step(2, 2), (true, 2, 3));
        assert_eq!(step(1, 2), (true, 4, 3));
    }

    #[test]
    fn a_fault_is_of_its_device_or_of_the_machine() {
        let port = |number: u32| PortIntent {
            connection: format!("dxcon-{number:08x}").parse().unwrap(),
            megabits: 1_000,
            lag: None,
            jumbo: true,
            encryption_mode: None,
            mac_sec_keys: Vec::new(),
        };
        let device = |device: &str, number| {
            let intent = DeviceIntent {
                device: device.to_owned(),
                ports: vec![port(number)],
                lags: Vec::new(),
                virtual_interfaces: Vec::new(),
                domains: Vec::new(),
            };
            let revision = 1;
            (
                device.to_owned(),
                Arc::new(VersionedIntent { revision, intent }),
            )
        };
        let intents = Intents::from([device("a", 1), device("b", 2)]);
        let mut faults = Faults::default();
        faults.say("dxcon-00000001", "its own");
        faults.say("kernel", "of all");
        let found = faults.by_device(&intents);
        let said = |device: &str| -> Vec<&str> {
            let all = found[device].iter();
            all.map(|fault| fault.message.as_str()).collect()
        };
        assert_eq!(said("a"), ["its own", "of all"]);
        assert_eq!(said("b"), ["of all"]);
    }

    #[test]
    fn a_fault_lasts_for_as_long_as_it_is_said() {
        let mut faults = Faults::default();
        for (said, expected) in [(&["a", "b"][..], 2), (&["b"], 1), (&[], 0)] {
            faults.begin();
            for subject in said {
                faults.say(subject, "broken");
            }
            faults.end();
            assert_eq!(faults.list().count(), expected);
        }
    }
}
