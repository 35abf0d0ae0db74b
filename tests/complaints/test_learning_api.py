"""Statistics of complaints, and their forms, as people in offices see them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.domain.actor import Post
from shared.domain.numbers import SHANGHAI
from tests.complaints.asking import Desk
from tests.complaints.cases import (
    ACCUSED,
    AGENT,
    CLERK,
    DIRECTOR,
    GENERAL_MANAGER,
    MANAGER,
    OFFICE,
    PHONE,
    SLIP,
    WAREHOUSE,
    person,
)
from tests.complaints.test_in_full_api import settled
from tests.papers import fonts, pages, rows

TODAY = datetime.now(UTC).astimezone(SHANGHAI).date().isoformat()

# An hour with the post that handles it, then three with a department that was overdue.
HOURS = """
UPDATE complaints SET document = jsonb_set(jsonb_set(document, '{stays,0,seconds}', '3600'), '{stays,1}',
                                           document #> '{stays,1}' || '{"seconds": 10800, "overdue": true}')
WHERE id = $1
"""


async def figures(desk: Desk, by: str, key: str, **more: str) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in ({"from": TODAY, "by": by} | more).items())
    answer = await desk.running.get(f"/statistics?{query}", desk.as_(GENERAL_MANAGER))
    return next(item for item in answer["items"] if item["key"] == key)


async def test_complaints_are_counted_by_product_store_and_cause(desk: Desk) -> None:
    """CMP-13, CMP-17"""
    article, store = f"TL-{uuid4().hex[:6]}", f"店{uuid4().hex[:6]}"
    slip = SLIP | {"article": article}
    first, _ = await settled(desk, slip=slip, store=store), await desk.file(CLERK, slip=slip, store=store)
    asked = {"channel": "phone", "spoken_to": "王先生", "said": "有色差", "satisfied": False}
    await desk.do(first, "follow-up", AGENT, asked)
    for by, key in (("product", article), ("store", store)):
        found = await figures(desk, by, key)
        assert (found["complaints"], found["open"], found["settled"], found["breached"]) == (2, 2, 0, 0)
        assert (found["reopened"], found["asked_again"], found["satisfied"]) == (1, 1, 0.0)
        assert 0 <= found["response_median"] <= found["resolution_p90"] < 1
        assert found["in_time"] is None, "nothing is settled, and nothing is late"
    again = await settled(desk, slip=slip)
    cause = f"釉面-{uuid4().hex[:6]}"
    await desk.do(again, "sum-up", DIRECTOR, {"cause": cause, "lesson": "首检漏检", "prevention": "首检留样"})
    assert (await figures(desk, "cause", cause))["in_time"] == 1.0
    assert (await figures(desk, "kind", "quality"))["complaints"] >= 3


async def test_a_department_s_share_of_the_time_is_counted(desk: Desk) -> None:
    """CMP-17"""
    branch = f"b{uuid4().hex[:6]}"
    case = await desk.file(CLERK, branch=branch)
    await desk.do(case, "take", DIRECTOR)
    await desk.pass_on(case, DIRECTOR)
    await desk.running.pool.execute(HOURS, UUID(case["id"]))
    warehouse = await figures(desk, "department", "warehouse", branch=branch)
    assert (warehouse["complaints"], warehouse["hours"], warehouse["overdue"]) == (1, 3.0, 1)
    assert warehouse["time_share"] == pytest.approx(0.75, abs=0.01)
    director = await figures(desk, "department", "sales_director", branch=branch)
    assert director["time_share"] == pytest.approx(0.25, abs=0.01)


async def test_people_are_counted_for_those_who_lead_people(desk: Desk) -> None:
    """CMP-17, CMP-18"""
    person_code = f"w{uuid4().hex[:6]}"
    await desk.file(CLERK, "service", about=person_code)
    assert (await figures(desk, "person", person_code))["complaints"] == 1
    for by in ("person", "handler"):
        inspector = desk.as_(person("q1", Post.QUALITY_INSPECTOR))
        assert (await desk.running.ask("GET", f"/statistics?by={by}", inspector)).status_code == 403
    for stranger in (WAREHOUSE, CLERK, person("k1", Post.CUSTOMER)):
        assert (await desk.running.ask("GET", "/statistics?by=kind", desk.as_(stranger))).status_code == 403


async def test_a_branch_s_general_manager_sees_the_figures_of_the_branch(desk: Desk) -> None:
    """CMP-17"""
    branch, channel = f"b{uuid4().hex[:6]}", "letter"
    await desk.file(CLERK, "opinion", branch=branch, channel=channel)
    head = desk.as_(person("b1", Post.BRANCH_GENERAL_MANAGER, branch=branch))
    answer = await desk.running.get("/statistics?by=channel", head)
    assert [(item["key"], item["complaints"]) for item in answer["items"]] == [("letter", 1)]
    assert (await desk.running.ask("GET", "/statistics?by=channel&branch=wuhu", head)).status_code == 403
    nowhere = desk.as_(person("b1", Post.BRANCH_GENERAL_MANAGER))
    assert (await desk.running.ask("GET", "/statistics?by=channel", nowhere)).status_code == 403


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_statistics_are_a_table_too(desk: Desk, form: str) -> None:
    """CMP-17"""
    await desk.file(CLERK)
    headers = desk.as_(OFFICE) | {"Accept-Language": "zh-CN"}
    answer = await desk.running.ask("GET", f"/statistics?by=kind&format={form}", headers)
    assert answer.status_code == 200
    table = rows(answer.content) if form == "xlsx" else [line.split(",") for line in answer.text.splitlines()]
    assert "及时率" in table[0]
    assert "质量" in [row[0] for row in table[1:]]


@pytest.mark.parametrize("query", ["", "by=moon", "by=kind&from=2026-02-31", "by=kind&from=2026-02-02&to=2026-02-01"])
async def test_what_cannot_be_counted_is_a_problem(desk: Desk, query: str) -> None:
    answer = await desk.running.ask("GET", f"/statistics?{query}", desk.as_(OFFICE))
    assert answer.status_code == 422


@pytest.mark.parametrize("kind", ["quality", "service", "delivery", "opinion"])
async def test_the_form_of_each_kind_is_printed_with_its_copies(desk: Desk, kind: str) -> None:
    """CMP-12"""
    case = await desk.file(CLERK, kind)
    path = f"/complaints/{case['id']}/form"
    original = await desk.running.ask("GET", path, desk.as_(OFFICE))
    (text,) = pages(original.content)
    title = {"quality": "客户投诉质量处理表", "opinion": "客户意见处理表"}.get(kind, "客户投诉服务处理表")
    assert title in text
    assert case["number"] in text
    assert "原件" in text
    assert PHONE in text
    assert all(fonts(original.content).values())
    copy = await desk.running.ask("GET", f"{path}?copy=office&format=xlsx", desk.as_(OFFICE))
    assert any("办公室留档" in str(cell) for row in rows(copy.content) for cell in row)


async def test_the_departments_sections_stand_on_the_form(desk: Desk) -> None:
    """CMP-12, CMP-17"""
    case = await settled(desk)
    reopened = {"channel": "phone", "spoken_to": "王先生", "said": "又有色差", "satisfied": False}
    await desk.do(case, "follow-up", AGENT, reopened)
    await desk.do(case, "hand-over", DIRECTOR, {"department": "warehouse", "task": "核对批号"})
    await desk.do(case, "report", WAREHOUSE, {"report": "批号无误，堆放混色"})
    answer = await desk.running.ask("GET", f"/complaints/{case['id']}/form", desk.as_(MANAGER))
    text = "".join(pages(answer.content))
    for words in ("仓储部", "批号无误，堆放混色", "又有色差", "窑温偏低", "重开"):
        assert words in text


async def test_the_form_shows_the_complainant_only_to_who_may_see_them(desk: Desk) -> None:
    """CMP-12, CMP-18"""
    case = await desk.file(CLERK, "service")
    path = f"/complaints/{case['id']}/form"
    for by in (ACCUSED, WAREHOUSE):
        text = "".join(pages((await desk.running.ask("GET", path, desk.as_(by))).content))
        assert PHONE not in text
        assert "王先生" not in text
    customer = person("k1", Post.CUSTOMER, customer=case["customer_id"])
    for stranger in (customer, person("s2", Post.SALESPERSON)):
        assert (await desk.running.ask("GET", path, desk.as_(stranger))).status_code == 403
    assert (await desk.running.ask("GET", f"/complaints/{uuid4()}/form", desk.as_(OFFICE))).status_code == 404
    assert (await desk.running.ask("GET", f"{path}?format=doc", desk.as_(OFFICE))).status_code == 422
