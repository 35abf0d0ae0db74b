"""Where the price of a line comes from, without I/O (ORD-1 … ORD-3, ORD-8, ORD-19)."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.price_book import PriceBook
from services.orders.domain.pricing import Prices, WantedLine
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotFound, RuleBroken
from shared.events.contracts import ContractLine
from tests.orders.test_domain import CUSTOMER, NOW, SELLER, article, book, order, rule


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
    found = Prices(book(), None).self_made([wanted])
    assert found
    assert found[:3] == ("P61001", Decimal("87.99"), Decimal("88.00"))
    assert not Prices(book(), None).self_made(
        [WantedLine(article="P61001", quantity=Decimal(1), price=Decimal("88.00"))]
    )
    unknown = WantedLine(article="X", quantity=Decimal(1), price=Decimal(1))
    found = Prices(None, None).self_made([unknown])
    assert found
    assert found[:3] == ("X", Decimal("1.00"), None)


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
