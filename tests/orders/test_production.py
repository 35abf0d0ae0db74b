"""What stock cannot cover is produced: requests, their progress, and the summary (ORD-7, ORD-9)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from services.orders.api.production_plan import production_plan_form
from services.orders.domain.order import Order
from services.orders.domain.production_request import ProductionRequest
from services.orders.views.production import PlannedArticle
from shared.documents.form import Grid
from shared.domain.actor import Actor, Post
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import NotAllowedNow, Refusal, RuleBroken
from shared.events.orders import OrderedLine, Shortage
from tests.house import eventually
from tests.orders.conftest import Desk
from tests.orders.test_access import another_customer

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
TODAY = date(2026, 11, 24)
MAKER = Actor(id="u24", posts=frozenset({Post.PRODUCTION}))
LINE = OrderedLine(
    article="P61001", specification="600x600", model="M", grade="优等品", colour_number="P100",
    quantity=Decimal(100), price=Decimal("88.00"), authority="price book JG1",
)  # fmt: skip
PLACED = Order.begin(
    uuid4(), number="DH1", customer_id=uuid4(), stock_position_id=uuid4(), salesperson="u12", placed_by="u12",
    placed_at=NOW, lines=[LINE], total=Decimal(8800),
)  # fmt: skip


def short(quantity: str | Decimal) -> Shortage:
    return Shortage(line=1, article="P61001", colour_number="P100", grade="优等品", quantity=Decimal(quantity))


def requested(quantity: str = "30") -> ProductionRequest:
    return ProductionRequest.request(PLACED, short(quantity), NOW)


def started(quantity: str = "30") -> ProductionRequest:
    request = requested(quantity)
    request.plan(TODAY, TODAY, MAKER, NOW)
    request.start(MAKER, NOW, covered=Decimal(1), deposit=Decimal(1))
    return request


def names(request: ProductionRequest) -> list[str]:
    return [type(event).__name__.removeprefix("Production") for event in request.recorded]


def today() -> date:
    return datetime.now(SHANGHAI).date()


def maker(desk: Desk) -> dict[str, str]:
    return desk.shop.headers("u24", "production")


async def allocate(desk: Desk, order: dict[str, Any]) -> dict[str, Any]:
    allocated: dict[str, Any] = await desk.shop.post(f"/orders/{order['id']}/allocate", desk.seller)
    return allocated


async def request_of(desk: Desk, order: dict[str, Any], state: str = "requested") -> dict[str, Any]:
    """The production request of the order's first line, once it has come so far."""

    async def found() -> list[dict[str, Any]]:
        page = await desk.shop.get(f"/production-requests?order_id={order['id']}&state={state}")
        items: list[dict[str, Any]] = page["items"]
        return items

    return (await eventually(found))[0]


async def planned(desk: Desk, request: dict[str, Any], days: int = 5) -> dict[str, Any]:
    body = {"starts_on": today().isoformat(), "ready_on": (today() + timedelta(days=days)).isoformat()}
    done: dict[str, Any] = await desk.shop.post(f"/production-requests/{request['id']}/plan", maker(desk), body)
    return done


async def finished(desk: Desk, request: dict[str, Any], quantity: str) -> dict[str, Any]:
    body = {"lot": f"SC-{uuid4().hex[:8]}", "quantity": quantity}
    done: dict[str, Any] = await desk.shop.post(f"/production-requests/{request['id']}/finish", maker(desk), body)
    return done


def test_a_new_allocation_changes_what_is_not_begun_and_adds_to_what_is() -> None:
    """ORD-7: for the shortage only; what is being made is made."""
    request = requested()
    request.adjust(short("30"), NOW)
    assert names(request) == ["Requested"]
    request.adjust(short("20"), NOW)
    assert (names(request)[-1], request.quantity) == ("Changed", 20)
    running = started()
    running.adjust(short("20"), NOW)
    assert (names(running)[-1], running.quantity) == ("Started", 30)
    running.adjust(short("40"), NOW)
    assert (names(running)[-1], running.quantity) == ("Changed", 40)
    running.cancel("the order expired")
    assert running.status == "started"


def test_what_is_short_again_is_requested_anew() -> None:
    """ORD-7."""
    cancelled = requested()
    cancelled.plan(TODAY, TODAY, MAKER, NOW)
    cancelled.cancel("stock covers it")
    cancelled.adjust(short("5"), NOW)
    assert (names(cancelled)[-1], cancelled.quantity, cancelled.ready_on) == ("Requested", 5, None)
    done = started()
    done.finish(uuid4(), "L1", Decimal(28), MAKER, NOW)
    done.adjust(short("2"), NOW)
    assert (done.status, done.quantity, done.finished) == ("requested", 2, 28)


def test_production_starts_after_it_was_planned_and_the_deposit_is_confirmed() -> None:
    """ORD-7, ORD-9."""
    request = requested()
    with pytest.raises(NotAllowedNow):
        request.start(MAKER, NOW, covered=Decimal(1), deposit=Decimal(0))
    for starts_on, ready_on in ((TODAY - timedelta(days=1), TODAY), (TODAY, TODAY - timedelta(days=1))):
        with pytest.raises(RuleBroken) as refusal:
            request.plan(starts_on, ready_on, MAKER, NOW)
        assert refusal.value.rule == "ORD-7"
    request.plan(TODAY, TODAY, MAKER, NOW)
    with pytest.raises(RuleBroken) as refusal:
        request.start(MAKER, NOW, covered=Decimal("2639.99"), deposit=Decimal("2640.00"))
    assert refusal.value.rule == "ORD-9"
    request.start(MAKER, NOW, covered=Decimal("2640.00"), deposit=Decimal("2640.00"))
    assert request.status == "started"


DEEDS = st.lists(
    st.tuples(st.sampled_from(["adjust", "cancel", "plan", "start", "broke", "finish"]), st.integers(1, 100)),
    max_size=12,
)


@given(DEEDS)
def test_whatever_happens_no_more_is_asked_for_than_the_line_orders(deeds: list[tuple[str, int]]) -> None:
    """ORD-7, ORD-9: nothing starts without its deposit, what was made stays counted."""
    request, made = requested(), Decimal(0)
    for deed, number in deeds:
        status = request.status
        try:
            match deed:
                case "adjust":
                    request.adjust(short(Decimal(number)), NOW)
                case "cancel":
                    request.cancel("x")
                case "plan":
                    request.plan(TODAY, TODAY, MAKER, NOW)
                case "start" | "broke":
                    request.start(MAKER, NOW, covered=Decimal(deed == "start"), deposit=Decimal(1))
                    assert (deed, status) == ("start", "planned")
                case "finish":
                    request.finish(uuid4(), "L1", Decimal(number), MAKER, NOW)
                    made += number
        except Refusal:
            request = ProductionRequest.model_validate(request.model_dump())
        assert request.quantity <= request.ordered
        assert request.finished == made == sum(lot.quantity for lot in request.made)


async def test_what_stock_cannot_cover_is_requested_of_production(shelf: Desk) -> None:
    """ORD-7: for the shortage only, over the service's own stream."""
    await shelf.new_lot("70")
    order = await allocate(shelf, await shelf.place("100"))
    assert [each["quantity"] for each in order["shortages"]] == ["30.00"]
    request = await request_of(shelf, order)
    assert (request["quantity"], request["ordered"], request["order_number"]) == ("30.00", "100.00", order["number"])
    assert request["id"] == str(ProductionRequest.id_of(UUID(order["id"]), 1))
    await shelf.new_lot("10")
    await allocate(shelf, order)

    async def changed() -> bool:
        return bool((await shelf.shop.announced(request["id"]))[-1] == "changed")

    await eventually(changed)
    assert (await shelf.shop.get(f"/production-requests/{request['id']}"))["quantity"] == "20.00"
    await shelf.new_lot("50")
    await allocate(shelf, order)
    assert (await request_of(shelf, order, "cancelled"))["cancelled_because"] == "stock covers it"


async def test_an_order_that_stock_covers_asks_nothing_of_production(shelf: Desk) -> None:
    """ORD-7."""
    await shelf.new_lot("100")
    covered = await allocate(shelf, await shelf.place("60"))
    uncovered = await allocate(shelf, await shelf.place("60"))
    assert (await request_of(shelf, uncovered))["quantity"] == "20.00"  # heard after the other one
    assert (await shelf.shop.get(f"/production-requests?order_id={covered['id']}"))["items"] == []


async def test_production_waits_for_the_money_and_its_goods_come_into_stock(shelf: Desk) -> None:
    """ORD-7, ORD-9, ORD-12: planned, started against money, finished into a lot that the order is given."""
    order = await allocate(shelf, await shelf.place("40"))
    request = await request_of(shelf, order)
    path = f"/production-requests/{request['id']}"
    for verb, body in (("plan", {"starts_on": "2099-01-01", "ready_on": "2099-01-02"}), ("start", {})):
        assert (await shelf.shop.refused(f"{path}/{verb}", shelf.seller, body))["status"] == 403
    assert (await shelf.shop.refused(f"{path}/start", maker(shelf)))["status"] == 409
    await planned(shelf, request)
    assert (await shelf.shop.refused(f"{path}/start", maker(shelf)))["rule"] == "ORD-9"
    await shelf.confirmed(order)
    assert (await shelf.shop.post(f"{path}/start", maker(shelf)))["status"] == "started"
    done = await finished(shelf, request, "45")
    lot = await shelf.shop.get(f"/lots/{done['made'][0]['lot_id']}")
    assert (lot["left"], lot["article"], lot["colour_number"]) == ("45.00", shelf.article["article"], "P1")
    names = ["requested", "planned", "started", "finished"]
    assert await shelf.shop.announced(request["id"]) == names
    waited = await shelf.shop.get(f"/orders/{order['id']}")
    assert ([each["lot_id"] for each in waited["allocations"]], waited["shortages"]) == ([lot["id"]], [])
    assert waited["allocations"][0]["quantity"] == "40.00"


async def made(desk: Desk, order: dict[str, Any], quantity: str) -> dict[str, Any]:
    """Goods for an order that is paid and short of them."""
    await desk.confirmed(order)
    request = await request_of(desk, order)
    await planned(desk, request)
    await desk.shop.post(f"/production-requests/{request['id']}/start", maker(desk))
    return await finished(desk, request, quantity)


async def test_goods_that_are_made_go_to_the_order_that_waits_for_them_and_to_nobody_before_it(shelf: Desk) -> None:
    """ORD-7: in the same moment, so that nobody gets in between; what is still short is requested anew."""
    order = await allocate(shelf, await shelf.place("40"))
    done = await made(shelf, order, "30")
    lot = await shelf.shop.get(f"/lots/{done['made'][0]['lot_id']}")
    assert lot["allocated"] == "30.00"
    waits = await shelf.shop.get(f"/orders/{order['id']}")
    assert [one["quantity"] for one in waits["shortages"]] == ["10.00"]
    assert (await request_of(shelf, order))["quantity"] == "10.00"
    rival = await allocate(shelf, await shelf.place("5"))
    assert rival["allocations"] == []


async def test_goods_made_for_an_order_that_wants_none_any_more_are_there_for_others(shelf: Desk) -> None:
    """ORD-7, ORD-17: given up, or given back on purpose."""
    order = await allocate(shelf, await shelf.place("40"))
    await shelf.confirmed(order)
    request = await request_of(shelf, order)
    await planned(shelf, request)
    await shelf.shop.post(f"/production-requests/{request['id']}/start", maker(shelf))
    await shelf.shop.post(f"/orders/{order['id']}/cancel", shelf.seller, {"reason": "不要了"})
    body = {"lot": f"SC-{uuid4().hex[:8]}", "quantity": "40"}
    path, key = f"/production-requests/{request['id']}/finish", {"Idempotency-Key": uuid4().hex}
    done = await shelf.shop.post(path, maker(shelf), body, headers=key)
    assert await shelf.shop.post(path, maker(shelf), body, headers=key) == done
    assert (await shelf.shop.get(f"/lots/{done['made'][0]['lot_id']}"))["allocated"] == "0.00"
    assert (await shelf.shop.get(f"/orders/{order['id']}"))["allocations"] == []


async def test_whoever_waits_longest_is_first_in_the_list_when_stock_is_there(shelf: Desk) -> None:
    """ORD-7: a person allocates; the list says whose turn it is."""
    first, second = [await allocate(shelf, await shelf.place(quantity)) for quantity in ("40", "30")]
    await request_of(shelf, first)
    await request_of(shelf, second)
    path = f"/production-requests?article={shelf.article['article']}"

    async def waiting(there: str) -> list[str]:
        found = await shelf.shop.get(f"{path}&stock_is_there={there}", shelf.warehouse)
        return [one["order_number"] for one in found["items"]]

    numbers = sorted([first["number"], second["number"]])
    assert (await waiting("true"), sorted(await waiting("false"))) == ([], numbers)
    await shelf.new_lot("35", colour="P2")
    assert await waiting("true") == []  # another colour number does not mend a line
    await shelf.new_lot("35", expires="2026-01-01")
    assert await waiting("true") == []
    await shelf.new_lot("35")
    assert (sorted(await waiting("true")), await waiting("false")) == (numbers, [])
    mine = f"{path}&stock_is_there=true&order_id={first['id']}"
    assert [one["order_id"] for one in (await shelf.shop.get(mine))["items"]] == [first["id"]]
    await allocate(shelf, first)
    assert await waiting("true") == []


async def test_a_lot_number_that_stock_has_is_not_used_again(shelf: Desk) -> None:
    """ORD-12."""
    lot = await shelf.new_lot("1")
    order = await allocate(shelf, await shelf.place("40"))
    request = await request_of(shelf, order)
    await shelf.confirmed(order)
    await planned(shelf, request)
    path = f"/production-requests/{request['id']}"
    await shelf.shop.post(f"{path}/start", maker(shelf))
    problem = await shelf.shop.refused(f"{path}/finish", maker(shelf), {"lot": lot["lot"], "quantity": "39"})
    assert problem["rule"] == "ORD-12"
    assert (await shelf.shop.get(path))["status"] == "started"
    body = {"lot": f"SC-{uuid4().hex[:8]}", "quantity": "39"}
    answers = await asyncio.gather(
        *(shelf.shop.ask("POST", f"{path}/finish", maker(shelf), json=body) for _ in range(3))
    )
    done, *refused = sorted(answer.status_code for answer in answers)
    assert done == 200
    assert set(refused) <= {
        409,
        422,
    }  # it is finished already, or the lot has come in already: whichever was seen first
    shown = await shelf.shop.get(path)
    assert (shown["finished"], len(shown["made"])) == ("39.00", 1)
    assert await shelf.shop.announced(shown["made"][0]["lot_id"]) == ["received"]


async def test_an_order_that_comes_to_nothing_is_not_produced_unless_it_has_begun(shelf: Desk) -> None:
    """ORD-7, ORD-17."""
    given_up = await allocate(shelf, await shelf.place("40"))
    await planned(shelf, await request_of(shelf, given_up))
    await shelf.shop.post(f"/orders/{given_up['id']}/cancel", shelf.seller, {"reason": "客户改型号"})
    assert (await request_of(shelf, given_up, "cancelled"))["cancelled_because"] == "客户改型号"
    expired = await allocate(shelf, await shelf.place("40"))
    request = await request_of(shelf, expired)

    async def time_is_over() -> bool:
        await shelf.shop.pool.execute("UPDATE timers SET due_at = now() WHERE owner = $1", expired["id"])
        return "expired" in await shelf.shop.announced(expired["id"])

    await eventually(time_is_over)
    await request_of(shelf, expired, "cancelled")
    path = f"/production-requests/{request['id']}"
    body = {"starts_on": today().isoformat(), "ready_on": today().isoformat()}
    assert (await shelf.shop.refused(f"{path}/plan", maker(shelf), body))["status"] == 409


async def test_production_does_not_begin_for_an_order_whose_money_has_gone(shelf: Desk) -> None:
    """ORD-9, ORD-10, ORD-17: after a reversal, or while a refund is asked for, production does not begin."""
    reversed_, refunding = [await shelf.confirmed(await shelf.place("40")) for _ in range(2)]
    for order in (reversed_, refunding):
        await planned(shelf, await request_of(shelf, await allocate(shelf, order)))
    payment = reversed_["payments"][0]["id"]
    await shelf.shop.post(f"/orders/{reversed_['id']}/payments/{payment}/reverse", shelf.finance, {"reason": "退票"})
    await shelf.shop.post(f"/orders/{refunding['id']}/cancel", shelf.seller, {"reason": "不要了"})
    for order, status in ((reversed_, 422), (refunding, 409)):
        request = await request_of(shelf, order, "planned")
        problem = await shelf.shop.refused(f"/production-requests/{request['id']}/start", maker(shelf))
        assert problem["status"] == status


async def test_production_begins_or_the_order_is_given_up_and_neither_is_lost(shelf: Desk) -> None:
    """ORD-7, ORD-17: at the same time."""
    for _ in range(3):
        order = await shelf.confirmed(await shelf.place("40"))
        request = await request_of(shelf, await allocate(shelf, order))
        await planned(shelf, request)
        start, cancel = await asyncio.gather(
            shelf.shop.ask("POST", f"/production-requests/{request['id']}/start", maker(shelf), json={}),
            shelf.shop.ask("POST", f"/orders/{order['id']}/cancel", shelf.seller, json={"reason": "不要了"}),
        )
        assert cancel.status_code == 200, cancel.text
        assert start.status_code in (200, 409), start.text
        shown = await shelf.shop.get(f"/production-requests/{request['id']}")
        assert shown["status"] == ("started" if start.status_code == 200 else "planned")


async def test_progress_is_shown_to_those_whose_order_it_is(shelf: Desk) -> None:
    """ORD-7, PLT-3."""
    order = await allocate(shelf, await shelf.place("40"))
    request = await request_of(shelf, order)
    path = f"/production-requests/{request['id']}"
    own = shelf.shop.headers("c1", "customer", customer=shelf.customer)
    assert (await shelf.shop.get(path, own))["status"] == "requested"
    assert [each["id"] for each in (await shelf.shop.get("/production-requests", own))["items"]] == [request["id"]]
    listed = await shelf.shop.get(f"/production-requests?article={shelf.article['article']}", shelf.seller)
    assert [each["id"] for each in listed["items"]] == [request["id"]]
    stranger = shelf.shop.headers("c2", "customer", customer=await another_customer(shelf))
    for who in (stranger, shelf.shop.headers("u13", "salesperson")):
        assert (await shelf.shop.ask("GET", path, who)).status_code == 403
        listed = await shelf.shop.get(f"/production-requests?order_id={order['id']}", who)
        assert listed["items"] == []


async def test_the_database_asks_for_no_more_than_was_ordered(shelf: Desk) -> None:
    """ORD-7: whatever the code does."""
    request = await request_of(shelf, await allocate(shelf, await shelf.place("40")))
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-7"):
        await shelf.shop.pool.execute(
            'UPDATE production_requests SET document = document || \'{"quantity": "40.01"}\' WHERE id = $1',
            request["id"],
        )


async def reported(desk: Desk) -> dict[str, Any]:
    period = f"from={today()}&to={today()}"
    report = await desk.shop.get(f"/reports/production-plan?{period}")
    return next(row for row in report["items"] if row["article"] == desk.article["article"])


async def test_the_production_plan_sums_up_orders_and_production(shelf: Desk) -> None:
    """ORD-7: 订货排产情况汇总表, by article, colour number and grade, as JSON, CSV, XLSX and PDF."""
    await shelf.new_lot("70")
    first = await allocate(shelf, await shelf.place("100"))
    second = await allocate(shelf, await shelf.place("50"))
    request, other = await request_of(shelf, first), await request_of(shelf, second)
    row = await reported(shelf)
    assert (row["ordered"], row["allocated"], row["short"], row["unplanned"]) == ("150.00", "70.00", "80.00", "80.00")
    assert (row["orders"], sorted(row["order_numbers"])) == (2, sorted([first["number"], second["number"]]))
    assert (row["in_stock"], row["colour_number"], row["grade"], row["unit"]) == ("70.00", "P1", "优等品", "m²")
    await planned(shelf, request)
    await planned(shelf, other, days=9)
    await shelf.confirmed(first)
    await shelf.shop.post(f"/production-requests/{request['id']}/start", maker(shelf))
    row = await reported(shelf)
    assert (row["unplanned"], row["planned"], row["started"]) == ("0.00", "50.00", "30.00")
    assert row["ready_on"] == (today() + timedelta(days=9)).isoformat()
    await finished(shelf, request, "30")
    row = await reported(shelf)
    assert (row["started"], row["finished"], row["in_stock"]) == ("0.00", "30.00", "100.00")
    await shelf.shop.post(f"/orders/{second['id']}/cancel", shelf.seller, {"reason": "不要了"})
    await request_of(shelf, second, "cancelled")
    assert (await reported(shelf))["ordered"] == "100.00"


def test_square_metres_and_pieces_are_not_added_up() -> None:
    """ORD-7."""
    row = PlannedArticle(
        "P1", "砖", "600x600", "P1", "优等品", "m²", *[Decimal(1)] * 8, None, None, 3, ["DH1", "DH2", "DH3"]
    )
    form = production_plan_form([row, row, row._replace(unit="片")], TODAY, TODAY, "示范", NOW)
    grids = [section for section in form.sections if isinstance(section, Grid)]
    assert not grids[0].totals
    assert [list(each[:2]) for each in grids[1].rows] == [["m²", Decimal(2)], ["片", Decimal(1)]]
    assert grids[0].rows[0][-1] == "DH1、DH2 等 3 单"


async def test_the_production_plan_is_a_form_an_office_takes(shelf: Desk) -> None:
    """ORD-7."""
    await request_of(shelf, await allocate(shelf, await shelf.place("40")))
    path, who = f"/reports/production-plan?from={today()}&to={today()}", maker(shelf) | {"Accept-Language": "zh"}
    pdf = await shelf.shop.ask("GET", f"{path}&format=pdf", who)
    assert pdf.content.startswith(b"%PDF-")
    book = load_workbook(BytesIO((await shelf.shop.ask("GET", f"{path}&format=xlsx", who)).content))
    cells = {cell.value for row in book.worksheets[0].iter_rows() for cell in row}
    assert {"订货排产情况汇总表", "欠货", shelf.article["article"]} <= cells
    text = (await shelf.shop.ask("GET", f"{path}&format=csv", who)).content.decode("utf-8-sig")
    assert text.startswith("货号,品名,规格,色号,等级,单位,现有库存,订货数量,已配现货,欠货,待排产,已排产,生产中,已完工,")
    for bad in ("from=2026-01-02&to=2026-01-01", "from=2026-01-01", "from=x&to=y", "from=0001-01-01&to=9999-12-31"):
        assert (await shelf.shop.ask("GET", f"/reports/production-plan?{bad}", who)).status_code == 422
    customer = shelf.shop.headers("c1", "customer", customer=shelf.customer)
    assert (await shelf.shop.ask("GET", path, customer)).status_code == 403
