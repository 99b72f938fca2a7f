//! The services that share the endpoint.

use std::fmt;

/// A service as credential scopes name it (spec/clients §1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    DirectConnect,
    Ec2,
    Sts,
    Iam,
    SecretsManager,
    Tagging,
}

impl Service {
    /// Every service, for tables.
    pub const ALL: [Self; 6] = [
        Self::DirectConnect,
        Self::Ec2,
        Self::Sts,
        Self::Iam,
        Self::SecretsManager,
        Self::Tagging,
    ];

    /// The name in a credential scope; also the prefix of the service's IAM actions, but for
    /// [`Service::Tagging`], whose actions begin with `tag:`.
    pub fn scope_name(self) -> &'static str {
        match self {
            Self::DirectConnect => "directconnect",
            Self::Ec2 => "ec2",
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::SecretsManager => "secretsmanager",
            Self::Tagging => "tagging",
        }
    }

    /// Whether clients sign its calls for us-east-1 wherever they are: the service, or what the calls are
    /// about, is one for all Regions.
    pub fn is_global(self) -> bool {
        match self {
            Self::Sts | Self::Iam | Self::Tagging => true,
            Self::DirectConnect | Self::Ec2 | Self::SecretsManager => false,
        }
    }

    /// The service that a credential scope names.
    pub fn from_scope_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|service| service.scope_name() == name)
    }

    /// How the service writes its errors.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::DirectConnect | Self::SecretsManager | Self::Tagging => Dialect::Json,
            Self::Ec2 => Dialect::Ec2,
            Self::Sts | Self::Iam => Dialect::Query,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.scope_name())
    }
}

/// A way of naming errors on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// awsJson1.1: names ending in `Exception`, always status 400 (spec/protocol §3.3).
    Json,
    /// The Query protocol of STS and IAM.
    Query,
    /// The Query protocol as EC2 speaks it.
    Ec2,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_names_lead_back_to_their_services() {
        for service in Service::ALL {
            assert_eq!(
                Service::from_scope_name(service.scope_name()),
                Some(service)
            );
        }
        assert_eq!(Service::from_scope_name("s3"), None);
        assert_eq!(Service::from_scope_name("EC2"), None);
    }
}
