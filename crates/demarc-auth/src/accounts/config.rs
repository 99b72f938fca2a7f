//! The configuration as it is written; [`super::Directory`] checks it.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// One `[[account]]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// 12 digits.
    pub id: String,
    /// For people: logs and the console show it.
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub partner: Partner,
    #[serde(default, rename = "access_key")]
    pub access_keys: Vec<AccessKeyConfig>,
    #[serde(default, rename = "user")]
    pub users: Vec<UserConfig>,
    #[serde(default, rename = "role")]
    pub roles: Vec<RoleConfig>,
}

/// Which partner programme the account is in: what it may allocate to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Partner {
    #[default]
    None,
    V1,
    V2,
}

/// One `[[account.access_key]]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AccessKeyConfig {
    pub id: String,
    pub secret: Secret,
    /// The user it belongs to; without one it is the account's own key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Narrows what the key may do, beyond the user's policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<PolicyDocument>>,
}

/// One `[[account.user]]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UserConfig {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<PolicyDocument>>,
}

/// One `[[account.role]]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RoleConfig {
    pub name: String,
    /// Who may assume it: account ids, or ARNs of roots, users, roles and sessions.
    pub trust: Vec<String>,
    /// What a caller has to give as `ExternalId`, 2 to 1224 characters; `None` asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<PolicyDocument>>,
    /// The longest session in seconds, 3600 to 43200.
    #[serde(default = "one_hour")]
    pub max_session: i64,
}

fn one_hour() -> i64 {
    3600
}

/// An IAM policy: JSON in a string, or the same as a TOML table.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "a policy is a JSON document in quotes, or the same as a table"
)]
pub enum PolicyDocument {
    Text(String),
    Table(serde_json::Map<String, serde_json::Value>),
}
