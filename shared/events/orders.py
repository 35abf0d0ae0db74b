"""What orders announces."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.domain.money import Amount, PositiveAmount
from shared.events.event import Event


class OrderedLine(BaseModel):
    """One line of an order: quantity in the article's unit, price per unit in yuan, and where the price comes from."""

    article: str
    specification: str
    model: str
    grade: str
    colour_number: str
    quantity: PositiveAmount
    price: Amount
    authority: str


class IssuedGoods(BaseModel):
    """What left the warehouse for one line, from one lot."""

    line: int
    article: str
    lot_id: UUID
    lot: str
    quantity: PositiveAmount


class ArticleListed(Event, name="orders.article.listed.v1"):
    """An article stands in the catalogue (ORD-1)."""

    article: str
    name: str
    specification: str
    model: str
    grade: str
    colour_number: str
    unit: str
    in_production: bool


class PriceBookDrafted(Event, name="orders.price_book.drafted.v1"):
    """A version of the price book waits for approval (ORD-2)."""

    number: str
    articles: int
    digest: str


class PriceBookTookEffect(Event, name="orders.price_book.took_effect.v1"):
    """These are the prices for all stores from `effective_at` on (ORD-2)."""

    number: str
    effective_at: datetime
    digest: str


class PriceRefused(Event, name="orders.price_attempt.refused.v1"):
    """Somebody quoted a price of their own; it was refused and is reported (ORD-3)."""

    person: str
    customer_id: UUID
    article: str
    asked: Amount
    allowed: Amount | None


class StockShown(Event, name="orders.stock_position.shown.v1"):
    """The stock position was shown to the customer before an order was written (ORD-6)."""

    customer_id: UUID
    articles: list[str]


class StockAccepted(Event, name="orders.stock_position.accepted.v1"):
    """The customer has accepted the stock position (ORD-6)."""

    customer_id: UUID


class LotReceived(Event, name="orders.lot.received.v1"):
    """Goods of one lot (批次) are in stock: same colour number and grade throughout (ORD-12)."""

    lot: str
    article: str
    colour_number: str
    grade: str
    quantity: Amount
    expires_on: date | None = None


class LotIssued(Event, name="orders.lot.issued.v1"):
    """Goods of a lot left for an order."""

    order_id: UUID
    quantity: PositiveAmount
    left: Amount


class LotHeld(Event, name="orders.lot.held.v1"):
    """Nothing of this lot may be allocated or shipped while quality investigates (ORD-12)."""

    lot: str
    article: str
    investigation_id: UUID


class LotHoldLifted(Event, name="orders.lot.hold_lifted.v1"):
    """Quality has lifted the hold of one investigation; another may still hold the lot."""

    lot: str
    article: str
    investigation_id: UUID


class LotFreed(Event, name="orders.lot.freed.v1"):
    """No hold is left; the lot may be shipped again."""

    lot: str
    article: str


class OrderPlaced(Event, name="orders.order.placed.v1"):
    """An order was written: prices by authority, stock position accepted; it waits for money (ORD-3, ORD-5, ORD-6)."""

    number: str
    customer_id: UUID
    contract_id: UUID | None = None
    salesperson: str
    lines: list[OrderedLine]
    total: Amount


class PaymentRecorded(Event, name="orders.order.payment_recorded.v1"):
    """A clerk has recorded a payment with its voucher; it counts only when finance confirms it (ORD-10)."""

    payment_id: UUID
    kind: str
    amount: PositiveAmount


class PaymentConfirmed(Event, name="orders.order.payment_confirmed.v1"):
    """Finance has confirmed that the money has arrived (ORD-10)."""

    payment_id: UUID
    amount: PositiveAmount
    confirmed: Amount


class PaymentReversed(Event, name="orders.order.payment_reversed.v1"):
    """A payment bounced or was called back; the gate is closed again (ORD-10)."""

    payment_id: UUID
    amount: PositiveAmount
    confirmed: Amount
    reason: str


class OrderPaid(Event, name="orders.order.paid.v1"):
    """Finance has confirmed money covering the whole order; goods may now be released (ORD-9)."""

    number: str
    customer_id: UUID
    total: Amount
    confirmed: Amount


class PaymentGateClosed(Event, name="orders.order.gate_closed.v1"):
    """Confirmed money no longer covers the order; nothing more leaves (ORD-9, ORD-10)."""

    number: str
    total: Amount
    confirmed: Amount


class OrderReleased(Event, name="orders.order.released.v1"):
    """The delivery order (出货单) was issued (ORD-11)."""

    number: str
    delivery_order: str


class OrderDispatched(Event, name="orders.order.dispatched.v1"):
    """The goods left with certificate, invoice, manual and warranty card (ORD-11)."""

    number: str
    customer_id: UUID
    contract_id: UUID | None = None
    delivery_order: str
    certificate: str
    goods: list[IssuedGoods]


class OrderDelivered(Event, name="orders.order.delivered.v1"):
    """The customer has confirmed delivery (ORD-13)."""

    number: str
    customer_id: UUID


class OrderCancelled(Event, name="orders.order.cancelled.v1"):
    """The order was given up before anything was paid."""

    number: str
    reason: str


class OrderExpired(Event, name="orders.order.expired.v1"):
    """No money came in time; the order frees its stock (ORD-17)."""

    number: str


class EvidenceCompiled(Event, name="orders.order.evidence_compiled.v1"):
    """What orders knows of the goods a complaint is about: lines, lots, dates, prices, people (ORD-20)."""

    complaint_id: UUID
    kind: str
    number: str
    customer_id: UUID
    contract_id: UUID | None = None
    lines: list[OrderedLine]
    goods: list[IssuedGoods]
    placed_at: datetime
    dispatched_at: datetime | None = None
    delivered_at: datetime | None = None
    total: Amount
    people: dict[str, str]


class EvidenceMissing(Event, name="orders.evidence_search.failed.v1"):
    """No order fits the slip that a complaint names."""

    complaint_id: UUID
    order_number: str


class AllowanceOpened(Event, name="orders.contract_allowance.opened.v1"):
    """A contract in force leaves its quantities open to be ordered (ORD-19)."""

    number: str
    customer_id: UUID


class AllowanceDrawn(Event, name="orders.contract_allowance.drawn.v1"):
    """An order took from what the contract leaves open (ORD-19)."""

    order_id: UUID


class AllowanceClosed(Event, name="orders.contract_allowance.closed.v1"):
    """No more orders under this contract (ORD-19)."""

    reason: str
