//! Two sessions on a simulated wire with delay and loss, and random histories.

use super::*;

struct Pair {
    sessions: [Session; 2],
    /// (arrival, to, packet), unordered.
    wire: Vec<(Duration, usize, ControlPacket)>,
    delay: Duration,
    cut: bool,
    random: Random,
    loss_percent: u64,
    now: Duration,
}

impl Pair {
    fn new(seed: u64, loss_percent: u64) -> Self {
        let session = |own, seed| Session::new(Config::new(discriminator(own)), seed, ORIGIN);
        Self {
            sessions: [session(1, seed), session(2, seed + 1)],
            wire: Vec::new(),
            delay: millis(3),
            cut: false,
            random: Random::new(seed),
            loss_percent,
            now: ORIGIN,
        }
    }

    fn run_until(&mut self, until: Duration) {
        loop {
            for from in 0..2 {
                while let Some(packet) = self.sessions[from].poll_transmit(self.now) {
                    if !self.cut && self.random.up_to(99) >= self.loss_percent {
                        self.wire.push((self.now + self.delay, 1 - from, packet));
                    }
                }
            }
            let arrivals = self.wire.iter().map(|(at, ..)| *at);
            let deadlines = self.sessions.iter().filter_map(Session::next_deadline);
            let next = arrivals
                .chain(deadlines)
                .min()
                .expect("an active session has a deadline");
            if next > until {
                self.now = until;
                return;
            }
            self.now = self.now.max(next);
            let (due, rest) = self.wire.drain(..).partition(|(at, ..)| *at <= self.now);
            self.wire = rest;
            for (_, to, packet) in due {
                let decoded = ControlPacket::decode(&packet.encode()).unwrap();
                let _ = self.sessions[to].handle_packet(&decoded, self.now);
            }
            for session in &mut self.sessions {
                session.handle_timeout(self.now);
            }
        }
    }

    fn states(&self) -> [State; 2] {
        [self.sessions[0].state(), self.sessions[1].state()]
    }
}

#[test]
fn two_sessions_come_up_and_notice_a_cut_within_a_detection_time() {
    for seed in 0..50 {
        let mut pair = Pair::new(seed, 0);
        pair.run_until(ORIGIN + millis(5000));
        assert_eq!(pair.states(), [State::Up; 2], "seed {seed}");
        assert!(!pair.sessions[0].timing.is_polling() && !pair.sessions[1].timing.is_polling());
        pair.cut = true;
        pair.run_until(ORIGIN + millis(5000 + 903));
        assert_eq!(pair.states(), [State::Down; 2], "seed {seed}");
        pair.cut = false;
        pair.run_until(ORIGIN + millis(10_000));
        assert_eq!(pair.states(), [State::Up; 2], "seed {seed}");
    }
}

#[test]
fn no_jitter_ever_breaks_a_loss_free_session() {
    for seed in 0..20 {
        let mut pair = Pair::new(seed, 0);
        pair.run_until(ORIGIN + millis(5000));
        for session in &mut pair.sessions {
            while session.poll_event().is_some() {}
        }
        pair.run_until(ORIGIN + millis(120_000));
        assert!(
            pair.sessions
                .iter_mut()
                .all(|session| session.poll_event().is_none()),
            "seed {seed}"
        );
    }
}

proptest! {
    #[test]
    fn after_loss_ends_both_ends_come_up(seed in any::<u32>(), loss in 0u64..80) {
        let mut pair = Pair::new(u64::from(seed), loss);
        pair.run_until(ORIGIN + millis(20_000));
        pair.loss_percent = 0;
        pair.run_until(ORIGIN + millis(30_000));
        prop_assert_eq!(pair.states(), [State::Up; 2]);
    }

    #[test]
    fn any_history_keeps_timers_in_the_future_and_never_loops(
        steps in proptest::collection::vec((0u8..8, 0u8..4, any::<u8>(), 0u64..1500), 1..60),
    ) {
        let mut session = Session::new(config(), 3, ORIGIN);
        let mut now = ORIGIN;
        for (action, state, flags, gap) in steps {
            now += millis(gap);
            match action {
                0 => session.admin_down(now),
                1 => session.enable(now),
                2 => session.path_down(now),
                3 => session.set_intervals(Intervals {
                    desired_min_tx: millis(u64::from(flags) + 1),
                    required_min_rx: millis(u64::from(state)),
                }, now),
                _ => {
                    let packet = ControlPacket {
                        poll: flags & 3 == 1,
                        final_: flags & 3 == 2,
                        demand: flags & 4 != 0,
                        detect_multiplier: (flags >> 4) + 1,
                        required_min_rx: millis(u64::from(flags & 8) * 40),
                        ..from_neighbor(State::ALL[usize::from(state)])
                    };
                    let _ = session.handle_packet(&packet, now);
                }
            }
            session.handle_timeout(now);
            let sent = std::iter::from_fn(|| session.poll_transmit(now)).take(4).count();
            prop_assert!(sent < 4, "transmits forever");
            if let Some(deadline) = session.next_deadline() {
                prop_assert!(deadline > now, "a deadline that has passed would spin");
            }
            while let Some(event) = session.poll_event() {
                prop_assert!(event.from != event.to);
            }
        }
    }
}
