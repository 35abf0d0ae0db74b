"""Samples and confidential standards as clients see them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.domain.numbers import same_id
from tests.hearing import tell
from tests.house import Running
from tests.quality.cases import complaint, evidence, goods, received

CHINESE = {"headers": {"Accept-Language": "zh-CN"}}
SECRET = "针孔每平方米不超过一处"


@pytest.fixture
def inspector(quality: Running) -> dict[str, str]:
    return quality.headers("u24", "quality_inspector")


@pytest.fixture
async def lot(quality: Running) -> str:
    """The number of a lot of article A-1 that quality has heard of."""
    number = f"L{uuid4().hex}"
    await tell(quality, received(number), goods((number, "A-1"))[0].lot_id)
    return number


async def requested(quality: Running, person: str = "u12") -> dict[str, Any]:
    body = {"customer_id": str(uuid4()), "article": "A-1", "quantity": "2.00", "purpose": "样板间"}
    asked: dict[str, Any] = await quality.post("/samples", quality.headers(person, "salesperson"), body)
    return asked


async def test_a_sample_goes_from_request_to_the_customers_opinion(
    quality: Running, lot: str, inspector: dict[str, str]
) -> None:
    """QUA-7"""
    sales = quality.headers("u12", "salesperson")
    sample = f"/samples/{(await requested(quality))['id']}"
    take = {"lot": lot, "inspection": "外观合格"}
    assert (await quality.refused(f"{sample}/take", sales, take))["status"] == 403
    taken = await quality.post(f"{sample}/take", inspector, take)
    assert (taken["status"], taken["lot"], taken["taken_by"]) == ("taken", lot, "u24")
    await quality.post(f"{sample}/send", inspector, {"carrier": "顺丰", "waybill": "SF1"})
    done = await quality.post(f"{sample}/answer", sales, {"satisfied": True, "opinion": "颜色合适"})
    assert await quality.get(sample, sales) == done
    assert await quality.announced(done["id"]) == ["requested", "taken", "sent", "answered"]
    late = await quality.refused(f"{sample}/decline", inspector, {"reason": "x"})
    assert late["status"] == 409


async def test_no_sample_is_taken_from_an_unknown_lot_or_one_on_hold(
    quality: Running, lot: str, inspector: dict[str, str]
) -> None:
    """QUA-7"""
    sample = f"/samples/{(await requested(quality))['id']}"
    unknown = await quality.refused(f"{sample}/take", inspector, {"lot": "L0", "inspection": "x"})
    assert unknown["rule"] == "QUA-7"
    complaint_id = uuid4()
    await tell(quality, complaint(), complaint_id)
    await tell(quality, evidence(complaint_id, (lot, "A-1")), uuid4())
    held = await quality.refused(f"{sample}/take", inspector, {"lot": lot, "inspection": "x"}, **CHINESE)
    assert (held["rule"], held["detail"]) == ("QUA-7", f"批次 {lot} 已被质量封存，不得取样")


async def test_a_salesperson_sees_their_own_samples_alone(quality: Running, inspector: dict[str, str]) -> None:
    """QUA-7: confidential."""
    person = f"u{uuid4().hex[:6]}"
    own, other = await requested(quality, person), await requested(quality)
    sales = quality.headers(person, "salesperson")
    assert [one["id"] for one in (await quality.get("/samples", sales))["items"]] == [own["id"]]
    assert (await quality.ask("GET", f"/samples/{other['id']}", sales)).status_code == 404
    answer = await quality.refused(f"/samples/{other['id']}/answer", sales, {"satisfied": True, "opinion": "x"})
    assert answer["status"] == 404
    seen = [one["id"] for one in (await quality.get("/samples?status=requested", inspector))["items"]]
    assert {own["id"], other["id"]} <= set(seen)
    for post in ("customer", "partner", "production"):
        assert (await quality.ask("GET", "/samples", quality.headers("x", post))).status_code == 403
    declined = await quality.post(f"/samples/{own['id']}/decline", inspector, {"reason": "停产"})
    assert declined["declined_because"] == "停产"


async def test_the_database_lets_nobody_take_the_sample_they_asked_for(quality: Running) -> None:
    """QUA-7: whatever the code does."""
    sample = await requested(quality)
    statement = 'UPDATE samples SET document = document || \'{"taken_by": "u12"}\' WHERE id = $1'
    with pytest.raises(Exception, match="QUA-7"):
        await quality.pool.execute(statement, UUID(sample["id"]))


async def drafted(quality: Running, inspector: dict[str, str], approved: bool = True) -> str:
    """The path of a standard that quality and production may read."""
    body = {"code": f"Q/XF-{uuid4().hex[:8]}", "title": "釉面检验规程", "text": SECRET}
    made = await quality.post("/standards", inspector, body | {"readers": ["quality_inspector", "production"]})
    if approved:
        await quality.post(f"/standards/{made['id']}/approve", quality.headers("u25", "quality_inspector"))
    return f"/standards/{made['id']}"


async def test_a_standard_is_read_by_role_and_every_reading_is_logged_before_it_is_shown(
    quality: Running, inspector: dict[str, str]
) -> None:
    """QUA-8: who, when, which edition, why."""
    standard = await drafted(quality, inspector)
    refused = await quality.refused(f"{standard}/readings", quality.headers("u9", "clerk"), {"why": "好奇"})
    assert (refused["status"], refused["rule"]) == (403, "QUA-8")
    for body in ({}, {"why": "  "}):
        answer = await quality.refused(f"{standard}/readings", inspector, body)
        assert answer["status"] == 422
    read = await quality.post(f"{standard}/readings", quality.headers("u22", "production"), {"why": "排查针孔"})
    assert (read["text"], read["edition"]) == (SECRET, 1)
    listed = (await quality.get(f"{standard}/readings?status=logged", quality.headers("u04", "auditor")))["items"]
    assert [(one["reader"], one["why"], one["edition"]) for one in listed] == [("u22", "排查针孔", 1)]
    assert listed[0]["read_at"]
    assert await quality.announced(read["id"]) == ["logged"]
    for post in ("quality_inspector", "production", "customer"):
        assert (await quality.ask("GET", f"{standard}/readings", quality.headers("x", post))).status_code == 403


async def test_an_attempt_to_read_without_the_post_is_logged_beside_the_readings(
    quality: Running, inspector: dict[str, str]
) -> None:
    """QUA-8: refused every time, also when the same key is sent again; whoever it was, from inside or outside."""
    standard, auditor = await drafted(quality, inspector), quality.headers("u04", "auditor")
    await quality.post(f"{standard}/readings", inspector, {"why": "抽检"})
    key, curious = {"Idempotency-Key": uuid4().hex}, {"why": "好奇", "edition": 7}
    for _ in range(2):
        refused = await quality.refused(f"{standard}/readings", quality.headers("u9", "clerk"), curious, headers=key)
        assert (refused["status"], refused["rule"]) == (403, "QUA-8")
    outside = quality.headers("k1", "customer", customer=str(uuid4()))
    problem = await quality.refused(f"{standard}/readings", outside, {"why": "看看"}, **CHINESE)
    assert (problem["status"], problem["detail"]) == (403, "检验标准不得向外部人员开放")
    listed = (await quality.get(f"{standard}/readings", auditor))["items"]
    assert [(one["reader"], one["status"], one["edition"], one["text_digest"] is None) for one in listed] == [
        ("k1", "refused", None, True), ("u9", "refused", 7, True), ("u9", "refused", 7, True),
        ("u24", "logged", 1, False),
    ]  # fmt: skip
    only = (await quality.get(f"{standard}/readings?status=refused", auditor))["items"]
    assert [one["id"] for one in only] == [one["id"] for one in listed[:3]]
    assert await quality.announced(listed[0]["id"]) == ["refused"]
    sheet = await quality.ask("GET", f"{standard}/readings?format=csv", auditor)
    assert (sheet.status_code, sheet.text.count("k1")) == (200, 1)


async def test_no_list_answer_or_event_carries_the_text(quality: Running, inspector: dict[str, str]) -> None:
    """QUA-8"""
    standard = await drafted(quality, inspector, approved=False)
    chief = quality.headers("u25", "quality_inspector")
    approved = await quality.ask("POST", f"{standard}/approve", chief, json={})
    revised = await quality.ask("POST", f"{standard}/revise", inspector, json={"text": SECRET + "!"})
    assert (approved.status_code, revised.status_code) == (200, 200)
    shown = [
        approved.text,
        revised.text,
        str(await quality.get(standard)),
        str(await quality.get("/standards?limit=200")),
    ]
    told = await quality.pool.fetch("SELECT data FROM events WHERE entity LIKE '%standard%'")
    shown += [bytes(row["data"]).decode() for row in told]
    assert told
    assert not any("针孔每平方米" in text for text in shown)


async def test_a_new_edition_is_approved_by_another_person_and_the_old_one_stays_readable(
    quality: Running, inspector: dict[str, str]
) -> None:
    """QUA-8"""
    standard = await drafted(quality, inspector)
    await quality.post(f"{standard}/revise", inspector, {"text": "不超过两处"})
    own = await quality.refused(f"{standard}/approve", inspector, **CHINESE)
    assert (own["rule"], own["detail"]) == ("QUA-8", "检验标准的起草人不得审批")
    now = await quality.post(f"{standard}/readings", inspector, {"why": "x"})
    assert now["text"] == SECRET
    chief = quality.headers("u25", "quality_inspector")
    await quality.post(f"{standard}/approve", chief)
    assert (await quality.post(f"{standard}/readings", inspector, {"why": "x"}))["text"] == "不超过两处"
    assert (await quality.post(f"{standard}/readings", inspector, {"why": "x", "edition": 1}))["text"] == SECRET
    assert (await quality.refused(f"{standard}/readings", inspector, {"why": "x", "edition": 9}))["status"] == 404
    await quality.post(f"{standard}/readers", chief, {"readers": ["production"]})
    assert (await quality.refused(f"{standard}/readings", inspector, {"why": "x"}))["status"] == 403
    assert (await quality.refused(f"{standard}/readers", chief, {"readers": ["customer"]}))["rule"] == "QUA-8"


async def test_a_reading_that_is_asked_for_again_is_one_reading(quality: Running, inspector: dict[str, str]) -> None:
    """QUA-8, PLT-6: the same idempotency key."""
    standard = await drafted(quality, inspector)
    key = {"headers": {"Idempotency-Key": uuid4().hex}}
    for _ in range(2):
        await quality.post(f"{standard}/readings", inspector, {"why": "x"}, **key)
    listed = await quality.get(f"{standard}/readings", quality.headers("u04", "auditor"))
    assert len(listed["items"]) == 1


@pytest.mark.parametrize("table", ["standard_readings", "standard_texts"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET digest = digest"])
async def test_the_log_of_readings_is_append_only(
    quality: Running, inspector: dict[str, str], table: str, change: str
) -> None:
    """QUA-8: whatever the code does."""
    await quality.post(f"{await drafted(quality, inspector)}/readings", inspector, {"why": "x"})
    with pytest.raises(Exception, match="append-only"):
        await quality.pool.execute(change.format(table))


async def test_a_code_belongs_to_one_standard(quality: Running, inspector: dict[str, str]) -> None:
    """QUA-8"""
    body = {"code": f"Q-{uuid4().hex[:8]}", "title": "x", "text": "y", "readers": ["production"]}
    await quality.post("/standards", inspector, body)
    assert (await quality.refused("/standards", inspector, body))["rule"] == "QUA-8"
    assert (await quality.refused("/standards", quality.headers("u9", "clerk"), body))["status"] == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/samples", {"article": "A-1", "quantity": "2.00", "purpose": "x"}),
        ("/samples", {"customer_id": str(uuid4()), "article": "A-1", "quantity": "0", "purpose": "x"}),
        ("/samples", {"customer_id": str(uuid4()), "article": "", "quantity": "1", "purpose": "x"}),
        ("/standards", {"code": "有空格 x", "title": "x", "text": "y", "readers": ["production"]}),
        ("/standards", {"code": "Q1", "title": "x", "text": "y", "readers": []}),
        ("/standards", {"code": "Q1", "title": "x", "text": "nul \x00", "readers": ["production"]}),
        ("/standards", {"code": "Q1", "title": "x", "text": "y", "readers": ["nobody"]}),
    ],
)
async def test_nonsense_is_refused(quality: Running, path: str, body: dict[str, Any]) -> None:
    who = quality.headers("u24", "quality_inspector", "clerk")
    assert (await quality.refused(path, who, body))["status"] == 422


async def test_an_unknown_sample_or_standard_is_not_found(quality: Running, inspector: dict[str, str]) -> None:
    for path in (f"/samples/{uuid4()}", f"/standards/{uuid4()}", f"/investigations/{same_id(uuid4(), 'x')}/goods"):
        assert (await quality.ask("GET", path, inspector)).status_code == 404
