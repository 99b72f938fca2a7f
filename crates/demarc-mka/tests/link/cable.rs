//! The cable: it carries, loses, delays and doubles frames.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use demarc_mka::{CipherSuite, Ckn, Key, Port, PortConfig, Sci, Status};

use crate::driver::{Data, Driver};
use crate::random::Random;

/// Between two frames of data.
const DATA: Duration = Duration::from_millis(40);

pub(crate) struct End {
    pub(crate) port: Port,
    pub(crate) driver: Driver,
    pub(crate) keys: Vec<Key>,
    /// The driver is about to act.
    applying: bool,
    wake: Option<Duration>,
}

/// How bad the cable is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// Percent of frames.
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    /// Frames take up to that long, and overtake each other.
    pub(crate) delay: Duration,
    /// What the driver takes at most.
    pub(crate) driver: Duration,
}

enum Event {
    Frame(usize, Vec<u8>),
    Data(usize, Data),
    Apply(usize),
    Send,
    Advance(usize),
}

pub(crate) struct Cable {
    pub(crate) ends: Vec<End>,
    pub(crate) now: Duration,
    pub(crate) weather: Weather,
    pub(crate) random: Random,
    /// Ends that are cut off.
    pub(crate) cut: Vec<bool>,
    queue: BinaryHeap<Reverse<(Duration, u64)>>,
    events: BTreeMap<u64, Event>,
    sequence: u64,
    pub(crate) delivered: u64,
    /// Data that arrived and could not be opened.
    pub(crate) unopened: u64,
    pub(crate) frames: u64,
}

pub(crate) fn key(name: u8) -> Key {
    let cak = [name.wrapping_mul(31); 32];
    Key {
        ckn: Ckn::try_from(&[name; 32][..]).unwrap(),
        cak: cak[..].try_into().unwrap(),
    }
}

pub(crate) fn sci(end: usize) -> Sci {
    let last = u8::try_from(end).unwrap() + 1;
    Sci {
        address: [2, 0, 0, 0, 0, last],
        port: 1,
    }
}

pub(crate) fn config(end: usize, cipher: CipherSuite, priority: u8) -> PortConfig {
    PortConfig {
        sci: sci(end),
        priority,
        cipher,
        accepted: vec![CipherSuite::GcmAes256, CipherSuite::GcmAesXpn256],
    }
}

impl Cable {
    pub(crate) fn new(configs: Vec<PortConfig>, keys: &[Key], weather: Weather, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let now = Duration::from_secs(100);
        let ends = configs.into_iter().map(|config| {
            let mut port = Port::new(config, random.seed());
            port.set_keys(keys, now);
            port.set_link(true, now);
            End {
                port,
                driver: Driver::default(),
                keys: keys.to_vec(),
                applying: false,
                wake: None,
            }
        });
        let ends: Vec<End> = ends.collect();
        let mut cable = Self {
            cut: vec![false; ends.len()],
            ends,
            now,
            weather,
            random,
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            sequence: 0,
            delivered: 0,
            unopened: 0,
            frames: 0,
        };
        cable.at(now, Event::Send);
        cable.tend();
        cable
    }

    /// Two ends of equal standing.
    pub(crate) fn pair(cipher: CipherSuite, seed: u64) -> Self {
        let configs = (0..2).map(|end| config(end, cipher, 255)).collect();
        Self::new(configs, &[key(1)], Weather::default(), seed)
    }

    fn at(&mut self, when: Duration, event: Event) {
        self.sequence += 1;
        self.queue.push(Reverse((when, self.sequence)));
        self.events.insert(self.sequence, event);
    }

    fn soon(&mut self, longest: Duration) -> Duration {
        let most = u64::try_from(longest.as_micros()).unwrap();
        self.now + Duration::from_micros(self.random.below(most + 1))
    }

    /// Looks after all ends, as a driver does after each call.
    pub(crate) fn tend(&mut self) {
        for end in 0..self.ends.len() {
            let now = self.now;
            self.ends[end].port.advance(now);
            for frame in self.ends[end].port.frames() {
                self.frames += 1;
                self.carry(end, &frame);
            }
            assert!(self.ends[end].port.frames().is_empty(), "said twice");
            let deadline = self.ends[end].port.next_deadline();
            if let Some(deadline) = deadline {
                assert!(deadline > self.now, "a deadline that has passed would spin");
                if self.ends[end].wake != Some(deadline) {
                    self.at(deadline, Event::Advance(end));
                }
            }
            self.ends[end].wake = deadline;
            self.consider(end);
        }
    }

    /// The driver acts if something differs, after a while.
    fn consider(&mut self, end: usize) {
        let it = &self.ends[end];
        if !it.applying && it.driver.applied != Some(it.port.association()) {
            self.ends[end].applying = true;
            let when = self.soon(self.weather.driver);
            self.at(when, Event::Apply(end));
        }
    }

    /// The driver acts now, and tells how far packet numbers are.
    pub(crate) fn apply(&mut self, end: usize) {
        let now = self.now;
        let it = &mut self.ends[end];
        it.applying = false;
        let installed = it.driver.apply(&it.port.association());
        it.port.installed(installed, now);
        self.tend();
    }

    fn carry(&mut self, from: usize, frame: &[u8]) {
        for to in 0..self.ends.len() {
            if to == from || self.cut[to] || self.cut[from] {
                continue;
            }
            let copies = 1 + u64::from(self.random.percent(self.weather.doubled));
            for _ in 0..copies {
                if !self.random.percent(self.weather.lost) {
                    let when = self.soon(self.weather.delay);
                    self.at(when, Event::Frame(to, frame.to_vec()));
                }
            }
        }
    }

    fn send_data(&mut self) {
        for from in 0..self.ends.len() {
            let Some(data) = self.ends[from].driver.send(sci(from)) else {
                continue;
            };
            for to in (0..self.ends.len()).filter(|to| *to != from) {
                if !self.cut[to] && !self.cut[from] {
                    let when = self.soon(self.weather.delay);
                    self.at(when, Event::Data(to, data.clone()));
                }
            }
        }
    }

    /// Until then.
    pub(crate) fn run_until(&mut self, until: Duration) {
        while let Some(Reverse((when, sequence))) = self.queue.peek().copied() {
            if when > until {
                break;
            }
            self.queue.pop();
            self.now = when;
            let event = self.events.remove(&sequence).unwrap();
            match event {
                Event::Frame(to, frame) => {
                    let _ = self.ends[to].port.receive(&frame, when);
                }
                Event::Data(to, data) => {
                    self.delivered += 1;
                    self.unopened += u64::from(!self.ends[to].driver.takes(&data));
                    continue;
                }
                Event::Send => {
                    self.send_data();
                    self.at(when + DATA, Event::Send);
                    continue;
                }
                Event::Apply(end) => self.apply(end),
                Event::Advance(end) => {
                    self.ends[end].wake = None;
                    self.ends[end].port.advance(when);
                }
            }
            self.tend();
        }
        self.now = until;
    }

    pub(crate) fn run(&mut self, seconds: u64) {
        self.run_until(self.now + Duration::from_secs(seconds));
    }

    /// Runs until all are secured with one key; how long that took.
    pub(crate) fn secure(&mut self, most: u64) -> Duration {
        let begin = self.now;
        for _ in 0..most * 20 {
            self.run_until(self.now + Duration::from_millis(50));
            if self.is_secured() {
                return self.now - begin;
            }
        }
        let statuses: Vec<Status> = self.ends.iter().map(|end| end.port.status()).collect();
        panic!("not secured after {most} s: {statuses:#?}");
    }

    /// All ends are, and send with the same key.
    pub(crate) fn is_secured(&self) -> bool {
        let secured = self.ends.iter().all(|end| end.port.status().secured);
        let saks = self.ends.iter().map(|end| {
            let sa = end.driver.transmit.as_ref()?;
            Some((sa.id, sa.an, sa.sak.as_bytes().to_vec()))
        });
        let saks: Vec<_> = saks.collect();
        secured && saks[0].is_some() && saks.iter().all(|sak| *sak == saks[0])
    }

    pub(crate) fn restart(&mut self, end: usize) {
        let now = self.now;
        let seed = self.random.seed();
        let it = &mut self.ends[end];
        let mut port = Port::new(it.port.config().clone(), seed);
        port.set_keys(&it.keys, now);
        port.set_link(true, now);
        it.port = port;
        it.driver.restart();
        self.tend();
    }

    pub(crate) fn set_keys(&mut self, end: usize, keys: &[Key]) {
        let now = self.now;
        self.ends[end].keys = keys.to_vec();
        self.ends[end].port.set_keys(keys, now);
        self.tend();
    }

    pub(crate) fn set_link(&mut self, end: usize, up: bool) {
        let now = self.now;
        self.ends[end].port.set_link(up, now);
        self.tend();
    }
}
