//! What tells an uplink that we moved into a gateway from an interface that somebody else put there.

use super::bindings::Behind;

/// Marks begin like this.
pub(super) const PREFIX: &str = "demarc:uplink ";

/// The mark of the uplink of a gateway.
pub(super) fn of(behind: Behind) -> String {
    format!("{PREFIX}{behind}")
}
