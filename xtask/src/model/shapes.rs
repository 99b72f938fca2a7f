//! The parts of a service model that the generator reads.
//!
//! Field names follow the botocore files, whose unknown members (all prose among them) are
//! dropped on reading; writing a [`Model`] back therefore gives the extract.

use super::ordered::Ordered;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Model {
    pub(crate) metadata: Metadata,
    /// By operation name, sorted.
    pub(crate) operations: BTreeMap<String, Operation>,
    /// By shape name, sorted.
    pub(crate) shapes: BTreeMap<String, Shape>,
    /// By operation name: what clients page through by themselves.
    #[serde(default)]
    pub(crate) pagination: BTreeMap<String, Paginator>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) api_version: String,
    pub(crate) json_version: String,
    pub(crate) service_id: String,
    pub(crate) target_prefix: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Operation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<Reference>,
    pub(crate) output: Reference,
    #[serde(default)]
    pub(crate) errors: Vec<Reference>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) deprecated: bool,
}

/// A use of a shape.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Reference {
    pub(crate) shape: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: ShapeKind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) required: Vec<String>,
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub(crate) members: Ordered<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<Reference>,
    #[serde(rename = "enum", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pattern: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) exception: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) deprecated: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ShapeKind {
    Structure,
    List,
    String,
    Integer,
    Long,
    Boolean,
    Timestamp,
    Blob,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Paginator {
    pub(crate) result_key: String,
}

impl Model {
    /// A shape by name; every reference of a checked model resolves.
    pub(crate) fn shape(&self, name: &str) -> &Shape {
        self.shapes
            .get(name)
            .unwrap_or_else(|| panic!("the model refers to {name} and does not define it"))
    }

    /// The shapes reachable from the inputs of all operations.
    pub(crate) fn input_shapes(&self) -> BTreeSet<&str> {
        self.closure(self.operations.values().filter_map(|o| o.input.as_ref()))
    }

    /// The shapes reachable from the outputs of all operations.
    pub(crate) fn output_shapes(&self) -> BTreeSet<&str> {
        self.closure(self.operations.values().map(|o| &o.output))
    }

    fn closure<'m>(&'m self, roots: impl Iterator<Item = &'m Reference>) -> BTreeSet<&'m str> {
        let mut waiting: Vec<&str> = roots.map(|root| root.shape.as_str()).collect();
        let mut reached = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            if reached.insert(name) {
                let shape = self.shape(name);
                let members = shape.members.iter().map(|(_, member)| member);
                waiting.extend(members.chain(&shape.member).map(|r| r.shape.as_str()));
            }
        }
        reached
    }
}

impl Shape {
    pub(crate) fn is_enumeration(&self) -> bool {
        !self.values.is_empty()
    }

    pub(crate) fn is_required(&self, member: &str) -> bool {
        self.required.iter().any(|name| name == member)
    }
}
