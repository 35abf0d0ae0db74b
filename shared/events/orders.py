"""What orders announces."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.domain.money import ZERO, Amount, Money, PositiveAmount
from shared.events.event import Event


class OrderedLine(BaseModel):
    """One line of an order: quantity in the article's unit, price per unit in yuan, and where the price comes from.

    `colour_named`: the customer wants this very colour number; otherwise allocation may settle on another one.
    """

    article: str
    specification: str
    model: str
    grade: str
    colour_number: str
    quantity: PositiveAmount
    price: Amount
    authority: str
    colour_named: bool = True
    requirements: str = ""


class IssuedGoods(BaseModel):
    """What left the warehouse for one line, from one lot."""

    line: int
    article: str
    lot_id: UUID
    lot: str
    quantity: PositiveAmount


class Shortage(BaseModel):
    """What stock cannot cover of one line: quantity in the article's unit (ORD-7)."""

    line: int
    article: str
    colour_number: str
    grade: str
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


class PriceBookRejected(Event, name="orders.price_book.rejected.v1"):
    """The drafted prices were not approved (ORD-2)."""

    number: str
    reason: str


class PriceBookWithdrawn(Event, name="orders.price_book.withdrawn.v1"):
    """A version was taken back before its prices held: a draft, or one that was approved for later (ORD-2)."""

    number: str
    reason: str


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
    store: str | None = None
    branch: str | None = None
    deliver_by: date | None = None
    quotation_id: UUID | None = None
    reference: str | None = None


class GoodsAllocated(Event, name="orders.order.goods_allocated.v1"):
    """Stock was set aside for the order, first expired first; `shortages` has to be produced (ORD-7, ORD-12)."""

    number: str
    customer_id: UUID
    allocations: list[IssuedGoods]
    shortages: list[Shortage]


class AllocationFreed(Event, name="orders.order.allocation_freed.v1"):
    """Stock that was set aside is free again (ORD-17)."""

    number: str
    reason: str


class PaymentRecorded(Event, name="orders.order.payment_recorded.v1"):
    """A clerk has recorded a payment with its voucher; it counts only when finance confirms it (ORD-10)."""

    payment_id: UUID
    kind: str
    amount: PositiveAmount
    customer_id: UUID | None = None


class PaymentConfirmed(Event, name="orders.order.payment_confirmed.v1"):
    """Finance has confirmed that the money has arrived (ORD-10)."""

    payment_id: UUID
    amount: PositiveAmount
    confirmed: Amount
    kind: str | None = None
    customer_id: UUID | None = None
    salesperson: str | None = None
    store: str | None = None


class DepositConfirmed(Event, name="orders.order.deposit_confirmed.v1"):
    """The share of the price that opens production is confirmed; goods still wait for the whole (ORD-9)."""

    number: str
    customer_id: UUID
    total: Amount
    confirmed: Amount
    policy: str | None = None


class PaymentReversed(Event, name="orders.order.payment_reversed.v1"):
    """A payment bounced or was called back; the gate is closed again (ORD-10).

    `counted`: finance had confirmed it. `recalled`: so much of it had become credit or was refunded; the customer's
    account gives that back.
    """

    payment_id: UUID
    amount: PositiveAmount
    confirmed: Amount
    reason: str
    kind: str | None = None
    bounced: bool = False
    counted: bool = True
    recalled: Amount = ZERO
    number: str | None = None
    customer_id: UUID | None = None
    salesperson: str | None = None
    store: str | None = None


class OrderOverpaid(Event, name="orders.order.overpaid.v1"):
    """More money was confirmed than the order costs: the surplus is the customer's credit (ORD-10)."""

    number: str
    customer_id: UUID
    surplus: PositiveAmount


class PaymentReminded(Event, name="orders.order.payment_reminded.v1"):
    """The order still waits for money (ORD-16)."""

    number: str
    customer_id: UUID
    salesperson: str
    outstanding: Amount
    expires_at: datetime | None = None
    policy: str | None = None


class OrderPaid(Event, name="orders.order.paid.v1"):
    """Finance has confirmed money covering the whole order; goods may now be released (ORD-9)."""

    number: str
    customer_id: UUID
    total: Amount
    confirmed: Amount
    contract_id: UUID | None = None
    lines: list[OrderedLine] = []


class PaymentGateClosed(Event, name="orders.order.gate_closed.v1"):
    """Confirmed money no longer covers the order; nothing more leaves (ORD-9, ORD-10)."""

    number: str
    total: Amount
    confirmed: Amount
    customer_id: UUID | None = None
    contract_id: UUID | None = None
    lines: list[OrderedLine] = []


class OrderReleased(Event, name="orders.order.released.v1"):
    """The delivery order (出货单) was issued (ORD-11)."""

    number: str
    delivery_order: str
    customer_id: UUID | None = None


class InvoiceIssued(Event, name="orders.order.invoice_issued.v1"):
    """Finance has made out the invoice that travels with the goods (ORD-11)."""

    number: str
    invoice: str
    amount: Amount


class DispatchPlanned(Event, name="orders.order.dispatch_planned.v1"):
    """When and how the goods will leave; the customer is told (ORD-11)."""

    number: str
    customer_id: UUID
    planned_on: date
    carrier: str


class ShipmentDispatched(Event, name="orders.order.shipment_dispatched.v1"):
    """One shipment of the order has left; the last one makes the order dispatched (ORD-11)."""

    number: str
    customer_id: UUID
    contract_id: UUID | None = None
    shipment_id: UUID
    shipment: int
    delivery_order: str
    certificate: str
    invoice: str
    goods: list[IssuedGoods]


class ShipmentDelivered(Event, name="orders.order.shipment_delivered.v1"):
    """The customer has confirmed one shipment (ORD-13)."""

    number: str
    customer_id: UUID
    contract_id: UUID | None = None
    shipment_id: UUID
    shipment: int
    goods: list[IssuedGoods]


class DeliveryLate(Event, name="orders.order.delivery_late.v1"):
    """The promised day has passed and not everything was delivered; this stays so (ORD-13)."""

    number: str
    customer_id: UUID
    salesperson: str
    due_on: date


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
    contract_id: UUID | None = None
    goods: list[IssuedGoods] = []


class RefundRequested(Event, name="orders.order.refund_requested.v1"):
    """A paid order is to be given up; another person has to approve the refund (ORD-17)."""

    number: str
    customer_id: UUID
    amount: PositiveAmount
    reason: str


class RefundRefused(Event, name="orders.order.refund_refused.v1"):
    """The refund was not approved: the order stands (ORD-17)."""

    number: str
    reason: str


class OrderRefunded(Event, name="orders.order.refunded.v1"):
    """Another person has approved the refund: the money goes back, or becomes the customer's credit (ORD-17)."""

    number: str
    customer_id: UUID
    amount: PositiveAmount
    to_credit: bool
    salesperson: str | None = None
    store: str | None = None


class OrderCancelled(Event, name="orders.order.cancelled.v1"):
    """The order was given up before goods left; whatever was paid was refunded first (ORD-17)."""

    number: str
    reason: str
    customer_id: UUID | None = None
    contract_id: UUID | None = None
    lines: list[OrderedLine] = []


class OrderExpired(Event, name="orders.order.expired.v1"):
    """No money came in time; the order frees its stock (ORD-17)."""

    number: str
    customer_id: UUID | None = None
    contract_id: UUID | None = None
    lines: list[OrderedLine] = []
    policy: str | None = None


class OrderDocumentFiled(Event, name="orders.order_document.filed.v1"):
    """A paper of the order is kept with it: signed order, delivery order, payment slip (ORD-18)."""

    order_id: UUID
    kind: str
    name: str
    sha256: str


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


class AllowanceReturned(Event, name="orders.contract_allowance.returned.v1"):
    """An order under the contract was given up or expired: what it took is open again (ORD-17, ORD-19)."""

    order_id: UUID


class AllowanceChanged(Event, name="orders.contract_allowance.changed.v1"):
    """The contract was amended: other quantities, prices or another end (ORD-19)."""

    number: str
    edition: int


class AllowanceClosed(Event, name="orders.contract_allowance.closed.v1"):
    """No more orders under this contract (ORD-19)."""

    reason: str


class TrialRequested(Event, name="orders.trial.requested.v1"):
    """A customer wants a variety that was never produced: their sample plate goes to trial production (ORD-8)."""

    number: str
    article: str
    customer_id: UUID


class TrialProduced(Event, name="orders.trial.produced.v1"):
    """Production has tried and says what came of it; the customer is asked (ORD-8)."""

    number: str
    customer_id: UUID
    succeeded: bool
    result: str


class TrialAccepted(Event, name="orders.trial.accepted.v1"):
    """The customer accepts the trial: the variety can be ordered (ORD-8)."""

    number: str
    article: str
    customer_id: UUID


class TrialRejected(Event, name="orders.trial.rejected.v1"):
    """The trial failed or the customer does not accept it: the variety cannot be ordered (ORD-8)."""

    number: str
    article: str
    customer_id: UUID
    reason: str


class ArticleEnteredProduction(Event, name="orders.article.entered_production.v1"):
    """A new variety has passed its trial and may be ordered (ORD-8)."""

    article: str


class PriceExceptionRequested(Event, name="orders.price_exception.requested.v1"):
    """Somebody asks for a price other than the book's for one customer, with a reason, a limit and an end (ORD-3)."""

    number: str
    customer_id: UUID
    article: str
    price: Amount
    quantity: PositiveAmount
    reason: str


class PriceExceptionApproved(Event, name="orders.price_exception.approved.v1"):
    """The exception holds until its limit is used up or its time is over (ORD-3)."""

    number: str
    customer_id: UUID
    article: str
    price: Amount
    quantity: PositiveAmount
    expires_at: datetime


class PriceExceptionRejected(Event, name="orders.price_exception.rejected.v1"):
    """The exception was not approved (ORD-3)."""

    number: str
    reason: str


class PriceExceptionUsed(Event, name="orders.price_exception.used.v1"):
    """An order line was priced by the exception (ORD-3)."""

    order_id: UUID
    quantity: PositiveAmount
    used: Amount


class PriceExceptionReturned(Event, name="orders.price_exception.returned.v1"):
    """An order that drew on the exception was given up or expired: its quantity is open again (ORD-3, ORD-17)."""

    order_id: UUID
    quantity: PositiveAmount
    used: Amount


class PriceExceptionEnded(Event, name="orders.price_exception.ended.v1"):
    """The exception was revoked or its time is over (ORD-3)."""

    number: str
    reason: str


class QuotationOffered(Event, name="orders.quotation.offered.v1"):
    """A customer is offered a trial, a medium and a bulk quantity to pick from (ORD-4)."""

    number: str
    customer_id: UUID
    salesperson: str
    options: list[str]
    valid_until: date


class QuotationPicked(Event, name="orders.quotation.picked.v1"):
    """The customer has picked one option; it became the order (ORD-4)."""

    number: str
    customer_id: UUID
    option: str
    order_id: UUID


class QuotationEnded(Event, name="orders.quotation.ended.v1"):
    """The quotation was withdrawn or its time is over (ORD-4)."""

    number: str
    reason: str


class ProductionRequested(Event, name="orders.production_request.requested.v1"):
    """What stock cannot cover of an order's line is to be produced (ORD-7)."""

    number: str
    order_id: UUID
    order_number: str
    customer_id: UUID
    line: int
    article: str
    quantity: PositiveAmount


class ProductionChanged(Event, name="orders.production_request.changed.v1"):
    """Another quantity of the line has to be produced, now that stock was allocated anew (ORD-7)."""

    number: str
    customer_id: UUID
    order_number: str
    quantity: PositiveAmount


class ProductionPlanned(Event, name="orders.production_request.planned.v1"):
    """Production has scheduled the request; the customer is told (ORD-7)."""

    number: str
    customer_id: UUID
    order_number: str
    starts_on: date
    ready_on: date


class ProductionStarted(Event, name="orders.production_request.started.v1"):
    """Production has begun; the customer is told (ORD-7)."""

    number: str
    customer_id: UUID
    order_number: str


class ProductionFinished(Event, name="orders.production_request.finished.v1"):
    """The goods are made and in stock; the customer is told (ORD-7)."""

    number: str
    customer_id: UUID
    order_number: str
    lot: str
    quantity: PositiveAmount


class ProductionCancelled(Event, name="orders.production_request.cancelled.v1"):
    """The request is not needed any more (ORD-7)."""

    number: str
    customer_id: UUID
    order_number: str
    reason: str


class AccountOpened(Event, name="orders.customer_account.opened.v1"):
    """A customer's account with us begins; a balance from before follows as `BalanceBroughtForward` (ORD-16)."""

    customer_id: UUID


class BalanceBroughtForward(Event, name="orders.customer_account.balance_brought_forward.v1"):
    """How the customer stood with us before: above zero it is theirs, below zero they owe it (ORD-16)."""

    customer_id: UUID
    balance: Money
    as_of: date


class CreditGranted(Event, name="orders.customer_account.credit_granted.v1"):
    """Money of the customer's is left with us: an overpayment, a refund, or a payment that came back (ORD-10)."""

    customer_id: UUID
    amount: PositiveAmount
    source: str
    order_id: UUID | None = None
    credit: Amount


class CreditUsed(Event, name="orders.customer_account.credit_used.v1"):
    """Credit pays an order (ORD-10)."""

    customer_id: UUID
    amount: PositiveAmount
    order_id: UUID
    payment_id: UUID
    credit: Amount


class CreditTakenBack(Event, name="orders.customer_account.credit_taken_back.v1"):
    """The money that credit came from has gone back; what was spent of it the customer owes (ORD-10, ORD-16)."""

    customer_id: UUID
    amount: PositiveAmount
    order_id: UUID
    credit: Amount
    owed: Amount


class PaymentNoticed(Event, name="orders.payment_notice.received.v1"):
    """A bank or payment provider reports, signed, that money has come or has gone back (ORD-10)."""

    provider: str
    kind: str
    account: str
    reference: str
    amount: PositiveAmount
    order_number: str | None = None


class PaymentNoticeMatched(Event, name="orders.payment_notice.matched.v1"):
    """The notice belongs to this order and stands there as a recorded payment (ORD-10)."""

    order_id: UUID
    payment_id: UUID | None = None


class PaymentNoticeSetAside(Event, name="orders.payment_notice.set_aside.v1"):
    """No order fits the notice, or the order does not take it; finance looks at it (ORD-10)."""

    reason: str


class NoticeDismissalRequested(Event, name="orders.payment_notice.dismissal_requested.v1"):
    """Somebody in finance takes the notice for none of ours; another person decides (ORD-10)."""

    reason: str


class NoticeDismissed(Event, name="orders.payment_notice.dismissed.v1"):
    """Two people have found that nothing follows from the notice (ORD-10)."""

    reason: str


class NoticeDismissalRefused(Event, name="orders.payment_notice.dismissal_refused.v1"):
    """The notice still waits for somebody to find out what it is about (ORD-10)."""

    reason: str


class PaymentOnAccountRecorded(Event, name="orders.payment_on_account.recorded.v1"):
    """A customer has paid what they owe beside their orders; it counts once finance has confirmed it (ORD-10).

    `salesperson` looks after the customer.
    """

    number: str
    customer_id: UUID
    salesperson: str
    amount: PositiveAmount
    kind: str


class PaymentOnAccountConfirmed(Event, name="orders.payment_on_account.payment_confirmed.v1"):
    """The money has arrived; `settled` of it pays what the customer owed, the rest is their credit (ORD-10, ORD-16)."""

    number: str
    customer_id: UUID
    amount: PositiveAmount
    kind: str
    settled: Amount


class AccountOverpaid(Event, name="orders.payment_on_account.overpaid.v1"):
    """More came than the customer owed: the surplus is their credit (ORD-10)."""

    number: str
    customer_id: UUID
    surplus: PositiveAmount


class PaymentOnAccountReversed(Event, name="orders.payment_on_account.payment_reversed.v1"):
    """The money went back or never came; `counted` if finance had confirmed it (ORD-10).

    `recalled` is what of it had become credit. A cheque that the bank did not honour has `bounced`.
    """

    number: str
    customer_id: UUID
    amount: PositiveAmount
    kind: str
    reason: str
    counted: bool
    bounced: bool = False
    recalled: Amount = ZERO


class AccountPaid(Event, name="orders.customer_account.paid.v1"):
    """A payment that is for no order settles what the customer owes; what is left of it is credit (ORD-10, ORD-16)."""

    customer_id: UUID
    amount: PositiveAmount
    payment_id: UUID
    credit: Amount
    owed: Amount


class AccountPaymentLost(Event, name="orders.customer_account.payment_lost.v1"):
    """Such a payment has gone back: what it had settled is owed again, since when it was (ORD-10, ORD-16)."""

    customer_id: UUID
    amount: PositiveAmount
    payment_id: UUID
    credit: Amount
    owed: Amount


class SalesReportClosed(Event, name="orders.sales_report.closed.v1"):
    """A day or month is closed: its report is frozen under its number; corrections are later entries (ORD-15)."""

    number: str
    kind: str
    begins_on: date
    ends_on: date
    entries: int
    digest: str
