"""Part 2: a contract from a locked template to the seal, and one that departs from it."""

from typing import Any

from deploy.local.demo.cast import Cast
from deploy.local.demo.visitors import eventually

TEMPLATE = {
    "code": "SALES",
    "title": "产品销售合同",
    "kind": "sales",
    "clauses": [
        {"number": "1", "heading": "标的", "text": "甲方向乙方供应清单所列产品,用于{project}。"},
        {"number": "2", "heading": "付款", "text": "先款后货:货款到账并经财务确认后发货。"},
        {"number": "3", "heading": "质量", "text": "产品符合 GB/T 4100-2015,异议自收货之日起 {claim_days} 天内提出。"},
        {"number": "4", "heading": "交货地点", "text": "货交{place}。"},
    ],
    "slots": [
        {"name": "project", "type": "text", "title": "用途"},
        {"name": "claim_days", "type": "number", "title": "异议期(天)"},
        {"name": "place", "type": "text", "title": "交货地点"},
    ],
}


async def contract(cast: Cast) -> None:
    """Drafted, reviewed line by line, verified, approved, sealed; a changed clause needs two more."""
    account, visitors = cast.account, cast.visitors
    account.chapter("2. A contract from a locked template")
    template = await visitors.post("contracts", "/templates", "u03", TEMPLATE)
    await visitors.post("contracts", f"/templates/{template['id']}/activate", "u01")
    account.tell(f"template {template['code']} edition {template['edition']} is active", "CON-1")
    drafted = await _draft(cast, template, "240", "u12")
    await _unknown_slot(cast, template)
    account.tell(f"{visitors.name('u12')} drafts {drafted['number']} from it", "CON-1")
    submitted = await visitors.post("contracts", f"/contracts/{drafted['id']}/submit", "u12")
    digest = submitted["submission"]["digest"]
    await _review(cast, submitted)
    await _approve(cast, submitted, digest)
    await _deviation(cast, template)


async def _draft(cast: Cast, template: dict[str, Any], quantity: str, who: str) -> dict[str, Any]:
    article = next(one for one in cast.articles if one["in_production"])
    book = (await cast.visitors.get("orders", "/price-books", who))["items"][0]
    prices = (await cast.visitors.get("orders", f"/price-books/{book['id']}", who))["prices"]
    body = {
        "template_id": template["id"],
        "customer_id": cast.dealers[0]["id"],
        "slots": {"project": "祖庙路工程", "claim_days": "30", "place": "佛山市禅城区"},
        "lines": [
            {
                "article": article["article"],
                "specification": article["specification"],
                "quantity": quantity,
                "price": prices[article["article"]],
                "deliver_by": "2026-12-31",
            }
        ],
        "valid_until": "2027-06-30",
    }
    answer = await eventually(lambda: _drafted(cast, body, who))
    return dict(answer)


async def _drafted(cast: Cast, body: dict[str, Any], who: str) -> dict[str, Any] | None:
    """Contracts may not have heard of the dealer yet."""
    answer = await cast.visitors.ask("POST", "contracts", "/contracts", who, json=body)
    return dict(answer.json()) if answer.status_code == 201 else None


async def _unknown_slot(cast: Cast, template: dict[str, Any]) -> None:
    body = {
        "template_id": template["id"],
        "customer_id": cast.dealers[0]["id"],
        "slots": {"project": "x", "claim_days": "30", "place": "y", "discount": "all"},
        "lines": [{"article": "A", "specification": "s", "quantity": "1", "price": "1.00", "deliver_by": "2026-12-31"}],
        "valid_until": "2027-06-30",
    }
    problem = await cast.visitors.refused("contracts", "/contracts", "u12", body)
    holds = problem.get("rule") == "CON-1" or problem.get("status") == 422
    cast.account.expect("only declared slots can be filled", holds, "CON-1", problem)


async def _review(cast: Cast, submitted: dict[str, Any]) -> None:
    account, visitors = cast.account, cast.visitors
    path = f"/contracts/{submitted['id']}"
    problem = await visitors.refused("contracts", f"{path}/seal", "u21", {"copies": 2, "digest": _digest(submitted)})
    account.expect("nothing is sealed before it is approved", problem.get("status", 0) >= 400, "CON-5", problem)
    for who in ("u22", "u24"):
        reviewed = await visitors.post(
            "contracts", f"{path}/reviews", who, {"line": 1, "can_meet": True, "comment": "规格、数量、交期可满足"}
        )
        account.tell(f"{visitors.name(who)} confirms line 1: specification, quantity and date can be met", "CON-3")
    account.expect(
        "both departments have confirmed every line",
        reviewed["status"] == "awaiting_approval",
        "CON-3",
        reviewed["status"],
    )


async def _approve(cast: Cast, submitted: dict[str, Any], digest: str) -> None:
    account, visitors = cast.account, cast.visitors
    path = f"/contracts/{submitted['id']}"
    decision = {"digest": digest, "comment": "同意"}
    # The drafter even holds the post now, by delegation: it does not help.
    token = visitors.stack.token("u12", "sales_manager", on_behalf_of="u09")
    problem = await visitors.refused(
        "contracts", f"{path}/approve", "u12", decision, headers={"Authorization": f"Bearer {token}"}
    )
    account.expect(
        f"the drafter's own approval is refused: {problem['detail']}",
        problem.get("rule") == "CON-15",
        "CON-15",
        problem,
    )
    problem = await visitors.refused("contracts", f"{path}/approve", "u04", decision)
    account.expect("audit cannot come before the sales manager", problem.get("status") == 403, "CON-4", problem)
    await visitors.post("contracts", f"{path}/approve", "u09", decision)
    account.tell(f"{visitors.name('u09')} verifies", "CON-4")
    approved = await visitors.post("contracts", f"{path}/approve", "u04", decision)
    account.expect(f"{visitors.name('u04')} approves", approved["status"] == "approved", "CON-4", approved["status"])
    request = {"copies": 2, "purpose": "交付客户及存档"}
    await visitors.post("contracts", f"{path}/request-seal", "u12", request)
    sealed = await visitors.post("contracts", f"{path}/seal", "u21", {"copies": 2, "digest": digest})
    account.expect(f"{visitors.name('u21')} seals it: it takes effect", sealed["status"] == "in_force", "CON-5", sealed)
    seals = await visitors.get("contracts", "/seals", "u21")
    account.expect("the seal register has it", seals["items"][0]["digest"] == digest, "CON-5", seals["items"][:1])
    cast.contract = sealed

    async def told() -> bool:
        inbox = await visitors.get("notifications", "/inbox", "u26")
        return any(message["about"] == sealed["id"] for message in inbox["items"])

    account.expect("the departments are told at once", await eventually(told), "CON-11 NOT-1")


async def _deviation(cast: Cast, template: dict[str, Any]) -> None:
    account, visitors = cast.account, cast.visitors
    drafted = await _draft(cast, template, "30", "u13")
    path = f"/contracts/{drafted['id']}"
    changed = {"clause": "2", "text": "先货后款:货到后 60 天内付款。"}
    await visitors.post("contracts", f"{path}/deviate", "u13", changed)
    submitted = await visitors.post("contracts", f"{path}/submit", "u13")
    for who in ("u22", "u24"):
        await visitors.post("contracts", f"{path}/reviews", who, {"line": 1, "can_meet": True, "comment": ""})
    decision = {"digest": _digest(submitted), "comment": ""}
    for who in ("u09", "u04"):
        now = await visitors.post("contracts", f"{path}/approve", who, decision)
    account.expect(
        "a contract with a changed clause is not approved by sales manager and audit alone",
        now["status"] != "approved",
        "CON-2",
        now["status"],
    )
    problem = await visitors.refused("contracts", f"{path}/seal", "u21", {"copies": 2, "digest": _digest(submitted)})
    account.expect("and cannot be sealed", problem.get("status", 0) >= 400, "CON-2 CON-5", problem)
    await visitors.post("contracts", f"{path}/approve", "u02", decision)
    now = await visitors.post("contracts", f"{path}/approve", "u03", decision)
    account.expect(
        "the vice-president and headquarters agree: now it is", now["status"] == "approved", "CON-2", now["status"]
    )


def _digest(contract: dict[str, Any]) -> str:
    return str(contract["submission"]["digest"])
