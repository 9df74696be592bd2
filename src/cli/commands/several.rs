//! One thing done to many profiles, each reported as it is done, with one verdict at the end.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::cli::parts::Parts;
use crate::cli::{Failure, report, style};
use crate::model::{ProfileName, Summary, Tag};
use crate::vault::{Listing, OpenVault};

/// Profiles to be gone through.
pub struct Several {
    /// Their names, in order.
    pub names: Vec<ProfileName>,
    /// Records that should have been among them, perhaps, and cannot be read.
    broken: Vec<(String, Failure)>,
}

impl Several {
    /// Those named, each once.
    pub fn named(mut names: Vec<ProfileName>) -> Self {
        let mut known = BTreeSet::new();
        names.retain(|name| known.insert(name.clone()));
        Self { names, broken: Vec::new() }
    }

    /// Every profile of the vault.
    ///
    /// # Errors
    /// [`Failure::Vault`].
    pub fn all(vault: &OpenVault<'_>) -> Result<Self, Failure> {
        Self::chosen(vault, |_| true)
    }

    /// Those with a tag.
    ///
    /// # Errors
    /// [`Failure::NoneTagged`], [`Failure::Vault`].
    pub fn tagged(vault: &OpenVault<'_>, tag: &Tag) -> Result<Self, Failure> {
        let tagged = Self::chosen(vault, |summary| summary.tags.contains(tag))?;
        if tagged.names.is_empty() { Err(Failure::NoneTagged) } else { Ok(tagged) }
    }

    fn chosen(
        vault: &OpenVault<'_>,
        is_chosen: impl Fn(&Summary) -> bool,
    ) -> Result<Self, Failure> {
        let Listing { mut profiles, broken } = vault.list()?;
        profiles.retain(is_chosen);
        let names = profiles.into_iter().map(|summary| summary.name).collect();
        let broken = broken.into_iter().map(|(path, error)| (path, error.into())).collect();
        Ok(Self { names, broken })
    }

    /// Does `work` to each; what it gives back is said of the profile. One line each: name, `ok` or
    /// the kind of failure, words.
    ///
    /// # Errors
    /// [`Failure::SomeFailed`]; [`Failure::Output`], and an interruption, end it at once.
    pub fn each(
        self,
        parts: &Parts,
        mut work: impl FnMut(&ProfileName) -> Result<String, Failure>,
    ) -> Result<u8, Failure> {
        let mut report = Report::default();
        for name in &self.names {
            let done = work(name);
            if let Err(failure) = done.as_ref()
                && matches!(report::exit_code(failure), 130 | 143)
            {
                return done.map(|_| 0);
            }
            report.line("profile", name.as_str(), done, parts)?;
        }
        for (path, failure) in self.broken {
            report.line("path", &path, Err(failure), parts)?;
        }
        report.finish(parts)
    }
}

#[derive(Default)]
struct Report {
    results: Vec<Value>,
    kinds: BTreeMap<&'static str, usize>,
    failed: Vec<u8>,
}

impl Report {
    fn line(
        &mut self,
        what: &str,
        name: &str,
        done: Result<String, Failure>,
        parts: &Parts,
    ) -> Result<(), Failure> {
        let (code, words) = match done {
            Ok(words) => (0, words),
            Err(failure) => (report::exit_code(&failure), report::sentence(&failure)),
        };
        let kind = kind(code);
        *self.kinds.entry(kind).or_default() += 1;
        if code != 0 {
            self.failed.push(code);
        }
        if parts.style.json {
            let result = json!({ what: name, "result": kind, "exit": code, "said": words });
            self.results.push(result);
            return Ok(());
        }
        let row = [name, kind, &words];
        // Each at once: a thousand logins take their time.
        let line =
            if style::is_seen() { format!("{kind:13} {name}: {words}") } else { row.join("\t") };
        style::write_lines([line])
    }

    fn finish(self, parts: &Parts) -> Result<u8, Failure> {
        let Self { results, kinds, failed } = self;
        let total = kinds.values().sum();
        if parts.style.json {
            style::write_json(json!({ "results": results, "summary": kinds }))?;
        }
        let summary: Vec<String> =
            kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let summary =
            if summary.is_empty() { "no profiles".to_owned() } else { summary.join(", ") };
        parts.style.say(summary);
        match report::gravest(&failed) {
            None => Ok(0),
            Some(code) => Err(Failure::SomeFailed { count: failed.len(), total, code }),
        }
    }
}

/// A word for an exit code.
fn kind(code: u8) -> &'static str {
    match code {
        0 => "ok",
        3 => "missing",
        5 => "wrong-key",
        6 => "damaged",
        7 => "refused",
        8 => "unreachable",
        9 => "not-allowed",
        10 => "unacceptable",
        11 => "not-saved",
        12 => "too-large",
        _ => "failed",
    }
}
