//! Answers, as they stand in the bodies of answers.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a request is answered with. An empty `PaginationToken` says that there is no more.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "PascalCase")]
pub enum TaggingResponse {
    Resources {
        pagination_token: String,
        resource_tag_mapping_list: Vec<ResourceTagMapping>,
    },
    Keys {
        pagination_token: String,
        tag_keys: Vec<String>,
    },
    Values {
        pagination_token: String,
        tag_values: Vec<String>,
    },
    /// Of changes: what could not be changed, by its ARN.
    Changed {
        failed_resources_map: BTreeMap<String, Failure>,
    },
}

/// One resource and its tags.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResourceTagMapping {
    #[serde(rename = "ResourceARN")]
    pub resource_arn: String,
    #[serde(rename = "Tags")]
    pub tags: Vec<TaggingTag>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaggingTag {
    pub key: String,
    pub value: String,
}

/// Why one resource was not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Failure {
    pub status_code: u16,
    pub error_code: &'static str,
    pub error_message: String,
}

impl Failure {
    /// The resource, or what would become of it, is not as it should be.
    pub fn invalid(message: String) -> Self {
        Self {
            status_code: 400,
            error_code: "InvalidParameterException",
            error_message: message,
        }
    }

    /// The caller may not change this one.
    pub fn denied(message: String) -> Self {
        Self {
            status_code: 400,
            error_code: "AccessDeniedException",
            error_message: message,
        }
    }
}
