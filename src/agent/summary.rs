//! A line of a listing as it travels.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::codec::{Malformed, Reader, Writer};
#[cfg(unix)]
use crate::limits;
use crate::model::{Summary, Tag};

/// As many of `profiles` from the first on as fit well into one frame; one at least.
#[cfg(unix)]
pub(super) fn page(profiles: &[Summary]) -> usize {
    let mut room = limits::FRAME / 2;
    let fits = profiles.iter().take_while(|summary| {
        let left = room.checked_sub(length(summary));
        room = left.unwrap_or_default();
        left.is_some()
    });
    fits.count().max(1)
}

#[cfg(unix)]
fn length(summary: &Summary) -> usize {
    let Summary { name, preset, host, label, tags, .. } = summary;
    let label = label.as_ref().map_or(0, String::len);
    let tags: usize = tags.iter().map(|tag| 4 + tag.as_str().len()).sum();
    64 + name.as_str().len() + preset.len() + host.len() + label + tags
}

pub(super) fn write(writer: Writer, summary: &Summary) -> Writer {
    let Summary {
        name,
        preset,
        host,
        label,
        tags,
        secret_expires,
        token_only,
        added_at,
        changed_at,
    } = summary;
    writer
        .text(name.as_str())
        .text(preset)
        .text(host)
        .option(label.as_deref(), Writer::text)
        .list(tags.iter(), |writer, tag| writer.text(tag.as_str()))
        .option(secret_expires.map(|it| it.to_string()), |writer, it| writer.text(&it))
        .flag(*token_only)
        .u64(added_at.as_microsecond().cast_unsigned())
        .u64(changed_at.as_microsecond().cast_unsigned())
}

/// In order, each once.
fn tags(from: &mut Reader<'_>) -> Result<BTreeSet<Tag>, Malformed> {
    let tags = from.list(|from| from.text()?.parse::<Tag>().map_err(|_| Malformed))?;
    let in_order = tags.is_sorted_by(|one, next| one < next);
    if in_order { Ok(tags.into_iter().collect()) } else { Err(Malformed) }
}

pub(super) fn read(from: &mut Reader<'_>) -> Result<Summary, Malformed> {
    let time = |from: &mut Reader<'_>| {
        Timestamp::from_microsecond(from.u64()?.cast_signed()).map_err(|_| Malformed)
    };
    Ok(Summary {
        name: from.text()?.parse().map_err(|_| Malformed)?,
        preset: from.text()?.to_owned(),
        host: from.text()?.to_owned(),
        label: from.option(|from| from.text().map(str::to_owned))?,
        tags: tags(from)?,
        secret_expires: from.option(Reader::date)?,
        token_only: from.flag()?,
        added_at: time(from)?,
        changed_at: time(from)?,
    })
}
