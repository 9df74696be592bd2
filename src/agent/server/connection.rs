//! One client's conversation: frames with caps and deadlines, one request after the other.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use rustix::net::RecvFlags;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::UnixStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::state::{Agent, stack_is_dirty};
use crate::agent::hello::Hello;
use crate::agent::protocol::Request;
use crate::agent::reply::Reply;
use crate::broker::Told;
use crate::limits;
use crate::secret::Plaintext;

/// The client is gone, was too slow, or sent no frame of ours.
#[derive(Debug)]
pub(super) struct Gone;

/// The conversations in which the agent waits for a frame, the oldest first.
#[derive(Default)]
pub(super) struct Readers {
    next: u64,
    waiting: BTreeMap<u64, AbortHandle>,
}

impl Readers {
    /// Adds one; where there are too many, the oldest is ended.
    fn add(&mut self, task: AbortHandle) -> u64 {
        while self.waiting.len() >= limits::CONNECTIONS_READING {
            if let Some((_, oldest)) = self.waiting.pop_first() {
                oldest.abort();
            }
        }
        self.next += 1;
        self.waiting.insert(self.next, task);
        self.next
    }
}

/// A conversation.
pub(super) struct Connection {
    stream: UnixStream,
    agent: Rc<Agent>,
    task: Rc<OnceCell<AbortHandle>>,
}

impl Connection {
    /// `task` will hold the handle of the task that runs it.
    pub(super) fn new(
        stream: UnixStream,
        agent: Rc<Agent>,
        task: Rc<OnceCell<AbortHandle>>,
    ) -> Self {
        Self { stream, agent, task }
    }

    /// Talks until the client has no more to ask.
    pub(super) async fn run(mut self) -> Result<(), Gone> {
        let first = self.hear_frame(limits::HELLO, limits::FRAME_TIME).await?;
        let hello = Hello::parse(first.expose()).ok_or(Gone)?;
        let told = self.write(&Hello::own(false).to_frame()).await;
        // Even for a client that did not wait.
        if hello.give_way {
            let agent = Rc::clone(&self.agent);
            agent.end();
            agent.lock().await;
            // The client waits for the end of the process.
            return std::future::pending().await;
        }
        told?;
        if !hello.is_ours() {
            return Err(Gone);
        }
        loop {
            let request = self.hear(limits::BETWEEN_REQUESTS).await?;
            let agent = Rc::clone(&self.agent);
            let reply = agent.answer(request, &mut self).await?;
            self.send(&reply).await?;
            if matches!(reply, Reply::Revealed(_)) {
                stack_is_dirty();
            }
        }
    }

    /// The next request, which must begin within `patience`.
    pub(super) async fn hear(&mut self, patience: Duration) -> Result<Request, Gone> {
        let content = self.hear_frame(limits::FRAME, patience).await?;
        if let Some(request) = Request::parse(content.expose()) {
            return Ok(request);
        }
        let sentence = "the agent does not understand the request".to_owned();
        let hints = vec!["mintage agent stop".to_owned()];
        self.send(&Reply::Told(Told { code: 8, sentence, hints })).await?;
        Err(Gone)
    }

    /// What an elected client says next. It makes room for nobody: a person may be typing.
    pub(super) async fn hear_elected(&mut self, patience: Duration) -> Result<Request, Gone> {
        let content = self.read_frame(limits::FRAME, patience).await?;
        Request::parse(content.expose()).ok_or(Gone)
    }

    /// What comes of `work`, unless the client hangs up before: then nobody waits for it any more.
    pub(super) async fn unless_gone<T>(&self, work: impl Future<Output = T>) -> Result<T, Gone> {
        let (mut work, mut gone) = (pin!(work), pin!(self.hung_up()));
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Ok(done));
            }
            gone.as_mut().poll(context).map(|()| Err(Gone))
        })
        .await
    }

    async fn hung_up(&self) {
        loop {
            if self.stream.readable().await.is_err() {
                return;
            }
            match self.stream.try_io(Interest::READABLE, || peek(&self.stream)) {
                Ok(0) => return,
                // It has asked its next question already.
                Ok(_) => std::future::pending::<()>().await,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    pub(super) async fn send(&mut self, reply: &Reply) -> Result<(), Gone> {
        let frame = reply.to_frame();
        self.write(frame.expose()).await
    }

    async fn write(&mut self, frame: &[u8]) -> Result<(), Gone> {
        let written = timeout(limits::FRAME_TIME, self.stream.write_all(frame)).await;
        written.map_err(|_| Gone)?.map_err(|_| Gone)
    }

    /// One frame without its length, of at most `cap` bytes: its first byte within `patience`, all of
    /// it soon after.
    async fn hear_frame(&mut self, cap: usize, patience: Duration) -> Result<Plaintext, Gone> {
        let task = self.task.get().ok_or(Gone)?.clone();
        let place = self.agent.readers.borrow_mut().add(task);
        let heard = self.read_frame(cap, patience).await;
        self.agent.readers.borrow_mut().waiting.remove(&place);
        heard
    }

    async fn read_frame(&mut self, cap: usize, patience: Duration) -> Result<Plaintext, Gone> {
        let mut length = [0; 4];
        let begun = timeout(patience, self.stream.read(&mut length)).await;
        let begun = begun.map_err(|_| Gone)?.map_err(|_| Gone)?;
        let rest = async {
            let unread = length.get_mut(begun..).filter(|_| begun > 0).ok_or(Gone)?;
            self.stream.read_exact(unread).await.map_err(|_| Gone)?;
            let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| Gone)?;
            if length == 0 || length > cap {
                return Err(Gone);
            }
            let mut content = Zeroizing::new(vec![0; length]);
            self.stream.read_exact(&mut content).await.map_err(|_| Gone)?;
            Ok(Plaintext::new(content))
        };
        timeout(limits::FRAME_TIME, rest).await.map_err(|_| Gone)?
    }
}

/// How much could be read, one byte at most; nothing where the other end is closed.
fn peek(stream: &UnixStream) -> io::Result<usize> {
    let mut byte = [0_u8];
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    let (_, length) = rustix::net::recv(stream, &mut byte, flags)?;
    Ok(length)
}
