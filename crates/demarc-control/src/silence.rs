//! Listening for edges: which of them have fallen silent, and what this process says of it.
//!
//! The process that acts for the service concludes from what it did not hear, so it counts only the time in
//! which it could have heard: not before it began to act, not while it stood still or could not reach its
//! store. It measures by its own steady clock. An edge may reach others only, so the others are asked first:
//! the silence is in the World, and whoever hears the edge takes it away again (spec/states §5.1).

use std::collections::BTreeMap;
use std::time::Duration;

use demarc_domain::device_status::in_service;
use demarc_domain::entity::SilenceStage;
use demarc_domain::{Report, World};
use demarc_types::{Span, Timestamp};
use tokio::time::Instant;

/// What an edge said last is shown as unknown after so long, and as lost after as long again
/// (spec/states §0 and §13).
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// When edges of devices last said what stands, by device.
pub(crate) type LastReports = BTreeMap<String, Instant>;

/// What this process knows of silences.
#[derive(Debug)]
pub(crate) struct Listening {
    patience: Duration,
    /// Nothing has kept this process from hearing, and from acting, since.
    since: Instant,
    looked: Instant,
    /// The silences in the World, with when they were seen there first.
    known: BTreeMap<String, Instant>,
    /// When somebody took the silence of a device away: it was heard then.
    ended: LastReports,
}

impl Listening {
    pub(crate) fn new(patience: Duration) -> Self {
        let now = Instant::now();
        Self {
            patience,
            since: now,
            looked: now,
            known: BTreeMap::new(),
            ended: LastReports::new(),
        }
    }

    /// When to look again.
    pub(crate) fn due(&self) -> Instant {
        self.looked + self.patience / 90
    }

    /// What this process knows better of the World's silences: devices that it hears, or has heard later.
    pub(crate) fn heard(
        &mut self,
        world: &World,
        reports: &LastReports,
        time: Timestamp,
    ) -> Vec<Report> {
        self.follow(world);
        let known = world.silences().filter_map(|(device, silence)| {
            let last = *reports.get(device)?;
            if is_fresh(last, self.patience) {
                return Some(forgotten(device));
            }
            let since = time - span(last.elapsed());
            // Clocks differ a little.
            let later = since > silence.since + span(self.patience / 90);
            (silence.stage == SilenceStage::Asked && later).then(|| Report::DeviceSilent {
                device: device.to_owned(),
                since,
                stage: SilenceStage::Asked,
            })
        });
        known.collect()
    }

    /// What there is to say of devices that are not heard, once it is due. `acts`: this process acts for the
    /// service, and its store takes what it says. `time` is the service's.
    pub(crate) fn look(
        &mut self,
        world: &World,
        reports: &LastReports,
        acts: bool,
        time: Timestamp,
    ) -> Vec<Report> {
        let now = Instant::now();
        if now < self.due() {
            return Vec::new();
        }
        let stood_still = now.duration_since(self.looked) > self.patience / 9;
        self.looked = now;
        if !acts || stood_still {
            self.since = now;
            return Vec::new();
        }
        self.follow(world);
        let devices = in_service(world);
        self.ended
            .retain(|device, _| devices.contains(device.as_str()));
        let silent = devices.iter().filter_map(|device| {
            let heard = [
                reports.get(*device).copied(),
                self.ended.get(*device).copied(),
                self.by_others(world, device, time),
            ];
            let last = heard.into_iter().flatten().fold(self.since, Instant::max);
            let quiet = now.duration_since(last);
            let stage = self.next(world, device, quiet)?;
            Some(Report::DeviceSilent {
                device: (*device).to_owned(),
                since: time - span(quiet),
                stage,
            })
        });
        let idle = world
            .silences()
            .map(|(device, _)| device)
            .filter(|device| !devices.contains(device));
        silent.chain(idle.map(forgotten)).collect()
    }

    /// When a silent device was heard last, as all who were asked know: not after they were, whatever clocks
    /// say.
    fn by_others(&self, world: &World, device: &str, time: Timestamp) -> Option<Instant> {
        let asked = *self.known.get(device)?;
        let ago = (time - world.silence(device)?.since).millis();
        let ago = Duration::from_millis(u64::try_from(ago).unwrap_or(0));
        Some(asked.min(Instant::now().checked_sub(ago)?))
    }

    /// The stage that a device reaches that has been quiet for so long.
    fn next(&self, world: &World, device: &str, quiet: Duration) -> Option<SilenceStage> {
        let time_to_answer = self.patience / 3;
        let stage = match world.silence(device) {
            None => SilenceStage::Asked,
            Some(silence) => silence.stage.next()?,
        };
        let reached = match stage {
            SilenceStage::Asked => quiet >= self.patience - time_to_answer,
            SilenceStage::Unknown => {
                let asked = self.known.get(device);
                quiet >= self.patience && asked.is_some_and(|at| at.elapsed() >= time_to_answer)
            }
            SilenceStage::Lost => quiet >= self.patience * 2,
        };
        reached.then_some(stage)
    }

    /// Notices silences that came or went.
    fn follow(&mut self, world: &World) {
        let now = Instant::now();
        let gone = self
            .known
            .extract_if(.., |device, _| world.silence(device).is_none());
        self.ended.extend(gone.map(|(device, _)| (device, now)));
        for (device, _) in world.silences() {
            if !self.known.contains_key(device) {
                self.known.insert(device.to_owned(), now);
            }
        }
    }
}

/// Whether a report that came then says that the edge is there.
pub(crate) fn is_fresh(at: Instant, patience: Duration) -> bool {
    at.elapsed() < patience / 6
}

fn forgotten(device: &str) -> Report {
    Report::DeviceHeard {
        device: device.to_owned(),
    }
}

fn span(of: Duration) -> Span {
    Span::from_millis(i64::try_from(of.as_millis()).unwrap_or(i64::MAX))
}
