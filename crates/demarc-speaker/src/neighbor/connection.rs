//! One TCP connection: what has been read of a message, what waits to be written.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest, Ready};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::message::Epoch;

/// Room for one read: what a fast sender has ready while we work.
const READ: usize = 64 * 1024;
/// How long a closed connection may still be read, so that our last words arrive: a close with
/// unread bytes would be a reset, which destroys them.
const LINGER: Duration = Duration::from_secs(2);

/// How far a read got.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(super) enum Progress {
    Made,
    Blocked,
    Closed,
}

/// What a write finished.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The epoch of each chunk that is out, to give its credit back.
    pub(super) chunks: Vec<Epoch>,
    pub(super) updates: u64,
}

#[derive(Debug)]
struct Item {
    bytes: Vec<u8>,
    /// Some for a chunk of the RIB task.
    chunk: Option<Epoch>,
}

#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    local: IpAddr,
    /// The start of a message; empty, and without memory, most of the time.
    input: Vec<u8>,
    /// At most the chunks that credit allows and a few messages of the session.
    output: VecDeque<Item>,
    /// How much of the first item is written.
    offset: usize,
    blocked_since: Option<Instant>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?.ip();
        Ok(Self {
            stream,
            local,
            input: Vec::new(),
            output: VecDeque::new(),
            offset: 0,
            blocked_since: None,
        })
    }

    /// Our address.
    pub(super) const fn local(&self) -> IpAddr {
        self.local
    }

    pub(super) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.stream.ready(interest).await
    }

    pub(super) fn wants_write(&self) -> bool {
        !self.output.is_empty()
    }

    /// Since when nothing could be written although there was something.
    pub(super) const fn blocked_since(&self) -> Option<Instant> {
        self.blocked_since
    }

    pub(super) fn read(&mut self) -> io::Result<Progress> {
        self.input.reserve(READ);
        match self.stream.try_read_buf(&mut self.input) {
            Ok(0) => Ok(Progress::Closed),
            Ok(_) => Ok(Progress::Made),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.input.shrink_to_fit();
                Ok(Progress::Blocked)
            }
            Err(error) => Err(error),
        }
    }

    /// Everything read and not done with.
    pub(super) fn take_input(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.input)
    }

    /// Gives back what [`take_input`](Self::take_input) took, of which `done` bytes are done with.
    pub(super) fn keep_input(&mut self, bytes: Vec<u8>, done: usize) {
        self.input = bytes.get(done..).unwrap_or_default().to_vec();
    }

    pub(super) fn queue_control(&mut self, bytes: Vec<u8>) {
        self.output.push_back(Item { bytes, chunk: None });
    }

    pub(super) fn queue_chunk(&mut self, bytes: Vec<u8>, epoch: Epoch) {
        self.output.push_back(Item {
            bytes,
            chunk: Some(epoch),
        });
    }

    /// Writes as much as the socket takes.
    pub(super) fn write(&mut self) -> io::Result<Written> {
        let mut written = Written::default();
        while let Some(item) = self.output.front() {
            match self.stream.try_write(&item.bytes[self.offset..]) {
                Ok(count) => {
                    self.blocked_since = None;
                    self.offset += count;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.blocked_since.get_or_insert_with(Instant::now);
                    return Ok(written);
                }
                Err(error) => return Err(error),
            }
            if self.offset == item.bytes.len() {
                if let Some(epoch) = item.chunk {
                    written.chunks.push(epoch);
                    written.updates += count_messages(&item.bytes);
                }
                self.output.pop_front();
                self.offset = 0;
            }
        }
        self.blocked_since = None;
        Ok(written)
    }

    /// Ends the connection. What the session still had to say, a NOTIFICATION mostly, is given a
    /// short time to get out; chunks that have not been begun are forgotten. The task ends when the
    /// neighbor has closed its side too, or that time is over.
    pub(super) fn close(mut self) -> JoinHandle<()> {
        let begun = if self.offset > 0 {
            self.output.pop_front()
        } else {
            None
        };
        let mut last = begun.map_or_else(Vec::new, |item| item.bytes[self.offset..].to_vec());
        let control = self.output.into_iter().filter(|item| item.chunk.is_none());
        last.extend(control.flat_map(|item| item.bytes));
        let mut stream = self.stream;
        tokio::spawn(async move {
            let farewell = async {
                stream.write_all(&last).await?;
                stream.shutdown().await?;
                let mut rest = [0; 4096];
                while stream.read(&mut rest).await? > 0 {}
                io::Result::Ok(())
            };
            // Nobody is left to be told how it went.
            _ = timeout(LINGER, farewell).await;
        })
    }
}

/// How many messages a chunk holds: it is made of whole ones.
fn count_messages(mut chunk: &[u8]) -> u64 {
    let mut count = 0;
    while let Some(&[high, low]) = chunk.get(16..18) {
        let length = usize::from(u16::from_be_bytes([high, low])).max(19);
        chunk = chunk.get(length..).unwrap_or_default();
        count += 1;
    }
    count
}
