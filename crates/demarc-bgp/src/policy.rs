//! What Direct Connect accepts, prefers and announces: `spec/routing` sections 2 to 8 as small pure
//! functions. The RIB calls them; they know neither sessions nor tables.
//!
//! | Question | Function | Section |
//! |---|---|---|
//! | May this route be used? | [`ImportPolicy::check_path`], [`ImportPolicy::check_prefix`] | §3 |
//! | What do its communities ask for? | [`read_communities`] | §5 |
//! | Which route is better? | [`local_preference`], [`Preference`] | §6 |
//! | What does a gateway announce? | [`virtual_gateway_announces`], [`transit_gateway_announces`] | §4.1 |
//! | How does an announced route look? | [`Announcer`] | §4, §5 |
//! | May it pass to another interface? | [`passes_site_link`] | §8 |
//! | Are there too many? | [`PrefixLimit`] | §2 |

mod allowed_prefixes;
mod announce;
mod communities;
mod import;
mod limit;
mod preference;
mod site_link;

pub use allowed_prefixes::{transit_gateway_announces, virtual_gateway_announces};
pub use announce::{AmazonScope, Announcer, DEFAULT_PUBLIC_TAIL, PublicPath};
pub use communities::{
    CommunityRequest, PUBLIC_ASN, PublicScope, ReturnPreference, crosses_site_link,
    read_communities,
};
pub use import::{ImportPolicy, InterfaceKind, MAX_PATH_HOPS, Rejection};
pub use limit::{LimitWarning, PrefixLimit};
pub use preference::{MAX_ECMP_PATHS, Preference, RegionMatch, local_preference};
pub use site_link::{DEFAULT_SITE_LINK_LIMIT, DeviceHops, passes_site_link};
