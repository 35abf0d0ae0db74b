"""Part 7: a service complaint, established, and its fine between 20 and 100 yuan."""

from typing import Any

from deploy.local.demo.cast import Cast
from deploy.local.demo.settling import bulletin, decide, noticed, proposed, upheld


async def established(cast: Cast) -> Any:
    """A service complaint whose person is responsible, on evidence."""
    account, visitors = cast.account, cast.visitors
    dealer = cast.dealers[2]
    body = {
        "kind": "service",
        "channel": "phone",
        "customer_id": dealer["id"],
        "description": "业务员态度恶劣,拒绝说明价格",
        "about": "u13",
        "contact": {"name": "陈先生", "phone": "13800000111"},
    }
    case = await visitors.post("complaints", "/complaints", "u33", body)
    path = f"/complaints/{case['id']}"
    account.tell(f"{case['number']} is about {visitors.name('u13')}", "CMP-6")
    await visitors.post("complaints", f"{path}/take", "u09")
    response = {"channel": "phone", "evidence": "回电记录 031,客户陈述经过", "spoken_to": "陈先生"}
    await visitors.post("complaints", f"{path}/respond", "u09", response)
    who = {
        "employee": "u13", "department": "sales", "severity": "ordinary", "finding": "录音证实",
        "evidence": ["录音 031"],
    }  # fmt: skip
    await visitors.post("complaints", f"{path}/establish", "u09", {"verified": True, "responsible": [who]})
    account.tell(f"{visitors.name('u09')} has established the responsibility (经查实)", "CMP-15")
    return case


async def serve(cast: Cast) -> None:
    """Public criticism and a fine inside the range; a yuan less or more is refused."""
    account, visitors = cast.account, cast.visitors
    account.chapter("7. A service complaint, and a fine inside the range")
    case = await established(cast)
    penalty = await proposed(cast, case["id"])
    measures = set(penalty.get("measures", []))
    account.expect(
        "the schedule prescribes public criticism and a fine",
        measures == {"public_criticism", "fine"},
        "STF-7",
        penalty,
    )
    for fine in ("19.00", "101.00"):
        decision = {"measures": sorted(measures), "fine": fine, "reason": "经查实"}
        problem = await visitors.refused("staff", f"/penalties/{penalty['id']}/decide", "u30", decision)
        account.expect(
            f"{fine} yuan are refused: {problem['detail']}", problem.get("rule") == "STF-7", "STF-7", problem
        )
    decided = await decide(cast, penalty, {"measures": sorted(measures), "fine": "50.00", "reason": "经查实"})
    account.expect("50.00 yuan are decided", decided["fine"] == "50.00", "STF-7", decided)
    await noticed(cast, penalty, "u13")
    await upheld(cast, penalty, "u13")
    await bulletin(cast, penalty)
