use proptest::prelude::*;

use super::*;

fn put(key: &str, value: &str) -> Change {
    Change::Put {
        key: Key::new(key).unwrap(),
        value: Bytes::from(value.to_owned()),
    }
}

fn delete(key: &str) -> Change {
    Change::Delete {
        key: Key::new(key).unwrap(),
    }
}

const ID: CommitId = CommitId::new(1);

#[test]
fn the_last_change_of_a_key_wins() {
    let batch = Batch::new(
        ID,
        [put("b", "1"), put("a", "1"), put("b", "2"), delete("a")],
    );
    assert_eq!(**batch.changes(), [delete("a"), put("b", "2")]);
    let costs: usize = batch.changes().iter().map(Change::cost).sum();
    assert_eq!(batch.bytes(), costs);
}

#[test]
fn a_decision_that_does_not_fit_comes_back_whole() {
    let mut builder = BatchBuilder::new(Limits {
        operations: 3,
        bytes: 10_000,
    });
    builder.push(vec![put("a", "1"), put("b", "1")]).unwrap();
    let decision = vec![put("c", "1"), put("d", "1")];
    assert_eq!(
        builder.push(decision.clone()),
        Err(Rejected::Full(decision))
    );
    builder.push(vec![put("a", "2"), put("c", "2")]).unwrap();
    assert_eq!(builder.decisions(), 2);
    let batch = builder.finish(ID);
    assert_eq!(
        **batch.changes(),
        [put("a", "2"), put("b", "1"), put("c", "2")]
    );
}

#[test]
fn a_decision_that_never_fits_is_too_large() {
    let limits = Limits {
        operations: 1,
        bytes: 200,
    };
    let mut builder = BatchBuilder::new(limits);
    builder.push(vec![put("a", "1")]).unwrap();
    let many = builder.push(vec![put("b", "1"), put("c", "1")]);
    assert!(matches!(
        many,
        Err(Rejected::TooLarge(TooLarge { operations: 2, .. }))
    ));
    let big = builder.push(vec![put("b", &"x".repeat(200))]);
    assert!(matches!(
        big,
        Err(Rejected::TooLarge(TooLarge { operations: 1, .. }))
    ));
}

#[test]
fn a_batch_lands_on_the_next_revision_unless_an_import_says_later() {
    let batch = Batch::new(ID, [put("a", "1")]);
    let at = Revision::new(5);
    assert_eq!(batch.revision_after(at), Revision::new(6));
    assert_eq!(
        batch
            .clone()
            .landing_on(Revision::new(3))
            .revision_after(at),
        Revision::new(6)
    );
    assert_eq!(
        batch.landing_on(Revision::new(90)).revision_after(at),
        Revision::new(90)
    );
}

fn change() -> impl Strategy<Value = Change> {
    ("[a-e]", proptest::option::of("[0-9]{0,40}")).prop_map(|(key, value)| match value {
        Some(value) => put(&key, &value),
        None => delete(&key),
    })
}

proptest! {
    #[test]
    fn packing_never_exceeds_the_limits_nor_loses_or_tears_a_decision(
        decisions in proptest::collection::vec(proptest::collection::vec(change(), 0..5), 0..20),
        operations in 1_usize..6,
        bytes in 60_usize..600,
    ) {
        let limits = Limits { operations, bytes };
        let mut expected = BTreeMap::new();
        let mut state = BTreeMap::new();
        let mut apply = |batch: Batch| {
            batch.check(limits).unwrap();
            prop_assert_eq!(batch.bytes(), batch.changes().iter().map(Change::cost).sum::<usize>());
            for change in batch.changes().iter() {
                state.insert(change.key().clone(), change.value().cloned());
            }
            Ok(())
        };
        let mut builder = BatchBuilder::new(limits);
        for mut decision in decisions {
            let whole = decision.clone();
            loop {
                match builder.push(decision) {
                    Ok(()) => {
                        for change in &whole {
                            expected.insert(change.key().clone(), change.value().cloned());
                        }
                        break;
                    }
                    Err(Rejected::TooLarge(_)) => {
                        prop_assert!(Batch::new(ID, whole.clone()).check(limits).is_err());
                        break;
                    }
                    Err(Rejected::Full(back)) => {
                        prop_assert_eq!(&back, &whole);
                        prop_assert!(!builder.is_empty());
                        apply(std::mem::replace(&mut builder, BatchBuilder::new(limits)).finish(ID))?;
                        decision = back;
                    }
                }
            }
        }
        apply(builder.finish(ID))?;
        prop_assert_eq!(state, expected);
    }
}
