//! The embedded engine on a disk that loses power, fails for a while, or fails to sync.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use bytes::Bytes;
use redb::StorageBackend;

use super::*;
use crate::faulty::Dice;
use crate::{Change, CommitId, Key};

/// The unit that a disk writes or does not write (`docs/store-format.md`, section 4).
const SECTOR: usize = 512;

/// A disk in memory. What was written since the last sync may get lost.
#[derive(Debug, Clone, Default)]
struct FragileDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What reads show.
    current: Vec<u8>,
    /// What was there at the last sync.
    durable: Vec<u8>,
    /// Writes and lengths since then.
    pending: Vec<Pending>,
    /// What fails, after how many more operations, and for how long.
    plan: Option<(Trouble, u64)>,
    powerless: bool,
}

#[derive(Debug)]
enum Pending {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Power is lost: nothing works any more.
    PowerCut,
    /// One write or length change fails.
    WriteError,
    /// One sync fails.
    SyncError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Write,
    Sync,
}

impl State {
    /// Counts down to the trouble; the operation at zero fails.
    fn enter(&mut self, operation: Operation) -> io::Result<()> {
        if let Some((trouble, left)) = &mut self.plan {
            let concerned = match trouble {
                Trouble::PowerCut => true,
                Trouble::WriteError => operation == Operation::Write,
                Trouble::SyncError => operation == Operation::Sync,
            };
            match left.checked_sub(u64::from(concerned)) {
                Some(rest) => *left = rest,
                None => {
                    self.powerless = *trouble == Trouble::PowerCut;
                    self.plan = None;
                    return Err(io::Error::from(io::ErrorKind::StorageFull));
                }
            }
        }
        self.powered()
    }

    fn powered(&self) -> io::Result<()> {
        if self.powerless {
            Err(io::Error::other("no power"))
        } else {
            Ok(())
        }
    }
}

impl FragileDisk {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan(&self, trouble: Trouble, after: u64) {
        self.state().plan = Some((trouble, after));
    }

    /// Power comes back: each unsynced sector has been written or not, each length change too.
    fn restart(&self, dice: &mut Dice) {
        let mut state = self.state();
        let mut image = std::mem::take(&mut state.durable);
        for pending in std::mem::take(&mut state.pending) {
            match pending {
                Pending::Length(length) if dice.below(2) == 0 => image.resize(length, 0),
                Pending::Length(_) => {}
                Pending::Write(offset, data) => {
                    for (number, sector) in data.chunks(SECTOR).enumerate() {
                        let start = offset + number * SECTOR;
                        if dice.below(2) == 0 {
                            let end = start + sector.len();
                            if image.len() < end {
                                image.resize(end, 0);
                            }
                            image[start..end].copy_from_slice(sector);
                        }
                    }
                }
            }
        }
        state.current.clone_from(&image);
        state.durable = image;
        state.plan = None;
        state.powerless = false;
    }
}

impl StorageBackend for FragileDisk {
    fn len(&self) -> io::Result<u64> {
        let state = self.state();
        state.powered()?;
        Ok(state.current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        state.powered()?;
        let start = usize::try_from(offset).unwrap();
        let found = state.current.get(start..start + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.enter(Operation::Write)?;
        let len = usize::try_from(len).unwrap();
        state.current.resize(len, 0);
        state.pending.push(Pending::Length(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        state.enter(Operation::Sync)?;
        state.durable = state.current.clone();
        state.pending.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.enter(Operation::Write)?;
        let start = usize::try_from(offset).unwrap();
        state.current[start..start + data.len()].copy_from_slice(data);
        state.pending.push(Pending::Write(start, data.to_vec()));
        Ok(())
    }
}

struct DiskOpener {
    disk: FragileDisk,
    sync_failed: SyncFailed,
}

impl Opener for DiskOpener {
    fn open(&mut self) -> Result<Database, EngineError> {
        engine::open(self.disk.clone(), self.sync_failed.clone())
    }

    fn sync_failed(&self) -> bool {
        self.sync_failed.get()
    }
}

/// What a process does at its start.
fn start(disk: &FragileDisk) -> Result<EmbeddedStore, EngineError> {
    let mut opener = DiskOpener {
        disk: disk.clone(),
        sync_failed: SyncFailed::default(),
    };
    let (database, head) = engine::inspected(opener.open()?)?;
    Ok(EmbeddedStore::start(database, head, Box::new(opener)).unwrap())
}

fn new_disk() -> FragileDisk {
    let disk = FragileDisk::default();
    let database = engine::open(disk.clone(), SyncFailed::default()).unwrap();
    engine::initialize(&database).unwrap();
    disk
}

/// The history that must survive: what was answered, and at most one commit in doubt.
struct Witness {
    entries: BTreeMap<Key, Bytes>,
    head: Revision,
    doubtful: Option<Batch>,
    commits: u128,
    dice: Dice,
}

impl Witness {
    fn new(seed: u64) -> Self {
        Self {
            entries: BTreeMap::new(),
            head: Revision::ZERO,
            doubtful: None,
            commits: 0,
            dice: Dice(seed),
        }
    }

    fn batch(&mut self) -> Batch {
        self.commits += 1;
        let changes = (0..=self.dice.below(6)).map(|_| {
            let key = Key::new(format!("n/{}", self.dice.below(40))).unwrap();
            if self.dice.below(4) == 0 {
                return Change::Delete { key };
            }
            let length = usize::try_from(self.dice.below(6_000)).unwrap();
            let byte = b'a' + u8::try_from(self.dice.below(26)).unwrap();
            Change::Put {
                key,
                value: vec![byte; length].into(),
            }
        });
        let changes: Vec<_> = changes.collect();
        Batch::new(CommitId::new(self.commits), changes)
    }

    fn took_effect(&mut self, batch: &Batch) {
        for change in batch.changes().iter() {
            match change {
                Change::Put { key, value } => self.entries.insert(key.clone(), value.clone()),
                Change::Delete { key } => self.entries.remove(key),
            };
        }
        self.head = self.head.next();
    }

    /// Commits until something goes wrong, at most so many times; whether nothing did.
    async fn commit(&mut self, store: &EmbeddedStore, times: u64) -> bool {
        for _ in 0..times {
            let batch = self.batch();
            match store.commit(self.head, batch.clone()).await {
                Ok(revision) => {
                    self.took_effect(&batch);
                    assert_eq!(revision, self.head);
                }
                Err(CommitError::Unavailable(_)) => return false,
                Err(CommitError::Unknown(_)) => {
                    self.doubtful = Some(batch);
                    return false;
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        true
    }

    /// Everything answered is there, everything refused is not, nothing is torn.
    async fn check(&mut self, store: &EmbeddedStore) {
        if let Some(doubtful) = self.doubtful.take()
            && store.head().await.unwrap() == self.head.next()
        {
            let again = store.commit(self.head, doubtful.clone()).await;
            assert_eq!(again.unwrap(), self.head.next());
            self.took_effect(&doubtful);
        }
        assert_eq!(store.head().await.unwrap(), self.head);
        let loaded = store.load().await.unwrap();
        assert_eq!(loaded.revision(), self.head);
        assert_eq!(loaded.collect().await.unwrap(), self.entries);
    }
}

/// More with DEMARC_STORE_CRASH_SEEDS.
fn seeds(default: u64) -> std::ops::Range<u64> {
    let wanted = std::env::var("DEMARC_STORE_CRASH_SEEDS").ok();
    0..wanted.map_or(default, |text| text.parse().expect("a number of seeds"))
}

#[tokio::test]
async fn power_cuts_lose_nothing_that_was_answered() {
    let mut cuts = 0;
    for seed in seeds(40) {
        println!("seed {seed}");
        let disk = new_disk();
        let mut witness = Witness::new(seed);
        for _ in 0..6 {
            let after = witness.dice.below(120);
            // The cut may hit the start, a commit, or the repair of the cut before.
            disk.plan(Trouble::PowerCut, after);
            if let Ok(store) = start(&disk) {
                cuts += u32::from(!witness.commit(&store, 40).await);
                if witness.dice.below(2) == 0 {
                    disk.state().powerless = true;
                }
            }
            disk.restart(&mut witness.dice);
            let store = start(&disk).expect("a store opens after a power cut");
            witness.check(&store).await;
        }
    }
    assert!(cuts > 0);
}

#[tokio::test]
async fn failed_writes_are_answered_for_what_they_are_and_service_goes_on() {
    for seed in seeds(40) {
        println!("seed {seed}");
        let disk = new_disk();
        let store = start(&disk).unwrap();
        let mut witness = Witness::new(seed);
        for _ in 0..6 {
            let after = witness.dice.below(40);
            disk.plan(Trouble::WriteError, after);
            witness.commit(&store, 30).await;
            assert!(witness.doubtful.is_none(), "a failed write leaves no doubt");
            disk.state().plan = None;
            assert!(witness.commit(&store, 3).await, "there is space again");
            witness.check(&store).await;
        }
    }
}

#[tokio::test]
async fn a_failed_sync_is_unknown_until_the_process_restarts() {
    let mut doubts = 0;
    for seed in seeds(40) {
        println!("seed {seed}");
        let disk = new_disk();
        let mut witness = Witness::new(seed);
        for _ in 0..3 {
            let store = start(&disk).unwrap();
            let after = witness.dice.below(12);
            disk.plan(Trouble::SyncError, after);
            assert!(!witness.commit(&store, 30).await, "the sync failed");
            // The sync that failed may have been one after the root was safe: then the commit was answered,
            // and the one after it refused.
            if let Some(doubtful) = witness.doubtful.clone() {
                doubts += 1;
                let again = store.commit(witness.head, doubtful).await;
                assert!(matches!(again, Err(CommitError::Unknown(_))), "{again:?}");
            }
            let other = store.commit(witness.head, witness.batch()).await;
            assert!(
                matches!(other, Err(CommitError::Unavailable(_))),
                "{other:?}"
            );
            drop(store);
            disk.restart(&mut witness.dice);
            let store = start(&disk).unwrap();
            witness.check(&store).await;
        }
    }
    assert!(doubts > 0);
}
