"""The tracking sheet of a customer, and who has one."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel

from services.customers import views
from services.customers.domain.access import Access
from services.customers.domain.customer import Customer
from services.customers.domain.tracking import standings
from services.customers.forms import tracking_sheet
from shared.domain.money import Amount
from shared.domain.numbers import SHANGHAI
from shared.persistence.policies import Policies
from shared.web.identity import Anyone
from shared.web.paging import PagedByCode, listed
from shared.web.papers import FORM_ROWS, PaperFormat, form_response
from shared.web.routes import Routes

router = Routes(tags=["tracking"])

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
Day = Annotated[date, Query(ge=FIRST_DAY, le=LAST_DAY)]


class Tracked(BaseModel):
    """Somebody who has a tracking sheet, and what it comes to (CON-8)."""

    customer_id: UUID
    code: str
    company: str
    level: str
    owner: str
    contract_customer: bool
    large_customer: bool
    contracts: int
    purchases: int
    purchased: Amount
    last_purchase_at: datetime | None


@router.get("/tracking-sheets")
async def list_tracking_sheets(request: Request, anyone: Anyone, page: PagedByCode) -> Response:
    """Every contract customer and every large customer, by code (CON-8)."""
    policies: Policies = request.app.state.policies
    access, large = Access.of(anyone), policies.now.customers.large_levels
    tracked = partial(views.tracked, request.app.state.pool, access=access, large_levels=large)
    return await listed(request, page, tracked, Tracked)


@router.get("/customers/{customer_id}/tracking-sheet")
async def print_tracking_sheet(
    customer_id: UUID,
    request: Request,
    anyone: Anyone,
    format: PaperFormat = "pdf",
    since: Annotated[
        Day, Query(alias="from", description="What was bought and complained of from this day on")
    ] = FIRST_DAY,
    until: Annotated[Day, Query(alias="to", description="… to this day")] = LAST_DAY,
) -> Response:
    """客户跟踪管理表 as PDF or XLSX: contracts, purchases, complaints; contact data as in the file (CON-8, ORD-14)."""
    pool = request.app.state.pool
    document, _ = await views.customer(pool, customer_id, Access.of(anyone))
    customer = Customer.model_validate_json(document)
    story = await views.story(pool, customer_id, _start(since), _start(until + timedelta(days=1)), FORM_ROWS + 1)
    known = standings(customer.level, len(story.contracts), request.app.state.policies.now)
    form = tracking_sheet(customer, known, story, request.app.state.company, datetime.now(UTC))
    return await form_response(form, format, f"客户跟踪管理表-{customer.code}")


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)
