//! Tables of target, measurement and verdict, in Markdown.

use std::fmt::Write;

/// Rows as they were measured.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<[String; 3]>,
}

impl Table {
    pub(crate) fn row(&mut self, what: &str, target: &str, measured: impl Into<String>) {
        self.rows
            .push([what.to_owned(), target.to_owned(), measured.into()]);
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("| What | Target | Measured |\n|---|---|---|\n")?;
        for [what, target, measured] in &self.rows {
            writeln!(out, "| {what} | {target} | {measured} |")?;
        }
        out.write_char('\n')
    }
}
