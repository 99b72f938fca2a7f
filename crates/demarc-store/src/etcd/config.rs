//! Where the etcd cluster is and how to get in.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

const DEFAULT_PORT: u16 = 2379;
const DEFAULT_PREFIX: &str = "demarc";

/// One member's client address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A name or an address, IPv6 without brackets.
    pub host: String,
    /// The client port.
    pub port: u16,
}

/// An etcd cluster and the part of its key space that is ours.
#[derive(Debug, Clone)]
pub struct EtcdConfig {
    /// The members to talk to; any of them will do at any time.
    pub endpoints: Vec<Endpoint>,
    /// All keys start with `/PREFIX/`.
    pub prefix: String,
    /// Set to speak TLS with every member.
    pub tls: Option<Arc<ClientConfig>>,
    /// Set when the cluster has authentication enabled.
    pub credentials: Option<Credentials>,
    /// How long a call goes on trying other members before it gives up.
    pub patience: Duration,
}

/// An etcd user. The password does not show in debug output.
#[derive(Clone)]
pub struct Credentials {
    /// The name of the user.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A store address that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an etcd store: {reason}; write etcd://HOST:PORT,HOST:PORT[/PREFIX]")]
pub struct InvalidEtcdUrl {
    /// What was given, without a password.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A certificate or key file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsFileError {
    /// The file cannot be read.
    #[error("cannot read {}: {why}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: std::io::Error,
    },
    /// The file holds nothing of the kind.
    #[error("{} holds no readable {what} in PEM form", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What was expected in it.
        what: &'static str,
        /// The reason.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// The contents do not go together.
    #[error("{} cannot be used", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: rustls::Error,
    },
}

impl FromStr for EtcdConfig {
    type Err = InvalidEtcdUrl;

    /// Reads `etcd://HOST[:PORT],HOST[:PORT],…[/PREFIX]`; without TLS and credentials.
    fn from_str(text: &str) -> Result<Self, InvalidEtcdUrl> {
        let invalid = |reason| InvalidEtcdUrl {
            text: without_user(text),
            reason,
        };
        let rest = text.strip_prefix("etcd://");
        let rest = rest.ok_or_else(|| invalid("it does not start with etcd://"))?;
        if rest.contains('@') {
            return Err(invalid(
                "user and password do not stand in it, but in DEMARC_ETCD_USER and DEMARC_ETCD_PASSWORD",
            ));
        }
        let (hosts, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let endpoints = hosts.split(',').map(|host| endpoint(host).map_err(invalid));
        let prefix = match prefix.trim_matches('/') {
            "" => DEFAULT_PREFIX,
            prefix => prefix,
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
        if !prefix.bytes().all(plain) || prefix.contains("//") {
            return Err(invalid("a prefix has letters, digits and -_./ only"));
        }
        Ok(Self {
            endpoints: endpoints.collect::<Result<_, _>>()?,
            prefix: prefix.to_owned(),
            tls: None,
            credentials: None,
            patience: Duration::from_secs(10),
        })
    }
}

/// The address without what may be a password: all between the scheme and the last `@`.
fn without_user(text: &str) -> String {
    let Some((user, rest)) = text.rsplit_once('@') else {
        return text.to_owned();
    };
    let scheme = user.split_once("://").map_or("", |(scheme, _)| scheme);
    format!("{scheme}://…@{rest}")
}

fn endpoint(text: &str) -> Result<Endpoint, &'static str> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("a bracket is not closed")?;
            let port = match port {
                "" => None,
                port => Some(port.strip_prefix(':').ok_or("text after an IPv6 address")?),
            };
            (host, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() {
        return Err("a host is missing");
    }
    let port = port.map_or(Ok(DEFAULT_PORT), str::parse);
    Ok(Endpoint {
        host: host.to_owned(),
        port: port.map_err(|_| "a port is not a number up to 65535")?,
    })
}

/// Reads the certificates that members must be signed by, and our own certificate and key if the members ask for one.
///
/// # Errors
/// [`TlsFileError`] with the file at fault.
pub fn tls_from_files(
    authorities: &Path,
    own: Option<(&Path, &Path)>,
) -> Result<Arc<ClientConfig>, TlsFileError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authorities)? {
        roots
            .add(certificate)
            .map_err(|source| TlsFileError::Unusable {
                path: authorities.to_owned(),
                source,
            })?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|source| TlsFileError::Unusable {
        path: authorities.to_owned(),
        source,
    })?;
    let builder = builder.with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let secret = PrivateKeyDer::from_pem_slice(&contents(key)?);
            let secret = secret.map_err(|source| TlsFileError::Unreadable {
                path: key.to_owned(),
                what: "private key",
                source,
            })?;
            let config = builder.with_client_auth_cert(chain, secret);
            config.map_err(|source| TlsFileError::Unusable {
                path: certificate.to_owned(),
                source,
            })?
        }
    };
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let unreadable = |source| TlsFileError::Unreadable {
        path: path.to_owned(),
        what: "certificate",
        source,
    };
    let text = contents(path)?;
    let found = CertificateDer::pem_slice_iter(&text);
    let found = found.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if found.is_empty() {
        return Err(unreadable(rustls::pki_types::pem::Error::NoItemsFound));
    }
    Ok(found)
}

fn contents(path: &Path) -> Result<Vec<u8>, TlsFileError> {
    std::fs::read(path).map_err(|why| TlsFileError::Missing {
        path: path.to_owned(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_members_and_a_prefix() {
        type Row = (&'static str, &'static [(&'static str, u16)], &'static str);
        let rows: [Row; 5] = [
            ("etcd://a", &[("a", 2379)], "demarc"),
            (
                "etcd://a:1,b:2,10.0.0.3:3/",
                &[("a", 1), ("b", 2), ("10.0.0.3", 3)],
                "demarc",
            ),
            ("etcd://[::1]:42379/lab", &[("::1", 42379)], "lab"),
            (
                "etcd://[fe80::1],b/x/y",
                &[("fe80::1", 2379), ("b", 2379)],
                "x/y",
            ),
            ("etcd://a//lab//", &[("a", 2379)], "lab"),
        ];
        for (text, endpoints, prefix) in rows {
            let config: EtcdConfig = text.parse().unwrap();
            let found: Vec<_> = config
                .endpoints
                .iter()
                .map(|end| (end.host.as_str(), end.port))
                .collect();
            assert_eq!(
                (&*found, config.prefix.as_str()),
                (endpoints, prefix),
                "{text}"
            );
        }
    }

    #[test]
    fn a_senseless_address_is_refused_with_a_reason() {
        for text in [
            "",
            "http://a",
            "etcd://",
            "etcd://a,,b",
            "etcd://a:x",
            "etcd://a:70000",
            "etcd://[::1",
            "etcd://[::1]x",
            "etcd://a/b c",
            "etcd://a/b//c",
        ] {
            let error = text.parse::<EtcdConfig>().unwrap_err();
            assert_eq!(error.text, text);
        }
    }

    #[test]
    fn a_password_does_not_show() {
        let credentials = Credentials {
            user: "demarc".to_owned(),
            password: "secret".to_owned(),
        };
        assert!(!format!("{credentials:?}").contains("secret"));
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        for text in [
            "etcd://root:pa55@host:2379",
            "etcd://root:pa55/pa55@pa55@host",
            "http://root:pa55@host",
            "root:pa55@host",
        ] {
            let error = text.parse::<EtcdConfig>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("pa55"), "{error}");
            let says_where = error.to_string().contains("DEMARC_ETCD_PASSWORD");
            assert_eq!(says_where, text.starts_with("etcd:"), "{error}");
        }
    }

    #[test]
    fn an_unusable_file_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let missing = Path::new("/there/is/no/such.pem");
        for (path, why) in [
            (file.path(), "holds no readable certificate"),
            (missing, "cannot read"),
        ] {
            let error = tls_from_files(path, None).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
            assert!(error.contains(why), "{error}");
        }
    }
}
