//! The plain form of a credential: only the parts that there are.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Error;
use super::binding::{base64, from_base64};
use super::form::{bytes, readable};
use crate::model::{Certificate, ClientId, Credential};
use crate::secret::PrivateKey;

const WHAT: &str = "the record";

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CredentialForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_base64: Option<Zeroizing<String>>,
    /// PKCS #8.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key_base64: Option<Zeroizing<String>>,
    /// PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    /// PKCS #8.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_key_base64: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Zeroizing<String>>,
}

impl From<&Credential> for CredentialForm {
    fn from(credential: &Credential) -> Self {
        let Credential { client_id, secret, key, certificate, refresh } = credential;
        let (client_secret, client_secret_base64) =
            secret.as_ref().map_or((None, None), |secret| readable(secret.expose()));
        let text = |key: &PrivateKey| base64(key.expose());
        Self {
            client_id: client_id.as_ref().map(ClientId::to_string),
            client_secret,
            client_secret_base64,
            private_key_base64: key.as_ref().map(text),
            certificate: certificate.as_ref().map(|it| it.chain.clone()),
            certificate_key_base64: certificate.as_ref().map(|it| text(&it.key)),
            refresh_token: refresh.as_ref().map(|it| Zeroizing::new(it.expose().to_owned())),
        }
    }
}

impl TryFrom<CredentialForm> for Credential {
    type Error = Error;

    fn try_from(form: CredentialForm) -> Result<Self, Error> {
        let CredentialForm {
            client_id,
            client_secret,
            client_secret_base64,
            private_key_base64,
            certificate,
            certificate_key_base64,
            refresh_token,
        } = form;
        let key = |text: Option<Zeroizing<String>>| {
            let der = text.map(|text| from_base64(&text, WHAT)).transpose()?;
            Ok::<_, Error>(der.map(PrivateKey::new))
        };
        let damaged = |_| Error::Damaged(WHAT);
        let secret = match (client_secret, client_secret_base64) {
            (None, None) => None,
            (text, base64) => Some(Self::secret_of(bytes(text, base64)?).map_err(damaged)?),
        };
        let certificate = match (certificate, key(certificate_key_base64)?) {
            (None, None) => None,
            (Some(chain), Some(key)) => Some(Certificate { chain, key }),
            _ => return Err(Error::Damaged(WHAT)),
        };
        Ok(Self {
            client_id: client_id.map(|id| id.parse()).transpose().map_err(damaged)?,
            secret,
            key: key(private_key_base64)?,
            certificate,
            refresh: refresh_token.map(Self::refresh_of).transpose().map_err(damaged)?,
        })
    }
}
