//! Times, and waiting for things to happen.

use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::bail;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;

/// Processor time of a process with all its threads, also of those that have ended.
pub(super) fn processor_time(pid: u32) -> anyhow::Result<Duration> {
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(i32::try_from(pid)?))?;
    Ok(Duration::from(clock_gettime(clock)?))
}

/// Processor time of a thread of this process, with the work that the kernel does for it on the way.
pub(super) fn processor_time_of_thread(thread: Pid) -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat"))?;
    let first = text.split(' ').next().unwrap_or_default();
    Ok(Duration::from_nanos(first.parse()?))
}

/// Looks again and again until there is something.
pub(super) async fn until<T>(
    what: &str,
    patience: Duration,
    pause: Duration,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if Instant::now() > end {
            bail!("not within {patience:.0?}: {what}");
        }
        tokio::time::sleep(pause).await;
    }
}

/// The best and the median, and how many there are.
pub(super) fn summary(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let mut text = String::new();
    if let (Some(best), Some(median)) = (times.first(), times.get(times.len() / 2)) {
        let _ = write!(
            text,
            "{best:.1?}, median {median:.1?} of {}, worst {:.1?}",
            times.len(),
            times[times.len() - 1]
        );
    }
    text
}
