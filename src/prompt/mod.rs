//! How a person is asked. What is asked for never passes through stdin or stdout.

mod answer;
#[cfg(not(unix))]
mod console;
mod nobody;
#[cfg(unix)]
mod tty;

use zeroize::Zeroizing;

#[cfg(not(unix))]
pub use console::Console as Terminal;
pub use nobody::Nobody;
#[cfg(unix)]
pub use tty::Tty as Terminal;

/// A person who may be there.
pub trait Prompt {
    /// Whether there is somebody to ask. Where not, every other call is [`Error::NobodyThere`].
    fn is_attended(&self) -> bool;

    /// Asks for something that must not be shown; what is typed is not echoed. A paste of several
    /// lines is taken whole. The bytes come back without the line end that closed them.
    ///
    /// # Errors
    /// [`Error`]; the terminal is as it was before in every case.
    fn secret(&self, question: &str) -> Result<Zeroizing<Vec<u8>>, Error>;

    /// Asks for a word that may be shown while it is typed.
    ///
    /// # Errors
    /// As [`Prompt::secret`].
    fn line(&self, question: &str) -> Result<String, Error>;

    /// Asks yes or no; anything but `y` or `yes` is no.
    ///
    /// # Errors
    /// As [`Prompt::secret`].
    fn confirm(&self, question: &str) -> Result<bool, Error> {
        let answer = self.line(&format!("{question} [y/N] "))?;
        Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// Says something to the person at the terminal that must reach them even when stderr goes
    /// elsewhere; says nothing where nobody is there.
    fn tell(&self, text: &str);
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No terminal, or told not to ask.
    #[error("there is nobody to ask")]
    NobodyThere,
    /// The person pressed Ctrl-C (a Windows console ends the process instead).
    #[error("interrupted")]
    Interrupted,
    /// The process was told to end while it waited.
    #[error("terminated")]
    Terminated,
    /// The person closed the input (Ctrl-D; Ctrl-Z on Windows).
    #[error("no answer was given")]
    NoAnswer,
    /// More than `limits::PASTE` bytes.
    #[error("the answer is too long")]
    TooLong,
    /// A key that stands for no character (an arrow, Ctrl-Z).
    #[error("a key that stands for no character was pressed")]
    ControlCharacter,
    /// The terminal failed.
    #[error("the terminal cannot be used")]
    Io(#[from] std::io::Error),
}
