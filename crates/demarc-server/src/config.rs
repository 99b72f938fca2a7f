//! The configuration file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use demarc_auth::{AccountConfig, Directory, InvalidAccounts, Partner, Secret};
use demarc_domain::Settings;
use demarc_domain::settings::{Account, Accounts, PartnerType};
use demarc_types::Region;
use serde::Deserialize;

use crate::duration::HumanDuration;
use crate::edge::EdgeConfig;
use crate::fabric::FabricConfig;

/// Everything that a configuration file may say. Unknown names are refused, so that a typing error is
/// found at the start and not in production. Reference: docs/configuration.md.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: ServerConfig,
    pub throttle: Option<ThrottleConfig>,
    /// Rules, quotas and the operator's name.
    pub rules: Settings,
    pub account: Vec<AccountConfig>,
    pub fabric: FabricConfig,
    /// Edges that may come, with their tokens.
    pub edge: Vec<EdgeConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    pub listen: Option<String>,
    pub data: Option<PathBuf>,
    /// An etcd cluster shared with other processes, instead of `data`: `etcd://HOST:PORT,HOST:PORT[/PREFIX]`.
    pub store: Option<String>,
    pub etcd_ca: Option<PathBuf>,
    pub etcd_cert: Option<PathBuf>,
    pub etcd_key: Option<PathBuf>,
    pub etcd_user: Option<String>,
    pub etcd_password: Option<Secret>,
    /// Reads do not ask the store for the head: they may miss what other processes just wrote.
    pub stale_reads: bool,
    pub settle: Option<HumanDuration>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// Regions that are served; any when empty.
    pub regions: Vec<Region>,
    /// What the operator API asks for as a bearer token. Needed as soon as accounts are configured.
    pub operator_token: Option<Secret>,
    /// Requests handled at a time; more are answered with 503.
    pub concurrency: usize,
    /// Connections held at a time; more are turned away with 503.
    pub connections: usize,
    /// The longest that the headers of a request may take to arrive.
    pub header_timeout: HumanDuration,
    /// The longest that a request may take, arriving and being answered.
    pub request_timeout: HumanDuration,
    /// The largest request body in bytes.
    pub body_limit: usize,
    /// What temporary credentials are sealed with; random at each start when absent, so that they end
    /// with the process.
    pub session_key: Option<Secret>,
    /// Audit records are appended to this file, one JSON document a line.
    pub audit_log: Option<PathBuf>,
    /// Audit records kept for the operator API. 1000 in the open development mode, else none.
    pub audit_ring: Option<usize>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: None,
            data: None,
            store: None,
            etcd_ca: None,
            etcd_cert: None,
            etcd_key: None,
            etcd_user: None,
            etcd_password: None,
            stale_reads: false,
            settle: None,
            tls_cert: None,
            tls_key: None,
            regions: Vec::new(),
            operator_token: None,
            concurrency: 1_024,
            connections: 10_000,
            header_timeout: HumanDuration(demarc_types::Span::from_secs(15)),
            request_timeout: HumanDuration(demarc_types::Span::from_secs(30)),
            body_limit: 1 << 20,
            session_key: None,
            audit_log: None,
            audit_ring: None,
        }
    }
}

/// Calls per account.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThrottleConfig {
    /// Calls a second that are let through in the long run.
    pub rate: f64,
    /// Calls that may come at once.
    pub burst: f64,
}

impl Default for ThrottleConfig {
    fn default() -> Self {
        Self {
            rate: 10.0,
            burst: 20.0,
        }
    }
}

const MOST_CONNECTIONS: usize = 1_000_000;
const MOST_RECORDS: usize = 1_000_000;

/// What `agreementName` may hold, in characters.
const AGREEMENT_NAME: usize = 100;

/// What is wrong with the names of agreements: `agreementName` has to be able to tell each.
fn unsignable(names: &[String]) -> Option<String> {
    let mut seen = BTreeSet::new();
    names.iter().find_map(|name| {
        let length = name.chars().count();
        if length == 0 {
            Some("a list with an empty name".to_owned())
        } else if length > AGREEMENT_NAME {
            Some(format!("a list with a name of {length} characters"))
        } else if !seen.insert(name) {
            Some(format!("a list with {name:?} twice"))
        } else {
            None
        }
    })
}

fn is_empty(secret: Option<&Secret>) -> bool {
    secret.is_some_and(|secret| secret.expose().is_empty())
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read configuration file {path}: {source}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("configuration file {path}: {message}")]
    Parse { path: PathBuf, message: String },
    #[error("configuration: {0}")]
    Accounts(#[from] InvalidAccounts),
    #[error("configuration: `{name}` is {value}, but {rule}")]
    Value {
        name: &'static str,
        value: String,
        rule: &'static str,
    },
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`], one line that names file, place and value.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| ConfigError::Parse {
            path: path.to_owned(),
            message: one_line(text, &error),
        })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let server = &self.server;
        let throttle = self.throttle.unwrap_or_default();
        let unsignable = unsignable(&self.rules.agreements);
        let rules = [
            (
                "rules.agreements",
                unsignable.clone().unwrap_or_default(),
                unsignable.is_none(),
                "each needs a name of its own of 1 to 100 characters",
            ),
            (
                "server.concurrency",
                server.concurrency.to_string(),
                server.concurrency > 0,
                "at least one request has to be handled",
            ),
            (
                "server.connections",
                server.connections.to_string(),
                (1..=MOST_CONNECTIONS).contains(&server.connections),
                "1 to 1000000 connections can be held",
            ),
            (
                "server.request_timeout",
                format!("{} ms", server.request_timeout.0.millis()),
                server.request_timeout.0.millis() > 0,
                "requests need some time",
            ),
            (
                "server.header_timeout",
                format!("{} ms", server.header_timeout.0.millis()),
                server.header_timeout.0.millis() > 0,
                "requests need some time",
            ),
            (
                "server.body_limit",
                server.body_limit.to_string(),
                server.body_limit > 0,
                "requests have bodies",
            ),
            (
                "server.audit_ring",
                server.audit_ring.unwrap_or(0).to_string(),
                server.audit_ring.unwrap_or(0) <= MOST_RECORDS,
                "at most 1000000 records can be kept in memory",
            ),
            (
                "server.operator_token",
                "empty".to_owned(),
                !is_empty(server.operator_token.as_ref()),
                "everybody knows that one",
            ),
            (
                "server.session_key",
                "empty".to_owned(),
                !is_empty(server.session_key.as_ref()),
                "everybody knows that one",
            ),
            (
                "throttle.rate",
                throttle.rate.to_string(),
                throttle.rate.is_finite() && throttle.rate > 0.0,
                "it has to be above 0",
            ),
            (
                "throttle.burst",
                throttle.burst.to_string(),
                throttle.burst.is_finite() && throttle.burst >= 1.0,
                "at least one call has to be let through",
            ),
        ];
        match rules.into_iter().find(|(_, _, good, _)| !good) {
            None => Ok(()),
            Some((name, value, _, rule)) => Err(ConfigError::Value { name, value, rule }),
        }
    }

    /// The accounts, if any are configured.
    ///
    /// # Errors
    /// [`ConfigError::Accounts`].
    pub fn directory(&self) -> Result<Option<Directory>, ConfigError> {
        let directory = Directory::new(&self.account)?;
        Ok((!directory.is_empty()).then_some(directory))
    }
}

impl Config {
    /// The rules with everything that they have to know.
    ///
    /// # Errors
    /// [`ConfigError::Accounts`].
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        let mut settings = self.rules.clone();
        if let Some(settle) = self.server.settle {
            settings.settle = settle.0;
        }
        settings.accounts = accounts_of(self.directory()?.as_ref());
        settings.regions.clone_from(&self.server.regions);
        Ok(settings)
    }
}

/// What the rules have to know of the accounts.
fn accounts_of(directory: Option<&Directory>) -> Accounts {
    let Some(directory) = directory else {
        return Accounts::Anyone;
    };
    let listed: BTreeMap<_, _> = directory
        .accounts()
        .map(|(id, account)| {
            let partner = match account.partner {
                Partner::None => PartnerType::NonPartner,
                Partner::V1 => PartnerType::V1,
                Partner::V2 => PartnerType::V2,
            };
            (
                id,
                Account {
                    name: account.name.clone(),
                    partner,
                },
            )
        })
        .collect();
    Accounts::Listed(listed)
}

/// The error and where it is, on one line, with the key of that line if the error does not say it.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().lines().collect::<Vec<_>>().join(" ");
    let message = in_words(message);
    let Some(span) = error.span() else {
        return message;
    };
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count();
    let key = text.lines().nth(line).and_then(|line| line.split_once('='));
    let key = key.map(|(key, _)| key.trim()).unwrap_or_default();
    let known = key.is_empty() || message.contains(&format!("`{key}`"));
    let key = if known {
        String::new()
    } else {
        format!(" `{key}`:")
    };
    format!("line {}:{key} {message}", line + 1)
}

/// The message with words for people in the place of the names of Rust's types.
fn in_words(message: String) -> String {
    const WHOLE: &str = "expected a whole number from 0 on";
    let Some((said, kind)) = message.rsplit_once("expected ") else {
        return message;
    };
    let words = match kind {
        "usize" | "u64" | "u32" | "u16" => WHOLE,
        "i64" => "expected a whole number",
        "f64" => "expected a number",
        "a sequence" => "expected a list",
        _ => return message,
    };
    format!("{}{words}", said.replace(" as i128", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::parse(Path::new("demarc.toml"), text)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn an_unknown_name_is_refused_with_its_line() {
        let message = error("[server]\nlisten = \"127.0.0.1:4580\"\nlissten = 1\n");
        assert!(
            message.contains("line 3") && message.contains("lissten"),
            "{message}"
        );
        assert!(!message.contains('\n'), "{message}");
    }

    /// ConfirmCustomerAgreement has to be able to name each.
    #[test]
    fn agreements_that_nobody_can_sign_are_refused() {
        let long = "x".repeat(101);
        for (names, said) in [
            ("[\"\"]", "an empty name".to_owned()),
            (
                &format!("[\"{long}\"]"),
                "a name of 101 characters".to_owned(),
            ),
            ("[\"a\", \"b\", \"a\"]", "\"a\" twice".to_owned()),
        ] {
            let message = error(&format!("[rules]\nagreements = {names}\n"));
            let said = format!("`rules.agreements` is a list with {said}, but each needs");
            assert!(message.contains(&said), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
        let longest = format!("[rules]\nagreements = [\"a\", \"{}\"]\n", &long[1..]);
        assert!(Config::parse(Path::new("demarc.toml"), &longest).is_ok());
    }

    #[test]
    fn the_rules_know_which_regions_are_served() {
        let text = "[server]\nregions = [\"eu-west-1\", \"site-7\"]\n";
        let config = Config::parse(Path::new("demarc.toml"), text).unwrap();
        let settings = config.settings().unwrap();
        let names: Vec<&str> = settings.regions.iter().map(Region::as_str).collect();
        assert_eq!(names, ["eu-west-1", "site-7"]);
    }

    #[test]
    fn a_bad_duration_is_named() {
        let message = error("[server]\nsettle = \"soon\"\n");
        assert!(
            message.contains("soon") && message.contains("line 2"),
            "{message}"
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_with_its_key() {
        for (text, said) in [
            (
                "[server]\nsettle = 5\n",
                "line 2: `settle`: invalid type: integer `5`",
            ),
            (
                "[throttle]\n\n rate = \"x\"\n",
                "line 3: `rate`: invalid type: string \"x\"",
            ),
            (
                "[rules.quotas]\nlags = -1\n",
                "line 2: `lags`: invalid value: integer `-1`, expected a whole number from 0 on",
            ),
            (
                "[server]\nbody_limit = 99999999999999999999\n",
                "integer `99999999999999999999`, expected a whole number from 0 on",
            ),
            (
                "[throttle]\nrate = \"x\"\n",
                "string \"x\", expected a number",
            ),
            (
                "[server]\nregions = \"us-east-1\"\n",
                "string \"us-east-1\", expected a list",
            ),
            (
                "[server]\noperator_token = 12345678\n",
                "line 2: `operator_token`: a secret has to be a text in quotes",
            ),
            (
                "[[account]]\nid = \"1\"\n[[account.user]]\nname = \"a\"\npolicies = [1]\n",
                "line 5: `policies`: a policy is a JSON document in quotes, or the same as a table",
            ),
            (
                "[server]\nsettel = \"1s\"\n",
                "line 2: unknown field `settel`",
            ),
            ("[server\n", "line 1: unclosed table"),
            (
                "[[account]]\nid = \"1\"\n[[account.access_key]]\nid = \"a\"\n",
                "missing field `secret`",
            ),
        ] {
            let message = error(text);
            assert!(message.contains(said), "{message}");
        }
    }

    #[test]
    fn the_documentations_example_is_a_configuration() {
        let page = include_str!("../../../docs/configuration.md");
        let (_, rest) = page.split_once("```toml\n").unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        let config = Config::parse(Path::new("configuration.md"), text).unwrap();
        let directory = config.directory().unwrap().unwrap();
        assert_eq!(directory.accounts().count(), 2);
        assert!(config.settings().is_ok());
    }

    /// The names that a table of the file may have, as the refusal of a wrong one lists them.
    fn names(table: &str) -> BTreeSet<String> {
        let message = error(&format!("[{table}]\nno_such_name = 1\n"));
        let (_, list) = message.split_once("expected").unwrap();
        list.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_documentation_names_every_key_of_every_table() {
        let page = include_str!("../../../docs/configuration.md");
        for table in [
            "server",
            "throttle",
            "rules",
            "rules.operator",
            "rules.quotas",
        ] {
            for name in names(table) {
                let is_table = ["operator", "quotas"].contains(&name.as_str());
                let written = if is_table {
                    format!("`[rules.{name}]`")
                } else {
                    format!("`{name}`")
                };
                assert!(page.contains(&written), "{table}: {name}");
            }
        }
    }

    #[test]
    fn the_documented_quotas_are_the_defaults() {
        let page = include_str!("../../../docs/configuration.md");
        let (_, rest) = page.split_once("`[rules.quotas]`").unwrap();
        let (list, _) = rest.split_once("\n").unwrap();
        let known = names("rules.quotas");
        let mut text = "[rules.quotas]\n".to_owned();
        let mut pieces = list.split('`').skip(1);
        let mut documented = BTreeSet::new();
        while let (Some(name), Some(after)) = (pieces.next(), pieces.next()) {
            let value: String = after
                .chars()
                .skip(1)
                .take_while(char::is_ascii_digit)
                .collect();
            text.push_str(&format!("{name} = {value}\n"));
            documented.insert(name.to_owned());
        }
        assert_eq!(documented, known);
        let config = Config::parse(Path::new("configuration.md"), &text).unwrap();
        assert_eq!(config.rules.quotas, Settings::default().quotas);
    }

    #[test]
    fn quotas_can_be_set_one_by_one() {
        let config = Config::parse(Path::new("x"), "[rules.quotas]\nlags = 3\n").unwrap();
        assert_eq!(config.rules.quotas.lags, 3);
        assert_eq!(
            config.rules.quotas.gateways,
            Settings::default().quotas.gateways
        );
    }

    #[test]
    fn nonsense_numbers_are_refused() {
        assert!(error("[throttle]\nrate = 0.0\n").contains("throttle.rate"));
        for name in ["concurrency", "connections", "body_limit"] {
            let message = error(&format!("[server]\n{name} = 0\n"));
            assert!(message.contains(&format!("server.{name}")), "{message}");
        }
        for name in ["request_timeout", "header_timeout"] {
            let message = error(&format!("[server]\n{name} = \"0\"\n"));
            assert!(message.contains(&format!("server.{name}")), "{message}");
        }
    }

    #[test]
    fn an_empty_secret_is_no_secret() {
        for name in ["operator_token", "session_key"] {
            let message = error(&format!("[server]\n{name} = \"\"\n"));
            assert!(message.contains(&format!("server.{name}")), "{message}");
        }
    }
}
