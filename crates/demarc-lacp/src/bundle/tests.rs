//! A bundle and a partner whose PDUs are written by hand; two bundles are in [`pair`].

mod pair;

use super::*;

const ORIGIN: Duration = Duration::from_secs(100);
const PARTNER: [u8; 6] = [2, 0, 0, 0, 0, 9];
const IN_BUNDLE: Flags = Flags::from_bits(0x3d);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn config(minimum_links: usize) -> BundleConfig {
    BundleConfig {
        system: [2, 0, 0, 0, 0, 1],
        key: 7,
        minimum_links,
    }
}

/// A bundle, and what it said last by each port.
struct Bench {
    bundle: Bundle,
    now: Duration,
    said: BTreeMap<u16, Lacpdu>,
    count: usize,
}

impl Bench {
    fn new(minimum_links: usize, ports: &[u16]) -> Self {
        let mut bundle = Bundle::new(config(minimum_links));
        for port in ports {
            bundle.add(*port);
        }
        let mut bench = Self {
            bundle,
            now: ORIGIN,
            said: BTreeMap::new(),
            count: 0,
        };
        for port in ports {
            bench.link(*port, true);
        }
        bench
    }

    fn link(&mut self, port: u16, up: bool) {
        self.bundle.set_link(port, up, self.now);
        self.listen();
    }

    fn listen(&mut self) {
        while let Some((port, pdu)) = self.bundle.poll_transmit(self.now) {
            self.said.insert(port, pdu);
            self.count += 1;
        }
    }

    /// The partner speaks on a port; it has heard what we said last, if anything.
    fn hear(&mut self, port: u16, flags: Flags) {
        self.hear_from(port, PARTNER, 5, flags);
    }

    fn hear_from(&mut self, port: u16, mac: [u8; 6], key: u16, flags: Flags) {
        let system = SystemId { priority: 100, mac };
        let pdu = Lacpdu {
            actor: PortInfo {
                system,
                key,
                port_priority: 1,
                port: port + 1_000,
                flags,
            },
            // One that we have not spoken to yet may know us from before.
            partner: self.said.get(&port).map_or_else(
                || PortInfo {
                    flags: IN_BUNDLE | Flags::SHORT_TIMEOUT,
                    ..own(config(0), port)
                },
                |pdu| pdu.actor,
            ),
            collector_max_delay: 0,
        };
        self.bundle.handle_pdu(port, &pdu, self.now);
        self.listen();
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.bundle.next_deadline().filter(|next| *next <= end) {
            assert!(next > self.now, "a deadline that has passed would spin");
            self.now = next;
            self.bundle.handle_timeout(next);
            self.listen();
        }
        self.now = end;
    }

    /// Waits while the partner goes on saying the same by these ports.
    fn wait_heard(&mut self, time: Duration, ports: &[u16], flags: Flags) {
        let end = self.now + time;
        while self.now < end {
            for port in ports {
                self.hear(*port, flags);
            }
            self.wait(millis(500));
        }
    }

    fn mux(&self, port: u16) -> Mux {
        self.member(port).mux
    }

    fn member(&self, port: u16) -> MemberStatus {
        let mut members = self.bundle.members();
        members.find(|member| member.port == port).unwrap()
    }

    fn why(&self, port: u16) -> String {
        self.member(port)
            .why
            .map_or(String::new(), |why| why.to_string())
    }

    fn flags(&self, port: u16) -> Flags {
        self.said[&port].actor.flags
    }
}

#[test]
fn a_member_joins_step_by_step_and_says_each() {
    let mut bench = Bench::new(0, &[1]);
    assert_eq!(bench.said[&1].actor.system.priority, 32_768);
    assert_eq!(
        bench.flags(1).to_string(),
        "activity timeout aggregation expired"
    );
    bench.hear(1, Flags::from_bits(0x05));
    assert_eq!(
        (bench.mux(1), bench.member(1).receive),
        (Mux::Waiting, Receive::Current)
    );
    assert_eq!(
        bench.said[&1].partner.port, 1_001,
        "the partner is told what we know of it"
    );
    bench.wait(millis(2_000));
    assert_eq!(bench.mux(1), Mux::Attached);
    assert_eq!(
        bench.flags(1).to_string(),
        "activity timeout aggregation synchronized"
    );
    bench.hear(1, Flags::from_bits(0x0d));
    assert_eq!(
        bench.mux(1),
        Mux::Collecting,
        "nothing is sent that is not taken"
    );
    assert!(bench.why(1).contains("does not take frames"));
    bench.hear(1, Flags::from_bits(0x1d));
    assert_eq!(
        (bench.mux(1), bench.why(1)),
        (Mux::Distributing, String::new())
    );
    assert!(bench.flags(1).has(Flags::COLLECTING | Flags::DISTRIBUTING));
    // And back.
    for (heard, mux) in [(0x0d, Mux::Collecting), (0x05, Mux::Attached)] {
        bench.hear(1, Flags::from_bits(heard));
        assert_eq!(bench.mux(1), mux, "{heard:#x}");
    }
    bench.link(1, false);
    assert_eq!(
        (bench.mux(1), bench.why(1).as_str()),
        (Mux::Detached, "there is no link")
    );
}

#[test]
fn a_partner_that_does_both_at_once_is_served() {
    let mut bench = Bench::new(0, &[1]);
    bench.hear(1, IN_BUNDLE);
    bench.wait_heard(millis(2_500), &[1], IN_BUNDLE);
    assert_eq!(bench.mux(1), Mux::Distributing);
}

#[test]
fn a_passive_partner_is_served_and_one_that_forgot_that_we_are_active_is_not() {
    let mut bench = Bench::new(0, &[1]);
    let passive = IN_BUNDLE.with(Flags::ACTIVITY, false);
    bench.wait_heard(millis(3_000), &[1], passive);
    assert_eq!(bench.mux(1), Mux::Distributing);
    let ours = bench.said.get_mut(&1).unwrap();
    ours.actor.flags = ours.actor.flags.with(Flags::ACTIVITY, false);
    bench.hear(1, passive);
    assert_eq!(bench.mux(1), Mux::Attached);
}

#[test]
fn without_a_partner_nothing_comes_up() {
    let mut bench = Bench::new(0, &[1]);
    bench.wait(millis(60_000));
    assert_eq!(
        (bench.mux(1), bench.member(1).receive),
        (Mux::Detached, Receive::Defaulted)
    );
    assert!(bench.why(1).contains("static bundle"), "{}", bench.why(1));
    assert!(bench.flags(1).has(Flags::DEFAULTED));
    assert!(
        (55..70).contains(&bench.count),
        "one PDU a second: {}",
        bench.count
    );
}

#[test]
fn a_partner_that_falls_silent_is_out_after_three_seconds() {
    let mut bench = Bench::new(0, &[1]);
    bench.wait_heard(millis(3_000), &[1], IN_BUNDLE);
    bench.hear(1, IN_BUNDLE);
    bench.wait(millis(2_999));
    assert_eq!(bench.mux(1), Mux::Distributing);
    bench.wait(millis(1));
    assert_eq!(
        (bench.mux(1), bench.member(1).receive),
        (Mux::Attached, Receive::Expired)
    );
    assert!(bench.why(1).contains("silent"));
    // One PDU and it is back, without a new wait.
    bench.hear(1, IN_BUNDLE);
    assert_eq!(bench.mux(1), Mux::Distributing);
    bench.wait(millis(6_000));
    assert_eq!(
        (bench.mux(1), bench.member(1).receive),
        (Mux::Detached, Receive::Defaulted)
    );
}

#[test]
fn we_speak_as_often_as_the_partner_wants_to_hear_us() {
    for (flags, expected) in [
        (IN_BUNDLE, 2..=3),
        (IN_BUNDLE | Flags::SHORT_TIMEOUT, 59..=61),
    ] {
        let mut bench = Bench::new(0, &[1]);
        bench.wait_heard(millis(5_000), &[1], flags);
        bench.count = 0;
        bench.wait_heard(millis(60_000), &[1], flags);
        assert!(
            expected.contains(&bench.count),
            "{flags:?}: {}",
            bench.count
        );
    }
}

#[test]
fn a_partner_that_misunderstands_us_is_told_three_times_a_second_at_most() {
    let mut bench = Bench::new(0, &[1]);
    bench.wait_heard(millis(5_000), &[1], IN_BUNDLE);
    bench.count = 0;
    for _ in 0..100 {
        bench.said.get_mut(&1).unwrap().actor.key = 99;
        bench.hear(1, IN_BUNDLE);
        bench.wait(millis(100));
    }
    assert!((28..=31).contains(&bench.count), "{}", bench.count);
    assert_eq!(bench.mux(1), Mux::Attached, "what it says is not for us");
}

#[test]
fn who_does_not_belong_stays_out_and_is_told_apart() {
    let rows: [(&str, [u8; 6], u16, Flags, &str); 4] = [
        ("another key", PARTNER, 6, IN_BUNDLE, "key 6, theirs is"),
        (
            "another system",
            [2, 0, 0, 0, 0, 8],
            5,
            IN_BUNDLE,
            "system 02:00:00:00:00:08",
        ),
        ("a loop", config(0).system, 7, IN_BUNDLE, "a loop"),
        (
            "alone",
            PARTNER,
            5,
            IN_BUNDLE.with(Flags::AGGREGATION, false),
            "does not aggregate",
        ),
    ];
    for (name, system, key, flags, why) in rows {
        let mut bench = Bench::new(0, &[1, 2, 3]);
        for _ in 0..5 {
            // Even when it is there first.
            let system_id = SystemId {
                priority: 32_768,
                mac: system,
            };
            if name == "a loop" {
                let mut pdu = bench.said[&1];
                pdu.actor = PortInfo {
                    system: system_id,
                    key,
                    flags,
                    ..pdu.actor
                };
                bench.bundle.handle_pdu(1, &pdu, bench.now);
                bench.listen();
            } else {
                bench.hear_from(1, system, key, flags);
            }
            bench.wait(millis(500));
            bench.wait_heard(millis(500), &[2, 3], IN_BUNDLE);
        }
        let states = [1, 2, 3].map(|port| bench.mux(port));
        assert_eq!(
            states,
            [Mux::Detached, Mux::Distributing, Mux::Distributing],
            "{name}"
        );
        assert!(bench.why(1).contains(why), "{name}: {}", bench.why(1));
    }
}

#[test]
fn two_partners_with_as_many_links_do_not_take_turns() {
    let mut bench = Bench::new(0, &[1, 2]);
    bench.wait_heard(millis(3_000), &[2], IN_BUNDLE);
    for _ in 0..10 {
        bench.hear_from(1, [2, 0, 0, 0, 0, 8], 5, IN_BUNDLE);
        bench.wait_heard(millis(500), &[2], IN_BUNDLE);
        assert_eq!(
            [bench.mux(1), bench.mux(2)],
            [Mux::Detached, Mux::Distributing]
        );
    }
}

#[test]
fn another_port_of_the_partner_joins_anew() {
    let mut bench = Bench::new(0, &[1]);
    bench.wait_heard(millis(3_000), &[1], IN_BUNDLE);
    let mut pdu = Lacpdu {
        partner: bench.said[&1].actor,
        ..Lacpdu::default()
    };
    pdu.actor = bench.member(1).partner.unwrap();
    pdu.actor.port = 4;
    bench.bundle.handle_pdu(1, &pdu, bench.now);
    assert_eq!(bench.mux(1), Mux::Waiting);
}

#[test]
fn below_the_minimum_all_leave_and_come_back_together() {
    let mut bench = Bench::new(2, &[1, 2, 3]);
    bench.wait_heard(millis(3_000), &[1], IN_BUNDLE);
    assert_eq!(bench.mux(1), Mux::Waiting, "one is too few");
    assert!(
        bench.why(1).starts_with("1 of the 2 members"),
        "{}",
        bench.why(1)
    );
    bench.wait_heard(millis(3_000), &[1, 2, 3], IN_BUNDLE);
    bench.link(3, false);
    assert_eq!(
        [bench.mux(1), bench.mux(2)],
        [Mux::Distributing; 2],
        "two are enough"
    );
    bench.link(2, false);
    assert!(bench.mux(1) <= Mux::Waiting);
    let carried = Flags::SYNCHRONIZATION | Flags::COLLECTING | Flags::DISTRIBUTING;
    assert_eq!(
        bench.flags(1).bits() & carried.bits(),
        0,
        "the far side sees it at once"
    );
    bench.link(2, true);
    bench.wait_heard(millis(3_000), &[1, 2], IN_BUNDLE);
    assert_eq!([bench.mux(1), bench.mux(2)], [Mux::Distributing; 2]);
    bench.bundle.set_minimum_links(3, bench.now);
    assert!(bench.mux(1) <= Mux::Waiting && bench.mux(2) <= Mux::Waiting);
    bench.bundle.set_minimum_links(0, bench.now);
    bench.wait_heard(millis(3_000), &[1], IN_BUNDLE);
    assert_eq!(bench.mux(1), Mux::Distributing);
}

#[test]
fn a_partner_with_too_few_in_its_bundle_gets_nothing() {
    let mut bench = Bench::new(2, &[1, 2]);
    for _ in 0..10 {
        bench.hear(1, IN_BUNDLE);
        bench.hear(2, Flags::from_bits(0x05));
        bench.wait(millis(500));
    }
    assert_eq!([bench.mux(1), bench.mux(2)], [Mux::Attached; 2]);
    assert!(
        bench.why(1).starts_with("1 of the 2 members"),
        "{}",
        bench.why(1)
    );
    assert!(
        bench
            .why(2)
            .contains("does not take this link into its bundle")
    );
}

#[test]
fn what_is_taken_over_goes_on_and_is_silent_until_the_partner_has_spoken() {
    let mut bench = Bench::new(2, &[]);
    bench.bundle.adopt(1, true, ORIGIN);
    bench.bundle.adopt(2, true, ORIGIN);
    for port in [1, 2] {
        bench.link(port, true);
    }
    bench.wait(millis(900));
    assert_eq!((bench.count, bench.mux(1)), (0, Mux::Distributing));
    bench.hear(1, IN_BUNDLE);
    assert_eq!(
        (bench.count, bench.mux(1), bench.mux(2)),
        (1, Mux::Distributing, Mux::Distributing)
    );
    bench.hear(2, IN_BUNDLE);
    bench.wait_heard(millis(5_000), &[1, 2], IN_BUNDLE);
    assert_eq!([bench.mux(1), bench.mux(2)], [Mux::Distributing; 2]);
    let flags = bench.flags(1).to_string();
    assert_eq!(
        flags,
        "activity timeout aggregation synchronized collecting distributing"
    );
}

#[test]
fn what_is_taken_over_ends_with_the_time_of_the_partner() {
    let adopted = || {
        let mut bench = Bench::new(0, &[]);
        bench.bundle.adopt(1, true, ORIGIN);
        bench
    };
    let mut silent = adopted();
    silent.wait(millis(2_999));
    assert_eq!(silent.mux(1), Mux::Distributing);
    silent.wait(millis(1));
    assert_eq!(
        (silent.mux(1), silent.member(1).receive),
        (Mux::Detached, Receive::Defaulted)
    );
    // A partner that has given us up meanwhile.
    let mut other = adopted();
    other.hear(1, Flags::from_bits(0x45));
    assert_eq!(other.mux(1), Mux::Attached);
    let mut cut = adopted();
    cut.link(1, false);
    assert_eq!(cut.mux(1), Mux::Detached);
    // Too few are left of those that were.
    let mut few = Bench::new(2, &[]);
    few.bundle.adopt(1, true, ORIGIN);
    few.bundle.add(2);
    few.link(2, false);
    assert!(few.mux(1) <= Mux::Waiting);
}

#[test]
fn who_leaves_says_so() {
    let mut bench = Bench::new(0, &[1, 2]);
    bench.wait_heard(millis(3_000), &[1, 2], IN_BUNDLE);
    let last = bench.bundle.remove(1, bench.now).unwrap();
    assert_eq!(last.actor.flags.to_string(), "activity timeout aggregation");
    assert_eq!(last.partner.port, 1_001);
    assert_eq!(bench.mux(2), Mux::Distributing);
    assert_eq!(bench.bundle.remove(1, bench.now), None);
    assert_eq!(Bundle::new(config(0)).next_deadline(), None);
}
