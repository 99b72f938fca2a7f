//! Two drivers on loopback addresses.

use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use demarc_bfd::State;
use demarc_bfd_driver::{Change, Driver, Sockets, open_sender};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

fn start(local: &str) -> (Driver, mpsc::Receiver<Change>) {
    let (changes, inbox) = mpsc::channel(16);
    let local = local.parse().expect("the test gives an address");
    let sockets = Sockets::open(local).expect("port 3784 of the address is free");
    (
        Driver::start(sockets, changes, 7).expect("a runtime is there"),
        inbox,
    )
}

async fn until(changes: &mut mpsc::Receiver<Change>, state: State) -> Change {
    loop {
        let change = timeout(Duration::from_secs(10), changes.recv()).await;
        let change = change
            .expect("a change within ten seconds")
            .expect("the driver runs");
        if change.event.to == state {
            return change;
        }
    }
}

#[tokio::test]
async fn two_drivers_come_up_and_notice_the_end_of_the_other_within_a_second() {
    let (a, mut a_changes) = start("127.53.1.1");
    let (b, mut b_changes) = start("127.53.1.2");
    let (left, right): (IpAddr, IpAddr) =
        ("127.53.1.1".parse().unwrap(), "127.53.1.2".parse().unwrap());
    a.watch(right).await;
    b.watch(left).await;
    until(&mut a_changes, State::Up).await;
    until(&mut b_changes, State::Up).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let status = a.status(right).await.unwrap();
    assert_eq!(status.transmit_interval, Duration::from_millis(300));
    assert_eq!(status.detection_time, Some(Duration::from_millis(900)));

    drop((b, b_changes));
    let start = Instant::now();
    let change = until(&mut a_changes, State::Down).await;
    assert!(change.event.is_path_failure());
    assert!(
        start.elapsed() < Duration::from_millis(1000),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn unwatch_tells_the_neighbor_that_it_is_no_failure() {
    let (a, mut a_changes) = start("127.53.2.1");
    let (b, _b_changes) = start("127.53.2.2");
    let (left, right): (IpAddr, IpAddr) =
        ("127.53.2.1".parse().unwrap(), "127.53.2.2".parse().unwrap());
    a.watch(right).await;
    b.watch(left).await;
    until(&mut a_changes, State::Up).await;
    b.unwatch(left).await;
    let change = until(&mut a_changes, State::Down).await;
    assert!(!change.event.is_path_failure());
    assert_eq!(b.status(left).await, None);
}

#[tokio::test]
async fn a_packet_with_another_hop_limit_or_from_a_stranger_changes_nothing() {
    let (a, mut a_changes) = start("127.53.3.1");
    let neighbor: IpAddr = "127.53.3.2".parse().unwrap();
    a.watch(neighbor).await;
    let down = [
        0x20, 0x40, 3, 24, 0, 0, 0, 7, 0, 0, 0, 0, 0, 15, 0x42, 0x40, 0, 15, 0x42, 0x40, 0, 0, 0, 0,
    ];
    let to = "127.53.3.1:3784";
    // The usual 64 of a datagram that may have come from afar.
    let far = UdpSocket::bind("127.53.3.2:0").unwrap();
    far.send_to(&down, to).unwrap();
    let stranger = open_sender("127.53.3.9".parse().unwrap(), 1).unwrap();
    stranger.send_to(&down, to).unwrap();
    assert!(
        timeout(Duration::from_millis(300), a_changes.recv())
            .await
            .is_err()
    );
    let near = open_sender(neighbor, 1).unwrap();
    assert!(near.local_addr().unwrap().port() >= 49152);
    near.send_to(&down, to).unwrap();
    assert_eq!(until(&mut a_changes, State::Init).await.neighbor, neighbor);
}
