//! Catches secrets typed on the command line before anything can repeat them.

use std::ffi::OsString;

use super::Failure;

/// Options that other tools have for a secret's value, and people try here.
const OPTIONS: [&str; 8] = [
    "--secret",
    "--client-secret",
    "--client_secret",
    "--password",
    "--passphrase",
    "--api-key",
    "--key-secret",
    "-s",
];

/// Looks at what stands before `--`.
///
/// # Errors
/// [`Failure::SecretOnCommandLine`]. The value is never looked at, copied or shown.
pub fn check(arguments: &[OsString]) -> Result<(), Failure> {
    let own = arguments.iter().skip(1).take_while(|argument| *argument != "--");
    for argument in own {
        let bytes = argument.as_encoded_bytes();
        let name = bytes.split(|byte| *byte == b'=').next().unwrap_or(bytes);
        let short = bytes.starts_with(b"-s") && !bytes.starts_with(b"--");
        if short || OPTIONS.iter().any(|option| option.as_bytes() == name) {
            return Err(Failure::SecretOnCommandLine);
        }
    }
    Ok(())
}

/// A name with a colon is an `id:secret` in the wrong place.
///
/// # Errors
/// As [`check`].
pub fn check_name(name: &str) -> Result<(), Failure> {
    if name.contains(':') { Err(Failure::SecretOnCommandLine) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_caught(arguments: &[&str]) -> bool {
        let arguments: Vec<OsString> =
            std::iter::once("mintage").chain(arguments.iter().copied()).map(Into::into).collect();
        check(&arguments).is_err()
    }

    // L01
    #[test]
    fn every_spelling_is_caught() {
        for arguments in [
            &["add", "p", "--secret", "x"][..],
            &["add", "p", "--secret=x"],
            &["add", "p", "--client-secret", "x"],
            &["add", "p", "--client-secret=x"],
            &["add", "p", "-s", "x"],
            &["add", "p", "-sx"],
            &["--password=x", "add", "p"],
        ] {
            assert!(is_caught(arguments), "{arguments:?}");
        }
    }

    #[test]
    fn our_own_options_and_a_childs_are_not() {
        for arguments in [
            &["add", "p", "--secret-stdin"][..],
            &["add", "p", "--secret-file", "f", "--secret-expires", "2027-01-01"],
            &["token", "p", "--scope", "s"],
            &["exec", "p", "--", "curl", "-s", "--password", "x"],
        ] {
            assert!(!is_caught(arguments), "{arguments:?}");
        }
    }
}
