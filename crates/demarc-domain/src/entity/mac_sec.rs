//! MACsec on a port or LAG.

use demarc_types::Timestamp;
use serde::{Deserialize, Serialize};

/// Mode, keys and what the fabric says of encryption. Source: spec/states §12.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacSec {
    #[serde(default)]
    pub mode: EncryptionMode,
    /// Oldest first; a key just associated is the last one, clients rely on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<MacSecKey>,
    /// Observed: a key is live with the far side.
    #[serde(default)]
    pub encrypted: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncryptionMode {
    NoEncrypt,
    /// Of a port ordered with MACsec, until changed.
    #[default]
    ShouldEncrypt,
    MustEncrypt,
}

impl EncryptionMode {
    pub const ALL: [Self; 3] = [Self::NoEncrypt, Self::ShouldEncrypt, Self::MustEncrypt];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoEncrypt => "no_encrypt",
            Self::ShouldEncrypt => "should_encrypt",
            Self::MustEncrypt => "must_encrypt",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// One connectivity association key; its secret half stays inside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacSecKey {
    pub secret_arn: String,
    /// 64 hexadecimal digits, in the case they were given. Absent where only a secret was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ckn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cak: Option<String>,
    pub state: MacSecKeyState,
    pub start_on: Timestamp,
}

impl std::fmt::Debug for MacSecKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("MacSecKey")
            .field("secret_arn", &self.secret_arn)
            .field("ckn", &self.ckn)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MacSecKeyState {
    /// Handed to the fabric, which has not answered.
    Associating,
    Associated,
}

impl MacSecKeyState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Associating => "associating",
            Self::Associated => "associated",
        }
    }
}
