//! Who is calling, and may they: the identity side of the service, without I/O or a clock.
//!
//! A request handler reads the [`Signature`], routes by its scope, lets the [`Authenticator`] turn it into
//! a [`Caller`], and asks [`authorize`] before it does anything. The [`Directory`] comes from the
//! configuration; temporary credentials come from [`Authenticator::assume_role`] and need no store.
//!
//! Not here: which actions an operation needs, sockets, the search for the right clock.

mod accounts;
mod assume_role;
mod authenticator;
mod digest;
mod error;
mod policy;
mod principal;
mod secret;
mod service;
mod session;
mod sigv4;
mod throttle;

pub use accounts::{
    AccessKey, AccessKeyConfig, Account, AccountConfig, Directory, InvalidAccounts, Partner,
    PolicyDocument, Role, RoleConfig, UserConfig,
};
pub use assume_role::{AssumeRole, AssumeRoleError, AssumedRole};
pub use authenticator::{Authenticator, Caller, Identities};
pub use error::{AuthError, WireError};
pub use policy::{Action, Denial, InvalidPolicy, Origin, PolicySet, Reason, Target, authorize};
pub use principal::{Identity, Layer, LayerKind, Permissions, Principal, role_id, user_id};
pub use secret::Secret;
pub use service::{Dialect, Service};
pub use session::{Claims, Sessions, TemporaryCredentials};
pub use sigv4::{HttpRequest, Payload, RegionRule, Scope, Signature, SigningKeys, verify};
pub use throttle::{Rate, TokenBucket};
