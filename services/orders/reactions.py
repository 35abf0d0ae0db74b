"""What orders does about what it hears."""

from uuid import UUID

from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.customer_account import CustomerAccount
from services.orders.domain.evidence_search import EvidenceSearch
from services.orders.domain.lot import Lot
from services.orders.domain.order import Order
from services.orders.domain.payment import PaymentKind
from services.orders.domain.price_exception import PriceException
from services.orders.domain.production_request import ProductionRequest
from services.orders.views import customers, orders, prices, production
from services.orders.views.ledger import book
from shared.events.complaints import ComplaintFiled, SlipCorrected
from shared.events.contracts import ContractAmended, ContractEnded, ContractTookEffect
from shared.events.customers import CustomerOwnerChanged, CustomerRegistered
from shared.events.orders import (
    AccountOverpaid,
    GoodsAllocated,
    OrderCancelled,
    OrderDispatched,
    OrderExpired,
    OrderOverpaid,
    OrderPlaced,
    OrderRefunded,
    PaymentConfirmed,
    PaymentOnAccountConfirmed,
    PaymentOnAccountReversed,
    PaymentReversed,
    ShipmentDispatched,
)
from shared.events.quality import LotHoldOrdered, LotReleaseOrdered
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

reactions = Reactions("orders")


@reactions.on(CustomerRegistered)
async def know_the_customer(event: CustomerRegistered, work: Work) -> None:
    """Orders are written for registered customers only."""
    work.project(customers.KNOW_CUSTOMER, event.entity_id, event.code, event.company, event.owner)


@reactions.on(CustomerOwnerChanged)
async def know_the_new_owner(event: CustomerOwnerChanged, work: Work) -> None:
    """The customer's salesperson has changed."""
    work.project(customers.KNOW_OWNER, event.entity_id, event.owner)


@reactions.on(ContractTookEffect)
async def open_the_allowance(event: ContractTookEffect, work: Work) -> None:
    """Orders may refer to the contract, for what it leaves open (ORD-19)."""
    work.begin(ContractAllowance.open(event.entity_id, event.number, event.customer_id, event.lines, event.valid_until))


@reactions.on(ContractAmended)
async def change_the_allowance(event: ContractAmended, work: Work) -> None:
    """Other quantities, prices or another end; what is ordered already stays ordered (ORD-19)."""
    async with work.open(ContractAllowance, ContractAllowance.id_of(event.entity_id)) as allowance:
        allowance.change(event.lines, event.valid_until, event.edition)


@reactions.on(ContractEnded)
async def close_the_allowance(event: ContractEnded, work: Work) -> None:
    """No more orders under this contract (ORD-19)."""
    async with work.open(ContractAllowance, ContractAllowance.id_of(event.entity_id)) as allowance:
        allowance.close(event.reason)


@reactions.on(ComplaintFiled)
async def compile_the_evidence(event: ComplaintFiled, work: Work) -> None:
    """Give the case what we know of the goods it names, if they are the complainant's own (ORD-20)."""
    if event.slip is not None:
        await tell_the_case(event, event.slip.order_number, work)


@reactions.on(SlipCorrected)
async def compile_other_evidence(event: SlipCorrected, work: Work) -> None:
    """The slip names another order than was entered first: the goods are those of that one (ORD-20, CMP-3)."""
    if event.before is None or event.before.order_number != event.slip.order_number:
        await tell_the_case(event, event.slip.order_number, work)


async def tell_the_case(event: ComplaintFiled | SlipCorrected, order_number: str, work: Work) -> None:
    """What we know of the complainant's own order of this number, or that there is none (ORD-20)."""
    order_id = await work.fetchval(orders.ORDER_OF_SLIP, order_number, event.customer_id)
    if order_id is None:
        work.begin(EvidenceSearch.fail(work.id_for("evidence search"), event.entity_id, order_number))
        return
    async with work.open(Order, order_id) as order:
        order.compile_evidence(event.entity_id, event.kind)


@reactions.on(LotHoldOrdered)
async def hold_the_lots(event: LotHoldOrdered, work: Work) -> None:
    """Nothing of these lots leaves while quality investigates (ORD-12)."""
    for lot_id in event.lot_ids:
        async with work.open(Lot, lot_id) as lot:
            lot.hold(event.entity_id)


@reactions.on(LotReleaseOrdered)
async def free_the_lots(event: LotReleaseOrdered, work: Work) -> None:
    """Quality has lifted its hold (ORD-12)."""
    for lot_id in event.lot_ids:
        async with work.open(Lot, lot_id) as lot:
            lot.free(event.entity_id)


async def the_account(customer_id: UUID, work: Work) -> CustomerAccount:
    """The customer's account, opened when the first money comes that is no order's."""
    account = await work.find(CustomerAccount, CustomerAccount.id_of(customer_id))
    return account or work.begin(CustomerAccount.open(customer_id))


async def give_back_to_the_contract(event: OrderCancelled | OrderExpired, work: Work) -> None:
    """What an order that comes to nothing took of its contract may be ordered again (ORD-17, ORD-19)."""
    if event.contract_id is not None:
        async with work.open(ContractAllowance, ContractAllowance.id_of(event.contract_id)) as allowance:
            allowance.give_back(event.entity_id, [(line.article, line.quantity) for line in event.lines])


async def give_back_to_price_exceptions(event: OrderCancelled | OrderExpired, work: Work) -> None:
    """What an order that comes to nothing took of an exception's limit may be ordered again (ORD-3, ORD-17)."""
    for row in await work.fetch(prices.EXCEPTIONS_OF_ORDER, str(event.entity_id)):
        async with work.open(PriceException, row["id"]) as exception:
            exception.give_back(event.entity_id)


async def stop_production(event: OrderCancelled | OrderExpired, reason: str, work: Work) -> None:
    """Nothing is produced for an order that comes to nothing, unless it has begun (ORD-7, ORD-17)."""
    for row in await work.fetch(production.REQUESTS_OF_ORDER, event.entity_id):
        async with work.open(ProductionRequest, row["id"]) as request:
            request.cancel(reason)


@reactions.on(GoodsAllocated)
async def ask_production(event: GoodsAllocated, work: Work) -> None:
    """What stock cannot cover is to be produced; what it covers now is not any more (ORD-7)."""
    short = {ProductionRequest.id_of(event.entity_id, shortage.line): shortage for shortage in event.shortages}
    for row in await work.fetch(production.REQUESTS_OF_ORDER, event.entity_id):
        async with work.open(ProductionRequest, row["id"]) as request:
            shortage = short.pop(request.id, None)
            if shortage is None:
                request.cancel("stock covers it")
            else:
                request.adjust(shortage, work.at)
    if short:
        order = await work.get(Order, event.entity_id)
        for shortage in short.values():
            work.begin(ProductionRequest.request(order, shortage, work.at))


@reactions.on(OrderPlaced)
async def book_the_order(event: OrderPlaced, work: Work) -> None:
    """Each line is an entry of the sales ledger (ORD-15)."""
    book(event, work)


@reactions.on(OrderCancelled)
async def undo_the_cancelled_order(event: OrderCancelled, work: Work) -> None:
    """The sales ledger takes the order's lines back, as later entries (ORD-15); its contract has them back (ORD-19)."""
    book(event, work)
    await give_back_to_the_contract(event, work)
    await give_back_to_price_exceptions(event, work)
    await stop_production(event, event.reason, work)


@reactions.on(OrderExpired)
async def undo_the_expired_order(event: OrderExpired, work: Work) -> None:
    """The sales ledger takes the order's lines back, as later entries (ORD-15); its contract has them back (ORD-19)."""
    book(event, work)
    await give_back_to_the_contract(event, work)
    await give_back_to_price_exceptions(event, work)
    await stop_production(event, "the order expired", work)


@reactions.on(PaymentConfirmed)
async def book_the_payment(event: PaymentConfirmed, work: Work) -> None:
    """Money that has come is an entry of the sales ledger (ORD-15)."""
    book(event, work)


@reactions.on(PaymentReversed)
async def book_the_reversal(event: PaymentReversed, work: Work) -> None:
    """Money that was counted and is gone is an entry of the sales ledger (ORD-15).

    What of it had become credit, or was refunded, the customer's account gives back; credit that was to pay is credit
    again (ORD-10).
    """
    book(event, work)
    if event.customer_id is not None and event.recalled:
        (await the_account(event.customer_id, work)).take_back(event.recalled, event.entity_id, event.time)
    if event.customer_id is not None and event.kind == PaymentKind.CREDIT:
        (await the_account(event.customer_id, work)).grant(event.amount, "unused credit", event.entity_id)


@reactions.on(OrderOverpaid)
async def book_the_surplus(event: OrderOverpaid, work: Work) -> None:
    """What is more than the order costs is the customer's credit (ORD-10), and an entry of the ledger (ORD-15)."""
    book(event, work)
    (await the_account(event.customer_id, work)).grant(event.surplus, "overpayment", event.entity_id)


@reactions.on(PaymentOnAccountConfirmed)
async def book_the_payment_on_account(event: PaymentOnAccountConfirmed, work: Work) -> None:
    """Money that has come for no order is an entry of the sales ledger, too (ORD-15)."""
    book(event, work)


@reactions.on(AccountOverpaid)
async def book_the_surplus_on_account(event: AccountOverpaid, work: Work) -> None:
    """What of it has become credit is an entry of the sales ledger (ORD-15)."""
    book(event, work)


@reactions.on(PaymentOnAccountReversed)
async def book_the_reversal_on_account(event: PaymentOnAccountReversed, work: Work) -> None:
    """Money that had come for no order and is gone is an entry of the sales ledger (ORD-15)."""
    book(event, work)


@reactions.on(OrderRefunded)
async def book_the_refund(event: OrderRefunded, work: Work) -> None:
    """Money that went back, or became credit, is an entry of the sales ledger (ORD-15, ORD-17)."""
    book(event, work)
    if event.to_credit:
        (await the_account(event.customer_id, work)).grant(event.amount, "refund", event.entity_id)


@reactions.on(ShipmentDispatched)
async def book_the_shipment(event: ShipmentDispatched, work: Work) -> None:
    """Goods that have left are entries of the sales ledger (ORD-15)."""
    book(event, work)


@reactions.on(OrderDispatched)
async def book_the_dispatch(event: OrderDispatched, work: Work) -> None:
    """Orders that left whole, before there were shipments, are in the sales ledger, too (ORD-15)."""
    book(event, work)
