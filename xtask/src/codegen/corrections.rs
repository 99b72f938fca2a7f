//! What the model does not say, kept as data beside it.

use crate::model::Model;
use crate::workspace;
use anyhow::{Context, Result, bail};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Corrections {
    /// Members whose values never appear in `Debug` output.
    pub(crate) secret_members: Vec<String>,
    /// Operations that change something although their names start like those of reads.
    pub(crate) writes_named_like_reads: Vec<String>,
    /// List shapes whose empty value stands for an absent optional member.
    pub(crate) empty_means_absent: Vec<String>,
}

impl Corrections {
    pub(crate) fn load() -> Result<Self> {
        let path = workspace::root().join("crates/demarc-api/model/corrections.json");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("parsing {}", path.display()))
    }

    /// A correction that names nothing in the model is a spelling mistake or out of date.
    pub(crate) fn check_against(&self, model: &Model) -> Result<()> {
        let has_member = |name: &str| model.shapes.values().any(|s| s.members.get(name).is_some());
        let unknown = (self.secret_members.iter().filter(|name| !has_member(name)))
            .chain(
                (self.writes_named_like_reads.iter())
                    .filter(|name| !model.operations.contains_key(*name)),
            )
            .chain(
                (self.empty_means_absent.iter()).filter(|name| !model.shapes.contains_key(*name)),
            )
            .next();
        match unknown {
            Some(name) => bail!("corrections.json names {name}, which the model does not have"),
            None => Ok(()),
        }
    }

    pub(crate) fn is_secret(&self, member: &str) -> bool {
        self.secret_members.iter().any(|name| name == member)
    }

    pub(crate) fn is_read_only(&self, operation: &str) -> bool {
        ["Describe", "Get", "List"]
            .iter()
            .any(|prefix| operation.starts_with(prefix))
            && !self
                .writes_named_like_reads
                .iter()
                .any(|name| name == operation)
    }

    pub(crate) fn empty_means_absent(&self, shape: &str) -> bool {
        self.empty_means_absent.iter().any(|name| name == shape)
    }
}
