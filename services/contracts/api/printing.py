"""Contracts on paper, and the check whether a paper is genuine."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Self
from uuid import UUID

from fastapi import Path, Request, Response
from pydantic import BaseModel

from services.contracts import printing_views, views
from services.contracts.domain.contract import Contract
from services.contracts.domain.review import Seal
from services.contracts.domain.status import ContractStatus
from services.contracts.forms.contract_paper import TEMPLATE, contract_paper, printed_as_of
from shared.documents.paper import print_paper
from shared.domain.money import Amount
from shared.domain.numbers import SHANGHAI
from shared.web.asking import Insider
from shared.web.identity import Anyone
from shared.web.paging import Paged, listed
from shared.web.papers import file_response
from shared.web.routes import Routes

router = Routes(tags=["printing"])

# Crockford: whoever types the code from the paper may mistake these.
AS_READ = str.maketrans("ILO", "110", "- ")


class Print(BaseModel):
    """A line of the print register (CON-6)."""

    id: UUID
    contract_id: UUID
    number: str
    edition: int
    digest: str
    sealed: bool
    printed_by: str
    printed_for: str | None
    printed_at: datetime


class SealedEdition(BaseModel):
    """A sealed text of the contract: a paper with this digest is genuine, if not the latest."""

    edition: int
    digest: str
    sealed_on: date


class Verified(BaseModel):
    """What a paper with this code must say; nothing personal. In force only what is sealed and not over (CON-6)."""

    number: str
    status: ContractStatus
    in_force: bool
    digest: str
    sealed_on: date | None
    edition: int
    valid_until: date
    lines: int
    total: Amount
    earlier_editions: list[SealedEdition]

    @classmethod
    def of(cls, contract: Contract) -> Self:
        return cls(
            number=contract.number,
            status=contract.status,
            in_force=contract.seal is not None and contract.ended_at is None,
            digest=contract.content_digest(),
            sealed_on=_sealed_on(contract.seal) if contract.seal else None,
            edition=contract.edition,
            valid_until=contract.valid_until,
            lines=len(contract.lines),
            total=round(contract.total, 2),
            earlier_editions=[
                SealedEdition(edition=one.edition, digest=one.digest, sealed_on=_sealed_on(one.seal))
                for one in contract.editions
            ],
        )


@router.get(
    "/contracts/{contract_id}/print", response_class=Response, responses={200: {"content": {"application/pdf": {}}}}
)
async def print_contract(contract_id: UUID, request: Request, anyone: Anyone) -> Response:
    """The contract as PDF; an unsealed one bears 草稿 DRAFT on every page. Each print is registered (CON-6)."""
    state = request.app.state
    contract, template, customer = await printing_views.printed(state.pool, anyone, contract_id)
    data = contract_paper(contract, template, customer, state.company, state.public_url)
    pdf = await print_paper(TEMPLATE, data, printed_as_of(contract))
    await printing_views.register(state.pool, contract, anyone)
    return file_response(pdf, "pdf", f"{template.title}-{contract.number}")


@router.get("/contracts/{contract_id}/prints")
async def list_prints(contract_id: UUID, request: Request, by: Insider, page: Paged) -> Response:
    """The print register of one contract, newest first (CON-6)."""
    await views.must_reach(request.app.state.pool, by, contract_id)
    return await listed(
        request, page, partial(printing_views.prints, request.app.state.pool, contract_id=contract_id), Print
    )


@router.get("/verify/{code}")
async def verify_paper(
    code: Annotated[str, Path(max_length=60, description="As printed; hyphens and small letters do not matter")],
    request: Request,
    response: Response,
) -> Verified:
    """Whether a paper is genuine: without login, since whoever holds the paper may ask (CON-6)."""
    response.headers["Cache-Control"] = "no-store"
    return Verified.of(await printing_views.verified(request.app.state.pool, code.upper().translate(AS_READ)))


def _sealed_on(seal: Seal) -> date:
    return seal.at.astimezone(SHANGHAI).date()
