"""People and editions that tests of regulations share."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from services.regulations.domain.content import Clause, Content, Statement
from services.regulations.domain.first import first_editions
from services.regulations.domain.regulation import Regulation
from services.regulations.domain.rulebook import Rulebook
from shared.domain.actor import Actor, Post
from shared.domain.policy import Policy
from tests.house import Running, eventually

POLICY = Policy.read()
AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
SINCE = AT - timedelta(days=100)

type Thing = dict[str, Any]


def actor(name: str, *posts: Post, on_behalf_of: str | None = None) -> Actor:
    return Actor(id=name, posts=frozenset(posts), on_behalf_of=on_behalf_of)


DRAFTER = actor("u03", Post.HEADQUARTERS)
VICE = actor("u02", Post.VICE_PRESIDENT_SALES)
MANAGER = actor("u01", Post.GENERAL_MANAGER)


def content(*parameters: Statement, text: str = "应在24小时内回复。", **more: Any) -> Content:
    clauses = (Clause(number="1", heading="总则"), Clause(number="1.1", text=text))
    return Content(title="试行办法", clauses=clauses, parameters=parameters, review_every=365, **more)


def drafted(*parameters: Statement, code: str = "T1", edition: int = 1, **more: Any) -> Regulation:
    return Regulation.draft(code, edition, content(*parameters, **more), DRAFTER, AT)


def submitted(*parameters: Statement, **more: Any) -> Regulation:
    regulation = drafted(*parameters, **more)
    regulation.submit(POLICY, DRAFTER, AT)
    return regulation


def approved(*parameters: Statement, **more: Any) -> Regulation:
    regulation = submitted(*parameters, **more)
    for leader in (VICE, MANAGER):
        regulation.approve(regulation.digest_of_text, "", leader, AT)
    return regulation


def first() -> dict[str, Regulation]:
    """The first editions by code."""
    return {code: Regulation.adopt(code, found, POLICY, SINCE, AT) for code, found in first_editions(POLICY)}


def rulebook() -> Rulebook:
    return Rulebook.open(first().values(), SINCE)


def revised(code: str, *parameters: Statement, edition: int = 2) -> Regulation:
    """A due edition that states these parameters otherwise than the first one."""
    before = first()[code].content
    stated = {one.key: one for one in before.parameters} | {one.key: one for one in parameters}
    regulation = Regulation.draft(
        code, edition, before.model_copy(update={"parameters": tuple(stated.values())}), DRAFTER, AT
    )
    regulation.submit(POLICY, DRAFTER, AT)
    for leader in (VICE, MANAGER):
        regulation.approve(regulation.digest_of_text, "", leader, AT)
    regulation.come_due(AT)
    return regulation


class Office:
    """The regulations service and the people who deal with it, over HTTP alone."""

    def __init__(self, service: Running) -> None:
        self.service = service
        self.headquarters = service.headers("u03", "headquarters")
        self.vice = service.headers("u02", "vice_president_sales")
        self.manager = service.headers("u01", "general_manager")
        self.clerk = service.headers("u19", "clerk")
        self.hr = service.headers("u30", "hr")

    async def get(self, path: str, **more: Any) -> Any:
        return await self.service.get(path, self.clerk, **more)

    async def in_force(self, code: str) -> Thing:
        """The edition in force, without its clauses."""
        [found] = (await self.get(f"/regulations?code={code}&status=in_force"))["items"]
        return dict(found)

    async def draft(self, **more: Any) -> Thing:
        """An edition of a regulation of its own."""
        body = {"code": f"T{uuid4().hex[:8].upper()}", "title": "试行办法", "clauses": [{"number": "1", "text": "甲"}]}
        return dict(await self.service.post("/regulations", self.headquarters, body | more))

    async def revise(self, code: str, **more: Any) -> Thing:
        """The next edition of what is in force."""
        before = await self.in_force(code)
        return dict(await self.service.post(f"/regulations/{before['id']}/revise", self.headquarters, more))

    async def pass_(self, draft: Thing) -> Thing:
        """Submit it and let the company leaders approve it."""
        path = f"/regulations/{draft['id']}"
        await self.service.post(f"{path}/submit", self.headquarters)
        verdict = {"digest": draft["digest_of_text"]}
        await self.service.post(f"{path}/approve", self.vice, verdict)
        return dict(await self.service.post(f"{path}/approve", self.manager, verdict))

    async def becomes(self, draft: Thing, status: str) -> Thing:
        """Once it has this status."""

        async def there() -> Thing | None:
            seen: Thing = await self.get(f"/regulations/{draft['id']}")
            return seen if seen["status"] == status else None

        found = await eventually(there)
        assert found
        return found

    async def enact(self, draft: Thing) -> Thing:
        """From a draft to the edition in force."""
        await self.pass_(draft)
        return await self.becomes(draft, "in_force")
