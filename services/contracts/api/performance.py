"""How contracts are performed: progress, delivery dates, services, breaches."""

from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, Field, StringConstraints

from services.contracts import performance_views as views
from services.contracts.domain.breach import Breach
from services.contracts.domain.milestone import Milestone, MilestoneState
from services.contracts.domain.performance import Performance
from services.contracts.domain.progress import OrderShare
from services.contracts.domain.service_work import Job
from shared.domain.actor import Actor, Post
from shared.domain.money import Amount
from shared.web.asking import Body, Name, Reason
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["performance"])

Decider = Annotated[Actor, Depends(admit(Post.SALES_DIRECTOR, Post.VICE_PRESIDENT_SALES))]
Servant = Annotated[Actor, Depends(admit(Post.SERVICE_AGENT, Post.TECHNICIAN, Post.CLERK))]
Planner = Annotated[
    Actor,
    Depends(
        admit(
            Post.SALESPERSON,
            Post.CLERK,
            Post.SALES_MANAGER,
            Post.SALES_DIRECTOR,
            Post.VICE_PRESIDENT_SALES,
            Post.BRANCH_GENERAL_MANAGER,
            Post.GENERAL_MANAGER,
            Post.HEADQUARTERS,
            Post.AUDITOR,
            Post.PRODUCTION,
        )
    ),
]
PerformanceChange = Annotated[Change[Performance], Depends(change_of(Performance))]


class Settle(Body):
    """What was paid for a breach, in yuan, and what was agreed on with it."""

    amount: Amount
    note: Annotated[str, StringConstraints(min_length=1, max_length=500)]


# Nothing was done before; and a moment at the beginning of time has none in Shanghai.
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC))]


class MeasureWork(Body):
    """A piece of work that was done for the customer, with the number it is known by elsewhere."""

    service: Name
    reference: Name
    requested_at: Moment
    responded_at: Moment
    done_at: Moment
    by_whom: Name


class ListedMilestone(Milestone):
    """A milestone with the contract it belongs to."""

    contract_id: UUID
    number: str
    customer_id: UUID


class ShownPerformance(Performance):
    """How a contract is performed, with its orders counted only."""

    orders: Annotated[list[OrderShare], Field(description="Left out; `…/performance/orders` has them in pages")] = []
    order_count: int


@router.get("/contracts/{contract_id}/performance", response_model=ShownPerformance)
async def show_performance(contract_id: UUID, request: Request, anyone: Anyone) -> Response:
    """Lines, milestones, services, breaches; outside people see their own (CON-10, CON-12 to CON-14)."""
    row = await views.performance(request.app.state.pool, anyone, contract_id)
    return document(row["document"], row["version"])


@router.get("/contracts/{contract_id}/performance/orders")
async def list_performed_orders(contract_id: UUID, request: Request, anyone: Anyone, page: Paged) -> Response:
    """What each order under the contract contributes to its lines, newest first (CON-13)."""
    await views.performance(request.app.state.pool, anyone, contract_id)
    return await listed(request, page, partial(views.orders, request.app.state.pool, contract_id), OrderShare)


@router.get("/contracts/{contract_id}/breaches")
async def list_breaches(contract_id: UUID, request: Request, anyone: Anyone, page: Paged) -> Response:
    """The breaches of a contract, newest first, with the damages its clauses give (CON-14)."""
    await views.performance(request.app.state.pool, anyone, contract_id)
    return await listed(request, page, partial(views.breaches, request.app.state.pool, anyone, contract_id), Breach)


@router.post("/contracts/{contract_id}/breaches/{breach_id}/settle", response_model=Performance)
async def settle_breach(
    contract_id: UUID, breach_id: UUID, body: Settle, by: Decider, change: PerformanceChange
) -> Response:
    """The customer got the damages, or as much of them as was agreed on (CON-14)."""
    async with change(Performance.id_of(contract_id)) as performance:
        performance.settle_breach(breach_id, body.amount, body.note, by, change.at)
    return change.answer


@router.post("/contracts/{contract_id}/breaches/{breach_id}/waive", response_model=Performance)
async def waive_breach(
    contract_id: UUID, breach_id: UUID, body: Reason, by: Decider, change: PerformanceChange
) -> Response:
    """Nothing is asked for the breach, for a reason (CON-14)."""
    async with change(Performance.id_of(contract_id)) as performance:
        performance.waive_breach(breach_id, body.reason, by, change.at)
    return change.answer


@router.post("/contracts/{contract_id}/service-work", response_model=Performance)
async def measure_work(contract_id: UUID, body: MeasureWork, by: Servant, change: PerformanceChange) -> Response:
    """Measure work done under a service contract against its terms, once per reference (CON-12)."""
    async with change(Performance.id_of(contract_id)) as performance:
        performance.measure(Job(**dict(body)), by, change.at)
    return change.answer


@router.get("/milestones")
async def list_milestones(
    request: Request,
    by: Planner,
    page: Paged,
    state: MilestoneState | None = None,
    before: Annotated[date | None, Query(description="Only what is due before this day")] = None,
) -> Response:
    """Delivery dates of all contracts, the latest first; salespeople see those of their own (CON-10)."""
    return await listed(
        request, page, partial(views.milestones, request.app.state.pool, by, state, before), ListedMilestone
    )
