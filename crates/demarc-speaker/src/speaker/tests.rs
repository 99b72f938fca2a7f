//! The end of sessions, also while an operator's question is being answered.

use std::net::Ipv4Addr;

use demarc_bgp::wire::{ErrorCode, Family, Header, Message, Notification, SessionContext, decode};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};

use super::*;

/// A speaker on 127.76.`last`.1 with one passive neighbor on 127.76.`last`.2, which has called.
async fn called(last: u8) -> (Speaker, SpeakerConfig, TcpStream) {
    let own = IpAddr::V4(Ipv4Addr::new(127, 76, last, 1));
    let port = std::net::TcpListener::bind((own, 0))
        .and_then(|free| free.local_addr())
        .unwrap()
        .port();
    let text = format!(
        "asn = 64512\nrouter_id = \"10.0.0.1\"\nlisten = [\"{own}:{port}\"]\n\
         [[neighbor]]\naddress = \"127.76.{last}.2\"\nasn = 65001\nport = 0\n"
    );
    let config = SpeakerConfig::parse("test", &text).unwrap();
    let (speaker, _) = Speaker::start(config.clone(), Arc::new(HostSockets))
        .await
        .unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    let from = IpAddr::V4(Ipv4Addr::new(127, 76, last, 2));
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    let mut neighbor = socket.connect(SocketAddr::new(own, port)).await.unwrap();
    assert!(matches!(next(&mut neighbor).await, Some(Message::Open(_))));
    (speaker, config, neighbor)
}

/// The next message, `None` at the end.
async fn next(neighbor: &mut TcpStream) -> Option<Message<'static>> {
    let mut header = [0; 19];
    neighbor.read_exact(&mut header).await.ok()?;
    let length = Header::peek(&header).unwrap().unwrap().length;
    let mut message = header.to_vec();
    message.resize(length, 0);
    neighbor.read_exact(&mut message[19..]).await.ok()?;
    let context = SessionContext {
        family: Family::Ipv4,
        four_octet_asn: true,
    };
    // Never freed: a test's few bytes.
    Some(decode(message.leak(), &context).unwrap())
}

async fn last_words(neighbor: &mut TcpStream) -> Notification {
    match next(neighbor).await {
        Some(Message::Notification(notification)) => notification,
        other => panic!("closed with {other:?}"),
    }
}

#[tokio::test]
async fn neighbors_hear_of_a_stop_also_while_a_question_is_being_answered() {
    for asked in [true, false] {
        let (speaker, _, mut neighbor) = called(1).await;
        let roster = RosterReader::new(&speaker.roster);
        let asking = asked.then(|| roster.now());
        let heard = async {
            let words = last_words(&mut neighbor).await;
            drop(neighbor);
            words
        };
        let (words, ()) = tokio::join!(heard, speaker.stop());
        assert_eq!(words.code, ErrorCode::CEASE_ADMINISTRATIVE_SHUTDOWN);
        assert!(words.to_string().contains("the speaker stops"), "{words}");
        drop(asking);
    }
}

#[tokio::test]
async fn a_neighbor_hears_of_its_removal_while_a_question_is_being_answered() {
    let (mut speaker, mut config, mut neighbor) = called(2).await;
    let asking = RosterReader::new(&speaker.roster).now();
    config.neighbors.clear();
    let (words, done) = tokio::join!(last_words(&mut neighbor), speaker.reload(config));
    assert_eq!(words.code, ErrorCode::CEASE_PEER_DECONFIGURED);
    assert_eq!(done.unwrap().removed, 1);
    drop(asking);
}
