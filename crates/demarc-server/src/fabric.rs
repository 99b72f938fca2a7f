//! Which fabric makes the World true.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use demarc_control::{Control, EdgeFabric, Edges};
use demarc_domain::fabric::Fabric;
use demarc_edge::{EdgeView, Intents, LinuxEdge, LinuxError, Simulated, Views};
use demarc_types::Span;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The choice, in the configuration file and by flags.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FabricConfig {
    /// The bindings of the Linux edge of this machine.
    pub linux: Option<PathBuf>,
    /// Devices have edges that run elsewhere (`demarc edge`). So it is with `linux`, too, for the devices
    /// that this machine is not. Without either, everything is simulated.
    pub edge: bool,
    /// How long an edge may say nothing before it counts as silent. What clients see of that follows the
    /// specification, so it is not in the file; tests do not wait so long.
    #[serde(skip)]
    pub silence: Option<Duration>,
}

/// A fabric, and what has to be run beside the service for it.
pub(crate) struct Chosen {
    pub(crate) fabric: Box<dyn Fabric>,
    /// Where devices have edges.
    pub(crate) edges: Option<Arc<Edges>>,
    /// When this machine is one.
    pub(crate) local: Option<LinuxEdge>,
}

impl FabricConfig {
    /// # Errors
    /// [`LinuxError`] when this machine cannot be an edge.
    pub(crate) fn choose(&self, settle: Span) -> Result<Chosen, LinuxError> {
        if self.linux.is_none() && !self.edge {
            return Ok(Chosen {
                fabric: Box::new(Simulated::new(settle)),
                edges: None,
                local: None,
            });
        }
        let edges = self.silence.map(Edges::with_patience);
        let edges = Arc::new(edges.unwrap_or_default());
        let local = self.linux.clone().map(LinuxEdge::start).transpose()?;
        if let Some(local) = &local {
            // Before the service looks for what has no edge.
            for device in local.devices().borrow().iter() {
                edges.attend_locally(device);
            }
        }
        Ok(Chosen {
            fabric: Box::new(EdgeFabric::new(Arc::clone(&edges))),
            edges: Some(edges),
            local,
        })
    }
}

/// Edges at work; they end with the service. What the local one made in the kernel stays and keeps
/// forwarding.
pub(crate) struct RunningEdges(JoinSet<()>);

impl RunningEdges {
    pub(crate) fn start(edges: Arc<Edges>, local: Option<LinuxEdge>, control: Control) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&edges).run(control));
        if let Some(local) = local {
            let devices = local.devices();
            let (to_edge, intents) = watch::channel(Intents::new());
            let (views, from_edge) = watch::channel(Views::new());
            // It ends with the process, not before: its sessions end without a word then, so that the
            // neighbors keep their routes (RFC 4724).
            tokio::spawn(local.run(intents, views));
            tasks.spawn(stand_between(edges, devices, to_edge, from_edge));
        }
        Self(tasks)
    }
}

/// Takes intents to the edge in this process, and its statuses back.
async fn stand_between(
    edges: Arc<Edges>,
    mut devices: watch::Receiver<BTreeSet<String>>,
    to_edge: watch::Sender<Intents>,
    mut from_edge: watch::Receiver<Views>,
) {
    let mut changes = edges.changes();
    // A device that had a port here once stays in our care: its edge has to hear that it has none.
    let mut attended = BTreeSet::new();
    let mut seen = Views::new();
    loop {
        changes.mark_unchanged();
        for device in devices.borrow_and_update().iter() {
            edges.attend_locally(device);
            attended.insert(device.clone());
        }
        let known = attended.iter().filter_map(|device| {
            let intent = edges.intent(device)?;
            Some((device.clone(), intent))
        });
        let known: Intents = known.collect();
        to_edge.send_if_modified(|intents| {
            let is_new = *intents != known;
            *intents = known;
            is_new
        });
        let views = from_edge.borrow_and_update().clone();
        for (device, view) in &views {
            take(&edges, device, view, seen.get(device));
        }
        seen = views;
        tokio::select! {
            changed = devices.changed() => if changed.is_err() { return },
            changed = from_edge.changed() => if changed.is_err() { return },
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}

fn take(edges: &Edges, device: &str, view: &EdgeView, before: Option<&EdgeView>) {
    if before.is_none_or(|before| !Arc::ptr_eq(&before.routes, &view.routes)) {
        edges.take_routes(device, view.routes.as_ref().clone(), true);
    }
    edges.take_status(Arc::clone(&view.status), 0);
}

impl Drop for RunningEdges {
    fn drop(&mut self) {
        self.0.abort_all();
    }
}
