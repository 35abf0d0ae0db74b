"""Inbox, messages and bulletins as clients see them."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.notifications import views
from shared.domain.actor import Post
from shared.events.complaints import ComplaintClosed, ComplaintEscalated, ResponseWarned
from shared.events.staff import PenaltyDecided, PenaltyFinal
from shared.web.paging import FIRST
from tests.hearing import tell
from tests.house import Running

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def penalty(employee: str, **other: Any) -> PenaltyDecided:
    fields: dict[str, Any] = {
        "number": "CF20261124-1", "employee": employee, "cause_id": uuid4(), "clause": "D19 §4.3a",
        "violation": "服务态度", "measures": ["public_criticism", "fine"], "fine": Decimal("50.00"),
        "as_deduction": False, "appeal_by": NOW,
    }  # fmt: skip
    return PenaltyDecided(**fields | other)


def final(employee: str) -> PenaltyFinal:
    """Public criticism against which nothing can be said any more."""
    return PenaltyFinal.model_validate(penalty(employee).model_dump())


def warned(post: Post, number: str = "TS1") -> ResponseWarned:
    return ResponseWarned(number=number, post=post, respond_by=NOW)


async def test_a_message_is_read_in_the_readers_language(notifications: Running) -> None:
    """NOT-1"""
    await tell(notifications, penalty("lang1"))
    who = notifications.headers("lang1", "clerk")
    for accept, title in (
        ("zh-CN", "处罚通知：CF20261124-1"),
        ("en;q=0.9, zh;q=0.2", "Notice of penalty: CF20261124-1"),
    ):
        answer = await notifications.ask("GET", "/inbox", who | {"Accept-Language": accept})
        (message,) = answer.json()["items"]
        assert message["title"] == title
        assert "50.00" in message["body"]
        assert answer.headers["content-language"] == ("zh-CN" if accept == "zh-CN" else "en")
        one = await notifications.get(f"/messages/{message['id']}", who | {"Accept-Language": accept})
        assert one == message


async def test_a_reader_cannot_read_anothers_inbox(notifications: Running) -> None:
    """NOT-1, STF-8: not a colleague, not a customer whose login is the same code."""
    customer = uuid4()
    await tell(notifications, penalty("priv1"))
    await tell(notifications, ComplaintClosed(number="TS9", customer_id=customer, confirmed=True))
    mine = notifications.headers("priv1", "clerk")
    (notice,) = (await notifications.get("/inbox", mine))["items"]
    strangers = [
        notifications.headers("priv2", "clerk", on_behalf_of="priv1"),
        notifications.headers("priv1", "customer", customer=str(uuid4())),
        notifications.headers("priv1", "partner", partner=str(uuid4())),
    ]
    for who in strangers:
        assert (await notifications.get("/inbox", who))["items"] == []
        answer = await notifications.ask("GET", f"/messages/{notice['id']}", who)
        assert answer.status_code == 403
        problem = await notifications.refused(f"/messages/{notice['id']}/acknowledge", who)
        assert (problem["status"], problem["rule"]) == (403, "NOT-5")
    (closed,) = (await notifications.get("/inbox", notifications.headers("c", "customer", customer=str(customer))))[
        "items"
    ]
    assert closed["template"] == "complaint_closed"


async def test_a_recipient_takes_note_once(notifications: Running) -> None:
    """NOT-5"""
    await tell(notifications, ComplaintEscalated(number="TS1", level=1, post=Post.TRAINER, reason="silence"))
    trainer, other = notifications.headers("tr1", "trainer"), notifications.headers("tr2", "trainer")
    (called,) = (await notifications.get("/inbox?unread=true", trainer))["items"]
    assert called["urgent"] is True
    path = f"/messages/{called['id']}/acknowledge"
    done = await notifications.post(path, trainer, headers={"Idempotency-Key": "note"})
    assert (done["status"], done["acknowledged_by"]) == ("acknowledged", "tr1")
    assert await notifications.post(path, trainer, headers={"Idempotency-Key": "note"}) == done
    assert await notifications.post(path, trainer) == done
    problem = await notifications.refused(path, other, headers={"Accept-Language": "zh-CN"})
    assert (problem["status"], problem["detail"]) == (409, "消息处于“已确认”时不能进行 确认消息")
    assert await notifications.announced(called["id"]) == ["delivered", "acknowledged"]
    assert (await notifications.get("/inbox?unread=true", other))["items"] == []
    assert len((await notifications.get("/inbox", other))["items"]) == 1


async def test_pages_of_an_inbox_join_posts_and_person_newest_first(notifications: Running) -> None:
    """NOT-1"""
    for number in range(3):
        await tell(notifications, warned(Post.SAFETY_OFFICER, f"S{number}"))
        await tell(notifications, penalty("page1", number=f"P{number}"))
    who = notifications.headers("page1", "safety_officer", "technician")
    seen: list[str] = []
    after = ""
    while True:
        part = await notifications.get(f"/inbox?limit=2{after}", who)
        assert len(part["items"]) <= 2
        seen += [item["params"]["number"] for item in part["items"]]
        if part["next"] is None:
            break
        after = f"&after={part['next']}"
    assert seen == ["P2", "S2", "P1", "S1", "P0", "S0"]


async def test_a_thousand_messages_of_a_post_do_not_slow_the_inbox(notifications: Running) -> None:
    """NOT-3: a page costs a page, however much lies in the inbox."""
    fill = """
        INSERT INTO messages (id, version, digest, document)
        SELECT gen_random_uuid(), 1, ''::bytea, jsonb_build_object('status', 'delivered', 'recipient',
            jsonb_build_object('kind', 'post', 'key', 'branch_general_manager'), 'cause_id', gen_random_uuid(),
            'about', gen_random_uuid()) FROM generate_series(1, 5000)
    """
    async with notifications.pool.acquire() as connection:
        undo = connection.transaction()
        await undo.start()
        await connection.execute(fill)
        await connection.execute("ANALYZE messages")
        for query in (views.INBOX, views.UNREAD):
            plan = await connection.fetchval(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", FIRST, 51, ["post"], ["branch_general_manager"]
            )
            rows = [int(part.split(",")[0].split(".")[0]) for part in plan.split('"Actual Rows": ')[1:]]
            assert 51 in rows
            assert max(rows) <= 51, plan
        await undo.rollback()


async def test_operator_and_office_see_who_was_told_not_what(notifications: Running) -> None:
    """NOT-3"""
    heard = await tell(notifications, penalty("watch1"))
    assert heard.known is not None
    about = heard.known.entity_id
    for who in (notifications.headers("o1", "operator"), notifications.headers("o2", "office")):
        for query in (f"about={about}", "person=watch1"):
            (item,) = (await notifications.get(f"/messages?{query}", who))["items"]
            assert (item["template"], item["recipient"]["key"], item["status"]) == (
                "penalty_notice", "watch1", "delivered",
            )  # fmt: skip
            assert item.keys().isdisjoint({"params", "title", "body"})
        one = await notifications.get(f"/messages/{item['id']}", who)
        assert one.keys().isdisjoint({"params", "title", "body"})
    await tell(notifications, warned(Post.SERVICE_AGENT))
    office = notifications.headers("o2", "office")
    items = (await notifications.get("/messages?post=service_agent", office))["items"]
    assert {item["recipient"]["key"] for item in items} == {"service_agent"}
    answer = await notifications.ask("GET", "/messages", notifications.headers("c1", "clerk"))
    assert answer.status_code == 403


async def test_a_bulletin_is_read_by_the_staff_and_holds_no_complainant_data(notifications: Running) -> None:
    """NOT-4"""
    heard = await tell(notifications, final("crit1"))
    assert heard.known is not None
    clerk = notifications.headers("anyclerk", "clerk") | {"Accept-Language": "zh"}
    items = (await notifications.get("/bulletins", clerk))["items"]
    (bulletin,) = [item for item in items if item["employee"] == "crit1"]
    assert bulletin["number"].startswith("TB")
    assert bulletin["title"] == f"通报批评：{bulletin['number']}"
    assert bulletin["read_at"] is None
    answer = await notifications.ask("GET", f"/bulletins/{bulletin['id']}", clerk | {"Accept-Language": "en"})
    assert "public criticism, fine; fine: 50.00 yuan" in answer.json()["body"]
    stored = await notifications.pool.fetchval("SELECT document FROM bulletins WHERE id = $1", UUID(bulletin["id"]))
    said = await notifications.pool.fetchval("SELECT data FROM events WHERE entity_id = $1", UUID(bulletin["id"]))
    assert "服务态度" in answer.text
    for text in (stored, said.decode(), answer.text):
        assert "CF20261124-1" not in text, "the penalty leads to the complaint, and that to whoever complained"
    for who in (
        notifications.headers("c", "customer", customer=str(uuid4())),
        notifications.headers("p", "partner", partner=str(uuid4())),
    ):
        for path in ("/bulletins", f"/bulletins/{bulletin['id']}"):
            assert (await notifications.ask("GET", path, who)).status_code == 403
        assert (await notifications.refused(f"/bulletins/{bulletin['id']}/read", who))["rule"] == "NOT-4"


async def test_each_reader_gives_one_receipt(notifications: Running) -> None:
    """NOT-4: without touching the bulletin."""
    heard = await tell(notifications, final("crit2"))
    assert heard.known is not None
    reader = notifications.headers("r1", "clerk")
    (bulletin,) = [b for b in (await notifications.get("/bulletins", reader))["items"] if b["employee"] == "crit2"]
    path = f"/bulletins/{bulletin['id']}"
    receipt = await notifications.post(f"{path}/read", reader)
    assert (receipt["reader"], receipt["bulletin_id"]) == ("r1", bulletin["id"])
    assert await notifications.post(f"{path}/read", reader) == receipt
    for number in range(2, 5):
        await notifications.post(f"{path}/read", notifications.headers(f"r{number}", "clerk"))
    after = await notifications.get(path, reader)
    assert (after["version"], after["read_at"]) == (1, receipt["read_at"])
    office = notifications.headers("o1", "office")
    first = await notifications.get(f"{path}/receipts?limit=3", office)
    rest = await notifications.get(f"{path}/receipts?limit=3&after={first['next']}", office)
    assert [r["reader"] for r in first["items"] + rest["items"]] == ["r4", "r3", "r2", "r1"]
    assert rest["next"] is None
    assert (await notifications.ask("GET", f"{path}/receipts", reader)).status_code == 403
    assert await notifications.announced(receipt["id"]) == ["given"]


async def test_bulletins_come_newest_first_in_pages(notifications: Running) -> None:
    """NOT-4"""
    for number in range(3):
        await tell(notifications, final(f"paged{number}"))
    who = notifications.headers("r9", "hr")
    first = await notifications.get("/bulletins?limit=2", who)
    rest = await notifications.get(f"/bulletins?limit=1&after={first['next']}", who)
    assert [b["employee"] for b in first["items"] + rest["items"]] == ["paged2", "paged1", "paged0"]


@pytest.mark.parametrize("path", ["/bulletins/{}", "/bulletins/{}/receipts", "/messages/{}"])
async def test_what_is_not_there_is_not_found(notifications: Running, path: str) -> None:
    """PLT-3"""
    answer = await notifications.ask("GET", path.format(uuid4()), notifications.headers("o1", "office"))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_nonsense_is_refused(notifications: Running) -> None:
    """PLT-3"""
    office = notifications.headers("o1", "office")
    for path in (
        "/messages?post=king", "/messages?about=x", "/messages?person=a%00b", "/inbox?limit=0", "/inbox?after=x",
        "/inbox?unread=perhaps", "/messages/x", "/inbox/stream",
    ):  # fmt: skip
        answer = await notifications.ask("GET", path, office)
        assert answer.status_code == 422, path
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await notifications.ask("GET", "/inbox")).status_code == 401
    assert (await notifications.refused(f"/bulletins/{uuid4()}/read", office))["status"] == 404


async def test_the_database_keeps_the_rules_whatever_the_code_does(notifications: Running) -> None:
    """NOT-3, NOT-4, NOT-5"""
    heard = await tell(notifications, final("con1"))
    assert heard.known is not None
    pool = notifications.pool
    again = "INSERT INTO {0} SELECT gen_random_uuid(), 1, document, digest FROM {0} WHERE {1} = $1"
    for table, column, rule in (
        ("messages", "about", "NOT-3 once per recipient and cause"),
        ("bulletins", "penalty_id", "NOT-4 one bulletin per penalty"),
    ):
        statement = again.format(f"{table}", column).replace(
            f"INTO {table}", f"INTO {table} (id, version, document, digest)"
        )
        with pytest.raises(asyncpg.UniqueViolationError) as violation:
            await pool.execute(statement, heard.known.entity_id)
        assert violation.value.constraint_name == rule
    silently = """UPDATE messages SET document = document || '{"status": "acknowledged"}' WHERE about = $1"""
    with pytest.raises(asyncpg.CheckViolationError) as broken:
        await pool.execute(silently, heard.known.entity_id)
    assert broken.value.constraint_name == "NOT-5 an acknowledgement says whose it is"


async def test_a_reader_who_says_so_many_times_at_once_gives_one_receipt(notifications: Running) -> None:
    """NOT-4"""
    await tell(notifications, final("crit9"))
    reader = notifications.headers("r9", "clerk")
    (bulletin,) = [b for b in (await notifications.get("/bulletins", reader))["items"] if b["employee"] == "crit9"]
    path = f"/bulletins/{bulletin['id']}/read"
    answers = await asyncio.gather(*(notifications.ask("POST", path, reader) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {200, 201}, [answer.text for answer in answers]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await notifications.announced(answers[0].json()["id"]) == ["given"]


async def test_one_of_a_post_takes_note_for_all(notifications: Running) -> None:
    """NOT-5"""
    heard = await tell(notifications, warned(Post.AUDITOR))
    assert heard.known is not None
    who = [notifications.headers(f"au{number}", "auditor") for number in range(4)]
    found = await notifications.get(f"/messages?about={heard.known.entity_id}")
    (message,) = found["items"]
    path = f"/messages/{message['id']}/acknowledge"
    answers = await asyncio.gather(*(notifications.ask("POST", path, one) for one in who))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
