//! Sockets, threads and TLS: accepts on the loopback interface, one thread a connection.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How a connection ends once its handler is done.
pub enum End {
    /// TLS `close_notify` and FIN.
    Polite,
    /// RST, whatever was left to send.
    Reset,
}

/// A listener and the threads that serve what it accepts. Dropping it ends them all.
pub struct Server {
    address: SocketAddr,
    gate: Arc<Gate>,
    listener: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on `address`, which must be a loopback one, and has `handle` serve each connection.
    /// An error from `handle` means the client went away or the server is closing.
    pub fn start<H>(address: SocketAddr, tls: Option<Arc<ServerConfig>>, handle: H) -> Self
    where
        H: Fn(&mut Conn, &Gate) -> io::Result<End> + Send + Sync + 'static,
    {
        assert!(address.ip().is_loopback(), "an issuer stays on the loopback interface");
        let socket = TcpListener::bind(address).expect("an address free to listen on");
        let address = socket.local_addr().expect("the address just bound");
        let gate = Arc::new(Gate::default());
        let door = Arc::clone(&gate);
        let listener = thread::spawn(move || accept(&socket, &door, tls.as_ref(), &handle));
        Self { address, gate, listener: Some(listener) }
    }

    /// The address in use.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.gate.inside().admitted
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.gate.close();
        // The listener sits in accept(): one last connection makes it look at the gate.
        let _peer_may_be_gone = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(listener) = self.listener.take() {
            let _peer_may_be_gone = listener.join();
        }
    }
}

fn accept<H>(socket: &TcpListener, gate: &Gate, tls: Option<&Arc<ServerConfig>>, handle: &H)
where
    H: Fn(&mut Conn, &Gate) -> io::Result<End> + Sync,
{
    thread::scope(|scope| {
        for stream in socket.incoming() {
            let Ok(stream) = stream else { continue };
            let Some((number, wire)) = gate.admit(stream) else { break };
            scope.spawn(move || {
                let mut conn = Conn::new(wire, tls);
                let end = handle(&mut conn, gate);
                if !matches!(end, Ok(End::Reset)) {
                    conn.close();
                }
                gate.dismiss(number);
            });
        }
    });
}

/// Knows every open connection, so that closing can cut them and end every wait.
#[derive(Default)]
pub struct Gate {
    inside: Mutex<Inside>,
    bell: Condvar,
}

#[derive(Default)]
struct Inside {
    closed: bool,
    admitted: usize,
    open: HashMap<usize, Arc<TcpStream>>,
}

impl Gate {
    /// Waits; an error means the server is closing.
    pub fn pause(&self, length: Duration) -> io::Result<()> {
        let (inside, _) = self
            .bell
            .wait_timeout_while(self.inside(), length, |inside| !inside.closed)
            .unwrap_or_else(PoisonError::into_inner);
        if inside.closed { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, stream: TcpStream) -> Option<(usize, Wire)> {
        let mut inside = self.inside();
        if inside.closed {
            return None;
        }
        let _peer_may_be_gone = stream.set_nodelay(true);
        let stream = Arc::new(stream);
        inside.admitted += 1;
        let number = inside.admitted;
        inside.open.insert(number, Arc::clone(&stream));
        Some((number, Wire { stream, held: false }))
    }

    fn dismiss(&self, number: usize) {
        self.inside().open.remove(&number);
    }

    fn close(&self) {
        let mut inside = self.inside();
        inside.closed = true;
        for stream in inside.open.values() {
            let _peer_may_be_gone = stream.shutdown(Shutdown::Both);
        }
        self.bell.notify_all();
    }
}

/// A TCP stream that always leaves the last byte it handed over unread in the kernel, because
/// closing a socket with unread input is the portable way to send a reset.
pub struct Wire {
    stream: Arc<TcpStream>,
    held: bool,
}

impl Wire {
    fn take_held(&mut self) -> io::Result<()> {
        if self.held {
            (&*self.stream).read_exact(&mut [0])?;
            self.held = false;
        }
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.take_held()?;
        let count = self.stream.peek(buffer)?;
        if count > 0 {
            (&*self.stream).read_exact(&mut buffer[..count - 1])?;
            self.held = true;
        }
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.stream).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One accepted connection.
pub enum Conn {
    Plain(Wire),
    Tls(Box<StreamOwned<ServerConnection, Wire>>),
}

impl Conn {
    fn new(wire: Wire, tls: Option<&Arc<ServerConfig>>) -> Self {
        match tls {
            None => Self::Plain(wire),
            Some(tls) => {
                let session = ServerConnection::new(Arc::clone(tls)).expect("proper TLS settings");
                Self::Tls(Box::new(StreamOwned::new(session, wire)))
            }
        }
    }

    /// What the client showed in the handshake.
    pub fn client_certificate(&self) -> Option<Vec<u8>> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream) => {
                let shown = stream.conn.peer_certificates()?.first()?;
                Some(shown.as_ref().to_vec())
            }
        }
    }

    /// Says nothing until the client hangs up.
    pub fn wait_for_hang_up(&mut self) -> io::Result<()> {
        let wire = self.wire();
        while wire.read(&mut [0; 4096])? > 0 {}
        Ok(())
    }

    /// Ends the stream in order, and reads on for a moment so that no reset overtakes the reply.
    fn close(&mut self) {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
            let _peer_may_be_gone = stream.flush();
        }
        let wire = self.wire();
        let _peer_may_be_gone = wire.stream.shutdown(Shutdown::Write);
        let _peer_may_be_gone = wire.stream.set_read_timeout(Some(Duration::from_secs(1)));
        let _peer_may_be_gone = self.wait_for_hang_up();
    }

    fn wire(&mut self) -> &mut Wire {
        match self {
            Self::Plain(wire) => wire,
            Self::Tls(stream) => &mut stream.sock,
        }
    }
}

impl Read for Conn {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Conn {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(wire) => wire.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
