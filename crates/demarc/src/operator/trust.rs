//! Whom the client believes to be the service when a file with certificates is given.
//!
//! These are the authorities that a server's certificate may come from. One of them may also be the very
//! certificate that a server shows: `openssl req -x509` makes authorities by default, and operators use them for
//! a service directly. Webpki refuses such a certificate, as authorities are to sign and not to serve; whoever
//! names it has said what is meant.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::{ParsedCertificate, VerifierBuilderError};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};

/// The usual verification, and the exception for certificates that are named themselves.
#[derive(Debug)]
struct Trust {
    authorities: Arc<WebPkiServerVerifier>,
    given: Vec<CertificateDer<'static>>,
}

/// TLS that trusts `given` and what they signed.
///
/// # Errors
/// None of them can be read as a certificate.
pub(super) fn client_config(
    given: Vec<CertificateDer<'static>>,
) -> Result<ClientConfig, VerifierBuilderError> {
    let provider = Arc::new(default_provider());
    let trust = Trust::new(given, Arc::clone(&provider))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .expect("ring speaks every version")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust))
        .with_no_client_auth();
    Ok(config)
}

impl Trust {
    fn new(
        given: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, VerifierBuilderError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(given.iter().cloned());
        let authorities =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        Ok(Self { authorities, given })
    }

    /// Whether a certificate that is given, and for `why` was not good as any other's, is good all the same.
    /// Its time is: webpki looks at that first. It needs no signature, since the server shows that it has the
    /// key. What remains is the name.
    fn excuse(
        why: &Error,
        certificate: &CertificateDer<'_>,
        server_name: &ServerName<'_>,
    ) -> Result<(), Error> {
        let Error::InvalidCertificate(cause) = why else {
            return Err(why.clone());
        };
        if !serves_as_authority(cause) && !names_nobody(cause) {
            return Err(why.clone());
        }
        match verify_server_name(&ParsedCertificate::try_from(certificate)?, server_name) {
            Err(Error::InvalidCertificate(cause)) if names_nobody(&cause) => Ok(()),
            checked => checked,
        }
    }
}

/// Why a certificate is not trusted, and what helps.
pub(super) fn in_words(cause: &CertificateError) -> String {
    const HELP: &str = "--ca-cert names a file with it, or with who signed it";
    match cause {
        CertificateError::UnknownIssuer => format!("nobody who is trusted signed it; {HELP}"),
        cause if serves_as_authority(cause) => {
            format!("it is an authority's own, and not trusted as such; {HELP}")
        }
        other => other.to_string(),
    }
}

fn serves_as_authority(cause: &CertificateError) -> bool {
    let CertificateError::Other(OtherError(cause)) = cause else {
        return false;
    };
    cause.downcast_ref::<webpki::Error>() == Some(&webpki::Error::CaUsedAsEndEntity)
}

/// Without any name there is none to compare: `-subj /CN=…` alone gives none that counts today.
fn names_nobody(cause: &CertificateError) -> bool {
    matches!(cause, CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty())
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.authorities.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            Err(why) if self.given.contains(end_entity) => {
                Self::excuse(&why, end_entity, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    use super::*;

    /// As `openssl req -x509` makes them, for these names.
    fn authority(names: &[&str]) -> CertificateDer<'static> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        made(&params)
    }

    fn made(params: &CertificateParams) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    fn ask(
        given: &CertificateDer<'static>,
        shown: &CertificateDer<'static>,
        name: &str,
        now: UnixTime,
    ) -> Result<(), Error> {
        let trust = Trust::new(vec![given.clone()], Arc::new(default_provider())).unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        trust
            .verify_server_cert(shown, &[], &name, &[], now)
            .map(|_| ())
    }

    #[test]
    fn an_authority_may_serve_when_it_is_named_itself() {
        let now = UnixTime::now();
        let given = authority(&["localhost", "127.0.0.1"]);
        for name in ["localhost", "127.0.0.1"] {
            ask(&given, &given, name, now).unwrap();
        }
        let elsewhere = ask(&given, &given, "demarc.example", now).unwrap_err();
        assert!(
            matches!(
                elsewhere,
                Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })
            ),
            "{elsewhere}"
        );
        let other = authority(&["localhost"]);
        ask(&given, &other, "localhost", now).unwrap_err();
    }

    #[test]
    fn a_certificate_without_names_is_good_for_any() {
        let now = UnixTime::now();
        let nameless = authority(&[]);
        ask(&nameless, &nameless, "localhost", now).unwrap();
        let plain = made(&CertificateParams::new(Vec::new()).unwrap());
        ask(&plain, &plain, "localhost", now).unwrap();
        ask(&authority(&["localhost"]), &plain, "localhost", now).unwrap_err();
    }

    #[test]
    fn its_time_counts_all_the_same() {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        let expired = made(&params);
        let error = ask(&expired, &expired, "localhost", UnixTime::now()).unwrap_err();
        assert!(
            matches!(
                error,
                Error::InvalidCertificate(CertificateError::ExpiredContext { .. })
            ),
            "{error}"
        );
        let before = UnixTime::since_unix_epoch(Duration::from_secs(1_500_000_000));
        ask(&expired, &expired, "localhost", before).unwrap();
    }
}
