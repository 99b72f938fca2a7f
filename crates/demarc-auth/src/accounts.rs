//! Accounts, access keys, users and roles: the `[[account]]` part of the configuration file.
//!
//! ```toml
//! [[account]]
//! id = "111122223333"
//! name = "carrier"
//! partner = "v2"
//!
//! [[account.access_key]]
//! id = "AKIAIOSFODNN7EXAMPLE"
//! secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
//! user = "alice"                        # without it the key is the account's own
//!
//! [[account.user]]
//! name = "alice"
//! policies = ['{"Statement":{"Effect":"Allow","Action":"directconnect:*","Resource":"*"}}']
//!
//! [[account.role]]
//! name = "operator"
//! trust = ["444455556666", "arn:aws:iam::111122223333:user/alice"]
//! ```
//!
//! Whoever has no `policies` is the account's administrator; `policies = []` allows nothing.

mod config;
mod directory;

pub use config::{AccessKeyConfig, AccountConfig, Partner, PolicyDocument, RoleConfig, UserConfig};
pub(crate) use directory::is_external_id;
pub use directory::{AccessKey, Account, Directory, InvalidAccounts, Role};

#[cfg(test)]
mod tests;
