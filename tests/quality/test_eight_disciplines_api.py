"""The 8D report as clients see it: sections, causes, recurrence, and the printed report."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.domain.numbers import same_id
from shared.events.complaints import ComplaintReopened
from tests.hearing import tell
from tests.house import Running, eventually
from tests.papers import pages, paper, rows
from tests.quality.cases import bought, complaint, evidence

DEPARTMENTS = ("production", "quality_inspector", "warehouse", "transport")
CHINESE = {"headers": {"Accept-Language": "zh-CN"}}
STEPS = [{"question": f"为什么 {place}", "answer": "因为"} for place in range(3)]
CAUSE = {"cause": "firing", "method": "five_why", "steps": STEPS, "root_cause": "热电偶老化", "severity": "ordinary"}
SECTIONS = {
    "team": {"leader": "u24", "members": ["u22", "u26"]},
    "problem": {"what": "釉面针孔", "where": "大堂", "when": "验收时", "extent": "20 m²"},
    "containment": {"measures": "暂停发货"},
    "prevention": {"measures": "每半年更换", "standards": ["Q/XF-1 第 5 版"], "training": ["窑炉班 18 人"]},
}


async def opened(quality: Running, article: str, reported: bool = True) -> str:
    """The path of a new case about an article, in which every department has reported unless said otherwise."""
    complaint_id = uuid4()
    await tell(quality, complaint(article=article), complaint_id)
    path = f"/investigations/{same_id(complaint_id, 'investigation')}"
    for post in DEPARTMENTS if reported else ():
        body = {"cause": "firing", "finding": "窑温偏低"}
        await quality.post(f"{path}/findings", quality.headers(f"of {post}", post), body)
    return path


@pytest.fixture
def inspector(quality: Running) -> dict[str, str]:
    return quality.headers("u24", "quality_inspector")


@pytest.fixture
def article() -> str:
    return f"A-{uuid4().hex[:8]}"


async def put_right(quality: Running, case: str, inspector: dict[str, str]) -> None:
    """A new action, done and found effective after the set time."""
    action = {"owner": "u30", "due_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(), "measure": "更换热电偶"}
    shown = await quality.post(f"{case}/actions", inspector, action)
    path = f"{case}/actions/{shown['actions'][-1]['id']}"
    await quality.post(f"{path}/done", quality.headers("u30", "production"))
    await over(quality, case)
    await quality.post(f"{path}/check", inspector, {"effective": True, "note": "合格"})


async def over(quality: Running, case: str) -> None:
    """The set time after every deed is over."""
    past = "jsonb_set(action, '{check_from}', '\"2026-01-01T00:00:00Z\"')"
    actions = f"(SELECT jsonb_agg({past}) FROM jsonb_array_elements(document -> 'actions') AS action)"  # noqa: S608 - constants
    statement = f"UPDATE investigations SET document = jsonb_set(document, '{{actions}}', {actions}) WHERE id = $1"  # noqa: S608
    await quality.pool.execute(statement, UUID(case.rpartition("/")[2]))


async def test_a_grave_case_shows_what_is_open_until_all_is_filled(
    quality: Running, article: str, inspector: dict[str, str]
) -> None:
    """QUA-3: each section with who and when."""
    case = await opened(quality, article)
    shown = await quality.post(f"{case}/cause", inspector, CAUSE | {"severity": "grave"})
    assert (shown["analysis"]["article"], shown["analysis"]["recorded_by"]) == (article, "u24")
    await put_right(quality, case, inspector)
    assert (await quality.get(case))["open_sections"] == ["team", "problem", "containment", "prevention", "closing"]
    problem = await quality.refused(f"{case}/close", inspector, {"summary": "完成"}, **CHINESE)
    assert (problem["rule"], problem["detail"]) == ("QUA-3", "严重质量事故的“小组”部分尚未填写")
    for section, entry in SECTIONS.items():
        shown = await quality.post(f"{case}/{section}", inspector, entry)
        assert shown[section]["recorded_at"]
    closed = await quality.post(f"{case}/close", inspector, {"summary": "完成", "thanks": "窑炉班"})
    assert (closed["open_sections"], closed["closings"][0]["thanks"]) == ([], "窑炉班")


async def test_the_database_closes_no_grave_case_with_open_sections(
    quality: Running, article: str, inspector: dict[str, str]
) -> None:
    """QUA-3: whatever the code does."""
    case = await opened(quality, article)
    await quality.post(f"{case}/cause", inspector, CAUSE | {"severity": "grave"})
    statement = "UPDATE investigations SET document = jsonb_set(document, '{status}', '\"closed\"') WHERE id = $1"
    with pytest.raises(Exception, match="QUA-3"):
        await quality.pool.execute(statement, UUID(case.rpartition("/")[2]))


async def test_causes_and_methods_are_a_catalogue_in_both_languages(
    quality: Running, article: str, inspector: dict[str, str]
) -> None:
    """QUA-3"""
    found = await quality.get("/causes", inspector)
    assert found["causes"]["firing"] == {
        "zh": "烧成温度或曲线偏差", "en": "Kiln temperature or curve off", "category": "machine", "retired": False
    }  # fmt: skip
    case = await opened(quality, article)
    for change in ({"cause": "bad_luck"}, {"method": "dice"}, {"steps": STEPS[:1]}):
        assert (await quality.refused(f"{case}/cause", inspector, CAUSE | change))["rule"] == "QUA-3"


async def test_the_same_cause_within_the_time_reopens_the_ended_case_once(
    quality: Running, article: str, inspector: dict[str, str]
) -> None:
    """QUA-4: same article and cause."""
    first, second = [await opened(quality, article) for _ in range(2)]
    await quality.post(f"{first}/cause", inspector, CAUSE)
    await put_right(quality, first, inspector)
    await quality.post(f"{first}/close", inspector, {"summary": "已改进"})
    await quality.post(f"{second}/cause", inspector, CAUSE | {"cause": "packing"})
    assert (await quality.get(first))["status"] == "closed"
    for _ in range(2):
        number = (await quality.post(f"{second}/cause", inspector, CAUSE))["number"]
    again = await quality.get(first)
    assert (again["status"], len(again["reopenings"])) == ("reopened", 1)
    assert number in again["reopenings"][0]["reason"]
    problem = await quality.refused(f"{first}/close", inspector, {"summary": "已改进"})
    assert (problem["rule"], (await quality.announced(again["id"])).count("reopened")) == ("QUA-4", 1)
    await put_right(quality, first, inspector)
    assert (await quality.post(f"{first}/close", inspector, {"summary": "确已改进"}))["status"] == "closed"


async def test_what_comes_back_after_the_time_is_another_case(
    quality: Running, article: str, inspector: dict[str, str]
) -> None:
    """QUA-4"""
    first, second = [await opened(quality, article) for _ in range(2)]
    await quality.post(f"{first}/cause", inspector, CAUSE)
    await quality.post(f"{first}/close", inspector, {"summary": "已改进"})
    long_ago = (
        'UPDATE investigations SET document = document || \'{"closed_at": "2020-01-01T00:00:00Z"}\' WHERE id = $1'
    )
    await quality.pool.execute(long_ago, UUID(first.rpartition("/")[2]))
    await quality.post(f"{second}/cause", inspector, CAUSE)
    assert (await quality.get(first))["status"] == "closed"


async def test_a_reopened_complaint_reopens_its_ended_investigation_with_a_count(
    quality: Running, inspector: dict[str, str]
) -> None:
    """QUA-4, CMP-11: over the bus."""
    complaint_id = uuid4()
    await tell(quality, complaint(), complaint_id)
    case = f"/investigations/{same_id(complaint_id, 'investigation')}"
    reopened = ComplaintReopened(number="TS1", reason="仍有针孔", times=1)
    await tell(quality, reopened, complaint_id, 2)
    assert (await quality.get(case))["status"] == "open"
    for post in DEPARTMENTS:
        body = {"cause": "firing", "finding": "窑温偏低"}
        await quality.post(f"{case}/findings", quality.headers(f"of {post}", post), body)
    await quality.post(f"{case}/close", inspector, {"summary": "已改进"})
    await tell(quality, reopened, complaint_id, 3)
    shown = await quality.get(case)
    assert (shown["status"], [one["reason"] for one in shown["reopenings"]]) == ("reopened", ["仍有针孔"])
    await tell(quality, ComplaintReopened(number="TS2", reason="x", times=1), uuid4())


async def test_the_effect_check_is_reminded_of_when_its_time_has_come(
    quality: Running, article: str, inspector: dict[str, str]
) -> None:
    """QUA-4: by a timer."""
    case = await opened(quality, article)
    action = {"owner": "u30", "due_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(), "measure": "更换"}
    shown = await quality.post(f"{case}/actions", inspector, action)
    path = f"{case}/actions/{shown['actions'][0]['id']}/done"
    done = await quality.post(path, quality.headers("u30", "production"))
    due = await quality.pool.fetchval("SELECT due_at FROM timers WHERE owner = $1", UUID(shown["id"]))
    assert due == datetime.fromisoformat(done["actions"][0]["check_from"])
    assert timedelta(days=29) < due - datetime.now(UTC) < timedelta(days=31)
    await over(quality, case)
    await quality.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", UUID(shown["id"]))

    async def reminded() -> Any:
        return (await quality.get(case))["actions"][0]["reminded_at"]

    await eventually(reminded)
    assert (await quality.announced(shown["id"]))[-1] == "effect_check_due"


async def test_a_department_gets_more_time_from_somebody_else(quality: Running, article: str) -> None:
    """QUA-2"""
    case = await opened(quality, article, reported=False)
    path = f"{case}/tasks/production/extend"
    body = {"due_at": (datetime.now(UTC) + timedelta(days=3)).isoformat(), "reason": "窑炉检修"}
    director = quality.headers("u05", "sales_director")
    own = await quality.refused(path, quality.headers("p", "production", "sales_manager"), body)
    assert own["rule"] == "QUA-2"
    shown = await quality.post(path, director, body)
    assert shown["tasks"][0]["extensions"][0]["granted_by"] == "u05"
    assert (await quality.refused(path, director, body | {"due_at": "2020-01-01T00:00:00Z"}))["rule"] == "QUA-2"
    assert (await quality.refused(f"{case}/tasks/office/extend", director, body))["status"] == 422


async def test_a_later_graver_finding_is_announced(quality: Running, article: str, inspector: dict[str, str]) -> None:
    """QUA-3"""
    case = await opened(quality, article)
    shares = [{"department": "production", "employee": "u30", "percent": 100, "severity": "light"}]
    worse = {"shares": [shares[0] | {"severity": "grave"}], "reason": "记录被改动"}
    assert (await quality.refused(f"{case}/liability/revise", inspector, worse))["status"] == 409
    await quality.post(f"{case}/liability", inspector, {"shares": shares})
    shown = await quality.post(f"{case}/liability/revise", inspector, worse)
    assert (shown["liability"]["shares"][0]["severity"], len(shown["former_liabilities"])) == ("grave", 1)
    row = await quality.pool.fetchrow(
        "SELECT data FROM events WHERE entity_id = $1 ORDER BY version DESC LIMIT 1", UUID(shown["id"])
    )
    assert b'"graver":["u30"]' in bytes(row["data"])


@pytest.mark.parametrize(
    ("language", "title", "cause"), [("zh", "质量问题8D报告", "烧成温度"), ("en", "8DReport", "Kilntemperature")]
)
async def test_the_report_is_printed_in_chinese_and_english(
    quality: Running, article: str, inspector: dict[str, str], language: str, title: str, cause: str
) -> None:
    """QUA-3: with its sections, and marked as a draft until the case is closed."""
    case = await opened(quality, article)
    for section, entry in SECTIONS.items():
        await quality.post(f"{case}/{section}", inspector, entry)
    await quality.post(f"{case}/cause", inspector, CAUSE)
    await put_right(quality, case, inspector)
    path = f"{case}/report?language={language}"
    text = "".join(pages(paper(await quality.ask("GET", path, inspector), "pdf")))
    draft = {"zh": "草稿", "en": "DRAFT"}[language]
    for part in (title, cause, "D1", "D8", "u26", "热电偶老化", "更换热电偶", "窑炉班18人", draft):
        assert part in text, part
    sheet = str(rows(paper(await quality.ask("GET", f"{path}&format=xlsx", inspector), "xlsx")))
    assert "热电偶老化" in sheet
    await quality.post(f"{case}/close", inspector, {"summary": "根因已消除"})
    text = "".join(pages(paper(await quality.ask("GET", path, inspector), "pdf")))
    assert draft not in text
    assert "根因已消除" in text


async def test_nobody_from_outside_prints_a_report(quality: Running, article: str) -> None:
    """QUA-8"""
    case = await opened(quality, article, reported=False)
    answer = await quality.ask("GET", f"{case}/report", quality.headers("c", "customer", customer=str(uuid4())))
    assert answer.status_code == 403


async def test_all_claims_of_a_case_count_and_above_the_goods_value_the_next_limit(quality: Running) -> None:
    """QUA-5: the goods' value is what orders told."""
    complaint_id = uuid4()
    told = evidence(complaint_id, ("L1", "A-1"), lines=[bought("A-1", "60", "88.00")])
    await tell(quality, told, uuid4())
    await tell(quality, complaint(), complaint_id)
    clerk, manager = quality.headers("u9", "clerk"), quality.headers("u05", "sales_manager")
    body = {"complaint_id": str(complaint_id), "amount": "500.00", "settlement": "repair"}
    first = await quality.post("/claims", clerk, body)
    assert (first["goods_value"], first["approvals"]["chain"]) == ("880.00", ["sales_manager"])
    await quality.post(f"/claims/{first['id']}/approve", manager)
    technician = quality.headers("t1", "technician")
    await quality.post(f"/claims/{first['id']}/settle", technician, {"reference": "WX-1"})
    second = await quality.post("/claims", clerk, body)
    assert (second["earlier_claims"], second["approvals"]["chain"]) == ("500.00", ["sales_director"])
    refused = await quality.refused(f"/claims/{second['id']}/approve", manager)
    assert (refused["status"], refused["rule"]) == (403, "QUA-5")


async def test_a_claim_is_negotiated_in_rounds_and_decided_anew(quality: Running) -> None:
    """QUA-5"""
    complaint_id = uuid4()
    await tell(quality, complaint(), complaint_id)
    clerk, manager = quality.headers("u9", "clerk"), quality.headers("u05", "sales_manager")
    body = {"complaint_id": str(complaint_id), "amount": "500.00", "settlement": "refund"}
    claim = f"/claims/{(await quality.post('/claims', clerk, body))['id']}"
    await quality.post(f"{claim}/approve", manager)
    offer = {"asked": "9000.00", "offered": "6000.00", "settlement": "discount", "note": "客户要求"}
    shown = await quality.post(f"{claim}/negotiate", clerk, offer)
    assert (shown["status"], shown["amount"], shown["approvals"]["chain"]) == (
        "proposed",
        "6000.00",
        ["sales_director"],
    )
    assert [(one["round"], one["asked"]) for one in shown["rounds"]] == [(1, "9000.00")]
    await quality.post(f"{claim}/approve", quality.headers("u06", "sales_director"))
    warehouse = await quality.refused(f"{claim}/settle", quality.headers("w", "warehouse"), {"reference": "V1"})
    assert (warehouse["status"], warehouse["rule"]) == (403, "QUA-5")
    await quality.post(f"{claim}/settle", quality.headers("u20", "finance"), {"reference": "V1"})
    late = await quality.refused(f"{claim}/negotiate", clerk, offer)
    assert late["status"] == 409


BAD: list[tuple[str, Any]] = [
    ("team", {"leader": "u1", "members": []}),
    ("team", {"leader": " ", "members": ["u2"]}),
    ("team", {"leader": "u1", "members": ["u2"], "more": 1}),
    ("problem", SECTIONS["problem"] | {"what": ""}),
    ("containment", {"measures": "nul \x00"}),
    ("prevention", {"measures": "x", "standards": [""]}),
    ("cause", CAUSE | {"severity": "awful"}),
    ("cause", CAUSE | {"steps": [{"question": "x"}]}),
    ("cause", CAUSE | {"article": "x" * 101}),
    ("liability/revise", {"shares": [], "reason": "x"}),
    ("actions", {"owner": "u1", "due_at": "2099-01-01T00:00:00Z", "measure": "x", "replaces": str(uuid4())}),
    ("actions", {"owner": "u1", "due_at": "2099-01-01T00:00:00Z", "measure": "x", "kind": "magic"}),
]


@pytest.mark.parametrize(("path", "body"), BAD)
async def test_bad_input_is_refused_and_changes_nothing(
    quality: Running, article: str, inspector: dict[str, str], path: str, body: Any
) -> None:
    case = await opened(quality, article)
    before = await quality.get(case)
    await quality.refused(f"{case}/{path}", inspector, body)
    assert await quality.get(case) == before
