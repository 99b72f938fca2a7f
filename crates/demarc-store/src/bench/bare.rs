//! redb by itself: one table, one transaction for each commit, durable, with quick-repair.

use std::path::Path;
use std::time::{Duration, Instant};

use redb::{Database, Durability, TableDefinition};

use super::{Rate, Workload};
use crate::Change;

const TABLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("bare");

/// redb's error.
#[derive(Debug, thiserror::Error)]
#[error("redb failed")]
pub struct BareError(#[source] Box<redb::Error>);

/// Runs the workload on a new redb file at `path`.
///
/// # Errors
/// [`BareError`].
pub fn bare_redb(path: &Path, workload: &Workload) -> Result<Rate, BareError> {
    run(path, workload).map_err(|error| BareError(Box::new(error)))
}

fn run(path: &Path, workload: &Workload) -> Result<Rate, redb::Error> {
    let database = Database::create(path)?;
    let mut decisions = 0;
    let mut elapsed = Duration::ZERO;
    for (in_batch, changes) in workload.changes() {
        let started = Instant::now();
        let mut transaction = database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(true);
        {
            let mut table = transaction.open_table(TABLE)?;
            for change in &changes {
                match change {
                    Change::Put { key, value } => table.insert(key.as_str(), &value[..])?,
                    Change::Delete { key } => table.remove(key.as_str())?,
                };
            }
        }
        transaction.commit()?;
        elapsed += started.elapsed();
        decisions += in_batch;
    }
    Ok(Rate {
        commits: workload.commits,
        decisions,
        elapsed,
    })
}
