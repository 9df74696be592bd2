//! What the agent answers.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use zeroize::Zeroizing;

use super::codec::{Malformed, Reader, Writer};
use super::summary;
use crate::broker::Told;
use crate::clock::Clock;
use crate::model::{Described, Given, Lease, Scopes, Summary, Token, TokenLife, TokenType};
use crate::secret::{AccessToken, FieldSecret, Outgoing};

/// An answer, as a client reads it.
pub enum Reply {
    /// The lease.
    Leased(Box<Leased>),
    /// It failed; as the agent told it.
    Told(Told),
    /// The vault is locked.
    Locked {
        /// Until somebody unlocks it, whatever else happens.
        sticky: bool,
    },
    /// The client is the one to fetch the opening key.
    Open,
    /// Done; here is what there is to say.
    Done(String),
    /// How things stand, as a JSON object.
    Status(String),
    /// The agent has other settings than the client: it is not the one to ask.
    Elsewhere,
    /// The agent cannot reach the vault from where it is; a new one could.
    Outgrown,
    /// A secret.
    Revealed(FieldSecret),
    /// All of a profile but its secrets, as a JSON object.
    Shown(String),
    /// Some of the profiles; more follow, until it is done.
    Listed(Vec<Summary>),
    /// Records that cannot be read: where they lie, and why; more may follow.
    Broken(Vec<(String, Told)>),
    /// What of a profile is no secret.
    Described(Box<Described>),
}

/// A lease as it travels.
pub struct Leased {
    /// The profile it was minted for.
    pub profile: String,
    /// The token.
    pub token: AccessToken,
    /// How it is presented.
    kind: TokenType,
    /// The deadline by the wall clock.
    expires_at: Timestamp,
    /// Its whole life.
    life: Duration,
    /// Life left by the steady clock.
    remaining: Duration,
    asked: String,
    scope: Option<String>,
    secret_expires: Option<Date>,
    /// What the agent noticed on the way.
    pub warnings: Vec<String>,
}

impl Leased {
    /// A lease as it is held, with what was noticed on the way. Where the wall clock was set back since
    /// it was minted, its deadline is told by the clock as it is now.
    #[must_use]
    pub fn of(lease: &Lease, warnings: Vec<String>, clock: &dyn Clock) -> Self {
        let Lease { profile, token, expires_at, secret_expires, asked, .. } = lease;
        let Token { access, kind, life, scope } = token;
        let by_now = clock.wall().saturating_add(lease.remaining(clock)).unwrap_or(Timestamp::MAX);
        Self {
            profile: profile.to_string(),
            token: access.copy(),
            kind: kind.clone(),
            expires_at: by_now.min(*expires_at),
            life: life.duration(),
            remaining: lease.remaining(clock),
            asked: asked.to_string(),
            scope: scope.clone(),
            secret_expires: *secret_expires,
            warnings,
        }
    }

    fn to_frame(&self) -> Zeroizing<Vec<u8>> {
        let expires_at = u64::try_from(self.expires_at.as_millisecond()).unwrap_or_default();
        Writer::new(64)
            .text(&self.profile)
            .text(self.token.expose())
            .text(self.kind.to_text())
            .u64(expires_at)
            .u64(millis(self.life))
            .u64(millis(self.remaining))
            .text(&self.asked)
            .option(self.scope.as_deref(), Writer::text)
            .option(self.secret_expires.map(|it| it.to_string()), |writer, it| writer.text(&it))
            .list(self.warnings.iter(), |writer, text| writer.text(text))
            .finish()
    }

    /// Whether there is something that a person should be told.
    #[must_use]
    pub fn needs_words(&self, clock: &dyn Clock) -> bool {
        let other_scope = self.scope.is_some() && !self.asked.is_empty();
        other_scope || self.ends_soon(clock) || !self.warnings.is_empty()
    }

    /// Whether the secret ends within two weeks and a day, wherever it is that day.
    fn ends_soon(&self, clock: &dyn Clock) -> bool {
        let today = || clock.wall().to_zoned(jiff::tz::TimeZone::UTC).date();
        let soon = || today().saturating_add(jiff::Span::new().days(15));
        self.secret_expires.is_some_and(|last| last <= soon())
    }

    /// The lease. `None` where a field breaks its rule.
    #[must_use]
    pub fn into_lease(self, clock: &dyn Clock) -> Option<(Lease, Vec<String>)> {
        let life = TokenLife::stated(self.life.as_secs())?;
        let given = Given {
            profile: self.profile.parse().ok()?,
            token: Token { access: self.token, kind: self.kind, life, scope: self.scope },
            expires_at: self.expires_at,
            secret_expires: self.secret_expires,
            asked: Scopes::parse([self.asked.as_str()]).ok()?,
        };
        Some((Lease::received(given, self.remaining, clock.steady()), self.warnings))
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let moment = |from: &mut Reader<'_>| {
            let millis = i64::try_from(from.u64()?).map_err(|_| Malformed)?;
            Timestamp::from_millisecond(millis).map_err(|_| Malformed)
        };
        let millis = |from: &mut Reader<'_>| from.u64().map(Duration::from_millis);
        Ok(Self {
            profile: owned(from)?,
            token: Token::opaque(Zeroizing::new(owned(from)?)).map_err(|_| Malformed)?,
            kind: TokenType::parse(from.text()?).map_err(|_| Malformed)?,
            expires_at: moment(from)?,
            life: millis(from)?,
            remaining: millis(from)?,
            asked: owned(from)?,
            scope: from.option(owned)?,
            secret_expires: from.option(Reader::date)?,
            warnings: from.list(owned)?,
        })
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

impl Reply {
    /// The whole frame.
    #[must_use]
    pub fn to_frame(&self) -> Outgoing {
        Outgoing::new(match self {
            Self::Leased(leased) => leased.to_frame(),
            Self::Told(told) => write_told(Writer::new(65), told).finish(),
            Self::Locked { sticky } => Writer::new(66).flag(*sticky).finish(),
            Self::Open => Writer::new(67).finish(),
            Self::Done(text) => Writer::new(68).text(text).finish(),
            Self::Status(text) => Writer::new(69).text(text).finish(),
            Self::Elsewhere => Writer::new(70).finish(),
            Self::Outgrown => Writer::new(71).finish(),
            Self::Revealed(secret) => Writer::new(72).bytes(secret.expose()).finish(),
            Self::Shown(text) => Writer::new(74).text(text).finish(),
            Self::Listed(profiles) => {
                Writer::new(75).list(profiles.iter(), summary::write).finish()
            }
            Self::Broken(records) => {
                let record = |writer: Writer, (path, told): &(String, Told)| {
                    write_told(writer.text(path), told)
                };
                Writer::new(76).list(records.iter(), record).finish()
            }
            Self::Described(described) => {
                let Described { profile, preset, client_id, base_url, fields, .. } =
                    described.as_ref();
                Writer::new(73)
                    .text(profile)
                    .text(preset)
                    .text(client_id)
                    .option(base_url.as_deref(), Writer::text)
                    .flag(described.token_only)
                    .flag(described.gives_the_secret)
                    .list(fields.iter(), |writer, text| writer.text(text))
                    .finish()
            }
        })
    }

    /// Reads the content of a frame. `None` where it is none of ours.
    #[must_use]
    pub fn parse(content: &[u8]) -> Option<Self> {
        Self::read(Reader::new(content)).ok()
    }

    fn read(mut reader: Reader<'_>) -> Result<Self, Malformed> {
        let from = &mut reader;
        let reply = match from.u8()? {
            64 => Self::Leased(Box::new(Leased::read(from)?)),
            65 => Self::Told(read_told(from)?),
            66 => Self::Locked { sticky: from.flag()? },
            67 => Self::Open,
            68 => Self::Done(owned(from)?),
            69 => Self::Status(owned(from)?),
            70 => Self::Elsewhere,
            71 => Self::Outgrown,
            72 => Self::Revealed(FieldSecret::new(Zeroizing::new(from.bytes()?.to_vec()))),
            73 => Self::Described(Box::new(Described {
                profile: owned(from)?,
                preset: owned(from)?,
                client_id: owned(from)?,
                base_url: from.option(owned)?,
                token_only: from.flag()?,
                gives_the_secret: from.flag()?,
                fields: from.list(owned)?,
            })),
            74 => Self::Shown(owned(from)?),
            75 => Self::Listed(from.list(summary::read)?),
            76 => Self::Broken(from.list(|from| Ok((owned(from)?, read_told(from)?)))?),
            _ => return Err(Malformed),
        };
        reader.end()?;
        Ok(reply)
    }
}

fn write_told(writer: Writer, told: &Told) -> Writer {
    let Told { code, sentence, hints } = told;
    writer.u8(*code).text(sentence).list(hints.iter(), |writer, text| writer.text(text))
}

fn read_told(from: &mut Reader<'_>) -> Result<Told, Malformed> {
    Ok(Told { code: from.u8()?, sentence: owned(from)?, hints: from.list(owned)? })
}

fn owned(reader: &mut Reader<'_>) -> Result<String, Malformed> {
    reader.text().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(reply: &Reply) -> Option<Reply> {
        let frame = reply.to_frame();
        Reply::parse(&frame.expose()[4..])
    }

    #[test]
    fn answers_read_back_as_they_were_written() {
        let told = Told { code: 7, sentence: "no".into(), hints: vec!["try".into()] };
        let Some(Reply::Told(again)) = round_trip(&Reply::Told(told.clone())) else { panic!() };
        assert_eq!(again, told);
        assert!(matches!(
            round_trip(&Reply::Locked { sticky: true }),
            Some(Reply::Locked { sticky: true })
        ));
        let described = Described {
            profile: "a/b".into(),
            preset: "oauth2".into(),
            client_id: "id".into(),
            base_url: None,
            token_only: true,
            gives_the_secret: false,
            fields: vec!["x".into()],
        };
        let again = round_trip(&Reply::Described(Box::new(described.clone())));
        assert!(matches!(again, Some(Reply::Described(again)) if *again == described));
    }

    #[test]
    fn what_is_left_over_makes_it_none_of_ours() {
        let mut frame = Reply::Open.to_frame().expose().to_vec();
        frame.push(0);
        assert!(Reply::parse(&frame[4..]).is_none());
        assert!(Reply::parse(&[]).is_none() && Reply::parse(&[255]).is_none());
    }
}
