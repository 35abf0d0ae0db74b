"""What is printed and verified of contracts, and the print register."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.contracts import views
from services.contracts.domain.contract import Contract
from services.contracts.domain.template import Template
from shared.domain.actor import Actor
from shared.domain.refusals import NotFound
from shared.events.envelope import new_id
from shared.persistence.pool import Reader
from shared.web.paging import Page

VERIFIED = "SELECT document FROM contracts WHERE verification_code = $1"

REGISTER_PRINT = """
INSERT INTO contract_prints (id, contract_id, number, edition, digest, sealed, printed_by, printed_for)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

PRINTS = """
SELECT id, to_jsonb(contract_prints) AS document FROM contract_prints
WHERE contract_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
"""


class Printed(NamedTuple):
    """A contract, the template it is drawn up from, and the customer's company."""

    contract: Contract
    template: Template
    customer: str


async def printed(reader: Reader, actor: Actor, contract_id: UUID) -> Printed:
    """All that stands on a printed contract (CON-6); raises `NotFound` or `Forbidden`."""
    await views.must_reach(reader, actor, contract_id)
    row = await reader.fetchrow(views.READ, contract_id)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="contract", id=str(contract_id))
    contract = Contract.model_validate_json(row["contract"])
    return Printed(contract, Template.model_validate_json(row["template"]), row["company"])


async def register(pool: asyncpg.Pool, contract: Contract, by: Actor) -> None:
    """A line in the print register: who, when, what (CON-6)."""
    digest, sealed = contract.content_digest(), contract.seal is not None
    line = (contract.id, contract.number, contract.edition, digest, sealed, by.id, by.on_behalf_of)
    await pool.execute(REGISTER_PRINT, new_id(), *line)


async def prints(reader: Reader, page: Page, contract_id: UUID) -> Sequence[asyncpg.Record]:
    """The print register of one contract, newest first, one more than the page shows (CON-6)."""
    return await reader.fetch(PRINTS, contract_id, page.before, page.fetch)


async def verified(reader: Reader, code: str) -> Contract:
    """The contract that bears this code; raises `NotFound` (CON-6)."""
    document = await reader.fetchval(VERIFIED, code)
    if document is None:
        raise NotFound("no contract bears this verification code", rule="CON-6")
    return Contract.model_validate_json(document)
