"""The rules of orders, without I/O."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.article import Article
from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.lot import Lot
from services.orders.domain.order import Order
from services.orders.domain.paid_order import OrderStatus
from services.orders.domain.payment import PaymentKind
from services.orders.domain.price_book import PriceBook
from services.orders.domain.pricing import Prices, WantedLine
from services.orders.domain.stock_position import Available, StockPosition
from shared.domain.actor import Actor, Post
from shared.domain.policy import Policy
from shared.domain.refusals import Forbidden, NotAllowedNow, NotFound, Refusal, RuleBroken
from shared.events.contracts import ContractLine
from shared.events.orders import LotFreed, OrderDispatched, OrderPaid, OrderReleased, PaymentGateClosed

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
POLICY = Policy.read()
SELLER, CLERK, FINANCE = (Actor(id=code, posts=frozenset({post})) for code, post in
                          (("u12", Post.SALESPERSON), ("u19", Post.CLERK), ("u17", Post.FINANCE)))  # fmt: skip
WAREHOUSE = Actor(id="u26", posts=frozenset({Post.WAREHOUSE}))
CUSTOMER = uuid4()


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


def lot(left: str = "100", **changed: Any) -> Lot:
    fields: dict[str, Any] = {"article": "P61001", "colour_number": "P100", "grade": "优等品", "expires_on": None}
    return Lot.receive("L1", quantity=Decimal(left), **fields | changed)


def pay(placed: Order, amount: str, by: Actor = CLERK) -> UUID:
    payment_id = uuid4()
    placed.record_payment(payment_id, PaymentKind.WIRE, Decimal(amount), "acc", str(payment_id), by, NOW)
    return payment_id


def paid() -> Order:
    placed = order()
    placed.confirm_payment(pay(placed, "880.00"), FINANCE, NOW)
    return placed


def released() -> Order:
    ready = paid()
    ready.release(WAREHOUSE, NOW)
    return ready


def names(placed: Order) -> list[str]:
    return [type(event).__name__ for event in placed.recorded]


def rule(refusal: pytest.ExceptionInfo[Refusal]) -> str | None:
    return refusal.value.rule


def test_an_order_takes_its_price_from_the_price_book() -> None:
    """ORD-3, ORD-5."""
    placed = order()
    assert placed.lines[0].price == Decimal("88.00")
    assert placed.lines[0].authority.startswith("price book JG")
    assert placed.total == Decimal("880.00")


def test_the_contract_comes_before_the_price_book() -> None:
    """ORD-3, ORD-19."""
    line = ContractLine(article="P61001", specification="600x600", quantity=Decimal(50), price=Decimal("70.00"))
    allowance = ContractAllowance.open(uuid4(), "HT1", CUSTOMER, [line], date(2027, 1, 1))
    prices = Prices(book(), allowance)
    assert prices.of("P61001") == (Decimal("70.00"), "contract HT1")
    assert prices.self_made([WantedLine(article="P61001", quantity=Decimal(1), price=Decimal("88.00"))])


def test_a_price_of_ones_own_is_found_out() -> None:
    """ORD-3."""
    wanted = WantedLine(article="P61001", quantity=Decimal(1), price=Decimal("87.99"))
    assert Prices(book(), None).self_made([wanted]) == ("P61001", Decimal("87.99"), Decimal("88.00"))
    assert not Prices(book(), None).self_made(
        [WantedLine(article="P61001", quantity=Decimal(1), price=Decimal("88.00"))]
    )
    unknown = WantedLine(article="X", quantity=Decimal(1), price=Decimal(1))
    assert Prices(None, None).self_made([unknown]) == ("X", Decimal("1.00"), None)


def test_an_unknown_unpriced_or_untried_article_cannot_be_ordered() -> None:
    """ORD-1, ORD-3, ORD-8."""
    wanted = [WantedLine(article="P61001", quantity=Decimal(1))]
    with pytest.raises(NotFound):
        Prices(book(), None).lines(wanted, {})
    with pytest.raises(RuleBroken) as refusal:
        Prices(None, None).lines(wanted, {"P61001": article()})
    assert rule(refusal) == "ORD-3"
    with pytest.raises(RuleBroken) as refusal:
        Prices(book(), None).lines(wanted, {"P61001": article(in_production=False)})
    assert rule(refusal) == "ORD-8"


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
    gone.dispatch([(1, lot(), Decimal(10))], "ZB1", WAREHOUSE, NOW)
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
    ready.dispatch([(1, first, Decimal(6)), (1, second, Decimal(4))], "ZB1", WAREHOUSE, NOW)
    assert (first.left, second.left) == (0, 96)
    assert isinstance(ready.recorded[-1], OrderDispatched)
    assert [goods.quantity for goods in ready.goods] == [6, 4]


@pytest.mark.parametrize(
    ("goods", "expected"),
    [
        ([(1, lot(), Decimal(9))], "ORD-11"),
        ([(1, lot(colour_number="P107"), Decimal(10))], "ORD-12"),
        ([(1, lot(grade="一级品"), Decimal(10))], "ORD-12"),
        ([(1, lot(article="P61002"), Decimal(10))], "ORD-12"),
        ([(1, lot("9"), Decimal(10))], "ORD-12"),
        ([(1, lot(expires_on=date(2026, 11, 23)), Decimal(10))], "ORD-12"),
        ([(2, lot(), Decimal(10))], None),
    ],
    ids=[
        "too little",
        "another colour",
        "another grade",
        "another article",
        "lot too small",
        "expired",
        "no such line",
    ],
)
def test_what_is_not_ordered_or_not_fit_is_not_shipped(
    goods: list[tuple[int, Lot, Decimal]], expected: str | None
) -> None:
    """ORD-11, ORD-12."""
    with pytest.raises(Refusal) as refusal:
        released().dispatch(goods, "ZB1", WAREHOUSE, NOW)
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
    gone.dispatch([(1, lot(), Decimal(10))], "ZB1", WAREHOUSE, NOW)
    gone.deliver("王先生", NOW)
    assert gone.delivered_at == NOW


def test_an_unpaid_order_expires_and_a_part_paid_one_does_not() -> None:
    """ORD-17."""
    placed = order()
    assert placed.timers == {"expire": NOW + POLICY.orders.payment_expiry}
    placed.expire(NOW)
    assert names(placed)[-1] == "OrderExpired"
    part = order()
    part.confirm_payment(pay(part, "1.00"), FINANCE, NOW)
    part.expire(NOW)
    assert part.status is OrderStatus.AWAITING_PAYMENT
    with pytest.raises(RuleBroken) as refusal:
        part.cancel("changed mind")
    assert rule(refusal) == "ORD-17"


def test_an_unpaid_order_can_be_cancelled() -> None:
    placed = order()
    placed.cancel("changed mind")
    assert placed.timers == {"expire": None}
    with pytest.raises(NotAllowedNow):
        pay(placed, "1.00")


def test_the_evidence_names_lines_lots_dates_prices_and_people() -> None:
    """ORD-20."""
    gone = released()
    gone.dispatch([(1, lot(), Decimal(10))], "ZB1", WAREHOUSE, NOW)
    case = uuid4()
    gone.compile_evidence(case, "quality")
    event: Any = gone.recorded[-1]
    assert (event.complaint_id, event.goods[0].lot, event.lines[0].price) == (case, "L1", Decimal("88.00"))
    assert event.people == {"salesperson": "u12", "placed_by": "u12", "released_by": "u26", "dispatched_by": "u26"}


def test_a_contract_gives_what_it_leaves_open_and_no_more() -> None:
    """ORD-19."""
    line = ContractLine(article="P61001", specification="s", quantity=Decimal(50), price=Decimal("70.00"))
    allowance = ContractAllowance.open(uuid4(), "HT1", CUSTOMER, [line], date(2026, 12, 31))
    today = NOW.date()
    allowance.draw(uuid4(), CUSTOMER, [("P61001", Decimal(30)), ("P61001", Decimal(20))], today)
    for customer, wanted in ((CUSTOMER, "P61001"), (CUSTOMER, "P61002"), (uuid4(), "P61001")):
        with pytest.raises(RuleBroken) as refusal:
            allowance.draw(uuid4(), customer, [(wanted, Decimal(1))], today)
        assert rule(refusal) == "ORD-19"
    with pytest.raises(RuleBroken):
        allowance.draw(uuid4(), CUSTOMER, [], date(2027, 1, 1))
    allowance.close("ended")
    with pytest.raises(RuleBroken):
        allowance.draw(uuid4(), CUSTOMER, [], today)
    assert allowance.price("P61002") is None


def test_a_price_book_is_approved_by_another_person_and_is_in_force_at_once_or_later() -> None:
    """ORD-2."""
    director = Actor(id="u05", posts=frozenset({Post.SALES_DIRECTOR}))
    drafted = PriceBook.draft(uuid4(), {"A": Decimal(1)}, director, NOW)
    with pytest.raises(RuleBroken) as refusal:
        drafted.approve(director, None, NOW)
    assert rule(refusal) == "ORD-2"
    with pytest.raises(Forbidden):
        book().approve(SELLER, None, NOW)
    fine = book()
    fine.approve(director, NOW - timedelta(days=1), NOW)
    assert fine.effective_at == NOW
    later = book()
    later.approve(director, NOW + timedelta(days=1), NOW)
    assert later.effective_at == NOW + timedelta(days=1)


DEEDS = st.lists(
    st.sampled_from(["record", "confirm", "reverse", "release", "dispatch", "deliver", "cancel", "expire"]), max_size=14
)


@given(DEEDS)
def test_whatever_people_do_no_order_is_released_that_was_not_paid(deeds: list[str]) -> None:
    """ORD-9: after any sequence of attempts the money covers what is released, and versions count the events."""
    placed = order()
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
                    placed.dispatch([(1, lot(), Decimal(10))], "ZB1", WAREHOUSE, NOW)
                case "deliver":
                    placed.deliver("x", NOW)
                case "cancel":
                    placed.cancel("x")
                case "expire":
                    placed.expire(NOW)
        except Refusal:
            placed = Order.model_validate(placed.model_dump())
            continue
        if any(isinstance(event, OrderReleased) for event in placed.recorded[-1:]):
            assert placed.confirmed >= placed.total
        if placed.may(OrderPaid):
            assert placed.confirmed < placed.total
        if placed.may(OrderDispatched):
            assert placed.released_against >= placed.total
        confirmed = sum(p.amount for p in placed.payments if p.confirmed_at and not p.reversed_at)
        assert placed.confirmed == confirmed
