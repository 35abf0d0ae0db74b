"""New varieties: nothing is ordered that has not passed its trial (ORD-1, ORD-8)."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.article import Article
from services.orders.domain.trial import Trial
from shared.domain.actor import Actor, Post
from shared.domain.refusals import NotAllowedNow, Refusal, RuleBroken
from tests.orders.conftest import Desk
from tests.orders.test_access import another_customer

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SELLER = Actor(id="u12", posts=frozenset({Post.SALESPERSON}))
MAKER = Actor(id="u24", posts=frozenset({Post.PRODUCTION}))

VARIETY = {
    "name": "云纹灰", "specification": "800x800", "model": "YW", "grade": "优等品", "colour_number": "S1", "unit": "m²",
    "standard": "GB/T 4100-2015",
}  # fmt: skip


def requested() -> Trial:
    return Trial.request(
        uuid4(), customer_id=uuid4(), salesperson="u12", article="N1", sample_plate="样板 3 号", by=SELLER, at=NOW
    )


def wanted(desk: Desk, article: str | None = None, **changed: Any) -> dict[str, Any]:
    code = article or f"N{uuid4().hex[:8]}"
    return VARIETY | {"customer_id": desk.customer, "article": code, "sample_plate": "样板 3 号"} | changed


async def on_trial(desk: Desk, article: str | None = None) -> Any:
    return await desk.shop.post("/trials", desk.seller, wanted(desk, article))


async def produced(desk: Desk, trial: dict[str, Any], succeeded: bool = True) -> Any:
    maker = desk.shop.headers("u24", "production")
    return await desk.shop.post(f"/trials/{trial['id']}/result", maker, {"succeeded": succeeded, "result": "色差合格"})


async def attempt(desk: Desk, article: str) -> dict[str, Any]:
    """What an order of this article is refused for."""
    buyer = Desk(desk.shop, desk.customer, {"article": article})
    return await desk.shop.refused("/orders", desk.seller, await buyer.wish("1"))


def test_only_a_trial_that_succeeded_is_accepted() -> None:
    """ORD-8."""
    with pytest.raises(NotAllowedNow):
        requested().accept("王先生", SELLER, NOW)
    failed = requested()
    failed.produce(False, "开裂", MAKER, NOW)
    assert [type(event).__name__ for event in failed.recorded] == ["TrialRequested", "TrialProduced", "TrialRejected"]
    with pytest.raises(NotAllowedNow):
        failed.accept("王先生", SELLER, NOW)


def test_what_is_in_production_needs_no_trial_and_what_is_listed_stays_as_it_is() -> None:
    """ORD-1, ORD-8."""
    article = Article.enter("N1", **VARIETY, in_production=False)
    article.must_be_a_new_variety(**VARIETY)
    with pytest.raises(RuleBroken) as refusal:
        article.must_be_a_new_variety(**VARIETY | {"colour_number": "S2"})
    assert refusal.value.rule == "ORD-1"
    article.enter_production()
    article.enter_production()
    assert [type(event).__name__ for event in article.recorded] == ["ArticleListed", "ArticleEnteredProduction"]
    with pytest.raises(RuleBroken) as refusal:
        article.must_be_a_new_variety(**VARIETY)
    assert refusal.value.rule == "ORD-8"


@given(st.lists(st.sampled_from(["good", "bad", "accept", "reject"]), max_size=6))
def test_whatever_people_do_an_accepted_trial_was_produced_well(deeds: list[str]) -> None:
    """ORD-8."""
    trial, good = requested(), False
    for deed in deeds:
        try:
            match deed:
                case "accept":
                    trial.accept("王先生", SELLER, NOW)
                case "reject":
                    trial.reject("色差", SELLER, NOW)
                case _:
                    trial.produce(deed == "good", "result", MAKER, NOW)
                    good = deed == "good"
        except Refusal:
            trial = Trial.model_validate(trial.model_dump())
        assert trial.status != "accepted" or good


async def test_a_new_variety_is_ordered_only_after_its_trial_was_accepted(desk: Desk) -> None:
    """ORD-8: sample plate, trial result, the customer's acceptance; after that it needs a price as any other."""
    trial = await on_trial(desk)
    article, path = trial["article"], f"/trials/{trial['id']}"
    listed = await desk.shop.get(f"/articles?in_production=false&limit=200&after={article[:-1]}")
    assert article in [each["article"] for each in listed["items"]]
    assert (await attempt(desk, article))["rule"] == "ORD-8"
    assert (await desk.shop.refused(f"{path}/accept", desk.seller, {"accepted_by": "王先生"}))["status"] == 409
    assert (await desk.shop.refused(f"{path}/result", desk.seller, {"succeeded": True, "result": "x"}))["status"] == 403
    await produced(desk, trial)
    assert (await attempt(desk, article))["rule"] == "ORD-8"
    accepted = await desk.shop.post(f"{path}/accept", desk.seller, {"accepted_by": "王先生"})
    assert (accepted["status"], accepted["accepted_by"]) == ("accepted", "王先生")
    assert await desk.shop.announced(trial["id"]) == ["requested", "produced", "accepted"]
    assert await desk.shop.announced(Article.id_of(article)) == ["listed", "entered_production"]
    assert (await attempt(desk, article))["rule"] == "ORD-3"  # no price yet
    body = {
        "customer_id": desk.customer, "article": article, "price": "60.00", "quantity": "100",
        "expires_at": "2099-01-01T00:00:00Z", "reason": "新品",
    }  # fmt: skip
    exception = await desk.shop.post("/price-exceptions", desk.seller, body)
    director = desk.shop.headers("u05", "sales_director")
    await desk.shop.post(f"/price-exceptions/{exception['id']}/approve", director)
    buyer = Desk(desk.shop, desk.customer, {"article": article})
    wish = await buyer.wish(lines=[{"article": article, "quantity": "10", "price": "60.00"}])
    order = await desk.shop.post("/orders", desk.seller, wish)
    assert Decimal(order["total"]) == Decimal("600.00")


async def test_a_trial_that_failed_or_is_not_accepted_leaves_the_variety_out(desk: Desk) -> None:
    """ORD-8."""
    failed, disliked = await on_trial(desk), await on_trial(desk)
    assert (await produced(desk, failed, succeeded=False))["status"] == "rejected"
    await produced(desk, disliked)
    customer = desk.shop.headers("c1", "customer", customer=desk.customer)
    await desk.shop.post(f"/trials/{disliked['id']}/reject", customer, {"reason": "偏色"})
    for trial in (failed, disliked):
        assert (await attempt(desk, trial["article"]))["rule"] == "ORD-8"
        assert (await desk.shop.announced(trial["id"]))[-1] == "rejected"
    await on_trial(desk, failed["article"])  # and may be tried again


async def test_a_customer_answers_for_their_own_trial_and_sees_no_other(desk: Desk) -> None:
    """ORD-8, PLT-3."""
    trial = await on_trial(desk)
    path = f"/trials/{trial['id']}"
    await produced(desk, trial)
    stranger = desk.shop.headers("c2", "customer", customer=await another_customer(desk))
    colleague = desk.shop.headers("u13", "salesperson")
    for who in (stranger, colleague):
        assert (await desk.shop.ask("GET", path, who)).status_code == 403
        assert (await desk.shop.refused(f"{path}/accept", who, {"accepted_by": "x"}))["status"] == 403
        assert trial["id"] not in [each["id"] for each in (await desk.shop.get("/trials?limit=200", who))["items"]]
    assert (await desk.shop.refused("/trials", colleague, wanted(desk)))["status"] == 403
    partner = desk.shop.headers("p1", "partner", partner=desk.customer)
    assert [each["id"] for each in (await desk.shop.get("/trials", partner))["items"]] == [trial["id"]]
    await desk.shop.post(f"{path}/accept", partner, {"accepted_by": "李女士"})
    assert (await desk.shop.get(path, partner))["accepted_by"] == "李女士"
    found = await desk.shop.get(f"/trials?status=accepted&customer_id={desk.customer}&article={trial['article']}")
    assert [each["id"] for each in found["items"]] == [trial["id"]]


async def test_a_variety_is_tried_once_at_a_time_and_entered_once(desk: Desk) -> None:
    """ORD-1, ORD-8: of those who ask for the same at once one wins; another customer may have a trial of their own."""
    request = wanted(desk)
    answers = await asyncio.gather(*(desk.shop.ask("POST", "/trials", desk.seller, json=request) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422], [each.text for each in answers]
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 422} == {"ORD-8"}
    other = request | {"customer_id": await another_customer(desk)}
    second = await desk.shop.post("/trials", desk.clerk, other)
    first = next(answer.json() for answer in answers if answer.status_code == 201)
    for trial in (first, second):
        await produced(desk, trial)
        await desk.shop.post(f"/trials/{trial['id']}/accept", desk.clerk, {"accepted_by": "王先生"})
    assert await desk.shop.announced(Article.id_of(request["article"])) == ["listed", "entered_production"]


async def test_the_database_takes_no_acceptance_of_what_was_not_produced(desk: Desk) -> None:
    """ORD-8: whatever the code does."""
    trial = await on_trial(desk)
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-8"):
        await desk.shop.pool.execute(
            'UPDATE trials SET document = document || \'{"status": "accepted"}\' WHERE id = $1', trial["id"]
        )


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"article": "P61001"}, "ORD-8"), ({"grade": "特级"}, None), ({"unit": "kg"}, None),
        ({"sample_plate": " "}, None),
        ({"customer_id": str(uuid4())}, None), ({"name": ""}, None), ({"in_production": True}, None),
    ],
    ids=str,
)  # fmt: skip
async def test_a_trial_that_makes_no_sense_is_refused(desk: Desk, wrong: dict[str, Any], expected: str | None) -> None:
    """ORD-1, ORD-8."""
    assert (await desk.shop.refused("/trials", desk.seller, wanted(desk) | wrong)).get("rule") == expected
