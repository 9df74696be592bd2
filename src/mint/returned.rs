//! The page on this machine's loopback that a browser comes back to from a login (RFC 8252 §7.3).
//!
//! Any program and any web page may ask it, so it listens for one login only, to its literal address,
//! and to the one `state` of that login: everything else is answered and forgotten. All are heard at the
//! same time: browsers, too, open connections on which they say nothing for long.

use std::future::poll_fn;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

use super::Error;
use crate::grant::login::Redirect;
use crate::limits;

/// A browser sends its request within this.
const PATIENCE: Duration = Duration::from_secs(5);

/// A place that a browser can come back to, where there is one.
pub(super) struct Waiting {
    listener: Option<TcpListener>,
    redirect: Redirect,
}

impl Waiting {
    /// Listens where `redirect` says.
    ///
    /// # Errors
    /// [`Error::NoWayBack`].
    pub(super) async fn bind(redirect: &Redirect) -> Result<Self, Error> {
        let Redirect::Loopback { port, path } = redirect else {
            return Ok(Self { listener: None, redirect: redirect.clone() });
        };
        let failed = |error| Error::NoWayBack(*port, error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let redirect = Redirect::Loopback { port, path: path.clone() };
        Ok(Self { listener: Some(listener), redirect })
    }

    /// Where the browser can come back to, with its port.
    pub(super) fn redirect(&self) -> Redirect {
        self.redirect.clone()
    }

    /// The query that the browser comes back with from `page`.
    ///
    /// # Errors
    /// [`Error::NoWayBack`].
    pub(super) async fn query(&self, page: &str) -> Result<Zeroizing<String>, Error> {
        let (Some(listener), Redirect::Loopback { port, path }) = (&self.listener, &self.redirect)
        else {
            let gone = io::ErrorKind::NotConnected;
            return Err(Error::NoWayBack(0, gone.into()));
        };
        let host = format!("127.0.0.1:{port}");
        let expected = Arc::new(Expected { host, path: path.clone(), state: state(page) });
        let mut talks = JoinSet::new();
        loop {
            match next(listener, &mut talks).await {
                Event::Came(Ok(stream)) => {
                    talks.spawn(talk(stream, Arc::clone(&expected)));
                }
                // Who hung up before being accepted is a fault of nobody's here.
                Event::Came(Err(error)) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Event::Came(Err(error)) => return Err(Error::NoWayBack(*port, error)),
                Event::Heard(Some(query)) => return Ok(query),
                Event::Heard(None) => {}
            }
        }
    }
}

enum Event {
    Came(io::Result<TcpStream>),
    /// A conversation is over, and this is the query that came of it.
    Heard(Option<Zeroizing<String>>),
}

async fn next(listener: &TcpListener, talks: &mut JoinSet<Option<Zeroizing<String>>>) -> Event {
    poll_fn(|context| {
        if let Poll::Ready(Some(heard)) = talks.poll_join_next(context) {
            return Poll::Ready(Event::Heard(heard.ok().flatten()));
        }
        if talks.len() >= limits::BROWSERS {
            return Poll::Pending;
        }
        listener.poll_accept(context).map(|came| Event::Came(came.map(|(stream, _)| stream)))
    })
    .await
}

fn state(page: &str) -> Option<String> {
    let page = Url::parse(page).ok()?;
    page.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned())
}

struct Expected {
    host: String,
    path: String,
    state: Option<String>,
}

async fn talk(mut stream: TcpStream, expected: Arc<Expected>) -> Option<Zeroizing<String>> {
    let head = timeout(PATIENCE, head(&mut stream)).await.ok()?.ok()?;
    let query = expected.query_of(&head);
    // It came, whether or not the browser stays for the answer.
    let _not_read = timeout(PATIENCE, answer(stream, query.is_some())).await;
    query
}

async fn answer(mut stream: TcpStream, is_it: bool) -> io::Result<()> {
    let (status, said) = if is_it {
        ("200 OK", "mintage has what it needs: this page can be closed.")
    } else {
        ("404 Not Found", "mintage does not expect this.")
    };
    // The code is in the address: no page of others shall be told of it.
    let page = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{said}\n",
        said.len() + 1
    );
    stream.write_all(page.as_bytes()).await?;
    stream.shutdown().await
}

async fn head(stream: &mut TcpStream) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut head = Zeroizing::new(Vec::with_capacity(limits::BROWSER_REQUEST));
    let mut part = [0_u8; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut part).await?;
        if read == 0 || head.len() + read > limits::BROWSER_REQUEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.extend_from_slice(part.get(..read).unwrap_or_default());
    }
    Ok(head)
}

impl Expected {
    /// The query, where this is the request that is waited for.
    fn query_of(&self, head: &[u8]) -> Option<Zeroizing<String>> {
        let head = std::str::from_utf8(head).ok()?;
        let mut lines = head.split("\r\n");
        let target = lines.next()?.strip_prefix("GET ")?.split(' ').next()?;
        let is_host = |line: &str| {
            let (name, value) = line.split_once(':').unwrap_or_default();
            name.eq_ignore_ascii_case("host") && value.trim() == self.host
        };
        // A name that somebody else's page was given for this address is not it (DNS rebinding).
        if !lines.any(is_host) {
            return None;
        }
        let (path, query) = target.split_once('?')?;
        let state = url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "state")
            .map(|(_, value)| value.into_owned());
        let is_it = path == self.path && state.is_some() && state == self.state;
        is_it.then(|| Zeroizing::new(query.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_request_that_is_waited_for_is_taken() {
        let expected = Expected {
            host: "127.0.0.1:4711".to_owned(),
            path: "/callback".to_owned(),
            state: state("https://issuer.example/authorize?client_id=a&state=s1"),
        };
        let query = |head: &str| expected.query_of(head.as_bytes()).map(|it| it.to_string());
        let good = "GET /callback?code=c&state=s1 HTTP/1.1\r\nHost: 127.0.0.1:4711\r\n\r\n";
        assert_eq!(query(good).as_deref(), Some("code=c&state=s1"));
        for (from, to) in [
            ("GET", "POST"),
            ("state=s1", "state=s2"),
            ("&state=s1", ""),
            ("/callback", "/"),
            ("127.0.0.1:4711", "evil.example:4711"),
            ("Host:", "X-Host:"),
        ] {
            assert_eq!(query(&good.replacen(from, to, 1)), None, "{to}");
        }
    }
}
