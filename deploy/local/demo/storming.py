"""Part 9: fifty orders and twelve complaints at once, and a service killed in the middle."""

import asyncio
from collections.abc import Iterable
from typing import Any

from deploy.local.demo.cast import Cast
from deploy.local.demo.complaining import complaint
from deploy.local.demo.ordering import confirm, pay, place

ORDERS, COMPLAINTS = 50, 12
VICTIM = "quality"
# Whom each service follows: what its inbox must have reached.
FOLLOWS = {
    "contracts": ("customers",),
    "orders": ("complaints", "contracts", "customers", "orders", "quality"),
    "complaints": ("customers", "orders", "quality"),
    "quality": ("complaints", "orders"),
    "staff": ("complaints", "notifications", "quality"),
    "customers": ("complaints", "orders"),
    "notifications": ("complaints", "contracts", "orders", "quality", "regulations", "staff"),
}


async def storm(cast: Cast) -> None:
    """Nothing accepted is lost, doubled or out of order."""
    account = cast.account
    account.chapter("9. Fifty orders, twelve complaints, and a service killed in the middle")
    gate = asyncio.Semaphore(16)
    orders = [asyncio.create_task(_order(cast, number, gate)) for number in range(ORDERS)]
    cases = [asyncio.create_task(_complain(cast, number, gate)) for number in range(COMPLAINTS)]
    await asyncio.wait(orders[: ORDERS // 3])
    cast.stack.kill(VICTIM)
    account.tell(f"{VICTIM} is killed with SIGKILL, and started again by its supervisor", "PLT-2")
    paid = await asyncio.gather(*orders)
    filed = await asyncio.gather(*cases)
    account.expect(
        f"{ORDERS} orders are placed and paid",
        sum(order["status"] == "paid" for order in paid) == ORDERS,
        "ORD-9",
        paid,
    )
    account.expect(f"{COMPLAINTS} complaints are filed", len({case["id"] for case in filed}) == COMPLAINTS, "CMP-1")
    await cast.stack.all_ready()
    try:
        left = await cast.ledger.settled()
    except TimeoutError:
        left = {name: count for name, count in (await cast.ledger.pending()).items() if count}
    account.expect("every consumer has acknowledged everything", not left, "PLT-2", left)
    await _judge(cast, filed)


async def _order(cast: Cast, number: int, gate: asyncio.Semaphore) -> dict[str, Any]:
    dealer = cast.dealers[4 + number % 25]
    articles = [article["article"] for article in cast.articles if article["in_production"]]
    wanted = {articles[(number * 3 + position) % len(articles)]: str(number % 7 + 1) for position in range(3)}
    async with gate:
        placed = await place(cast, dealer, dealer["owner"], wanted)
        return await confirm(cast, placed, await pay(cast, placed), "u18")


async def _complain(cast: Cast, number: int, gate: asyncio.Semaphore) -> dict[str, Any]:
    dealer = cast.dealers[4 + number]
    body = complaint(dealer, cast.order, f"并发投诉 {number}") | {
        "external_reference": f"storm-{number}",
        "channel": "phone",
    }
    async with gate:
        filed: dict[str, Any] = await cast.visitors.post("complaints", "/complaints", "u33", body)
        return filed


async def _judge(cast: Cast, filed: Iterable[dict[str, Any]]) -> None:
    account, ledger, visitors = cast.account, cast.ledger, cast.visitors
    await ledger.read()
    account.tell(f"the ledger, kept outside the services, holds {len(ledger.entries)} events of {len(FOLLOWS)} streams")
    account.expect("no event stands twice in a stream", not ledger.twice(), "PLT-2", ledger.twice()[:3])
    wrong = ledger.out_of_order()
    account.expect("every entity's events are there without a gap, in order", not wrong, "PLT-2", wrong[:3])
    for service, sources in FOLLOWS.items():
        behind = await _behind(cast, service, sources)
        account.expect(f"{service} has handled every event of {', '.join(sources)}", not behind, "PLT-2", behind[:3])
        parked = (await visitors.get(service, "/dead-letters"))["items"]
        account.expect("and has parked none", not parked, "PLT-2", parked[:2])
    repeated = ledger.repeated_effects()
    account.expect("no cause had the same effect twice", not repeated, "PLT-2", repeated[:3])
    disordered = ledger.effects_out_of_order()
    account.expect("effects stand in the order of their causes", not disordered, "PLT-2", disordered[:3])
    opened = [e.data["complaint_id"] for e in ledger.entries if e.name == "quality.investigation.opened.v1"]
    mine = [opened.count(case["id"]) for case in filed]
    account.expect("each complaint has exactly one investigation", mine == [1] * COMPLAINTS, "QUA-1", mine)
    for service in FOLLOWS:
        report = await visitors.post(service, "/audit?repair=false", "u37")
        fine = not (report["missing"] or report["foreign"] or report["broken_chains"])
        account.expect(
            f"the audit of {service} finds stream and log alike, and every chain whole", fine, "PLT-3", report
        )


async def _behind(cast: Cast, service: str, sources: Iterable[str]) -> list[str]:
    """Entities of which a service has not handled the newest event that the ledger knows."""
    handled: dict[tuple[str, str], int] = {}
    after = ""
    while True:
        page = await cast.visitors.get(service, f"/handled?limit=1000{after}")
        handled |= {(item["entity"], item["entity_id"]): item["version"] for item in page["items"]}
        if not page["next"]:
            break
        after = f"&after={page['next']}"
    # The clocks run on while the ledger is read: a service may have handled more, never less.
    newest = cast.ledger.last_versions(sources)
    return [
        f"{entity}: {handled.get(entity, 0)} of {version}"
        for entity, version in newest.items()
        if handled.get(entity, 0) < version
    ]
