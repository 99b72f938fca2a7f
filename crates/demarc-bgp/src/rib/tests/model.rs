//! After any history, what neighbors have equals what the policy gives when applied to all inputs
//! at once.

use std::cmp::Reverse;

use proptest::prelude::*;

use super::*;
use crate::policy::{
    Announcer, DeviceHops, RegionMatch, local_preference, passes_site_link, read_communities,
};

const SESSIONS: usize = 5;

/// What a step of a history does; numbers choose sessions, prefixes and variants.
#[derive(Debug, Clone)]
enum Step {
    Announce {
        session: usize,
        first: u8,
        count: u8,
        variant: u8,
    },
    Withdraw {
        session: usize,
        first: u8,
        count: u8,
    },
    Flap {
        session: usize,
    },
    Restart {
        session: usize,
        sweep: bool,
    },
    Reconfigure {
        session: usize,
        variant: u8,
    },
    Originate {
        mask: u8,
    },
    Drain {
        session: usize,
    },
    Refresh {
        session: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let session = 0..SESSIONS;
    let step = prop_oneof![
        8 => (session.clone(), 0u8..12, 1u8..8, 0u8..8)
            .prop_map(|(session, first, count, variant)| Step::Announce { session, first, count, variant }),
        4 => (session.clone(), 0u8..12, 1u8..8)
            .prop_map(|(session, first, count)| Step::Withdraw { session, first, count }),
        1 => session.clone().prop_map(|session| Step::Flap { session }),
        1 => (session.clone(), any::<bool>()).prop_map(|(session, sweep)| Step::Restart { session, sweep }),
        2 => (session.clone(), 0u8..8).prop_map(|(session, variant)| Step::Reconfigure { session, variant }),
        1 => any::<u8>().prop_map(|mask| Step::Originate { mask }),
        4 => session.clone().prop_map(|session| Step::Drain { session }),
        1 => session.prop_map(|session| Step::Refresh { session }),
    ];
    proptest::collection::vec(step, 1..80)
}

fn prefix(number: u8) -> IpNet {
    match number {
        0 => net("0.0.0.0/0"),
        1 => net("127.0.0.0/8"),
        2 => net("192.0.2.0/25"),
        other => net(&format!("10.{other}.0.0/16")),
    }
}

fn variant_attributes(n: u8, variant: u8) -> PathAttributes {
    let (tail, communities): (&[u32], &[Community]) = match variant {
        0 => (&[], &[]),
        1 => (&[7], &[]),
        2 => (&[7, 8], &[Community::new(7224, 7300)]),
        3 => (&[], &[Community::NO_EXPORT]),
        4 => (&[GATEWAY], &[]),
        5 => (&[], &[Community::new(65001, 5), Community::new(7224, 7100)]),
        6 => (&[9], &[Community::new(65001, 5)]),
        _ => (&[9, 9, 9], &[]),
    };
    attributes(n, tail, communities)
}

fn variant_config(n: u8, variant: u8) -> SessionConfig {
    let mut config = linked(n);
    config.import.peering_subnet = Some(net("192.0.2.0/24"));
    match variant {
        0..=2 => {}
        3 => config.site_link = None,
        4 => config.device = DeviceId(1),
        5 => config.export = Export::Nothing,
        6 => config.import.kind = InterfaceKind::Transit,
        _ => {
            config.import.kind = InterfaceKind::Public;
            config.import.approved = vec![net("10.0.0.0/9")];
        }
    }
    config
}

/// Inputs as they stand, nothing derived.
struct Model {
    configs: Vec<SessionConfig>,
    inputs: Vec<BTreeMap<IpNet, PathAttributes>>,
    originated: Vec<IpNet>,
}

impl Model {
    fn announcer(&self, receiver: usize) -> Announcer {
        let import = &self.configs[receiver].import;
        Announcer {
            kind: import.kind,
            local_asn: import.local_asn,
            next_hop: address(254),
            public_path: DEFAULT_PUBLIC_TAIL,
            nearest: AmazonScope::Region,
        }
    }

    /// Direct evaluation for one receiver: every prefix, every input, the policy functions.
    fn expected(&self, receiver: usize) -> BTreeMap<IpNet, PathAttributes> {
        let config = &self.configs[receiver];
        let mut expected = BTreeMap::new();
        if config.export == Export::Nothing {
            return expected;
        }
        let receives_site_link =
            config.site_link.is_some() && config.import.kind != InterfaceKind::Public;
        for number in 0..20 {
            let prefix = prefix(number);
            if receives_site_link
                && let Some(sender) = self.best_sender(prefix)
                && sender != receiver
            {
                let same = self.configs[sender].device == config.device;
                let hops = if same {
                    DeviceHops::Same
                } else {
                    DeviceHops::Two
                };
                let sent = self
                    .announcer(receiver)
                    .site_link(&self.inputs[sender][&prefix], hops);
                expected.insert(prefix, sent);
            }
        }
        for prefix in &self.originated {
            let stored = Origination::new(*prefix).attributes();
            let announcer = self.announcer(receiver);
            if announcer.announces(*prefix) {
                expected.insert(*prefix, announcer.originated(&stored));
            }
        }
        expected
    }

    fn best_sender(&self, prefix: IpNet) -> Option<usize> {
        let candidates = (0..self.configs.len()).filter(|sender| self.passes(*sender, prefix));
        candidates.min_by_key(|sender| {
            let attributes = &self.inputs[*sender][&prefix];
            let tag = read_communities(attributes.communities()).return_preference;
            let local = local_preference(tag, true, RegionMatch::Same);
            (
                Reverse(local),
                attributes.as_path().hop_count(),
                attributes.med(),
                *sender,
            )
        })
    }

    fn passes(&self, sender: usize, prefix: IpNet) -> bool {
        let Some(attributes) = self.inputs[sender].get(&prefix) else {
            return false;
        };
        let config = &self.configs[sender];
        let request = read_communities(attributes.communities());
        config
            .import
            .check_path(attributes.as_path(), attributes.next_hop())
            .is_ok()
            && config.import.check_prefix(prefix).is_ok()
            && passes_site_link(&config.import, config.site_link.is_some(), request, prefix)
    }
}

struct History {
    bench: Bench,
    model: Model,
    sessions: Vec<SessionIndex>,
    numbers: Vec<u8>,
}

impl History {
    fn new() -> Self {
        let mut bench = Bench::new();
        let numbers: Vec<u8> = (1..).take(SESSIONS).collect();
        let configs: Vec<_> = numbers.iter().map(|n| variant_config(*n, 0)).collect();
        let sessions = numbers
            .iter()
            .zip(&configs)
            .map(|(n, config)| bench.up(*n, config.clone()))
            .collect();
        let inputs = vec![BTreeMap::new(); SESSIONS];
        Self {
            bench,
            model: Model {
                configs,
                inputs,
                originated: Vec::new(),
            },
            sessions,
            numbers,
        }
    }

    fn come_up(&mut self, session: usize) {
        let index = self.sessions[session];
        self.bench
            .rib
            .session_up(index, established(self.numbers[session]));
        // The far end of a new connection starts empty.
        self.bench.far.insert(index, FarEnd::default());
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Announce {
                session,
                first,
                count,
                variant,
            } => {
                let attributes = variant_attributes(self.numbers[session], variant);
                let prefixes: Vec<_> = (first..first + count).map(prefix).collect();
                let index = self.sessions[session];
                self.bench
                    .rib
                    .announce(index, &attributes, prefixes.iter().copied())
                    .unwrap();
                for prefix in prefixes {
                    self.model.inputs[session].insert(prefix, attributes.clone());
                }
            }
            Step::Withdraw {
                session,
                first,
                count,
            } => {
                let prefixes: Vec<_> = (first..first + count).map(prefix).collect();
                self.bench
                    .rib
                    .withdraw(self.sessions[session], prefixes.iter().copied());
                self.model.inputs[session].retain(|prefix, _| !prefixes.contains(prefix));
            }
            Step::Flap { session } => {
                self.bench.rib.session_down(self.sessions[session]);
                self.model.inputs[session].clear();
                self.come_up(session);
            }
            Step::Restart { session, sweep } => {
                self.bench.rib.session_restarting(self.sessions[session]);
                self.come_up(session);
                if sweep {
                    self.bench.rib.sweep_stale(self.sessions[session]);
                    self.model.inputs[session].clear();
                } else {
                    // The neighbor announces all of it again before its End-of-RIB.
                    for (prefix, attributes) in self.model.inputs[session].clone() {
                        let index = self.sessions[session];
                        self.bench
                            .rib
                            .announce(index, &attributes, [prefix])
                            .unwrap();
                    }
                    self.bench.rib.sweep_stale(self.sessions[session]);
                }
            }
            Step::Reconfigure { session, variant } => {
                let config = variant_config(self.numbers[session], variant);
                self.bench
                    .rib
                    .set_config(self.sessions[session], config.clone())
                    .unwrap();
                self.model.configs[session] = config;
            }
            Step::Originate { mask } => {
                let chosen = (3..11)
                    .filter(|number| mask >> (number - 3) & 1 == 1)
                    .map(prefix);
                self.model.originated = chosen.collect();
                let list: Vec<_> = self
                    .model
                    .originated
                    .iter()
                    .copied()
                    .map(Origination::new)
                    .collect();
                self.bench.rib.set_originations(&list);
            }
            Step::Drain { session } => self.bench.drain(self.sessions[session]),
            Step::Refresh { session } => self.bench.rib.refresh(self.sessions[session], true),
        }
    }

    /// Only woken sessions send: whoever is not named must have nothing to send.
    fn settle_woken(&mut self) {
        let woken = self.bench.rib.take_ready();
        for index in woken {
            self.bench.drain(index);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn incremental_tables_equal_a_direct_evaluation(history in steps()) {
        let mut test = History::new();
        for step in history {
            test.apply(step);
        }
        test.settle_woken();
        for receiver in 0..SESSIONS {
            let index = test.sessions[receiver];
            let far = &test.bench.far[&index];
            prop_assert_eq!(&far.routes, &test.model.expected(receiver), "receiver {}", receiver);
            prop_assert_eq!(far.idle_withdrawals, 0);
            let counters = test.bench.rib.counters(index);
            prop_assert_eq!(counters.advertised as usize, far.routes.len());
            prop_assert_eq!(counters.received as usize, test.model.inputs[receiver].len());
            prop_assert_eq!(counters.received, counters.accepted + counters.rejected_total());
            let out: BTreeMap<_, _> = test.bench.rib.routes_out(index)
                .map(|route| (route.prefix, route.attributes)).collect();
            prop_assert_eq!(&out, &far.routes);
        }
    }
}
