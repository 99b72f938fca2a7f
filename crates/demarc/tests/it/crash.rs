//! SIGKILL at random points under concurrent load: what was answered is there after a restart, what was refused is
//! not, and the World keeps its invariants.
//!
//! `DEMARC_CRASHES` says how often (15 when it is absent), `DEMARC_CRASH_SEED` repeats a run.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{Serving, call, program, run, text};

const WORKERS: u64 = 6;
/// Crashes of one data directory; then a new one, so that what is left behind does not slow the test down.
const PER_DIRECTORY: u64 = 25;

/// A small generator, the same from the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// What a client knows of a virtual interface, by its name.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    /// The answer to its creation never came.
    PerhapsCreated,
    Created {
        id: String,
        vlan: u64,
    },
    /// The answer to its deletion never came.
    PerhapsDeleted {
        id: String,
    },
    Deleted {
        id: String,
    },
    /// Its creation was refused.
    Refused,
}

type Knowledge = BTreeMap<String, Known>;

/// Creates and deletes until the service does not answer any more.
fn work(
    address: SocketAddr,
    (connection, gateway): (&str, &str),
    mut random: Random,
    names: &AtomicU64,
    mine: Knowledge,
) -> Knowledge {
    let mut known = mine;
    loop {
        let created: Vec<(String, String)> = known
            .iter()
            .filter_map(|(name, known)| match known {
                Known::Created { id, .. } => Some((name.clone(), id.clone())),
                _ => None,
            })
            .collect();
        if created.len() > 4 || (!created.is_empty() && random.next(3) == 0) {
            let place =
                usize::try_from(random.next(u64::try_from(created.len()).unwrap())).unwrap();
            let (name, id) = created[place].clone();
            known.insert(name.clone(), Known::PerhapsDeleted { id: id.clone() });
            let Ok(answer) = call(
                address,
                "DeleteVirtualInterface",
                &json!({"virtualInterfaceId": id}),
            ) else {
                return known;
            };
            assert_eq!(answer.status, 200, "{}", answer.body);
            known.insert(name, Known::Deleted { id });
        } else {
            // Few VLANs for many workers: some of them want the same.
            let vlan = 100 + random.next(60);
            let name = format!("v{}", names.fetch_add(1, Ordering::Relaxed));
            known.insert(name.clone(), Known::PerhapsCreated);
            let body = json!({"connectionId": connection, "newPrivateVirtualInterface": {
                "virtualInterfaceName": name, "vlan": vlan, "asn": 65_000, "directConnectGatewayId": gateway}});
            let Ok(answer) = call(address, "CreatePrivateVirtualInterface", &body) else {
                return known;
            };
            let outcome = match answer.status {
                200 => Known::Created {
                    id: text(&answer.body["virtualInterfaceId"]),
                    vlan,
                },
                400 => Known::Refused,
                other => panic!("{other}: {}", answer.body),
            };
            known.insert(name, outcome);
        }
    }
}

/// Compares what the service shows with what its clients were told.
fn check(serving: &Serving, connection: &str, known: &mut Knowledge) {
    let shown = serving.ok(
        "DescribeVirtualInterfaces",
        &json!({"connectionId": connection}),
    );
    let mut by_name: BTreeMap<String, &Value> = BTreeMap::new();
    let (mut vlans, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for interface in shown["virtualInterfaces"].as_array().unwrap() {
        let name = text(&interface["virtualInterfaceName"]);
        assert!(
            by_name.insert(name, interface).is_none(),
            "twice: {interface}"
        );
        assert!(
            ids.insert(text(&interface["virtualInterfaceId"])),
            "an id twice: {interface}"
        );
        if is_live(interface) {
            assert!(
                vlans.insert(interface["vlan"].as_u64()),
                "a VLAN twice: {interface}"
            );
        }
    }
    for (name, known) in known.iter_mut() {
        let found = by_name.remove(name);
        match known {
            Known::Created { id, vlan } => {
                let found = found.unwrap_or_else(|| panic!("{name} {id} was answered and is lost"));
                assert!(is_live(found), "{name} was not deleted: {found}");
                assert_eq!(
                    (&found["virtualInterfaceId"], &found["vlan"]),
                    (&json!(id), &json!(vlan))
                );
            }
            Known::Deleted { id } => {
                let gone = found.is_none_or(|found| !is_live(found));
                assert!(gone, "the deletion of {name} {id} was answered and is lost");
            }
            Known::Refused => assert!(found.is_none(), "{name} was refused: {found:?}"),
            Known::PerhapsCreated => {
                *known = match found {
                    Some(found) => Known::Created {
                        id: text(&found["virtualInterfaceId"]),
                        vlan: found["vlan"].as_u64().unwrap(),
                    },
                    None => Known::Refused,
                };
            }
            Known::PerhapsDeleted { id } => {
                let found = found.unwrap_or_else(|| panic!("{name} {id} was answered and is lost"));
                *known = if is_live(found) {
                    let vlan = found["vlan"].as_u64().unwrap();
                    Known::Created {
                        id: id.clone(),
                        vlan,
                    }
                } else {
                    Known::Deleted { id: id.clone() }
                };
            }
        }
    }
    assert!(by_name.is_empty(), "nobody asked for these: {by_name:?}");
}

fn is_live(interface: &Value) -> bool {
    !["deleting", "deleted"].contains(&interface["virtualInterfaceState"].as_str().unwrap())
}

/// Kills one service after the other on one directory. Gives how many changes were answered.
fn crash_again_and_again(directory: &Path, crashes: u64, random: &mut Random) -> usize {
    let data = directory.join("data");
    let first = Serving::on(&data);
    let (connection, gateway) = (first.connection("port"), first.gateway());
    first.signal(Signal::SIGKILL);
    assert_eq!(first.wait(), None);
    let names = AtomicU64::new(0);
    let mut known = Knowledge::new();
    for _ in 0..crashes {
        let serving = Serving::on(&data);
        check(&serving, &connection, &mut known);
        let pause = Duration::from_millis(random.next(250));
        let share = |worker: u64| -> Knowledge {
            let number = |name: &str| name[1..].parse::<u64>().unwrap();
            let mine = known
                .iter()
                .filter(|(name, _)| number(name) % WORKERS == worker);
            mine.map(|(name, known)| (name.clone(), known.clone()))
                .collect()
        };
        let learned: Vec<Knowledge> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..WORKERS)
                .map(|worker| {
                    let (mine, own) = (share(worker), Random(random.next(u64::MAX)));
                    let (address, names) = (serving.address, &names);
                    let place = (connection.as_str(), gateway.as_str());
                    scope.spawn(move || work(address, place, own, names, mine))
                })
                .collect();
            std::thread::sleep(pause);
            serving.signal(Signal::SIGKILL);
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .collect()
        });
        known.extend(learned.into_iter().flatten());
    }
    let last = Serving::on(&data);
    check(&last, &connection, &mut known);
    last.signal(Signal::SIGKILL);
    last.wait();
    run(&mut program(&[
        "store",
        "verify",
        "--data",
        data.to_str().unwrap(),
    ]))
    .ok();
    let answered = |known: &&Known| !matches!(known, Known::Refused);
    known.values().filter(answered).count()
}

#[test]
fn nothing_that_was_answered_is_lost() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let crashes = number("DEMARC_CRASHES").unwrap_or(15);
    let seed = number("DEMARC_CRASH_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    eprintln!("DEMARC_CRASH_SEED={seed}");
    let mut random = Random(seed);
    let (mut left, mut answered) = (crashes, 0);
    while left > 0 {
        let directory = tempfile::tempdir().unwrap();
        let now = left.min(PER_DIRECTORY);
        answered += crash_again_and_again(directory.path(), now, &mut random);
        left -= now;
    }
    assert!(answered > 0, "the load was no load");
    eprintln!("{crashes} crashes, {answered} virtual interfaces created");
}
