//! A descriptor of the kernel that the loop waits for.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::unix::AsyncFd;

/// A descriptor that becomes readable when something happened.
pub(super) struct Readable(AsyncFd<OwnedFd>);

impl Readable {
    /// Needs a running network loop.
    ///
    /// # Errors
    /// The system cannot wait for it.
    #[expect(
        deprecated,
        reason = "deprecated for types that can give another descriptor at each call; the owned one \
                  of the standard library does not, and the new way is `unsafe`"
    )]
    pub(super) fn new(descriptor: OwnedFd) -> io::Result<Self> {
        AsyncFd::new(descriptor).map(Self)
    }

    pub(super) fn descriptor(&self) -> &OwnedFd {
        self.0.get_ref()
    }

    /// Waits until there is something to read; `take` reads all of it.
    pub(super) async fn wait(&self, take: impl FnOnce(&OwnedFd)) -> io::Result<()> {
        let mut ready = self.0.readable().await?;
        take(self.0.get_ref());
        ready.clear_ready();
        Ok(())
    }
}
