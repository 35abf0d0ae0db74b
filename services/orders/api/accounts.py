"""Customers' accounts: credit, what they owe, and the balances brought forward."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field, create_model, field_validator
from pydantic_core import PydanticCustomError

from services.orders.api.access import own_client, own_customer
from services.orders.domain.customer_account import CustomerAccount
from services.orders.views import money
from services.orders.views.customers import customer_owner
from services.orders.views.money import Customer
from shared.documents.tables import Day, Row, read_table
from shared.domain.actor import Actor, Post
from shared.web.asking import Uploaded
from shared.web.change import Change, change_of
from shared.web.identity import admit
from shared.web.import_templates import Wanted, import_template
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["accounts"])

OVERSEERS = (Post.FINANCE, Post.SALES_MANAGER, Post.SALES_DIRECTOR, Post.VICE_PRESIDENT_SALES)
Finance = Annotated[Actor, Depends(admit(Post.FINANCE))]
Overseer = Annotated[Actor, Depends(admit(*OVERSEERS))]
Concerned = Annotated[Actor, Depends(admit(*OVERSEERS, Post.SALESPERSON, Post.CLERK, Post.CUSTOMER, Post.PARTNER))]
AccountChange = Annotated[Change[CustomerAccount], Depends(change_of(CustomerAccount))]


class BalanceRow(Row, key=("customer",)):
    """A row of a list of opening balances (期初余额表): above zero it is the customer's, below zero they owe it."""

    customer: str = Field(title="客户编号/客户编码", min_length=1, max_length=40)
    balance: Decimal = Field(title="期初余额/余额", gt=-(10**10), lt=10**10, decimal_places=2)
    as_of: Day = Field(title="截止日期/日期")
    remark: str = Field(title="备注", default="", max_length=200)


class Imported(BaseModel):
    brought_forward: int


@router.post("/accounts/import", status_code=201)
async def import_balances(file: Uploaded, by: Finance, change: AccountChange, request: Request) -> Imported:
    """Bring customers' opening balances forward (XLSX or CSV): all of them or, with every error named, none (ORD-16).

    Each customer's once; customers that are not registered are errors, too.
    """
    rows = await asyncio.to_thread(read_table, file.content, file.name, BalanceRow)
    known = await money.customers_of(request.app.state.pool, [row.customer for row in rows])
    rows = await asyncio.to_thread(read_table, file.content, file.name, _of_customers(known))
    async with change.many() as work:
        for row in rows:
            [customer] = known[row.customer]
            if customer.opened:
                account = await work.get(CustomerAccount, CustomerAccount.id_of(customer.id))
            else:
                account = work.begin(CustomerAccount.open(customer.id))
            account.bring_forward(row.balance, row.as_of, row.remark)
    return Imported(brought_forward=len(rows))


def _of_customers(known: Mapping[str, Sequence[Customer]]) -> type[BalanceRow]:
    """The row that also refuses a customer who is not registered, or whose balance was brought forward before."""

    def known_customer(code: str) -> str:
        match known.get(code, ()):
            case []:
                raise PydanticCustomError("customer_unknown", "No customer has this code.")
            case [customer]:
                if customer.brought:
                    raise PydanticCustomError("brought_before", "The balance was brought forward before.")
                return code
            case _:
                raise PydanticCustomError("customer_ambiguous", "Several customers have this code.")

    validators = {"known_customer": field_validator("customer")(known_customer)}
    return create_model("BalanceRow", __base__=BalanceRow, __validators__=validators)


@router.get("/accounts/import-template")
async def show_balance_template(request: Request, by: Finance, form: Wanted = "xlsx") -> Response:
    """An empty list of opening balances, to be filled and brought in."""
    return import_template(request, form, BalanceRow)


@router.get("/accounts")
async def list_accounts(request: Request, by: Overseer, page: Paged) -> Response:
    """Customers' accounts, in the order of their ids."""
    return await listed(request, page, partial(money.accounts, request.app.state.pool), CustomerAccount)


@router.get("/customers/{customer_id}/account", response_model=CustomerAccount)
async def show_account(customer_id: UUID, request: Request, by: Concerned) -> Response:
    """A customer's credit and what they owe beside their orders; for themselves, and whoever looks after them."""
    own_customer(by, customer_id, *OVERSEERS, Post.SALESPERSON, Post.CLERK)
    pool = request.app.state.pool
    owner = await customer_owner(pool, customer_id)
    if customer_id not in by.customers:
        own_client(by, owner)
    account_id = CustomerAccount.id_of(customer_id)
    text = await pool.fetchval(money.ACCOUNT, account_id)
    return document(text or CustomerAccount.begin(account_id, customer_id=customer_id).model_dump_json())
