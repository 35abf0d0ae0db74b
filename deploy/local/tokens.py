"""Bearer tokens as an identity provider would issue them, signed with the stack's own key."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from deploy.local.credentials import jwk
from deploy.local.problem import Problem
from shared.domain.actor import Post

ISSUER = "xiaofu-local"
AUDIENCE = "xiaofu"
LIFETIME = timedelta(hours=12)


def issue(
    data_dir: Path,
    user: str,
    posts: Iterable[str],
    *,
    branch: str | None = None,
    store: str | None = None,
    customer: str | None = None,
    partner: str | None = None,
    on_behalf_of: str | None = None,
    lifetime: timedelta = LIFETIME,
) -> str:
    """A token for a person with these posts; raises `Problem` for a post that does not exist."""
    now = datetime.now(UTC)
    places = {
        "branch": branch,
        "store": store,
        "customer": customer,
        "partner": partner,
        "on_behalf_of": on_behalf_of,
    }
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user,
        "posts": [_post(name) for name in posts],
    }
    claims |= {name: value for name, value in places.items() if value is not None}
    claims |= {"iat": now, "exp": now + lifetime}
    key = _key(data_dir)
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": jwk(key)["kid"]})


def _post(name: str) -> str:
    try:
        return Post(name).value
    except ValueError:
        raise Problem(f"There is no post {name!r}. Posts: {', '.join(Post)}.") from None


def _key(data_dir: Path) -> Ed25519PrivateKey:
    path = data_dir / "signing-key.pem"
    if not path.exists():
        raise Problem(f"{data_dir} has no signing key yet; the first `xiaofu up` makes it.")
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise Problem(f"{path} is not an Ed25519 key.")
    return key
