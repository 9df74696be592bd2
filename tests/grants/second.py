"""Answers one question (JSON on standard input) with what PyJWT and Python's HMAC have to say."""

import base64
import hashlib
import hmac
import json
import sys

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

# RFC 7638, 3.2
REQUIRED = {"RSA": ["e", "kty", "n"], "EC": ["crv", "kty", "x", "y"], "OKP": ["crv", "kty", "x"]}


def public_key(key, token):
    """A secret or PEM as it is, the key of a JWK, or that key of a set which the token names."""
    if isinstance(key, str):
        return key
    if "keys" in key:
        return jwt.PyJWKSet.from_dict(key)[jwt.get_unverified_header(token)["kid"]].key
    return jwt.PyJWK.from_dict(key).key


def verify(asked):
    token = asked["jwt"]
    try:
        claims = jwt.decode(
            token,
            public_key(asked["key"], token),
            algorithms=[asked["algorithm"]],
            audience=asked.get("audience"),
            options={"require": ["exp"]},
        )
    except (jwt.PyJWTError, KeyError) as error:
        return {"refused": repr(error)}
    return {"header": jwt.get_unverified_header(token), "claims": claims}


def mac(asked):
    digest = hmac.new(asked["key"].encode(), asked["message"].encode(), hashlib.sha256).digest()
    return {"mac": base64.b64encode(digest).decode()}


def private_key(pem):
    """Of Ed25519 with its public half beside it (RFC 5958), too, which OpenSSL does not read."""
    try:
        return load_pem_private_key(pem.encode(), None)
    except ValueError:
        der = base64.b64decode("".join(pem.splitlines()[1:-1]))
        seed = der.index(b"\x04\x22\x04\x20") + 4
        return Ed25519PrivateKey.from_private_bytes(der[seed : seed + 32])


def jwk(asked):
    key = private_key(asked["key"])
    kinds = {rsa.RSAPrivateKey: RSAAlgorithm, ec.EllipticCurvePrivateKey: ECAlgorithm}
    found = [kind for base, kind in kinds.items() if isinstance(key, base)]
    return {"jwk": (found or [OKPAlgorithm])[0].to_jwk(key, as_dict=True)}


def thumbprint(asked):
    key = asked["key"]
    text = json.dumps({name: key[name] for name in REQUIRED[key["kty"]]}, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return {"thumbprint": base64.urlsafe_b64encode(digest).rstrip(b"=").decode()}


ANSWERS = {"verify": verify, "hmac": mac, "jwk": jwk, "thumbprint": thumbprint}

question = json.load(sys.stdin)
json.dump(ANSWERS[question["do"]](question), sys.stdout)
