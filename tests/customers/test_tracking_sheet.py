"""客户跟踪管理表: who has one, and what stands on it."""

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import asyncpg
import pytest

from services.customers.domain.tracking import Standing, standings
from shared.domain.policy import Policy
from shared.events.complaints import ComplaintFiled, ComplaintResolved
from shared.events.contracts import ContractAmended, ContractEnded, ContractLine, ContractTookEffect
from shared.events.envelope import new_id
from shared.events.orders import DeliveryLate, OrderCancelled, OrderedLine, OrderPlaced
from tests.contracts.conftest import Office
from tests.customers.test_api import some
from tests.customers.test_reactions import NOW, known, paid
from tests.hearing import announce
from tests.house import House, Running, eventually
from tests.papers import pages, paper, rows, sheet

LINE = ContractLine(article="P1", specification="600×600", quantity="100", price="12.00")


def in_force(customer: UUID, number: str = "HT1") -> ContractTookEffect:
    return ContractTookEffect(
        number=number, customer_id=customer, kind="sales", digest="d", copies=2, sealed_by="s1", lines=[LINE],
        valid_until=date(2098, 12, 31),
    )  # fmt: skip


def amended(customer: UUID) -> ContractAmended:
    line = LINE.model_copy(update={"quantity": LINE.quantity * 2})
    return ContractAmended(
        number="HT1", customer_id=customer, amendment_id=new_id(), edition=2, digest="e", lines=[line],
        valid_until=date(2099, 6, 30),
    )  # fmt: skip


def bought(customer: UUID, number: str = "DH1") -> OrderPlaced:
    line = OrderedLine(
        article="P1", specification="600×600", model="GM", grade="优等品", colour_number="03", quantity="20",
        price="12.50", authority="price book 1",
    )  # fmt: skip
    return OrderPlaced(number=number, customer_id=customer, salesperson="u12", lines=[line], total="250.50")


async def printed(
    customers: Running, customer: UUID, who: dict[str, str] | None = None, asked: dict[str, str] | None = None
) -> str:
    who = who or customers.headers("u18", "clerk")
    answer = await customers.ask("GET", f"/customers/{customer}/tracking-sheet", who, params=asked)
    return "\n".join(pages(paper(answer, "pdf")))


async def workbook(customers: Running, customer: UUID, **asked: Any) -> bytes:
    who = customers.headers("u18", "clerk")
    params = {"format": "xlsx", **asked}
    return paper(await customers.ask("GET", f"/customers/{customer}/tracking-sheet", who, params=params), "xlsx")


async def tracked(customers: Running, who: dict[str, str] | None = None) -> dict[str, Any]:
    found = await customers.get("/tracking-sheets?limit=200", who)
    return {item["code"]: item for item in found["items"]}


async def test_every_purchase_stands_on_the_sheet_with_its_goods(customers: Running) -> None:
    """ORD-14"""
    customer, order, given_up = await known(customers, "T1"), new_id(), new_id()
    late = DeliveryLate(number="DH1", customer_id=customer, salesperson="u12", due_on=date(2026, 5, 1))
    cancelled = OrderCancelled(number="DH2", reason="改主意")
    await announce(
        customers,
        (order, [bought(customer), paid(customer), late]),
        (given_up, [bought(customer, "DH2"), cancelled]),
    )
    text = await printed(customers, customer)
    assert "DH1" in text
    assert "P1600×600×20" in text
    assert "已付清（逾期）" in text
    assert "已取消" in text
    found = rows(await workbook(customers, customer))
    purchase = next(row for row in found if "DH1" in row)
    assert purchase[1:5] == ["DH1", "P1 600×600 ×20.00", 250.5, "u12"]
    assert isinstance(purchase[0], datetime)
    assert ["合计", 1, 250.5, 0, 0] in found, "what was given up is no purchase"


async def test_contracts_and_complaints_stand_on_the_sheet(customers: Running) -> None:
    """CON-8, CUS-1"""
    customer, contract, ended, complaint = await known(customers, "T2"), new_id(), new_id(), new_id()
    filed = ComplaintFiled(
        number="TS1", kind="quality", channel="phone", customer_id=customer, received_at=NOW, respond_by=NOW,
        resolve_by=NOW, policy="p",
    )  # fmt: skip
    resolved = ComplaintResolved(
        number="TS1", kind="quality", customer_id=customer, in_time=False, summary="换货二十平方米"
    )
    await announce(
        customers,
        (contract, [in_force(customer), amended(customer)]),
        (ended, [in_force(customer, "HT2"), ContractEnded(number="HT2", reason="expired")]),
        (complaint, [filed, resolved]),
    )
    found = rows(await workbook(customers, customer))
    [first, second] = [row for row in found if str(row[0]).startswith("HT")]
    assert first[:4] == ["HT1", "购销", 2, 2400]
    assert first[5:] == [datetime(2099, 6, 30), "履行中"]  # noqa: DTZ001 - a day, as Excel has it
    assert (second[0], second[-1]) == ("HT2", "到期终止")
    [case] = [row for row in found if "TS1" in row]
    assert case[1:4] == ["TS1", "质量投诉", "电话"]
    assert case[5:7] == ["否", "换货二十平方米"]


async def test_contract_customers_and_large_customers_have_a_sheet(customers: Running) -> None:
    """CON-8"""
    ordinary = await known(customers, "T3")
    large = await customers.post("/customers", customers.headers("u18", "clerk"), some("T4", level="A"))
    under_contract = await known(customers, "T5")
    await announce(customers, (new_id(), [in_force(under_contract, "HT5")]), (new_id(), [bought(ordinary, "DH3")]))
    who = customers.headers("m1", "sales_manager")
    found = await tracked(customers, who)
    assert "T3" not in found
    assert (found["T4"]["large_customer"], found["T4"]["contract_customer"]) == (True, False)
    assert (found["T5"]["large_customer"], found["T5"]["contracts"]) == (False, 1)
    assert found["T4"]["customer_id"] == large["id"]
    assert "大客户" in await printed(customers, UUID(large["id"]))
    assert "合同客户" in await printed(customers, under_contract)
    assert "一般客户" in await printed(customers, ordinary)


def test_which_levels_are_large_is_policy() -> None:
    """CON-8"""
    policy = Policy.read()
    assert standings("A", 2, policy) == [Standing.CONTRACT, Standing.LARGE]
    assert standings("B", 0, policy) == [Standing.OCCASIONAL]


async def test_contact_data_is_masked_as_in_the_file(customers: Running) -> None:
    """CUS-9"""
    customer = await known(customers, "T6")
    assert "13900000001" in await printed(customers, customer, customers.headers("u12", "salesperson"))
    masked = await printed(customers, customer, customers.headers("q1", "quality_inspector"))
    assert "13900000001" not in masked
    assert "***" in masked


async def test_a_sheet_is_for_those_who_see_the_file(customers: Running) -> None:
    """CUS-1, CUS-9"""
    customer = await known(customers, "T7")
    path = f"/customers/{customer}/tracking-sheet"
    stranger = customers.headers("u40", "salesperson")
    assert (await customers.ask("GET", path, stranger)).status_code == 404
    another = customers.headers("c1", "customer", customer=str(new_id()))
    assert (await customers.ask("GET", path, another)).status_code == 404
    assert (await customers.ask("GET", path)).status_code == 401
    await announce(customers, (new_id(), [in_force(customer, "HT7")]))
    assert "T7" not in await tracked(customers, stranger)
    assert "T7" in await tracked(customers, customers.headers("u12", "salesperson"))
    themselves = customers.headers("c2", "customer", customer=str(customer))
    assert list(await tracked(customers, themselves)) == ["T7"]


async def test_a_period_narrows_the_sheet(customers: Running) -> None:
    """ORD-14"""
    customer = await known(customers, "T8")
    await announce(customers, (new_id(), [bought(customer, "DH8")]))
    today = datetime.now(UTC).year
    assert "DH8" in await printed(customers, customer, asked={"from": f"{today - 1}-01-01"})
    assert "DH8" not in await printed(customers, customer, asked={"to": f"{today - 1}-01-01"})
    for wrong in ({"from": "yesterday"}, {"to": "9999-12-31"}, {"format": "doc"}):
        answer = await customers.ask(
            "GET", f"/customers/{customer}/tracking-sheet", customers.headers("u18", "clerk"), params=wrong
        )
        assert answer.status_code == 422, wrong


async def test_the_workbook_is_ready_to_print_under_its_chinese_name(customers: Running) -> None:
    """CON-8"""
    customer = await known(customers, "T9")
    answer = await customers.ask(
        "GET", f"/customers/{customer}/tracking-sheet?format=xlsx", customers.headers("u18", "clerk")
    )
    assert "客户跟踪管理表-T9.xlsx" in unquote(answer.headers["content-disposition"])
    found = sheet(paper(answer, "xlsx"))
    assert int(found.page_setup.paperSize) == 9, "A4"
    assert found.page_setup.orientation == "landscape"
    assert found.sheet_properties.pageSetUpPr.fitToPage


@pytest.mark.parametrize("table", ["customers", "purchases", "service_records", "known_contracts"])
async def test_nothing_in_the_archive_is_deleted(customers: Running, table: str) -> None:
    """CON-8"""
    customer = await known(customers, f"X-{table}")
    filed = ComplaintFiled(
        number="TS9", kind="service", channel="phone", customer_id=customer, received_at=NOW, respond_by=NOW,
        resolve_by=NOW, policy="p",
    )  # fmt: skip
    await announce(
        customers, (new_id(), [bought(customer)]), (new_id(), [filed]), (new_id(), [in_force(customer, "HT9")])
    )
    with pytest.raises(asyncpg.RestrictViolationError, match="nothing in the archive is deleted"):
        await customers.pool.execute(f"DELETE FROM {table}")  # noqa: S608 - names of this test


async def test_a_contract_that_takes_effect_is_on_the_sheet_over_the_bus(house: House, customers: Running) -> None:
    """CON-8, CON-11"""
    customer = await known(customers, "T10")
    desk = Office(await house.service("contracts"))

    async def heard_of() -> bool:
        row = await desk.service.pool.fetchval("SELECT company FROM known_customers WHERE id = $1", customer)
        return row is not None

    await eventually(heard_of)
    contract = await desk.sealed(await desk.drafted(customer_id=str(customer)))

    async def listed() -> bool:
        return "T10" in await tracked(customers, customers.headers("m1", "sales_manager"))

    await eventually(listed)
    text = await printed(customers, customer)
    assert contract["number"] in text
    assert "履行中" in text
