//! Sums and counts read off `/metrics`.

/// How often, and how much in all, a histogram or counter was told.
pub(crate) fn value(text: &str, name: &str) -> f64 {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.rsplit_once(' '))
        .filter(|(key, _)| *key == name || key.starts_with(&format!("{name}{{")))
        .filter_map(|(_, value)| value.parse::<f64>().ok())
        .sum()
}
