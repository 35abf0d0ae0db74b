"""Contracts in force, and what orders tells of them, for tests through the HTTP API and the bus."""

from datetime import datetime, timedelta
from typing import Any

from shared.domain.numbers import SHANGHAI
from shared.events.orders import OrderDelivered, OrderPlaced
from tests.contracts.conftest import LINES, Office
from tests.contracts.performing import issued, ordered

REMEDIES = {
    "clauses": [
        {"number": "7", "heading": "逾期", "text": "逾期交货的,每日按{late}%支付违约金,最高{most}%。"},
        {"number": "8", "heading": "质量", "text": "质量不合格的,按该批货款的{faulty}%支付违约金。"},
    ],
    "slots": [{"name": name, "type": "number", "title": name} for name in ("late", "most", "faulty")],
    "remedies": [
        {"breach": "late_delivery", "clause": "7", "slot": "late", "cap_slot": "most"},
        {"breach": "quality_failure", "clause": "8", "slot": "faulty"},
    ],
}
PERCENTAGES = {"late": "0.5", "most": "5", "faulty": "20"}

type Thing = dict[str, Any]


def day(ahead: int) -> str:
    return f"{datetime.now(SHANGHAI).date() + timedelta(days=ahead)}"


def line(by: str = "2098-05-01", **other: str) -> Thing:
    return LINES[0] | {"deliver_by": by} | other


async def in_force(desk: Office, *lines: Thing, **more: Any) -> Thing:
    """A sealed contract with a clause for either breach."""
    template = (await desk.template(**REMEDIES))["id"]
    body = {"template_id": template, "slots": PERCENTAGES, "lines": list(lines or [line()]), **more}
    sealed: Thing = await desk.sealed(await desk.drafted(**body))
    return sealed


async def shown(desk: Office, contract: Thing, who: dict[str, str] | None = None) -> Thing:
    performance: Thing = await desk.service.get(f"/contracts/{contract['id']}/performance", who or desk.manager)
    return performance


def order_of(contract: Thing, **more: Any) -> Thing:
    return {"number": "DH-1", "customer_id": contract["customer_id"], "contract_id": contract["id"], **more}


def placed(contract: Thing, quantity: str = "60") -> OrderPlaced:
    lines = [ordered(quantity=quantity)]
    return OrderPlaced.model_validate(order_of(contract, salesperson="u1", lines=lines, total="720.00"))


def delivered(contract: Thing, quantity: str = "100") -> OrderDelivered:
    return OrderDelivered.model_validate(order_of(contract, goods=[issued(quantity=quantity)]))
