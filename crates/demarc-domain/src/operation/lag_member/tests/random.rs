//! Random orders, moves and deletions of ports by several accounts: the World stays sound.

use std::sync::Arc;

use demarc_types::{ParentId, Span};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::entity::{Connection, ConnectionPhase, Entity, Lag, Link};
use crate::testing::{ALICE, BOB, Lab, PAULA};
use crate::{parent, violations};

const ACCOUNTS: [&str; 3] = [ALICE, BOB, PAULA];

/// What to do next; the numbers pick accounts and objects among those that there are.
type Step = (u8, u8, u8, u8);

/// What a step may be about.
struct Objects {
    ports: Vec<Arc<Connection>>,
    hosted: Vec<Arc<Connection>>,
    lags: Vec<Arc<Lag>>,
}

impl Objects {
    fn of(lab: &Lab) -> Self {
        let mut objects = Self {
            ports: Vec::new(),
            hosted: Vec::new(),
            lags: Vec::new(),
        };
        for entity in lab.world.entities() {
            match entity {
                Entity::Connection(found) if found.is_hosted() => objects.hosted.push(found),
                Entity::Connection(found) => objects.ports.push(found),
                Entity::Lag(found) => objects.lags.push(found),
                _ => {}
            }
        }
        objects
    }

    /// Owner and id of something that can host, or looks as if it could.
    fn host(&self, number: u8) -> Option<(String, String)> {
        let lags = self.lags.iter().filter(|lag| lag.allows_hosted);
        let ports = self
            .ports
            .iter()
            .filter(|port| port.is_interconnect() && port.lag.is_none());
        let hosts: Vec<(String, String)> = lags
            .map(|lag| (lag.owner.to_string(), lag.id.to_string()))
            .chain(ports.map(|port| (port.owner.to_string(), port.id.to_string())))
            .collect();
        pick(&hosts, number).cloned()
    }
}

fn pick<T>(from: &[T], number: u8) -> Option<&T> {
    let count = from.len().max(1);
    from.get(usize::from(number) % count)
}

/// Account, operation and body.
type Call = (String, &'static str, Value);

/// The call of a step; `None` when there is nothing to do it to. Location and speed vary little, so that
/// most things fit one another.
fn call(objects: &Objects, step: Step) -> Option<Call> {
    match step.0 % 16 {
        0..=3 => order(objects, step),
        4..=8 => port_or_lag(objects, step),
        _ => hosted(objects, step),
    }
}

/// Something new: a port, or a LAG with or without a port that is there.
fn order(objects: &Objects, (what, first, second, third): Step) -> Option<Call> {
    let bandwidth = if third % 9 == 0 { "1Gbps" } else { "10Gbps" };
    let secured = third % 3 == 0 && bandwidth == "10Gbps";
    let mut body = json!({"location": "EqDC2", "requestMACSec": secured});
    let members = match what % 4 {
        0 => json!({"bandwidth": bandwidth, "connectionName": "c"}),
        1 => json!({"bandwidth": bandwidth, "interconnectName": "i"}),
        2 => json!({
            "connectionsBandwidth": bandwidth, "lagName": "l", "numberOfConnections": second % 4 + 1,
        }),
        _ => {
            let port = pick(&objects.ports, first)?;
            json!({
                "connectionsBandwidth": port.bandwidth.as_str(), "lagName": "l", "numberOfConnections": 1,
                "connectionId": port.id.to_string(), "requestMACSec": port.mac_sec.is_some(),
            })
        }
    };
    let over = members.as_object()?.clone();
    body.as_object_mut()?.extend(over);
    let operation = [
        "CreateConnection",
        "CreateInterconnect",
        "CreateLag",
        "CreateLag",
    ];
    let account = match pick(&objects.ports, first) {
        Some(port) if what % 4 == 3 => port.owner.to_string(),
        _ => ACCOUNTS[usize::from(first) % 3].to_owned(),
    };
    Some((account, operation[usize::from(what % 4)], body))
}

/// Joining, leaving and changing LAGs, and deleting.
fn port_or_lag(objects: &Objects, (what, first, second, third): Step) -> Option<Call> {
    let port = pick(&objects.ports, first);
    let lag = pick(&objects.lags, second);
    let (owner, operation, body) = match what / 16 % 8 {
        0..=2 => {
            let body = json!({"connectionId": port?.id.to_string(), "lagId": lag?.id.to_string()});
            (port?.owner, "AssociateConnectionWithLag", body)
        }
        3 => {
            let body =
                json!({"connectionId": port?.id.to_string(), "lagId": port?.lag?.to_string()});
            (port?.owner, "DisassociateConnectionFromLag", body)
        }
        4 => {
            let operation = if port?.is_interconnect() {
                "DeleteInterconnect"
            } else {
                "DeleteConnection"
            };
            let body = json!({"connectionId": port?.id.to_string(), "interconnectId": port?.id.to_string()});
            (port?.owner, operation, body)
        }
        5 => (
            lag?.owner,
            "DeleteLag",
            json!({"lagId": lag?.id.to_string()}),
        ),
        6 => {
            let body = json!({"lagId": lag?.id.to_string(), "minimumLinks": third % 3});
            (lag?.owner, "UpdateLag", body)
        }
        _ => {
            let (owner, id) = match lag.filter(|_| third % 2 == 0) {
                Some(lag) => (lag.owner, lag.id.to_string()),
                None => (port?.owner, port?.id.to_string()),
            };
            let (ckn, cak) = (format!("{first:064x}"), format!("{second:064x}"));
            let body = json!({"connectionId": id, "ckn": ckn, "cak": cak});
            (owner, "AssociateMacSecKey", body)
        }
    };
    Some((owner.to_string(), operation, body))
}

/// The life of hosted connections.
fn hosted(objects: &Objects, (what, first, second, third): Step) -> Option<Call> {
    let hosted = pick(&objects.hosted, first);
    let body = || Some(json!({"connectionId": hosted?.id.to_string()}));
    Some(match what % 5 {
        0 | 1 => {
            let (owner, host) = objects.host(first)?;
            let body = json!({
                "connectionId": host, "ownerAccount": ACCOUNTS[usize::from(third) % 3],
                "bandwidth": "500Mbps", "connectionName": "h", "vlan": second % 4 + 1,
            });
            (owner, "AllocateHostedConnection", body)
        }
        2 => (hosted?.owner.to_string(), "ConfirmConnection", body()?),
        3 => {
            let mut body = body()?;
            body["parentConnectionId"] = json!(objects.host(second)?.1);
            (
                hosted?.hosting()?.0.to_string(),
                "AssociateHostedConnection",
                body,
            )
        }
        _ => (hosted?.owner.to_string(), "DeleteConnection", body()?),
    })
}

/// A port that stands alone gets a virtual interface, with a VLAN and addresses of its own; by the quota of
/// this test no carrier may have a second one.
fn add_virtual_interface(lab: &mut Lab, port: &Connection, vlan: i64) {
    let Some(port) = lab.world.connection(port.id).cloned() else {
        return;
    };
    let alone = port.lag.is_none() && port.phase == ConnectionPhase::Live;
    let carried = parent::holding(&lab.world, ParentId::Connection(port.id)).count();
    if alone && carried == 0 && !port.is_interconnect() {
        lab.virtual_interface_on(&port.owner.to_string(), &port.id.to_string(), vlan);
    }
}

/// What happens between two calls.
fn meanwhile(lab: &mut Lab, objects: &Objects, (_, first, second, third): Step, vlan: i64) {
    match third % 8 {
        0 => lab.advance(Span::from_millis(i64::from(second) * 20)),
        1 => lab.settle(),
        2 => lab.converge(),
        3 | 4 => {
            for port in &objects.ports {
                let link = if second % 4 == 0 {
                    Link::Down
                } else {
                    Link::Up
                };
                lab.link(&port.id.to_string(), link);
            }
        }
        5 => {
            for (port, vlan) in objects.ports.iter().zip(vlan * 16..) {
                add_virtual_interface(lab, port, vlan % 1_000 + 1);
            }
        }
        6 if first % 16 == 0 => lab.advance(Span::from_minutes(16)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_to_ports_the_world_stays_sound(
        steps in proptest::collection::vec(any::<Step>(), 40..160)
    ) {
        let mut lab = Lab::with(|settings| {
            settings.quotas.connections_per_location = 30;
            settings.quotas.virtual_interfaces_per_connection = 1;
        });
        // One device, so that ports fit into one another's LAGs.
        let mut location = crate::inventory::location(&lab.world, lab.region, "EqDC2")
            .unwrap()
            .as_ref()
            .clone();
        location.devices.truncate(1);
        lab.put(location);
        for (number, step) in (1_i64..).zip(steps) {
            let objects = Objects::of(&lab);
            if let Some((owner, operation, body)) = call(&objects, step) {
                let account = if step.3 % 16 == 0 { BOB.to_owned() } else { owner };
                // Refused or not: a refusal is checked to change nothing.
                let _answer = lab.attempt(&account, operation, body.clone());
                prop_assert_eq!(
                    violations(&lab.world, &lab.settings), Vec::<String>::new(), "after {} {}", operation, body
                );
            }
            meanwhile(&mut lab, &objects, step, number);
            prop_assert_eq!(violations(&lab.world, &lab.settings), Vec::<String>::new());
        }
    }
}
