"""What customers does about what it hears."""

import orjson

from services.customers import views
from services.customers.domain.tracking import value_of
from shared.events.complaints import ComplaintClosed, ComplaintFiled, ComplaintReopened, ComplaintResolved
from shared.events.contracts import ContractAmended, ContractEnded, ContractTookEffect
from shared.events.orders import (
    DeliveryLate,
    OrderCancelled,
    OrderDelivered,
    OrderDispatched,
    OrderExpired,
    OrderPaid,
    OrderPlaced,
    PaymentGateClosed,
)
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

reactions = Reactions("customers")


@reactions.on(OrderPlaced)
async def enter_the_purchase(event: OrderPlaced, work: Work) -> None:
    """Every purchase is entered in the tracking sheet, whether or not the customer is known yet (CUS-1, ORD-14)."""
    work.project(
        views.ORDER_PLACED,
        event.entity_id, event.customer_id, event.number, event.salesperson, event.total, event.time,
        event.contract_id, orjson.dumps([line.model_dump(mode="json") for line in event.lines]).decode(),
    )  # fmt: skip


@reactions.on(OrderPaid)
async def note_the_payment(event: OrderPaid, work: Work) -> None:
    """The purchase is paid."""
    work.project(views.ORDER_PAID, event.entity_id, event.customer_id, event.number, event.total, event.time)


@reactions.on(PaymentGateClosed)
async def strike_the_payment(event: PaymentGateClosed, work: Work) -> None:
    """Money went back; the purchase is not paid any more."""
    work.project(views.ORDER_UNPAID, event.entity_id)


@reactions.on(OrderDispatched)
async def note_the_dispatch(event: OrderDispatched, work: Work) -> None:
    """The goods are on their way."""
    work.project(
        views.ORDER_DISPATCHED, event.entity_id, event.customer_id, event.number, event.delivery_order, event.time
    )


@reactions.on(DeliveryLate)
async def note_the_delay(event: DeliveryLate, work: Work) -> None:
    """The promised day has passed; this stays in the sheet."""
    work.project(views.ORDER_LATE, event.entity_id, event.customer_id, event.number, event.salesperson, event.due_on)


@reactions.on(OrderDelivered)
async def note_the_delivery(event: OrderDelivered, work: Work) -> None:
    """The goods have come."""
    work.project(views.ORDER_DELIVERED, event.entity_id, event.customer_id, event.number, event.time)


@reactions.on(OrderCancelled)
async def note_the_cancellation(event: OrderCancelled, work: Work) -> None:
    """Nothing was bought after all."""
    work.project(views.ORDER_ENDED, event.entity_id, "cancelled", event.time)


@reactions.on(OrderExpired)
async def note_the_expiry(event: OrderExpired, work: Work) -> None:
    """Nothing was bought after all: no money came."""
    work.project(views.ORDER_ENDED, event.entity_id, "expired", event.time)


@reactions.on(ContractTookEffect)
async def enter_the_contract(event: ContractTookEffect, work: Work) -> None:
    """The customer is a contract customer from now on, and has a tracking sheet (CON-8)."""
    work.project(
        views.CONTRACT_IN_FORCE,
        event.entity_id, event.customer_id, event.number, event.kind, value_of(event.lines), event.time,
        event.valid_until,
    )  # fmt: skip


@reactions.on(ContractAmended)
async def note_the_amendment(event: ContractAmended, work: Work) -> None:
    """Something else is agreed from now on (CON-8, CON-9)."""
    work.project(
        views.CONTRACT_AMENDED,
        event.entity_id, event.customer_id, event.number, event.edition, value_of(event.lines), event.valid_until,
    )  # fmt: skip


@reactions.on(ContractEnded)
async def note_the_end(event: ContractEnded, work: Work) -> None:
    """The contract is over; it stays in the sheet (CON-8)."""
    work.project(views.CONTRACT_ENDED, event.entity_id, event.time, event.reason)


@reactions.on(ComplaintFiled)
async def enter_the_complaint(event: ComplaintFiled, work: Work) -> None:
    """Every complaint is entered in the customer's service record (CUS-1)."""
    work.project(
        views.COMPLAINT_FILED,
        event.entity_id, event.customer_id, event.number, event.kind, event.channel, event.received_at,
    )  # fmt: skip


@reactions.on(ComplaintResolved)
async def note_the_resolution(event: ComplaintResolved, work: Work) -> None:
    """What was agreed has been carried out."""
    work.project(
        views.COMPLAINT_RESOLVED,
        event.entity_id, event.customer_id, event.number, event.kind, event.time, event.in_time, event.summary,
    )  # fmt: skip


@reactions.on(ComplaintClosed)
async def note_the_closing(event: ComplaintClosed, work: Work) -> None:
    """The case is closed."""
    work.project(views.COMPLAINT_CLOSED, event.entity_id, event.customer_id, event.number, event.time)


@reactions.on(ComplaintReopened)
async def note_the_reopening(event: ComplaintReopened, work: Work) -> None:
    """The customer is not satisfied; the case is open again."""
    work.project(views.COMPLAINT_REOPENED, event.entity_id, event.times)
