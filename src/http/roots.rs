//! Whom to believe: the platform's certificate roots, and those sealed in a profile.
//!
//! On Linux the platform's bundle is read from its well-known places. `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` are not consulted: whoever sets a variable must not choose whom we trust.

use reqwest::Certificate;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::Error;

/// Where Linux distributions and BSDs keep the bundle; the first that is there is used.
#[cfg(all(unix, not(target_os = "macos")))]
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// The roots to use: `Some(list)` replaces what the TLS library would take by itself; with `None`
/// it asks the operating system.
pub(super) struct Roots {
    pub(super) instead: Option<Vec<Certificate>>,
    pub(super) beside: Vec<Certificate>,
}

/// Gathers the roots for a profile whose own CA certificates are `ca` (PEM).
///
/// # Errors
/// [`Error::Roots`].
pub(super) fn gather(ca: Option<&str>) -> Result<Roots, Error> {
    let beside = ca.map(parse_sealed).transpose()?.unwrap_or_default();
    let instead = platform();
    if instead.as_ref().is_some_and(Vec::is_empty) && beside.is_empty() {
        return Err(Error::Roots("this system has no certificate bundle in any known place"));
    }
    Ok(Roots { instead, beside })
}

fn parse_sealed(pem: &str) -> Result<Vec<Certificate>, Error> {
    let certificates = Certificate::from_pem_bundle(pem.as_bytes())
        .map_err(|_| Error::Roots("those of the profile are not PEM certificates"))?;
    if certificates.is_empty() {
        return Err(Error::Roots("the profile's file holds no certificate"));
    }
    Ok(certificates)
}

#[cfg(all(unix, not(target_os = "macos")))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere the platform is asked instead")]
fn platform() -> Option<Vec<Certificate>> {
    let found = BUNDLES.iter().find_map(|path| std::fs::read(path).ok());
    // None found: an empty list, so that nothing is trusted but the profile's own.
    Some(found.and_then(|pem| Certificate::from_pem_bundle(&pem).ok()).unwrap_or_default())
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn platform() -> Option<Vec<Certificate>> {
    None
}

/// When the platform's bundle was last changed; `None` where there is none to look at.
pub(super) fn changed() -> Option<std::time::SystemTime> {
    #[cfg(all(unix, not(target_os = "macos")))]
    return BUNDLES.iter().find_map(|path| std::fs::metadata(path).ok()?.modified().ok());
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    None
}

/// How many roots the platform has; `None` where the system is asked for each.
#[must_use]
pub fn count() -> Option<usize> {
    platform().map(|roots| roots.len())
}

/// Whether `pem` holds certificates, and each can be a root; asked when a profile is added.
#[must_use]
pub fn is_usable(pem: &str) -> bool {
    let mut roots = rustls::RootCertStore::empty();
    let all_fit = CertificateDer::pem_slice_iter(pem.as_bytes())
        .all(|found| found.is_ok_and(|certificate| roots.add(certificate).is_ok()));
    all_fit && !roots.is_empty()
}
