//! The API model: what it holds, and how it is taken out of a botocore wheel.
//!
//! The extract keeps facts only (names, types, constraints, errors, paging) and drops every
//! sentence of documentation, so that it can be committed and reviewed when the API grows.

mod extract;
mod ordered;
mod shapes;

pub(crate) use extract::{Arguments, run};
pub(crate) use shapes::{Model, Shape, ShapeKind};

use anyhow::{Context, Result};
use std::path::PathBuf;

/// The committed extract.
pub(crate) fn path() -> PathBuf {
    crate::workspace::root().join("crates/demarc-api/model/directconnect-2012-10-25.json")
}

/// Reads the committed extract.
pub(crate) fn load() -> Result<Model> {
    let path = path();
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("parsing {}", path.display()))
}
