//! The prompt where nobody may be asked.

use zeroize::Zeroizing;

use super::{Error, Prompt};

/// Answers every question with [`Error::NobodyThere`], at once.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Prompt for Nobody {
    fn is_attended(&self) -> bool {
        false
    }

    fn secret(&self, _question: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        Err(Error::NobodyThere)
    }

    fn line(&self, _question: &str) -> Result<String, Error> {
        Err(Error::NobodyThere)
    }

    fn tell(&self, _text: &str) {}
}
