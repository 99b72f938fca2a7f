//! What principals may do: IAM policy documents.
//!
//! Documents are checked once, when the configuration or an `AssumeRole` call brings them
//! ([`PolicySet`]); [`authorize`] then decides a call. The evaluation of one statement is iam-rs'; which
//! policies count together, what happens with several resources, and the texts of the refusals are ours.
//!
//! Not here: which actions and resources an operation has (spec/protocol §9); the caller knows.

mod decide;
mod document;

pub use decide::{Action, Denial, Origin, Reason, Target, authorize};
pub use document::{InvalidPolicy, PolicySet};

#[cfg(test)]
mod tests;
