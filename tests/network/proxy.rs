//! A proxy that notes every byte a client shows it.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// Tunnels for whoever asks with CONNECT, and turns away whoever asks for anything else. Its thread
/// ends with the test program.
pub struct Proxy {
    pub port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    tunnelled: Arc<Mutex<Vec<u8>>>,
}

impl Proxy {
    /// One that lets CONNECT through.
    pub fn start() -> Self {
        Self::answering("200 Connection Established")
    }

    /// One that answers CONNECT with this status line.
    pub fn answering(status: &'static str) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("bound").port();
        let proxy = Self { port, heads: Arc::default(), tunnelled: Arc::default() };
        let (heads, tunnelled) = (Arc::clone(&proxy.heads), Arc::clone(&proxy.tunnelled));
        std::thread::spawn(move || {
            for client in socket.incoming().flatten() {
                let (heads, tunnelled) = (Arc::clone(&heads), Arc::clone(&tunnelled));
                std::thread::spawn(move || {
                    let _one_of_them_went_away = serve(client, status, &heads, &tunnelled);
                });
            }
        });
        proxy
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The head of each request made to it, from the moment of the connection.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What went through towards the issuers.
    pub fn tunnelled(&self) -> Vec<u8> {
        self.tunnelled.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(
    mut client: TcpStream,
    status: &str,
    heads: &Mutex<Vec<String>>,
    tunnelled: &Mutex<Vec<u8>>,
) -> io::Result<()> {
    let number = {
        let mut heads = heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.push(String::new());
        heads.len() - 1
    };
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    heads.lock().unwrap_or_else(PoisonError::into_inner)[number].clone_from(&head);
    let Some(target) = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else {
        return client.write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n");
    };
    write!(client, "HTTP/1.1 {status}\r\n\r\n")?;
    if !status.starts_with("200") {
        return Ok(());
    }
    let mut issuer = TcpStream::connect(target)?;
    let (mut back_from, mut back_to) = (issuer.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || io::copy(&mut back_from, &mut back_to));
    let mut chunk = [0; 4096];
    loop {
        let count = client.read(&mut chunk)?;
        if count == 0 {
            return issuer.shutdown(std::net::Shutdown::Write);
        }
        let mut seen = tunnelled.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend_from_slice(&chunk[..count]);
        drop(seen);
        issuer.write_all(&chunk[..count])?;
    }
}
