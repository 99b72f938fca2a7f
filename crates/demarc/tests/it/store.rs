//! `demarc store`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{Serving, program, run};

#[test]
fn a_store_goes_through_a_file_into_another_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (first, second, dump) = (path("first"), path("second"), path("dump.jsonl"));
    let serving = Serving::start(&["--data", &first]);
    let port = serving.connection("port");
    serving.gateway();
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.wait(), Some(0));

    let verified = run(&mut program(&["store", "verify", "--data", &first])).ok();
    assert!(
        verified.starts_with("all is well") && verified.contains("1 connection"),
        "{verified}"
    );
    let verified = run(&mut program(&[
        "store", "verify", "--json", "--data", &first,
    ]))
    .ok();
    let verified: Value = serde_json::from_str(&verified).unwrap();
    assert_eq!(verified["kinds"]["connection"], 1, "{verified}");
    assert_eq!(verified["problems"], json!([]), "{verified}");
    let exported = run(&mut program(&[
        "store", "export", "--data", &first, "--to", &dump,
    ]));
    assert_eq!(exported.status, Some(0), "{exported:?}");
    let mode = fs::metadata(&dump).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "keys are in it");
    let printed = run(&mut program(&["store", "export", "--data", &first])).ok();
    assert_eq!(
        printed,
        fs::read_to_string(&dump).unwrap(),
        "standard output has the same"
    );
    let twice = run(&mut program(&[
        "store", "export", "--data", &first, "--to", &dump,
    ]));
    assert_eq!(
        twice.status,
        Some(2),
        "a backup is not written over: {twice:?}"
    );

    run(&mut program(&[
        "store", "import", "--data", &second, "--from", &dump,
    ]))
    .ok();
    let again = run(&mut program(&[
        "store", "import", "--data", &second, "--from", &dump,
    ]));
    assert_eq!(again.status, Some(1), "{again:?}");
    assert!(again.stderr.contains("not empty"), "{again:?}");
    let serving = Serving::start(&["--data", &second]);
    let shown = serving.ok("DescribeConnections", &json!({}));
    assert_eq!(shown["connections"][0]["connectionId"], port);
}

#[test]
fn an_export_that_fails_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (data, cut, dump) = (path("data"), path("cut"), path("dump.jsonl"));
    // More than one commit takes, and no end: the store is left half way, and can be opened, but not read.
    let entries =
        (0..10_050).map(|number| format!("{{\"key\":\"x/{number:05}\",\"value\":{{}}}}\n"));
    let header = "{\"demarc\":\"dump\",\"format\":1,\"revision\":9}\n".to_owned();
    fs::write(&cut, header + &entries.collect::<String>()).unwrap();
    let import = [
        "store",
        "import",
        "--unchecked",
        "--data",
        &data,
        "--from",
        &cut,
    ];
    let broken = run(&mut program(&import));
    assert_eq!(broken.status, Some(1), "{broken:?}");
    let failed = run(&mut program(&[
        "store", "export", "--data", &data, "--to", &dump,
    ]));
    assert_eq!(failed.status, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("not finished"), "{failed:?}");
    let names = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["cut", "data"]);
}

#[test]
fn what_is_no_dump_is_called_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for (name, text) in [
        ("empty", ""),
        ("words", "no line ends here"),
        ("lines", "first\nsecond\n"),
        ("config.json", "{\"demarc\": 1}\n"),
    ] {
        let file = path(name);
        fs::write(&file, text).unwrap();
        let store = path("store");
        let import = ["store", "import", "--data", &store, "--from", &file];
        for options in [&[][..], &["--unchecked"]] {
            let finished = run(&mut program(&[&import, options].concat()));
            assert_eq!(finished.status, Some(1), "{name}: {finished:?}");
            assert!(
                finished
                    .stderr
                    .contains(&format!("{file} is not a Demarc dump")),
                "{name}: {finished:?}"
            );
        }
    }
}

#[test]
fn documents_that_make_no_sense_are_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (first, dump) = (path("first"), path("dump.jsonl"));
    let serving = Serving::start(&["--data", &first]);
    let port = serving.connection("port");
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.wait(), Some(0));
    run(&mut program(&[
        "store", "export", "--data", &first, "--to", &dump,
    ]))
    .ok();
    let cut = fs::read_to_string(&dump)
        .unwrap()
        .replacen("EqDC2", "EqDC3", 1);
    let changed = path("changed.jsonl");
    fs::write(&changed, cut).unwrap();
    let other = path("other");
    let refused = run(&mut program(&[
        "store", "import", "--data", &other, "--from", &changed,
    ]));
    assert_eq!(
        refused.status,
        Some(1),
        "a changed dump does not fit its checksum: {refused:?}"
    );
    assert!(port.starts_with("dxcon-"));
}
