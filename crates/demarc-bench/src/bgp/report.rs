//! Figures, and the table that shows them.

use std::fmt::{self, Write};
use std::time::Duration;

/// One number of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Figure {
    Seconds(Duration),
    Mebibytes(f64),
    Percent(f64),
    /// Given up after this time.
    Late(Duration),
}

impl Figure {
    fn value(self) -> f64 {
        match self {
            Self::Seconds(time) => time.as_secs_f64(),
            Self::Mebibytes(value) | Self::Percent(value) => value,
            Self::Late(_) => f64::INFINITY,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(time) => write!(f, "{:.3} s", time.as_secs_f64()),
            Self::Mebibytes(value) => write!(f, "{value:.0} MiB"),
            Self::Percent(value) => write!(f, "{value:.2} %"),
            Self::Late(patience) => write!(f, "not within {} s", patience.as_secs()),
        }
    }
}

/// The figures of each router, in the order of their first appearance.
type Cells = Vec<(String, Vec<Figure>)>;

/// All figures, in the order of their first appearance.
#[derive(Debug, Default)]
pub(super) struct Report {
    routers: Vec<String>,
    rows: Vec<(String, Cells)>,
    left_out: Vec<String>,
}

impl Report {
    pub(super) fn leave_out(&mut self, router: &str, reason: &str) {
        self.left_out.push(format!("{router}: {reason}"));
    }

    pub(super) fn add(&mut self, router: &str, figures: Vec<(String, Figure)>) {
        if !self.routers.iter().any(|known| known == router) {
            self.routers.push(router.to_owned());
        }
        for (name, figure) in figures {
            let cells = entry(&mut self.rows, name);
            entry(cells, router.to_owned()).push(figure);
        }
    }

    /// The best of each cell, the median behind it when there were several runs.
    pub(super) fn markdown(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        writeln!(text, "| What | {} |", self.routers.join(" | "))?;
        writeln!(text, "|---|{}", "---|".repeat(self.routers.len()))?;
        for (name, cells) in &self.rows {
            let shown = self.routers.iter().map(|router| {
                let found = cells.iter().find(|(known, _)| known == router);
                found.map_or_else(|| "-".to_owned(), |(_, figures)| cell(figures))
            });
            writeln!(
                text,
                "| {name} | {} |",
                shown.collect::<Vec<_>>().join(" | ")
            )?;
        }
        for line in &self.left_out {
            writeln!(text, "\nLeft out: {line}.")?;
        }
        Ok(text)
    }
}

fn entry<T: Default>(list: &mut Vec<(String, T)>, name: String) -> &mut T {
    let place = list
        .iter()
        .position(|(known, _)| *known == name)
        .unwrap_or(list.len());
    if place == list.len() {
        list.push((name, T::default()));
    }
    &mut list[place].1
}

fn cell(figures: &[Figure]) -> String {
    let mut sorted = figures.to_vec();
    sorted.sort_by(|a, b| a.value().total_cmp(&b.value()));
    match sorted[..] {
        [] => "-".to_owned(),
        [only] => only.to_string(),
        [best, ..] => format!("{best} ({})", sorted[sorted.len() / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_the_best_and_the_median_of_each_router() {
        let mut report = Report::default();
        for millis in [30, 10, 20] {
            let figure = Figure::Seconds(Duration::from_millis(millis));
            report.add("Demarc", vec![("time".into(), figure)]);
        }
        report.add("BIRD", vec![("memory".into(), Figure::Mebibytes(12.3))]);
        report.leave_out("FRR", "not installed");
        let expected = "| What | Demarc | BIRD |\n|---|---|---|\n\
            | time | 0.010 s (0.020 s) | - |\n| memory | - | 12 MiB |\n\nLeft out: FRR: not installed.\n";
        assert_eq!(report.markdown().unwrap(), expected);
    }
}
