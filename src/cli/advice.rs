//! What a preset of the user's own says about a refusal. It stands in the settings, so it is added
//! here: neither who mints nor the agent looks there.

use super::Failure;
use super::parts::Parts;
use crate::broker;
use crate::grant::{self, Preset};
use crate::mint;

/// `failure` with the advice of the profile's preset, where that is one of the user's own and the
/// issuer refused the credential. The name of the preset is only asked for then.
pub fn with_own(
    mut failure: Failure,
    preset: impl FnOnce() -> Option<String>,
    parts: &Parts,
) -> Failure {
    let Some(hints) = hints(&mut failure) else { return failure };
    let own = preset().filter(|name| Preset::find(name).is_none());
    // Where the settings cannot be read, the failure itself is what counts.
    let own = own.and_then(|name| parts.preset(&name).ok().flatten());
    let advice = own.map(|own| own.refused.into_owned()).unwrap_or_default();
    if !advice.is_empty() && !hints.contains(&advice) {
        hints.push(advice);
    }
    failure
}

/// What to do about it, where the issuer refused the credential of the profile itself.
fn hints(failure: &mut Failure) -> Option<&mut Vec<String>> {
    /// As in `docs/exit-codes.md`.
    const REFUSED: u8 = 7;
    match failure {
        Failure::Mint { source: broker::Error::Mint { advice, source }, .. } => {
            let is_refused = matches!(source, mint::Error::Grant(grant::Error::Refused { .. }));
            is_refused.then_some(advice)
        }
        Failure::Told(told) if told.code == REFUSED => Some(&mut told.hints),
        _ => None,
    }
}
