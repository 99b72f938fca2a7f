use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::faulty::{Fault, Faulty};
use crate::{
    Batch, BoxFuture, Change, CommitId, Commits, Entries, Limits, MemoryStore, Sharing, WatchError,
};

fn ids() -> impl FnMut() -> CommitId + Send {
    let mut next = 1_000;
    move || {
        next += 1;
        CommitId::new(next)
    }
}

/// A store that takes few changes at once, as etcd does.
#[derive(Debug)]
struct Narrow(MemoryStore);

impl Store for Narrow {
    fn limits(&self) -> Limits {
        Limits {
            operations: 3,
            bytes: 100_000,
        }
    }

    fn sharing(&self) -> Sharing {
        self.0.sharing()
    }

    fn load(&self) -> BoxFuture<'_, Result<Entries, ReadError>> {
        self.0.load()
    }

    fn commit(&self, at: Revision, batch: Batch) -> BoxFuture<'_, Result<Revision, CommitError>> {
        batch
            .check(self.limits())
            .expect("the import respects the limits");
        self.0.commit(at, batch)
    }

    fn watch(&self, from: Revision) -> BoxFuture<'_, Result<Commits, WatchError>> {
        self.0.watch(from)
    }

    fn head(&self) -> BoxFuture<'_, Result<Revision, ReadError>> {
        self.0.head()
    }
}

async fn store_with(entries: &[(&str, &[u8])], revision: u64) -> MemoryStore {
    let store = MemoryStore::new();
    let puts = entries.iter().map(|(key, value)| Change::Put {
        key: Key::new(*key).unwrap(),
        value: Bytes::copy_from_slice(value),
    });
    let batch = Batch::new(CommitId::new(1), puts).landing_on(Revision::new(revision));
    store.commit(Revision::ZERO, batch).await.unwrap();
    store
}

const ROWS: [(&str, &[u8]); 7] = [
    ("account/1", b"{\"name\":\"a\"}"),
    ("vif/a", b"{ \"spaced\" : [1, 2] , \"u\":\"\\u00e9\"}"),
    ("vif/b", b"{\"two\":\n\"lines\"}"),
    ("vif/c", b" {\"blank\":1}"),
    ("vif/d", b"\xff\x00 not json"),
    ("vif/e", b""),
    ("vif/f", b"12.50"),
];

#[tokio::test]
async fn a_dump_has_the_documented_lines() {
    let store = store_with(&ROWS, 4_711).await;
    let mut file = Vec::new();
    let summary = export(&store, &mut file).await.unwrap();
    let text = String::from_utf8(file.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], r#"{"demarc":"dump","format":1,"revision":4711}"#);
    assert_eq!(lines[1], r#"{"key":"account/1","value":{"name":"a"}}"#);
    assert_eq!(
        lines[2],
        r#"{"key":"vif/a","value":{ "spaced" : [1, 2] , "u":"\u00e9"}}"#
    );
    assert_eq!(lines[5], r#"{"key":"vif/d","base64":"/wAgbm90IGpzb24="}"#);
    assert_eq!(lines[6], r#"{"key":"vif/e","base64":""}"#);
    assert_eq!(lines[7], r#"{"key":"vif/f","value":12.50}"#);
    assert_eq!(
        lines[8],
        format!(r#"{{"entries":7,"sha256":"{}"}}"#, summary.sha256)
    );
    assert_eq!(lines.len(), 9);
    assert_eq!(
        summary.kinds,
        BTreeMap::from([("account".to_owned(), 1), ("vif".to_owned(), 6)])
    );
    let strange: Vec<_> = summary.strange.iter().map(Key::as_str).collect();
    assert_eq!(strange, ["vif/c", "vif/d", "vif/e", "vif/f"]);
    assert_eq!(verify(&store).await.unwrap(), summary);
    assert_eq!(read(&*file, drop).unwrap(), summary);
}

#[tokio::test]
async fn what_was_exported_is_imported_at_its_revision() {
    let source = store_with(&ROWS, 4_711).await;
    let mut file = Vec::new();
    let exported = export(&source, &mut file).await.unwrap();
    let wide = MemoryStore::new();
    let narrow = Narrow(MemoryStore::new());
    for target in [&wide as &dyn Store, &narrow] {
        assert_eq!(import(target, &*file, ids()).await.unwrap(), exported);
        assert_eq!(target.head().await.unwrap(), Revision::new(4_711));
        assert_eq!(verify(target).await.unwrap(), exported);
        let again = import(target, &*file, ids()).await.unwrap_err();
        assert!(matches!(again, DumpError::NotEmpty { .. }), "{again:?}");
    }
    // One commit where that is possible, so that there is nothing to interrupt.
    let mut commits = wide.watch(Revision::ZERO).await.unwrap();
    assert_eq!(commits.next().await.unwrap().changes.len(), ROWS.len());
}

#[tokio::test]
async fn an_import_says_where_the_store_is_then() {
    for named in [0, 1, 2, 9] {
        let mut file = Vec::new();
        let mut writer = Writer::begin(&mut file, Revision::new(named)).unwrap();
        for (key, value) in ROWS {
            let (key, value) = (Key::new(key).unwrap(), Bytes::from_static(value));
            writer.entry(&Entry { key, value }).unwrap();
        }
        writer.finish().unwrap();
        let (wide, narrow) = (MemoryStore::new(), Narrow(MemoryStore::new()));
        for target in [&wide as &dyn Store, &narrow] {
            let said = import(target, &*file, ids()).await.unwrap().revision;
            assert_eq!(said, target.head().await.unwrap(), "named {named}");
        }
    }
}

#[tokio::test]
async fn a_revision_without_room_above_it_is_refused() {
    for (named, fits) in [(1 << 47, true), ((1 << 47) + 1, false), (u64::MAX, false)] {
        let mut file = Vec::new();
        let writer = Writer::begin(&mut file, Revision::new(named)).unwrap();
        writer.finish().unwrap();
        let read = read(&*file, drop);
        let high = matches!(read, Err(DumpError::TooHigh { .. }));
        assert_eq!((read.is_ok(), high), (fits, !fits), "{named}");
    }
}

#[tokio::test]
async fn an_empty_store_travels_too() {
    let mut file = Vec::new();
    export(&MemoryStore::new(), &mut file).await.unwrap();
    let target = MemoryStore::new();
    let summary = import(&target, &*file, ids()).await.unwrap();
    assert_eq!(
        (summary.entries, target.head().await.unwrap()),
        (0, Revision::ZERO)
    );
}

#[tokio::test]
async fn lost_replies_do_not_spoil_an_import() {
    let mut file = Vec::new();
    let exported = export(&store_with(&ROWS, 50).await, &mut file)
        .await
        .unwrap();
    let narrow = Arc::new(Narrow(MemoryStore::new()));
    let faulty = Faulty::script(narrow, [Fault::LoseReply; 3]);
    import(&faulty, &*file, ids()).await.unwrap();
    assert_eq!(verify(&faulty).await.unwrap(), exported);
}

#[tokio::test]
async fn an_interrupted_import_does_not_load() {
    let mut file = Vec::new();
    export(&store_with(&ROWS, 50).await, &mut file)
        .await
        .unwrap();
    file.truncate(file.len() - 90);
    let target = Narrow(MemoryStore::new());
    let broken = import(&target, &*file, ids()).await.unwrap_err();
    assert!(matches!(broken, DumpError::Broken { .. }), "{broken:?}");
    let refused = verify(&target).await.unwrap_err();
    assert!(
        matches!(refused, DumpError::Read(ReadError::ImportUnfinished)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn no_cut_or_changed_dump_is_accepted() {
    let mut file = Vec::new();
    export(&store_with(&ROWS, 50).await, &mut file)
        .await
        .unwrap();
    for end in 0..file.len() {
        read(&file[..end], drop).unwrap_err();
    }
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        read(&*changed, drop).unwrap_err();
    }
    file.extend(b"\n");
    read(&*file, drop).unwrap_err();
}

#[test]
fn a_newer_dump_is_refused_as_such() {
    let file = b"{\"demarc\":\"dump\",\"format\":2,\"shape\":\"new\"}\n";
    let refused = read(&file[..], drop).unwrap_err();
    assert!(
        matches!(refused, DumpError::NewerFormat { found: 2, known: 1 }),
        "{refused:?}"
    );
}

proptest! {
    #[test]
    fn every_value_travels_unchanged(values in proptest::collection::btree_map("[a-z]{1,4}", any::<Vec<u8>>(), 0..6)) {
        let entries: Vec<(&str, &[u8])> = values.iter().map(|(key, value)| (key.as_str(), value.as_slice())).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let source = store_with(&entries, 9).await;
            let mut file = Vec::new();
            export(&source, &mut file).await.unwrap();
            let target = MemoryStore::new();
            import(&target, &*file, ids()).await.unwrap();
            let found = target.load().await.unwrap().collect().await.unwrap();
            let expected = source.load().await.unwrap().collect().await.unwrap();
            assert_eq!(found, expected);
        });
    }

    #[test]
    fn arbitrary_text_is_refused_without_panic(text: Vec<u8>) {
        let mut file = b"{\"demarc\":\"dump\",\"format\":1,\"revision\":1}\n".to_vec();
        file.extend(text);
        read(&*file, drop).unwrap_err();
    }
}
