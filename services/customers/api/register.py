"""The register of customers, and what each bought and complained of."""

import asyncio
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.customers import views
from services.customers.domain.access import Access
from services.customers.domain.customer import Customer, CustomerKind
from shared.documents.exports import Format
from shared.documents.tables import Row, like_registered, read_table
from shared.domain.actor import Actor, Post
from shared.domain.refusals import RuleBroken
from shared.web.asking import Body, Uploaded
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.import_templates import Wanted, import_template
from shared.web.paging import Paged, PagedByCode, document, listed
from shared.web.routes import Routes

router = Routes(tags=["customers"])

Registrar = Annotated[Actor, Depends(admit(Post.CLERK, Post.SALES_MANAGER))]
SalesManager = Annotated[Actor, Depends(admit(Post.SALES_MANAGER))]
CustomerChange = Annotated[Change[Customer], Depends(change_of(Customer))]
Code = Annotated[str | None, Query(max_length=40)]


class DealerRow(Row, key=("code",)):
    """A customer as they are registered: a row of the list of customers (客户表), or one by itself."""

    model_config = ConfigDict(str_strip_whitespace=True)

    code: str = Field(title="编号/客户编号", pattern=r"^[\w.-]+$", max_length=40)
    company: str = Field(title="公司", min_length=1, max_length=100)
    kind: CustomerKind = Field(title="类型")
    region: str = Field(title="区域", min_length=1, max_length=40)
    level: str = Field(title="级别", min_length=1, max_length=20)
    contact: str = Field(title="联系人", min_length=1, max_length=60)
    phone: str = Field(title="电话", min_length=1, max_length=40)
    address: str = Field(title="地址", min_length=1, max_length=200)
    owner: str = Field(title="归属业务员", min_length=1, max_length=40, description="Employee code of the salesperson")


class NewOwner(Body):
    owner: Annotated[str, Field(min_length=1, max_length=40, description="Employee code of the salesperson")]


class Imported(BaseModel):
    registered: int
    known_before: int


@router.post("/customers/import", status_code=201)
async def import_customers(file: Uploaded, by: Registrar, change: CustomerChange, request: Request) -> Imported:
    """Register a list of customers (XLSX or CSV): all of it or, with every error named, nothing (CUS-1).

    Who is registered already with the same data is left alone.
    """
    rows = await asyncio.to_thread(read_table, file.content, file.name, DealerRow)
    known = await views.known(request.app.state.pool, [row.code for row in rows])
    if known:
        registered = {code: customer.model_dump() for code, customer in known.items()}
        await asyncio.to_thread(read_table, file.content, file.name, like_registered(DealerRow, registered))
    fresh = [row for row in rows if row.code not in known]
    async with change.many() as work:
        for row in fresh:
            work.begin(Customer.register(by=by, at=change.at, **row.model_dump()))
    return Imported(registered=len(fresh), known_before=len(rows) - len(fresh))


@router.post("/customers", status_code=201, response_model=Customer)
async def register_customer(body: DealerRow, by: Registrar, change: CustomerChange) -> Response:
    """Register one customer (CUS-1)."""
    async with change.together() as both:
        if await both.work.find(Customer, Customer.id_of(body.code)):
            raise RuleBroken("CUS-1", "customer {code} is registered already", code=body.code)
        both.main = Customer.register(by=by, at=change.at, **body.model_dump())
    return change.answer


@router.get("/customers/import-template")
async def show_customer_template(request: Request, by: Registrar, form: Wanted = "xlsx") -> Response:
    """An empty list of customers, to be filled and brought in."""
    return import_template(request, form, DealerRow)


@router.get("/customers")
async def list_customers(
    request: Request,
    anyone: Anyone,
    page: PagedByCode,
    owner: Code = None,
    kind: CustomerKind | None = None,
    region: Code = None,
    code: Code = None,
    q: Annotated[str | None, Query(max_length=100, description="Text in the company's name")] = None,
) -> Response:
    """Customers by code; salespeople see their own, outside actors themselves; contact data by role (CUS-1, CUS-9)."""
    wanted = views.Wanted(owner, kind, region, code, q)
    customers = partial(views.customers, request.app.state.pool, access=Access.of(anyone), wanted=wanted)
    return await listed(request, page, customers, Customer)


@router.get("/customers/{customer_id}", response_model=Customer)
async def show_customer(customer_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One customer's file, with contact data for those who need it (CUS-9)."""
    return document(*await views.customer(request.app.state.pool, customer_id, Access.of(anyone)))


class CustomerRecord(BaseModel):
    """A line of the table of what a customer bought (with `order_id`) and complained of (with `complaint_id`)."""

    number: str
    order_id: UUID | None
    salesperson: str | None
    total: Decimal | None
    placed_at: datetime | None
    paid_at: datetime | None
    dispatched_at: datetime | None
    delivery_order: str | None
    delivered_at: datetime | None
    ended_at: datetime | None
    ended_as: str | None
    complaint_id: UUID | None
    kind: str | None
    channel: str | None
    received_at: datetime | None
    resolved_at: datetime | None
    in_time: bool | None
    summary: str | None
    closed_at: datetime | None
    reopened: int | None


@router.get("/customers/{customer_id}/records")
async def show_records(customer_id: UUID, request: Request, anyone: Anyone, page: Paged) -> Response:
    """What the customer bought and complained of, newest first (CUS-1): `{"purchases", "service_records", "next"}`."""
    pool = request.app.state.pool
    await views.customer(pool, customer_id, Access.of(anyone))
    if page.format is not Format.JSON:
        return await listed(request, page, partial(views.records, pool, customer_id), CustomerRecord)
    rows = await views.records(pool, customer_id, page)
    shown = rows[: page.limit]
    purchases = ",".join(row["document"] for row in shown if row["kind"] == "purchase")
    service = ",".join(row["document"] for row in shown if row["kind"] == "service")
    after = f'"{shown[-1]["id"]}"' if len(rows) > page.limit else "null"
    return document(f'{{"purchases":[{purchases}],"service_records":[{service}],"next":{after}}}')


@router.post("/customers/{customer_id}/owner", response_model=Customer)
async def change_owner(customer_id: UUID, body: NewOwner, by: SalesManager, change: CustomerChange) -> Response:
    """Give the customer to another salesperson (CUS-1)."""
    async with change(customer_id) as customer:
        customer.change_owner(body.owner)
    return change.answer
