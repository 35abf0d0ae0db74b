"""Delegation during absence: who may give what to whom, and what a delegate may do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.domain.delegation import Delegation, stand_in
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from tests.contracts.conftest import Office
from tests.contracts.sample import AT, Desk, manager, person
from tests.house import Running

DAY = timedelta(days=1)
hr = person("hr", Post.HR)


def given_to(delegate: str = "deputy", by: Actor = manager, **other: Any) -> Delegation:
    fields: dict[str, Any] = {
        "absent": None, "delegate": delegate, "posts": [Post.SALES_MANAGER], "starts_at": AT, "ends_at": AT + DAY,
        "reason": "休假", "by": by, "at": AT,
    }  # fmt: skip
    return Delegation.give(uuid4(), **fields | other)


def test_a_delegate_acts_with_the_delegated_posts_and_no_other() -> None:
    """CON-15"""
    deputy = person("deputy", Post.AUDITOR, Post.PRODUCTION)
    acting = stand_in(deputy, "manager", [given_to()], AT)
    assert (acting.id, acting.on_behalf_of, acting.posts) == ("deputy", "manager", {Post.SALES_MANAGER})
    desk = Desk().reviewed()
    desk.contract.approve(desk.digest, "", acting, AT)
    assert desk.contract.approvals.decisions[0].on_behalf_of == "manager"
    with pytest.raises(RuleBroken, match="two steps"):
        desk.contract.approve(desk.digest, "", deputy, AT)


def test_a_delegation_is_in_force_between_its_two_moments_unless_revoked() -> None:
    """CON-15"""
    delegation = given_to(starts_at=AT + DAY, ends_at=AT + 2 * DAY)
    moments = [AT, AT + DAY, AT + 2 * DAY - timedelta(seconds=1), AT + 2 * DAY]
    assert [delegation.in_force(at) for at in moments] == [False, True, True, False]
    delegation.revoke(manager, AT)
    assert not delegation.in_force(AT + DAY)
    with pytest.raises(NotAllowedNow):
        delegation.revoke(manager, AT)


@pytest.mark.parametrize(
    ("by", "other"),
    [
        (manager, {"posts": [Post.SALES_MANAGER, Post.AUDITOR]}),
        (manager, {"absent": "auditor", "posts": [Post.SALES_MANAGER]}),
        (person("deputy", Post.HR, on_behalf_of="hr"), {"absent": "manager"}),
        (person("deputy", Post.SALES_MANAGER, on_behalf_of="manager"), {}),
    ],
)
def test_nobody_delegates_what_is_not_theirs(by: Actor, other: dict[str, Any]) -> None:
    """CON-15"""
    with pytest.raises(Forbidden) as refused:
        given_to("someone", by, **other)
    assert refused.value.rule == "CON-15"


@pytest.mark.parametrize(
    ("by", "delegate", "other", "said"),
    [
        (manager, "manager", {}, "stands in for themselves"),
        (hr, "hr", {"absent": "manager"}, "does not become the delegate"),
        (manager, "deputy", {"ends_at": AT}, "ends after"),
        (manager, "deputy", {"starts_at": AT - 2 * DAY, "ends_at": AT - DAY}, "ends after"),
        (hr, "deputy", {"absent": "x", "posts": [Post.OPERATOR]}, "inside the company"),
        (hr, "deputy", {"absent": "x", "posts": [Post.CUSTOMER]}, "inside the company"),
    ],
)
def test_a_delegation_goes_to_somebody_else_for_a_time_to_come(
    by: Actor, delegate: str, other: dict[str, Any], said: str
) -> None:
    """CON-15"""
    with pytest.raises(RuleBroken, match=said) as refused:
        given_to(delegate, by, **other)
    assert refused.value.rule == "CON-15"


def test_only_the_absent_one_or_somebody_above_takes_it_back() -> None:
    """CON-15"""
    for by in (person("deputy", Post.SALES_MANAGER), person("x", Post.SALES_MANAGER, on_behalf_of="manager")):
        with pytest.raises(Forbidden):
            given_to().revoke(by, AT)
    for by in (manager, hr):
        assert given_to().possible()
        delegation = given_to()
        delegation.revoke(by, AT)
        assert (delegation.status, delegation.revoked_by) == ("revoked", by.id)


@given(
    others=st.lists(
        st.tuples(
            st.sampled_from(["manager", "auditor"]), st.sampled_from(["deputy", "x"]), st.integers(-2, 2), st.booleans()
        )
    ),
    day=st.integers(-2, 3),
)
def test_a_delegate_has_the_posts_of_the_delegations_in_force_and_of_no_other(
    others: list[tuple[str, str, int, bool]], day: int
) -> None:
    """CON-15"""
    posts = {"manager": Post.SALES_MANAGER, "auditor": Post.AUDITOR}
    delegations, now = [], AT + day * DAY
    for absent, delegate, starts, revoked in others:
        delegation = given_to(
            delegate, hr, absent=absent, posts=[posts[absent]], starts_at=AT + starts * DAY,
            ends_at=AT + (starts + 1) * DAY, at=AT - 9 * DAY,
        )  # fmt: skip
        if revoked:
            delegation.revoke(hr, AT)
        delegations.append(delegation)
    may = any(
        absent == "manager" and delegate == "deputy" and starts == day and not revoked
        for absent, delegate, starts, revoked in others
    )
    try:
        acting = stand_in(person("deputy", Post.AUDITOR), "manager", delegations, now)
    except Forbidden:
        assert not may
    else:
        assert may
        assert acting.posts == {Post.SALES_MANAGER}


def body(delegate: str, *posts: str, **other: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    until = {"from": (now - DAY).isoformat(), "until": (now + DAY).isoformat()}
    return {"delegate": delegate, "posts": list(posts), "reason": "休假", **until, **other}


async def test_a_delegate_reviews_approves_and_seals_and_is_recorded_as_such(contracts: Running, desk: Office) -> None:
    """CON-3, CON-4, CON-5, CON-15"""
    deputies = {}
    for absent, post in (("p7", "production"), ("m7", "sales_manager"), ("s7", "seal_keeper")):
        who = contracts.headers(absent, post)
        deputies[post] = f"d{uuid4().hex[:8]}"
        await contracts.post("/delegations", who, body(deputies[post], post))
    deputy = {post: contracts.headers(name, "office") for post, name in deputies.items()}
    contract = await desk.drafted()
    await desk.do(contract, "submit", desk.seller)
    confirm = {"line": 1, "can_meet": True}
    assert (await desk.refused(contract, "reviews", deputy["production"], confirm))["rule"] == "CON-3"
    await desk.do(contract, "reviews", deputy["production"], confirm | {"on_behalf_of": "p7"})
    contract = await desk.do(contract, "reviews", desk.inspector, confirm)
    assert {each["on_behalf_of"] for each in contract["reviews"]} == {None, "p7"}
    digest = desk.digest(contract)
    for absent in ("p7", "m1"):
        wrong = digest | {"on_behalf_of": absent}
        assert (await desk.refused(contract, "approve", deputy["sales_manager"], wrong))["rule"] == "CON-15"
    await desk.do(contract, "approve", deputy["sales_manager"], digest | {"on_behalf_of": "m7"})
    contract = await desk.do(contract, "approve", contracts.headers("a7", "auditor"), digest)
    decision = contract["approvals"]["decisions"][0]
    assert (decision["decided_by"], decision["on_behalf_of"]) == (deputies["sales_manager"], "m7")
    contract = await desk.requested(contract)
    sealing = {"copies": 2, **digest}
    assert (await desk.refused(contract, "seal", deputy["seal_keeper"], sealing))["status"] == 403
    contract = await desk.do(contract, "seal", deputy["seal_keeper"], sealing | {"on_behalf_of": "s7"})
    assert (contract["seal"]["custodian"], contract["seal"]["on_behalf_of"]) == (deputies["seal_keeper"], "s7")


async def test_a_delegate_who_wrote_the_contract_or_stands_in_for_who_did_is_refused(
    contracts: Running, desk: Office
) -> None:
    """CON-15"""
    hr = contracts.headers("hr1", "hr")
    await contracts.post("/delegations", hr, body("u1", "sales_manager", absent="m8"))  # u1 drafts, here
    await contracts.post("/delegations", hr, body("d8", "sales_manager", absent="u1"))
    await contracts.post("/delegations", hr, body("d9", "sales_manager", absent="m9"))
    await contracts.post("/delegations", hr, body("d10", "auditor", absent="m9"))
    contract = await desk.reviewed(await desk.drafted())
    digest = desk.digest(contract)
    problem = await desk.refused(contract, "approve", desk.seller, digest | {"on_behalf_of": "m8"})
    assert (problem["status"], problem["rule"]) == (422, "CON-15")
    problem = await desk.refused(
        contract, "approve", contracts.headers("d8", "office"), digest | {"on_behalf_of": "u1"}
    )
    assert (problem["status"], problem["rule"]) == (422, "CON-15")
    await desk.do(contract, "approve", contracts.headers("d9", "office"), digest | {"on_behalf_of": "m9"})
    problem = await desk.refused(
        contract, "reject", contracts.headers("d10", "office"), digest | {"on_behalf_of": "m9", "comment": "否"}
    )
    assert (problem["status"], problem["rule"]) == (422, "CON-15")


async def test_who_stands_in_for_one_by_token_does_not_stand_in_for_another_by_delegation(
    contracts: Running, desk: Office
) -> None:
    """CON-15"""
    await contracts.post("/delegations", contracts.headers("hr1", "hr"), body("d16", "sales_manager", absent="m16"))
    contract = await desk.reviewed(await desk.drafted())
    by_token = contracts.headers("d16", "sales_manager", on_behalf_of="m17")
    problem = await desk.refused(contract, "approve", by_token, desk.digest(contract) | {"on_behalf_of": "m16"})
    assert (problem["status"], problem["rule"]) == (403, "CON-15")
    decided = await desk.do(contract, "approve", by_token, desk.digest(contract) | {"on_behalf_of": "m17"})
    assert decided["approvals"]["decisions"][0]["on_behalf_of"] == "m17"


async def test_a_revoked_delegation_gives_nothing_any_more(contracts: Running, desk: Office) -> None:
    """CON-15"""
    manager = contracts.headers("m10", "sales_manager")
    delegation = await contracts.post("/delegations", manager, body("d11", "sales_manager"))
    assert (delegation["status"], delegation["absent"], delegation["given_by"]) == ("given", "m10", "m10")
    path = f"/delegations/{delegation['id']}"
    deputy = contracts.headers("d11", "office")
    assert (await contracts.refused(f"{path}/revoke", deputy))["status"] == 403
    assert (await contracts.post(f"{path}/revoke", manager))["status"] == "revoked"
    assert (await contracts.refused(f"{path}/revoke", manager))["status"] == 409
    contract = await desk.reviewed(await desk.drafted())
    problem = await desk.refused(contract, "approve", deputy, desk.digest(contract) | {"on_behalf_of": "m10"})
    assert (problem["status"], problem["rule"]) == (403, "CON-15")
    assert await contracts.announced(delegation["id"]) == ["given", "revoked"]


async def test_delegations_are_shown_to_whom_they_concern(contracts: Running, desk: Office) -> None:
    """CON-15"""
    delegation = await contracts.post(
        "/delegations", contracts.headers("hr2", "hr"), body("d12", "auditor", absent="a12")
    )
    path = f"/delegations/{delegation['id']}"
    for name, post in (("a12", "auditor"), ("d12", "office"), ("hr3", "hr")):
        who = contracts.headers(name, post)
        listed = await contracts.get("/delegations?delegate=d12", who)
        assert [each["id"] for each in listed["items"]] == [delegation["id"]]
        assert await contracts.get(path, who) == delegation
    stranger = contracts.headers("z1", "office")
    assert (await contracts.get("/delegations?delegate=d12", stranger))["items"] == []
    assert (await contracts.ask("GET", path, stranger)).status_code == 403
    outsider = contracts.headers("c1", "customer", customer=str(uuid4()))
    assert (await contracts.ask("GET", "/delegations", outsider)).status_code == 403


@pytest.mark.parametrize(
    "other",
    [
        {"posts": []}, {"posts": ["king"]}, {"posts": ["operator"]}, {"until": "2020-01-01T00:00:00Z"},
        {"until": "2030-01-01"}, {"until": "2030-01-01T00:00:00"}, {"delegate": ""}, {"delegate": "m13"},
        {"reason": ""}, {"starts_at": "2030-01-01T00:00:00Z"}, {"absent": "x\u0000"}, {"delegate": "x\u0000"},
    ],
)  # fmt: skip
async def test_a_delegation_that_makes_no_sense_is_refused(
    contracts: Running, desk: Office, other: dict[str, Any]
) -> None:
    """CON-15"""
    who = contracts.headers("m13", "sales_manager", "hr", "operator")
    assert (await contracts.refused("/delegations", who, body("d13", "sales_manager") | other))["status"] == 422


async def test_a_refusal_names_who_may_delegate_for_others_in_chinese(contracts: Running, desk: Office) -> None:
    """CON-15"""
    problem = await contracts.refused(
        "/delegations", desk.seller, body("d14", "salesperson", absent="x"), headers={"Accept-Language": "zh-CN"}
    )
    assert (problem["status"], problem["rule"]) == (403, "CON-15")
    assert "只能委托自己的岗位" in problem["detail"]


async def test_the_database_itself_knows_no_delegate_by_their_own_word(contracts: Running, desk: Office) -> None:
    """CON-15: whatever the code does"""
    who = contracts.headers("m15", "sales_manager")
    delegation = await contracts.post("/delegations", who, body("d15", "sales_manager"))
    statement = "UPDATE delegations SET document = document || $2::jsonb WHERE id = $1"
    for change in ('{"delegate": "m15"}', '{"absent": "d15"}', '{"given_by": "d15"}'):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="CON-15"):
            await contracts.pool.execute(statement, delegation["id"], change)
