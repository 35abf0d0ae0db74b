"""The HTTP door: every "no" is a problem in the reader's language, no input makes a fault, no answer is half true."""

import asyncio
import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from nats.aio.client import Client

from deploy.local.jetstream import NatsServer
from shared.domain.actor import Post
from shared.persistence.store import Store, load
from shared.settings import Role
from shared.web import duties, operators
from tests.house import Running, eventually, running
from tests.shared.conftest import Databases, settings
from tests.tally import POISON, REFUSED, Tally, count, create_app

ZH = {"Accept-Language": "zh-CN,zh;q=0.9"}


@pytest.fixture
def clerk(tally: Running) -> dict[str, str]:
    return tally.headers("u1", "clerk")


@pytest.fixture
def operator(tally: Running) -> dict[str, str]:
    return tally.headers("op", "operator")


async def opened(tally: Running, name: str = "", **more: Any) -> Any:
    body = {"name": name or f"tally {uuid4()}"} | more
    return await tally.post("/tallies", tally.headers("u1", "clerk"), body)


# Problems


@pytest.mark.parametrize(
    ("kind", "status", "code", "english", "chinese"),
    [
        ("not-found", 404, "not_found", "there is no tally 7", "没有计数 7"),
        (
            "not-allowed-now",
            409,
            "not_allowed_now",
            "TallyRaised is not possible while the tally is closed",
            "计数处于“已关闭”时不能进行 TallyRaised",
        ),
        ("forbidden", 403, "forbidden", "this is for the posts finance", "仅限岗位：财务"),
        ("rule-broken", 422, "rule_broken", "a tally rises by 1 to 1000", "计数一次增加 1 至 1000"),
        ("invalid", 422, "invalid", "the request does not have the right shape", "请求格式不正确"),
        (
            "fault",
            500,
            "fault",
            "this should not have happened; tell the operator the trace id",
            "出现意外故障；请将追踪编号告知运维人员",
        ),
        (
            "unreachable",
            503,
            "unavailable",
            "the database is out of reach; repeat the request with the same Idempotency-Key",
            "数据库暂时无法访问；请用同一幂等键重试",
        ),
        ("deadlock", 409, "changed_meanwhile", "another change was in the way; ask again", "与另一项更改冲突，请重试"),
    ],
)
async def test_each_no_is_a_problem_in_the_reader_s_language(
    tally: Running, kind: str, status: int, code: str, english: str, chinese: str
) -> None:
    for language, headers, detail in (("en", {}, english), ("zh-CN", ZH, chinese)):
        answer = await tally.ask("GET", f"/refusals/{kind}", headers=headers)
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-language"] == language
        assert problem["detail"] == detail
        assert problem["type"] == f"https://xiaofu.example/problems/{code}"
        assert problem["instance"] == f"/v1/refusals/{kind}"
        assert len(problem["trace_id"]) == 32
        assert problem["title"].isascii() is (language == "en")
        assert "secret" not in answer.text


async def test_a_rule_and_a_field_are_named(tally: Running) -> None:
    problem = (await tally.ask("GET", "/refusals/rule-broken")).json()
    assert (problem["rule"], problem["field"]) == ("TST-3", "by")


async def test_each_error_of_an_invalid_input_is_listed(tally: Running) -> None:
    problem = (await tally.ask("GET", "/refusals/invalid")).json()
    assert problem["errors"] == [{"code": "odd", "detail": "odd", "row": 3}]


@pytest.mark.parametrize(
    ("body", "field", "code", "chinese"),
    [
        ({}, "body.name", "missing", "缺少必填项"),
        ({"name": 7}, "body.name", "string_type", "应为文本"),
        ({"name": ""}, "body.name", "string_too_short", "至少 1 个字符"),
        ({"name": "x" * 101}, "body.name", "string_too_long", "最多 100 个字符"),
        ({"name": "x", "colour": 1}, "body.colour", "extra_forbidden", "不允许有此项"),
        ({"name": "x", "lapses_in": "soon"}, "body.lapses_in", "float_parsing", "不是数字"),
        ([], "body", "model_attributes_type", "应为对象"),
    ],
)
async def test_each_error_of_shape_is_named_in_the_reader_s_language(
    tally: Running, clerk: dict[str, str], body: Any, field: str, code: str, chinese: str
) -> None:
    problem = await tally.refused("/tallies", clerk, body, headers=ZH)
    assert problem["code"] == "invalid"
    assert problem["errors"] == [{"field": field, "code": code, "detail": chinese}]
    english = await tally.refused("/tallies", clerk, body)
    assert english["errors"][0]["detail"].isascii()


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("zh", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
        ("ZH", "zh-CN"),
        ("en-GB,zh;q=0.9", "en"),
        ("zh;q=0.5,en;q=0.4", "zh-CN"),
        ("zh; q=0.3, en; q=0.8", "en"),
        ("fr,de;q=0.9", "en"),
        ("zh;q=0", "en"),
        ("zh;q=x,en;q=y", "en"),
        ("*", "en"),
        (",;,", "en"),
    ],
)
async def test_the_better_of_the_two_languages_is_spoken(tally: Running, accept: str, language: str) -> None:
    answer = await tally.ask("GET", "/refusals/not-found", headers={"Accept-Language": accept})
    assert answer.headers["content-language"] == language


NESTED = b'{"name":' + b"[" * 4000 + b"]" * 4000 + b"}"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"name": "a\\u0000b"}', "application/json", 422),
        (b'{"name": "a\\ud800b"}', "application/json", 422),
        (b'{"name": ', "application/json", 422),
        (b"", "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (NESTED, "application/json", 422),
        (b'{"name": NaN}', "application/json", 422),
        (b'{"name": "x", "lapses_in": 1e999}', "application/json", 422),
        (b'{"name": "x", "lapses_in": 1e300}', "application/json", 422),
        (b"name=x", "application/x-www-form-urlencoded", 422),
        (b'{"name": "x"}', "text/plain", 422),
        (b"", "multipart/form-data", 422),
    ],
    ids=["NUL", "lone surrogate", "cut off", "empty", "not UTF-8", "nested", "NaN", "infinite", "beyond all time",
         "a form", "text", "no boundary"],
)  # fmt: skip
async def test_no_body_makes_a_fault(
    tally: Running, clerk: dict[str, str], content: bytes, kind: str, status: int
) -> None:
    answer = await tally.ask("POST", "/tallies", clerk, content=content, headers={"Content-Type": kind} | ZH)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await tally.pool.fetchval("SELECT count(*) FROM tallies") == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/../etc/passwd", 404),
        ("DELETE", "/tallies", 405),
        ("GET", "/tallies/7", 422),
        ("GET", f"/tallies/{uuid4()}", 404),
        ("GET", "/tallies?limit=0", 422),
        ("GET", "/tallies?limit=999999999999999999999", 422),
        ("GET", "/tallies?after=x", 422),
        ("GET", "/tallies?after=%00", 422),
        ("GET", "/dead-letters?state=lost", 422),
        ("GET", "/dead-letters?after=99999999999999999999999", 422),
        ("POST", "/dead-letters/99999999999999999999999/retry", 422),
        ("POST", "/dead-letters/7/retry", 404),
        ("POST", "/dead-letters/7/discard", 422),
        ("POST", "/replay", 422),
    ],
)
async def test_no_address_makes_a_fault(tally: Running, method: str, path: str, status: int) -> None:
    both = tally.headers("u1", "clerk", "operator")
    answer = await tally.ask(method, path, both, headers=ZH)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] in ("未找到", "输入无效", "无法处理该请求")


async def test_a_body_that_is_too_large_is_refused_by_its_length_and_while_it_is_read(
    tally: Running, clerk: dict[str, str]
) -> None:
    large = orjson.dumps({"name": "x" * 10_001})

    async def pieces() -> AsyncIterator[bytes]:
        for first in range(0, len(large), 1000):
            yield large[first : first + 1000]

    for content in (large, pieces()):
        headers = {"Content-Type": "application/json"}
        answer = await tally.ask("POST", "/tallies", clerk, content=content, headers=headers)
        assert answer.status_code == 413, answer.text
        assert answer.json()["code"] == "too_large"
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("length", ["-1", "many", "9" * 5000])
async def test_a_length_that_is_none_is_refused(tally: Running, clerk: dict[str, str], length: str) -> None:
    answer = await tally.ask("POST", "/tallies", clerk, content=b"{}", headers={"Content-Length": length})
    assert answer.status_code == 413


async def test_a_request_that_takes_too_long_is_given_up(tally: Running) -> None:
    answer = await tally.ask("GET", "/refusals/hang")
    assert (answer.status_code, answer.json()["code"]) == (503, "too_slow")


# Changes


async def test_a_change_is_answered_with_the_document_and_its_version(tally: Running, clerk: dict[str, str]) -> None:
    answer = await tally.ask("POST", "/tallies", clerk, json={"name": "one"})
    made = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == f"/v1/tallies/{made['id']}"
    read = await tally.ask("GET", f"/tallies/{made['id']}", clerk)
    assert read.json() == made
    assert read.headers["etag"] == '"1"'
    raised = await tally.ask("POST", f"/tallies/{made['id']}/raise", clerk, json={"by": 2})
    assert (raised.json()["total"], raised.headers["etag"]) == (2, '"2"')


@pytest.mark.parametrize(("version", "status"), [('"1"', 200), ("*", 200), ('"2"', 412), ("1", 412), ('W/"1"', 412)])
@pytest.mark.parametrize("deed", ["raise", "move"])
async def test_a_change_of_another_version_than_the_present_one_is_refused(
    tally: Running, clerk: dict[str, str], version: str, status: int, deed: str
) -> None:
    one, other = await opened(tally), await opened(tally)
    body = {"by": 1} if deed == "raise" else {"to": other["id"], "by": 0}
    answer = await tally.ask("POST", f"/tallies/{one['id']}/{deed}", clerk, json=body, headers={"If-Match": version})
    assert answer.status_code == status, answer.text
    if status == 412:
        assert answer.json()["detail"] == "the present version is 1"


async def test_a_repeated_command_gets_the_first_answer_again(tally: Running, clerk: dict[str, str]) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await tally.ask("POST", "/tallies", clerk, json={"name": "once"}, headers=key)
    for _ in range(2):
        again = await tally.ask("POST", "/tallies", clerk, json={"name": "once"}, headers=key)
        assert (again.status_code, again.content, again.headers["etag"]) == (201, first.content, '"1"')
        assert again.headers["idempotent-replayed"] == "true"
    raising = f"/tallies/{first.json()['id']}/raise"
    for _ in range(2):
        answer = await tally.ask("POST", raising, clerk, json={"by": 5}, headers={"Idempotency-Key": "k2"})
        assert (answer.status_code, answer.json()["total"], answer.headers["etag"]) == (200, 5, '"2"')


async def test_one_key_is_for_one_request_of_one_person(tally: Running, clerk: dict[str, str]) -> None:
    key = {"Idempotency-Key": "k1"}
    await tally.post("/tallies", clerk, {"name": "one"}, headers=key)
    problem = await tally.refused("/tallies", clerk, {"name": "two"}, headers=key | ZH)
    assert (problem["status"], problem["code"]) == (422, "key_reused")
    assert problem["detail"].startswith("该幂等键属于另一请求")
    await tally.post("/tallies", tally.headers("u2", "clerk"), {"name": "three"}, headers=key)


async def test_repeated_at_once_a_command_is_carried_out_once(tally: Running, clerk: dict[str, str]) -> None:
    one = await opened(tally)
    key = {"Idempotency-Key": "k"}
    for path, body in (("/tallies", {"name": "x"}), (f"/tallies/{one['id']}/raise", {"by": 3})):
        answers = await asyncio.gather(*(tally.ask("POST", path, clerk, json=body, headers=key) for _ in range(6)))
        assert {answer.status_code for answer in answers} <= {200, 201}
        assert len({answer.content for answer in answers}) == 1
        key = {"Idempotency-Key": "k2"}
    assert await tally.pool.fetchval("SELECT count(*) FROM events") == 3


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_has_1_to_200_characters(tally: Running, clerk: dict[str, str], key: str) -> None:
    problem = await tally.refused("/tallies", clerk, {"name": "x"}, headers={"Idempotency-Key": key})
    assert problem["detail"] == "an idempotency key has 1 to 200 characters"


async def test_a_refused_command_may_be_repeated_and_is_judged_anew(tally: Running, clerk: dict[str, str]) -> None:
    one = await opened(tally)
    key = {"Idempotency-Key": "k"}
    assert (await tally.refused(f"/tallies/{one['id']}/raise", clerk, {"by": -5}, headers=key))["rule"] == "TST-1"
    await tally.post(f"/tallies/{one['id']}/raise", clerk, {"by": 5})
    assert (await tally.post(f"/tallies/{one['id']}/raise", clerk, {"by": -5}, headers=key))["total"] == 0


async def test_things_change_together_or_not_at_all(tally: Running, clerk: dict[str, str]) -> None:
    one, other = await opened(tally), await opened(tally)
    await tally.post(f"/tallies/{one['id']}/raise", clerk, {"by": 9})
    move = f"/tallies/{one['id']}/move"
    key = {"Idempotency-Key": "m"}
    for _ in range(2):
        assert (await tally.post(move, clerk, {"to": other["id"], "by": 4}, headers=key))["total"] == 5
    assert (await tally.get(f"/tallies/{other['id']}"))["total"] == 4
    assert (await tally.refused(move, clerk, {"to": other["id"], "by": 6}))["rule"] == "TST-1"
    assert (await tally.refused(move, clerk, {"to": str(uuid4()), "by": 1}))["code"] == "not_found"
    assert (await tally.get(f"/tallies/{one['id']}"))["total"] == 5
    problem = await tally.refused(move, clerk, {"to": other["id"], "by": 1}, headers=key)
    assert problem["code"] == "key_reused"


async def test_a_key_holds_though_the_thing_that_is_answered_with_did_not_change(
    tally: Running, clerk: dict[str, str]
) -> None:
    one = await opened(tally)
    for _ in range(2):
        answer = await tally.post(f"/tallies/{one['id']}/copy", clerk, headers={"Idempotency-Key": "c"})
        assert answer == one
    assert await tally.pool.fetchval("SELECT count(*) FROM tallies") == 2
    await tally.post(f"/tallies/{one['id']}/copy", clerk)
    assert await tally.pool.fetchval("SELECT count(*) FROM tallies") == 3


async def test_two_new_things_are_made_at_once(tally: Running, clerk: dict[str, str]) -> None:
    for _ in range(2):
        answer = await tally.ask("POST", "/tallies/twin", clerk, json={"name": "t"}, headers={"Idempotency-Key": "t"})
        assert (answer.status_code, answer.json()["name"]) == (201, "t")
    assert await tally.pool.fetchval("SELECT count(*) FROM tallies") == 2


async def test_an_import_is_whole_or_nothing(tally: Running, clerk: dict[str, str]) -> None:
    assert await tally.post("/tallies/import", clerk, ["a", "b"]) == {"opened": 2}
    assert (await tally.refused("/tallies/import", clerk, ["c", "a"]))["rule"] == "TST-2"
    assert await tally.pool.fetchval("SELECT count(*) FROM tallies") == 2


async def test_pages_are_stable_while_things_are_added(tally: Running, clerk: dict[str, str]) -> None:
    made = [(await opened(tally))["id"] for _ in range(7)]
    first = await tally.get("/tallies?limit=3")
    await opened(tally)
    second = await tally.get(f"/tallies?limit=3&after={first['next']}")
    third = await tally.get(f"/tallies?limit=3&after={second['next']}")
    seen = [item["id"] for page in (first, second, third) for item in page["items"]]
    assert seen == made[::-1]
    assert third["next"] is None


# Operation


async def test_health_says_whether_commands_can_be_accepted(tally: Running) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(tally.app), base_url="http://tally") as client:
        assert (await client.get("/health/live")).json() == {"status": "alive"}

        async def ready() -> Any:
            answer = (await client.get("/health/ready")).json()
            return answer if answer["bus"] else None

        answer = await eventually(ready)
        assert answer.pop("process") == os.getpid()
        assert answer == {"status": "ready", "service": "tally", "roles": sorted(Role), "bus": True}


async def test_metrics_tell_lag_and_parked_events(tally: Running, clerk: dict[str, str]) -> None:
    await opened(tally)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(tally.app), base_url="http://tally") as client:
        text = (await client.get("/metrics")).text
    for name in ("relay_lag_events", "parked_events 0.0", "oldest_parked_event_seconds 0.0", "due_timers"):
        assert f"xiaofu_{name}" in text
    assert 'xiaofu_http_request_seconds_count{method="POST",route="/v1/tallies",status="201"}' in text


async def test_the_events_of_a_service_are_an_asyncapi_page(tally: Running, echo: Running) -> None:
    for service, names in (
        (tally, ["tally.count.opened.v1"]),
        (echo, ["echo.echo.heard.v1", "tally.count.raised.v1", "hear_the_rise"]),
    ):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url="http://x") as client:
            answer = await client.get("/asyncapi")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        for name in names:
            assert name in answer.text


async def test_the_openapi_page_describes_every_route(tally: Running) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(tally.app), base_url="http://tally") as client:
        document = (await client.get("/openapi.json")).json()
        assert (await client.get("/docs")).status_code == 200
    assert document["openapi"].startswith("3.1")
    assert "/v1/tallies/{tally_id}/raise" in document["paths"]
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    references = [word.split('"')[0] for word in orjson.dumps(document).decode().split('"$ref":"#/')[1:]]
    for reference in references:
        place: Any = document
        for step in reference.split("/"):
            place = place[step]
    assert references


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_operating_is_for_operators(tally: Running, method: str) -> None:
    paths = {
        "POST": ["/dead-letters/1/retry", "/dead-letters/1/discard", "/replay", "/audit"],
        "GET": ["/dead-letters"],
    }
    for path in paths[method]:
        for post in set(Post) - {Post.OPERATOR}:
            body = {"reason": "why not", "entity_id": str(uuid4())} if method == "POST" else None
            answer = await tally.ask(method, path, tally.headers("u1", post), json=body)
            assert answer.status_code == 403, f"{path} {post}"


async def poisoned(tally: Running, echo: Running, by: int) -> tuple[Any, list[Any]]:
    """A tally whose second event echo cannot take, and the dead letters."""
    clerk = tally.headers("u1", "clerk")
    one = await opened(tally)
    for rise in (by, 1, 1):
        await tally.post(f"/tallies/{one['id']}/raise", clerk, {"by": rise})

    async def parked() -> Any:
        page = await echo.get("/dead-letters", echo.headers("op", "operator"))
        return page["items"] if len(page["items"]) == 3 else None

    return one, await eventually(parked)


async def test_an_operator_sees_why_an_event_is_parked_and_gives_it_up(tally: Running, echo: Running) -> None:
    operator = echo.headers("op", "operator")
    one, letters = await poisoned(tally, echo, REFUSED)
    first, second, third = letters
    assert [letter["reason"] for letter in letters] == ["refused", "behind", "behind"]
    assert (first["type"], first["error"], first["version"]) == ("tally.count.raised.v1", "TST-4: not 15", 2)
    assert "data" not in first

    retried = await echo.post(f"/dead-letters/{first['id']}/retry", operator)
    assert retried == {"handled": False, "stopped_by": "not 15"}
    page = await echo.get("/dead-letters?limit=1", operator)
    assert (page["items"][0]["attempts"], page["next"]) == (2, first["id"])
    assert len((await echo.get(f"/dead-letters?after={first['id']}", operator))["items"]) == 2

    early = await echo.refused(f"/dead-letters/{third['id']}/discard", operator, {"reason": "the wrong one"})
    assert early["detail"].startswith("an earlier event of the same entity")
    gone = await echo.post(f"/dead-letters/{first['id']}/discard", operator, {"reason": "it was a jest"})
    assert gone == {"discarded": first["id"], "stopped_by": None}
    versions = await echo.pool.fetch("SELECT version FROM effects WHERE entity_id = $1::text::uuid", one["id"])
    assert [row["version"] for row in versions] == [1, 3, 4]
    (discarded,) = (await echo.get("/dead-letters?state=discarded", operator))["items"]
    assert discarded["note"] == "op: it was a jest"
    again = await echo.refused(f"/dead-letters/{first['id']}/retry", operator)
    assert again["code"] == "not_allowed_now"
    assert (await echo.refused(f"/dead-letters/{second['id']}/retry", operator))["code"] == "not_found"


async def test_an_operator_tries_again_once_the_cause_is_mended(
    tally: Running, echo: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = echo.headers("op", "operator")
    monkeypatch.setattr("shared.messaging.consumer.FIRST_PAUSE", 0.001)
    one, letters = await poisoned(tally, echo, POISON)
    assert letters[0]["reason"] == "fault"
    monkeypatch.setattr("tests.tally.POISON", -1)
    retried = await echo.post(f"/dead-letters/{letters[0]['id']}/retry", operator)
    assert retried == {"handled": True, "stopped_by": None}
    assert await echo.pool.fetchval("SELECT version FROM inbox WHERE entity_id = $1::text::uuid", one["id"]) == 4


async def test_what_cannot_be_read_can_only_be_discarded(tally: Running, echo: Running) -> None:
    operator = echo.headers("op", "operator")
    await opened(tally)

    async def there() -> Any:
        return await echo.pool.fetchval("SELECT count(*) FROM inbox")

    await eventually(there)
    await tally.app.state.duties.bus.publish("tally.count.opened.v1.p00", b"scrawl")

    async def parked() -> Any:
        return (await echo.get("/dead-letters", operator))["items"]

    (letter,) = await eventually(parked)
    assert (letter["reason"], letter["entity_id"], letter["type"]) == ("undecodable", None, None)
    assert (await echo.refused(f"/dead-letters/{letter['id']}/retry", operator))["code"] == "not_allowed_now"
    await echo.post(f"/dead-letters/{letter['id']}/discard", operator, {"reason": "scrawl"})
    assert await parked() == []


async def test_an_operator_audits_and_repairs_and_replays(
    tally: Running, clerk: dict[str, str], operator: dict[str, str], bus: Client
) -> None:
    one = await opened(tally)
    await tally.post(f"/tallies/{one['id']}/raise", clerk, {"by": 1})

    async def relayed() -> Any:
        report = await tally.post("/audit?repair=false", operator)
        return report if report["in_log"] == 2 else None

    clean = {"stream": "TALLY", "in_log": 2, "in_stream": 2, "missing": [], "foreign": [], "broken_chains": []}
    assert await eventually(relayed) == clean | {"republished": 0}
    await bus.request("$JS.API.STREAM.MSG.DELETE.TALLY", b'{"seq":1}')
    looked = await tally.post("/audit?repair=false", operator)
    assert (looked["missing"], looked["republished"]) == ([1], 0)
    repaired = await tally.post("/audit", operator)
    assert (repaired["missing"], repaired["republished"]) == ([1], 1)
    assert (await tally.post("/audit", operator))["missing"] == []
    again = await tally.post("/replay", operator, {"entity_id": one["id"], "after_version": 1})
    assert again == {"republished": 1}
    assert await tally.post("/replay", operator, {"entity_id": str(uuid4())}) == {"republished": 0}


async def test_a_long_audit_gives_signs_of_life_before_its_report(
    tally: Running, operator: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(tally)
    monkeypatch.setattr(operators, "SIGN_OF_LIFE", 0.0005)
    answer = await tally.ask("POST", "/audit?repair=false", operator)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content.startswith(b" ")
    assert answer.json()["stream"] == "TALLY"


async def test_whoever_leads_audits_by_itself_and_goes_on_from_there(
    databases: Databases, bus: Client, nats_server: NatsServer, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duties, "HOURLY", 0.05)
    app = create_app("tally", settings(await databases("tally"), nats_server.url(), keys))
    async with running("tally", app, keys) as tally:
        for events in (1, 2):
            await opened(tally)

            async def audited(upto: int = events) -> Any:
                return await tally.pool.fetchval("SELECT audited_seq >= $1 FROM relay_state", upto)

            await eventually(audited)


async def test_an_operator_sees_how_far_each_tally_was_handled(tally: Running, echo: Running) -> None:
    made = sorted([(await opened(tally))["id"] for _ in range(5)])
    operator = echo.headers("op", "operator")

    async def whole() -> Any:
        return len((await echo.get("/handled", operator))["items"]) == 5

    await eventually(whole)
    first = await echo.get("/handled?limit=3", operator)
    second = await echo.get("/handled", operator, params={"limit": 3, "after": first["next"]})
    assert [item["entity_id"] for item in first["items"] + second["items"]] == made
    assert second["next"] is None
    assert {item["version"] for item in first["items"]} == {1}


async def test_a_command_that_was_overtaken_is_decided_again_unless_it_names_its_version(
    tally: Running, clerk: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await opened(tally)
    save, others = Store.save, 0

    async def overtaken(store: Store, thing: Any, *args: Any) -> Any:
        nonlocal others
        if others:
            others -= 1
            await count(tally.pool, 1, await load(tally.pool, Tally, thing.id))
        return await save(store, thing, *args)

    monkeypatch.setattr(tally.app.state.store, "save", partial(overtaken, tally.app.state.store))
    others = 2
    assert (await tally.post(f"/tallies/{one['id']}/raise", clerk, {"by": 5}))["total"] == 7
    others = 1
    problem = await tally.refused(f"/tallies/{one['id']}/raise", clerk, {"by": 5}, headers={"If-Match": '"4"'})
    assert problem["code"] == "changed_meanwhile"
    others = 9
    problem = await tally.refused(f"/tallies/{one['id']}/raise", clerk, {"by": 5}, headers=ZH)
    assert problem["detail"] == "计数期间已被他人更改，请重新读取"


# Processes that do a part of the work


async def test_a_process_without_the_api_does_not_offer_it_and_one_without_a_relay_calls_for_it(
    databases: Databases, bus: Client, nats_server: NatsServer, keys: Path
) -> None:
    url = await databases("tally")
    api = create_app("tally", settings(url, nats_server.url(), keys, roles=["api"]))
    relay = create_app("tally", settings(url, nats_server.url(), keys, roles=["relay", "timers", "consumer"]))
    async with running("tally", api, keys) as door, running("tally", relay, keys) as behind:
        made = await opened(door, lapses_in=-1)
        assert (await behind.ask("GET", "/tallies", behind.headers("u1", "clerk"))).status_code == 404

        async def lapsed() -> Any:
            return await door.announced(made["id"]) == ["opened", "closed"]

        await eventually(lapsed)

        async def relayed() -> Any:
            return (await door.post("/audit", door.headers("op", "operator")))["in_log"] == 2

        await eventually(relayed)


async def test_without_a_relay_a_replay_is_refused_and_not_forgotten_silently(
    databases: Databases, bus: Client, nats_server: NatsServer, keys: Path
) -> None:
    app = create_app("tally", settings(await databases("tally"), nats_server.url(), keys, roles=["api"]))
    async with running("tally", app, keys) as door:

        async def connected() -> Any:
            return door.app.state.duties.connected

        await eventually(connected)
        problem = await door.refused("/replay", door.headers("op", "operator"), {"entity_id": str(uuid4())})
        assert problem["detail"] == "no relay of this service is at work"


async def test_commands_are_accepted_while_the_bus_is_away_and_announced_when_it_is_back(
    databases: Databases, own_nats: NatsServer, keys: Path
) -> None:
    own_nats.stop()
    app = create_app("tally", settings(await databases("tally"), own_nats.url(), keys))
    async with running("tally", app, keys) as door:
        assert not door.app.state.duties.connected
        await opened(door)
        own_nats.start()

        async def relayed() -> Any:
            return await door.pool.fetchval("SELECT safe_seq = 1 FROM relay_state")

        await eventually(relayed)


async def test_a_duty_that_fails_in_an_unforeseen_way_is_taken_up_again(
    databases: Databases, bus: Client, nats_server: NatsServer, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.messaging.relay import Relay

    step, faults = Relay.step, [ArithmeticError("nobody foresaw this")]

    async def faulty(relay: Relay, connection: Any) -> int:
        if faults:
            raise faults.pop()
        return await step(relay, connection)

    monkeypatch.setattr(Relay, "step", faulty)
    app = create_app("tally", settings(await databases("tally"), nats_server.url(), keys))
    async with running("tally", app, keys) as door:
        await opened(door)

        async def relayed() -> Any:
            return await door.pool.fetchval("SELECT safe_seq = 1 FROM relay_state")

        await eventually(relayed)


async def test_the_audit_runs_by_itself_and_repairs(
    databases: Databases, bus: Client, nats_server: NatsServer, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.web.duties.HOURLY", 0.3)
    app = create_app("tally", settings(await databases("tally"), nats_server.url(), keys))
    async with running("tally", app, keys) as door:
        for _ in range(3):
            await opened(door)

        async def stored() -> int:
            reply = await bus.request("$JS.API.STREAM.INFO.TALLY", b"")
            return int(orjson.loads(reply.data).get("state", {}).get("messages", 0))

        async def whole() -> bool:
            return await stored() == 3

        await eventually(whole)
        await bus.request("$JS.API.STREAM.MSG.DELETE.TALLY", b'{"seq":2}')
        await eventually(whole)


# One trace from the request to the last reaction


async def test_one_story_runs_from_the_request_to_what_follows_from_it(
    tally: Running, echo: Running, clerk: dict[str, str]
) -> None:
    trace = uuid4().hex
    one = await opened(tally)
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = await tally.ask("POST", f"/tallies/{one['id']}/raise", clerk, json={"by": 2}, headers=headers)
    assert answer.status_code == 200
    cause = orjson.loads(await tally.pool.fetchval("SELECT data FROM events WHERE version = 2"))
    assert cause["traceparent"].split("-")[1] == trace
    assert cause["correlationid"].replace("-", "") == trace
    assert cause["actor"] == "u1"

    async def heard() -> Any:
        return await echo.pool.fetchval("SELECT data FROM events")

    follows = orjson.loads(await eventually(heard))
    assert follows["correlationid"] == cause["correlationid"]
    assert follows["causationid"] == cause["id"]
    assert follows["traceparent"].split("-")[1] == trace
    assert follows["traceparent"] != cause["traceparent"]
    problem = await tally.refused(f"/tallies/{one['id']}/raise", clerk, {"by": 5000}, headers=headers)
    assert problem["trace_id"] == trace


async def test_each_request_without_a_trace_begins_a_story_of_its_own(tally: Running, clerk: dict[str, str]) -> None:
    for header in ({}, {}, {"traceparent": "nonsense"}):
        answer = await tally.ask("POST", "/tallies", clerk, json={"name": f"t {uuid4()}"}, headers=header)
        assert answer.status_code == 201
    rows = await tally.pool.fetch("SELECT data FROM events")
    assert len({orjson.loads(row["data"])["correlationid"] for row in rows}) == 3
