"""Who is asking: bearer tokens checked against a key set, and the posts a route admits."""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.request import urlopen

import jwt
from fastapi import Depends, Request
from pydantic import ValidationError

from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden
from shared.telemetry import log
from shared.web.problems import Unauthenticated

ALGORITHMS = ["EdDSA", "ES256", "RS256"]
KEYS_KEPT = 300.0  # seconds before a key set is read again
TOKENS_KEPT = 4096  # verified tokens remembered; checking a signature costs more than the command


class Identity:
    """Turns a bearer token into an `Actor`; keys come from a file or from an identity provider's JWKS address."""

    def __init__(self, jwks: str, issuer: str, audience: str) -> None:
        self._jwks, self._issuer, self._audience = jwks, issuer, audience
        self._keys: dict[str, Any] = {}
        self._read_at = 0.0
        self._known: OrderedDict[str, tuple[Actor, float]] = OrderedDict()

    async def actor(self, token: str) -> Actor:
        """The actor a token speaks for; raises `Unauthenticated`."""
        known = self._known.get(token)
        if known is not None and known[1] > time.time():
            return known[0]
        claims = await self._verified(token)
        try:
            actor = Actor(
                id=claims["sub"],
                posts=frozenset(Post(post) for post in claims.get("posts", [])),
                **{name: claims.get(name) for name in ("branch", "store", "customer", "partner", "on_behalf_of")},
            )
        except (ValueError, TypeError, ValidationError) as error:
            raise Unauthenticated("the token names a post or person we do not know: {why}", why=str(error)) from error
        self._known[token] = (actor, min(float(claims["exp"]), time.time() + KEYS_KEPT))
        if len(self._known) > TOKENS_KEPT:
            self._known.popitem(last=False)
        return actor

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = await self._key(kid)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self._issuer,
                audience=self._audience,
                options={"require": ["exp", "sub", "iss", "aud"]},
                leeway=5,
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:  # TypeError: a key of another kind than `alg` says
            raise Unauthenticated("the token is not valid: {why}", why=str(error)) from error
        return claims

    async def _key(self, kid: str | None) -> Any:
        stale = time.monotonic() - self._read_at > KEYS_KEPT
        if stale or (kid not in self._keys and time.monotonic() - self._read_at > 1):
            await self._read_keys()
        if kid not in self._keys:
            raise Unauthenticated("the token was signed with a key we do not know")
        return self._keys[kid]

    async def _read_keys(self) -> None:
        try:
            text = await asyncio.to_thread(self._read)
            self._keys = {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(json.loads(text)).keys if key.key_id}
        except (OSError, ValueError, jwt.PyJWTError) as error:
            if not self._keys:
                raise
            log.error("identity: the key set cannot be read, the old one is used: %s", error)
        self._read_at = time.monotonic()

    def _read(self) -> str:
        if self._jwks.startswith(("http://", "https://")):
            with urlopen(self._jwks, timeout=5) as answer:  # noqa: S310 - the operator's setting, http(s) only
                return str(answer.read().decode())
        return Path(self._jwks).read_text(encoding="utf-8")


async def signed_in(request: Request) -> Actor:
    """The actor of this request, whatever posts they hold; raises `Unauthenticated`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("a bearer token is needed")
    identity: Identity = request.app.state.identity
    return await identity.actor(token.strip())


def admit(*posts: Post) -> Callable[[Request], Awaitable[Actor]]:
    """A dependency that admits whoever holds one of the posts, and refuses everyone else."""

    async def admitted(request: Request) -> Actor:
        actor = await signed_in(request)
        if not actor.holds(*posts):
            raise Forbidden("this is for the posts {posts}", posts=", ".join(posts))
        return actor

    return admitted


Anyone = Annotated[Actor, Depends(signed_in)]
Operator = Annotated[Actor, Depends(admit(Post.OPERATOR))]
