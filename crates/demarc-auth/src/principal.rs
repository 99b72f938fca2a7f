//! Who a caller is.

use std::sync::Arc;

use demarc_types::{AccountId, Partition};

use crate::digest::sha256;
use crate::policy::PolicySet;

/// An identified caller.
#[derive(Clone, Debug)]
pub struct Principal {
    pub account: AccountId,
    pub identity: Identity,
    pub permissions: Permissions,
}

/// What a principal is within its account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// The account itself.
    Root,
    User {
        name: String,
    },
    /// A session of a role.
    AssumedRole {
        role: String,
        session: String,
    },
}

/// What a principal may do: every layer has to allow it. No layer at all is the account's administrator.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    layers: Vec<Layer>,
}

/// Policies that count together.
#[derive(Clone, Debug)]
pub struct Layer {
    pub kind: LayerKind,
    pub policies: Arc<PolicySet>,
}

/// Where policies come from; refusals say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// A user, a role or an access key.
    Identity,
    /// The `Policy` parameter of `AssumeRole`.
    Session,
}

impl Permissions {
    /// Everything within the account.
    pub fn administrator() -> Self {
        Self::default()
    }

    /// What `policies` allow; `None` allows everything.
    pub fn of(policies: Option<Arc<PolicySet>>) -> Self {
        let none = Self::administrator();
        match policies {
            Some(policies) => none.narrowed_by(LayerKind::Identity, policies),
            None => none,
        }
    }

    /// These permissions, narrowed by `policies`.
    #[must_use]
    pub fn narrowed_by(mut self, kind: LayerKind, policies: Arc<PolicySet>) -> Self {
        self.layers.push(Layer { kind, policies });
        self
    }

    /// Nothing is refused, so that tags and ARNs need not be looked up.
    pub fn is_administrator(&self) -> bool {
        self.layers.is_empty()
    }

    /// The layers that all have to allow an action.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }
}

impl Principal {
    /// The account as a whole, unrestricted.
    pub fn root(account: AccountId) -> Self {
        Self {
            account,
            identity: Identity::Root,
            permissions: Permissions::administrator(),
        }
    }

    /// `arn:aws:iam::111122223333:root`, `...:user/NAME` or
    /// `arn:aws:sts::111122223333:assumed-role/ROLE/SESSION`.
    pub fn arn(&self, partition: Partition) -> String {
        let (partition, account) = (partition.as_str(), self.account);
        match &self.identity {
            Identity::Root => format!("arn:{partition}:iam::{account}:root"),
            Identity::User { name } => format!("arn:{partition}:iam::{account}:user/{name}"),
            Identity::AssumedRole { role, session } => {
                format!("arn:{partition}:sts::{account}:assumed-role/{role}/{session}")
            }
        }
    }

    /// The unique id that `GetCallerIdentity` shows: the account, `AIDA...` of a user, or
    /// `AROA...:SESSION`. Derived from the names, so the same on every replica.
    pub fn user_id(&self) -> String {
        match &self.identity {
            Identity::Root => self.account.to_string(),
            Identity::User { name } => user_id(self.account, name),
            Identity::AssumedRole { role, session } => {
                format!("{}:{session}", role_id(self.account, role))
            }
        }
    }

    /// The name of the user, when it is one.
    pub fn user_name(&self) -> Option<&str> {
        match &self.identity {
            Identity::User { name } => Some(name),
            Identity::Root | Identity::AssumedRole { .. } => None,
        }
    }
}

/// The unique id of a user: `AIDA` and 17 characters.
pub fn user_id(account: AccountId, name: &str) -> String {
    unique_id("AIDA", account, name)
}

/// The unique id of a role: `AROA` and 17 characters.
pub fn role_id(account: AccountId, name: &str) -> String {
    unique_id("AROA", account, name)
}

fn unique_id(prefix: &str, account: AccountId, name: &str) -> String {
    let digest = sha256(format!("{prefix}/{account}/{name}").as_bytes());
    let mut id = prefix.to_owned();
    id.extend(base32(&digest).take(17));
    id
}

/// The bytes as characters of `A-Z2-7`, five bits of each byte: for ids, not for decoding.
pub(crate) fn base32(bytes: &[u8]) -> impl Iterator<Item = char> + '_ {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(identity: Identity) -> Principal {
        Principal {
            account: "111122223333".parse().unwrap(),
            identity,
            permissions: Permissions::administrator(),
        }
    }

    #[test]
    fn arns_have_their_kind_and_partition() {
        let root = principal(Identity::Root);
        assert_eq!(root.arn(Partition::Aws), "arn:aws:iam::111122223333:root");
        assert_eq!(root.user_id(), "111122223333");
        let user = principal(Identity::User {
            name: "alice".to_owned(),
        });
        assert_eq!(
            user.arn(Partition::AwsCn),
            "arn:aws-cn:iam::111122223333:user/alice"
        );
        assert!(user.user_id().starts_with("AIDA"));
        assert_eq!(user.user_id().len(), 21);
        let session = principal(Identity::AssumedRole {
            role: "operator".to_owned(),
            session: "night-shift".to_owned(),
        });
        assert_eq!(
            session.arn(Partition::AwsUsGov),
            "arn:aws-us-gov:sts::111122223333:assumed-role/operator/night-shift"
        );
        assert!(session.user_id().ends_with(":night-shift"));
    }

    #[test]
    fn unique_ids_differ_between_accounts_and_names() {
        let first = "111122223333".parse().unwrap();
        let second = "444455556666".parse().unwrap();
        assert_ne!(user_id(first, "alice"), user_id(second, "alice"));
        assert_ne!(user_id(first, "alice"), user_id(first, "bob"));
    }
}
