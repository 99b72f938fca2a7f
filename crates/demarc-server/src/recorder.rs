//! The numbers that the service keeps of itself, for `/metrics`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// How often samples are counted into their buckets. Between two times they are kept one by one, whether
/// anybody reads them or not.
const UPKEEP: Duration = Duration::from_secs(5);

/// One recorder a process; a second service in the same process shares it.
pub(crate) fn recorder() -> Result<PrometheusHandle, BuildError> {
    static RECORDER: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = recorder.as_ref() {
        return Ok(handle.clone());
    }
    let seconds = [
        0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0,
    ];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)?
        .set_buckets_for_metric(
            Matcher::Suffix("_requests".to_owned()),
            &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0],
        )?
        .install_recorder()?;
    describe();
    // There from the start, so that a rate can be taken of the first one, too.
    metrics::counter!("demarc_conflicts_total").absolute(0);
    for name in [
        "demarc_commit_seconds",
        "demarc_batch_decide_seconds",
        "demarc_batch_requests",
    ] {
        drop(metrics::histogram!(name));
    }
    metrics::gauge!("demarc_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(recorder.insert(handle).clone())
}

/// Counts samples into their buckets, for as long as the service is there: without it the samples of a service
/// that nobody asks for its metrics would fill the memory.
pub(crate) async fn keep_up(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}

fn describe() {
    describe_gauge!("demarc_build_info", "1; the version is a label.");
    describe_gauge!("demarc_entities", "Things that are stored.");
    describe_gauge!(
        "demarc_leader",
        "1 where timers fire and edges are attended to: in one of several processes."
    );
    describe_counter!(
        "demarc_requests_total",
        "Calls of the Direct Connect API, by operation and outcome."
    );
    describe_counter!(
        "demarc_query_requests_total",
        "Calls of EC2, STS and IAM, by service and outcome."
    );
    describe_counter!(
        "demarc_connections_refused_total",
        "Connections of clients that were turned away because there were too many."
    );
    describe_counter!("demarc_changes_total", "Changes that were stored.");
    describe_counter!(
        "demarc_conflicts_total",
        "Commits that had to be decided again because another process was first."
    );
    describe_histogram!(
        "demarc_commit_seconds",
        Unit::Seconds,
        "How long the store took for a commit."
    );
    describe_histogram!(
        "demarc_batch_decide_seconds",
        Unit::Seconds,
        "How long it took to decide the requests of a commit."
    );
    describe_histogram!(
        "demarc_batch_requests",
        "Requests that were decided for one commit."
    );
    describe_counter!(
        "demarc_audit_dropped_total",
        "Audit records that were lost because the file could not keep up."
    );
    describe_counter!(
        "demarc_audit_failed_total",
        "Writes of the audit file that failed."
    );
}
