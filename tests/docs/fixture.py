"""What the local issuer knows and pages may use: made at run time, so that finding any of it means a
leak."""

import base64
import json
import secrets
import subprocess
import uuid

ISSUER = "https://id.acme.example"
# What pages find in shell variables; the last two are names of files.
VARIABLES = (
    "client_id",
    "client_secret",
    "canvas_token",
    "refresh_token",
    "api_key",
    "key_file",
    "google_file",
)

# No secrets: pages write them out.
DEVELOPER_KEY = "10000000000001"
LTI_KEY = "10000000000002"
STUDIO_KEY = "studio-app"
CLIENT = "reports"
PUBLIC_CLIENT = "acme-cli"
EMAIL = "badges@school.example"
GITHUB_APP, INSTALLATION = "12345", 67890
SERVICE_ACCOUNT = "reports@acme.iam.gserviceaccount.com"


class Fixture:
    """One secret of each kind."""

    def __init__(self, folder):
        self.client_id = f"us-east-1#{uuid.uuid4()}"
        self.client_secret = secrets.token_urlsafe(32)
        self.passphrase = "-".join(secrets.token_hex(3) for _ in range(5))
        self.canvas_token = f"7~{secrets.token_hex(32)}"
        self.refresh_token = secrets.token_urlsafe(32)
        self.password = secrets.token_urlsafe(16)
        self.api_key = secrets.token_hex(20)
        self.private_pem = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        self.public_pem = openssl("pkey", "-pubout", given=self.private_pem)
        self.key_file = self.keep(folder, "key.pem", self.private_pem)
        self.google_file = self.keep(folder, "google.json", json.dumps(self.google(), indent=2))

    def keep(self, folder, name, text):
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(text, encoding="ascii")
        return file

    def google(self):
        """As `gcloud iam service-accounts keys create` writes it."""
        return {
            "type": "service_account",
            "project_id": "acme",
            "private_key_id": "0123456789abcdef",
            "private_key": self.private_pem,
            "client_email": SERVICE_ACCOUNT,
            "token_uri": "https://oauth2.googleapis.com/token",
        }

    def canaries(self):
        """What must be nowhere, by name."""
        pair = f"{self.client_id}:{self.client_secret}".encode()
        # Any line of the key will do, but the first, which all keys of its kind have alike.
        line = self.private_pem.splitlines()[4]
        texts = {
            "the client secret": self.client_secret,
            "the passphrase": self.passphrase,
            "the Canvas access token": self.canvas_token,
            "the refresh token": self.refresh_token,
            "the password": self.password,
            "the API key": self.api_key,
            "the private key": line,
            "the pair in base64": base64.b64encode(pair).rstrip(b"=").decode(),
        }
        return {what: text.encode() for what, text in texts.items()}

    def variables(self):
        """Assignments for the shell that pages run in."""
        return "\n".join(f"docs_{name}='{getattr(self, name)}'" for name in VARIABLES)

    def introduction(self):
        """What the issuer is told (examples/issuer.rs), up to the blank line that ends it."""
        ids = (self.client_id, CLIENT, DEVELOPER_KEY, STUDIO_KEY)
        lines = [f"{client_id}:{self.client_secret}" for client_id in ids]
        lines.append(self.canvas_token)
        lines += [json.dumps({kind: known}) for kind, known in self.others()]
        return "\n".join([*lines, "", ""])

    def others(self):
        key = {"public_pem": self.public_pem}
        yield "badge_user", {"email": EMAIL, "password": self.password}
        yield "key", {"client_id": LTI_KEY, **key}
        yield "key", {"client_id": SERVICE_ACCOUNT, **key}
        yield "github_app", {"app_id": GITHUB_APP, "installation": INSTALLATION, **key}
        yield "public_client", {"client_id": PUBLIC_CLIENT}
        for service, client_id in (
            ("canvas", DEVELOPER_KEY),
            ("studio", STUDIO_KEY),
            ("oauth", PUBLIC_CLIENT),
        ):
            yield "refresh_token", {
                "service": service,
                "client_id": client_id,
                "refresh_token": self.refresh_token,
            }
        yield "devices", {"interval": 1, "polls": 0}
        yield "document", {
            "path": "/.well-known/oauth-authorization-server",
            "body": {
                "issuer": ISSUER,
                "token_endpoint": f"{ISSUER}/oauth/token",
                "authorization_endpoint": f"{ISSUER}/oauth/authorize",
                "device_authorization_endpoint": f"{ISSUER}/oauth/device_authorization",
                "revocation_endpoint": f"{ISSUER}/oauth/revoke",
                "introspection_endpoint": f"{ISSUER}/oauth/introspect",
            },
        }


def openssl(*arguments, given=""):
    command = ["openssl", *arguments]
    done = subprocess.run(command, input=given, check=True, capture_output=True, text=True)
    return done.stdout
