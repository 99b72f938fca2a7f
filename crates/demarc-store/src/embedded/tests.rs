use bytes::Bytes;
use tempfile::TempDir;

use super::*;
use crate::SharedStore;
use crate::conformance::{Engine, Instance};

struct Embedded;

struct Folder(TempDir);

impl Engine for Embedded {
    fn create(&self) -> Box<dyn Instance> {
        Box::new(Folder(TempDir::new().unwrap()))
    }

    /// Each commit is synced, so a history takes its time.
    fn histories(&self) -> u32 {
        32
    }
}

impl Instance for Folder {
    fn open(&mut self) -> BoxFuture<'_, SharedStore> {
        Box::pin(async move {
            let store = EmbeddedStore::open(self.0.path()).unwrap();
            Arc::new(store) as SharedStore
        })
    }
}

crate::conformance_suite!(conformance, Embedded);

// ===== refusals: each is tried, and the directory must be exactly as before =====

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::{Change, CommitId, Key};

fn some_batch(number: u64) -> Batch {
    let puts = (0..20).map(|entry| Change::Put {
        key: Key::new(format!("vif/{entry}")).unwrap(),
        value: format!("{{\"number\":{number},\"filler\":\"{}\"}}", "x".repeat(500)).into(),
    });
    Batch::new(CommitId::new(u128::from(number) + 1), puts)
}

/// A directory with a store that has seen a few commits and was closed.
async fn used_directory() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = EmbeddedStore::open(folder.path()).unwrap();
    for number in 0..20 {
        let at = Revision::new(number);
        store.commit(at, some_batch(number)).await.unwrap();
    }
    folder
}

/// Names, lengths, contents and times of everything in a directory.
fn picture(folder: &Path) -> BTreeMap<String, (Vec<u8>, std::time::SystemTime)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let content = fs::read(entry.path()).unwrap();
        let changed = entry.metadata().unwrap().modified().unwrap();
        (entry.file_name().into_string().unwrap(), (content, changed))
    });
    entries.collect()
}

/// Opens what must be refused.
fn refusal(folder: &Path) -> OpenError {
    let before = picture(folder);
    let error = EmbeddedStore::open(folder).unwrap_err();
    assert_eq!(
        picture(folder),
        before,
        "the refused directory changed: {error}"
    );
    let text = error.to_string();
    assert!(
        text.contains(folder.to_str().unwrap()),
        "no path in {text:?}"
    );
    assert!(text.contains(';'), "nothing to do in {text:?}");
    error
}

#[tokio::test]
async fn a_directory_in_use_is_refused() {
    let folder = used_directory().await;
    let store = EmbeddedStore::open(folder.path()).unwrap();
    let error = EmbeddedStore::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    let error = EmbeddedStore::check(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    drop(store);
    EmbeddedStore::open(folder.path()).unwrap();
}

#[tokio::test]
async fn a_newer_store_is_refused_by_its_name() {
    let folder = used_directory().await;
    fs::write(
        folder.path().join("store-v2.redb"),
        "a format of the future",
    )
    .unwrap();
    let error = refusal(folder.path());
    assert!(
        matches!(
            error,
            OpenError::NewerFormat {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_newer_store_is_refused_by_its_content() {
    let folder = used_directory().await;
    {
        let database = Database::open(folder.path().join("store-v1.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut meta = transaction.open_table(tables::META).unwrap();
        meta.insert(tables::FORMAT, &b"7"[..]).unwrap();
        drop(meta);
        transaction.commit().unwrap();
    }
    let error = refusal(folder.path());
    assert!(
        matches!(error, OpenError::NewerFormat { found: 7, .. }),
        "{error:?}"
    );
}

#[test]
fn a_file_is_refused_as_a_directory() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "text").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = EmbeddedStore::open(&path).unwrap_err();
        assert!(
            matches!(error, OpenError::NotADirectory { .. }),
            "{error:?}"
        );
    }
    assert_eq!(fs::read(&file).unwrap(), b"text");
}

#[test]
fn a_directory_of_other_people_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("thesis.tex"), "chapter one").unwrap();
    let error = refusal(folder.path());
    let named = matches!(&error, OpenError::NotOurs { example, .. } if example == "thesis.tex");
    assert!(named, "{error:?}");
}

#[test]
fn a_directory_that_cannot_be_made_is_refused() {
    // Not even root makes directories in procfs.
    let error = EmbeddedStore::open("/proc/demarc-store-test").unwrap_err();
    assert!(matches!(error, OpenError::Unwritable { .. }), "{error:?}");
}

#[test]
fn directories_made_for_a_refused_store_are_removed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a/b");
    EmbeddedStore::check(&path).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_empty_directory_on_a_new_disk_and_a_leftover_of_a_crash_are_used() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("lost+found")).unwrap();
    fs::write(folder.path().join("store-v1.redb.new"), "half a store").unwrap();
    EmbeddedStore::open(folder.path()).unwrap();
    assert!(folder.path().join("store-v1.redb").exists());
    assert!(!folder.path().join("store-v1.redb.new").exists());
}

#[test]
fn a_missing_directory_is_made_with_its_parents() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a/b/c");
    EmbeddedStore::open(&path).unwrap();
    assert!(path.join("store-v1.redb").exists());
}

#[test]
fn a_store_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    EmbeddedStore::open(folder.path()).unwrap();
    let file = fs::metadata(folder.path().join("store-v1.redb")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn damaged_files_are_refused_and_left_as_they_are() {
    type Damage = fn(&mut Vec<u8>);
    let rows: [(&str, Damage); 7] = [
        ("emptied", Vec::clear),
        ("cut to a few bytes", |file| file.truncate(100)),
        ("cut in half", |file| file.truncate(file.len() / 2)),
        ("cut by a page", |file| file.truncate(file.len() - 4_096)),
        ("another kind of file", |file| file[..64].fill(b'#')),
        ("zeroes", |file| file.fill(0)),
        ("noise after the header", |file| {
            let mut dice = crate::faulty::Dice(7);
            file[4_096..].fill_with(|| dice.next().to_le_bytes()[0]);
        }),
    ];
    for (name, damage) in rows {
        let folder = used_directory().await;
        let path = folder.path().join("store-v1.redb");
        let mut content = fs::read(&path).unwrap();
        damage(&mut content);
        fs::write(&path, content).unwrap();
        let error = refusal(folder.path());
        assert!(
            matches!(error, OpenError::Damaged { .. }),
            "{name}: {error:?}"
        );
    }
}

#[tokio::test]
async fn no_flipped_byte_is_served_or_panics() {
    let folder = used_directory().await;
    let path = folder.path().join("store-v1.redb");
    let original = fs::read(&path).unwrap();
    let expected = {
        let store = EmbeddedStore::open(folder.path()).unwrap();
        store.load().await.unwrap().collect().await.unwrap()
    };
    let mut dice = crate::faulty::Dice(11);
    let (mut refused, mut noticed, mut harmless) = (0, 0, 0);
    for _ in 0..150 {
        let mut content = original.clone();
        for _ in 0..8 {
            let at = usize::try_from(dice.below(content.len() as u64)).unwrap();
            content[at] ^= u8::try_from(dice.below(255) + 1).unwrap();
        }
        fs::write(&path, content).unwrap();
        let Ok(store) = EmbeddedStore::open(folder.path()) else {
            refused += 1;
            continue;
        };
        let loaded = match store.load().await {
            Ok(entries) => entries.collect().await,
            Err(error) => Err(error),
        };
        match loaded {
            Ok(entries) => {
                assert_eq!(entries, expected, "wrong entries were served");
                harmless += 1;
            }
            Err(ReadError::Corrupted(_)) => noticed += 1,
            Err(error) => panic!("damage was taken for something else: {error:?}"),
        }
    }
    assert!(
        noticed > 0 && harmless > 0,
        "{refused} refused, {noticed} noticed, {harmless} harmless"
    );
}

#[tokio::test]
async fn a_check_reads_every_page() {
    let folder = used_directory().await;
    EmbeddedStore::check(folder.path()).unwrap();
    let store = EmbeddedStore::open(folder.path()).unwrap();
    assert_eq!(store.head().await.unwrap(), Revision::new(20));
}

#[test]
fn an_empty_store_opens_quickly() {
    let folder = TempDir::new().unwrap();
    let started = Instant::now();
    EmbeddedStore::open(folder.path()).unwrap();
    // Far above what it takes (a few milliseconds), far below what a person notices.
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn the_log_is_trimmed_and_says_so() {
    let folder = TempDir::new().unwrap();
    let store = EmbeddedStore::open(folder.path()).unwrap();
    let value = Bytes::from(vec![b'x'; 1 << 20]);
    for number in 0..20 {
        let put = Change::Put {
            key: Key::new("big").unwrap(),
            value: value.clone(),
        };
        let batch = Batch::new(CommitId::new(number + 1), [put]);
        let at = Revision::new(u64::try_from(number).unwrap());
        store.commit(at, batch).await.unwrap();
    }
    let refused = store.watch(Revision::ZERO).await.unwrap_err();
    assert!(
        matches!(refused, WatchError::Compacted { .. }),
        "{refused:?}"
    );
    let mut watch = store.watch(Revision::new(10)).await.unwrap();
    assert_eq!(watch.next().await.unwrap().revision, Revision::new(11));
}
