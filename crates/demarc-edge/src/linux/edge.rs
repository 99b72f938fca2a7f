//! The task that makes kernel and sessions follow the intents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use demarc_domain::device_status::{DropCounters, SeenRoute, SeenRoutes};
use demarc_domain::entity::Link as PortLink;
use demarc_domain::intent::RoutingDomain;
use demarc_linux::{Attachment, Kernel, KernelError, Link, LinkWatch, VlanProgram};
use demarc_speaker::{Activity, GatewayError};
use demarc_types::{BgpPeerId, ConnectionId, VirtualInterfaceId};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tracing::info;

use super::bell::Bell;
use super::bindings::{BindingsError, BindingsFile};
use super::gateway::Gateway;
use super::lag::Lags;
use super::macsec::MacSecs;
use super::peer::RoutesVersion;
use super::status::{self, Faults, Intents, Views};
use super::virtual_interface::Standing;

/// How often is looked although nothing was heard of: what nothing tells of is small.
const PERIOD: Duration = Duration::from_millis(50);
/// The rest between two looks at what was heard of: a burst is looked at in few.
const PAUSE: Duration = Duration::from_millis(5);
/// Periods between two full comparisons when nothing seems to have changed.
const FULL: u32 = 20;
/// Periods between two readings of all sessions and routes.
pub(super) const ALL: u32 = 200;
/// The rest after an error, before everything is compared again.
const AFTER_ERROR: Duration = Duration::from_millis(500);

/// Why the edge cannot do something. Each is one line.
#[derive(Debug, thiserror::Error)]
pub enum LinuxError {
    #[error(
        "the Linux fabric needs root: it makes network namespaces and loads a program into the kernel"
    )]
    NotRoot,
    #[error("cannot watch the interfaces of this machine: {0}")]
    Watch(#[source] std::io::Error),
    #[error("the interface {0} is in the way and not ours: rename or remove it")]
    InTheWay(String),
    #[error(transparent)]
    Kernel(#[from] KernelError),
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error(transparent)]
    Bindings(#[from] BindingsError),
}

/// The Linux edge of this machine.
pub struct LinuxEdge {
    pub(super) file: BindingsFile,
    pub(super) devices: watch::Sender<BTreeSet<String>>,
    pub(super) kernel: Kernel,
    watch: LinkWatch,
    /// The version of the interfaces that ports were looked at with.
    looked_at: Option<u64>,
    bell: Bell,
    /// Rings when something happens to a session or a table of routes.
    pub(super) activity: Activity,
    pub(super) program: VlanProgram,
    pub(super) ports: BTreeMap<ConnectionId, String>,
    pub(super) lags: Lags,
    pub(super) mac_secs: MacSecs,
    /// Times that a port had come to go by another interface at the last look.
    switches: u64,
    pub(super) gateways: BTreeMap<RoutingDomain, Gateway>,
    pub(super) standing: BTreeMap<VirtualInterfaceId, Standing>,
    /// The intents that were compared last with what stands; `None` after an error.
    compared: Option<Intents>,
    /// The revision that was followed last, by device.
    pub(super) followed: BTreeMap<String, u64>,
    pub(super) faults: Faults,
    /// The routes of each session, and the version that they were read at.
    pub(super) routes: BTreeMap<BgpPeerId, (RoutesVersion, Vec<SeenRoute>)>,
    pub(super) links: BTreeMap<ConnectionId, PortLink>,
    /// By device, until a route changes.
    pub(super) shown_routes: BTreeMap<String, Arc<SeenRoutes>>,
    pub(super) drops: BTreeMap<ConnectionId, DropCounters>,
    pub(super) foreign: Vec<String>,
    /// What went wrong when the kernel was looked over last, and with what.
    pub(super) disorder: Vec<(String, String)>,
    pub(super) periods: u32,
    /// There may be something to say.
    pub(super) news: bool,
}

/// Why the edge looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// A period is over.
    Period,
    /// Something was heard of, perhaps an intent.
    Event,
}

impl LinuxEdge {
    /// Probes the kernel. What an earlier process left stays until there are intents to compare it with.
    /// `file` holds the bindings. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// [`LinuxError`]: not root, no bindings, or a kernel that cannot do it.
    pub fn start(file: PathBuf) -> Result<Self, LinuxError> {
        if !nix::unistd::geteuid().is_root() {
            return Err(LinuxError::NotRoot);
        }
        let file = BindingsFile::open(file)?;
        let mut kernel = Kernel::here()?;
        let watch = LinkWatch::here(&mut kernel)?;
        let bell = Bell::new(watch.descriptor()?).map_err(LinuxError::Watch)?;
        let attachment = demarc_linux::probe()?;
        let mut program = VlanProgram::load(attachment)?;
        let lags = Lags::start(program.take_bundles()?)?;
        let mac_secs = MacSecs::start(program.share_bundles()?)?;
        let how = match attachment {
            Attachment::Clsact => "clsact",
            Attachment::Tcx => "tcx",
        };
        let ports = file.bindings.port.len();
        info!(attachment = how, ports, "Linux edge is up");
        Ok(Self {
            devices: watch::Sender::new(file.bindings.devices()),
            file,
            kernel,
            watch,
            looked_at: None,
            bell,
            activity: Activity::default(),
            program,
            ports: BTreeMap::new(),
            lags,
            mac_secs,
            switches: 0,
            gateways: BTreeMap::new(),
            standing: BTreeMap::new(),
            compared: None,
            followed: BTreeMap::new(),
            faults: Faults::default(),
            routes: BTreeMap::new(),
            links: BTreeMap::new(),
            shown_routes: BTreeMap::new(),
            drops: BTreeMap::new(),
            foreign: Vec::new(),
            disorder: Vec::new(),
            periods: 0,
            news: true,
        })
    }

    /// The devices that have a port here, by the bindings.
    pub fn devices(&self) -> watch::Receiver<BTreeSet<String>> {
        self.devices.subscribe()
    }

    /// Follows intents and says what it sees, until the future is dropped. Devices without an intent are
    /// left alone.
    pub async fn run(mut self, mut intents: watch::Receiver<Intents>, views: watch::Sender<Views>) {
        let mut tick = interval(PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut occasion, mut there) = (Occasion::Period, true);
        let mut lags = self.lags.changes();
        let mut mac_secs = self.mac_secs.changes();
        loop {
            let wanted = intents.borrow_and_update().clone();
            let outcome = self.look(&wanted, occasion).await;
            if let Err(error) = &outcome {
                self.faults.say("kernel", error);
                self.news = true;
            }
            if std::mem::take(&mut self.news) {
                let seen = self.views(&wanted);
                views.send_if_modified(|views| status::replace(views, seen));
            }
            if outcome.is_err() {
                tokio::time::sleep(AFTER_ERROR).await;
                self.compared = None;
                occasion = Occasion::Period;
                continue;
            }
            let rest = Instant::now() + PAUSE;
            let (activity, bell) = (&self.activity, &self.bell);
            occasion = tokio::select! {
                _ = tick.tick() => Occasion::Period,
                changed = intents.changed(), if there => {
                    // Else nobody has anything to say any more: the last intents stay in force.
                    there = changed.is_ok();
                    Occasion::Event
                }
                () = activity.happened() => Occasion::Event,
                () = bell.rings() => Occasion::Event,
                // For who waits to hear of it.
                Ok(()) = lags.changed() => {
                    self.news = true;
                    Occasion::Event
                }
                Ok(()) = changed(&mut mac_secs) => {
                    self.news = true;
                    Occasion::Event
                }
            };
            if occasion == Occasion::Event {
                sleep_until(rest).await;
            }
        }
    }

    /// Takes in what the kernel tells of interfaces.
    pub(super) fn look_at_links(&mut self, all: bool) -> Result<Arc<Vec<Link>>, KernelError> {
        let watch = &mut self.watch;
        watch.update(&mut self.kernel)?;
        if all {
            // Also what was missed, whatever the reason.
            watch.read_again(&mut self.kernel)?;
        }
        let links = watch.links();
        Ok(links)
    }

    /// One look at everything that something was heard of, or at all of it.
    async fn look(&mut self, intents: &Intents, occasion: Occasion) -> Result<(), LinuxError> {
        let mut full = false;
        let mut read_again = false;
        if occasion == Occasion::Period {
            self.periods = self.periods.wrapping_add(1);
            full = self.periods.is_multiple_of(FULL);
            read_again = self.file.refresh();
        }
        if read_again {
            self.devices.send_replace(self.file.bindings.devices());
        }
        let began = Instant::now();
        let links = self.look_at_links(full)?;
        self.lags.look_at(&links);
        // Nothing crosses a link that is down: sessions hear it now, not when the intent says so.
        let version = self.watch.version();
        let changed = self.looked_at != Some(version);
        let lost_or_found = changed && self.look_at_ports(&links);
        self.looked_at = Some(version);
        self.news |= changed;
        // Whatever woke us: an intent may have come together with it.
        let is_new = self
            .compared
            .as_ref()
            .is_none_or(|it| !status::same(it, intents));
        // At first, and after an error, nobody knows what stands.
        full |= self.compared.is_none();
        // Members of LAGs may go by another interface, and one may be there to take frames from.
        let switches = self.mac_secs.switches();
        let switched = std::mem::replace(&mut self.switches, switches) != switches;
        let compare = full || read_again || is_new || lost_or_found || switched;
        let mut touched = BTreeSet::new();
        if compare {
            self.compared = Some(intents.clone());
            self.news = true;
            self.faults.begin();
            touched = self.reconcile(intents, &links, full).await?;
            self.faults.end();
            metrics::histogram!("demarc_edge_pass_seconds").record(began.elapsed().as_secs_f64());
            let revisions = intents.iter();
            self.followed = revisions
                .map(|(device, wanted)| (device.clone(), wanted.revision))
                .collect();
        }
        for gateway in self.gateways.values_mut() {
            if compare || gateway.has_news() {
                gateway.forward(&mut self.program).await?;
            }
        }
        if compare {
            self.look_at_ports(&links);
        }
        if full {
            self.count_strays(&links);
        }
        self.look_at_sessions(full, touched).await?;
        if occasion == Occasion::Period {
            self.leave_behind().await?;
        }
        Ok(())
    }
}

/// Waits for news of what there may be nothing of.
async fn changed(news: &mut Option<watch::Receiver<()>>) -> Result<(), watch::error::RecvError> {
    match news {
        Some(news) => news.changed().await,
        None => std::future::pending().await,
    }
}
