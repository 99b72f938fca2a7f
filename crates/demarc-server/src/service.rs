//! Putting a service together from its configuration, and running it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use demarc_auth::{Authenticator, Directory, Identities, Sessions};
use demarc_control::{Control, Options, StartError};
use demarc_edge::LinuxError;
use hyper_util::server::graceful::GracefulShutdown;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::audit::{Audit, AuditFile, AuditFileError};
use crate::config::{Config, ConfigError};
use crate::conversation::{Client, converse};
use crate::duration::HumanDuration;
use crate::edge::{EdgeAccess, EdgeConfigError};
use crate::fabric::{Chosen, RunningEdges};
use crate::front::Front;
use crate::listener::Listener;
use crate::operator::OperatorAccess;
use crate::recorder::{keep_up, recorder};
use crate::store_choice::{OpenStoreError, StoreChoice};
use crate::throttle::Throttle;

/// The longest that a stopping process waits to tell the others.
const STEP_DOWN: Duration = Duration::from_secs(2);

/// A service, ready to serve.
pub struct Service {
    /// Runs for as long as the service is there.
    _edges: Option<RunningEdges>,
    /// So does this.
    _upkeep: JoinSet<()>,
    front: Arc<Front>,
}

/// The service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] OpenStoreError),
    #[error("{}", with_causes(.0))]
    Start(#[from] StartError),
    #[error(transparent)]
    Audit(#[from] AuditFileError),
    #[error(transparent)]
    Edge(#[from] EdgeConfigError),
    #[error(transparent)]
    Linux(#[from] LinuxError),
    #[error(
        "the Linux fabric and an etcd store do not go together yet: every replica would configure this machine's \
         links; use the simulated fabric, or --data"
    )]
    SharedEdge,
    #[error("metrics cannot be recorded: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    #[error("the system gave no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    #[error(
        "accounts have to be configured to listen on {0}: without accounts anyone who reaches the port may do \
         anything, so the open development mode listens on loopback addresses only"
    )]
    OpenToTheWorld(SocketAddr),
}

pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

impl Service {
    /// Opens the store, loads it and prepares everything for requests that arrive at `listener`.
    /// `seed` makes ids and keys predictable, for tests.
    ///
    /// # Errors
    /// [`ServiceError`]; a store that was refused is left as it was found.
    pub async fn start(
        config: Config,
        store: StoreChoice,
        listener: &Listener,
        seed: Option<[u8; 32]>,
    ) -> Result<Self, ServiceError> {
        let directory = config.directory()?;
        if directory.is_none() && !listener.address().ip().is_loopback() {
            return Err(ServiceError::OpenToTheWorld(listener.address()));
        }
        let edge_access = EdgeAccess::new(&config.edge, directory.is_none())?;
        let metrics = recorder()?;
        let settings = config.settings()?;
        let Chosen {
            fabric,
            edges,
            local,
        } = config.fabric.choose(settings.settle)?;
        let mut options = Options::new(Arc::new(settings), fabric);
        options.seed = seed;
        options.sharing.stale_reads = config.server.stale_reads;
        let audit_file = config.server.audit_log.as_deref().map(AuditFile::open);
        let audit_file = audit_file.transpose()?;
        let control = match start_control(store, options).await {
            Ok(control) => control,
            Err(error) => {
                // A start that is refused leaves nothing behind.
                if let Some(file) = audit_file {
                    file.discard();
                }
                return Err(error);
            }
        };
        // In the development mode people want to see what their clients send.
        let ring = match (config.server.audit_ring, &directory) {
            (Some(ring), _) => ring,
            (None, None) => DEVELOPMENT_RING,
            (None, Some(_)) => 0,
        };
        let audit = Audit::new(ring, audit_file);
        if local.is_some() && control.is_shared() {
            return Err(ServiceError::SharedEdge);
        }
        let running = edges
            .as_ref()
            .map(|edges| RunningEdges::start(Arc::clone(edges), local, control.clone()));
        let mut upkeep = JoinSet::new();
        upkeep.spawn(keep_up(metrics.clone()));
        Ok(Self {
            _edges: running,
            _upkeep: upkeep,
            front: Arc::new(Front {
                edge_access,
                edges,
                ..front(&config, directory, control, metrics, audit)?
            }),
        })
    }

    /// The control plane behind it.
    pub fn control(&self) -> &Control {
        &self.front.control
    }

    /// Who may call: for the line that is printed at the start.
    pub fn is_open(&self) -> bool {
        matches!(
            self.front.authenticator.identities(),
            Identities::Development
        )
    }

    /// Serves until `stop` resolves, then drains.
    pub async fn serve(self, listener: Listener, stop: impl Future<Output = ()>) {
        listener.serve(Arc::clone(&self.front), stop).await;
        let handed_over = self.front.control.step_down();
        if let Ok(Err(error)) = tokio::time::timeout(STEP_DOWN, handed_over).await {
            tracing::warn!(%error, "the others will notice by themselves that this process is gone");
        }
        if let Some(audit) = &self.front.audit {
            audit.close();
        }
    }

    /// Serves one connection that does not come from a listener, until either side ends it.
    pub async fn serve_connection<S>(&self, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let watcher = GracefulShutdown::new().watcher();
        let client = Client {
            peer,
            secure: false,
        };
        converse(stream, client, Arc::clone(&self.front), watcher).await;
    }
}

/// Audit records kept in memory when nothing else is configured and anyone may call.
const DEVELOPMENT_RING: usize = 1_000;

async fn start_control(store: StoreChoice, options: Options) -> Result<Control, ServiceError> {
    Ok(Control::start(store.open().await?, options).await?)
}

fn front(
    config: &Config,
    directory: Option<Directory>,
    control: Control,
    metrics: PrometheusHandle,
    audit: Option<Audit>,
) -> Result<Front, ServiceError> {
    let sessions = match &config.server.session_key {
        Some(key) => Sessions::new(key.expose().as_bytes()),
        None if control.is_shared() => Sessions::new(&control.shared_secret()),
        None => {
            let mut key = [0; 32];
            getrandom::fill(&mut key)?;
            Sessions::new(&key)
        }
    };
    let operator_access = match (&config.server.operator_token, &directory) {
        (Some(token), _) => OperatorAccess::Token(token.clone()),
        (None, Some(_)) => OperatorAccess::Closed,
        (None, None) => OperatorAccess::Open,
    };
    // Without accounts there is nobody to protect from anybody.
    let throttle = match (&directory, config.throttle) {
        (_, Some(throttle)) => Some(throttle),
        (Some(_), None) => Some(crate::config::ThrottleConfig::default()),
        (None, None) => None,
    };
    let identities = match directory {
        Some(directory) => Identities::Configured(Arc::new(directory)),
        None => Identities::Development,
    };
    Ok(Front {
        control,
        authenticator: Authenticator::new(identities, sessions, config.server.regions.clone()),
        throttle: throttle.map(Throttle::new),
        operator_access,
        edge_access: EdgeAccess::Closed,
        edges: None,
        metrics,
        audit,
        connections: Arc::new(Semaphore::new(config.server.connections)),
        header_timeout: duration(config.server.header_timeout),
        slots: Semaphore::new(config.server.concurrency),
        body_limit: config.server.body_limit,
        timeout: duration(config.server.request_timeout),
        stopping: watch::Sender::new(false),
    })
}

fn duration(human: HumanDuration) -> Duration {
    Duration::from_millis(u64::try_from(human.0.millis()).unwrap_or(u64::MAX))
}
