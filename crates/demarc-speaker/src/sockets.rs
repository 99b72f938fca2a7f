//! TCP sockets for BGP: where they are made, their options, their keys.

mod options;

use std::fs::File;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::sched::{CloneFlags, setns};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

pub(crate) use options::{receive_with_hop_limit, report_hop_limit, set_md5_key};

use crate::config::Secret;

/// Makes sockets. A gateway's sessions live in its network namespace: a socket stays in the
/// namespace that it was made in, so this is all that a speaker needs to know of namespaces.
pub trait SocketFactory: Send + Sync + 'static {
    /// A new socket of this kind.
    ///
    /// # Errors
    /// Those of `socket(2)`, or of entering the namespace.
    fn socket(&self, domain: Domain, kind: Type, protocol: Protocol) -> io::Result<Socket>;
}

/// Sockets of the namespace that the process runs in.
#[derive(Copy, Clone, Debug, Default)]
pub struct HostSockets;

impl SocketFactory for HostSockets {
    fn socket(&self, domain: Domain, kind: Type, protocol: Protocol) -> io::Result<Socket> {
        Socket::new(domain, kind, Some(protocol))
    }
}

/// Sockets of a named network namespace. Needs CAP_SYS_ADMIN.
#[derive(Clone, Debug)]
pub struct NamespaceSockets {
    path: PathBuf,
}

impl NamespaceSockets {
    /// `path` is like `/run/netns/gateway-1` or `/proc/PID/ns/net`.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
        }
    }
}

impl SocketFactory for NamespaceSockets {
    /// Enters the namespace on a thread of its own, which then ends: no thread that others use is
    /// ever in the wrong place.
    fn socket(&self, domain: Domain, kind: Type, protocol: Protocol) -> io::Result<Socket> {
        let namespace = File::open(&self.path)?;
        let made = std::thread::scope(|scope| {
            let inside = scope.spawn(move || {
                setns(namespace, CloneFlags::CLONE_NEWNET)?;
                Socket::new(domain, kind, Some(protocol))
            });
            inside.join()
        });
        made.unwrap_or_else(|_| Err(io::Error::other("the thread in the namespace panicked")))
    }
}

/// Everything that makes a socket of ours ours.
#[derive(Clone)]
pub(crate) struct Sockets {
    pub(crate) factory: Arc<dyn SocketFactory>,
    pub(crate) ttl: u8,
    /// The interface that sockets are tied to: another may have the same addresses.
    pub(crate) interface: Option<Arc<str>>,
}

/// Connections that wait to be accepted: whole fleets of neighbors start at once (edge.md §10).
/// The kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

impl Sockets {
    /// A socket that does not block, of the interface.
    pub(crate) fn socket(
        &self,
        address: SocketAddr,
        kind: Type,
        protocol: Protocol,
    ) -> io::Result<Socket> {
        let socket = self
            .factory
            .socket(Domain::for_address(address), kind, protocol)?;
        socket.set_nonblocking(true)?;
        if let Some(interface) = &self.interface {
            socket.bind_device(Some(interface.as_bytes()))?;
        }
        Ok(socket)
    }

    fn tcp(&self, address: SocketAddr) -> io::Result<Socket> {
        let socket = self.socket(address, Type::STREAM, Protocol::TCP)?;
        socket.set_reuse_address(true)?;
        if address.is_ipv4() {
            socket.set_ttl_v4(u32::from(self.ttl))?;
        } else {
            socket.set_only_v6(true)?;
            socket.set_unicast_hops_v6(u32::from(self.ttl))?;
        }
        Ok(socket)
    }

    /// A listener with the keys of all neighbors that may connect to it.
    ///
    /// # Errors
    /// Those of the system; a listener takes only some 960 keys, then it says "out of memory".
    pub(crate) fn listen<'a>(
        &self,
        address: SocketAddr,
        keys: impl IntoIterator<Item = (IpAddr, &'a Secret)>,
    ) -> io::Result<TcpListener> {
        let socket = self.tcp(address)?;
        for (neighbor, key) in keys {
            set_md5_key(&socket, neighbor, key.expose())
                .map_err(|error| key_not_taken(neighbor, &error))?;
        }
        socket.bind(&SockAddr::from(address))?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    }

    /// Connects from `source` to `neighbor`.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) async fn connect(
        &self,
        source: IpAddr,
        neighbor: SocketAddr,
        key: Option<&Secret>,
    ) -> io::Result<TcpStream> {
        let socket = self.tcp(neighbor)?;
        socket.set_tcp_nodelay(true)?;
        if let Some(key) = key {
            set_md5_key(&socket, neighbor.ip(), key.expose())?;
        }
        if !source.is_unspecified() {
            socket.bind(&SockAddr::from(SocketAddr::new(source, 0)))?;
        }
        let socket = tokio::net::TcpSocket::from_std_stream(socket.into());
        socket.connect(neighbor).await
    }
}

fn key_not_taken(neighbor: IpAddr, error: &io::Error) -> io::Error {
    let hint = match error.kind() {
        io::ErrorKind::OutOfMemory => "; net.core.optmem_max bounds the keys of one socket",
        _ => "",
    };
    io::Error::new(
        error.kind(),
        format!("the key of neighbor {neighbor} was not taken: {error}{hint}"),
    )
}

/// Closes with a reset: to someone who should not have called (spec/routing §1).
pub(crate) fn reset(stream: TcpStream) {
    let socket = socket2::SockRef::from(&stream);
    // If even that fails the plain close that follows is all there is.
    _ = socket.set_linger(Some(std::time::Duration::ZERO));
    drop(stream);
}
