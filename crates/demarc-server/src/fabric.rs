//! Which fabric makes the World true.

use std::path::PathBuf;

use demarc_control::Control;
use demarc_domain::fabric::Fabric;
use demarc_edge::{LinuxEdge, LinuxError, LinuxFabric, Simulated};
use demarc_types::Span;
use serde::Deserialize;
use tokio::task::JoinHandle;

/// The choice, in the configuration file and by flags.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FabricConfig {
    /// The bindings of the Linux edge of this machine; without them everything is simulated.
    pub linux: Option<PathBuf>,
}

/// A fabric and, when it is this machine, the edge that has to be run beside the service.
pub(crate) struct Chosen {
    pub(crate) fabric: Box<dyn Fabric>,
    pub(crate) edge: Option<LinuxEdge>,
}

impl FabricConfig {
    /// # Errors
    /// [`LinuxError`] when this machine cannot be an edge.
    pub(crate) fn choose(&self, settle: Span) -> Result<Chosen, LinuxError> {
        let Some(bindings) = &self.linux else {
            return Ok(Chosen {
                fabric: Box::new(Simulated::new(settle)),
                edge: None,
            });
        };
        let fabric = LinuxFabric::default();
        let edge = LinuxEdge::start(&fabric, bindings.clone())?;
        Ok(Chosen {
            fabric: Box::new(fabric),
            edge: Some(edge),
        })
    }
}

/// The edge at work; it ends with the service. What it made in the kernel stays and keeps forwarding.
pub(crate) struct RunningEdge(JoinHandle<()>);

impl RunningEdge {
    pub(crate) fn start(edge: LinuxEdge, control: Control) -> Self {
        Self(tokio::spawn(edge.run(control)))
    }
}

impl Drop for RunningEdge {
    fn drop(&mut self) {
        self.0.abort();
    }
}
