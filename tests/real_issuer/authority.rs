//! A private CA, and the certificates that it gives to the server and to clients.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};

/// A CA made for one test.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, PEM both.
pub struct Certified {
    pub cert: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = params(&[], "test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, fresh_key()).expect("a CA certificate"))
    }

    /// Its own certificate, PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// For a server on this machine.
    pub fn server(&self) -> Certified {
        let names = ["127.0.0.1", "localhost"];
        self.certify(params(&names, "test server"), ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// For a client with this DNS name, `CN=client`.
    pub fn client(&self, name: &str) -> Certified {
        self.certify(params(&[name], "client"), ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn certify(&self, mut params: CertificateParams, usage: ExtendedKeyUsagePurpose) -> Certified {
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = fresh_key();
        let cert = params.signed_by(&key, &self.0).expect("a certificate");
        Certified { cert: cert.pem(), key: key.serialize_pem() }
    }
}

fn fresh_key() -> KeyPair {
    KeyPair::generate().expect("an ECDSA key")
}

/// Valid for as long as the library's own defaults are, which is any time that a test runs in.
fn params(names: &[&str], common_name: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("proper host names");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}
