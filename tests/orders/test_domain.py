"""The rules of orders, without I/O."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.allocation import Stocked, Taken
from services.orders.domain.article import Article
from services.orders.domain.lot import Lot
from services.orders.domain.order import Order
from services.orders.domain.paid_order import OrderStatus
from services.orders.domain.payment import PaymentKind
from services.orders.domain.price_book import PriceBook
from services.orders.domain.pricing import Prices, WantedLine
from services.orders.domain.shipment import DispatchPlan, Invoice, Papers
from services.orders.domain.stock_position import Available, StockPosition
from shared.domain.actor import Actor, Post
from shared.domain.policy import Policy
from shared.domain.refusals import NotAllowedNow, NotFound, Refusal, RuleBroken
from shared.events.orders import GoodsAllocated, LotFreed, OrderDispatched, OrderPaid, OrderReleased, PaymentGateClosed

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
POLICY = Policy.read()
SELLER, CLERK, FINANCE = (Actor(id=code, posts=frozenset({post})) for code, post in
                          (("u12", Post.SALESPERSON), ("u19", Post.CLERK), ("u17", Post.FINANCE)))  # fmt: skip
WAREHOUSE = Actor(id="u26", posts=frozenset({Post.WAREHOUSE}))
CUSTOMER = uuid4()
TODAY = NOW.date()


def article(code: str = "P61001", **changed: Any) -> Article:
    fields = {"name": "玉石", "specification": "600x600", "model": "M1", "grade": "优等品", "colour_number": "P100",
              "unit": "m²", "standard": "GB/T 4100-2015", "in_production": True}  # fmt: skip
    return Article.enter(code, **fields | changed)


def book(prices: dict[str, str] | None = None) -> PriceBook:
    return PriceBook.draft(uuid4(), {k: Decimal(v) for k, v in (prices or {"P61001": "88.00"}).items()}, CLERK, NOW)


def position(*articles: str, accepted: bool = True, at: datetime = NOW) -> StockPosition:
    lines = [Available(article=one, available=Decimal(100)) for one in articles or ("P61001",)]
    shown = StockPosition.show(uuid4(), CUSTOMER, lines, SELLER, at)
    if accepted:
        shown.accept("王先生", at)
    return shown


def order(quantity: str = "10", **changed: Any) -> Order:
    wanted = [WantedLine(article="P61001", quantity=Decimal(quantity))]
    lines = Prices(book(), None).lines(wanted, {"P61001": article()})
    fields = {"customer_id": CUSTOMER, "contract_id": None, "position": position(), "lines": lines, "requirements": "",
              "salesperson": "u12", "policy": POLICY, "by": SELLER, "at": NOW}  # fmt: skip
    return Order.place(uuid4(), **fields | changed)


def lot(left: str = "100", number: str = "L1", **changed: Any) -> Lot:
    fields: dict[str, Any] = {"article": "P61001", "colour_number": "P100", "grade": "优等品", "expires_on": None}
    return Lot.receive(number, quantity=Decimal(left), **fields | changed)


def pay(placed: Order, amount: str, by: Actor = CLERK) -> UUID:
    payment_id = uuid4()
    placed.record_payment(payment_id, PaymentKind.WIRE, Decimal(amount), "acc", str(payment_id), by, NOW)
    return payment_id


def paid(**changed: Any) -> Order:
    placed = order(**changed)
    placed.confirm_payment(pay(placed, "880.00"), FINANCE, NOW)
    return placed


def released(**changed: Any) -> Order:
    """An order that may be shipped: invoiced, planned, released."""
    ready = paid(**changed)
    prepare(ready)
    ready.release(WAREHOUSE, NOW)
    return ready


def invoice(number: str = "FP1", amount: str = "880.00") -> Invoice:
    return Invoice(
        invoice=number, title="恒美", amount=Decimal(amount), issued_on=NOW.date(), issued_by="u17", issued_at=NOW
    )


def plan(day: date = TODAY, carrier: str = "顺丰") -> DispatchPlan:
    return DispatchPlan(planned_on=day, carrier=carrier, planned_by="u26", planned_at=NOW)


def prepare(ready: Order) -> None:
    ready.issue_invoice(invoice())
    ready.plan_dispatch(plan())


def stocked(one: Lot, promised: str = "0.00", since: date = date(2026, 11, 1)) -> Stocked:
    return Stocked(one, Decimal(promised), since)


def send(ready: Order, *taken: tuple[int, Lot | Stocked, str], **papers: Any) -> None:
    """One shipment."""
    goods = [Taken(line, one if isinstance(one, Stocked) else stocked(one), Decimal(n)) for line, one, n in taken]
    complete = {"certificate": "ZB1", "invoice": None, "manual": True, "warranty_card": True}
    ready.dispatch(uuid4(), goods, Papers(**complete | papers), WAREHOUSE, NOW)


def names(placed: Order) -> list[str]:
    return [type(event).__name__ for event in placed.recorded]


def rule(refusal: pytest.ExceptionInfo[Refusal]) -> str | None:
    return refusal.value.rule


@pytest.mark.parametrize(
    "shown",
    [
        position(accepted=False),
        position("P61002"),
        position(at=NOW - timedelta(hours=25)),
        StockPosition.show(uuid4(), uuid4(), [], SELLER, NOW),
    ],
    ids=["not accepted", "another article", "a day old", "another customer's"],
)
def test_no_order_before_the_customer_has_accepted_the_stock_position(shown: StockPosition) -> None:
    """ORD-6."""
    with pytest.raises(RuleBroken) as refusal:
        order(position=shown)
    assert rule(refusal) == "ORD-6"


def test_goods_are_not_released_before_the_whole_sum_is_confirmed() -> None:
    """ORD-9: payment first, goods after."""
    placed = order()
    first, second = pay(placed, "400.00"), pay(placed, "480.00")
    placed.confirm_payment(first, FINANCE, NOW)
    with pytest.raises(RuleBroken) as refusal:
        placed.release(WAREHOUSE, NOW)
    assert rule(refusal) == "ORD-9"
    placed.confirm_payment(second, FINANCE, NOW)
    placed.release(WAREHOUSE, NOW)
    assert names(placed)[-3:] == ["PaymentConfirmed", "OrderPaid", "OrderReleased"]


def test_whoever_records_a_payment_cannot_confirm_it() -> None:
    """ORD-10: neither in person nor as somebody's delegate."""
    placed = order()
    payment = pay(placed, "880.00", FINANCE)
    for by in (FINANCE, Actor(id="u18", posts=FINANCE.posts, on_behalf_of="u17")):
        with pytest.raises(RuleBroken) as refusal:
            placed.confirm_payment(payment, by, NOW)
        assert rule(refusal) == "ORD-10"


def test_a_payment_is_confirmed_and_reversed_once() -> None:
    """ORD-10."""
    placed = order()
    payment = pay(placed, "880.00")
    placed.confirm_payment(payment, FINANCE, NOW)
    with pytest.raises(NotAllowedNow):
        placed.confirm_payment(payment, FINANCE, NOW)
    placed.reverse_payment(payment, "bounced", FINANCE, NOW)
    with pytest.raises(NotAllowedNow):
        placed.reverse_payment(payment, "bounced", FINANCE, NOW)
    with pytest.raises(NotFound):
        placed.payment(uuid4())


def test_bounced_money_closes_the_gate_again() -> None:
    """ORD-10: and the delivery order is void."""
    ready = released()
    ready.reverse_payment(ready.payments[0].id, "cheque bounced", FINANCE, NOW)
    assert isinstance(ready.recorded[-1], PaymentGateClosed)
    assert ready.delivery_order is None
    with pytest.raises(RuleBroken):
        ready.release(WAREHOUSE, NOW)


def test_money_that_bounces_after_dispatch_is_recorded_all_the_same() -> None:
    """ORD-10."""
    gone = released()
    send(gone, (1, lot(), "10"))
    gone.reverse_payment(gone.payments[0].id, "called back", FINANCE, NOW)
    assert gone.confirmed == 0
    assert gone.status is OrderStatus.DISPATCHED


def test_more_than_the_total_is_kept_as_confirmed() -> None:
    """ORD-10: overpayment is the customer's credit."""
    placed = order()
    placed.confirm_payment(pay(placed, "1000.00"), FINANCE, NOW)
    assert placed.confirmed - placed.total == Decimal("120.00")


def test_a_dispatch_takes_the_goods_from_the_lots() -> None:
    """ORD-11, ORD-12."""
    ready, first, second = released(), lot("6"), lot("100")
    send(ready, (1, first, "6"), (1, second, "4"))
    assert (first.left, second.left) == (0, 96)
    assert isinstance(ready.recorded[-1], OrderDispatched)
    assert [goods.quantity for goods in ready.goods] == [6, 4]


@pytest.mark.parametrize(
    ("goods", "expected"),
    [
        ((1, lot(), "11"), "ORD-11"),
        ((1, lot(colour_number="P107"), "10"), "ORD-12"),
        ((1, lot(grade="一级品"), "10"), "ORD-12"),
        ((1, lot(article="P61002"), "10"), "ORD-12"),
        ((1, lot("9"), "10"), "ORD-12"),
        ((1, stocked(lot("100"), "91"), "10"), "ORD-12"),
        ((1, lot(expires_on=date(2026, 11, 23)), "10"), "ORD-12"),
        ((2, lot(), "10"), None),
    ],
    ids=["too much", "another colour", "another grade", "another article", "lot too small", "promised to others",
         "expired", "no such line"],
)  # fmt: skip
def test_what_is_not_ordered_or_not_fit_is_not_shipped(goods: tuple[int, Lot, str], expected: str | None) -> None:
    """ORD-11, ORD-12."""
    with pytest.raises(Refusal) as refusal:
        send(released(), goods)
    assert rule(refusal) == expected


def test_a_lot_on_hold_is_not_shipped_until_every_hold_is_lifted() -> None:
    """ORD-12."""
    goods, one, other = lot(), uuid4(), uuid4()
    goods.hold(one)
    goods.hold(one)
    goods.hold(other)
    with pytest.raises(RuleBroken) as refusal:
        goods.issue(uuid4(), Decimal(1), NOW.date())
    assert rule(refusal) == "ORD-12"
    goods.free(one)
    goods.free(uuid4())
    with pytest.raises(RuleBroken):
        goods.issue(uuid4(), Decimal(1), NOW.date())
    goods.free(other)
    assert isinstance(goods.recorded[-1], LotFreed)
    goods.issue(uuid4(), Decimal(1), NOW.date())


def test_goods_that_have_not_left_cannot_have_arrived() -> None:
    """ORD-13."""
    with pytest.raises(NotAllowedNow):
        paid().deliver("王先生", NOW)
    gone = released()
    send(gone, (1, lot(), "10"))
    gone.deliver("王先生", NOW)
    assert gone.delivered_at == NOW


def test_an_unpaid_order_expires_and_gives_back_what_was_set_aside_for_it() -> None:
    """ORD-17."""
    placed = order()
    placed.allocate([stocked(lot())], NOW.date())
    placed.expire(NOW)
    assert names(placed)[-2:] == ["AllocationFreed", "OrderExpired"]
    assert not placed.allocations


def test_an_unpaid_order_can_be_cancelled() -> None:
    """ORD-17."""
    placed = order()
    placed.cancel("changed mind", SELLER, NOW)
    assert names(placed)[-1] == "OrderCancelled"
    with pytest.raises(NotAllowedNow):
        pay(placed, "1.00")


def test_the_evidence_names_lines_lots_dates_prices_and_people() -> None:
    """ORD-20."""
    gone = released()
    send(gone, (1, lot(), "10"))
    case = uuid4()
    gone.compile_evidence(case, "quality")
    event: Any = gone.recorded[-1]
    assert (event.complaint_id, event.goods[0].lot, event.lines[0].price) == (case, "L1", Decimal("88.00"))
    assert event.people == {"salesperson": "u12", "placed_by": "u12", "released_by": "u26", "dispatched_by": "u26"}


DEEDS = st.lists(
    st.sampled_from(
        [
            "record",
            "confirm",
            "reverse",
            "release",
            "allocate",
            "free",
            "prepare",
            "dispatch",
            "deliver",
            "late",
            "cancel",
            "expire",
        ]
    ),
    max_size=20,
)


@given(DEEDS)
def test_whatever_people_do_no_order_is_released_that_was_not_paid(deeds: list[str]) -> None:
    """ORD-9: after any sequence of attempts the money covers what is released, and versions count the events."""
    placed = order(deliver_by=NOW.date())
    for deed in deeds:
        last = placed.payments[-1].id if placed.payments else uuid4()
        try:
            match deed:
                case "record":
                    pay(placed, "500.00")
                case "confirm":
                    placed.confirm_payment(last, FINANCE, NOW)
                case "reverse":
                    placed.reverse_payment(last, "bounced", FINANCE, NOW)
                case "release":
                    placed.release(WAREHOUSE, NOW)
                case "dispatch":
                    send(placed, (1, lot(), "5"))
                case "allocate":
                    placed.allocate([stocked(lot("7"))], NOW.date())
                case "free":
                    placed.free_allocation("x")
                case "prepare":
                    prepare(placed)
                case "late":
                    placed.find_late(NOW)
                case "deliver":
                    placed.deliver("x", NOW)
                case "cancel":
                    placed.cancel("x", SELLER, NOW)
                case "expire":
                    placed.expire(NOW)
        except Refusal:
            placed = Order.model_validate(placed.model_dump())
            continue
        if any(isinstance(event, OrderReleased) for event in placed.recorded[-1:]):
            assert placed.confirmed >= placed.total
        if placed.may(OrderPaid):
            assert placed.covered < placed.total
        if placed.may(OrderDispatched):
            assert placed.released_against >= placed.total
        assert all(shipment.released_against >= placed.total for shipment in placed.shipments)
        held = sum(goods.quantity for goods in placed.allocations)
        assert placed.sent(1) + held <= placed.lines[0].quantity
        assert held == 0 or placed.may(GoodsAllocated)
        assert (placed.status is OrderStatus.DELIVERED) == (placed.delivered_at is not None)
        confirmed = sum(p.amount for p in placed.payments if p.confirmed_at and not p.reversed_at)
        assert placed.confirmed == confirmed
