//! The layer rule (ARCHITECTURE.md): a crate depends on crates of its own or a lower layer.

use crate::workspace;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use toml::Table;

/// Crates of one layer. Development crates see everything and are seen by none of the others.
const LAYERS: [(Layer, &[&str]); 5] = [
    (
        Layer::Pure,
        &[
            "demarc-types",
            "demarc-api",
            "demarc-documents",
            "demarc-domain",
            "demarc-auth",
            "demarc-bgp",
            "demarc-bfd",
            "demarc-lacp",
            "demarc-mka",
            "demarc-query",
        ],
    ),
    (Layer::Input, &["demarc-store", "demarc-linux"]),
    (
        Layer::Use,
        &["demarc-speaker", "demarc-control", "demarc-edge"],
    ),
    (Layer::Run, &["demarc-server", "demarc"]),
    (Layer::Development, &["demarc-bench", "demarc-interop"]),
];

/// Lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    /// No I/O, no clock, no threads.
    Pure,
    /// Disks, networks, the kernel.
    Input,
    /// What the service does with them.
    Use,
    /// The program.
    Run,
    /// Benchmarks and tests against other people's programs.
    Development,
}

fn layer(name: &str) -> Option<Layer> {
    let found = LAYERS.iter().find(|(_, crates)| crates.contains(&name));
    found.map(|&(layer, _)| layer)
}

/// The crates that the workspace has, sorted.
pub(crate) fn crates() -> Result<Vec<String>> {
    let mut names = Vec::new();
    let folder = workspace::root().join("crates");
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if workspace::has_crate(&name) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// What breaks the rule.
pub(crate) fn problems() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for name in crates()? {
        let folder = workspace::root().join("crates").join(&name);
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml"))?;
        let manifest: Table = manifest
            .parse()
            .with_context(|| format!("crates/{name}/Cargo.toml"))?;
        problems.extend(upward(&name, &dependencies(&manifest)));
        if layer(&name) == Some(Layer::Pure) {
            problems.extend(unguarded(&name, &folder.join("clippy.toml")));
        }
    }
    Ok(problems)
}

/// Dependencies of every kind and for every target.
fn dependencies(manifest: &Table) -> BTreeSet<String> {
    const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let targets = targets.into_iter().flat_map(Table::values);
    let tables = targets.filter_map(toml::Value::as_table).chain([manifest]);
    tables
        .flat_map(|table| KINDS.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flat_map(Table::keys)
        .cloned()
        .collect()
}

fn upward(name: &str, dependencies: &BTreeSet<String>) -> Vec<String> {
    let Some(own) = layer(name) else {
        return vec![format!(
            "crates/{name}: no layer; add it to xtask/src/layers.rs"
        )];
    };
    dependencies
        .iter()
        .filter_map(|dependency| Some((dependency, layer(dependency)?)))
        .filter(|&(_, other)| other > own)
        .map(|(dependency, other)| {
            format!("crates/{name} (layer {own:?}) depends on {dependency} (layer {other:?})")
        })
        .collect()
}

/// Pure crates forbid clocks and threads in a clippy.toml of their own.
fn unguarded(name: &str, path: &std::path::Path) -> Option<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let rules: Table = text.parse().unwrap_or_default();
    let disallowed = rules
        .get("disallowed-methods")
        .and_then(toml::Value::as_array);
    let forbids = |path: &str| {
        disallowed
            .into_iter()
            .flatten()
            .any(|entry| entry.as_str().or_else(|| entry.get("path")?.as_str()) == Some(path))
    };
    let wanted = [
        "std::time::Instant::now",
        "std::time::SystemTime::now",
        "std::thread::spawn",
    ];
    let missing: Vec<&str> = wanted.into_iter().filter(|path| !forbids(path)).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "crates/{name}/clippy.toml does not disallow {}",
            missing.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{dependencies, upward};

    #[test]
    fn dependencies_of_every_kind_and_target_count() {
        let manifest = "
            dependencies.a = '1'
            [dev-dependencies]
            b.workspace = true
            [target.'cfg(unix)'.dependencies]
            c = { path = 'x' }
        ";
        let found = dependencies(&manifest.parse().unwrap());
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn a_crate_may_look_sideways_and_down_but_not_up() {
        let on = |name: &str| [name.to_owned()].into();
        for (name, dependency, problems) in [
            ("demarc-domain", "demarc-types", 0),
            ("demarc-control", "demarc-store", 0),
            ("demarc-domain", "demarc-store", 1),
            ("demarc-edge", "demarc-server", 1),
            ("demarc", "demarc-bench", 1),
            ("demarc-bench", "demarc", 0),
            ("demarc-types", "serde", 0),
            ("demarc-unheard-of", "serde", 1),
        ] {
            assert_eq!(
                upward(name, &on(dependency)).len(),
                problems,
                "{name} on {dependency}"
            );
        }
    }
}
