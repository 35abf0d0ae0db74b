"""Part 8: a complaint that nobody answers climbs up the line, on clocks that policy has made short."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.local.demo.cast import Cast
from deploy.local.demo.visitors import eventually

# Seconds for each, instead of a day, two days and four hours.
SHORT = {"complaints.response_time": 2, "complaints.resolution_time": 60, "complaints.escalation_step": 1}


# The story cannot wait a month until the effect of an action is checked (QUA-4).
AT_ONCE = """
[quality]
effect_check_after = { value = 0.001, unit = "second" }
"""


def policy_file(folder: Path) -> Path:
    """The policy the services begin with, until regulations announce another: nearly unchanged."""
    file = folder / "policy.toml"
    file.write_text(AT_ONCE, encoding="utf-8")
    return file


async def escalate(cast: Cast) -> None:
    """The present handler is passed over, post by post, up to the general manager."""
    account, visitors = cast.account, cast.visitors
    account.chapter("8. A complaint nobody answers")
    case = await _with_short_clocks(cast)

    async def climbed() -> Any:
        seen = await visitors.get("complaints", f"/complaints/{case['id']}", "u33")
        return seen if seen["calls"] and seen["calls"][-1]["post"] == "general_manager" else None

    seen = await eventually(climbed)
    account.expect("unanswered, it has climbed to the general manager", seen, "CMP-7 NOT-5")
    await _on_record(cast, case)

    async def general_manager() -> bool:
        inbox = await visitors.get("notifications", "/inbox", "u01")
        return any(one["about"] == case["id"] for one in inbox["items"])

    account.expect("the general manager has it in the inbox", await eventually(general_manager), "NOT-1 NOT-5")
    await visitors.post("complaints", f"/complaints/{case['id']}/acknowledge", "u01")
    account.tell(f"{visitors.name('u01')} acknowledges", "CMP-7")


async def _with_short_clocks(cast: Cast) -> dict[str, Any]:
    """A case under the book as the company's leaders have changed it; those that run already keep theirs."""
    account, visitors = cast.account, cast.visitors
    before = cast.case["terms"]["policy"]
    for code in ("D4", "XF"):
        await _revise(cast, code)
    account.tell(
        "new editions of the regulations shorten the clocks; the company's leaders have approved them", "REG-1"
    )
    body = {
        "kind": "delivery",
        "channel": "letter",
        "customer_id": cast.dealers[3]["id"],
        "description": "送货迟到两日,无人说明",
        "contact": {"name": "何伟文", "phone": "13800000148"},
    }

    async def filed() -> Any:
        """Until complaints has heard of both editions, its cases have other clocks."""
        case = await visitors.post("complaints", "/complaints", "u33", body)
        short = case["terms"]["escalation_step"] == "PT1S" and case["terms"]["respond_by"] < _soon()
        return case if short else None

    case: dict[str, Any] = await eventually(filed)
    older = await visitors.get("complaints", f"/complaints/{cast.case['id']}", "u05")
    account.expect(
        f"{case['number']} bears the new policy version, an older case keeps its own",
        case["terms"]["policy"] != before == older["terms"]["policy"],
        "CMP-7 REG-2",
        older["terms"],
    )
    return case


async def _revise(cast: Cast, code: str) -> None:
    """The next edition of a regulation, with short clocks where it states any: drafted, submitted, approved by two."""
    visitors = cast.visitors
    (found,) = (await visitors.get("regulations", f"/regulations?code={code}&status=in_force", "u03"))["items"]
    before = await visitors.get("regulations", f"/regulations/{found['id']}", "u03")
    changed = [
        {"key": one["key"], "clause": one["clause"], "value": SHORT[one["key"]], "unit": "second"}
        for one in before["parameters"]
        if one["key"] in SHORT
    ]
    draft = await visitors.post("regulations", f"/regulations/{found['id']}/revise", "u03", {"parameters": changed})
    path = f"/regulations/{draft['id']}"
    await visitors.post("regulations", f"{path}/submit", "u03")
    problem = await visitors.refused("regulations", f"{path}/approve", "u03", {"digest": draft["digest_of_text"]})
    cast.account.expect(
        f"who drafts an edition of {code} does not approve it", problem.get("status") == 403, "REG-1", problem
    )
    for leader in ("u02", "u01"):
        await visitors.post("regulations", f"{path}/approve", leader, {"digest": draft["digest_of_text"]})


def _soon() -> str:
    return (datetime.now(UTC) + timedelta(minutes=1)).isoformat()


async def _on_record(cast: Cast, case: dict[str, Any]) -> None:
    """The ledger has the breach and every call."""
    await cast.ledger.read()
    story = [entry for entry in cast.ledger.entries if entry.entity_id == case["id"]]
    called = [entry.data["post"] for entry in story if entry.name.endswith(".escalated.v1")]
    cast.account.expect(
        f"called on the way, in this order: {' → '.join(called)}",
        len(called) > 1 and called[-1] == "general_manager" and len(set(called)) == len(called),
        "CMP-7",
        called,
    )
    breaches = [entry.name for entry in story if entry.name.endswith("response_missed.v1")]
    cast.account.expect("the breach stands in the log, once", len(breaches) == 1, "CMP-7", breaches)
