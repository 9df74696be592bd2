//! The client itself: one per mint, so that no connection, cookie or buffer outlives it.

use std::error::Error as _;
use std::sync::Once;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use zeroize::Zeroizing;

use super::{Body, Error, Method, Reply, Request, roots};
use crate::limits;
use crate::model::{Certificate, Endpoint, Untrusted};
use crate::secret::ReplyBody;

/// Sends requests to one issuer.
pub struct Client {
    inner: reqwest::Client,
}

impl Client {
    /// A client that believes the platform's roots and those in `ca` (PEM), goes through `proxy` (an
    /// http URL, asked with CONNECT) where the settings name one, and shows a certificate (RFC 8705)
    /// where there is one.
    ///
    /// # Errors
    /// [`Error::Roots`], [`Error::Proxy`], [`Error::Client`].
    pub fn new(
        ca: Option<&str>,
        proxy: Option<&str>,
        shown: Option<&Certificate>,
    ) -> Result<Self, Error> {
        install_crypto();
        let roots = roots::gather(ca)?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("mintage/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // Stops the environment's proxies, which are obeyed even without `system-proxy`.
            .no_proxy()
            .pool_max_idle_per_host(0)
            .connect_timeout(limits::CONNECT)
            .timeout(limits::REQUEST)
            .min_tls_version(reqwest::tls::Version::TLS_1_2);
        builder = match roots.instead {
            Some(platform) => builder.tls_certs_only(platform.into_iter().chain(roots.beside)),
            None => builder.tls_certs_merge(roots.beside),
        };
        if let Some(proxy) = proxy {
            builder = builder.proxy(reqwest::Proxy::https(proxy).map_err(|_| Error::Proxy)?);
        }
        if let Some(shown) = shown {
            builder = builder.identity(identity(shown)?);
        }
        let inner = builder.build().map_err(|error| Error::Client(innermost(&error)))?;
        Ok(Self { inner })
    }

    /// Sends `request` once and reads the answer whole.
    ///
    /// # Errors
    /// [`Error`]; a status of any kind is not an error here.
    pub async fn send(&self, request: &Request) -> Result<Reply, Error> {
        let url = request.endpoint.url().clone();
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut sending = self.inner.request(method, url);
        let content = match &request.body {
            Body::None => None,
            Body::Form(form) => Some((form, "application/x-www-form-urlencoded")),
            Body::Json(json) => Some((json, "application/json")),
        };
        if let Some((body, kind)) = content {
            sending = sending.header(CONTENT_TYPE, kind).body(body.expose().to_vec());
        }
        sending = sending.header(ACCEPT, "application/json");
        if let Some(authorization) = &request.authorization {
            let mut value = HeaderValue::from_bytes(authorization.expose())
                .map_err(|_| Error::Client("the credential does not fit a header".into()))?;
            value.set_sensitive(true);
            sending = sending.header(AUTHORIZATION, value);
        }
        let response = sending.send().await.map_err(|error| classify(&error, &request.endpoint))?;
        read(response, &request.endpoint).await
    }
}

fn identity(shown: &Certificate) -> Result<reqwest::Identity, Error> {
    // The library takes both as PEM in one piece.
    let mut pem = Zeroizing::new(Vec::with_capacity(shown.chain.len() + 2 * shown.key.len() + 128));
    pem.extend_from_slice(b"-----BEGIN PRIVATE KEY-----\n");
    let key = Zeroizing::new(STANDARD.encode(shown.key.expose()));
    pem.extend_from_slice(key.as_bytes());
    pem.extend_from_slice(b"\n-----END PRIVATE KEY-----\n");
    pem.extend_from_slice(shown.chain.as_bytes());
    reqwest::Identity::from_pem(&pem).map_err(|_| Error::Certificate)
}

async fn read(mut response: reqwest::Response, endpoint: &Endpoint) -> Result<Reply, Error> {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let status = response.status().as_u16();
    let media_type = text(CONTENT_TYPE)
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default();
    let retry_after = text(RETRY_AFTER)
        .and_then(|value| value.trim().parse().ok())
        .map(std::time::Duration::from_secs);
    let challenge = text(WWW_AUTHENTICATE)
        .map(|value| Untrusted::new(value.split([' ', ',']).next().unwrap_or_default()));
    let units_left = text(HeaderName::from_static("x-rate-limit-remaining"))
        .and_then(|value| value.trim().parse().ok())
        .filter(|left: &f64| left.is_finite());
    let date = text(DATE).and_then(|value| jiff::fmt::rfc2822::parse(value).ok());
    let date = date.map(|date| date.timestamp());
    let redirect_host = text(LOCATION).map(|value| redirect_host(endpoint, value));
    let body = read_body(&mut response, endpoint).await?;
    Ok(Reply { status, media_type, retry_after, challenge, units_left, date, redirect_host, body })
}

async fn read_body(
    response: &mut reqwest::Response,
    endpoint: &Endpoint,
) -> Result<ReplyBody, Error> {
    let too_large = || Error::TooLarge { host: endpoint.host() };
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > limits::REPLY_BODY) {
        return Err(too_large());
    }
    let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or_default()));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limits::REPLY_BODY => {
                return Err(too_large());
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(ReplyBody::new(body)),
            Err(error) => return Err(classify(&error, endpoint)),
        }
    }
}

/// Only the host: the rest of a redirect may repeat what was sent.
fn redirect_host(endpoint: &Endpoint, location: &str) -> Untrusted {
    let target = endpoint.url().join(location).ok();
    let host = target.as_ref().and_then(|url| url.host_str()).unwrap_or("an unreadable place");
    Untrusted::new(host)
}

fn classify(error: &reqwest::Error, endpoint: &Endpoint) -> Error {
    let host = endpoint.host();
    if error.is_timeout() {
        let after = if error.is_connect() { limits::CONNECT } else { limits::REQUEST };
        return Error::TimedOut { host, after };
    }
    if has_certificate_fault(error) {
        return Error::NotTrusted { host, why: innermost(error) };
    }
    if error.is_connect() {
        return Error::Unreachable { host, why: innermost(error) };
    }
    Error::BrokeOff { host }
}

/// The TLS library hides its error among the causes.
fn has_certificate_fault(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if is_from_tls(cause) {
            return true;
        }
        source = cause.source();
    }
    false
}

/// An I/O error is not the cause of the I/O error around it: what is inside must be asked for.
fn is_from_tls(cause: &(dyn std::error::Error + 'static)) -> bool {
    let inner = || cause.downcast_ref::<std::io::Error>()?.get_ref();
    cause.is::<rustls::Error>() || inner().is_some_and(|inner| is_from_tls(inner))
}

fn innermost(error: &reqwest::Error) -> String {
    let mut text = String::from("no reason given");
    let mut source = error.source();
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    Untrusted::new(&text).to_string()
}

fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // If an embedding program chose another, its choice stands.
        let _taken_already = rustls::crypto::ring::default_provider().install_default();
    });
}
