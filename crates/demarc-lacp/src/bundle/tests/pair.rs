//! Two bundles with cables between them that lose, delay and reorder.

use proptest::prelude::*;

use super::*;
use crate::frame::SlowFrame;

struct Pair {
    bundles: [Bundle; 2],
    /// (arrival, to, port, frame), unordered.
    wire: Vec<(Duration, usize, u16, Lacpdu)>,
    /// What each has heard last by each port.
    heard: [BTreeMap<u16, Flags>; 2],
    /// By port.
    links: BTreeMap<u16, bool>,
    random: u64,
    loss_percent: u64,
    delay_millis: u64,
    now: Duration,
}

impl Pair {
    fn new(
        ports: u16,
        minimum: [usize; 2],
        seed: u64,
        loss_percent: u64,
        delay_millis: u64,
    ) -> Self {
        let bundle = |side: u8, minimum_links| {
            let mut bundle = Bundle::new(BundleConfig {
                system: [2, 0, 0, 0, 0, side],
                key: u16::from(side) + 7,
                minimum_links,
            });
            for port in 1..=ports {
                bundle.add(port);
            }
            bundle
        };
        let mut pair = Self {
            bundles: [bundle(0, minimum[0]), bundle(1, minimum[1])],
            wire: Vec::new(),
            heard: [BTreeMap::new(), BTreeMap::new()],
            links: BTreeMap::new(),
            random: seed | 1,
            loss_percent,
            delay_millis,
            now: ORIGIN,
        };
        for port in 1..=ports {
            pair.link(port, true);
        }
        pair
    }

    /// Xorshift: enough for a wire.
    fn up_to(&mut self, most: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % (most + 1)
    }

    fn link(&mut self, port: u16, up: bool) {
        self.links.insert(port, up);
        for (bundle, heard) in self.bundles.iter_mut().zip(&mut self.heard) {
            bundle.set_link(port, up, self.now);
            if !up {
                heard.remove(&port);
            }
        }
        if !up {
            self.wire.retain(|(_, _, other, _)| *other != port);
        }
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            for from in 0..2 {
                while let Some((port, pdu)) = self.bundles[from].poll_transmit(self.now) {
                    if self.links[&port] && self.up_to(99) >= self.loss_percent {
                        let delay = millis(1 + self.up_to(self.delay_millis));
                        self.wire.push((self.now + delay, 1 - from, port, pdu));
                    }
                }
            }
            self.check();
            let arrivals = self.wire.iter().map(|(at, ..)| *at);
            let deadlines = self.bundles.iter().filter_map(Bundle::next_deadline);
            let next = arrivals.chain(deadlines).min().filter(|next| *next <= end);
            let Some(next) = next else {
                self.now = end;
                return;
            };
            assert!(next > self.now, "a deadline that has passed would spin");
            self.now = next;
            let (due, rest) = self.wire.drain(..).partition(|(at, ..)| *at <= next);
            self.wire = rest;
            for (_, to, port, pdu) in due {
                let frame = SlowFrame::decode(&SlowFrame::Lacp(pdu).encode());
                assert_eq!(frame, Ok(SlowFrame::Lacp(pdu)));
                self.bundles[to].handle_pdu(port, &pdu, next);
                self.heard[to].insert(port, pdu.actor.flags);
            }
            for bundle in &mut self.bundles {
                bundle.handle_timeout(next);
            }
        }
    }

    fn distributing(&self, side: usize) -> usize {
        let members = self.bundles[side].members();
        members
            .filter(|member| member.mux == Mux::Distributing)
            .count()
    }

    /// What holds at any moment.
    fn check(&self) {
        for (side, (bundle, heard)) in self.bundles.iter().zip(&self.heard).enumerate() {
            let members: Vec<_> = bundle.members().collect();
            for member in &members {
                if member.mux == Mux::Distributing {
                    let said = heard.get(&member.port);
                    assert!(
                        said.is_some_and(|flags| flags.has(Flags::COLLECTING)),
                        "side {side} sends by {} what is not taken: {said:?}",
                        member.port
                    );
                }
                assert_eq!(member.why.is_none(), member.mux == Mux::Distributing);
            }
            let collecting = members
                .iter()
                .filter(|member| member.mux >= Mux::Collecting);
            let collecting = collecting.count();
            assert!(
                collecting == 0 || collecting >= bundle.needed(),
                "side {side} carries with {collecting}"
            );
        }
    }
}

#[test]
fn two_bundles_come_up_within_seconds_and_follow_their_cables() {
    let mut pair = Pair::new(4, [2, 0], 1, 0, 5);
    pair.run(millis(2_500));
    assert_eq!([pair.distributing(0), pair.distributing(1)], [4, 4]);
    for (port, left) in [(1, 3), (2, 2)] {
        pair.link(port, false);
        pair.run(millis(20));
        assert_eq!([pair.distributing(0), pair.distributing(1)], [left; 2]);
    }
    pair.link(3, false);
    assert!(
        pair.bundles[0]
            .members()
            .all(|member| member.mux < Mux::Attached)
    );
    // The other end is told as soon as it has not been told three things in the last second.
    pair.run(millis(1_000));
    assert_eq!(
        [pair.distributing(0), pair.distributing(1)],
        [0, 0],
        "one of two"
    );
    pair.link(1, true);
    pair.run(millis(6_000));
    assert_eq!([pair.distributing(0), pair.distributing(1)], [2, 2]);
}

#[test]
fn two_ends_with_a_minimum_do_not_wait_for_each_other() {
    let mut pair = Pair::new(2, [2, 2], 1, 0, 5);
    pair.run(millis(5_000));
    assert_eq!([pair.distributing(0), pair.distributing(1)], [2, 2]);
    for _ in 0..3 {
        pair.link(1, false);
        pair.run(millis(5_000));
        assert_eq!([pair.distributing(0), pair.distributing(1)], [0, 0]);
        pair.link(1, true);
        pair.run(millis(7_000));
        assert_eq!([pair.distributing(0), pair.distributing(1)], [2, 2]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_bundles_converge_over_cables_that_lose_and_reorder(
        ports in 1_u16..5,
        minimum in [0_usize..3, 0_usize..3],
        seed: u64,
        loss in 0_u64..40,
        delay in 0_u64..1_500,
        cuts in prop::collection::vec((1_u16..5, any::<bool>(), 0_u64..8_000), 0..8),
    ) {
        let mut pair = Pair::new(ports, minimum, seed, loss, delay);
        for (port, up, wait) in cuts {
            if port <= ports {
                pair.link(port, up);
            }
            pair.run(millis(wait));
        }
        // Once the wire is good they agree, whatever was before.
        (pair.loss_percent, pair.delay_millis) = (0, 5);
        pair.run(millis(40_000));
        let up = pair.links.values().filter(|up| **up).count();
        let enough = up >= minimum[0].max(1) && up >= minimum[1].max(1);
        let expected = if enough { up } else { 0 };
        prop_assert_eq!([pair.distributing(0), pair.distributing(1)], [expected; 2]);
    }
}
