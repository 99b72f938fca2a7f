use super::*;

/// Lines of a file: `begun ended outcome call …`.
fn operations(lines: &[&str]) -> Vec<Operation> {
    lines.iter().map(|line| operation(line)).collect()
}

fn operation(line: &str) -> Operation {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [begun, ended, outcome, call, rest @ ..] = words.as_slice() else {
        panic!("{line}");
    };
    let text = |word: &str| word.to_owned();
    let call = match (*call, rest) {
        ("create", [name, port, vlan]) => Call::Create {
            name: text(name),
            port: text(port),
            vlan: vlan.parse().unwrap(),
        },
        ("move", [name, port]) => Call::Move {
            name: text(name),
            port: text(port),
        },
        ("delete", [name]) => Call::Delete { name: text(name) },
        ("list", [port, found @ ..]) => Call::List {
            port: text(port),
            found: found
                .iter()
                .map(|one| {
                    let (name, vlan) = one.split_once('=').unwrap();
                    (text(name), vlan.parse().unwrap())
                })
                .collect(),
        },
        ("write", [value]) => Call::Write {
            register: text("r"),
            value: text(value),
        },
        ("read", [value]) => Call::Read {
            register: text("r"),
            value: text(value),
        },
        _ => panic!("{line}"),
    };
    Operation {
        stage: 1,
        begun: begun.parse().unwrap(),
        ended: ended.parse().unwrap(),
        outcome: match *outcome {
            "yes" => Outcome::Yes,
            "perhaps" => Outcome::Perhaps,
            "absent" => Outcome::Absent,
            _ => panic!("{line}"),
        },
        call,
    }
}

/// A name, whether it can have happened, and what happened.
const ROWS: [(&str, bool, &[&str]); 19] = [
    (
        "nothing happened",
        true,
        &["0 1 yes list a", "2 3 yes read first"],
    ),
    (
        "seen after its creation",
        true,
        &["0 1 yes create x a 1", "2 3 yes list a x=1"],
    ),
    ("lost", false, &["0 1 yes create x a 1", "2 3 yes list a"]),
    (
        "not seen while it is made",
        true,
        &["0 9 yes create x a 1", "2 3 yes list a"],
    ),
    (
        "seen and then not",
        false,
        &[
            "0 9 yes create x a 1",
            "2 3 yes list a x=1",
            "4 5 yes list a",
        ],
    ),
    (
        "one VLAN twice",
        false,
        &["0 1 yes create x a 1", "2 3 yes create y a 1"],
    ),
    (
        "one VLAN on two ports",
        true,
        &["0 1 yes create x a 1", "2 3 yes create y b 1"],
    ),
    (
        "one VLAN twice by a move",
        false,
        &[
            "0 1 yes create x a 1",
            "2 3 yes create y b 1",
            "4 5 yes move x b",
        ],
    ),
    (
        "free again",
        true,
        &[
            "0 1 yes create x a 1",
            "2 3 yes delete x",
            "4 5 yes create y a 1",
            "6 7 yes list a y=1",
        ],
    ),
    (
        "moved",
        true,
        &[
            "0 1 yes create x a 1",
            "2 3 yes move x b",
            "4 5 yes list a",
            "6 7 yes list b x=1",
        ],
    ),
    (
        "an answer that was lost shows late",
        true,
        &[
            "0 1 perhaps create x a 1",
            "2 3 yes list a",
            "4 5 yes list a x=1",
        ],
    ),
    (
        "an answer that was lost never shows",
        true,
        &["0 1 perhaps create x a 1", "2 3 yes create y a 1"],
    ),
    (
        "an answer that was lost shows too early",
        false,
        &["0 1 yes list a x=1", "2 3 perhaps create x a 1"],
    ),
    (
        "a deletion without an answer shows late",
        true,
        &[
            "0 1 yes create x a 1",
            "2 3 perhaps delete x",
            "4 5 yes list a x=1",
            "6 7 yes list a",
        ],
    ),
    (
        "a deletion without an answer comes and goes",
        false,
        &[
            "0 1 yes create x a 1",
            "2 3 perhaps delete x",
            "4 5 yes list a",
            "6 7 yes list a x=1",
        ],
    ),
    (
        "a VLAN twice, once without an answer",
        false,
        &[
            "0 1 perhaps create x a 1",
            "2 3 yes create y a 1",
            "4 5 yes list a x=1 y=1",
        ],
    ),
    (
        "there and denied",
        false,
        &["0 1 yes create x a 1", "2 3 absent delete x"],
    ),
    (
        "a stale read",
        false,
        &["0 1 yes write 1", "2 3 yes write 2", "4 5 yes read 1"],
    ),
    (
        "reads that go back over a lost answer",
        false,
        &[
            "0 1 yes write 1",
            "2 3 perhaps write 2",
            "4 5 yes read 2",
            "6 7 yes read 1",
        ],
    ),
];

#[test]
fn what_one_service_could_have_answered_is_accepted_and_nothing_else() {
    for (name, linearizable, lines) in ROWS {
        let expected = if linearizable {
            Verdict::Linearizable
        } else {
            Verdict::NotLinearizable
        };
        assert_eq!(check(actions(operations(lines))), expected, "{name}");
    }
}

#[test]
fn lines_are_read_and_stages_kept_apart() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let lines = [
        r#"{"stage":1,"begun":1,"ended":2,"outcome":"yes","call":"create","name":"x","port":"a","vlan":100}"#,
        r#"{"stage":2,"begun":3,"ended":4,"outcome":"yes","call":"list","port":"a","found":{}}"#,
        r#"{"stage":1,"begun":5,"ended":6,"outcome":"yes","call":"list","port":"a","found":{"x":100}}"#,
    ];
    std::fs::write(file.path(), lines.join("\n")).unwrap();
    let stages = read(file.path()).unwrap();
    assert_eq!(stages.values().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    run(&Arguments {
        file: file.path().to_owned(),
    })
    .unwrap();
    std::fs::write(file.path(), lines[2]).unwrap();
    let wrong = run(&Arguments {
        file: file.path().to_owned(),
    });
    assert!(wrong.unwrap_err().to_string().contains("stage 1"));
}
