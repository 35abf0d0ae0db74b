"""An orders service with a database and a bus of its own, in which days of the past can be lived and closed."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from deploy.local.jetstream import NatsServer
from services.orders.app import create_app
from services.orders.domain.order import Order
from services.orders.domain.payment import PaymentKind
from services.orders.domain.stock_position import Available, StockPosition
from shared.domain.actor import Actor, Post
from shared.domain.numbers import SHANGHAI
from shared.domain.policy import Policy
from shared.events.customers import CustomerRegistered
from shared.events.envelope import Occasion, new_id
from shared.events.orders import IssuedGoods, OrderedLine, ShipmentDispatched
from shared.settings import Role
from tests.hearing import tell
from tests.house import House, Running, eventually, from_wheel, new_database, running

FINANCE = Actor(id="u17", posts=frozenset({Post.FINANCE}))
WAREHOUSE = Actor(id="u26", posts=frozenset({Post.WAREHOUSE}))
POLICY = Policy.read()

Line = tuple[str, str, str]  # article, quantity, price


class Books:
    """The house whose days are lived. Every test takes months of its own, later than those of the test before."""

    def __init__(self, shop: Running, customer_id: UUID) -> None:
        self.shop, self.customer_id = shop, customer_id
        self.manager = shop.headers("u09", "sales_manager")
        self.finance = shop.headers("u17", "finance")
        self.auditor = shop.headers("u30", "auditor")
        self._months = count(24_000)  # of the years since 0: from 2000 on

    def month(self) -> date:
        """The first day of a month that no test has used."""
        year, month = divmod(next(self._months), 12)
        return date(year, month + 1, 1)

    async def sell(
        self, day: date, *lines: Line, seller: str = "u12", store: str | None = "S1", hour: int = 10,
        customer_id: UUID | None = None,
    ) -> Order:  # fmt: skip
        """An order placed on that day; it is in the ledger when this returns."""
        at, by = moment(day, hour), Actor(id=seller, posts=frozenset({Post.SALESPERSON}), store=store)
        customer = customer_id or self.customer_id
        ordered = [
            OrderedLine(
                article=article, specification="800x800", model="M1", grade="优等品", colour_number="P1",
                quantity=Decimal(quantity), price=Decimal(price), authority="price book",
            )
            for article, quantity, price in lines or [("A-1", "10", "88.00")]
        ]  # fmt: skip
        shown = [Available(article=line.article, available=Decimal(0)) for line in ordered]
        position = StockPosition.show(new_id(), customer, shown, by, at)
        position.accept("Wang", at)
        order = Order.place(
            new_id(), customer_id=customer, contract_id=None, position=position, lines=ordered, requirements="",
            salesperson=seller, policy=POLICY, by=by, at=at,
        )  # fmt: skip
        return await self.keep(order, at)

    async def keep(self, order: Order, at: datetime) -> Order:
        """What has happened to the order happened at that time; it is in the ledger when this returns."""
        await self.shop.app.state.store.save(order, Occasion("u12", at, new_id()))

        async def heard() -> bool:
            found = "SELECT version FROM inbox WHERE entity_id = $1 AND entity = 'orders.order'"
            return bool(await self.shop.pool.fetchval(found, order.id) == order.version)

        await eventually(heard)
        return order

    async def pay(self, order: Order, at: datetime, amount: str | None = None) -> UUID:
        """Money recorded and confirmed at that time."""
        payment = new_id()
        recorded_by = Actor(id="u19", posts=frozenset({Post.CLERK}))
        sum_ = Decimal(amount) if amount else order.total
        order.record_payment(payment, PaymentKind.WIRE, sum_, "6222", str(payment), recorded_by, at)
        order.confirm_payment(payment, FINANCE, at)
        await self.keep(order, at)
        return payment

    async def ship(self, order: Order, at: datetime, *goods: tuple[int, str]) -> None:
        """A shipment of so much of these lines of an order that is paid."""
        if order.delivery_order is None:
            order.release(WAREHOUSE, at)
        left = [
            IssuedGoods(line=line, article=order.lines[line - 1].article, lot_id=uuid4(), lot="L", quantity=Decimal(q))
            for line, q in goods
        ]
        event = ShipmentDispatched(
            number=order.number, customer_id=order.customer_id, shipment_id=uuid4(), shipment=1,
            delivery_order=order.delivery_order or "", certificate="Z", invoice="F", goods=left,
        )  # fmt: skip
        order.record(event)
        await self.keep(order, at)

    async def close(self, begins_on: date, kind: str = "daily", **more: Any) -> dict[str, Any]:
        report: dict[str, Any] = await self.shop.post(
            "/reports/sales", self.manager, {"kind": kind, "begins_on": str(begins_on)}, **more
        )
        return report

    async def entries(self, first: date, last: date | None = None, query: str = "") -> list[dict[str, Any]]:
        answer = await self.shop.get(f"/reports/ledger?from={first}&to={last or first}{query}", self.manager)
        items: list[dict[str, Any]] = answer["items"]
        return items

    async def sums(self, by: str, first: date, last: date, query: str = "") -> dict[str, dict[str, Any]]:
        answer = await self.shop.get(f"/reports/ledger?from={first}&to={last}&by={by}{query}", self.manager)
        return {item[by]: item for item in answer["items"]}


def moment(day: date, hour: int = 10) -> datetime:
    """An hour of a day in Shanghai."""
    return datetime.combine(day, time(hour), SHANGHAI).astimezone(UTC)


def today() -> date:
    return datetime.now(UTC).astimezone(SHANGHAI).date()


def kinds(entries: Sequence[dict[str, Any]]) -> list[tuple[str, str | None, str]]:
    """What the entries say in short: kind, quantity, amount."""
    return [(entry["kind"], entry["quantity"], entry["amount"]) for entry in entries]


@asynccontextmanager
async def open_books(postgres_url: str, keys: Path) -> AsyncIterator[Books]:
    """Without timers: what was placed years ago would expire today."""
    with from_wheel(NatsServer) as bus:
        house = House(postgres_url, bus.url(), keys)
        settings = house.settings(await new_database(postgres_url), frozenset(Role) - {Role.TIMERS})
        async with running("orders", create_app(settings), keys) as shop:
            customer_id = uuid4()
            event = CustomerRegistered(
                code="D001", company="恒美", kind="dealer", region="广东", level="A", owner="u12"
            )
            await tell(shop, event, customer_id)
            yield Books(shop, customer_id)


ONE_DAY = timedelta(days=1)
