//! A private CA and the server certificate it vouches for, or should not.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};

type Ca = CertifiedIssuer<'static, KeyPair>;

/// The hosts that an issuer can stand in for, where a name is led to it: those of documented services,
/// of a school with them, and of an issuer that there is not.
pub const HOSTS: [&str; 8] = [
    "api-gateway.instructure.com",
    "api.badgr.io",
    "api.github.com",
    "api.us2.kimonocloud.com",
    "id.acme.example",
    "oauth2.googleapis.com",
    "school.instructure.com",
    "school.instructuremedia.com",
];

const DAY: Duration = Duration::from_secs(86_400);

/// Which certificate a TLS issuer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cert {
    /// Signed by the issuer's CA, for the right names, valid for a year either way.
    Good,
    /// Right names and dates, signed by itself; the CA handed out has nothing to do with it.
    SelfSigned,
    /// Signed by the CA for the right names, and over for 30 days.
    Expired,
    /// Signed by the CA, valid now, for `wrong.example` only.
    WrongHost,
}

/// Who may connect to a TLS issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guests {
    Anyone,
    /// Clients with a certificate of the issuer's CA.
    Certified,
}

/// What a TLS issuer needs: the CA to hand out and the settings to serve with.
pub struct Identity {
    pub ca_pem: String,
    pub tls: Arc<ServerConfig>,
    pub client: ClientCertificate,
}

/// A certificate that the issuer's CA made for a client, and its key.
#[derive(Clone)]
pub struct ClientCertificate {
    pub pem: String,
    /// PKCS #8.
    pub key_pem: String,
}

impl Identity {
    /// A new CA, a new key, and a certificate of the given kind; for any client.
    pub fn fresh(cert: Cert) -> Self {
        Self::fresh_for(cert, Guests::Anyone)
    }

    /// The same for these clients.
    pub fn fresh_for(cert: Cert, guests: Guests) -> Self {
        let ca = CertifiedIssuer::self_signed(ca_params(), fresh_key()).expect("a CA certificate");
        let leaf_key = fresh_key();
        let leaf_params = leaf_params(cert);
        let leaf = match cert {
            Cert::SelfSigned => leaf_params.self_signed(&leaf_key),
            Cert::Good | Cert::Expired | Cert::WrongHost => leaf_params.signed_by(&leaf_key, &ca),
        }
        .expect("a server certificate");
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring serves TLS 1.2 and 1.3")
            .with_client_cert_verifier(verifier(guests, &ca))
            .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::from(leaf_key))
            .expect("a key that fits its certificate");
        Self { ca_pem: ca.pem(), tls: Arc::new(tls), client: client_certificate(&ca) }
    }
}

fn verifier(guests: Guests, ca: &Ca) -> Arc<dyn ClientCertVerifier> {
    if guests == Guests::Anyone {
        return WebPkiClientVerifier::no_client_auth();
    }
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).expect("a CA certificate");
    let provider = Arc::new(ring::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    builder.build().expect("a CA to verify with")
}

fn client_certificate(ca: &Ca) -> ClientCertificate {
    let key = fresh_key();
    let mut params = params_named(&[], "mock client");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&key, ca).expect("a client certificate");
    ClientCertificate { pem: certificate.pem(), key_pem: key.serialize_pem() }
}

fn fresh_key() -> KeyPair {
    KeyPair::generate().expect("an ECDSA key")
}

fn ca_params() -> CertificateParams {
    let mut params = params_named(&[], "mock issuer CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf_params(cert: Cert) -> CertificateParams {
    let names = match cert {
        Cert::WrongHost => vec!["wrong.example"],
        Cert::Good | Cert::SelfSigned | Cert::Expired => {
            [&["127.0.0.1", "::1", "localhost"][..], &HOSTS].concat()
        }
    };
    let mut params = params_named(&names, "mock issuer");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = cert != Cert::SelfSigned;
    if cert == Cert::Expired {
        params.not_after = date_time_ymd(1970, 1, 1) + since_epoch() - DAY * 30;
    }
    params
}

fn params_named(names: &[&str], common_name: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("proper host names");
    params.distinguished_name.push(DnType::CommonName, common_name);
    let now = date_time_ymd(1970, 1, 1) + since_epoch();
    params.not_before = now - DAY * 365;
    params.not_after = now + DAY * 365;
    params
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970")
}
