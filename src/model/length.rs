//! A length of time as a person writes it.

use std::time::Duration;

/// Reads a length of time: `90`, `90s`, `5m`, `1h`, `1h30m`.
///
/// # Errors
/// The rule that it breaks.
pub fn length(text: &str) -> Result<Duration, &'static str> {
    const RULE: &str = "a length of time is a number with s, m or h behind it";
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let length: jiff::SignedDuration = text.parse().map_err(|_| RULE)?;
    Duration::try_from(length).map_err(|_| RULE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read() {
        assert_eq!(length("90"), Ok(Duration::from_secs(90)));
        assert_eq!(length("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(length("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(length("-5s").is_err());
        assert!(length("soon").is_err());
    }
}
