//! What readers see.

use demarc_domain::World;
use demarc_store::Revision;

/// The World as of one commit.
#[derive(Clone)]
pub struct Snapshot {
    pub world: World,
    pub revision: Revision,
}
