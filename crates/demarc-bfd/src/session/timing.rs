//! The timers of a session: what both ends wish, what they agreed, and when the next thing is due
//! (RFC 5880 §6.8.2 to §6.8.4, §6.8.7).

use std::num::NonZeroU8;
use std::time::Duration;

use crate::packet::{ControlPacket, State};
use crate::random::Random;

/// Not faster than this while the session is not up (RFC 5880 §6.8.3).
pub(super) const SLOW: Duration = Duration::from_secs(1);

/// Our wishes for both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intervals {
    /// bfd.DesiredMinTxInterval.
    pub desired_min_tx: Duration,
    /// bfd.RequiredMinRxInterval.
    pub required_min_rx: Duration,
}

impl Default for Intervals {
    /// 300 ms both ways (`spec/routing §1`).
    fn default() -> Self {
        let interval = Duration::from_millis(300);
        Self {
            desired_min_tx: interval,
            required_min_rx: interval,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Poll {
    Idle,
    /// P is set in our packets until F arrives.
    Running,
}

#[derive(Debug, Clone)]
pub(super) struct Timing {
    /// What our packets say.
    advertised: Intervals,
    /// What our own timers use: lags behind `advertised` while a poll runs (§6.8.3).
    in_force: Intervals,
    poll: Poll,
    /// Of the last packet heard; `None` before the first and after silence.
    remote: Option<Remote>,
    last_transmission: Option<Duration>,
    next_transmission: Duration,
    /// The jittered distance chosen when the last packet was sent, for its interval.
    drawn_for: Option<Duration>,
    last_heard: Option<Duration>,
    detection_deadline: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Remote {
    desired_min_tx: Duration,
    required_min_rx: Duration,
    multiplier: u8,
}

impl Timing {
    pub(super) fn new(wish: Intervals, now: Duration) -> Self {
        let slow = slowed(wish);
        Self {
            advertised: slow,
            in_force: slow,
            poll: Poll::Idle,
            remote: None,
            last_transmission: None,
            next_transmission: now,
            drawn_for: None,
            last_heard: None,
            detection_deadline: None,
        }
    }

    pub(super) fn heard(&mut self, packet: &ControlPacket, now: Duration) {
        self.remote = Some(Remote {
            desired_min_tx: packet.desired_min_tx,
            required_min_rx: packet.required_min_rx,
            multiplier: packet.detect_multiplier,
        });
        self.last_heard = Some(now);
    }

    pub(super) fn poll_answered(&mut self) {
        if self.poll == Poll::Running {
            self.poll = Poll::Idle;
            self.in_force = self.advertised;
        }
    }

    pub(super) fn is_polling(&self) -> bool {
        self.poll == Poll::Running
    }

    /// Silence for a detection time: what the neighbor wished is forgotten.
    pub(super) fn neighbor_lost(&mut self) {
        self.remote = None;
        self.forget_detection();
    }

    pub(super) fn forget_detection(&mut self) {
        self.last_heard = None;
        self.detection_deadline = None;
    }

    pub(super) fn state_changed(&mut self, to: State, wish: Intervals) {
        match to {
            State::Up => self.change_intervals(wish, to),
            State::AdminDown | State::Down | State::Init => {
                // Not up: a change needs no agreement, and a poll that ran is moot.
                self.poll = Poll::Idle;
                self.advertised = slowed(wish);
                self.in_force = self.advertised;
            }
        }
    }

    pub(super) fn change_intervals(&mut self, wish: Intervals, state: State) {
        match state {
            State::Up => {
                if self.advertised == wish {
                    return;
                }
                self.advertised = wish;
                self.poll = Poll::Running;
                // §6.8.3: faster sending may start at once, slower sending waits for F; the
                // reverse holds for what we are ready to receive.
                self.in_force.desired_min_tx =
                    self.in_force.desired_min_tx.min(wish.desired_min_tx);
                self.in_force.required_min_rx =
                    self.in_force.required_min_rx.max(wish.required_min_rx);
            }
            State::AdminDown | State::Down | State::Init => {
                self.advertised = slowed(wish);
                self.in_force = self.advertised;
            }
        }
    }

    pub(super) fn advertised_desired_min_tx(&self) -> Duration {
        self.advertised.desired_min_tx
    }

    pub(super) fn advertised_required_min_rx(&self) -> Duration {
        self.advertised.required_min_rx
    }

    pub(super) fn neighbor_wants_packets(&self) -> bool {
        self.remote
            .is_none_or(|remote| !remote.required_min_rx.is_zero())
    }

    /// §6.8.2. bfd.RemoteMinRxInterval starts at one microsecond, so ours decides until we hear.
    pub(super) fn transmit_interval(&self) -> Duration {
        let theirs = self
            .remote
            .map_or(Duration::ZERO, |remote| remote.required_min_rx);
        self.in_force.desired_min_tx.max(theirs)
    }

    /// §6.8.4.
    pub(super) fn detection_time(&self) -> Option<Duration> {
        let remote = self.remote?;
        let interval = self.in_force.required_min_rx.max(remote.desired_min_tx);
        Some(interval.saturating_mul(u32::from(remote.multiplier)))
    }

    pub(super) fn arm_detection(&mut self) {
        self.detection_deadline = self
            .last_heard
            .zip(self.detection_time())
            .map(|(heard, detection)| heard.saturating_add(detection));
    }

    pub(super) fn detection_deadline(&self) -> Option<Duration> {
        self.detection_deadline
    }

    pub(super) fn detection_is_over(&self, now: Duration) -> bool {
        self.detection_deadline
            .is_some_and(|deadline| deadline <= now)
    }

    pub(super) fn next_transmission(&self) -> Duration {
        self.next_transmission
    }

    pub(super) fn transmission_is_due(&self, now: Duration) -> bool {
        self.next_transmission <= now
    }

    pub(super) fn sent(&mut self, now: Duration, random: &mut Random, multiplier: NonZeroU8) {
        self.last_transmission = Some(now);
        self.draw(now, random, multiplier);
    }

    /// Follows a change of the transmit interval: counts from the last packet, never from now, so
    /// that a chatty neighbor cannot push our next packet away.
    pub(super) fn reschedule(&mut self, now: Duration, random: &mut Random, multiplier: NonZeroU8) {
        if self.drawn_for != Some(self.transmit_interval()) {
            match self.last_transmission {
                Some(last) => self.draw(last, random, multiplier),
                None => self.next_transmission = now,
            }
        }
    }

    /// §6.8.7: each interval is shortened by a random 0 to 25 %, and with a multiplier of 1 by 10
    /// to 25 %, so that one packet always arrives within the detection time.
    fn draw(&mut self, from: Duration, random: &mut Random, multiplier: NonZeroU8) {
        let interval = self.transmit_interval();
        let nanoseconds = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        let (least, span) = match multiplier.get() {
            1 => (nanoseconds / 10, nanoseconds / 4 - nanoseconds / 10),
            _ => (0, nanoseconds / 4),
        };
        let cut = Duration::from_nanos(least + random.up_to(span));
        self.next_transmission = from.saturating_add(interval - cut);
        self.drawn_for = Some(interval);
    }
}

/// §6.8.3: not faster than one packet a second while not up. What we can receive needs no such
/// care.
fn slowed(wish: Intervals) -> Intervals {
    Intervals {
        desired_min_tx: wish.desired_min_tx.max(SLOW),
        ..wish
    }
}
