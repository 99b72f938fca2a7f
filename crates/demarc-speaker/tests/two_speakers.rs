//! Speakers on loopback addresses, through their real sockets and their control servers.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

mod common;

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{eventually, free_port, json, start, start_reloadable};
use serde_json::Value;

fn established(value: &Value) -> bool {
    value[0]["state"] == "Established"
}

/// Two configurations for `last` and `last + 1` in 127.77.0.0/16; `extra` goes into both neighbors.
fn pair(
    last: u8,
    keys: [&str; 2],
    originate: [&[&str]; 2],
    extra: &str,
) -> [(String, SocketAddr); 2] {
    let address = |side: u8| IpAddr::V4(Ipv4Addr::new(127, 77, last, side + 1));
    let ports = [0, 1].map(|side| free_port(address(side)));
    [0_u8, 1].map(|side| {
        let (own, other) = (address(side), address(1 - side));
        let control = SocketAddr::new(own, free_port(own));
        let index = usize::from(side);
        let mut text = format!(
            "asn = {}\nrouter_id = \"10.0.0.{}\"\nlisten = [\"{own}:{}\"]\ncontrol = \"{control}\"\n\
             [[neighbor]]\naddress = \"{other}\"\nasn = {}\nport = {}\n{extra}",
            65001 + u32::from(side),
            side + 1,
            ports[index],
            65002 - u32::from(side),
            ports[1 - index],
        );
        if !keys[index].is_empty() {
            text += &format!("password = \"{}\"\n", keys[index]);
        }
        for prefix in originate[index] {
            text += &format!("[[originate]]\nprefix = \"{prefix}\"\n");
        }
        (text, control)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_speakers_with_a_key_exchange_routes_and_obey_commands() {
    let originate: [&[&str]; 2] = [&["203.0.113.0/24", "198.51.100.0/24"], &["192.0.2.0/24"]];
    let [(one, control), (other, second)] = pair(1, ["secret12"; 2], originate, "");
    let one = start(&one, control);
    let _other = start(&other, second);
    let routes = eventually(
        one.control,
        "/routes?direction=in",
        "route from the other",
        |it| it[0]["prefix"] == "192.0.2.0/24",
    )
    .await;
    assert_eq!(routes[0]["as_path"], "65002");
    assert_eq!(routes[0]["next_hop"], "127.77.1.2");
    let out = eventually(one.control, "/neighbors", "both sent", |it| {
        it[0]["prefixes"]["ipv4"]["out"] == 2
    })
    .await;
    assert!(established(&out));
    let down = json(
        one.control,
        "POST",
        "/neighbors/127.77.1.2/shutdown?text=bye",
    )
    .await;
    assert_eq!(down["idle_reason"], "administrative shutdown");
    assert_eq!(
        down["last_error"]["sent"]["message"],
        "6/2 Administrative Shutdown: \"bye\""
    );
    assert_eq!(
        json(one.control, "GET", "/routes?direction=in").await,
        Value::Array(vec![])
    );
    json(one.control, "POST", "/neighbors/127.77.1.2/enable").await;
    eventually(one.control, "/neighbors", "up again", established).await;
    let error = json(one.control, "POST", "/neighbors/127.77.1.2/explode").await;
    assert!(error["error"].as_str().unwrap().contains("explode"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_keeps_the_session_down() {
    let [(one, first), (other, second)] = pair(2, ["secret12", "secret13"], [&[], &[]], "");
    let (one, _other) = (start(&one, first), start(&other, second));
    tokio::time::sleep(Duration::from_secs(3)).await;
    let status = eventually(one.control, "/neighbors", "an answer", Value::is_array).await;
    assert_ne!(status[0]["state"], "Established");
    assert_eq!(status[0]["established"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_prefixes_end_the_session() {
    let originate: [&[&str]; 2] = [&[], &["192.0.2.0/25", "192.0.2.128/25"]];
    let [(one, first), (other, second)] = pair(3, [""; 2], originate, "prefix_limit = 1\n");
    let (one, _other) = (start(&one, first), start(&other, second));
    let status = eventually(one.control, "/neighbors", "Idle", |it| {
        it[0]["idle_reason"] == "prefix-limit"
    })
    .await;
    let sent = &status[0]["last_error"]["sent"];
    assert_eq!(
        (&sent["code"], &sent["subcode"]),
        (&Value::from(6), &Value::from(1))
    );
    assert_eq!(
        status[0]["prefixes"]["ipv4"]["in"], 0,
        "all routes go at once"
    );
}

/// spec/routing §13, vector 3.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_raised_prefix_limit_brings_the_session_back_and_touches_no_other() {
    let originate: [&[&str]; 2] = [&[], &["192.0.2.0/25", "192.0.2.128/25"]];
    let [(one, first), (other, second)] = pair(5, [""; 2], originate, "prefix_limit = 1\n");
    let [(third, third_control), _] = pair(6, [""; 2], [&[], &[]], "");
    let own = one.split('"').find(|it| it.starts_with("127.77.5.1:"));
    let third_listen = third.split('"').find(|it| it.starts_with("127.77.6.1:"));
    let (own_port, third_port) = (
        own.unwrap().rsplit_once(':').unwrap().1,
        third_listen.unwrap().rsplit_once(':').unwrap().1,
    );
    // A third speaker, whose session has to live through all this.
    let bystander =
        format!("[[neighbor]]\naddress = \"127.77.6.1\"\nasn = 65009\nport = {third_port}\n");
    let third = format!(
        "asn = 65009\nrouter_id = \"10.0.0.9\"\nlisten = [\"127.77.6.1:{third_port}\"]\n\
         control = \"{third_control}\"\n[[neighbor]]\naddress = \"127.77.5.1\"\nasn = 65001\n\
         port = {own_port}\n"
    );
    let text = Arc::new(Mutex::new(format!("{one}{bystander}")));
    let one = start_reloadable(&text, first);
    let (_other, _third) = (start(&other, second), start(&third, third_control));
    eventually(one.control, "/neighbors", "Idle beside Established", |it| {
        it[0]["idle_reason"] == "prefix-limit" && it[1]["state"] == "Established"
    })
    .await;
    let raised = text
        .lock()
        .unwrap()
        .replace("prefix_limit = 1", "prefix_limit = 5");
    *text.lock().unwrap() = raised;
    let told = json(one.control, "POST", "/reload").await;
    assert_eq!(
        (&told["adjusted"], &told["restarted"]),
        (&1.into(), &0.into()),
        "{told}"
    );
    let back = eventually(one.control, "/neighbors", "back", |it| {
        it[0]["prefixes"]["ipv4"]["in"] == 2
    })
    .await;
    assert_eq!(back[1]["flaps"], 0, "{back:#}");

    // The bystander goes, and comes again as a new neighbor.
    let with = text.lock().unwrap().clone();
    *text.lock().unwrap() = with.replace(&bystander, "");
    let told = json(one.control, "POST", "/reload").await;
    assert_eq!(told["removed"], 1, "{told}");
    let left = json(one.control, "GET", "/neighbors").await;
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert!(established(&left));
    *text.lock().unwrap() = with;
    assert_eq!(json(one.control, "POST", "/reload").await["added"], 1);
    let third = eventually(third_control, "/neighbors", "gone and back", established).await;
    assert_eq!(
        third[0]["last_error"]["received"]["subcode"], 3,
        "{third:#}"
    );

    *text.lock().unwrap() = "asn = 0".to_owned();
    let refused = json(one.control, "POST", "/reload").await;
    assert!(refused["error"].is_string(), "{refused}");
}

/// More than the tables look at in one go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_routes_are_shown_whole() {
    let prefixes: Vec<String> = (0..5_000)
        .map(|number| format!("10.{}.{}.0/24", number / 256, number % 256))
        .collect();
    let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    let originate: [&[&str]; 2] = [&[], &prefixes];
    let [(one, first), (other, second)] = pair(7, [""; 2], originate, "prefix_limit = 9999\n");
    let (one, other) = (start(&one, first), start(&other, second));
    eventually(one.control, "/neighbors", "all routes", |it| {
        it[0]["prefixes"]["ipv4"]["in"] == 5_000
    })
    .await;
    for (control, path, count) in [
        (one.control, "/routes?direction=in", 5_000),
        (one.control, "/routes?direction=rejected", 0),
        (other.control, "/routes?direction=out", 5_000),
        (other.control, "/routes?direction=in", 0),
    ] {
        let routes = json(control, "GET", path).await;
        let mut shown: Vec<_> = routes.as_array().unwrap().iter().collect();
        shown.sort_by_key(|route| route["prefix"].as_str());
        shown.dedup();
        assert_eq!(shown.len(), count, "{path}");
    }
}

/// spec/routing §5: 7224:8100 is for the Region of the location, 7224:8200 for its continent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_neighbor_in_another_region_hears_of_its_continent() {
    for (last, lines, tag) in [
        (8, "interface_kind = \"public\"\n", "7224:8100"),
        (
            9,
            "interface_kind = \"public\"\nlocal_region = false\n",
            "7224:8200",
        ),
    ] {
        let originate: [&[&str]; 2] = [&[], &["192.0.2.0/24"]];
        let [(one, first), (other, second)] = pair(last, [""; 2], originate, lines);
        let (one, _other) = (start(&one, first), start(&other, second));
        let routes = eventually(one.control, "/routes?direction=in", "the route", |it| {
            it[0]["prefix"] == "192.0.2.0/24"
        })
        .await;
        let communities = routes[0]["communities"].as_array().unwrap();
        let scopes: Vec<_> = communities
            .iter()
            .filter(|it| **it != "65535:65281")
            .collect();
        assert_eq!(scopes, [tag], "{lines}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_address_is_reset() {
    let [(one, control), _] = pair(4, [""; 2], [&[], &[]], "");
    let listen: SocketAddr = one
        .split('"')
        .find(|part| part.starts_with("127.77.4.1:"))
        .unwrap()
        .parse()
        .unwrap();
    let one = start(&one, control);
    eventually(one.control, "/neighbors", "running", Value::is_array).await;
    let outcome = tokio::task::spawn_blocking(move || {
        // From 127.0.0.1, which is nobody's neighbor.
        let mut stream = TcpStream::connect(listen)?;
        stream.read(&mut [0; 19])
    });
    let error = outcome.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}
