"""A policy that changes while cases run: told by regulations, over the real consumer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from deploy.local.jetstream import NatsServer
from shared.domain.numbers import same_id
from shared.domain.policy import Policy
from shared.domain.policy_parameter import Parameter
from shared.events.regulations import PolicyParameter, PolicyTookEffect
from tests.hearing import tell
from tests.house import House, Running, Served, eventually
from tests.quality.cases import complaint

LIMITS = [{"up_to": 10, "post": "sales_director"}, {"post": "general_manager"}]


def changed() -> PolicyTookEffect:
    """A day until the effect check, and lower limits."""
    other = {
        "quality.effect_check_after": Parameter(value=1, unit="day", clause="policy"),
        "quality.claim_limits": Parameter(value=LIMITS, unit="yuan", clause="policy"),
    }
    policy = Policy.from_parameters(dict(Policy.read().parameters) | other)
    told = {
        key: PolicyParameter(**{"clause": "policy"} | parameter.model_dump(), regulation="XF", edition=2)
        for key, parameter in policy.parameters.items()
    }
    return PolicyTookEffect(version=policy.version, effective_at=datetime.now(UTC), parameters=told)


async def opened(quality: Running) -> dict[str, Any]:
    complaint_id = uuid4()
    await tell(quality, complaint(), complaint_id)
    case: dict[str, Any] = await quality.get(f"/investigations/{same_id(complaint_id, 'investigation')}")
    return case


async def wait_for_check(quality: Running, case: dict[str, Any]) -> timedelta:
    """How long after the deed its effect may be looked at."""
    path, owner = f"/investigations/{case['id']}/actions", quality.headers("u30", "production")
    body = {"owner": "u30", "due_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(), "measure": "更换"}
    action = (await quality.post(path, quality.headers("u24", "quality_inspector"), body))["actions"][0]
    done = (await quality.post(f"{path}/{action['id']}/done", owner))["actions"][0]
    return datetime.fromisoformat(done["check_from"]) - datetime.fromisoformat(done["done_at"])


async def claimed(quality: Running, case: dict[str, Any]) -> dict[str, Any]:
    body = {"complaint_id": case["complaint_id"], "amount": "100.00", "settlement": "refund"}
    claim: dict[str, Any] = await quality.post("/claims", quality.headers("u9", "clerk"), body)
    return claim


async def learned(quality: Running, policy: PolicyTookEffect) -> dict[str, Any]:
    """A case that was begun under this policy, once quality knows it."""

    async def begun() -> dict[str, Any] | None:
        case = await opened(quality)
        return case if case["policy"] == policy.version else None

    case = await eventually(begun)
    assert case is not None
    return case


async def test_a_new_policy_holds_for_new_cases_and_leaves_running_ones_as_they_were(
    postgres_server: Served, own_nats: NatsServer, keys: Path
) -> None:
    """REG-2, QUA-4, QUA-5: each case and each claim bears the version it is decided by."""
    async with House(postgres_server.url(), own_nats.url(), keys) as house:
        quality = await house.service("quality")
        running, told = await opened(quality), changed()
        claim = await claimed(quality, running)
        await tell(quality, told)
        new = await learned(quality, told)
        assert await wait_for_check(quality, new) == timedelta(days=1)
        assert await wait_for_check(quality, running) == timedelta(days=30)
        assert (await claimed(quality, new))["approvals"]["chain"] == ["general_manager"]
        offer = {"asked": "900.00", "offered": "200.00", "settlement": "refund"}
        again = await quality.post(f"/claims/{claim['id']}/negotiate", quality.headers("u9", "clerk"), offer)
        assert (again["policy"], again["approvals"]["chain"]) == (running["policy"], ["sales_manager"])


async def test_a_claim_of_the_release_that_kept_no_policies_goes_by_what_was_in_force_when_it_was_proposed(
    postgres_server: Served, own_nats: NatsServer, keys: Path
) -> None:
    """REG-2, QUA-5: its stamp is the version of a file that is gone, its document has the fields of that time."""
    async with House(postgres_server.url(), own_nats.url(), keys) as house:
        quality = await house.service("quality")
        claim = await claimed(quality, await opened(quality))
        await tell(quality, told := changed())
        await learned(quality, told)
        newer = ["goods_value", "earlier_claims", "rounds", "negotiators"]
        await quality.pool.execute(
            "UPDATE claims SET document = (document - $2::text[]) || '{\"policy\": \"5b1d0c9e77aa\"}' WHERE id = $1",
            UUID(claim["id"]), newer,
        )  # fmt: skip
        offer = {"asked": "900.00", "offered": "200.00", "settlement": "refund"}
        again = await quality.post(f"/claims/{claim['id']}/negotiate", quality.headers("u9", "clerk"), offer)
        assert (again["policy"], again["approvals"]["chain"]) == ("5b1d0c9e77aa", ["sales_manager"])
