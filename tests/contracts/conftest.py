"""Contracts at work, with an active template and a customer, and everybody who has a say."""

from typing import Any
from uuid import uuid4

import pytest

from tests.contracts.sample import CLAUSES, SLOTS, VALUES
from tests.house import House, Running

LINES = [{"article": "A1", "specification": "600×600", "quantity": "100", "price": "12.00", "deliver_by": "2098-05-01"}]

type Headers = dict[str, str]


@pytest.fixture(scope="session")
async def contracts(house: House) -> Running:
    return await house.service("contracts")


class Office:
    """The people of the contracts office, and what they do with one contract after another."""

    def __init__(self, service: Running) -> None:
        self.service = service
        self.seller = service.headers("u1", "salesperson")
        self.clerk = service.headers("k1", "clerk")
        self.producer = service.headers("p1", "production")
        self.inspector = service.headers("q1", "quality_inspector")
        self.keeper = service.headers("s1", "seal_keeper")
        self.manager = service.headers("m1", "sales_manager")
        self.headquarters = service.headers("h1", "headquarters")
        self.general = service.headers("g1", "general_manager")

    async def customer(self, owner: str = "u1") -> str:
        identity = uuid4()
        await self.service.pool.execute(
            "INSERT INTO known_customers VALUES ($1, 'D1', '佛山陶瓷', $2)", identity, owner
        )
        return str(identity)

    def template_body(self, **other: Any) -> dict[str, Any]:
        body = {"code": f"XS-{uuid4().hex[:8]}", "title": "瓷砖销售合同", "kind": "sales"}
        return body | {"clauses": CLAUSES, "slots": SLOTS} | other

    async def template(self, **other: Any) -> Any:
        drafted = await self.service.post("/templates", self.headquarters, self.template_body(**other))
        return await self.service.post(f"/templates/{drafted['id']}/activate", self.general)

    async def body(self, **other: Any) -> dict[str, Any]:
        body = {"slots": VALUES, "lines": LINES, "valid_until": "2098-12-31", **other}
        if "template_id" not in body:
            body["template_id"] = (await self.template())["id"]
        if "customer_id" not in body:
            body["customer_id"] = await self.customer()
        return body

    async def drafted(self, **other: Any) -> Any:
        return await self.service.post("/contracts", self.seller, await self.body(**other))

    async def do(self, contract: Any, verb: str, who: Headers, body: Any = None) -> Any:
        return await self.service.post(f"/contracts/{contract['id']}/{verb}", who, body)

    async def refused(self, contract: Any, verb: str, who: Headers, body: Any = None, **more: Any) -> dict[str, Any]:
        return await self.service.refused(f"/contracts/{contract['id']}/{verb}", who, body, **more)

    async def reviewed(self, contract: Any) -> Any:
        await self.do(contract, "submit", self.seller)
        for number in range(1, len(contract["lines"]) + len(contract["services"]) + 1):
            await self.do(contract, "reviews", self.producer, {"line": number, "can_meet": True})
            contract = await self.do(contract, "reviews", self.inspector, {"line": number, "can_meet": True})
        return contract

    async def approved(self, contract: Any) -> Any:
        contract = await self.reviewed(contract)
        while contract["next_step"]["deed"] == "approve":
            (post,) = contract["next_step"]["posts"]
            contract = await self.do(
                contract, "approve", self.service.headers(f"the {post}", post), self.digest(contract)
            )
        return contract

    async def sealed(self, contract: Any) -> Any:
        contract = await self.requested(await self.approved(contract))
        return await self.do(contract, "seal", self.keeper, {"copies": 2, **self.digest(contract)})

    async def requested(self, contract: Any, copies: int = 2) -> Any:
        """Of an approved contract: copies are to be sealed."""
        request = {"copies": copies, "purpose": "交付客户及存档"}
        return await self.do(contract, "request-seal", self.seller, request)

    async def amended(self, contract: Any, **changes: Any) -> Any:
        """An amendment of a contract in force, as it is drafted."""
        return await self.do(contract, "amend", self.seller, {"reason": "客户增订", **changes})

    @staticmethod
    def digest(contract: Any) -> dict[str, str]:
        return {"digest": contract["submission"]["digest"]}


@pytest.fixture(scope="session")
def desk(contracts: Running) -> Office:
    return Office(contracts)
