//! Text that belongs in nobody's work tree: marks of unfinished work and paths of one machine.

use crate::workspace;
use anyhow::Result;
use std::path::PathBuf;

/// Text and why it must not stay. Written in two halves so that this file passes.
const LEFTOVERS: [(&str, &str, &str); 8] = [
    ("todo", "!(", "unfinished code"),
    ("unimplemented", "!(", "unfinished code"),
    ("dbg", "!(", "debugging output"),
    ("FIX", "ME", "an open end: give it an issue instead"),
    ("<<<", "<<<< ", "a merge conflict"),
    (">>>", ">>>> ", "a merge conflict"),
    ("/home", "/", "a path of one machine"),
    ("/wo", "rk/", "a path of one machine"),
];

/// Kinds of files that are read; the rest is data.
const TEXT: [&str; 12] = [
    "c", "h", "js", "json", "md", "py", "rs", "sh", "toml", "ts", "yaml", "yml",
];

pub(crate) fn problems(files: &[PathBuf]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for path in files {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_none_or(|extension| !TEXT.contains(&extension)) {
            continue;
        }
        let bytes = std::fs::read(workspace::root().join(path))?;
        let text = String::from_utf8_lossy(&bytes);
        for (number, line) in text.lines().enumerate() {
            if let Some((found, why)) = leftover(line) {
                let number = number + 1;
                problems.push(format!("{}:{number}: `{found}`: {why}", path.display()));
            }
        }
    }
    Ok(problems)
}

fn leftover(line: &str) -> Option<(String, &'static str)> {
    LEFTOVERS
        .iter()
        .map(|(left, right, why)| (format!("{left}{right}"), *why))
        .find(|(text, _)| contains_word(line, text))
}

/// Whether the text stands in the line, and not as the end of a longer word or path.
fn contains_word(line: &str, text: &str) -> bool {
    line.match_indices(text).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '.' && c != '}' && c != '-')
    })
}

#[cfg(test)]
mod tests {
    use super::leftover;

    #[test]
    fn leftovers_are_found_as_whole_words() {
        let found = |left: &str, right: &str| leftover(&format!("{left}{right}")).is_some();
        assert!(found("    todo", "!()"));
        assert!(found("see /wo", "rk/main"));
        assert!(found("// FIX", "ME later"));
        assert!(!found("git clone https://example.net/wo", "rk/main"));
        assert!(!found("network/wo", "rk/x"));
        assert!(!found("the work is", " done"));
    }
}
