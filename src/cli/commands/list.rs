//! `mintage list`: the profiles, without their secrets.

use clap::ValueEnum;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::describe;
use crate::broker::Told;
use crate::cli::holder::{Holder, Listed};
use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::model::{Summary, Tag};

/// Options of `list`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only profiles whose name has this in it, or fits it where it has a `*`
    pattern: Option<String>,
    /// Only profiles with this tag; with all of them where repeated
    #[arg(long)]
    tag: Vec<Tag>,
    /// Only profiles of this preset
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Only profiles whose secret ends within so many days, or has ended
    #[arg(long, value_name = "DAYS")]
    expires_within: Option<u16>,
    /// The order
    #[arg(long, value_name = "BY", default_value = "name")]
    sort: Sort,
    /// The other way round, names too
    #[arg(long)]
    reverse: bool,
}

/// What a listing is ordered by; profiles that are equal in it, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    Name,
    /// The next to end first; those without a date last
    Expires,
    /// The oldest first
    Added,
    /// The longest unchanged first
    Changed,
    Host,
}

/// Runs the command. At a terminal: a table. To a pipe: a line a profile, fields separated by tabs:
/// name, preset, host, last day of the secret, label, tags, days left.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let Listed { mut profiles, broken } = Holder::reach(parts)?.list()?;
    let today = parts.today();
    profiles.retain(|summary| args.selects(summary, today));
    args.sort(&mut profiles);
    if parts.style.json {
        let problems: Vec<Value> = broken.iter().map(problem).collect();
        let profiles: Vec<Value> =
            profiles.iter().map(|summary| describe::summary(summary, today)).collect();
        style::write_json(json!({ "profiles": profiles, "problems": problems }))?;
    } else if style::is_seen() {
        write_table(&profiles, today, parts)?;
    } else {
        style::write_rows(&profiles.iter().map(|it| row(it, today)).collect::<Vec<_>>())?;
    }
    super::tell_broken(&broken, parts)?;
    Ok(0)
}

impl Args {
    fn selects(&self, summary: &Summary, today: Date) -> bool {
        let fits = |pattern: &str| fits(pattern, summary.name.as_str());
        let ends =
            |within: u16| summary.days_left(today).is_some_and(|left| left <= i32::from(within));
        self.pattern.as_deref().is_none_or(fits)
            && self.tag.iter().all(|tag| summary.tags.contains(tag))
            && self.preset.as_ref().is_none_or(|preset| *preset == summary.preset)
            && self.expires_within.is_none_or(ends)
    }

    /// The list comes by name, and sorting keeps that among equals.
    fn sort(&self, profiles: &mut [Summary]) {
        match self.sort {
            Sort::Name => {}
            Sort::Expires => profiles.sort_by_key(|it| it.secret_expires.unwrap_or(Date::MAX)),
            Sort::Added => profiles.sort_by_key(|it| it.added_at),
            Sort::Changed => profiles.sort_by_key(|it| it.changed_at),
            Sort::Host => profiles.sort_by(|a, b| a.host.cmp(&b.host)),
        }
        if self.reverse {
            profiles.reverse();
        }
    }
}

/// Whether `name` has `pattern` in it; with `*`s in it, whether the whole name is made of its pieces
/// with anything between them.
fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let (Some(first), Some(last)) = (pieces.next(), pieces.next_back()) else {
        return name.contains(pattern);
    };
    let inner = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    inner.is_some_and(|mut rest| {
        pieces.all(|piece| match rest.split_once(piece) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    })
}

fn problem((path, told): &(String, Told)) -> Value {
    json!({ "path": path, "error": told.sentence })
}

fn row(summary: &Summary, today: Date) -> Vec<String> {
    let tags: Vec<&str> = summary.tags.iter().map(Tag::as_str).collect();
    vec![
        summary.name.to_string(),
        summary.preset.clone(),
        summary.host.clone(),
        summary.secret_expires.map(|date| date.to_string()).unwrap_or_default(),
        summary.label.clone().unwrap_or_default(),
        tags.join(","),
        summary.days_left(today).map(|days| days.to_string()).unwrap_or_default(),
    ]
}

fn write_table(profiles: &[Summary], today: Date, parts: &Parts) -> Result<(), Failure> {
    if profiles.is_empty() {
        parts.style.say("no profiles");
        return Ok(());
    }
    let heading = ["NAME", "PRESET", "HOST", "SECRET ENDS", "LABEL", "TAGS"].map(str::to_owned);
    let mut rows = vec![heading.to_vec()];
    for summary in profiles {
        let mut row = row(summary, today);
        row.pop();
        if let Some(ends) = row.get_mut(3)
            && let Some(days) = summary.days_left(today)
        {
            *ends = format!("{ends} ({})", life(days));
        }
        rows.push(row);
    }
    style::write_lines(style::table(&rows))
}

/// Days left in words.
fn life(days: i32) -> String {
    match days {
        ..0 => "ended".to_owned(),
        0 => "today".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_in_a_name_or_fits_it_whole() {
        for (pattern, name, expected) in [
            ("dap", "acme/dap-eu", true),
            ("", "acme", true),
            ("acme/*", "acme/dap", true),
            ("acme/*", "x/acme/dap", false),
            ("*/dap", "acme/dap", true),
            ("*/dap", "acme/dap-eu", false),
            ("a*p*u", "acme/dap-eu", true),
            ("a*z*u", "acme/dap-eu", false),
            ("*", "anything", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
