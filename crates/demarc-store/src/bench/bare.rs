//! redb by itself: one table, one transaction for each commit, durable, with quick-repair.

use std::path::Path;
use std::time::Instant;

use redb::{Database, Durability, TableDefinition};

use super::Rate;
use crate::Change;

const TABLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("bare");

/// redb's error.
#[derive(Debug, thiserror::Error)]
#[error("redb failed")]
pub struct BareError(#[source] Box<redb::Error>);

/// Makes the commits in a new redb file at `path` that holds `before`; each comes with the number of its
/// decisions.
///
/// # Errors
/// [`BareError`].
pub fn bare_redb(
    path: &Path,
    before: &[Change],
    commits: impl IntoIterator<Item = (usize, Vec<Change>)>,
) -> Result<Rate, BareError> {
    run(path, before, commits).map_err(|error| BareError(Box::new(error)))
}

fn run(
    path: &Path,
    before: &[Change],
    commits: impl IntoIterator<Item = (usize, Vec<Change>)>,
) -> Result<Rate, redb::Error> {
    let database = Database::create(path)?;
    commit(&database, before)?;
    let mut rate = Rate::default();
    for (decisions, changes) in commits {
        let started = Instant::now();
        commit(&database, &changes)?;
        rate.count(decisions, started.elapsed());
    }
    Ok(rate)
}

fn commit(database: &Database, changes: &[Change]) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.set_quick_repair(true);
    {
        let mut table = transaction.open_table(TABLE)?;
        for change in changes {
            match change {
                Change::Put { key, value } => table.insert(key.as_str(), &value[..])?,
                Change::Delete { key } => table.remove(key.as_str())?,
            };
        }
    }
    Ok(transaction.commit()?)
}
