"""Part 5: a quality complaint, and what follows from it without any service calling another."""

from datetime import datetime, timedelta
from typing import Any

from deploy.local.demo.cast import Cast
from deploy.local.demo.ordering import confirm, pay, prepare
from deploy.local.demo.visitors import eventually


async def complain(cast: Cast) -> None:
    """The investigation opens, the lot is held, the evidence arrives, everybody concerned is told."""
    account, visitors = cast.account, cast.visitors
    account.chapter("5. A quality complaint, and what follows from it")
    dealer, order = cast.dealers[0], cast.order
    body = complaint(dealer, order, "釉面出现针孔,同批次约三成")
    problem = await visitors.refused("complaints", "/complaints", "u33", {**body, "slip": None})
    account.expect(
        "a quality complaint without the slip's data is refused", problem.get("status") == 422, "CMP-3", problem
    )
    case = await visitors.post("complaints", "/complaints", "d001", body, places={"customer": dealer["id"]})
    cast.case = case
    account.tell(f"{dealer['company']} files {case['number']} with the slip of {order['number']}", "CMP-1 CMP-3")
    began, respond_by, resolve_by = (
        datetime.fromisoformat(case["terms"][name]) for name in ("started_at", "respond_by", "resolve_by")
    )
    account.expect(
        f"its clocks run: an answer by {respond_by:%m-%d %H:%M} UTC, a solution by {resolve_by:%m-%d %H:%M}",
        (respond_by - began, resolve_by - began) == (timedelta(hours=24), timedelta(hours=48)),
        "CMP-7",
        case["terms"],
    )
    await _responds(cast)
    await _followed_up(cast)
    await _held(cast)
    await _departments(cast)


def complaint(dealer: dict[str, Any], order: dict[str, Any], description: str) -> dict[str, Any]:
    """A quality complaint with what the slip says."""
    line = order["lines"][0]
    return {
        "kind": "quality",
        "channel": "web",
        "customer_id": dealer["id"],
        "description": description,
        "contact": {"name": "梁耀祖", "phone": "13800000037"},
        "slip": {
            "order_number": order["number"],
            "article": line["article"],
            "specification": line["specification"],
            "quantity": "20",
            "grade": line["grade"],
            "colour_number": line["colour_number"],
            "purchased_on": order["placed_at"][:10],
        },
    }


async def _responds(cast: Cast) -> None:
    account, visitors, case = cast.account, cast.visitors, cast.case
    taken = await visitors.post("complaints", f"/complaints/{case['id']}/take", "u05")
    account.expect(
        f"{visitors.name('u05')} handles it in person", taken["handler"] == "u05", "CMP-4", taken.get("handler")
    )
    body = {"channel": "phone", "evidence": "通话录音 20261124-031,已致歉并约定到场", "spoken_to": "梁耀祖"}
    responded = await visitors.post("complaints", f"/complaints/{case['id']}/respond", "u05", body)
    account.expect("and calls the dealer back in time", responded["response"], "CMP-7 CMP-16", responded)


async def _followed_up(cast: Cast) -> None:
    account, visitors, case = cast.account, cast.visitors, cast.case

    async def investigated() -> dict[str, Any] | None:
        found = await visitors.get("quality", f"/investigations?complaint_id={case['id']}", "u24")
        return found["items"][0] if found["items"] else None

    cast.investigation = await eventually(investigated) or {}
    account.expect(
        f"investigation {cast.investigation.get('number')} has opened by itself", cast.investigation, "QUA-1", "none"
    )

    async def evidence() -> Any:
        return (await visitors.get("complaints", f"/complaints/{case['id']}", "u05")).get("evidence")

    found = await eventually(evidence)
    account.expect("the order's evidence has arrived in the case", found, "ORD-20", found)

    async def message() -> bool:
        inbox = await visitors.get("notifications", "/inbox", "u05")
        return any(one["about"] == case["id"] for one in inbox["items"])

    account.expect("the sales director has the case in their inbox", await eventually(message), "CMP-4 NOT-1")


async def _held(cast: Cast) -> None:
    account, visitors = cast.account, cast.visitors
    lot = cast.order["lot"]

    async def held() -> bool:
        return bool((await visitors.get("orders", f"/lots/{lot['id']}", "u26"))["holds"])

    account.expect(f"lot {lot['lot']} is on hold", await eventually(held), "QUA-1 ORD-12")
    second = cast.waiting
    await confirm(cast, second, await pay(cast, second, "u20"))
    await visitors.post("orders", f"/orders/{second['id']}/release", "u26")
    await prepare(cast, second)
    goods = [{"line": 1, "lot_id": lot["id"], "quantity": second["lines"][0]["quantity"]}]
    body = {"goods": goods, "certificate": "ZB-0", "manual": True, "warranty_card": True}
    problem = await visitors.refused("orders", f"/orders/{second['id']}/dispatch", "u26", body)
    account.expect(
        f"a second order cannot be shipped from it: {problem['detail']}",
        problem.get("rule") == "ORD-12",
        "ORD-12",
        problem,
    )


async def _departments(cast: Cast) -> None:
    account, visitors = cast.account, cast.visitors
    if not cast.investigation:
        return
    seen = await visitors.get("quality", f"/investigations/{cast.investigation['id']}", "u24")
    tasks = {task["department"]: task["due_at"] for task in seen["tasks"]}
    account.expect(
        f"{', '.join(sorted(tasks))} have their tasks, each with a deadline",
        set(tasks) == {"production", "quality_inspector", "warehouse", "transport"} and all(tasks.values()),
        "CMP-5 QUA-2",
        tasks,
    )
