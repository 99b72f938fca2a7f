//! `demarc lab down`.

use super::place::{Place, Record};
use crate::failure::Failure;
use crate::operator::print;

pub(crate) fn run(place: &Place) -> Result<(), Failure> {
    match place.running() {
        Some(record) => place.clear(&record)?,
        // Its processes ended with it.
        None if place.is_labs() => place.remove()?,
        None => return place.needed().map(|_| ()),
    }
    print("The lab is down; nothing is left of it.")
}

/// Why a second lab is not started.
pub(crate) fn already(place: &Place, record: &Record) -> Failure {
    Failure::Usage(format!(
        "a lab is up in {} already (pid {}): `demarc lab down` ends it",
        place.directory().display(),
        record.pid
    ))
}
