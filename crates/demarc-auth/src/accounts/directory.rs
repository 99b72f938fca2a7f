//! The checked directory of accounts and principals.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use demarc_types::AccountId;

use super::config::{AccessKeyConfig, AccountConfig, Partner, PolicyDocument, RoleConfig};
use crate::policy::{InvalidPolicy, PolicySet};
use crate::principal::{Identity, LayerKind, Permissions, Principal};
use crate::secret::Secret;

/// Everybody who may call.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    accounts: BTreeMap<AccountId, Account>,
    keys: HashMap<String, AccessKey>,
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    pub name: String,
    pub partner: Partner,
    roles: BTreeMap<String, Role>,
}

/// A permanent access key.
#[derive(Clone, Debug)]
pub struct AccessKey {
    pub secret: Secret,
    pub principal: Arc<Principal>,
}

/// A role that others can assume.
#[derive(Clone, Debug)]
pub struct Role {
    /// Account ids and ARNs.
    pub trust: Vec<String>,
    /// What a caller has to give as `ExternalId`.
    pub external_id: Option<String>,
    pub permissions: Permissions,
    /// The longest session in seconds.
    pub max_session: i64,
}

/// The configuration of the accounts does not make sense. Each names the key and its value, and says
/// what is wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccounts {
    #[error("{key}: `{value}` {problem}; {remedy}")]
    Value {
        key: String,
        value: String,
        problem: &'static str,
        remedy: &'static str,
    },
    #[error("{key}: the policy cannot be used: {source}; correct the document")]
    Policy {
        key: String,
        #[source]
        source: InvalidPolicy,
    },
}

impl InvalidAccounts {
    fn value(
        key: impl Into<String>,
        value: &str,
        problem: &'static str,
        remedy: &'static str,
    ) -> Self {
        Self::Value {
            key: key.into(),
            value: value.chars().take(128).collect(),
            problem,
            remedy,
        }
    }
}

impl Directory {
    /// Checks the `[[account]]` tables and builds the directory.
    ///
    /// # Errors
    /// The first fault, with the path of the key such as `account[0].access_key[1].user`.
    pub fn new(accounts: &[AccountConfig]) -> Result<Self, InvalidAccounts> {
        let mut directory = Self::default();
        for (place, account) in accounts.iter().enumerate() {
            directory.add(account, &format!("account[{place}]"))?;
        }
        Ok(directory)
    }

    /// No account is configured: the open development mode is possible.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// All accounts, by number.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &Account)> {
        self.accounts.iter().map(|(id, account)| (*id, account))
    }

    /// The account with this number.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// The access key with this id.
    pub fn access_key(&self, id: &str) -> Option<&AccessKey> {
        self.keys.get(id)
    }

    /// The access keys of an account, in no order.
    pub fn access_keys(&self, account: AccountId) -> impl Iterator<Item = (&str, &AccessKey)> {
        self.keys
            .iter()
            .filter(move |(_, key)| key.principal.account == account)
            .map(|(id, key)| (id.as_str(), key))
    }

    /// A role of an account.
    pub fn role(&self, account: AccountId, name: &str) -> Option<&Role> {
        self.accounts.get(&account)?.roles.get(name)
    }

    /// The roles of an account, by name.
    pub fn roles(&self, account: AccountId) -> impl Iterator<Item = (&str, &Role)> {
        self.accounts
            .get(&account)
            .into_iter()
            .flat_map(|account| &account.roles)
            .map(|(name, role)| (name.as_str(), role))
    }

    fn add(&mut self, config: &AccountConfig, at: &str) -> Result<(), InvalidAccounts> {
        let id: AccountId = config.id.parse().map_err(|_| {
            InvalidAccounts::value(
                format!("{at}.id"),
                &config.id,
                "is not an account id",
                "give 12 digits in quotes",
            )
        })?;
        if self.accounts.contains_key(&id) {
            return Err(InvalidAccounts::value(
                format!("{at}.id"),
                &config.id,
                "is configured twice",
                "give each account one [[account]] table",
            ));
        }
        let users = users(config, at)?;
        for (place, key) in config.access_keys.iter().enumerate() {
            self.add_key(id, key, &users, &format!("{at}.access_key[{place}]"))?;
        }
        let account = Account {
            name: config.name.clone(),
            partner: config.partner,
            roles: roles(config, at)?,
        };
        self.accounts.insert(id, account);
        Ok(())
    }

    fn add_key(
        &mut self,
        account: AccountId,
        config: &AccessKeyConfig,
        users: &BTreeMap<&str, Option<Arc<PolicySet>>>,
        at: &str,
    ) -> Result<(), InvalidAccounts> {
        check_key_id(&config.id, &format!("{at}.id"))?;
        if self.keys.contains_key(&config.id) {
            return Err(InvalidAccounts::value(
                format!("{at}.id"),
                &config.id,
                "is configured twice",
                "give each access key once, in one account",
            ));
        }
        if config.secret.expose().is_empty() {
            return Err(InvalidAccounts::value(
                format!("{at}.secret"),
                "",
                "is empty",
                "give the secret access key",
            ));
        }
        let (identity, mut permissions) = match &config.user {
            None => (Identity::Root, Permissions::administrator()),
            Some(name) => {
                let policies = users.get(name.as_str()).ok_or_else(|| {
                    InvalidAccounts::value(
                        format!("{at}.user"),
                        name,
                        "is not a user of this account",
                        "add an [[account.user]] with this name",
                    )
                })?;
                let identity = Identity::User { name: name.clone() };
                (identity, Permissions::of(policies.clone()))
            }
        };
        if let Some(policies) = policy_set(config.policies.as_deref(), at)? {
            permissions = permissions.narrowed_by(LayerKind::Identity, policies);
        }
        let principal = Arc::new(Principal {
            account,
            identity,
            permissions,
        });
        let secret = config.secret.clone();
        self.keys
            .insert(config.id.clone(), AccessKey { secret, principal });
        Ok(())
    }
}

fn users<'a>(
    config: &'a AccountConfig,
    at: &str,
) -> Result<BTreeMap<&'a str, Option<Arc<PolicySet>>>, InvalidAccounts> {
    let mut users = BTreeMap::new();
    for (place, user) in config.users.iter().enumerate() {
        let at = format!("{at}.user[{place}]");
        check_name(&user.name, &format!("{at}.name"))?;
        let policies = policy_set(user.policies.as_deref(), &at)?;
        if users.insert(user.name.as_str(), policies).is_some() {
            return Err(name_twice(&at, &user.name));
        }
    }
    Ok(users)
}

fn roles(config: &AccountConfig, at: &str) -> Result<BTreeMap<String, Role>, InvalidAccounts> {
    let mut roles = BTreeMap::new();
    for (place, config) in config.roles.iter().enumerate() {
        let at = format!("{at}.role[{place}]");
        check_name(&config.name, &format!("{at}.name"))?;
        let role = role(config, &at)?;
        if roles.insert(config.name.clone(), role).is_some() {
            return Err(name_twice(&at, &config.name));
        }
    }
    Ok(roles)
}

fn role(config: &RoleConfig, at: &str) -> Result<Role, InvalidAccounts> {
    for (place, trusted) in config.trust.iter().enumerate() {
        if trusted.parse::<AccountId>().is_err() && !is_principal_arn(trusted) {
            return Err(InvalidAccounts::value(
                format!("{at}.trust[{place}]"),
                trusted,
                "names nobody",
                "give an account id or the ARN of a root, user, role or assumed role",
            ));
        }
    }
    if let Some(external_id) = &config.external_id
        && !is_external_id(external_id)
    {
        return Err(InvalidAccounts::value(
            format!("{at}.external_id"),
            external_id,
            "is not valid",
            "give 2 to 1224 letters, digits and +=,.@:/-_",
        ));
    }
    if !(3600..=43_200).contains(&config.max_session) {
        return Err(InvalidAccounts::value(
            format!("{at}.max_session"),
            &config.max_session.to_string(),
            "is out of range",
            "give 3600 to 43200 seconds",
        ));
    }
    Ok(Role {
        trust: config.trust.clone(),
        external_id: config.external_id.clone(),
        permissions: Permissions::of(policy_set(config.policies.as_deref(), at)?),
        max_session: config.max_session,
    })
}

/// As STS takes it in `AssumeRole`.
pub(crate) fn is_external_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
    (2..=1_224).contains(&text.len()) && text.bytes().all(allowed)
}

/// `arn:PARTITION:iam::ACCOUNT:root`, `:user/NAME`, `:role/NAME`, or
/// `arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
fn is_principal_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [
        "arn",
        "aws" | "aws-cn" | "aws-us-gov",
        service,
        "",
        account,
        resource,
    ] = parts[..]
    else {
        return false;
    };
    let kind_fits = match (service, resource.split_once('/')) {
        ("iam", None) => resource == "root",
        ("iam", Some(("user" | "role", name))) => !name.is_empty(),
        ("sts", Some(("assumed-role", names))) => names.contains('/'),
        _ => false,
    };
    kind_fits && account.parse::<AccountId>().is_ok()
}

fn policy_set(
    documents: Option<&[PolicyDocument]>,
    at: &str,
) -> Result<Option<Arc<PolicySet>>, InvalidAccounts> {
    let Some(documents) = documents else {
        return Ok(None);
    };
    let mut set = PolicySet::default();
    for (place, document) in documents.iter().enumerate() {
        let added = match document {
            PolicyDocument::Text(text) => set.push_json(text),
            PolicyDocument::Table(table) => set.push(serde_json::Value::Object(table.clone())),
        };
        added.map_err(|source| InvalidAccounts::Policy {
            key: format!("{at}.policies[{place}]"),
            source,
        })?;
    }
    Ok(Some(Arc::new(set)))
}

fn name_twice(at: &str, name: &str) -> InvalidAccounts {
    InvalidAccounts::value(
        format!("{at}.name"),
        name,
        "is configured twice in this account",
        "give each name once",
    )
}

/// `ASIA` begins the ids of temporary credentials.
fn check_key_id(id: &str, at: &str) -> Result<(), InvalidAccounts> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let good = (1..=128).contains(&id.len()) && id.bytes().all(word) && !id.starts_with("ASIA");
    if good {
        return Ok(());
    }
    Err(InvalidAccounts::value(
        at,
        id,
        "is not an access key id",
        "give 1 to 128 letters, digits and _, not beginning with ASIA",
    ))
}

/// IAM's rule for the names of users and roles.
fn check_name(name: &str, at: &str) -> Result<(), InvalidAccounts> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(InvalidAccounts::value(
        at,
        name,
        "is not a name",
        "give 1 to 64 letters, digits and +=,.@_-",
    ))
}
