"""Who is told what about what orders announces: one line of telling per event."""

from services.notifications.domain.recipient import the_customer, the_person, the_post
from services.notifications.telling import reactions, tell
from shared.domain.actor import Post
from shared.events.orders import (
    DeliveryLate,
    DepositConfirmed,
    DispatchPlanned,
    LotHeld,
    OrderExpired,
    OrderPaid,
    OrderRefunded,
    PaymentGateClosed,
    PaymentNoticeSetAside,
    PaymentReminded,
    PriceExceptionRequested,
    PriceRefused,
    ProductionFinished,
    ProductionPlanned,
    ProductionRequested,
    ProductionStarted,
    QuotationOffered,
    RefundRequested,
    ShipmentDispatched,
    TrialProduced,
    TrialRequested,
)
from shared.persistence.work import Work


@reactions.on(OrderPaid)
async def tell_that_goods_may_leave(event: OrderPaid, work: Work) -> None:
    """The warehouse may release the goods (ORD-9)."""
    await tell(work, event, "order_paid", the_post(Post.WAREHOUSE))


@reactions.on(ShipmentDispatched)
async def tell_that_goods_are_coming(event: ShipmentDispatched, work: Work) -> None:
    """A dispatch informs the customer (ORD-11)."""
    await tell(work, event, "order_dispatched", the_customer(event.customer_id))


@reactions.on(PriceRefused)
async def report_the_own_price(event: PriceRefused, work: Work) -> None:
    """Each attempt at a price of one's own is reported (ORD-3)."""
    await tell(work, event, "price_refused", the_post(Post.SALES_MANAGER))


@reactions.on(LotHeld)
async def tell_of_the_held_lot(event: LotHeld, work: Work) -> None:
    """Nothing of the lot may leave the warehouse (ORD-12)."""
    await tell(work, event, "lot_held", the_post(Post.WAREHOUSE))


@reactions.on(PaymentReminded)
async def remind_of_the_payment(event: PaymentReminded, work: Work) -> None:
    """The customer, and the salesperson who collects (ORD-16)."""
    await tell(work, event, "payment_reminded", the_customer(event.customer_id), the_person(event.salesperson))


@reactions.on(DepositConfirmed)
async def open_production(event: DepositConfirmed, work: Work) -> None:
    """The deposit is here: production may begin, goods still wait (ORD-9)."""
    await tell(work, event, "deposit_confirmed", the_post(Post.PRODUCTION))


@reactions.on(PaymentGateClosed)
async def stop_the_goods(event: PaymentGateClosed, work: Work) -> None:
    """Money went back: nothing more leaves (ORD-9, ORD-10)."""
    await tell(work, event, "payment_gate_closed", the_post(Post.WAREHOUSE), the_post(Post.SALES_MANAGER))


@reactions.on(PaymentNoticeSetAside)
async def ask_about_the_money(event: PaymentNoticeSetAside, work: Work) -> None:
    """Money that no order fits must not lie about (ORD-10)."""
    await tell(work, event, "payment_notice_set_aside", the_post(Post.FINANCE))


@reactions.on(RefundRequested)
async def ask_for_the_refund(event: RefundRequested, work: Work) -> None:
    """Another person decides (ORD-17)."""
    await tell(work, event, "refund_requested", the_post(Post.FINANCE))


@reactions.on(OrderRefunded)
async def tell_of_the_refund(event: OrderRefunded, work: Work) -> None:
    """The customer knows where their money is (ORD-17)."""
    await tell(work, event, "order_refunded", the_customer(event.customer_id))


@reactions.on(OrderExpired)
async def tell_of_the_expiry(event: OrderExpired, work: Work) -> None:
    """The customer knows that nothing is set aside any more (ORD-17)."""
    if event.customer_id is not None:
        await tell(work, event, "order_expired", the_customer(event.customer_id))


@reactions.on(DispatchPlanned)
async def announce_the_dispatch(event: DispatchPlanned, work: Work) -> None:
    """The customer knows beforehand (ORD-11)."""
    await tell(work, event, "dispatch_planned", the_customer(event.customer_id), the_post(Post.TRANSPORT))


@reactions.on(DeliveryLate)
async def report_the_late_delivery(event: DeliveryLate, work: Work) -> None:
    """A promised day has passed (ORD-13)."""
    posts = (Post.TRANSPORT, Post.SALES_MANAGER)
    await tell(work, event, "delivery_late", *map(the_post, posts), the_person(event.salesperson))


@reactions.on(QuotationOffered)
async def offer_the_choice(event: QuotationOffered, work: Work) -> None:
    """The customer may pick one of the options (ORD-4)."""
    await tell(work, event, "quotation_offered", the_customer(event.customer_id))


@reactions.on(PriceExceptionRequested)
async def ask_for_the_price(event: PriceExceptionRequested, work: Work) -> None:
    """Only an approved exception makes another price right (ORD-3)."""
    await tell(work, event, "price_exception_requested", the_post(Post.SALES_DIRECTOR))


@reactions.on(TrialRequested)
async def set_the_trial_to_work(event: TrialRequested, work: Work) -> None:
    """A sample plate waits for its trial (ORD-8)."""
    await tell(work, event, "trial_requested", the_post(Post.PRODUCTION))


@reactions.on(TrialProduced)
async def show_the_trial(event: TrialProduced, work: Work) -> None:
    """The customer says whether they accept it (ORD-8)."""
    if event.succeeded:
        await tell(work, event, "trial_produced", the_customer(event.customer_id))


@reactions.on(ProductionRequested)
async def ask_for_the_shortage(event: ProductionRequested, work: Work) -> None:
    """What stock cannot cover (ORD-7)."""
    await tell(work, event, "production_requested", the_post(Post.PRODUCTION))


@reactions.on(ProductionPlanned)
async def tell_of_the_plan(event: ProductionPlanned, work: Work) -> None:
    """Progress is passed on to the customer (ORD-7)."""
    await tell(work, event, "production_planned", the_customer(event.customer_id))


@reactions.on(ProductionStarted)
async def tell_of_the_start(event: ProductionStarted, work: Work) -> None:
    """Progress is passed on to the customer (ORD-7)."""
    await tell(work, event, "production_started", the_customer(event.customer_id))


@reactions.on(ProductionFinished)
async def tell_of_the_finished_goods(event: ProductionFinished, work: Work) -> None:
    """Progress is passed on to the customer (ORD-7), and the warehouse has the goods."""
    await tell(work, event, "production_finished", the_customer(event.customer_id), the_post(Post.WAREHOUSE))
