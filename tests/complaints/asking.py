"""Asking complaints over HTTP, and telling it what other services announce."""

from itertools import count
from typing import Any
from uuid import UUID, uuid4

from shared.domain.actor import Actor
from shared.events.customers import CustomerRegistered
from shared.events.event import Event
from tests.complaints.cases import OFFICE, PHONE, SLIP, WAREHOUSE
from tests.hearing import tell
from tests.house import Running


class Desk:
    """One running service, and the ways to it that tests share."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._versions: dict[UUID, count[int]] = {}

    def as_(self, by: Actor) -> dict[str, str]:
        """The headers of a request by this actor."""
        claims = by.model_dump(include={"branch", "customer", "partner", "on_behalf_of"}, exclude_none=True)
        return self.running.headers(by.id, *by.posts, **claims)

    async def hear(self, event: Event, entity_id: UUID) -> None:
        """Let the service's own consumer handle an event as it would come off the bus."""
        await tell(self.running, event, entity_id, next(self._versions.setdefault(entity_id, count(1))))

    async def parked(self, entity_id: UUID) -> list[str]:
        """Why events of an entity were parked."""
        rows = await self.running.pool.fetch("SELECT error FROM dead_letters WHERE entity_id = $1", entity_id)
        return [row["error"] for row in rows]

    async def customer(self, owner: str = "s1") -> UUID:
        """A customer that complaints has heard of."""
        customer_id = uuid4()
        event = CustomerRegistered(code="K1", company="合肥建材", kind="dealer", region="安徽", level="A", owner=owner)
        await self.hear(event, customer_id)
        return customer_id

    async def body(self, kind: str = "quality", **more: Any) -> dict[str, Any]:
        """What is posted for a complaint of a new customer."""
        if "customer_id" not in more:
            more["customer_id"] = str(await self.customer())
        facts: dict[str, Any] = {
            "kind": kind,
            "channel": "phone",
            "description": "色差明显",
            "contact": {"name": "王先生", "phone": PHONE},
        }
        if kind == "quality":
            facts["slip"] = SLIP
        if kind == "service":
            facts["about"] = "x1"
        return facts | more

    async def file(self, by: Actor, kind: str = "quality", **more: Any) -> dict[str, Any]:
        """A complaint that was taken in."""
        answer: dict[str, Any] = await self.running.post("/complaints", self.as_(by), await self.body(kind, **more))
        return answer

    async def do(self, case: dict[str, Any], verb: str, by: Actor, body: Any = None, **more: Any) -> dict[str, Any]:
        """A command that must be fine."""
        answer: dict[str, Any] = await self.running.post(f"/complaints/{case['id']}/{verb}", self.as_(by), body, **more)
        return answer

    async def pass_on(self, case: dict[str, Any], by: Actor = OFFICE) -> None:
        """The warehouse gets the case from whoever handles it, and says what it has to say."""
        await self.do(case, "hand-over", by, {"department": "warehouse", "task": "请核实"})
        await self.do(case, "report", WAREHOUSE, {"report": "已核实，采纳"})

    async def refused(
        self, case: dict[str, Any], verb: str, by: Actor, body: Any = None, **more: Any
    ) -> dict[str, Any]:
        """The problem of a command that must be refused."""
        return await self.running.refused(f"/complaints/{case['id']}/{verb}", self.as_(by), body, **more)

    async def show(self, case: dict[str, Any], by: Actor, part: str = "") -> dict[str, Any]:
        answer: dict[str, Any] = await self.running.get(f"/complaints/{case['id']}{part}", self.as_(by))
        return answer

    async def announced(self, case: dict[str, Any]) -> list[str]:
        return await self.running.announced(case["id"])
