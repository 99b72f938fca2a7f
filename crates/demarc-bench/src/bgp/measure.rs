//! The measurements of the speed table, for each router in turn.

use std::path::Path;
use std::time::Duration;

use super::neighbor::Phase;
use super::report::{Figure, Report};
use super::routers::{Announce, RouterKind, Setup};
use super::scenario::Scenario;

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Selection {
    /// 100,000 routes from one neighbor to another.
    Routes100k,
    /// 800,000 routes from one neighbor to another, and the memory for them.
    Routes800k,
    /// 500 neighbors with 100 routes each, all connecting at once, and one collector.
    Burst500,
    /// 2,000 of them.
    Burst2000,
    /// 500 neighbors with 100 routes each, every route to every other; then one is lost.
    Mesh500,
    /// 2,000 sessions with nothing to do but keepalives (Demarc only).
    Idle2000,
}

/// What every measurement is given.
#[derive(Debug, Clone, Copy)]
struct Bench<'a> {
    router: RouterKind,
    demarc: &'a Path,
    patience: Duration,
}

/// Runs the measurements and returns a table in Markdown.
///
/// # Errors
/// When a router does not start or the lab fails. A router that is too slow is a figure, no error.
pub fn run(
    demarc: &Path,
    routers: &[RouterKind],
    only: &[Selection],
    runs: usize,
    patience: Duration,
) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut report = Report::default();
    for router in routers {
        if !router.is_installed(demarc) {
            report.leave_out(router.name(), "not installed");
            continue;
        }
        for selection in only {
            let bench = Bench {
                router: *router,
                demarc,
                patience,
            };
            let repeats = if *selection == Selection::Idle2000 {
                1
            } else {
                runs
            };
            for _ in 0..repeats {
                let figures = runtime.block_on(bench.measure(*selection))?;
                let late = figures
                    .iter()
                    .any(|(_, figure)| matches!(figure, Figure::Late(_)));
                report.add(router.name(), figures);
                if late {
                    // It will not be quicker the next time.
                    break;
                }
            }
        }
    }
    report.markdown()
}

type Figures = Vec<(String, Figure)>;

impl Bench<'_> {
    async fn measure(self, selection: Selection) -> anyhow::Result<Figures> {
        match selection {
            Selection::Routes100k => self.routes(100_000, "100,000 routes").await,
            Selection::Routes800k => self.routes(800_000, "800,000 routes").await,
            Selection::Burst500 => self.burst(500, "500 sessions").await,
            Selection::Burst2000 => self.burst(2000, "2,000 sessions").await,
            Selection::Mesh500 => self.mesh(500, "500 sessions, full mesh").await,
            Selection::Idle2000 if self.router == RouterKind::Demarc => {
                self.idle(2000, "2,000 sessions").await
            }
            Selection::Idle2000 => Ok(Vec::new()),
        }
    }

    async fn start(
        self,
        setup: Setup,
        feeds: &dyn Fn(usize) -> u32,
    ) -> anyhow::Result<(Scenario, tempfile::TempDir)> {
        let directory = tempfile::tempdir()?;
        let Bench {
            router,
            demarc,
            patience,
        } = self;
        let scenario =
            Scenario::start(router, demarc, directory.path(), setup, feeds, patience).await?;
        Ok((scenario, directory))
    }

    async fn routes(self, count: u32, name: &str) -> anyhow::Result<Figures> {
        let setup = Setup {
            neighbors: 2,
            announce: Announce::ToAll,
        };
        let feeds = |number| if number == 0 { count } else { 0 };
        let (mut scenario, _directory) = self.start(setup, &feeds).await?;
        let mut figures = Figures::new();
        let up = scenario.connect().await;
        figures.push((format!("{name}: sessions up"), self.figure(up)));
        let arrived = scenario.reach(Phase::Feed, [(1, count)]).await;
        figures.push((
            format!("{name}: all at the other neighbor"),
            self.figure(arrived),
        ));
        let usage = scenario.usage();
        figures.push((format!("{name}: CPU"), Figure::Seconds(usage.cpu)));
        figures.push((
            format!("{name}: resident memory"),
            Figure::Mebibytes(usage.resident_mib),
        ));
        figures.push((
            format!("{name}: peak memory"),
            Figure::Mebibytes(usage.peak_mib),
        ));
        if arrived.is_some() {
            let gone = scenario.reach(Phase::Withdraw, [(1, 0)]).await;
            figures.push((format!("{name}: all withdrawn"), self.figure(gone)));
        }
        Ok(figures)
    }

    async fn burst(self, feeders: usize, name: &str) -> anyhow::Result<Figures> {
        let setup = Setup {
            neighbors: feeders + 1,
            announce: Announce::ToLast,
        };
        let feeds = |number| if number < feeders { 100 } else { 0 };
        let total = 100 * u32::try_from(feeders)?;
        let (mut scenario, _directory) = self.start(setup, &feeds).await?;
        let mut figures = Figures::new();
        let up = scenario.connect().await;
        figures.push((format!("{name} at once: all established"), self.figure(up)));
        if up.is_some() {
            let arrived = scenario.reach(Phase::Feed, [(feeders, total)]).await;
            figures.push((
                format!("{name}: all routes at the collector"),
                self.figure(arrived),
            ));
        }
        let usage = scenario.usage();
        figures.push((format!("{name}: CPU"), Figure::Seconds(usage.cpu)));
        figures.push((
            format!("{name}: peak memory"),
            Figure::Mebibytes(usage.peak_mib),
        ));
        Ok(figures)
    }

    async fn mesh(self, neighbors: usize, name: &str) -> anyhow::Result<Figures> {
        let setup = Setup {
            neighbors,
            announce: Announce::ToAll,
        };
        let (mut scenario, _directory) = self.start(setup, &|_| 100).await?;
        let mut figures = Figures::new();
        let up = scenario.connect().await;
        figures.push((format!("{name}: all established"), self.figure(up)));
        if up.is_none() {
            return Ok(figures);
        }
        let others = 100 * u32::try_from(neighbors - 1)?;
        let arrived = scenario
            .reach(Phase::Feed, (0..neighbors).map(|number| (number, others)))
            .await;
        figures.push((
            format!("{name}: every route everywhere"),
            self.figure(arrived),
        ));
        let usage = scenario.usage();
        figures.push((format!("{name}: CPU"), Figure::Seconds(usage.cpu)));
        figures.push((
            format!("{name}: peak memory"),
            Figure::Mebibytes(usage.peak_mib),
        ));
        if arrived.is_some() {
            let lost = neighbors - 1;
            let left = (0..lost).map(|number| (number, others - 100));
            let gone = scenario.reach(Phase::Leave(lost), left).await;
            figures.push((
                format!("{name}: one lost, withdrawn at all others"),
                self.figure(gone),
            ));
        }
        Ok(figures)
    }

    async fn idle(self, neighbors: usize, name: &str) -> anyhow::Result<Figures> {
        const PERIOD: Duration = Duration::from_secs(60);
        let setup = Setup {
            neighbors,
            announce: Announce::ToLast,
        };
        let (mut scenario, _directory) = self.start(setup, &|_| 0).await?;
        let mut figures = Figures::new();
        if scenario.connect().await.is_none() {
            figures.push((
                format!("{name} idle: one core"),
                Figure::Late(self.patience),
            ));
            return Ok(figures);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let used = scenario.idle(PERIOD).await;
        let percent = 100.0 * used.as_secs_f64() / PERIOD.as_secs_f64();
        figures.push((format!("{name} idle: one core"), Figure::Percent(percent)));
        figures.push((
            format!("{name} idle: resident memory"),
            Figure::Mebibytes(scenario.usage().resident_mib),
        ));
        Ok(figures)
    }

    fn figure(self, time: Option<Duration>) -> Figure {
        time.map_or(Figure::Late(self.patience), Figure::Seconds)
    }
}
