//! `demarc speaker`.

use std::sync::Arc;

use demarc_speaker::{HostSockets, Reloads, SpeakerConfig, run_reloadable};

use crate::cli::{LogFormat, SpeakerArguments};
use crate::failure::Failure;
use crate::{logging, signals};

pub(crate) fn run(arguments: &SpeakerArguments) -> Result<(), Failure> {
    logging::start(arguments.log_format.unwrap_or(LogFormat::Text))?;
    let config = SpeakerConfig::read(&arguments.config)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    let done = runtime.block_on(async {
        let stop = signals::stop()?;
        let path = arguments.config.clone();
        let reloads = Reloads {
            read: Box::new(move || SpeakerConfig::read(&path)),
            asked: signals::hangups()?,
        };
        run_reloadable(config, Arc::new(HostSockets), Some(reloads), stop)
            .await
            .map_err(|error| Failure::Usage(error.to_string()))
    });
    // An answer that is being written for an operator, for seconds maybe, does not hold up the end.
    runtime.shutdown_background();
    done
}
