//! Starts that are refused: one clear line with name and value, status 2, nothing created.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Serving, call, program, run};

/// The names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Runs the program in `directory`; it has to refuse, say all of `said`, and leave everything as it was.
fn refused(directory: &TempDir, arguments: &[&str], said: &[&str]) {
    let before = names(directory.path());
    let finished = run(program(arguments).current_dir(directory.path()));
    assert_eq!(finished.status, Some(2), "{arguments:?}: {finished:?}");
    assert_eq!(finished.stdout, "", "{arguments:?}");
    let line = finished.stderr.strip_suffix('\n').unwrap_or_default();
    assert!(
        line.starts_with("demarc: ") && !line.contains('\n'),
        "{arguments:?}: {finished:?}"
    );
    for part in said {
        assert!(
            line.contains(part),
            "{arguments:?} does not say `{part}`: {line}"
        );
    }
    assert_eq!(
        names(directory.path()),
        before,
        "{arguments:?} created something"
    );
}

fn with_config(text: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("demarc.toml"), text).unwrap();
    directory
}

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

fn serve<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&SERVE[..], more].concat()
}

#[test]
fn an_edge_without_a_device_is_refused() {
    let nothing = tempfile::tempdir().unwrap();
    for device in ["", " "] {
        let arguments = ["edge", "--device", device, "--server", "http://127.0.0.1:1"];
        let arguments = [&arguments[..], &["--bindings", "none.toml"]].concat();
        refused(&nothing, &arguments, &["--device is empty", "awsDeviceV2"]);
    }
}

#[test]
fn configurations_that_make_no_sense_are_refused() {
    let account = "[[account]]\nid = \"111122223333\"\n";
    for (text, said) in [
        (
            "[server]\nlissten = \"x\"\n",
            &["demarc.toml", "line 2", "lissten"][..],
        ),
        ("[servers]\n", &["line 1", "servers"]),
        ("[rules]\nsettle = \"1s\"\n", &["line 2", "settle"]),
        ("[rules.quotas]\nlag = 1\n", &["line 2", "lag"]),
        ("[rules.quotas]\nlags = -1\n", &["line 2", "lags", "-1"]),
        ("[server]\nsettle = \"soon\"\n", &["line 2", "soon"]),
        (
            "[server]\nrequest_timeout = \"0\"\n",
            &["server.request_timeout"],
        ),
        ("[server]\nconcurrency = 0\n", &["server.concurrency", "0"]),
        ("[server]\nregions = [\"Mars!\"]\n", &["line 2", "Mars!"]),
        ("[throttle]\nrate = -1.0\n", &["throttle.rate", "-1"]),
        ("server = 5\n", &["line 1"]),
        ("this is not TOML\n", &["line 1"]),
        ("[[account]]\nid = \"12\"\n", &["account[0].id", "12"]),
        (&format!("{account}{account}"), &["111122223333"]),
        (
            &format!("{account}[[account.user]]\nname = \"a\"\npolicies = [\"{{\"]\n"),
            &["policies[0]", "line 1, column"],
        ),
        (
            &format!(
                "{account}[[account.access_key]]\nid = \"AKIAEXAMPLE\"\nsecret = \"s\"\nuser = \"nobody\"\n"
            ),
            &["nobody"],
        ),
        (
            "[server]\naudit_log = \"no/such/place\"\n",
            &["audit log", "no/such/place"],
        ),
        (
            "[server]\ntls_cert = \"a.pem\"\n",
            &["--tls-cert", "--tls-key"],
        ),
        (
            "[server]\ntls_cert = \"a.pem\"\ntls_key = \"b.pem\"\n",
            &["a.pem"],
        ),
    ] {
        let directory = with_config(text);
        refused(&directory, &serve(&["--config", "demarc.toml"]), said);
    }
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "x").unwrap();
    for (arguments, said) in [
        (serve(&["--config", "missing.toml"]), &["missing.toml"][..]),
        (serve(&["--settle", "soon"]), &["--settle", "soon"]),
        (serve(&["--settle", "-5s"]), &["--settle", "-5s"]),
        (
            serve(&["--data", "d", "--ephemeral"]),
            &["--data", "--ephemeral"],
        ),
        (serve(&["--tls-cert", "c.pem"]), &["--tls-key"]),
        (
            serve(&["--tls-cert", "c.pem", "--tls-key", "k.pem"]),
            &["c.pem"],
        ),
        (
            serve(&["--tls-cert", "file", "--tls-key", "file"]),
            &["file", "no certificate"],
        ),
        (serve(&["--log-format", "xml"]), &["--log-format", "xml"]),
        (serve(&["--seed", "many"]), &["--seed", "many"]),
        (serve(&["--unknown"]), &["--unknown"]),
        (
            serve(&["--bindings", "file"]),
            &["--bindings needs --fabric linux"],
        ),
        (
            serve(&["--bindings", "file", "--fabric", "simulated"]),
            &["--bindings needs --fabric linux"],
        ),
        (serve(&["--data", "file"]), &["file", "not a directory"]),
        (serve(&["--data", "file/below"]), &["file/below"]),
        (vec!["serve", "--listen", "nowhere"], &["nowhere"]),
        (
            vec!["serve", "--listen", "127.0.0.1:99999"],
            &["127.0.0.1:99999"],
        ),
        (
            vec!["serve", "--listen", "host.invalid:80"],
            &["host.invalid:80"],
        ),
        (
            vec!["serve", "--listen", "0.0.0.0:0"],
            &["0.0.0.0", "accounts"],
        ),
        (vec!["serve", "--listen", "[::]:0"], &["[::]", "accounts"]),
        (vec!["fly"], &["fly"]),
        (vec!["store", "verify"], &["--data"]),
        (vec!["store", "verify", "--data", "missing"], &["missing"]),
        (vec!["store", "export", "--data", "."], &["no store"]),
        (vec!["link", "down", "dxvif-fgaaaaa0"], &["dxvif-fgaaaaa0"]),
        (vec!["link", "sideways", "dxcon-fgaaaaa0"], &["sideways"]),
        (vec!["clock", "advance", "tomorrow"], &["tomorrow"]),
        (vec!["events", "--url", "nowhere"], &["nowhere", "http://"]),
        (vec!["events", "--token-file", "missing"], &["missing"]),
    ] {
        refused(&directory, &arguments, said);
    }
}

#[test]
fn a_port_in_use_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(
        &directory,
        &["serve", "--listen", &address],
        &[&address, "in use"],
    );
}

#[test]
fn a_wrong_log_filter_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = program(&SERVE);
    let finished = run(command
        .current_dir(directory.path())
        .env("RUST_LOG", "a=b=c"));
    assert_eq!(finished.status, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("RUST_LOG") && finished.stderr.contains("a=b=c"));
    assert_eq!(names(directory.path()), Vec::<String>::new());
}

#[test]
fn a_data_directory_serves_one_process_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let first = Serving::on(&data);
    let shown = data.to_str().unwrap();
    refused(&directory, &serve(&["--data", shown]), &[shown, "in use"]);
    refused(
        &directory,
        &["store", "verify", "--data", shown],
        &[shown, "in use"],
    );
    first.ok("DescribeLocations", &json!({}));
}

#[test]
fn other_people_s_files_and_newer_stores_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let others = directory.path().join("others");
    fs::create_dir(&others).unwrap();
    fs::write(others.join("thesis.txt"), "x").unwrap();
    refused(
        &directory,
        &serve(&["--data", "others"]),
        &["others", "thesis.txt"],
    );
    assert_eq!(names(&others), ["thesis.txt"]);
    let newer = directory.path().join("newer");
    fs::create_dir(&newer).unwrap();
    fs::write(newer.join("store-v9.redb"), "from the future").unwrap();
    refused(&directory, &serve(&["--data", "newer"]), &["newer", "9"]);
    assert_eq!(names(&newer), ["store-v9.redb"]);
    let damaged = directory.path().join("damaged");
    fs::create_dir(&damaged).unwrap();
    fs::write(damaged.join("store-v1.redb"), vec![7; 10_000]).unwrap();
    refused(&directory, &serve(&["--data", "damaged"]), &["damaged"]);
    assert_eq!(
        fs::read(damaged.join("store-v1.redb")).unwrap(),
        vec![7; 10_000]
    );
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    if nix::unistd::geteuid().is_root() {
        // To root every directory is writable but those of the kernel.
        let directory = tempfile::tempdir().unwrap();
        refused(
            &directory,
            &serve(&["--data", "/proc/demarc"]),
            &["/proc/demarc"],
        );
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let closed = directory.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    refused(
        &directory,
        &serve(&["--data", "closed/data"]),
        &["closed/data"],
    );
}

#[test]
fn accounts_open_the_listener_to_the_world() {
    let text = "[[account]]\nid = \"111122223333\"\n[[account.access_key]]\nid = \"AKIAEXAMPLE\"\nsecret = \"s3cret\"\n";
    let directory = with_config(text);
    let config = directory.path().join("demarc.toml");
    let config = config.to_str().unwrap();
    let world = ["--ephemeral", "--listen", "0.0.0.0:0", "--config", config];
    let serving = Serving::start(&world);
    assert!(serving.address.ip().is_unspecified());
    let unsigned = call(serving.address, "DescribeLocations", &json!({})).unwrap();
    assert_eq!(
        unsigned.status, 400,
        "signatures are verified: {unsigned:?}"
    );
    let finished = serving.command(&["accounts"]);
    assert_eq!(finished.status, Some(1));
    assert!(
        finished.stderr.contains("server.operator_token"),
        "{finished:?}"
    );
}
