"""Part 6: findings, liability, actions, penalty, claim, and the case is closed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.demo.cast import Cast
from deploy.local.demo.visitors import eventually

FINDINGS = (
    ("u22", "firing", "三号窑 14:00–16:00 温度偏低 20 ℃"),
    ("u24", "grading", "出窑检验漏判,抽检频次不足"),
    ("u26", "storage", "仓储条件正常"),
    ("u28", "transport", "运输无破损"),
)


async def settle(cast: Cast) -> None:
    """From the departments' findings to the customer's consent."""
    account, visitors = cast.account, cast.visitors
    account.chapter("6. Findings, liability, penalty, claim, closing")
    path = f"/investigations/{cast.investigation['id']}"
    for who, cause, finding in FINDINGS:
        await visitors.post("quality", f"{path}/findings", who, {"cause": cause, "finding": finding})
        account.tell(f"{visitors.name(who)}: {finding}", "QUA-2 QUA-3")
    shares: list[dict[str, Any]] = [
        {"department": "production", "employee": "u23", "percent": 70, "severity": "ordinary"},
        {"department": "quality_inspector", "employee": None, "percent": 30, "severity": "light"},
    ]
    unequal = [{**shares[0], "percent": 60}, shares[1]]
    problem = await visitors.refused("quality", f"{path}/liability", "u24", {"shares": unequal})
    account.expect("shares that do not add up to 100 % are refused", problem.get("rule") == "QUA-3", "QUA-3", problem)
    await visitors.post("quality", f"{path}/liability", "u24", {"shares": shares})
    account.tell("liability is split: production 70 %, quality 30 %", "QUA-3")
    await _actions(cast, path)
    await _penalty(cast)
    await _claim(cast)
    await _closing(cast, path)


async def _actions(cast: Cast, path: str) -> None:
    account, visitors = cast.account, cast.visitors
    due = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    body = {"owner": "u23", "due_at": due, "measure": "三号窑加装温度报警,每班校准"}
    opened = await visitors.post("quality", f"{path}/actions", "u24", body)
    action = opened["actions"][0]
    problem = await visitors.refused("quality", f"{path}/close", "u24", {"summary": "完成"})
    account.expect("an open action blocks closing the investigation", problem.get("rule") == "QUA-4", "QUA-4", problem)
    await visitors.post("quality", f"{path}/actions/{action['id']}/done", "u23", {})
    effect = {"effective": True, "note": "连续三班无偏差"}
    problem = await visitors.refused("quality", f"{path}/actions/{action['id']}/check", "u23", effect)
    account.expect("its owner cannot check the effect", problem.get("status", 0) >= 400, "QUA-4", problem)
    await visitors.post("quality", f"{path}/actions/{action['id']}/check", "u25", effect)
    account.tell(f"{visitors.name('u25')} has checked the effect", "QUA-4")


async def _penalty(cast: Cast) -> None:
    account, case = cast.account, cast.case
    penalty = await proposed(cast, case["id"])
    account.expect(
        "exactly one penalty is proposed, from the schedule: "
        f"{penalty.get('clause')}, {', '.join(penalty.get('measures', []))}",
        penalty.get("employee") == "u23" and penalty.get("status") == "proposed",
        "STF-6 STF-8 CMP-15",
        penalty,
    )
    decided = await decide(cast, penalty, {"measures": penalty["measures"], "reason": "责任已查实", "fine": "0.00"})
    account.expect("a person decides", decided["status"] in ("decided", "noticed"), "STF-8", decided)
    await noticed(cast, penalty, "u23")
    await upheld(cast, penalty, "u23")
    await bulletin(cast, penalty)


async def proposed(cast: Cast, cause_id: str) -> dict[str, Any]:
    """The one penalty that was proposed for a case; an empty one if there is none, or more than one."""

    async def look() -> Any:
        return (await cast.visitors.get("staff", f"/penalties?cause_id={cause_id}", "u30"))["items"]

    found = await eventually(look)
    return dict(found[0]) if len(found) == 1 else {}


async def decide(cast: Cast, penalty: dict[str, Any], decision: dict[str, Any]) -> dict[str, Any]:
    """Human resources decides."""
    decided: dict[str, Any] = await cast.visitors.post("staff", f"/penalties/{penalty['id']}/decide", "u30", decision)
    return decided


async def noticed(cast: Cast, penalty: dict[str, Any], employee: str) -> None:
    """The notice lies in the employee's inbox, and staff knows that it does."""

    async def told() -> bool:
        inbox = await cast.visitors.get("notifications", "/inbox", employee)
        return any(one["about"] == penalty["id"] for one in inbox["items"])

    cast.account.expect(f"{cast.visitors.name(employee)} has the notice", await eventually(told), "STF-8 NOT-3")

    async def known() -> bool:
        return bool((await cast.visitors.get("staff", f"/penalties/{penalty['id']}", "u30"))["noticed_at"])

    cast.account.expect("and staff has heard that it was delivered", await eventually(known), "STF-8")


async def upheld(cast: Cast, penalty: dict[str, Any], employee: str) -> None:
    """The employee appeals, and the general manager upholds: until then nobody is named in public."""
    path = f"/penalties/{penalty['id']}/appeal"
    await cast.visitors.post("staff", path, employee, {"grounds": "当时另有安排,请复核"})
    listed = await cast.visitors.get("notifications", "/bulletins", "u14")
    cast.account.expect(
        "nobody is named in public while an appeal is open",
        not [one for one in listed["items"] if one["penalty_id"] == penalty["id"]],
        "STF-8 NOT-4",
        listed,
    )
    final = await cast.visitors.post("staff", f"{path}/decide", "u01", {"outcome": "upheld", "reason": "证据确凿"})
    cast.account.expect("somebody else upholds it, and it is final", final["status"] == "final", "STF-8", final)


async def bulletin(cast: Cast, penalty: dict[str, Any]) -> None:
    """Public criticism is published, without the complainant's data."""

    async def published() -> Any:
        found = await cast.visitors.get("notifications", "/bulletins", "u14")
        return [one for one in found["items"] if one["penalty_id"] == penalty["id"]]

    found = await eventually(published)
    private = ("梁耀祖", "13800000037", cast.dealers[0]["company"])
    cast.account.expect(
        "the bulletin is published, without a word about the complainant",
        len(found) == 1 and not any(word in str(found) for word in private),
        "NOT-4 STF-7",
        found,
    )


async def _claim(cast: Cast) -> None:
    account, visitors, case = cast.account, cast.visitors, cast.case
    body = {"complaint_id": case["id"], "amount": "1760.00", "settlement": "refund"}
    claim = await visitors.post("quality", "/claims", "u33", body)
    account.tell(
        f"claim {claim['number']} over 1760.00 yuan; within the limit of {claim['approvals']['chain'][0]}", "QUA-5"
    )
    await visitors.post("quality", f"/claims/{claim['id']}/approve", "u09", {})
    settled = await visitors.post("quality", f"/claims/{claim['id']}/settle", "u17", {"reference": "REFUND-0001"})
    account.expect("the claim is approved and settled", settled["status"] == "settled", "QUA-5", settled["status"])

    async def told() -> Any:
        return (await visitors.get("complaints", f"/complaints/{case['id']}", "u05"))["claims"]

    account.expect("the case knows of the settlement", await eventually(told), "QUA-5 CMP-8")


async def _closing(cast: Cast, path: str) -> None:
    account, visitors, case = cast.account, cast.visitors, cast.case
    about = f"/complaints/{case['id']}"
    await visitors.post("complaints", f"{about}/propose", "u05", {"measures": "退款 1760 元,补送 20 m²"})
    resolution = {"summary": "三号窑温度偏低所致,已退款并加装报警", "told_customer_by": "phone"}
    problem = await visitors.refused("complaints", f"{about}/resolve", "u05", resolution)
    account.expect("no resolution before the customer agrees", problem.get("rule") == "CMP-8", "CMP-8", problem)
    dealer = {"customer": cast.dealers[0]["id"]}
    await visitors.post("complaints", f"{about}/consent", "d001", {"customer_said": "同意"}, places=dealer)
    account.tell("the dealer agrees to what is proposed", "CMP-8")
    problem = await visitors.refused("complaints", f"{about}/resolve", "u05", resolution)
    account.expect("nor before it is carried out", problem.get("rule") == "CMP-8", "CMP-8", problem)
    done = {"what": "退款 1760 元,补送 20 m²", "reference": "TK20261124-1"}
    await visitors.post("complaints", f"{about}/carry-out", "u05", done)
    await visitors.post("complaints", f"{about}/resolve", "u05", resolution)
    problem = await visitors.refused("complaints", f"{about}/close", "u05", {})
    account.expect(
        "nor closing without the customer's confirmation", problem.get("rule") == "CMP-11", "CMP-11", problem
    )
    closed = await visitors.post("complaints", f"{about}/close", "u05", {"confirmed_by": "梁耀祖"})
    account.expect(f"case {closed['number']} is closed", closed["status"] == "closed", "CMP-11", closed["status"])
    await visitors.post("quality", f"{path}/release-lots", "u24", {"reason": "复检合格,仅该托盘报废"})
    lot = cast.order["lot"]

    async def freed() -> bool:
        return not (await visitors.get("orders", f"/lots/{lot['id']}", "u26"))["holds"]

    account.expect(f"lot {lot['lot']} is released", await eventually(freed), "QUA-1 ORD-12")
    ended = await visitors.post("quality", f"{path}/close", "u24", {"summary": "根因已消除,效果已验证"})
    account.expect("the investigation is closed", ended["status"] == "closed", "QUA-4", ended["status"])
