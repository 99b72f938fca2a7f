//! Where state is kept.

use std::path::PathBuf;
use std::sync::Arc;

use demarc_auth::Secret;
use demarc_store::{
    Credentials, EmbeddedStore, EtcdConfig, EtcdStore, InvalidEtcdUrl, MemoryStore, OpenError,
    ReadError, SharedStore, TlsFileError, tls_from_files,
};

/// Where state is kept.
#[derive(Clone, Debug)]
pub enum StoreChoice {
    /// In memory: gone with the process.
    Ephemeral,
    /// In a directory of this machine.
    Directory(PathBuf),
    /// In an etcd cluster, shared with other processes.
    Etcd(Box<EtcdConfig>),
}

/// How to reach an etcd cluster, as it is written in options and files.
#[derive(Clone, Debug, Default)]
pub struct EtcdAddress {
    /// `etcd://HOST:PORT,HOST:PORT[/PREFIX]`, or `etcds://` for TLS.
    pub url: String,
    /// PEM certificates that members must be signed by. Turns TLS on.
    pub ca: Option<PathBuf>,
    /// Our own PEM certificate, if the members ask for one.
    pub certificate: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    pub user: Option<String>,
    pub password: Option<Secret>,
}

/// The store cannot be reached the way it is written down.
#[derive(Debug, thiserror::Error)]
pub enum StoreChoiceError {
    #[error(transparent)]
    Url(#[from] InvalidEtcdUrl),
    #[error(transparent)]
    File(#[from] TlsFileError),
    #[error(
        "an etcds:// store needs the certificates that its members are signed by: --etcd-ca FILE"
    )]
    NoAuthorities,
    #[error("a certificate for etcd needs its key, and --etcd-ca")]
    HalfCertificate,
    #[error("an etcd user needs a password, and a password a user")]
    HalfCredentials,
}

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenStoreError {
    #[error(transparent)]
    Directory(#[from] OpenError),
    #[error("{}", crate::service::with_causes(.0))]
    Etcd(#[from] ReadError),
}

impl EtcdAddress {
    /// Reads the files and puts everything together.
    ///
    /// # Errors
    /// [`StoreChoiceError`].
    pub fn choice(&self) -> Result<StoreChoice, StoreChoiceError> {
        let secure = self.url.strip_prefix("etcds://");
        let mut config: EtcdConfig = match secure {
            Some(rest) => format!("etcd://{rest}").parse()?,
            None => self.url.parse()?,
        };
        let own = match (&self.certificate, &self.key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate.as_path(), key.as_path())),
            _ => return Err(StoreChoiceError::HalfCertificate),
        };
        config.tls = match &self.ca {
            Some(authorities) => Some(tls_from_files(authorities, own)?),
            None if own.is_some() => return Err(StoreChoiceError::HalfCertificate),
            None if secure.is_some() => return Err(StoreChoiceError::NoAuthorities),
            None => None,
        };
        config.credentials = match (&self.user, &self.password) {
            (None, None) => None,
            (Some(user), Some(password)) => Some(Credentials {
                user: user.clone(),
                password: password.expose().to_owned(),
            }),
            _ => return Err(StoreChoiceError::HalfCredentials),
        };
        // Longer than an election, shorter than clients wait.
        config.patience = std::time::Duration::from_secs(5);
        Ok(StoreChoice::Etcd(Box::new(config)))
    }
}

impl StoreChoice {
    /// Opens the store, or makes an empty one where there is none.
    ///
    /// # Errors
    /// [`OpenStoreError`].
    pub async fn open(self) -> Result<SharedStore, OpenStoreError> {
        Ok(match self {
            Self::Ephemeral => Arc::new(MemoryStore::new()),
            Self::Directory(path) => Arc::new(EmbeddedStore::open(path)?),
            Self::Etcd(config) => Arc::new(EtcdStore::connect(&config).await?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> EtcdAddress {
        EtcdAddress {
            url: url.to_owned(),
            ..EtcdAddress::default()
        }
    }

    #[test]
    fn an_address_becomes_a_choice() {
        let mut address = address("etcd://a:1,b/lab");
        address.user = Some("demarc".to_owned());
        address.password = Some(Secret::new("secret"));
        let StoreChoice::Etcd(config) = address.choice().unwrap() else {
            panic!("another store");
        };
        assert_eq!((config.endpoints.len(), config.prefix.as_str()), (2, "lab"));
        assert!(config.tls.is_none());
        assert_eq!(config.credentials.unwrap().user, "demarc");
    }

    #[test]
    fn what_is_half_said_is_refused() {
        let mut no_key = address("etcd://a");
        no_key.certificate = Some("c.pem".into());
        let mut no_authorities = no_key.clone();
        no_authorities.key = Some("k.pem".into());
        let mut no_password = address("etcd://a");
        no_password.user = Some("demarc".to_owned());
        for (address, text) in [
            (address("http://a"), "is not an etcd store"),
            (address("etcds://a"), "--etcd-ca"),
            (no_key, "needs its key"),
            (no_authorities, "--etcd-ca"),
            (no_password, "password"),
        ] {
            let error = address.choice().unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
