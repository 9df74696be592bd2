//! The local index: what a listing shows of every profile, so that not every record must be opened
//! again for it.
//!
//! A cache, sealed under this device's own key and kept beside its pins. It is believed of a shard
//! whose stamp is the one it had when the shard was read, and of a record likewise; everything else
//! is read again when somebody lists. Nobody writes it while changing the vault, and nothing but a
//! listing relies on it: whoever uses a profile opens its record.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Error, OpenVault};
use crate::limits;
use crate::model::Summary;
use crate::seal::{self, Record, RecordPath};
use crate::store::{self, Look, Stamp};

/// Every profile of a vault, and what is in the way of reading the others.
#[derive(Default)]
pub struct Listing {
    /// The profiles, by name.
    pub profiles: Vec<Summary>,
    /// Records that cannot be read or are missing: where they lie, and why.
    pub broken: Vec<(String, Error)>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    shards: BTreeMap<String, Shard>,
}

#[derive(Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shard {
    stamp: Option<Stamp>,
    records: BTreeMap<String, Known>,
}

/// What is known of one record; no line for one that says that its profile was removed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known(Option<Stamp>, Option<Line>);

/// A summary in little room.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line(String, String, String, Option<String>, Vec<String>, Option<Date>, bool, i64, i64);

/// A shard that must be read again.
struct Stale {
    stamp: Option<Stamp>,
    looks: Vec<Look>,
}

impl OpenVault<'_> {
    /// Every profile. Records that the index does not know are read, and the index is kept.
    ///
    /// # Errors
    /// [`Error::Full`] above `limits::PROFILES`; [`Error::Store`].
    pub fn list(&self) -> Result<Listing, Error> {
        let listed = self.list_from(self.index(), usize::MAX)?;
        Ok(listed.unwrap_or_default())
    }

    /// The same, where at most `most` records must be read for it; else `None`, and nothing is read.
    ///
    /// # Errors
    /// As [`OpenVault::list`].
    pub fn list_if_quick(&self, most: usize) -> Result<Option<Listing>, Error> {
        self.list_from(self.index(), most)
    }

    /// Every profile, from its record: what changed inside a file without a trace is noticed, too.
    ///
    /// # Errors
    /// As [`OpenVault::list`].
    pub fn list_afresh(&self) -> Result<Listing, Error> {
        let listed = self.list_from(Index::default(), usize::MAX)?;
        Ok(listed.unwrap_or_default())
    }

    fn list_from(&self, mut index: Index, most: usize) -> Result<Option<Listing>, Error> {
        let stale = self.stale(&mut index)?;
        let fresh: usize = index.shards.values().map(|shard| shard.records.len()).sum();
        let again: usize = stale.values().map(|(stale, _)| stale.looks.len()).sum();
        if fresh + again > limits::PROFILES {
            return Err(Error::Full);
        }
        let known = |(stale, known): &(Stale, Shard)| {
            let unread =
                |look: &&Look| known.records.get(&look.key).is_none_or(|it| it.0 != look.stamp);
            stale.looks.iter().filter(unread).count()
        };
        if stale.values().map(known).sum::<usize>() > most {
            return Ok(None);
        }
        let mut listing = Listing::default();
        let mut has_changed = false;
        for (key, (stale, known)) in stale {
            let read = self.read_shard(&key, stale, &known, &mut listing.broken);
            has_changed |= read != known;
            index.shards.insert(key, read);
        }
        if has_changed {
            self.keep(&index);
        }
        let known = index.shards.into_values().flat_map(|shard| shard.records.into_values());
        listing.profiles = known.filter_map(|Known(_, line)| line?.into_summary()).collect();
        listing.profiles.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(Some(listing))
    }

    fn index(&self) -> Index {
        let sealed = self.pins.index();
        let plain = sealed.and_then(|sealed| self.index_key.open(&sealed).ok());
        plain.and_then(|plain| serde_json::from_slice(plain.expose()).ok()).unwrap_or_default()
    }

    /// A cache that cannot be kept costs time the next time, and nothing else.
    fn keep(&self, index: &Index) {
        let Ok(plain) = serde_json::to_vec(index) else { return };
        if let Ok(sealed) = self.index_key.seal(Zeroizing::new(plain)) {
            let _slower_next_time = self.pins.keep_index(&sealed);
        }
    }

    /// Takes out of `index` what may have changed since: shards of another stamp, or of none.
    fn stale(&self, index: &mut Index) -> Result<BTreeMap<String, (Stale, Shard)>, Error> {
        let mut stamps: BTreeMap<String, Option<Stamp>> =
            self.store.shards()?.into_iter().map(|look| (look.key, look.stamp)).collect();
        let known = index.shards.keys().cloned();
        let pinned = self.pins.shards().map_err(store::Error::Disk)?;
        for shard in known.chain(pinned).collect::<BTreeSet<_>>() {
            stamps.entry(shard).or_default();
        }
        for (shard, stamp) in &mut stamps {
            *stamp = beside(stamp.take(), self.pins.stamp(shard));
        }
        let mut stale = BTreeMap::new();
        for (key, stamp) in stamps {
            let is_fresh = |shard: &Shard| stamp.is_some() && shard.stamp == stamp;
            if index.shards.get(&key).is_some_and(is_fresh) {
                continue;
            }
            let known = index.shards.remove(&key).unwrap_or_default();
            let mut looks = self.store.records(&key)?;
            for look in &mut looks {
                look.stamp = beside(look.stamp.take(), self.pins.stamp_of(&look.key));
            }
            stale.insert(key, (Stale { stamp, looks }, known));
        }
        Ok(stale)
    }

    fn read_shard(
        &self,
        shard: &str,
        stale: Stale,
        known: &Shard,
        broken: &mut Vec<(String, Error)>,
    ) -> Shard {
        let Stale { mut stamp, looks } = stale;
        let mut records = BTreeMap::new();
        // What is pinned and not there is missing.
        let pinned = self.pins.records(shard).unwrap_or_else(|error| {
            broken.push((shard.to_owned(), store::Error::Disk(error).into()));
            Vec::new()
        });
        let mut missing: BTreeSet<String> = pinned.into_iter().collect();
        for look in looks {
            missing.remove(&look.key);
            let unchanged = known
                .records
                .get(&look.key)
                .filter(|Known(seen, _)| seen.is_some() && *seen == look.stamp);
            let read = match unchanged {
                Some(known) => Ok(Some(known.clone())),
                None => self.read_line(&look.key, look.stamp),
            };
            match read {
                Ok(Some(known)) => drop(records.insert(look.key, known)),
                Ok(None) => {}
                Err(error) => broken.push((look.key, error)),
            }
        }
        for key in missing {
            if let Err(error) = self.read_line(&key, None) {
                broken.push((key, error));
            }
        }
        // What is broken is to be said again the next time.
        if broken.iter().any(|(key, _)| key.starts_with(shard)) {
            stamp = None;
        }
        Shard { stamp, records }
    }

    /// What is to be known of the record at `key`, which looked like `stamp`; `None` where there is
    /// none, and none is missing.
    fn read_line(&self, key: &str, stamp: Option<Stamp>) -> Result<Option<Known>, Error> {
        let path =
            RecordPath::parse(key).ok_or(seal::Error::Misplaced("a file among the records"))?;
        let found = self.read(&path, key)?;
        let line = |record: Record| record.profile().map(|it| Line::from(Summary::from(it)));
        Ok(found.map(|(record, _)| Known(stamp, line(record))))
    }
}

/// The stamp of something with that of its pins: two copies of a vault that change places have
/// stamps of their own, but the pins are of this device.
fn beside(stamp: Option<Stamp>, pins: Option<String>) -> Option<Stamp> {
    stamp.zip(pins).map(|(stamp, pins)| stamp.beside(&Stamp::new(pins)))
}

impl From<Summary> for Line {
    fn from(summary: Summary) -> Self {
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
        let tags = tags.iter().map(ToString::to_string).collect();
        let (added, changed) = (added_at.as_microsecond(), changed_at.as_microsecond());
        Self(
            name.to_string(),
            preset,
            host,
            label,
            tags,
            secret_expires,
            token_only,
            added,
            changed,
        )
    }
}

impl Line {
    /// `None` never in practice: only what was a summary is sealed.
    fn into_summary(self) -> Option<Summary> {
        let Self(name, preset, host, label, tags, secret_expires, token_only, added, changed) =
            self;
        Some(Summary {
            name: name.parse().ok()?,
            preset,
            host,
            label,
            tags: tags.iter().map(|tag| tag.parse()).collect::<Result<_, _>>().ok()?,
            secret_expires,
            token_only,
            added_at: Timestamp::from_microsecond(added).ok()?,
            changed_at: Timestamp::from_microsecond(changed).ok()?,
        })
    }
}
