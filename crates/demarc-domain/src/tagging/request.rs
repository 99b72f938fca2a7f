//! Requests, as they stand in the bodies of calls.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::TaggingError;

/// A call of the API that is served here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaggingOperation {
    GetResources,
    GetTagKeys,
    GetTagValues,
    TagResources,
    UntagResources,
}

impl TaggingOperation {
    /// Every call, for tables.
    pub const ALL: [Self; 5] = [
        Self::GetResources,
        Self::GetTagKeys,
        Self::GetTagValues,
        Self::TagResources,
        Self::UntagResources,
    ];

    /// The name in the target; the IAM action is `tag:` and this.
    pub fn name(self) -> &'static str {
        match self {
            Self::GetResources => "GetResources",
            Self::GetTagKeys => "GetTagKeys",
            Self::GetTagValues => "GetTagValues",
            Self::TagResources => "TagResources",
            Self::UntagResources => "UntagResources",
        }
    }

    /// The call of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
    }

    pub fn is_read_only(self) -> bool {
        !matches!(self, Self::TagResources | Self::UntagResources)
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum TaggingRequest {
    GetResources(GetResources),
    GetTagKeys(GetTagKeys),
    GetTagValues(GetTagValues),
    TagResources(TagResources),
    UntagResources(UntagResources),
}

/// Which resources to list, with their tags: those named, or those that all filters take.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetResources {
    #[serde(rename = "ResourceARNList")]
    pub resource_arn_list: Option<Vec<String>>,
    pub resource_type_filters: Option<Vec<String>>,
    pub tag_filters: Option<Vec<TagFilter>>,
    pub resources_per_page: Option<i64>,
    pub tags_per_page: Option<i64>,
    pub pagination_token: Option<String>,
    pub exclude_compliant_resources: Option<bool>,
}

/// A tag with this key, and one of these values, or any.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagFilter {
    pub key: Option<String>,
    pub values: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTagKeys {
    pub pagination_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTagValues {
    pub key: Option<String>,
    pub pagination_token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResources {
    #[serde(rename = "ResourceARNList")]
    pub resource_arn_list: Option<Vec<String>>,
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagResources {
    #[serde(rename = "ResourceARNList")]
    pub resource_arn_list: Option<Vec<String>>,
    pub tag_keys: Option<Vec<String>>,
}

impl TaggingRequest {
    /// Reads the body of a call; no body is an empty one. Members that are not known are passed over.
    ///
    /// # Errors
    /// The body is not an object, or a member has the wrong type.
    pub fn decode(operation: TaggingOperation, body: &[u8]) -> Result<Self, serde_json::Error> {
        let body = if body.is_empty() { b"{}" } else { body };
        // An array would do for a structure, to serde but not to clients.
        serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(body)?;
        Ok(match operation {
            TaggingOperation::GetResources => Self::GetResources(serde_json::from_slice(body)?),
            TaggingOperation::GetTagKeys => Self::GetTagKeys(serde_json::from_slice(body)?),
            TaggingOperation::GetTagValues => Self::GetTagValues(serde_json::from_slice(body)?),
            TaggingOperation::TagResources => Self::TagResources(serde_json::from_slice(body)?),
            TaggingOperation::UntagResources => Self::UntagResources(serde_json::from_slice(body)?),
        })
    }

    pub fn operation(&self) -> TaggingOperation {
        match self {
            Self::GetResources(_) => TaggingOperation::GetResources,
            Self::GetTagKeys(_) => TaggingOperation::GetTagKeys,
            Self::GetTagValues(_) => TaggingOperation::GetTagValues,
            Self::TagResources(_) => TaggingOperation::TagResources,
            Self::UntagResources(_) => TaggingOperation::UntagResources,
        }
    }
}

/// The list of ARNs, with 1 to `most` of them.
pub(super) fn arns(given: Option<&Vec<String>>, most: usize) -> Result<&[String], TaggingError> {
    let arns = given.map(Vec::as_slice).unwrap_or_default();
    if arns.is_empty() || arns.len() > most {
        return Err(TaggingError::invalid(format!(
            "ResourceARNList must have 1 to {most} ARNs, not {}.",
            arns.len()
        )));
    }
    Ok(arns)
}
