//! All measurements of the API, one after the other.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::report::Table;
use super::server::Server;
use super::{Load, reads, writes};

/// What to measure with.
pub struct Options {
    /// The program `demarc`.
    pub demarc: PathBuf,
    /// The program `moto_server`, if there is one.
    pub moto: Option<PathBuf>,
    pub connections: usize,
    /// Seconds of each measurement, after one second of warming up.
    pub seconds: u64,
    /// How often reads are measured, in turns with the bare server; the median counts.
    pub rounds: usize,
    pub only: Vec<Part>,
}

/// One of the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Cold start, and the size of the program.
    Start,
    Reads,
    Writes,
}

impl Options {
    pub(super) fn load(&self, address: SocketAddr) -> Load {
        Load {
            address,
            connections: self.connections,
            warm_up: Duration::from_secs(1),
            time: Duration::from_secs(self.seconds),
            rate: None,
        }
    }
}

/// Measures, and gives a table in Markdown.
///
/// # Errors
/// When a server does not start, or answers anything but 200.
pub fn run(options: &Options) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let directory = tempfile::tempdir()?;
        let mut table = Table::default();
        let wanted = |part| options.only.contains(&part);
        if wanted(Part::Start) {
            start(options, directory.path(), &mut table).await?;
        }
        if wanted(Part::Reads) {
            reads::measure(options, directory.path(), &mut table).await?;
        }
        if wanted(Part::Writes) {
            writes::measure(options, directory.path(), &mut table).await?;
        }
        Ok(table.to_string())
    })
}

/// Start and size.
async fn start(options: &Options, directory: &Path, table: &mut Table) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for number in 0..5 {
        let data = directory.join(format!("empty-{number}"));
        times.push(Server::demarc(&options.demarc, &data).await?.first_answer);
    }
    times.sort_unstable();
    table.row(
        "cold start to the first answer, empty store",
        "< 100 ms",
        format!("{:.0?} (median of {})", times[times.len() / 2], times.len()),
    );
    let size = std::fs::metadata(&options.demarc)?.len() as f64 / 1_048_576.0;
    table.row("size of the program", "< 40 MB", format!("{size:.1} MB"));
    Ok(())
}
