//! What the agent and its clients say to each other; `docs/agent-protocol.md` is the specification.
//!
//! A frame is its length (4 bytes), its kind (1 byte) and its content. The opening frame of both
//! sides never changes, whatever the number of the protocol.

use std::time::Duration;

use zeroize::Zeroizing;

use super::codec::{Malformed, Reader, Writer};
use crate::limits;
use crate::model::{FieldName, ProfileName, Scopes};
use crate::secret::{IdentityText, Outgoing};

/// Which vault a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The client's folders of settings and of state, with a zero byte between: an agent with others
    /// must not answer.
    pub folders: Vec<u8>,
    /// The vault's name or place, as the client was told; the default one without.
    pub vault: Option<String>,
}

/// Who asks, as far as opening is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// It does not open anything: it is told at once where the vault is locked.
    Nobody,
    /// It can open where no person is needed.
    Program,
    /// A person sits at its terminal.
    Person,
}

/// What is wanted of a lease.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Scopes in place of the profile's own.
    pub scopes: Scopes,
    /// Audience in place of the profile's own.
    pub audience: Option<String>,
    /// Life it must have left.
    pub min_valid: Option<Duration>,
    /// One that is held is not good enough.
    pub fresh: bool,
}

/// What a client asks.
pub enum Request {
    /// A lease.
    Lease {
        /// The vault.
        place: Place,
        /// The profile; the default one without.
        profile: Option<ProfileName>,
        /// What kind of lease.
        wanted: Wanted,
        /// Who asks.
        asker: Asker,
    },
    /// What of a profile is no secret.
    Describe {
        /// The vault.
        place: Place,
        /// The profile; the default one without.
        profile: Option<ProfileName>,
        /// Who asks.
        asker: Asker,
    },
    /// All of a profile but its secrets.
    Show {
        /// The vault.
        place: Place,
        /// The profile; the default one without.
        profile: Option<ProfileName>,
        /// Who asks.
        asker: Asker,
    },
    /// Every profile of the vault, where that takes no time.
    List {
        /// The vault.
        place: Place,
        /// Who asks.
        asker: Asker,
    },
    /// A secret of a profile that allows it.
    Reveal {
        /// The vault.
        place: Place,
        /// The profile.
        profile: ProfileName,
        /// A further field; the client secret without.
        field: Option<FieldName>,
        /// Who asks.
        asker: Asker,
    },
    /// Opens the vault, and ends a lock.
    Unlock {
        /// The vault.
        place: Place,
        /// How long it stays open, whatever the settings say.
        length: Option<Duration>,
        /// Who asks.
        asker: Asker,
    },
    /// Closes every vault.
    Lock,
    /// How things stand.
    Status,
    /// Forgets the leases of a profile.
    Purge {
        /// The vault.
        place: Place,
        /// The profile.
        profile: ProfileName,
    },
    /// Forgets them, and tells the issuer.
    Revoke {
        /// The vault.
        place: Place,
        /// The profile.
        profile: ProfileName,
        /// Who asks.
        asker: Asker,
    },
    /// Locks and ends.
    Stop,
    /// An elected client: a person is being asked.
    Asking,
    /// An elected client: here is the opening key.
    Opening(IdentityText),
    /// An elected client: there is none.
    NotOpened(NotOpened),
}

/// Why an elected client brings no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOpened {
    /// A person is needed, and it has none.
    NeedsPerson,
    /// What the person gave opens nothing.
    Wrong,
    /// Something else; the client says what.
    Failed,
}

impl Request {
    /// The whole frame.
    #[must_use]
    pub fn to_frame(&self) -> Outgoing {
        let profile = |writer: Writer, name: &ProfileName| writer.text(name.as_str());
        let seconds = |writer: Writer, it: Duration| writer.u64(it.as_secs());
        Outgoing::new(match self {
            Self::Lease { place, profile: name, wanted, asker } => {
                let Wanted { scopes, audience, min_valid, fresh } = wanted;
                start(16, place, *asker)
                    .option(name.as_ref(), profile)
                    .text(&scopes.to_string())
                    .option(audience.as_deref(), Writer::text)
                    .option(*min_valid, seconds)
                    .flag(*fresh)
                    .finish()
            }
            Self::Describe { place, profile: name, asker } => {
                start(17, place, *asker).option(name.as_ref(), profile).finish()
            }
            Self::Show { place, profile: name, asker } => {
                start(28, place, *asker).option(name.as_ref(), profile).finish()
            }
            Self::List { place, asker } => start(29, place, *asker).finish(),
            Self::Reveal { place, profile, field, asker } => start(18, place, *asker)
                .text(profile.as_str())
                .option(field.as_ref().map(FieldName::as_str), Writer::text)
                .finish(),
            Self::Unlock { place, length, asker } => {
                start(19, place, *asker).option(*length, seconds).finish()
            }
            Self::Lock => Writer::new(20).finish(),
            Self::Status => Writer::new(21).finish(),
            Self::Purge { place, profile } => {
                start(22, place, Asker::Nobody).text(profile.as_str()).finish()
            }
            Self::Revoke { place, profile, asker } => {
                start(23, place, *asker).text(profile.as_str()).finish()
            }
            Self::Stop => Writer::new(24).finish(),
            Self::Asking => Writer::new(25).finish(),
            Self::Opening(key) => Writer::new(26).text(key.expose()).finish(),
            Self::NotOpened(why) => Writer::new(27).u8(*why as u8).finish(),
        })
    }

    /// Reads the content of a frame. `None` where it is none of ours.
    #[must_use]
    pub fn parse(content: &[u8]) -> Option<Self> {
        Self::read(Reader::new(content)).ok()
    }

    fn read(mut reader: Reader<'_>) -> Result<Self, Malformed> {
        let from = &mut reader;
        let request = match from.u8()? {
            16 => {
                let (place, asker) = read_start(from)?;
                let profile = from.option(name)?;
                let wanted = Wanted {
                    scopes: scopes(from)?,
                    audience: from.option(audience)?,
                    min_valid: from.option(read_seconds)?,
                    fresh: from.flag()?,
                };
                Self::Lease { place, profile, wanted, asker }
            }
            17 => {
                let (place, asker) = read_start(from)?;
                Self::Describe { place, profile: from.option(name)?, asker }
            }
            18 => {
                let (place, asker) = read_start(from)?;
                let profile = name(from)?;
                let field = from.option(|from| from.text()?.parse().map_err(|_| Malformed))?;
                Self::Reveal { place, profile, field, asker }
            }
            19 => {
                let (place, asker) = read_start(from)?;
                Self::Unlock { place, length: from.option(read_seconds)?, asker }
            }
            20 => Self::Lock,
            21 => Self::Status,
            22 => {
                // Purging opens nothing.
                let (place, Asker::Nobody) = read_start(from)? else { return Err(Malformed) };
                Self::Purge { place, profile: name(from)? }
            }
            23 => {
                let (place, asker) = read_start(from)?;
                Self::Revoke { place, profile: name(from)?, asker }
            }
            24 => Self::Stop,
            25 => Self::Asking,
            26 => Self::Opening(IdentityText::new(Zeroizing::new(from.text()?.to_owned()))),
            27 => Self::NotOpened(match from.u8()? {
                0 => NotOpened::NeedsPerson,
                1 => NotOpened::Wrong,
                2 => NotOpened::Failed,
                _ => return Err(Malformed),
            }),
            28 => {
                let (place, asker) = read_start(from)?;
                Self::Show { place, profile: from.option(name)?, asker }
            }
            29 => {
                let (place, asker) = read_start(from)?;
                Self::List { place, asker }
            }
            _ => return Err(Malformed),
        };
        reader.end()?;
        Ok(request)
    }
}

fn start(kind: u8, place: &Place, asker: Asker) -> Writer {
    let Place { folders, vault } = place;
    Writer::new(kind).bytes(folders).option(vault.as_deref(), Writer::text).u8(asker as u8)
}

fn read_start(reader: &mut Reader<'_>) -> Result<(Place, Asker), Malformed> {
    let place = Place { folders: reader.bytes()?.to_vec(), vault: reader.option(owned)? };
    let asker = match reader.u8()? {
        0 => Asker::Nobody,
        1 => Asker::Program,
        2 => Asker::Person,
        _ => return Err(Malformed),
    };
    Ok((place, asker))
}

fn owned(reader: &mut Reader<'_>) -> Result<String, Malformed> {
    reader.text().map(str::to_owned)
}

fn name(reader: &mut Reader<'_>) -> Result<ProfileName, Malformed> {
    reader.text()?.parse().map_err(|_| Malformed)
}

fn audience(reader: &mut Reader<'_>) -> Result<String, Malformed> {
    owned(reader)
        .and_then(|text| if text.len() <= limits::TEXT { Ok(text) } else { Err(Malformed) })
}

/// Separated by single spaces, each once.
fn scopes(reader: &mut Reader<'_>) -> Result<Scopes, Malformed> {
    let text = reader.text()?;
    let scopes = Scopes::parse([text]).map_err(|_| Malformed)?;
    let fits = text.len() <= limits::SCOPES && scopes.to_string() == text;
    if fits { Ok(scopes) } else { Err(Malformed) }
}

fn read_seconds(reader: &mut Reader<'_>) -> Result<Duration, Malformed> {
    reader.u64().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { folders: b"/home/\xff/.config".to_vec(), vault: Some("work".into()) }
    }

    /// One of each, and of each form of what is in them.
    fn all() -> Vec<Request> {
        let name: ProfileName = "acme/prod".parse().expect("a name");
        let key = IdentityText::new(Zeroizing::new("mintage v1 x y z".into()));
        let wanted = Wanted {
            scopes: Scopes::parse(["a b", "c"]).expect("scopes"),
            audience: Some("https://x.example".into()),
            min_valid: Some(Duration::from_secs(90)),
            fresh: true,
        };
        let mut all = vec![
            Request::List { place: Place { vault: None, ..place() }, asker: Asker::Nobody },
            Request::Purge { place: place(), profile: name.clone() },
            Request::Revoke { place: place(), profile: name.clone(), asker: Asker::Person },
            Request::Opening(key),
        ];
        all.extend([Request::Lock, Request::Status, Request::Stop, Request::Asking]);
        let whys = [NotOpened::NeedsPerson, NotOpened::Wrong, NotOpened::Failed];
        all.extend(whys.map(Request::NotOpened));
        for is_there in [false, true] {
            let (profile, asker) = (is_there.then(|| name.clone()), Asker::Program);
            let field = is_there.then(|| "pin".parse().expect("a name"));
            let length = is_there.then(|| Duration::from_secs(28_800));
            let wanted = if is_there { wanted.clone() } else { Wanted::default() };
            all.push(Request::Describe { place: place(), profile: profile.clone(), asker });
            all.push(Request::Show { place: place(), profile: profile.clone(), asker });
            all.push(Request::Lease { place: place(), profile, wanted, asker });
            all.push(Request::Reveal { place: place(), profile: name.clone(), field, asker });
            all.push(Request::Unlock { place: place(), length, asker });
        }
        all
    }

    fn content(request: &Request) -> Vec<u8> {
        request.to_frame().expose()[4..].to_vec()
    }

    #[test]
    fn every_request_reads_back_as_it_was_written() {
        for request in all() {
            let content = content(&request);
            let again = Request::parse(&content).map(|again| self::content(&again));
            assert_eq!(again.as_ref(), Some(&content));
        }
    }

    #[test]
    fn no_two_requests_are_written_alike() {
        let written: std::collections::BTreeSet<_> = all().iter().map(content).collect();
        assert_eq!(written.len(), 21);
    }

    // A06
    #[test]
    fn a_request_that_is_cut_or_followed_by_more_is_none() {
        for request in all() {
            let mut content = content(&request);
            for end in 0..content.len() {
                assert!(Request::parse(&content[..end]).is_none(), "{end} of {content:?}");
            }
            content.push(0);
            assert!(Request::parse(&content).is_none(), "{content:?}");
        }
    }

    #[test]
    fn a_kind_or_an_asker_that_nobody_knows_is_none() {
        let known: Vec<u8> = all().iter().map(|request| content(request)[0]).collect();
        for kind in (0..=u8::MAX).filter(|kind| !known.contains(kind)) {
            assert!(Request::parse(&[kind]).is_none(), "{kind}");
        }
        let mut list = content(&all()[0]);
        *list.last_mut().expect("an asker") = 3;
        assert!(Request::parse(&list).is_none() && Request::parse(&[27, 3]).is_none());
    }
}
