"""Daily and monthly sales reports: closed once, frozen, reproducible from the events (ORD-15)."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import openpyxl
import pytest

from services.orders.views import reports
from shared.domain.actor import Actor
from shared.events.envelope import new_id
from shared.persistence.pool import Connection
from tests.house import Served
from tests.orders.books import ONE_DAY, Books, kinds, moment, open_books, today

COPY = """
INSERT INTO sales_entries (event_id, part, happened_at, booked_on, kind, order_id, number, amount, customer_id,
                           salesperson)
SELECT gen_random_uuid(), part, happened_at, booked_on, kind, order_id, number, amount, customer_id, salesperson
FROM sales_entries WHERE booked_on = $1
"""


@pytest.fixture(scope="module")
async def books(postgres_server: Served, keys: Path) -> AsyncIterator[Books]:
    async with open_books(postgres_server.url(), keys) as opened:
        yield opened


@asynccontextmanager
async def behind_our_back(books: Books) -> AsyncIterator[Connection]:
    """Somebody who has the database in hand, and its triggers switched off."""
    async with books.shop.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        yield connection


async def verified(books: Books, report: dict[str, Any]) -> dict[str, Any]:
    proof: dict[str, Any] = await books.shop.post(f"/reports/sales/{report['id']}/verify", books.auditor)
    return proof


# Closing


async def test_a_day_is_closed_with_what_the_ledger_holds_of_it(books: Books) -> None:
    """ORD-15."""
    day = books.month()
    order = await books.sell(day, ("A-1", "10", "88.00"), ("B-2", "2", "10.00"))
    await books.pay(order, moment(day), "500.00")
    await books.sell(day + ONE_DAY)
    report = await books.close(day)
    assert (report["number"], report["entries"], report["closed_by"]) == (f"RB{day:%Y%m%d}", 3, "u09")
    assert report["totals"] == {
        "lines": 2, "orders": 1, "ordered_quantity": "12.00", "ordered_amount": "900.00", "given_up_quantity": "0.00",
        "given_up_amount": "0.00", "dispatched_quantity": "0.00", "dispatched_amount": "0.00", "paid": "500.00",
        "given_back": "0.00", "credited": "0.00",
    }  # fmt: skip
    shown = await books.shop.get(f"/reports/sales/{report['id']}", books.manager)
    rows = {(row["by"], row["key"]): row for row in shown.pop("items")}
    assert shown == report
    assert rows["article", "A-1"]["ordered_amount"] == "880.00"
    assert rows["customer", str(books.customer_id)]["label"] == "恒美"
    assert (rows["store", "S1"]["paid"], rows["salesperson", "u12"]["orders"]) == ("500.00", 1)
    assert await books.shop.announced(report["id"]) == ["closed"]


async def test_what_is_heard_after_the_close_is_a_later_entry(books: Books) -> None:
    """ORD-15: a correction is a later entry; the report stays as it was."""
    day = books.month()
    order = await books.sell(day)
    report = await books.close(day)
    await books.pay(order, moment(day, 23))
    await books.sell(day, hour=22)
    assert len(await books.entries(day)) == 1
    late = await books.entries(day + ONE_DAY)
    assert [entry["kind"] for entry in late] == ["paid", "ordered"]
    assert late[0]["happened_at"].startswith(str(day))
    assert (await verified(books, report))["reproduced"]
    following = await books.close(day + ONE_DAY)
    assert following["entries"] == 2
    proof = await verified(books, following)
    assert proof["reproduced"], proof


async def test_earlier_days_are_closed_with_a_later_one_and_can_be_reported_still(books: Books) -> None:
    """ORD-15."""
    day = books.month()
    order = await books.sell(day)
    await books.close(day + 2 * ONE_DAY)
    order.cancel("too late", Actor(id="u12"), moment(day))
    await books.keep(order, moment(day))
    assert kinds(await books.entries(day + 3 * ONE_DAY)) == [("cancelled", "-10.00", "-880.00")]
    report = await books.close(day)
    assert (report["entries"], report["totals"]["given_up_amount"]) == (1, "0.00")
    assert (await verified(books, report))["reproduced"]


async def test_a_month_is_reported_by_its_days_too(books: Books) -> None:
    """ORD-15."""
    month = books.month()
    await books.sell(month)
    await books.sell(month + 20 * ONE_DAY)
    await books.close(month)
    report = await books.close(month, "monthly")
    assert (report["number"], report["entries"]) == (f"YB{month:%Y%m}", 2)
    items = (await books.shop.get(f"/reports/sales/{report['id']}", books.manager))["items"]
    assert [row["key"] for row in items if row["by"] == "day"] == [str(month), str(month + 20 * ONE_DAY)]
    assert (await verified(books, report))["reproduced"]


async def test_a_period_is_reported_once(books: Books) -> None:
    """ORD-15."""
    day = books.month()
    report = await books.close(day)
    problem = await books.shop.refused("/reports/sales", books.finance, {"kind": "daily", "begins_on": str(day)})
    assert (problem["status"], report["number"] in problem["detail"]) == (409, True)


async def test_of_two_who_close_a_day_at_once_one_does(books: Books) -> None:
    """ORD-15: the other learns the number of the report."""
    day = books.month()
    await books.sell(day)
    body = {"kind": "daily", "begins_on": str(day)}
    answers = await asyncio.gather(
        *(books.shop.ask("POST", "/reports/sales", who, json=body) for who in [books.manager, books.finance] * 2)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_report_closed_twice_with_one_key_is_answered_twice(books: Books) -> None:
    """PLT: the second answer is the first one."""
    day = books.month()
    first = await books.close(day, headers={"Idempotency-Key": f"k{day}"})
    assert await books.close(day, headers={"Idempotency-Key": f"k{day}"}) == first


async def test_a_day_is_not_closed_before_its_events_are_in_the_ledger(books: Books) -> None:
    """ORD-15: an event on its way would be missing."""
    day = books.month()
    order = await books.sell(day)
    async with behind_our_back(books) as connection:
        await connection.execute("DELETE FROM sales_entries WHERE order_id = $1", order.id)
    body = {"kind": "daily", "begins_on": str(day)}
    problem = await books.shop.refused("/reports/sales", books.manager, body)
    assert (problem["status"], "1 events" in problem["detail"]) == (409, True)
    async with behind_our_back(books) as connection:
        await connection.execute(
            "INSERT INTO dead_letters (consumer, source, subject, data, reason, error, state, entity, entity_id,"
            " version, event_id) SELECT 'orders', 'orders', subject, data, 'fault', 'x', 'discarded', 'orders.order',"
            " entity_id, version, event_id FROM events WHERE entity_id = $1",
            order.id,
        )
    report = await books.close(day)
    assert report["entries"] == 0
    assert [found["what"] for found in (await verified(books, report))["differences"]] == ["missing"]


async def test_bookings_and_closings_at_the_same_time_lose_nothing(books: Books) -> None:
    """ORD-15: every entry is in a report or after it, and the events alone say the same."""
    first = books.month()
    days = [first + n * ONE_DAY for n in range(6)]

    async def close(day: date) -> dict[str, Any] | None:
        answer = await books.shop.ask(
            "POST", "/reports/sales", books.manager, json={"kind": "daily", "begins_on": str(day)}
        )
        return answer.json() if answer.status_code == 201 else None

    sales = [books.sell(day, hour=hour) for day in days for hour in (9, 20)]
    found = await asyncio.gather(*sales, *(close(day) for day in days))
    closed = [report for report in found[len(sales) :] if report]
    closed += [report for day in days if (report := await close(day))]
    entries = await books.entries(first, first + 27 * ONE_DAY)
    assert len(entries) == len(sales)
    assert len(closed) == len(days)
    for report in closed:
        proof = await verified(books, report)
        assert proof["reproduced"], proof


async def test_the_clerks_and_those_outside_close_and_see_nothing(books: Books) -> None:
    """ORD-15."""
    day = books.month()
    body = {"kind": "daily", "begins_on": str(day)}
    report = await books.close(day)
    for post in ("salesperson", "clerk", "customer", "partner", "auditor", "headquarters"):
        assert (await books.shop.refused("/reports/sales", books.shop.headers("x", post), body))["status"] == 403
    for post in ("salesperson", "clerk", "customer", "partner"):
        for path in (f"/{report['id']}", "", f"/provisional?kind=daily&begins_on={day}"):
            answer = await books.shop.ask("GET", f"/reports/sales{path}", books.shop.headers("x", post))
            assert answer.status_code == 403
        assert (await books.shop.refused(f"/reports/sales/{report['id']}/verify", books.shop.headers("x", post)))[
            "status"
        ] == 403


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "daily", "begins_on": "today"}, {"kind": "daily", "begins_on": "1999-12-31"}, {"kind": "daily"},
        {"kind": "weekly", "begins_on": "2026-11-02"}, {"kind": "monthly", "begins_on": "2026-10-02"},
        {"kind": "daily", "begins_on": "9999-12-31"}, {"kind": "monthly", "begins_on": "9999-12-01"},
        {"kind": "daily", "begins_on": str(today())}, {"kind": "monthly", "begins_on": str(today().replace(day=1))},
        {"kind": "daily", "begins_on": "2026-10-01", "closed_by": "u1"},
    ],
)  # fmt: skip
async def test_what_is_not_over_or_makes_no_sense_is_not_closed(books: Books, body: dict[str, str]) -> None:
    """ORD-15."""
    assert (await books.shop.refused("/reports/sales", books.manager, body))["status"] == 422


# Frozen, and proved


async def test_a_closed_report_and_its_days_cannot_be_changed(books: Books) -> None:
    """ORD-15: whatever the code does."""
    day = books.month()
    await books.sell(day)
    await books.close(day)
    deeds = {
        "UPDATE sales_reports SET document = '{}'": "ORD-15 a closed report is frozen",
        "DELETE FROM sales_report_rows": "ORD-15 a closed report is frozen",
        "DELETE FROM sales_reports": "ORD-15 a closed report is frozen",
        "UPDATE sales_closings SET closed_by = 'x'": "ORD-15 a closed day stays closed",
        COPY.replace("$1", f"'{day}'"): "ORD-15 a closed day takes no entries",
    }  # fmt: skip
    for deed, rule in deeds.items():
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=rule):
            await books.shop.pool.execute(deed)


@pytest.mark.parametrize(
    ("deed", "what"),
    [
        ("UPDATE sales_entries SET amount = amount + 1 WHERE booked_on = $1", "changed"),
        ("UPDATE sales_entries SET salesperson = 'u99' WHERE booked_on = $1", "changed"),
        ("DELETE FROM sales_entries WHERE booked_on = $1", "missing"),
        ("UPDATE sales_entries SET booked_on = booked_on + 1 WHERE booked_on = $1", "missing"),
        (COPY, "invented"),
    ],
)
async def test_an_entry_changed_behind_our_back_is_found(books: Books, deed: str, what: str) -> None:
    """ORD-15: the report is worked out again from the events alone."""
    day = books.month()
    order = await books.sell(day)
    report = await books.close(day)
    assert (await verified(books, report))["reproduced"]
    async with behind_our_back(books) as connection:
        await connection.execute(
            deed.replace("INTO sales_entries SELECT", "INTO sales_entries OVERRIDING SYSTEM VALUE SELECT"), day
        )
    proof = await verified(books, report)
    assert not proof["reproduced"]
    assert proof["events"] == proof["frozen"] != proof["ledger"]
    assert [(found["what"], found["number"]) for found in proof["differences"]] == [(what, order.number)]
    async with behind_our_back(books) as connection:  # what was deleted would keep the next days from being closed
        await connection.execute("DELETE FROM events WHERE entity_id = $1", order.id)


async def test_a_report_changed_behind_our_back_is_found(books: Books) -> None:
    """ORD-15."""
    day = books.month()
    await books.sell(day)
    report = await books.close(day)
    async with behind_our_back(books) as connection:
        await connection.execute("UPDATE sales_report_rows SET paid = 1 WHERE by = 'store'")
    proof = await verified(books, report)
    assert (proof["reproduced"], proof["totals_agree"], proof["rows_that_differ"]) == (False, True, 2)
    async with behind_our_back(books) as connection:
        await connection.execute("UPDATE sales_report_rows SET paid = 0 WHERE by = 'store'")
        await connection.execute(
            "UPDATE sales_reports SET document = jsonb_set(document, '{totals,paid}', '\"1.00\"') WHERE begins_on = $1",
            str(day),
        )
    proof = await verified(books, report)
    assert (proof["reproduced"], proof["totals_agree"], proof["rows_that_differ"]) == (False, False, 0)


# Shown


async def test_an_open_period_is_shown_without_number(books: Books) -> None:
    """ORD-15: provisional, and marked so."""
    day = books.month()
    await books.sell(day)
    path = f"/reports/sales/provisional?kind=daily&begins_on={day}"
    shown = await books.shop.get(path, books.auditor)
    assert (shown["number"], shown["status"], shown["totals"]["orders"]) == (None, "open", 1)
    report = await books.close(day)
    assert shown["totals"] == report["totals"]
    assert shown["items"] == (await books.shop.get(f"/reports/sales/{report['id']}", books.auditor))["items"]
    workbook = await books.shop.ask("GET", f"{path}&format=xlsx", books.auditor)
    cells = {cell.value for row in openpyxl.load_workbook(io.BytesIO(workbook.content)).active for cell in row}
    assert "未结账" in cells
    future = f"/reports/sales/provisional?kind=daily&begins_on={today() + timedelta(days=2)}"
    assert (await books.shop.ask("GET", future, books.auditor)).status_code == 422


async def test_reports_are_listed(books: Books) -> None:
    """ORD-15."""
    day = books.month()
    report = await books.close(day)
    listed = await books.shop.get("/reports/sales?kind=daily&limit=1", books.auditor)
    assert listed["items"] == [report]
    assert (await books.shop.get("/reports/sales?kind=monthly&limit=1", books.auditor))["items"] != [report]
    assert (await books.shop.ask("GET", f"/reports/sales/{new_id()}", books.auditor)).status_code == 404
    assert (await books.shop.refused(f"/reports/sales/{new_id()}/verify", books.auditor))["status"] == 404


@pytest.mark.parametrize("kind", ["daily", "monthly"])
async def test_a_report_is_paper_workbook_and_table(books: Books, kind: str) -> None:
    """ORD-15: 日报 and 月报 as PDF and XLSX, with number, totals and signatures."""
    month = books.month()
    order = await books.sell(month, ("A-1", "10", "88.00"), ("=B-2", "2", "10.00"), store=None)
    await books.pay(order, moment(month))
    report = await books.close(month, kind)
    path = f"/reports/sales/{report['id']}?format="
    answer = await books.shop.ask("GET", path + "pdf", books.auditor)
    assert answer.content.startswith(b"%PDF")
    answer = await books.shop.ask("GET", path + "xlsx", books.auditor)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    cells = [cell.value for row in sheet for cell in row if cell.value is not None]
    assert {"恒美", "=B-2", 900, "（无门店）"} <= set(cells)
    assert any(str(value).endswith(report["number"]) for value in cells)
    assert {"销售日报表", "销售月报表"} & set(cells)
    answer = await books.shop.ask("GET", path + "csv", books.auditor | {"Accept-Language": "zh"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["分类"] for row in rows} == {"日期", "品种", "门店", "业务员", "客户"}


async def test_a_long_report_names_the_largest_customers_and_sums_the_rest(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ORD-15: on paper; all of them are in its table."""
    monkeypatch.setattr("services.orders.sales_forms.SHOWN", 1)
    monkeypatch.setattr(reports, "AT_ONCE", 2)
    day = books.month()
    for quantity in ("5", "7", "3"):
        await books.sell(day, ("A-1", quantity, "1.00"), customer_id=new_id())
    report = await books.close(day)
    path = f"/reports/sales/{report['id']}"
    assert len([row for row in (await books.shop.get(path, books.auditor))["items"] if row["by"] == "customer"]) == 3
    answer = await books.shop.ask("GET", f"{path}?format=xlsx", books.auditor)
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)
    assert next(row for row in rows if row[1] == "其余 2 项")[3] == 8
