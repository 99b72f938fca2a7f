//! `cargo xtask check`: what must be true of the work tree and no compiler checks.

mod leftovers;
mod links;

use crate::{codegen, layers, workspace};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// Files longer than this are named, so that somebody looks for the seam.
const LONG: usize = 500;

pub(crate) fn run() -> Result<()> {
    let files = workspace::files()?;
    for (path, lines) in long_files(&files)? {
        println!("note: {} has {lines} lines", path.display());
    }
    let mut problems = layers::problems()?;
    problems.extend(undescribed_crates()?);
    problems.extend(
        (codegen::stale()?.into_iter())
            .map(|file| format!("{file}: not up to date, run `cargo xtask codegen`")),
    );
    problems.extend(links::problems(&files)?);
    problems.extend(leftovers::problems(&files)?);
    for problem in &problems {
        println!("error: {problem}");
    }
    match problems.len() {
        0 => {
            println!("check: {} files, no problem", files.len());
            Ok(())
        }
        1 => bail!("1 problem"),
        count => bail!("{count} problems"),
    }
}

/// Crates without their one line in the table of ARCHITECTURE.md, and lines without a crate.
fn undescribed_crates() -> Result<Vec<String>> {
    let path = workspace::root().join("ARCHITECTURE.md");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let crates = layers::crates()?;
    Ok(table_problems(&text, &crates))
}

/// Rows that describe a crate have three cells: layer, name, one line.
fn table_problems(text: &str, crates: &[String]) -> Vec<String> {
    let described: Vec<&str> = (text.lines())
        .filter_map(|line| line.strip_prefix('|'))
        .filter(|row| row.split('|').count() > 3)
        .filter_map(|row| row.split('|').nth(1))
        .filter_map(|cell| cell.trim().strip_prefix('`')?.strip_suffix('`'))
        .filter(|name| name.split('-').next() == Some("demarc"))
        .collect();
    let mut problems = Vec::new();
    for name in crates {
        let rows = described.iter().filter(|known| *known == name).count();
        if rows != 1 {
            problems.push(format!(
                "ARCHITECTURE.md has {rows} table rows for `{name}`, not one"
            ));
        }
    }
    for name in described {
        if !crates.iter().any(|known| known == name) {
            problems.push(format!(
                "ARCHITECTURE.md describes `{name}`, which is no crate"
            ));
        }
    }
    problems
}

/// Rust files past [`LONG`] lines, longest first; generated ones are nobody's to split.
fn long_files(files: &[PathBuf]) -> Result<Vec<(&Path, usize)>> {
    let mut long = Vec::new();
    for path in files {
        let generated = path
            .components()
            .any(|part| part.as_os_str() == "generated");
        if generated || path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let lines = std::fs::read_to_string(workspace::root().join(path))?
            .lines()
            .count();
        if lines > LONG {
            long.push((path.as_path(), lines));
        }
    }
    long.sort_by_key(|&(_, lines)| std::cmp::Reverse(lines));
    Ok(long)
}

#[cfg(test)]
mod tests {
    use super::table_problems;

    #[test]
    fn every_crate_has_one_row_and_every_row_a_crate() {
        let crates = ["demarc-a".to_owned(), "demarc-b".to_owned()];
        let good = "| Layer | Crate | One line |\n\
                    | 0 | `demarc-a` | ids |\n\
                    | 1 | `demarc-b` | uses `demarc-a` |\n\
                    | Where are ids? | `demarc-a` |\n";
        assert_eq!(table_problems(good, &crates), Vec::<String>::new());
        let bad = "| 0 | `demarc-a` | ids |\n| 0 | `demarc-a` | again |\n| 1 | `demarc-c` | x |\n";
        assert_eq!(table_problems(bad, &crates).len(), 3);
    }
}
