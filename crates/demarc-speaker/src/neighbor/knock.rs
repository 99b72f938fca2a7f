//! A connection that the neighbor opens while the session is up and graceful restart is agreed.
//!
//! The neighbor may have restarted before we noticed, so the new connection wins; but only once a
//! good OPEN has come on it (RFC 4724 §5). Until then it waits here and the session goes on:
//! a port scan from the neighbor's address ends nothing.

use std::future;
use std::io;

use demarc_bgp::session::{Admission, Direction};
use demarc_bgp::wire::MAX_MESSAGE_LENGTH;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::NeighborTask;
use super::connection::Connection;
use crate::sockets::reset;

#[derive(Debug)]
pub(super) struct Knock {
    stream: TcpStream,
    input: Vec<u8>,
}

/// Waits for bytes; 0 when the neighbor has closed it again.
pub(super) async fn knocking(knock: &mut Option<Knock>) -> io::Result<usize> {
    match knock {
        Some(knock) => knock.stream.read_buf(&mut knock.input).await,
        None => future::pending().await,
    }
}

impl NeighborTask {
    /// A connection of the neighbor: it waits if it would end a session that is up.
    pub(super) fn incoming(&mut self, stream: TcpStream) {
        if self.session.yields_to_restart(self.setup.clock.now()) {
            // The newest is the likeliest to live.
            self.knock = Some(Knock {
                stream,
                input: Vec::with_capacity(MAX_MESSAGE_LENGTH),
            });
        } else {
            self.admit(stream, Vec::new());
        }
    }

    pub(super) fn knocked(&mut self, read: io::Result<usize>) {
        let Some(knock) = self.knock.take() else {
            return;
        };
        if !matches!(read, Ok(1..)) {
            return;
        }
        match self.session.judge_restart(&knock.input) {
            None => self.knock = Some(knock),
            Some(true) => self.admit(knock.stream, knock.input),
            Some(false) => reset(knock.stream),
        }
    }

    /// Once the session is down anyway, the connection that waits is one like any other.
    pub(super) fn reconsider_knock(&mut self) {
        if self.up.is_none()
            && let Some(knock) = self.knock.take()
        {
            self.admit(knock.stream, knock.input);
            self.carry_out();
        }
    }

    /// The session decides; `input` was read already.
    fn admit(&mut self, stream: TcpStream, input: Vec<u8>) {
        let now = self.setup.clock.now();
        if self.session.admit_incoming(now) == Admission::Refuse {
            reset(stream);
            return;
        }
        // Whatever the old connection still has to be told goes first.
        self.carry_out();
        match Connection::new(stream) {
            Ok(connection) => {
                self.incoming = Some(connection);
                self.session.handle_connected(Direction::Incoming, now);
                let done = self.session.handle_input(Direction::Incoming, &input, now);
                if let Some(connection) = self.incoming.as_mut() {
                    connection.keep_input(input, done);
                }
            }
            Err(error) => self.lost(Direction::Incoming, &error),
        }
    }
}
