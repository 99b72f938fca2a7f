//! Relative links in Markdown files lead to files, and their anchors to headings.

use crate::workspace;
use anyhow::Result;
use std::path::{Path, PathBuf};

pub(crate) fn problems(files: &[PathBuf]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for path in files.iter().filter(|path| is_markdown(path)) {
        let text = std::fs::read_to_string(workspace::root().join(path))?;
        for (number, link) in links(&text) {
            if let Some(problem) = broken(path, link) {
                problems.push(format!("{}:{number}: {link}: {problem}", path.display()));
            }
        }
    }
    Ok(problems)
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// Link targets with their line numbers; code is not searched.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        // Every second piece between back-quotes is code.
        for prose in line.split('`').step_by(2) {
            for rest in prose.split("](").skip(1) {
                let target = rest.split([')', ' ']).next().unwrap_or_default();
                links.push((number + 1, target));
            }
        }
    }
    links
}

fn broken(from: &Path, link: &str) -> Option<&'static str> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let root = workspace::root();
    let target = match file.strip_prefix('/') {
        _ if file.is_empty() => root.join(from),
        Some(from_root) => root.join(from_root),
        None => root
            .join(from.parent().unwrap_or_else(|| Path::new("")))
            .join(file),
    };
    if !target.exists() {
        return Some("no such file");
    }
    if anchor.is_empty() || !is_markdown(&target) {
        return None;
    }
    let text = std::fs::read_to_string(target).unwrap_or_default();
    (!anchors(&text).iter().any(|known| known == anchor)).then_some("no such heading")
}

/// The anchors that code hosts give to headings: lower case, spaces to hyphens, punctuation gone.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let words = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = words.chars().filter_map(|character| match character {
                ' ' => Some('-'),
                '-' | '_' => Some(character),
                _ => character.is_alphanumeric().then_some(character),
            });
            kept.collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{anchors, broken, links};
    use std::path::Path;

    #[test]
    fn links_are_found_outside_code() {
        let text = "[a](x.md) and [b](y.md#z \"title\")\n`[c](no)`\n```\n[d](no)\n```\n![e](p.png)";
        assert_eq!(links(text), [(1, "x.md"), (1, "y.md#z"), (6, "p.png")]);
    }

    #[test]
    fn targets_are_files_and_headings_of_the_tree() {
        let from = Path::new("xtask/Cargo.toml");
        for (link, expected) in [
            ("src/main.rs", None),
            ("../Cargo.toml", None),
            ("/Cargo.toml", None),
            ("https://example.net/x", None),
            ("src/none.rs", Some("no such file")),
        ] {
            assert_eq!(broken(from, link), expected, "{link}");
        }
    }

    #[test]
    fn anchors_are_those_of_code_hosts() {
        assert_eq!(
            anchors("# 8. Crates\ntext\n## The `World`, in short"),
            ["8-crates", "the-world-in-short"]
        );
    }
}
