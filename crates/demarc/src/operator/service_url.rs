//! Where a service is.

use std::fmt;
use std::str::FromStr;

use ureq::http::Uri;

/// `http://HOST:PORT` or `https://HOST:PORT`, perhaps with a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceUrl(String);

/// The text is not such a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvalidServiceUrl;

impl fmt::Display for InvalidServiceUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a URL such as http://127.0.0.1:4580 is needed")
    }
}

impl std::error::Error for InvalidServiceUrl {}

impl FromStr for ServiceUrl {
    type Err = InvalidServiceUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri: Uri = text.parse().map_err(|_| InvalidServiceUrl)?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        if is_web && has_host && uri.query().is_none() {
            Ok(Self(text.trim_end_matches('/').to_owned()))
        } else {
            Err(InvalidServiceUrl)
        }
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_taken() {
        for good in [
            "http://127.0.0.1:4580",
            "https://dx.example",
            "http://[::1]:80/",
            "http://h/p/",
        ] {
            let url: ServiceUrl = good.parse().unwrap();
            assert!(!url.to_string().ends_with('/'), "{good}");
        }
        for bad in [
            "",
            "127.0.0.1:4580",
            "localhost",
            "ftp://h",
            "http://",
            "http://h/?a=b",
            "http://h h",
        ] {
            assert_eq!(bad.parse::<ServiceUrl>(), Err(InvalidServiceUrl), "{bad}");
        }
    }
}
