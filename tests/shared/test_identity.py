"""Who is asking: only a token that is genuine, ours, in force, and about posts we know."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from deploy.local.credentials import jwk
from shared.domain.actor import Post
from shared.web import identity as identity_module
from shared.web.identity import Identity
from shared.web.problems import Unauthenticated
from tests.house import Running

type Issue = Callable[..., str]


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def write(path: Path, *keys: Ed25519PrivateKey) -> Path:
    path.write_text(json.dumps({"keys": [jwk(key) for key in keys]}))
    return path


@pytest.fixture
def jwks(tmp_path: Path, key: Ed25519PrivateKey) -> Path:
    return write(tmp_path / "jwks.json", key)


@pytest.fixture
def identity(jwks: Path) -> Identity:
    return Identity(str(jwks), "issuer", "audience")


def issue(key: Any, algorithm: str | None = "EdDSA", kid: str | None = None, **claims: Any) -> str:
    """A token that is fine but for what the test spoils; a claim that is `None` is left out."""
    now = datetime.now(UTC)
    whole = {"iss": "issuer", "aud": "audience", "sub": "u1", "posts": ["finance"], "exp": now + timedelta(hours=1)}
    named = {name: value for name, value in (whole | claims).items() if value is not None}
    kid = kid or jwk(key)["kid"]
    return jwt.encode(named, key, algorithm=algorithm, headers={"kid": kid})


async def test_a_token_speaks_for_a_person_with_posts_and_places(identity: Identity, key: Ed25519PrivateKey) -> None:
    actor = await identity.actor(issue(key, branch="north", customer="c1", on_behalf_of="u2"))
    assert (actor.id, actor.branch, actor.customer) == ("u1", "north", "c1")
    assert actor.posts == {Post.FINANCE}
    assert (actor.store, actor.partner, actor.on_behalf_of) == (None, None, "u2")


@pytest.mark.parametrize(
    "spoilt",
    [
        {"exp": datetime.now(UTC) - timedelta(minutes=1)},
        {"exp": None},
        {"nbf": datetime.now(UTC) + timedelta(hours=1)},
        {"iss": "somebody else"},
        {"iss": None},
        {"aud": "something else"},
        {"aud": None},
        {"sub": None},
        {"posts": ["emperor"]},
        {"posts": 7},
        {"posts": "finance"},
        {"branch": 7},
    ],
    ids=str,
)
async def test_a_token_that_is_not_right_in_every_claim_is_refused(
    identity: Identity, key: Ed25519PrivateKey, spoilt: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        await identity.actor(issue(key, **spoilt))


async def test_a_token_signed_with_another_key_is_refused(identity: Identity, key: Ed25519PrivateKey) -> None:
    other = Ed25519PrivateKey.generate()
    with pytest.raises(Unauthenticated, match="a key we do not know"):
        await identity.actor(issue(other))
    with pytest.raises(Unauthenticated, match="not valid"):
        await identity.actor(issue(other, kid=jwk(key)["kid"]))


async def test_a_token_that_is_not_signed_is_refused(identity: Identity, key: Ed25519PrivateKey) -> None:
    unsigned = jwt.encode({"sub": "u1"}, None, algorithm="none", headers={"kid": jwk(key)["kid"]})  # type: ignore[arg-type]  # no key
    with pytest.raises(Unauthenticated):
        await identity.actor(unsigned)
    head, body, _ = issue(key).split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": jwk(key)["kid"]}).encode()).rstrip(b"=").decode()
    for token in (f"{head}.{body}.", f"{none}.{body}.", "a.b.c", "", "…", "x" * 10_000):
        with pytest.raises(Unauthenticated):
            await identity.actor(token)


async def test_the_public_key_is_no_shared_secret(identity: Identity, key: Ed25519PrivateKey) -> None:
    with pytest.raises(Unauthenticated):
        await identity.actor(issue("a" * 64, algorithm="HS256", kid=jwk(key)["kid"]))


async def test_a_signature_of_another_kind_than_its_key_is_refused(identity: Identity, key: Ed25519PrivateKey) -> None:
    rsa = generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(Unauthenticated):
        await identity.actor(issue(rsa, algorithm="RS256", kid=jwk(key)["kid"]))


async def test_a_new_key_is_found_without_a_restart_and_an_old_one_forgotten(
    identity: Identity, jwks: Path, key: Ed25519PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await identity.actor(issue(key))
    new = Ed25519PrivateKey.generate()
    write(jwks, new)
    with pytest.raises(Unauthenticated):
        await identity.actor(issue(new))  # asked for too soon: a stranger must not make us read for every token
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 2)
    assert (await identity.actor(issue(new))).id == "u1"
    with pytest.raises(Unauthenticated):
        await identity.actor(issue(key, sub="u3"))


async def test_a_token_that_was_seen_is_not_checked_again_but_expires_all_the_same(
    identity: Identity, jwks: Path, key: Ed25519PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issue(key, exp=datetime.now(UTC) + timedelta(seconds=30))
    first = await identity.actor(token)
    assert await identity.actor(token) is first
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 31)
    assert await identity.actor(token) is not first  # looked at again, and fine for another five seconds of leeway


async def test_only_so_many_tokens_are_remembered(
    identity: Identity, key: Ed25519PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_module, "TOKENS_KEPT", 2)
    for n in range(4):
        await identity.actor(issue(key, sub=f"u{n}"))
    assert len(identity._known) == 2


@pytest.fixture
def provider(key: Ed25519PrivateKey) -> Iterator[str]:
    """An identity provider with a JWKS address."""

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": [jwk(key)]}).encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/jwks"
    server.shutdown()
    server.server_close()


async def test_keys_come_from_an_identity_provider_as_well(provider: str, key: Ed25519PrivateKey) -> None:
    assert (await Identity(provider, "issuer", "audience").actor(issue(key))).id == "u1"


async def test_a_provider_out_of_reach_does_not_lock_out_those_it_vouched_for(
    identity: Identity, jwks: Path, key: Ed25519PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await identity.actor(issue(key))
    gone = str(jwks.with_name("gone"))
    identity._jwks = gone
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 301)
    assert (await identity.actor(issue(key, sub="u2"))).id == "u2"
    with pytest.raises(OSError, match="No such file"):
        await Identity(gone, "issuer", "audience").actor(issue(key))


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dTpw", "Bearer nonsense"])
async def test_without_a_valid_token_there_is_a_401_and_how_to_do_better(tally: Running, header: str | None) -> None:
    answer = await tally.ask("GET", "/tallies", {} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthenticated"


async def test_a_route_admits_the_posts_it_names_and_nobody_else(tally: Running) -> None:
    for post in Post:
        answer = await tally.ask("POST", "/tallies", tally.headers("u1", post), json={"name": post})
        admitted = post in (Post.CLERK, Post.SALESPERSON)
        assert answer.status_code == (201 if admitted else 403), post
    problem = await tally.refused("/tallies", tally.headers("u1", "finance"), headers={"Accept-Language": "zh"})
    assert (problem["code"], problem["detail"]) == ("forbidden", "仅限岗位：内勤、销售员")
