//! Documents that a customer takes to a router or to a colocation desk.
//!
//! | Module | Makes | Source |
//! |---|---|---|
//! | [`logical_connection`] | the XML in `customerRouterConfig` of a virtual interface | spec/identifiers §18 |
//! | [`loa`] | the letter of authorization (PDF) | spec/documents §1 |
//! | [`router`] | the known router types and their configuration text | spec/documents §2, spec/identifiers §17 |
//!
//! Plain values in, text or bytes out. Nothing here reads a clock, a file or
//! the World: the domain collects the values, so equal input gives equal
//! bytes. Who may read a document is decided by the caller, too.

pub mod loa;
pub mod logical_connection;
pub mod router;
mod speed;

pub use logical_connection::{ConnectionType, LogicalConnection, PeerDetails};
pub use speed::PortSpeed;
