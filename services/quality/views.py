"""Every read of quality."""

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from services.quality.domain.certificate import CertifiedLot, KnownOrder
from services.quality.domain.claim import Case
from shared.domain.money import yuan
from shared.domain.refusals import NotFound, RuleBroken
from shared.persistence.pool import Reader
from shared.web.paging import FIRST, CodePage, Page

# An investigation's id follows from its complaint's and says nothing of its age.
INVESTIGATIONS = """
SELECT id, document FROM investigations
WHERE ($1::uuid = $5 OR (created_at, id) < (SELECT created_at, id FROM investigations WHERE id = $1))
  AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR complaint_id = $4)
ORDER BY created_at DESC, id DESC LIMIT $2
"""

INVESTIGATION = "SELECT document, version FROM investigations WHERE id = $1"

# Ended cases of the same article and cause, as long as their own recurrence time runs.
RECURRED = """
SELECT id FROM investigations
WHERE status = 'closed' AND article = $1 AND cause = $2 AND id <> $3
  AND (document ->> 'closed_at')::timestamptz + (document ->> 'recurrence_within')::interval > $4
ORDER BY id
"""

CLAIMS = """
SELECT id, document FROM claims WHERE id < $1 AND ($3::uuid IS NULL OR complaint_id = $3) ORDER BY id DESC LIMIT $2
"""

CLAIM = "SELECT document, version FROM claims WHERE id = $1"

# What a claim is measured by: the goods' value, and the other claims of the case that were not turned down.
CLAIMED_CASE = """
SELECT (document ->> 'goods_value')::numeric AS goods_value,
       (SELECT coalesce(sum(amount), 0) FROM claims
        WHERE complaint_id = $1 AND status <> 'rejected' AND id IS DISTINCT FROM $2::uuid) AS earlier
FROM investigations WHERE complaint_id = $1
"""

CERTIFICATE = "SELECT id, document, version FROM certificates WHERE number = $1 OR id::text = $1"

CERTIFICATES = """
SELECT id, document FROM certificates
WHERE id < $1 AND ($3::text IS NULL OR order_number = $3) AND ($4::text IS NULL OR status = $4)
ORDER BY id DESC LIMIT $2
"""

HELD_LOTS = """
SELECT lot FROM unnest($1::text[]) AS wanted (lot)
WHERE EXISTS (SELECT FROM investigations WHERE held_lots ? lot)
"""

SAMPLES = """
SELECT id, document FROM samples
WHERE id < $1 AND ($3::text IS NULL OR status = $3) AND ($4::text[] IS NULL OR requested_by = ANY($4))
ORDER BY id DESC LIMIT $2
"""

SAMPLE = "SELECT document, version FROM samples WHERE id = $1 AND ($2::text[] IS NULL OR requested_by = ANY($2))"

STANDARDS = "SELECT code AS id, document FROM standards WHERE code > $1 ORDER BY code LIMIT $2"

STANDARD = "SELECT document, version FROM standards WHERE id = $1"

KEEP_TEXT = "INSERT INTO standard_texts (digest, text) VALUES ($1, $2) ON CONFLICT DO NOTHING"

TEXT = "SELECT text FROM standard_texts WHERE digest = $1"

READINGS = """
SELECT id, document FROM standard_readings
WHERE id < $1 AND standard_id = $3 AND ($4::text IS NULL OR document ->> 'status' = $4) ORDER BY id DESC LIMIT $2
"""

ORDER = "SELECT order_id, number, customer_id FROM known_orders WHERE number = $1"

LOTS = """
SELECT lot_id, lot, article, colour_number, grade FROM known_lots
WHERE lot = ANY($1::text[]) OR lot_id::text = ANY($1::text[]) ORDER BY lot, lot_id
"""


async def one(reader: Reader, query: str, entity: str, key: UUID | str, *more: object) -> asyncpg.Record:
    """A document as it is kept, and its version; raises `NotFound`."""
    row = await reader.fetchrow(query, key, *more)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity=entity, id=str(key))
    return row


async def investigations(
    reader: Reader, page: Page, *, status: str | None, complaint_id: UUID | None
) -> list[asyncpg.Record]:
    """Newest first, one more than the page shows."""
    return await reader.fetch(INVESTIGATIONS, page.before, page.fetch, status, complaint_id, FIRST)


async def claims(reader: Reader, page: Page, *, complaint_id: UUID | None) -> list[asyncpg.Record]:
    """Newest first, one more than the page shows."""
    return await reader.fetch(CLAIMS, page.before, page.fetch, complaint_id)


async def claimed_case(reader: Reader, complaint_id: UUID, claim_id: UUID | None = None) -> Case:
    """What the complaint's case says of claims, without the one named; raises `NotFound` (QUA-5)."""
    row = await reader.fetchrow(CLAIMED_CASE, complaint_id, claim_id)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity="investigation", id=str(complaint_id))
    return Case(row["goods_value"] and yuan(row["goods_value"]), yuan(row["earlier"]))


async def certificates(
    reader: Reader, page: Page, *, order_number: str | None, status: str | None
) -> list[asyncpg.Record]:
    """Newest first, one more than the page shows."""
    return await reader.fetch(CERTIFICATES, page.before, page.fetch, order_number, status)


async def samples(
    reader: Reader, page: Page, *, status: str | None, people: Collection[str] | None
) -> list[asyncpg.Record]:
    """Newest first, one more than the page shows; only those of `people` unless that is None."""
    return await reader.fetch(SAMPLES, page.before, page.fetch, status, None if people is None else list(people))


async def standards(reader: Reader, page: CodePage) -> list[asyncpg.Record]:
    """By code, one more than the page shows."""
    return await reader.fetch(STANDARDS, page.after, page.fetch)


async def readings(reader: Reader, page: Page, *, standard_id: UUID, status: str | None) -> list[asyncpg.Record]:
    """Newest first, one more than the page shows."""
    return await reader.fetch(READINGS, page.before, page.fetch, standard_id, status)


async def held_lots(reader: Reader, lots: Sequence[str]) -> set[str]:
    """Those of the lots, named by number or id, that an investigation holds."""
    return {row["lot"] for row in await reader.fetch(HELD_LOTS, list(lots))}


async def known_order(reader: Reader, number: str) -> KnownOrder:
    """The order as orders told of it; raises `RuleBroken` (QUA-6)."""
    row = await reader.fetchrow(ORDER, number)
    if row is None:
        raise RuleBroken("QUA-6", "orders has not told of an order {number}", number=number)
    return KnownOrder(**row)


async def known_lots(reader: Reader, names: Sequence[str]) -> list[CertifiedLot]:
    """The lots of these numbers or ids that orders told of."""
    return [CertifiedLot(**row) for row in await reader.fetch(LOTS, list(names))]
