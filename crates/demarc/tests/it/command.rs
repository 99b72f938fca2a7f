//! The operator's commands against a running service.

use std::fs;

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Serving, program, run, text};

fn json_of(serving: &Serving, arguments: &[&str]) -> Value {
    let all = [arguments, &["--json"]].concat();
    serde_json::from_str(&serving.command(&all).ok()).unwrap()
}

fn state(serving: &Serving, connection: &str) -> String {
    let shown = serving.ok("DescribeConnections", &json!({"connectionId": connection}));
    text(&shown["connections"][0]["connectionState"])
}

#[test]
fn links_go_down_and_come_up() {
    let serving = Serving::ephemeral();
    let port = serving.connection("port");
    serving.command(&["clock", "advance", "5s"]).ok();
    assert_eq!(state(&serving, &port), "available");
    let said = serving.command(&["link", "down", &port]).ok();
    assert_eq!(said, format!("link of {port} is told to be down\n"));
    assert_eq!(state(&serving, &port), "down");
    let told = json_of(&serving, &["link", "up", &port]);
    assert_eq!(told, json!({"connectionId": port, "state": "up"}));
    assert_eq!(state(&serving, &port), "available");
}

#[test]
fn what_is_refused_ends_with_status_1_and_the_reason() {
    let serving = Serving::ephemeral();
    for (arguments, said) in [
        (
            &["link", "down", "dxcon-fgzzzzz0"][..],
            "Could not find Connection with ID dxcon-fgzzzzz0",
        ),
        (&["session", "up", "dxpeer-fgzzzzz0"], "dxpeer-fgzzzzz0"),
        (
            &["hairpin", "allow", "00000000-0000-4000-8000-000000000000"],
            "00000000-0000-4000-8000-000000000000",
        ),
        (
            &["approve", "dxvif-fgzzzzz0"],
            "Virtual Interface dxvif-fgzzzzz0 does not exist.",
        ),
        (&["intent", "dxcon-fgzzzzz0"], "dxcon-fgzzzzz0"),
        (
            &["prefixes", "dxvif-fgzzzzz0", "10.0.0.0/8"],
            "dxvif-fgzzzzz0",
        ),
    ] {
        let finished = serving.command(arguments);
        assert_eq!(finished.status, Some(1), "{arguments:?}: {finished:?}");
        assert_eq!(finished.stdout, "", "{arguments:?}");
        assert!(
            finished.stderr.contains(said),
            "{arguments:?}: {finished:?}"
        );
    }
}

#[test]
fn a_service_that_is_not_there_is_named() {
    let finished = run(&mut program(&["show", "--url", "http://127.0.0.1:9"]));
    assert_eq!(finished.status, Some(1));
    assert!(
        finished.stderr.contains("http://127.0.0.1:9"),
        "{finished:?}"
    );
    assert!(
        finished.stderr.contains("demarc serve"),
        "what to do is said: {finished:?}"
    );
}

#[test]
fn the_clock_takes_days() {
    let serving = Serving::ephemeral();
    serving.command(&["clock", "advance", "7d"]).ok();
    serving.command(&["clock", "advance", "90s"]).ok();
    let summary = json_of(&serving, &["show"]);
    assert_eq!(summary["clockAdvancedSeconds"], 7 * 86_400 + 90);
}

#[test]
fn tables_are_for_people_and_json_is_for_programs() {
    let serving = Serving::ephemeral();
    let port = serving.connection("port");
    let table = serving.command(&["locations"]).ok();
    let head = table.lines().next().unwrap();
    assert!(
        head.starts_with("CODE") && head.contains("SPEEDS"),
        "{table}"
    );
    assert!(table.contains("EqDC2"), "{table}");
    let other = serving
        .command(&["locations", "--region", "eu-west-1"])
        .ok();
    assert!(!other.contains("EqDC2"), "{other}");
    assert!(serving.command(&["accounts"]).ok().contains(ACCOUNT));
    assert!(
        serving
            .command(&["router-types"])
            .ok()
            .contains("CiscoSystemsInc-2900SeriesRouters-IOS124")
    );
    assert!(serving.command(&["show"]).ok().contains("connections"));
    assert!(
        serving
            .command(&["audit"])
            .ok()
            .contains("CreateConnection")
    );
    assert!(serving.command(&["events"]).ok().contains(&port));
    let intent = json_of(&serving, &["intent", &port]);
    assert_eq!(intent["connectionId"], port);
    for line in serving.command(&["events", "--json"]).ok().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["source"], "aws.directconnect");
    }
}

#[test]
fn locations_are_put_as_they_are_printed() {
    let serving = Serving::ephemeral();
    let directory = tempfile::tempdir().unwrap();
    let listed = json_of(&serving, &["locations"]);
    let mut location = listed["locations"][0].clone();
    location.as_object_mut().unwrap().remove("locationCode");
    location["locationName"] = json!("Mine");
    let file = directory.path().join("mine.json");
    let put = [
        "locations",
        "put",
        "MYDC1",
        "--file",
        file.to_str().unwrap(),
    ];
    fs::write(&file, location.to_string()).unwrap();
    let finished = serving.command(&put);
    assert_eq!(
        finished.status,
        Some(1),
        "the devices of another: {finished:?}"
    );
    location.as_object_mut().unwrap().remove("devices");
    fs::write(&file, location.to_string()).unwrap();
    serving.command(&put).ok();
    assert!(serving.command(&["locations"]).ok().contains("MYDC1"));
    fs::write(&file, "{").unwrap();
    let finished = serving.command(&[
        "locations",
        "put",
        "MYDC1",
        "--file",
        file.to_str().unwrap(),
    ]);
    assert_eq!(finished.status, Some(2));
    assert!(finished.stderr.contains("mine.json"), "{finished:?}");
}

#[test]
fn a_token_comes_from_an_argument_the_environment_or_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("demarc.toml");
    let text = "[server]\noperator_token = \"let-me-in\"\n[[account]]\nid = \"111122223333\"\nname = \"carrier\"\n\
                [[account.access_key]]\nid = \"AKIAEXAMPLE\"\nsecret = \"hidden\"\n";
    fs::write(&config, text).unwrap();
    let token = directory.path().join("token");
    fs::write(&token, "let-me-in\n").unwrap();
    let serving = Serving::start(&["--ephemeral", "--config", config.to_str().unwrap()]);
    let denied = serving.command(&["accounts"]);
    assert_eq!(denied.status, Some(1));
    assert!(denied.stderr.contains("token"), "{denied:?}");
    let shown = serving.command(&["accounts", "--token", "let-me-in"]).ok();
    assert!(
        shown.contains("carrier") && shown.contains("AKIAEXAMPLE"),
        "{shown}"
    );
    assert!(!shown.contains("hidden"), "{shown}");
    serving
        .command(&["accounts", "--token-file", token.to_str().unwrap()])
        .ok();
    let mut command = program(&["accounts"]);
    run(command
        .env("DEMARC_URL", &serving.url)
        .env("DEMARC_TOKEN", "let-me-in"))
    .ok();
}

#[test]
fn a_private_authority_is_trusted_when_it_is_given() {
    let directory = tempfile::tempdir().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let certificate = file("cert.pem", &made.cert.pem());
    let key = file("key.pem", &made.signing_key.serialize_pem());
    let serving = Serving::start(&["--ephemeral", "--tls-cert", &certificate, "--tls-key", &key]);
    assert!(serving.url.starts_with("https://"));
    let unknown = serving.command(&["show"]);
    assert_eq!(unknown.status, Some(1), "{unknown:?}");
    // It is running; what is missing is trust.
    assert!(
        unknown.stderr.contains("is not accepted") && unknown.stderr.contains("--ca-cert"),
        "{unknown:?}"
    );
    assert!(!unknown.stderr.contains("running"), "{unknown:?}");
    serving.command(&["show", "--ca-cert", &certificate]).ok();
}

/// `openssl req -x509` makes authorities, and people serve with them.
#[test]
fn a_certificate_that_is_an_authority_is_trusted_when_it_is_given() {
    let directory = tempfile::tempdir().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = |name: &str| {
        let mut params = rcgen::CertificateParams::new(names.clone()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let file = |kind: &str, text: &str| {
            let path = directory.path().join(format!("{name}-{kind}.pem"));
            fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        (
            file("cert", &params.self_signed(&key).unwrap().pem()),
            file("key", &key.serialize_pem()),
        )
    };
    let (certificate, key) = made("own");
    let (other, _) = made("other");
    let serving = Serving::start(&["--ephemeral", "--tls-cert", &certificate, "--tls-key", &key]);
    serving.command(&["show", "--ca-cert", &certificate]).ok();
    let unknown = serving.command(&["show", "--ca-cert", &other]);
    assert_eq!(unknown.status, Some(1), "{unknown:?}");
    assert!(unknown.stderr.contains("is not accepted"), "{unknown:?}");
}

#[test]
fn help_is_printed_with_examples() {
    let help = run(&mut program(&["--help"])).ok();
    for command in [
        "serve",
        "link",
        "session",
        "clock",
        "approve",
        "reject",
        "hairpin",
        "locations",
        "events",
        "accounts",
        "store",
    ] {
        assert!(help.contains(command), "{command}");
        let finished = run(&mut program(&[command, "--help"]));
        assert!(
            finished.status == Some(0) && finished.stdout.len() > 100,
            "{command}: {finished:?}"
        );
    }
    assert!(
        run(&mut program(&["link", "--help"]))
            .ok()
            .contains("demarc link down dxcon-")
    );
    assert!(
        run(&mut program(&["--version"]))
            .ok()
            .starts_with("demarc 0.")
    );
}

#[test]
fn calls_are_tried_without_being_made() {
    let serving = Serving::ephemeral();
    let port = serving.connection("port");
    serving.command(&["clock", "advance", "5s"]).ok();
    let words = ["delete-connection", "--connection-id", &port];
    for (wrong, said) in [
        (&["delete-connection", "--foo", "x"][..], "--foo"),
        (&["delete-everything"], "delete-everything"),
        (&["/nonexist"], "no such file"),
        (&["nonexist.txt"], "no such file"),
    ] {
        let refused = serving.command(&[&["what-if", "--account", ACCOUNT], wrong].concat());
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(said), "{refused:?}");
    }
    let refused = serving.command(&[&["what-if"], words.as_slice()].concat());
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("--account"), "{refused:?}");
    let tried = [&["what-if", "--account", ACCOUNT], words.as_slice()].concat();
    let said = serving.command(&tried).ok();
    assert!(
        said.starts_with(&format!(
            "DeleteConnection by {ACCOUNT} would be accepted\n"
        )),
        "{said}"
    );
    assert!(said.contains(&port) && said.contains("removed"), "{said}");
    assert_eq!(state(&serving, &port), "available");

    let file = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    let calls = json!([
        {"operation": "CreateDirectConnectGateway", "input": {"directConnectGatewayName": "new"}},
        {"operation": "DeleteConnection", "input": {"connectionId": "dxcon-fgzzzzz0"}},
    ]);
    fs::write(file.path(), calls.to_string()).unwrap();
    let path = file.path().to_str().unwrap();
    let answer = serving
        .command(&["what-if", "--account", ACCOUNT, "--json", path])
        .ok();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["calls"][0]["accepted"], true);
    assert_eq!(
        answer["calls"][1]["exception"],
        "DirectConnectClientException"
    );
    assert_eq!(answer["effects"]["virtualInterfaces"], json!([]));
}

#[test]
fn destinations_that_are_none_are_refused_alike() {
    for destination in ["300.1.1.1", "garbage", "10.0.0.0/33", "10.0.0", ""] {
        let finished = run(&mut program(&[
            "why",
            destination,
            "--vif",
            "dxvif-ffffffff",
        ]));
        assert_eq!(finished.status, Some(2), "{destination}: {finished:?}");
        assert!(
            finished.stderr.contains("is neither an address"),
            "{destination}: {finished:?}"
        );
    }
}
