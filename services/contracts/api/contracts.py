"""Contracts: drawn up, changed, submitted, found and read, withdrawn, ended."""

import secrets
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from services.contracts import views
from services.contracts.domain.clause import ClauseNumber, ClauseText
from services.contracts.domain.contract import Contract
from services.contracts.domain.lines import Day, WantedLine, WantedService, end_of, start_of
from services.contracts.domain.slots import SlotName, SlotValue
from services.contracts.domain.status import ContractStatus
from services.contracts.domain.template import ContractKind, Template
from services.contracts.domain.text import ContractText
from shared.domain.actor import Actor, Post
from shared.domain.numbers import ALPHABET
from shared.web.asking import Body, Reason
from shared.web.change import Change, change_of
from shared.web.identity import Anyone, admit
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(tags=["contracts"])

Writer = Annotated[Actor, Depends(admit(Post.SALESPERSON, Post.CLERK))]
SalesManager = Annotated[Actor, Depends(admit(Post.SALES_MANAGER))]
ContractChange = Annotated[Change[Contract], Depends(change_of(Contract))]

Slots = Annotated[dict[SlotName, SlotValue], Field(max_length=200)]
Lines = Annotated[list[WantedLine], Field(max_length=200)]
Services = Annotated[list[WantedService], Field(max_length=50)]

CODE_LENGTH = 20  # letters of five random bits each
MOST_WORDS = 10


class DraftContract(Body):
    """A contract as it is written: a template, its slots, and what is contracted."""

    template_id: UUID
    customer_id: UUID
    slots: Slots = {}
    lines: Lines = []
    services: Annotated[Services, Field(description="Of a service contract: content and time limits")] = []
    valid_until: Day


class Deviate(Body):
    """What the contract says instead of a clause; the clause's own words take a deviation back."""

    clause: ClauseNumber
    text: ClauseText


class ChangeContract(Body):
    """What is named takes the place of what was there; all the rest stays."""

    slots: Slots | None = None
    lines: Lines | None = None
    services: Services | None = None
    valid_until: Day | None = None


class Amend(ChangeContract):
    """What is named takes the place of what was agreed; the clauses are changed with `deviate` afterwards."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Search(BaseModel):
    """What is looked for; days are those of Shanghai, both included."""

    status: ContractStatus | None = None
    customer_id: UUID | None = None
    number: Annotated[str | None, Field(max_length=40, description="The number, or how it begins")] = None
    kind: ContractKind | None = None
    amends: Annotated[UUID | None, Field(description="The amendments of a contract")] = None
    drafted_from: Annotated[Day | None, Field(alias="from")] = None
    drafted_to: Annotated[Day | None, Field(alias="to")] = None
    valid_from: Annotated[Day | None, Field(description="Valid until this day at least")] = None
    valid_to: Annotated[Day | None, Field(description="Valid until this day at most")] = None
    text: Annotated[
        str | None,
        Field(max_length=200, description="Words that all occur in number, company, slots, lines or deviations"),
    ] = None

    def filter(self) -> views.Filter:
        """As the query wants it: moments for days, words for a text."""
        return views.Filter(
            self.status,
            self.customer_id,
            self.number,
            self.kind,
            self.amends,
            start_of(self.drafted_from) if self.drafted_from else None,
            end_of(self.drafted_to) if self.drafted_to else None,
            self.valid_from.isoformat() if self.valid_from else None,
            self.valid_to.isoformat() if self.valid_to else None,
            (self.text or "").split()[:MOST_WORDS] or None,
        )


def new_code() -> str:
    """A verification code that nobody guesses: 100 random bits in letters that are not mistaken for others (CON-6)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


@router.post("/contracts", status_code=201, response_model=Contract)
async def draft_contract(body: DraftContract, by: Writer, change: ContractChange, request: Request) -> Response:
    """Draw up a contract from an active template (CON-1)."""
    template, company = await views.drafting(request.app.state.pool, body.template_id, body.customer_id)
    contract = Contract.draft(
        change.new_id(),
        template=template,
        customer_id=body.customer_id,
        company=company,
        verification_code=new_code(),
        slots=body.slots,
        lines=body.lines,
        services=body.services,
        valid_until=body.valid_until,
        by=by,
        at=change.at,
    )
    return await change.save(contract)


@router.get("/contracts")
async def list_contracts(request: Request, anyone: Anyone, page: Paged, search: Annotated[Search, Query()]) -> Response:
    """Contracts, newest first; salespeople see their own, customers and partners theirs."""
    contracts = partial(views.contracts, request.app.state.pool, actor=anyone, wanted=search.filter())
    left_out = (*views.NOT_LISTED, *views.NOT_AGREED) if anyone.outside else views.NOT_LISTED
    return await listed(request, page, contracts, Contract, without=left_out)


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


@router.post("/contracts/{contract_id}/withdraw", response_model=Contract)
async def withdraw_contract(
    contract_id: UUID, body: Reason, by: Writer, change: ContractChange, request: Request
) -> Response:
    """Give up what has not taken effect; it is kept all the same (CON-8)."""
    await views.must_reach(request.app.state.pool, by, contract_id)
    async with change(contract_id) as contract:
        contract.withdraw(body.reason, by, change.at)
    return change.answer


@router.post("/contracts/{contract_id}/amend", status_code=201, response_model=Contract)
async def amend_contract(
    contract_id: UUID, body: Amend, by: Writer, change: ContractChange, request: Request
) -> Response:
    """Draft an amendment of a contract in force: a contract of its own, through the same chain (CON-9)."""
    await views.must_reach(request.app.state.pool, by, contract_id)
    async with change.together() as both:
        contract = await both.work.get(Contract, contract_id)
        template = await both.work.get(Template, contract.template_id)
        earlier: int = await both.work.fetchval(views.AMENDMENTS, contract_id)
        both.main = contract.amend(
            change.new_id(),
            template,
            edition=earlier + 2,
            verification_code=new_code(),
            by=by,
            at=change.at,
            **dict(body),
        )
    answer = change.answer
    answer.headers["Location"] = f"/v1/contracts/{both.main.id}"
    return answer


@router.post("/contracts/{contract_id}/end", response_model=Contract)
async def end_contract(contract_id: UUID, body: Reason, by: SalesManager, change: ContractChange) -> Response:
    """Terminate a contract in force."""
    async with change(contract_id) as contract:
        contract.end(body.reason, by, change.at)
    return change.answer
