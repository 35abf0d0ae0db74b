"""Contracts: drawn up, changed, submitted, read, ended."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from services.contracts import views
from services.contracts.domain.contract import Contract
from services.contracts.domain.lines import Day, WantedLine
from services.contracts.domain.slots import SlotName, SlotValue
from services.contracts.domain.status import ContractStatus
from services.contracts.domain.template import ClauseNumber, ClauseText, Template
from services.contracts.domain.text import ContractText
from shared.domain.actor import Actor, Post
from shared.web.asking import Body, Reason
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import Paged, document, listing
from shared.web.routes import Routes

router = Routes(tags=["contracts"])

Writer = Annotated[Actor, Depends(admit(Post.SALESPERSON, Post.CLERK))]
SalesManager = Annotated[Actor, Depends(admit(Post.SALES_MANAGER))]
ContractChange = Annotated[Change[Contract], Depends(change_of(Contract))]

Slots = Annotated[dict[SlotName, SlotValue], Field(max_length=200)]
Lines = Annotated[list[WantedLine], Field(min_length=1, max_length=200)]


class DraftContract(Body):
    """A contract as it is written: a template, its slots, and what is contracted."""

    template_id: UUID
    customer_id: UUID
    slots: Slots = {}
    lines: Lines
    valid_until: Day


class Deviate(Body):
    """What the contract says instead of a clause; the clause's own words take a deviation back."""

    clause: ClauseNumber
    text: ClauseText


class ChangeContract(Body):
    """What is named takes the place of what was there; all the rest stays."""

    slots: Slots | None = None
    lines: Lines | None = None
    valid_until: Day | None = None


@router.post("/contracts", status_code=201, response_model=Contract)
async def draft_contract(body: DraftContract, by: Writer, change: ContractChange, request: Request) -> Response:
    """Draw up a contract from an active template (CON-1)."""
    template = await views.drafting(request.app.state.pool, body.template_id, body.customer_id)
    contract = Contract.draft(
        change.new_id(),
        template=template,
        customer_id=body.customer_id,
        slots=body.slots,
        lines=body.lines,
        valid_until=body.valid_until,
        by=by,
        at=change.at,
    )
    return await change.save(contract)


@router.get("/contracts")
async def list_contracts(
    request: Request,
    anyone: Anyone,
    page: Paged,
    status: ContractStatus | None = None,
    customer_id: UUID | None = None,
    number: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Contracts, newest first; salespeople see their own, customers and partners theirs."""
    wanted = views.Filter(status, customer_id, number)
    return listing(await views.contracts(request.app.state.pool, page, anyone, wanted), page)


@router.get("/contracts/{contract_id}", response_model=Contract)
async def show_contract(contract_id: UUID, request: Request, anyone: Anyone) -> Response:
    """One contract with its reviews, approvals and next step; outside people see only what was agreed."""
    row = await views.contract(request.app.state.pool, anyone, contract_id)
    return document(row["document"], row["version"])


@router.get("/contracts/{contract_id}/text")
async def read_contract(contract_id: UUID, request: Request, anyone: Anyone) -> ContractText:
    """The contract as it reads, deviations marked; one that is not sealed bears a watermark (CON-6)."""
    return await views.read(request.app.state.pool, anyone, contract_id)


@router.post("/contracts/{contract_id}/deviate", response_model=Contract)
async def deviate(contract_id: UUID, body: Deviate, by: Writer, change: ContractChange, request: Request) -> Response:
    """Depart from a clause: kept with its difference, and approved higher up (CON-2)."""
    await views.must_reach(request.app.state.pool, by, contract_id)
    async with change.together(contract_id) as both:
        template = await both.work.get(Template, both.main.template_id)
        both.main.deviate(body.clause, body.text, template, by, change.at)
    return change.answer


@router.post("/contracts/{contract_id}/change", response_model=Contract)
async def change_contract(
    contract_id: UUID, body: ChangeContract, by: Writer, change: ContractChange, request: Request
) -> Response:
    """Change the content; all reviews and decisions made before are void (CON-9)."""
    await views.must_reach(request.app.state.pool, by, contract_id)
    async with change.together(contract_id) as both:
        template = await both.work.get(Template, both.main.template_id)
        both.main.change(template, by, change.at, **dict(body))
    return change.answer


@router.post("/contracts/{contract_id}/submit", response_model=Contract)
async def submit_contract(contract_id: UUID, by: Writer, change: ContractChange, request: Request) -> Response:
    """Freeze the content and ask the departments (CON-3, CON-9)."""
    await views.must_reach(request.app.state.pool, by, contract_id)
    async with change(contract_id) as contract:
        contract.submit(change.policy, by, change.at)
    return change.answer


@router.post("/contracts/{contract_id}/end", response_model=Contract)
async def end_contract(contract_id: UUID, body: Reason, by: SalesManager, change: ContractChange) -> Response:
    """Terminate a contract in force."""
    async with change(contract_id) as contract:
        contract.end(body.reason, by, change.at)
    return change.answer
