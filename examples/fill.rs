//! Fills the vault of this `HOME` with made-up profiles, for measuring how mintage fares with many:
//!
//! ```text
//! mintage init --key file
//! cargo run --release --example fill -- COUNT [TOKEN_URL CA_FILE]
//! ```
//! With a token endpoint, they are OAuth 2 clients of it. Their names are `partner-00000/prod` onwards. A process for each, as by `mintage add`, would
//! take far longer; what is on the disk is the same. The opening key must be in a file.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a program for scripts/bench-vault and scripts/bench-agent"
)]

use std::collections::BTreeSet;
use std::error::Error;
use std::process::ExitCode;
use std::{env, fs};

use mintage::clock::{Clock as _, System};
use mintage::config::{KeySource, Paths, Settings};
use mintage::grant::Preset;
use mintage::identity::{IdentityFile, Source as _};
use mintage::model::{Credential, Endpoint, Profile};
use mintage::prompt::Nobody;
use mintage::store::{self, DirStore, Expect, Found, Look, Store};
use mintage::vault::{OpenVault, Pins};
use zeroize::Zeroizing;

#[global_allocator]
static ALLOCATOR: mintage::alloc::Wiping = mintage::alloc::Wiping;

fn main() -> ExitCode {
    match fill() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fill: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fill() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (count, issuer): (u32, _) = match arguments.as_slice() {
        [count] => (count.parse()?, None),
        [count, url, ca] => (count.parse()?, Some((url.parse()?, fs::read_to_string(ca)?))),
        _ => return Err("usage: fill COUNT [TOKEN_URL CA_FILE]".into()),
    };
    let (clock, paths) = (System, Paths::find()?);
    let settings = Settings::read(&paths.settings())?;
    let (_, registered) = settings.choose(None)?;
    let KeySource::File(key) = &registered.key else {
        return Err("the opening key is not in a file".into());
    };
    let key = IdentityFile::new(key.clone()).load(&Nobody)?;
    // Where the program looks for them.
    let pins = paths.state().join("pins").join(key.vault().as_str()).join(key.short_name());
    let pins = Pins::new(pins, key.pin_key(), &clock);
    let store = Uncounted(DirStore::open(&registered.path, &clock)?);
    let fingerprint = registered.fingerprint.parse()?;
    let vault = OpenVault::open(Box::new(store), &key, &fingerprint, pins, &clock)?;
    for number in 0..count {
        let mut profile = profile(number)?;
        if let Some((url, ca)) = &issuer {
            mint_at(&mut profile, url, ca)?;
        }
        vault.add(profile)?;
    }
    match vault.take_warnings().pop() {
        Some(warning) => Err(Box::new(warning)),
        None => Ok(()),
    }
}

/// A folder that seems to have no records: whether a vault is full is looked for in vain, which
/// would take hours for a large one.
struct Uncounted<'a>(DirStore<'a>);

impl Store for Uncounted<'_> {
    fn get(&self, key: &str) -> Result<Option<Found>, store::Error> {
        self.0.get(key)
    }

    fn put(&self, key: &str, bytes: &[u8], expect: Expect<'_>) -> Result<(), store::Error> {
        self.0.put(key, bytes, expect)
    }

    fn shards(&self) -> Result<Vec<Look>, store::Error> {
        Ok(Vec::new())
    }

    fn records(&self, _shard: &str) -> Result<Vec<Look>, store::Error> {
        Ok(Vec::new())
    }

    fn destroy(&self) -> Result<(), store::Error> {
        self.0.destroy()
    }
}

fn profile(number: u32) -> Result<Profile, Box<dyn Error>> {
    let preset = Preset::find("instructure").ok_or("no such preset")?;
    let (base, path) = (preset.base_url.ok_or("no URL")?, preset.token_path.ok_or("no path")?);
    let base: Endpoint = base.parse()?;
    // As long as real ones.
    let secret = format!("{number:08}-made-up-secret-of-sixty-four-characters-for-measurements-xx");
    let credential = Credential::new(
        format!("us-east-1#{number:08}-made-up-id").parse()?,
        Zeroizing::new(secret.into_bytes()),
    )?;
    let name = format!("partner-{number:05}/prod").parse()?;
    Ok(Profile {
        preset: preset.name.to_string(),
        base_url: Some(base.clone()),
        auth: preset.auth,
        tags: BTreeSet::from(["made-up".parse()?]),
        ..Profile::new(name, &preset.grant, base.join(&path)?, credential, System.wall())
    })
}

fn mint_at(profile: &mut Profile, url: &Endpoint, ca: &str) -> Result<(), Box<dyn Error>> {
    let preset = Preset::find("oauth2").ok_or("no such preset")?;
    profile.preset = preset.name.to_string();
    profile.grant = preset.grant.to_string();
    profile.auth = preset.auth;
    profile.endpoint = url.clone();
    profile.base_url = None;
    profile.ca = Some(ca.to_owned());
    Ok(())
}
