//! A speaker and a neighbor made by hand, on loopback addresses.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

mod common;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Running, eventually, free_port, json, start, start_reloadable};
use demarc_bgp::wire::{
    Asn, Capabilities, Family, GracefulRestart, GracefulRestartFamily, Open, PathAttributes,
    SegmentKind, UpdateEncoder, encode_keepalive,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

/// A speaker on 127.78.`last`.1 that waits for 127.78.`last`.2, and where it listens.
fn waiting(last: u8) -> (Running, SocketAddr) {
    let (text, control, listen) = file(last);
    (start(&text, control), listen)
}

/// Its file, where it answers and where it listens.
fn file(last: u8) -> (String, SocketAddr, SocketAddr) {
    let own = IpAddr::V4(Ipv4Addr::new(127, 78, last, 1));
    let listen = SocketAddr::new(own, free_port(own));
    let control = SocketAddr::new(own, free_port(own));
    let text = format!(
        "asn = 64512\nrouter_id = \"10.0.0.1\"\nlisten = [\"{listen}\"]\ncontrol = \"{control}\"\n\
         [[neighbor]]\naddress = \"127.78.{last}.2\"\nasn = 65001\nport = 0\n"
    );
    (text, control, listen)
}

/// `count` routes with a next hop of its own.
fn routes(next_hop: Ipv4Addr, count: u8) -> Vec<u8> {
    let attributes = PathAttributes::builder()
        .segment(SegmentKind::Sequence, &[Asn::new(65001)])
        .next_hop(IpAddr::V4(next_hop))
        .build();
    let encoder = UpdateEncoder {
        family: Family::Ipv4,
        four_octet_asn: true,
    };
    let prefixes = (0..count).map(|n| format!("10.{n}.0.0/16").parse().unwrap());
    let mut bytes = Vec::new();
    encoder.announce(&attributes, prefixes, &mut bytes).unwrap();
    bytes
}

fn received(neighbors: &Value) -> &Value {
    &neighbors[0]["prefixes"]["ipv4"]["in"]
}

/// Connects as the neighbor.
async fn call(last: u8, listen: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let own = IpAddr::V4(Ipv4Addr::new(127, 78, last, 2));
    socket.bind(SocketAddr::new(own, 0)).unwrap();
    socket.connect(listen).await.unwrap()
}

/// An OPEN that agrees to graceful restart, and the KEEPALIVE that accepts the other side's.
fn hello() -> Vec<u8> {
    let family = GracefulRestartFamily {
        afi: 1,
        safi: 1,
        forwarding_preserved: true,
    };
    let open = Open {
        two_octet_asn: 65001,
        hold_time: 90,
        router_id: Ipv4Addr::new(192, 0, 2, 2),
        capabilities: Capabilities {
            multiprotocol: vec![(1, 1)],
            four_octet_asn: Some(Asn::new(65001)),
            graceful_restart: Some(GracefulRestart {
                restarting: true,
                notification: false,
                restart_time: 60,
                families: vec![family],
            }),
            ..Capabilities::default()
        },
    };
    let mut bytes = Vec::new();
    open.encode(&mut bytes);
    encode_keepalive(&mut bytes);
    bytes
}

/// Reads until the speaker closes; whether it did so within two seconds.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 1024];
    let end = async { while !matches!(stream.read(&mut buffer).await, Ok(0) | Err(_)) {} };
    let end = tokio::time::timeout(Duration::from_secs(2), end).await;
    end.is_ok()
}

/// RFC 4724 §5: the new connection is tracked until it sends an OPEN.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_connection_takes_a_session_over_only_with_a_good_open() {
    let (speaker, listen) = waiting(1);
    eventually(speaker.control, "/neighbors", "it runs", |it| it.is_array()).await;
    let mut first = call(1, listen).await;
    first.write_all(&hello()).await.unwrap();
    eventually(speaker.control, "/neighbors", "up", |it| {
        it[0]["state"] == "Established" && it[0]["state_seconds"].as_f64() > Some(3.1)
    })
    .await;

    let silent = call(1, listen).await;
    let mut talkative = call(1, listen).await;
    talkative
        .write_all(b"GET / HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    assert!(is_closed(&mut talkative).await, "that is no OPEN");
    drop(silent);
    let mut restarted = call(1, listen).await;
    let hello = hello();
    let (begin, rest) = hello.split_at(21);
    restarted.write_all(begin).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let shown = json(speaker.control, "GET", "/neighbors").await;
    assert_eq!(shown[0]["state"], "Established", "{shown:#}");
    assert_eq!(shown[0]["flaps"], 0, "{shown:#}");

    restarted.write_all(rest).await.unwrap();
    let over = |it: &Value| {
        it[0]["state"] == "Established" && it[0]["flaps"] == 1 && it[0]["established"] == 2
    };
    eventually(speaker.control, "/neighbors", "taken over", over).await;
    assert!(is_closed(&mut first).await, "the old connection is over");
}

/// Whoever asks as soon as there is an answer is not told that there is nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_answer_names_all_neighbors() {
    let own = IpAddr::V4(Ipv4Addr::new(127, 78, 3, 1));
    let listen = SocketAddr::new(own, free_port(own));
    let control = SocketAddr::new(own, free_port(own));
    let mut text = format!(
        "asn = 64512\nrouter_id = \"10.0.0.1\"\nlisten = [\"{listen}\"]\ncontrol = \"{control}\"\n"
    );
    for number in 0..1000 {
        let (high, low) = (number / 250, number % 250 + 1);
        text +=
            &format!("[[neighbor]]\naddress = \"127.79.{high}.{low}\"\nasn = 65001\nport = 0\n");
    }
    let _speaker = start(&text, control);
    let first = loop {
        let answer = json(control, "GET", "/neighbors").await;
        if answer.is_array() {
            break answer;
        }
    };
    assert_eq!(first.as_array().map(Vec::len), Some(1000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_paths_and_methods_are_told_in_json() {
    let (speaker, _) = waiting(2);
    eventually(speaker.control, "/neighbors", "it runs", |it| it.is_array()).await;
    for (method, path) in [
        ("GET", "/nothing"),
        ("POST", "/neighbors"),
        ("GET", "/neighbors/127.78.2.2/clear"),
        ("POST", "/neighbors/127.78.2.9/clear"),
        ("POST", "/neighbors/127.78.2.2/explode"),
        ("GET", "/routes?direction=in&direction=out"),
        ("GET", "/routes?neighbor=127.78.2.2&neighbor=127.78.2.2"),
        ("GET", "/routes?direction=sideways"),
        ("GET", "/neighbors/%ff"),
        ("POST", "/neighbors/%ff/clear"),
        ("POST", "/neighbors/127.78.2.2/clear?text=a&text=b"),
    ] {
        let answer = json(speaker.control, method, path).await;
        assert!(answer["error"].is_string(), "{method} {path}: {answer}");
    }
}

/// spec/routing §2: the limit holds at once, for routes of a neighbor that is away, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_lowered_below_the_stale_routes_drops_them_and_counts_anew() {
    let (file, control, listen) = file(4);
    let text = Arc::new(Mutex::new(file.clone()));
    let speaker = start_reloadable(&text, control);
    eventually(speaker.control, "/neighbors", "it runs", |it| it.is_array()).await;
    let update = routes(Ipv4Addr::new(127, 78, 4, 2), 3);
    let mut first = call(4, listen).await;
    first.write_all(&hello()).await.unwrap();
    first.write_all(&update).await.unwrap();
    eventually(control, "/neighbors", "three routes", |it| {
        received(it) == 3
    })
    .await;
    drop(first);
    let stale = eventually(control, "/neighbors", "away", |it| {
        it[0]["keeps_stale_routes"] == true
    })
    .await;
    assert_eq!(*received(&stale), 3);

    *text.lock().unwrap() = format!("{file}prefix_limit = 2\n");
    assert_eq!(json(control, "POST", "/reload").await["adjusted"], 1);
    let dropped = json(control, "GET", "/neighbors").await;
    assert_eq!(*received(&dropped), 0, "{dropped:#}");

    let mut back = call(4, listen).await;
    back.write_all(&hello()).await.unwrap();
    back.write_all(&update).await.unwrap();
    eventually(control, "/neighbors", "too many", |it| {
        it[0]["idle_reason"] == "prefix-limit"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_lasts_through_a_reload_that_begins_the_session_anew() {
    let (file, control, listen) = file(5);
    let text = Arc::new(Mutex::new(file.clone()));
    let speaker = start_reloadable(&text, control);
    eventually(speaker.control, "/neighbors", "it runs", |it| it.is_array()).await;
    let shut = json(control, "POST", "/neighbors/127.78.5.2/shutdown?text=bye").await;
    assert_eq!(shut["idle_reason"], "administrative shutdown");

    *text.lock().unwrap() = format!("{file}interface_kind = \"transit\"\n");
    assert_eq!(json(control, "POST", "/reload").await["restarted"], 1);
    let still = json(control, "GET", "/neighbors").await;
    assert_eq!(still[0]["interface_kind"], "transit", "{still:#}");
    assert_eq!(still[0]["idle_reason"], "administrative shutdown");

    json(control, "POST", "/neighbors/127.78.5.2/enable").await;
    let mut welcome = call(5, listen).await;
    welcome.write_all(&hello()).await.unwrap();
    eventually(control, "/neighbors", "up", |it| {
        it[0]["state"] == "Established"
    })
    .await;
}

/// The answer to a command shows what it did.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_to_a_shutdown_shows_no_routes() {
    let (speaker, listen) = waiting(6);
    let control = speaker.control;
    eventually(control, "/neighbors", "it runs", |it| it.is_array()).await;
    // Many, so that the tables take a while to forget them.
    let update = routes(Ipv4Addr::new(127, 78, 6, 2), 90);
    for command in ["shutdown", "clear"] {
        for _ in 0..10 {
            let mut neighbor = call(6, listen).await;
            neighbor.write_all(&hello()).await.unwrap();
            neighbor.write_all(&update).await.unwrap();
            eventually(control, "/neighbors", "routes", |it| received(it) == 90).await;
            let path = match command {
                "shutdown" => "/neighbors/127.78.6.2/shutdown",
                _ => "/neighbors/127.78.6.2/clear",
            };
            let answer = json(control, "POST", path).await;
            assert_ne!(answer["state"], "Established", "{command}: {answer:#}");
            assert_eq!(answer["prefixes"]["ipv4"]["in"], 0, "{command}: {answer:#}");
            json(control, "POST", "/neighbors/127.78.6.2/enable").await;
        }
    }
}

/// With several listen addresses the neighbor chooses; BFD has to come from the same one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bfd_follows_the_session_to_its_address() {
    let (file, control, listen) = file(7);
    let second = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 78, 7, 9)), listen.port());
    let both = format!("listen = [\"{listen}\", \"{second}\"]");
    let one = format!("listen = [\"{listen}\"]");
    let text = file.replace(&one, &both) + "bfd = true\n";
    let bfd = UdpSocket::bind("127.78.7.2:3784").await.unwrap();
    let speaker = start(&text, control);
    eventually(speaker.control, "/neighbors", "it runs", |it| it.is_array()).await;
    let mut neighbor = call(7, second).await;
    neighbor.write_all(&hello()).await.unwrap();
    let from_second = async {
        let mut packet = [0; 64];
        while bfd.recv_from(&mut packet).await.unwrap().1.ip() != second.ip() {}
    };
    tokio::time::timeout(Duration::from_secs(5), from_second)
        .await
        .unwrap();
}
