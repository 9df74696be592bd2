// What the server can do, and for whom.
//
// A client is an object of RFC 7591, with two shorthands of ours: `public_keys` (PEM) and
// `certificates` (PEM) become its `jwks`. It gets what is not named here: the grant
// client_credentials, no redirect, application_type native.
//
//   secret in the header     { client_id, client_secret }
//   secret in the body       { …, token_endpoint_auth_method: "client_secret_post" }
//   JWT by the secret        { …, token_endpoint_auth_method: "client_secret_jwt" }  32 bytes at least
//   JWT by a private key     { client_id, token_endpoint_auth_method: "private_key_jwt",
//                              public_keys: [PEM] }   RS256, PS256, ES256, EdDSA
//                            token_endpoint_auth_signing_alg: "PS256" takes that one only
//   certificate of the CA    { client_id, token_endpoint_auth_method: "tls_client_auth",
//                              tls_client_auth_san_dns: "client.example" } or
//                              tls_client_auth_subject_dn: "CN=client"
//   self-signed certificate  { client_id, token_endpoint_auth_method: "self_signed_tls_client_auth",
//                              certificates: [PEM] }
//   tokens bound to it       { …, tls_client_certificate_bound_access_tokens: true }
//   no secret at all         { client_id, token_endpoint_auth_method: "none", grant_types: […] }
//   refresh tokens           grant_types: […, "refresh_token"]; with each use a new one, and an old
//                            one that is used again takes the whole grant back
//   code + PKCE              grant_types: ["authorization_code"], redirect_uris:
//                            ["http://127.0.0.1/callback"]   any port, as RFC 8252 section 7.3 has it
//   device                   grant_types: ["urn:ietf:params:oauth:grant-type:device_code"]
//   fewer scopes             scope: "reports:read"; another one of SCOPES is then refused
//
// Access tokens are opaque, or JWTs where RESOURCES says so for the resource that is asked for.

import { createHash, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';

// What may be asked for without a resource. The package drops what it does not know in silence.
const SCOPES = ['openid', 'offline_access', 'reports:read', 'reports:write'];

// What may be asked for by `resource` (RFC 8707); anything else is `invalid_target`.
const RESOURCES = {
  'https://opaque.example/': { scope: 'read write', accessTokenFormat: 'opaque' },
  'https://jwt.example/': {
    scope: 'read write',
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  },
};

// New at each start. The package's own sample key is RSA, and signs for anyone who has the package.
function signingKeys() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' }] };
}

// The thumbprint of RFC 7638, for a test that wants to name its key.
export function thumbprint({ crv, e, kty, n, x, y }) {
  const members = { RSA: { e, kty, n }, EC: { crv, kty, x, y }, OKP: { crv, kty, x } }[kty];
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

function withThumbprint(jwk) {
  return { ...jwk, kid: thumbprint(jwk) };
}

function keyOfCertificate(pem) {
  const certificate = new X509Certificate(pem);
  const jwk = certificate.publicKey.export({ format: 'jwk' });
  return { ...withThumbprint(jwk), x5c: [certificate.raw.toString('base64')] };
}

function client({ public_keys: publicKeys = [], certificates = [], ...given }) {
  const keys = [
    ...publicKeys.map((pem) => withThumbprint(createPublicKey(pem).export({ format: 'jwk' }))),
    ...certificates.map(keyOfCertificate),
  ];
  const takesCodes = given.grant_types?.includes('authorization_code');
  return {
    response_types: takesCodes ? ['code'] : [],
    ...(keys.length > 0 && { jwks: { keys } }),
    ...given,
  };
}

// Only where it is asked for a certificate has a socket one.
function certificateOf(ctx) {
  return ctx.socket.getPeerX509Certificate?.();
}

// The package leaves to its user how a certificate's names are read (RFC 8705 section 2.1.2).
function subjectMatches(ctx, property, expected) {
  const certificate = certificateOf(ctx);
  const names = certificate.subjectAltName?.split(', ') ?? [];
  switch (property) {
    case 'tls_client_auth_subject_dn':
      return certificate.subject.split('\n').reverse().join(',') === expected;
    case 'tls_client_auth_san_dns':
      return names.includes(`DNS:${expected}`);
    case 'tls_client_auth_san_uri':
      return names.includes(`URI:${expected}`);
    default:
      return false;
  }
}

// The endpoints that a client uses by its certificate, where they ask for one.
export function aliases(base) {
  return {
    token_endpoint: `${base}/token`,
    revocation_endpoint: `${base}/token/revocation`,
    introspection_endpoint: `${base}/token/introspection`,
    device_authorization_endpoint: `${base}/device/auth`,
  };
}

function resourceIndicators(errors) {
  return {
    enabled: true,
    getResourceServerInfo(_ctx, resource) {
      if (!Object.hasOwn(RESOURCES, resource)) throw new errors.InvalidTarget();
      return { ...RESOURCES[resource], audience: resource };
    },
    // A token of a refresh or a code is for what was granted, without being asked for again.
    useGrantedResource: () => true,
  };
}

function mutualTls() {
  return {
    enabled: true,
    certificateBoundAccessTokens: true,
    tlsClientAuth: true,
    selfSignedTlsClientAuth: true,
    getCertificate: certificateOf,
    certificateAuthorized: (ctx) => ctx.socket.authorized,
    certificateSubjectMatches: subjectMatches,
  };
}

export function configuration({ clients, life = {} }, mtlsAliases, errors) {
  const { access = 600, refresh = 86_400 } = life;
  return {
    clients: clients.map(client),
    clientDefaults: {
      application_type: 'native',
      grant_types: ['client_credentials'],
      id_token_signed_response_alg: 'ES256',
      redirect_uris: [],
    },
    clientAuthMethods: [
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
      'tls_client_auth',
      'self_signed_tls_client_auth',
      'none',
    ],
    discovery: { mtls_endpoint_aliases: mtlsAliases },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      devInteractions: { enabled: false }, // person() of watch.js stands for them
      introspection: { enabled: true },
      mTLS: mutualTls(),
      resourceIndicators: resourceIndicators(errors),
      revocation: { enabled: true },
    },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    jwks: signingKeys(),
    responseTypes: ['code'],
    scopes: SCOPES,
    // A refresh token outlives the browser, and comes to whom it was registered for, without the
    // scope `offline_access` of OpenID Connect.
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx, registered) => registered.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    ttl: { AccessToken: access, ClientCredentials: access, RefreshToken: refresh },
  };
}
