//! A network between a store and etcd that loses answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::faulty::Dice;

/// Passes connections on to a server on loopback until it is dropped.
pub(super) struct Proxy {
    pub(super) port: u16,
    pub(super) requests: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// `lose` of 100 answers are not delivered: the connection breaks instead, after the request has gone through.
    pub(super) async fn start(target: u16, lose: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            let mut seed = 0;
            while let Ok((client, _)) = listener.accept().await {
                seed += 1;
                let dice = Dice(seed);
                tokio::spawn(pass(client, target, lose, dice, Arc::clone(&counter)));
            }
        });
        Self {
            port,
            requests,
            task,
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(
    mut client: TcpStream,
    target: u16,
    lose: u64,
    mut dice: Dice,
    requests: Arc<AtomicU64>,
) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await else {
        return;
    };
    let (mut question, mut answer) = (vec![0; 65_536], vec![0; 65_536]);
    let mut frames = Frames::default();
    loop {
        tokio::select! {
            read = client.read(&mut question) => {
                let Ok(length @ 1..) = read else { return };
                let headers = frames.count_headers(&question[..length]);
                requests.fetch_add(headers, Ordering::Relaxed);
                if server.write_all(&question[..length]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut answer) => {
                let Ok(length @ 1..) = read else { return };
                if dice.below(100) < lose || client.write_all(&answer[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The client's half of an HTTP/2 connection, as far as needed to count its requests.
#[derive(Default)]
struct Frames {
    buffer: Vec<u8>,
    greeted: bool,
}

impl Frames {
    const GREETING: usize = 24;
    const HEAD: usize = 9;
    const HEADERS: u8 = 1;

    fn count_headers(&mut self, data: &[u8]) -> u64 {
        self.buffer.extend_from_slice(data);
        if !self.greeted && self.buffer.len() >= Self::GREETING {
            self.buffer.drain(..Self::GREETING);
            self.greeted = true;
        }
        let mut count = 0;
        while self.greeted && self.buffer.len() >= Self::HEAD {
            let length = u32::from_be_bytes([0, self.buffer[0], self.buffer[1], self.buffer[2]]);
            let end = Self::HEAD + usize::try_from(length).unwrap();
            if self.buffer.len() < end {
                break;
            }
            count += u64::from(self.buffer[3] == Self::HEADERS);
            self.buffer.drain(..end);
        }
        count
    }
}
