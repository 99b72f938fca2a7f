//! `demarc edge`: this machine as the router of one device.
//!
//! One thread waits for intents, one for each server says what is seen; between them the edge follows the
//! last intent, whoever can be reached.

mod intent_file;
mod line;
mod listen;
mod tell;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use demarc_domain::device_status::{DeviceStatus, Fault};
use demarc_domain::intent::VersionedIntent;
use demarc_edge::{EdgeView, Intents, LinuxEdge, Views};
use tokio::sync::{mpsc, watch};

use crate::cli::{EdgeArguments, LogFormat};
use crate::failure::Failure;
use crate::{logging, signals};

use intent_file::IntentFile;
use line::{Line, Lines};

/// Before an edge that could not start tries again.
const RETRY: Duration = Duration::from_secs(2);

pub(crate) fn run(arguments: EdgeArguments) -> Result<(), Failure> {
    if arguments.device.trim().is_empty() {
        let text = "--device is empty: name the device as the API shows it in awsDeviceV2";
        return Err(Failure::Usage(text.to_owned()));
    }
    logging::start(arguments.log_format.unwrap_or(LogFormat::Text))?;
    let lines = Lines::new(&arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    runtime.block_on(edge(arguments, lines))
}

async fn edge(arguments: EdgeArguments, lines: Lines) -> Result<(), Failure> {
    let device = arguments.device;
    let file = IntentFile::new(&arguments.state, &device);
    let known = file.read();
    if let Some(intent) = &known {
        tracing::info!(
            revision = intent.revision,
            "following the intent that was kept"
        );
    }
    let to_edge = watch::Sender::new(only(&device, known.map(Arc::new)));
    let intents = to_edge.subscribe();
    let (views, from_edge) = watch::channel(Views::new());
    let (end, mut ended) = mpsc::unbounded_channel();
    for number in 0..lines.len() {
        let line = Line::new(&lines, number, end.clone());
        let views = from_edge.clone();
        start("tell", move || tell::run(&line, &views))?;
    }
    let line = Line::new(&lines, 0, end);
    start("listen", move || listen::run(line, &file, &to_edge))?;
    tokio::spawn(follow(arguments.bindings, device, intents, views));
    let stop = signals::stop()?;
    tokio::select! {
        () = stop => Ok(()),
        why = ended.recv() => match why {
            Some(why) => Err(Failure::Other(why)),
            None => Ok(()),
        },
    }
}

/// The intents of an edge with one device.
fn only(device: &str, intent: Option<Arc<VersionedIntent>>) -> Intents {
    intent
        .into_iter()
        .map(|intent| (device.to_owned(), intent))
        .collect()
}

fn start(name: &str, task: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(task)
        .map(|_| ())
        .map_err(|error| Failure::Other(format!("cannot start a thread: {error}")))
}

/// Runs the edge as soon as this machine lets it; what keeps it from that is part of the status.
async fn follow(
    bindings: PathBuf,
    device: String,
    intents: watch::Receiver<Intents>,
    views: watch::Sender<Views>,
) {
    let mut said = String::new();
    let edge = loop {
        match LinuxEdge::start(bindings.clone()) {
            Ok(edge) => break edge,
            Err(error) => {
                let text = error.to_string();
                if text != said {
                    tracing::error!("{text}; this edge tries again until it can work");
                    said.clone_from(&text);
                }
                let status = DeviceStatus {
                    device: device.clone(),
                    faults: vec![Fault::new("this machine", text)],
                    ..DeviceStatus::default()
                };
                let view = EdgeView {
                    status: Arc::new(status),
                    ..EdgeView::default()
                };
                views.send_replace(BTreeMap::from([(device.clone(), view)]));
                tokio::time::sleep(RETRY).await;
            }
        }
    };
    edge.run(intents, views).await;
}
