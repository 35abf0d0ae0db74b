"""Writing an order, whether it is placed or picked from a quotation: it takes what contract and exceptions allow."""

from collections.abc import Sequence

from services.orders.domain.contract_allowance import ContractAllowance
from services.orders.domain.order import Order
from services.orders.domain.price_exception import PriceException
from services.orders.domain.pricing import Drawn
from shared.domain.numbers import SHANGHAI
from shared.persistence.work import Work


async def write_order(work: Work, order: Order, drawn: Sequence[Drawn] = ()) -> Order:
    """Keep the order and what it takes of its contract (ORD-19) and of price exceptions (ORD-3), or nothing."""
    at = order.placed_at
    if order.contract_id is not None:
        allowance = await work.get(ContractAllowance, ContractAllowance.id_of(order.contract_id))
        wanted = [(line.article, line.quantity) for line in order.lines]
        allowance.draw(order.id, order.customer_id, wanted, at.astimezone(SHANGHAI).date())
    for taken in drawn:
        exception = await work.get(PriceException, taken.exception_id)
        exception.use(order.id, taken.quantity, at)
    return work.begin(order)
