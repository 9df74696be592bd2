//! Every cap in one table, with its reason. All sizes are bytes unless the name says otherwise.

use std::time::Duration;

/// A sealed object of any kind: checked on its length before anything is read or parsed.
pub const SEALED_OBJECT: u64 = 256 * 1024;
/// The header of an age file: its parser is quadratic in the number of lines.
pub const AGE_HEADER: usize = 64 * 1024;
/// Room in a header for one stanza (ours have about 120 bytes, grease up to twice that); a header
/// may have as many of it as stanzas, and one more.
pub const AGE_HEADER_PER_STANZA: usize = 320;
/// Recipient stanzas of a record: one group identity, one grease stanza, room for a hand-over.
pub const RECORD_STANZAS: usize = 4;
/// Recipient stanzas of `key.age`: one a member, so this is also the most members a vault can have.
pub const KEY_STANZAS: usize = 200;
/// Work factors (log2 N) accepted for a passphrase-wrapped key: below, the file was not written by
/// us; above, opening it would cost more memory than a small machine has.
pub const SCRYPT_WORK: std::ops::RangeInclusive<u8> = 10..=18;
/// The work factor that is written: about a second and 256 MiB.
pub const SCRYPT_WORK_WRITTEN: u8 = 18;
/// Padding step of a record: its length tells no more than this.
pub const PADDING: usize = 512;

/// Profiles in one vault.
pub const PROFILES: usize = 100_000;
/// Records of one shard, of 256, from which on others are counted, too, before one is added: well
/// below the 390 that a full vault has in each, and far above what others have.
pub const CROWDED_SHARD: usize = 250;
/// Records of 16 shards from which on all are counted: a full vault has 6,250 in them, give or take
/// 80, so that none is missed in a million years.
pub const CROWDED_SHARDS: usize = 5_700;
/// The local index of a full vault, with labels and tags of some length.
pub const INDEX: u64 = 256 * 1024 * 1024;
/// A file or folder changed less than this before it was looked at may change again without a trace:
/// the coarsest file systems count time in steps of two seconds.
pub const SETTLED: Duration = Duration::from_secs(3);
/// Versions before the last one that a record names, so that a fork is seen by a device that was
/// away for so many changes.
pub const ANCESTORS: usize = 16;
/// A profile name: 128 characters fit every file name and table.
pub const PROFILE_NAME: usize = 128;
/// A label, an audience, a resource.
pub const TEXT: usize = 512;
/// One option of a profile: a list of repositories, say.
pub const OPTION: usize = 4096;
/// The scopes of one request, as they are sent.
pub const SCOPES: usize = 8 * 1024;
/// A client id.
pub const CLIENT_ID: usize = 1024;
/// A client secret: the largest real ones are PEM keys of some KiB.
pub const SECRET: usize = 64 * 1024;
/// Further secret fields of a profile.
pub const FIELDS: usize = 16;
/// CA certificates of one profile (PEM).
pub const CA_BUNDLE: usize = 64 * 1024;
/// Everything read from a pipe or prompt at once: a secret of full size, wrapped in JSON escapes.
pub const PASTE: usize = 6 * SECRET + 4096;
/// The shortest passphrase that is accepted, in characters.
pub const PASSPHRASE_MIN_CHARS: usize = 10;
/// The longest passphrase that is accepted.
pub const PASSPHRASE: usize = 1024;

/// A token: the largest seen (a JWE of Canvas) has under 2 KiB.
pub const TOKEN: usize = 16 * 1024;
/// The body of an issuer's answer.
pub const REPLY_BODY: usize = 1024 * 1024;
/// Objects and arrays inside each other in it: real ones have two or three.
pub const REPLY_DEPTH: usize = 64;
/// The most of an issuer's own words that is ever shown, in characters.
pub const ERROR_TEXT_CHARS: usize = 500;
/// No token is believed to live longer, whatever the issuer says.
pub const TOKEN_LIFE: Duration = Duration::from_secs(24 * 3600);
/// What is assumed when the issuer says nothing.
pub const UNKNOWN_TOKEN_LIFE: Duration = Duration::from_secs(300);
/// A token with less life left is not handed out (or a tenth of its life, where that is less).
pub const MIN_VALID: Duration = Duration::from_secs(60);

/// TCP and TLS set-up of one connection.
pub const CONNECT: Duration = Duration::from_secs(10);
/// One request from its start to the last byte of the answer.
pub const REQUEST: Duration = Duration::from_secs(30);
/// Tries of one request when the issuer is not reachable, throttles or is out of order.
pub const TRIES: u32 = 3;
/// A longer `Retry-After` is reported, not waited for.
pub const RETRY_AFTER: Duration = Duration::from_secs(10);

/// How long a device may take to spend a refresh token before another one believes that it is gone:
/// a request with all its tries, and the writing of what came of it.
pub const CLAIM: Duration = Duration::from_secs(REQUEST.as_secs() + 15);
/// How far the clocks of two devices may be apart for one to believe at once that a claim of the
/// other is over.
pub const SKEW: Duration = Duration::from_secs(5 * 60);
/// Profiles that are minted with each other's tokens, in a row.
pub const CHAIN: usize = 4;
/// The longest that a person may take to log in.
pub const LOGIN: Duration = Duration::from_secs(15 * 60);
/// The pause between two questions whether a person has approved (RFC 8628 §3.5), at least and at
/// most.
pub const POLL: std::ops::RangeInclusive<u64> = 1..=60;
/// Connections at one time to the page that a browser comes back to: a browser opens a few, and who
/// opens more of them holds up those who come later for some seconds only.
pub const BROWSERS: usize = 64;
/// A request of a browser that comes back from a login.
pub const BROWSER_REQUEST: usize = 16 * 1024;

/// The keychain, when nobody can be asked.
pub const KEYCHAIN_UNATTENDED: Duration = Duration::from_secs(3);
/// The keychain, when a person may be answering its prompt.
pub const KEYCHAIN_ATTENDED: Duration = Duration::from_secs(30);
/// Waiting for another process that changes the same vault.
pub const VAULT_LOCK: Duration = Duration::from_secs(10);
/// Waiting for another process that keeps what it learned of the vault.
pub const PIN_LOCK: Duration = Duration::from_secs(2);
/// Waiting for another process that stretches a passphrase.
pub const STRETCH_LOCK: Duration = Duration::from_secs(30);
/// The settings file.
pub const SETTINGS: u64 = 256 * 1024;

/// One frame between the agent and a client: a secret of full size fits twice.
pub const FRAME: usize = 256 * 1024;
/// The frame that opens a conversation: a number and a version.
pub const HELLO: usize = 256;
/// From the first byte of a frame to its last, and from the connection to the first frame.
pub const FRAME_TIME: Duration = Duration::from_secs(5);
/// Between two requests on one connection.
pub const BETWEEN_REQUESTS: Duration = Duration::from_secs(60);
/// Connections that have not sent a whole request yet; the oldest makes room for another.
pub const CONNECTIONS_READING: usize = 64;
/// Connections in all, those that wait for a token or a person included; more wait unaccepted.
pub const CONNECTIONS: usize = 512;
/// The agent says who it is within this, or is given up.
pub const AGENT_HELLO: Duration = Duration::from_secs(1);
/// An agent that has just been started.
pub const AGENT_START: Duration = Duration::from_secs(10);
/// A lock leaves a refresh token that is being spent this long to get what takes its place into the
/// vault: less than a machine waits before it sleeps.
pub const LANDING: Duration = Duration::from_millis(800);
/// A mint with all its tries, and a little more: the agent answers within it.
pub const AGENT_MINT: Duration = Duration::from_secs(REQUEST.as_secs() + 5);
/// Opening without a person: a keychain, or a passphrase that is stretched after others.
pub const OPENING_UNATTENDED: Duration = Duration::from_secs(45);
/// A person who types a passphrase.
pub const OPENING_ATTENDED: Duration = Duration::from_secs(180);
/// The longest pause after wrong passphrases.
pub const WRONG_OPENING: Duration = Duration::from_secs(10);
/// Records that the agent reads for a listing: some hundredths of a second, in which nobody else is
/// answered.
pub const LISTED_BY_AGENT: usize = 300;
/// Leases held at once: a thousand profiles with ten kinds of requests each.
pub const LEASES: usize = 10_000;
/// After a refusal the issuer is left alone so long: scripts in loops lock accounts.
pub const REST_AFTER_REFUSAL: Duration = Duration::from_secs(10);
/// After a failure that may pass.
pub const REST_AFTER_FAILURE: Duration = Duration::from_secs(2);
/// The longest `Retry-After` that is obeyed.
pub const LONGEST_REST: Duration = Duration::from_secs(300);
/// The agent locks after so long without a request, unless the settings say otherwise.
pub const LOCK_AFTER_IDLE: Duration = Duration::from_secs(3600);
/// The agent locks so long after it was opened, unless the settings say otherwise.
pub const LOCK_AFTER: Duration = Duration::from_secs(12 * 3600);
/// The longest that `unlock --for` or the settings may say.
pub const LONGEST_UNLOCK: Duration = Duration::from_secs(30 * 24 * 3600);
/// HTTP clients with their certificate roots that the agent keeps ready.
pub const CLIENTS: usize = 8;
/// The path of a socket, with its final zero byte.
pub const SOCKET_PATH: usize = 108;
