"""The stack's secrets: made once, kept in the data folder, readable by its owner only."""

import json
import os
import secrets
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import BaseModel

from deploy.local.catalogue import SERVICES
from deploy.local.jetstream import OPERATOR
from deploy.local.postgresql import SUPERUSER

PROVIDERS = ("bank",)  # whose payment notices orders hears


def new_secret() -> str:
    return secrets.token_urlsafe(24)


def new_webhook_secret() -> str:
    """As Standard Webhooks writes it."""
    return f"whsec_{b64encode(secrets.token_bytes(24)).decode()}"


class Credentials(BaseModel):
    """The passwords of the database roles and of the bus users, and the secrets of payment providers, by name."""

    databases: dict[str, str] = {}
    bus: dict[str, str] = {}
    webhooks: dict[str, str] = {}


def write_private(path: Path, content: bytes) -> None:
    """Write whole or not at all, 0600 from the first byte."""
    half = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    half.replace(path)


def credentials(data_dir: Path) -> Credentials:
    """The credentials of a data folder; those of services new since the last start are added."""
    path = data_dir / "credentials.json"
    kept = Credentials.model_validate_json(path.read_bytes()) if path.exists() else Credentials()
    known = Credentials(
        databases={name: kept.databases.get(name) or new_secret() for name in (SUPERUSER, *SERVICES)},
        bus={name: kept.bus.get(name) or new_secret() for name in (OPERATOR, *SERVICES)},
        webhooks={name: kept.webhooks.get(name) or new_webhook_secret() for name in PROVIDERS},
    )
    if known != kept:
        write_private(path, known.model_dump_json(indent=1).encode())
    return known


def signing_key(data_dir: Path) -> tuple[Path, Path]:
    """The Ed25519 key that signs tokens, and the JWKS the services check them against; made when missing."""
    private, public = data_dir / "signing-key.pem", data_dir / "jwks.json"
    if not private.exists():
        key = Ed25519PrivateKey.generate()
        write_private(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        write_private(public, json.dumps({"keys": [jwk(key)]}, indent=1).encode())
    return private, public


def jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public half as a JSON Web Key (RFC 8037), its kid the thumbprint of RFC 7638."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    essence = {"crv": "Ed25519", "kty": "OKP", "x": _base64(raw)}
    thumbprint = sha256(json.dumps(essence, sort_keys=True, separators=(",", ":")).encode()).digest()
    return {**essence, "alg": "EdDSA", "use": "sig", "kid": _base64(thumbprint)}


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
