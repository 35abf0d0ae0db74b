"""A change asked for over HTTP: read, decide, keep, answer — three calls from door to database."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import orjson
from fastapi import Request, Response
from opentelemetry import trace
from starlette.datastructures import UploadFile

from shared.domain.aggregate import Aggregate
from shared.domain.policy import Policy
from shared.domain.refusals import Refusal
from shared.events.envelope import Occasion, new_id
from shared.persistence.policies import Policies
from shared.persistence.store import Answer, Key, KeyTaken, Store
from shared.persistence.work import Work
from shared.telemetry import story, traceparent
from shared.web.identity import signed_in
from shared.web.problems import Answered, KeyReused, Stale, answer_response

KEY_LENGTH = 200


class Together[A: Aggregate]:
    """Several things that change as one."""

    main: A

    def __init__(self, work: Work) -> None:
        self.work = work


class Change[A: Aggregate]:
    """One request's change of one aggregate.

    `async with change(id) as thing:` reads it and keeps it at the end; `change.save(thing)` keeps a new one. The
    answer is the document as it was kept. With an `Idempotency-Key` a repeated request gets the first answer again:
    the key is looked up only when the command could not be carried out, so that it costs nothing on the way in.
    """

    def __init__(self, kind: type[A], request: Request, occasion: Occasion, key: Key | None) -> None:
        self.at = occasion.at
        self.new_id = new_id
        self._kind, self._request, self._occasion, self._key = kind, request, occasion, key
        self._store: Store = request.app.state.store
        self._policies: Policies = request.app.state.policies
        self._pool = self._store.pool
        self._expected = request.headers.get("if-match")
        self._answer: Answer | None = None

    @property
    def policy(self) -> Policy:
        """The policy in force: for what begins now (REG-2)."""
        return self._policies.at(self.at)

    async def policy_of(self, version: str | None, since: datetime) -> Policy:
        """The policy a case running since then is stamped with: a change never alters the case (REG-2)."""
        return await self._policies.of(version, since, self._pool)

    @asynccontextmanager
    async def __call__(self, identity: UUID) -> AsyncIterator[A]:
        """The aggregate, to be changed inside; kept when the block ends well. Raises any `Refusal`."""
        try:
            aggregate = await self._store.load(self._kind, identity)
            found = aggregate.version
            yield aggregate
            self._check(found)
            self._answer = await self._keep(aggregate, 200)
        except (Refusal, KeyTaken) as error:
            raise await self._known(error) from error

    @asynccontextmanager
    async def together(self, identity: UUID | None = None) -> AsyncIterator["Together[A]"]:
        """A change of more than one thing, in one transaction: answered with `both.main`.

        With an `identity` the main thing is read; without, the block sets it to a new one.
        """
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                both = Together[A](Work(connection, self._policies))
                with both.work.on(self._occasion):
                    found = 0
                    if identity is not None:
                        both.main = await both.work.get(self._kind, identity)
                        found = both.main.version
                    yield both
                    self._check(found)
                main = both.work.begin(both.main)
                key = self._key and self._key._replace(status=200 if identity else 201)
                body = await both.work.flush(main, key)
                if body is None:
                    body = main.model_dump_json().encode()
            self._store.committed()
            self._answer = Answer(body, main.version, 200 if identity else 201)
        except (Refusal, KeyTaken) as error:
            raise await self._known(error) from error

    @asynccontextmanager
    async def many(self) -> AsyncIterator[Work]:
        """Many new things at once, in one transaction, all or none: an import."""
        async with self._pool.acquire() as connection, connection.transaction():
            work = Work(connection, self._policies)
            with work.on(self._occasion):
                yield work
            await work.flush()
        self._store.committed()

    def _check(self, version: int) -> None:
        """After the command's own rules: whoever may not touch a thing does not learn its version either."""
        if self._expected not in (None, "*", f'"{version}"'):
            raise Stale("the present version is {version}", version=version)

    async def aside(self, record: Aggregate) -> None:
        """Keep a record of the request itself, which is about to be refused."""
        await self._store.save(record, self._occasion)

    async def save(self, aggregate: A) -> Response:
        """Keep a new aggregate; answers 201 with its place. Raises any `Refusal`."""
        try:
            self._answer = await self._keep(aggregate, 201)
        except (Refusal, KeyTaken) as error:
            raise await self._known(error) from error
        return self.answer

    @property
    def answer(self) -> Response:
        """The answer to a change that was kept."""
        if self._answer is None:
            raise LookupError("nothing was changed yet")
        place = None
        if self._answer.status == 201:
            place = f"{self._request.url.path}/{orjson.loads(self._answer.body)['id']}"
        return answer_response(self._answer, location=place)

    async def _keep(self, aggregate: A, status: int) -> Answer:
        key = self._key and self._key._replace(status=status)
        answer = await self._store.save(aggregate, self._occasion, key)
        return answer._replace(status=status)

    async def _known(self, error: Refusal | KeyTaken) -> Exception:
        """The first answer, if this very command was carried out before; else what went wrong."""
        if self._key is None:
            return error
        before = await self._store.answered(self._key.actor, self._key.key)
        if before is None:
            return error
        if before.request != self._key.request:
            return KeyReused("this idempotency key belongs to another request; use a new one for a new command")
        return Answered(before)


def change_of[A: Aggregate](kind: type[A]) -> Callable[[Request], Awaitable[Change[A]]]:
    """The dependency that gives a route its `Change[kind]`."""

    async def change(request: Request) -> Change[A]:
        actor = await signed_in(request)
        span = trace.get_current_span()
        occasion = Occasion(actor.id, datetime.now(UTC), story(span) or new_id(), None, traceparent(span))
        return Change(kind, request, occasion, await _key(request, actor.id))

    return change


async def _key(request: Request, actor: str) -> Key | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= KEY_LENGTH:
        raise KeyReused("an idempotency key has 1 to {most} characters", most=KEY_LENGTH)
    digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())
    if request.headers.get("content-type", "").startswith("multipart/"):
        # The stream is spent on the form's parts by now; the parts are what was asked.
        for name, part in (await request.form()).multi_items():
            content = await _content(part)
            digest.update(f"{name} {len(content)}\n".encode() + content)
    else:
        digest.update(await request.body())
    return Key(actor, key, digest.digest(), 200)


async def _content(part: UploadFile | str) -> bytes:
    if isinstance(part, str):
        return part.encode()
    content = await part.read()
    await part.seek(0)
    return content
