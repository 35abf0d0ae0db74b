"""What orders does about what it hears."""

from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.evidence_search import EvidenceSearch
from services.orders.domain.lot import Lot
from services.orders.domain.order import Order
from services.orders.views import customers, orders
from shared.events.complaints import ComplaintFiled
from shared.events.contracts import ContractEnded, ContractTookEffect
from shared.events.customers import CustomerOwnerChanged, CustomerRegistered
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


@reactions.on(ContractEnded)
async def close_the_allowance(event: ContractEnded, work: Work) -> None:
    """No more orders under this contract (ORD-19)."""
    async with work.open(ContractAllowance, ContractAllowance.id_of(event.entity_id)) as allowance:
        allowance.close(event.reason)


@reactions.on(ComplaintFiled)
async def compile_the_evidence(event: ComplaintFiled, work: Work) -> None:
    """Give the case what we know of the goods it names, if they are the complainant's own (ORD-20)."""
    if event.slip is None:
        return
    order_id = await work.fetchval(orders.ORDER_OF_SLIP, event.slip.order_number, event.customer_id)
    if order_id is None:
        work.begin(EvidenceSearch.fail(work.id_for("evidence search"), event.entity_id, event.slip.order_number))
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
