"""Every read of complaints."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg
from prometheus_client import Gauge

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.lifecycle import SETTLED
from services.complaints.statistics import Figures, Wanted, figures
from shared.domain.refusals import NotFound
from shared.persistence.gauges import Census
from shared.persistence.pool import Reader
from shared.persistence.work import Work
from shared.web.paging import Page

COMPLAINT = """
SELECT document, (SELECT owner FROM known_customers WHERE id = complaints.customer_id) AS owner
FROM complaints WHERE id = $1
"""

# Contact data, and what leads to it: a list is for finding a case.
NOT_LISTED = ["contact", "response", "evidence", "investigation", "sections", "actions", "claims", "responsibility",
              "proposals", "consent", "carried_out", "resolution", "attempts", "closure", "reopenings", "may_take",
              "line", "pauses", "stays", "visits", "cause", "told", "follow_ups", "lesson", "gradings"]  # fmt: skip

COMPLAINTS = """
SELECT id, document - $10::text[] AS document
FROM complaints
WHERE id < $1 AND ($3::text IS NULL OR kind = $3) AND ($4::text IS NULL OR status = $4)
  AND ($5::uuid IS NULL OR customer_id = $5) AND ($6::text IS NULL OR number = $6)
  AND ($7::boolean IS NULL OR (status <> 'closed') = $7)
  AND ($8::uuid[] IS NULL OR customer_id = ANY($8)) AND ($11::text IS NULL OR department = $11)
  AND ($9::text[] IS NULL OR filed_by = ANY($9) OR about = ANY($9)
       OR customer_id IN (SELECT id FROM known_customers WHERE owner = ANY($9)))
ORDER BY id DESC LIMIT $2
"""

COMPANY = "SELECT company FROM known_customers WHERE id = $1"

CUSTOMER = "SELECT owner FROM known_customers WHERE id = $1"

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

BY_REFERENCE = "SELECT id FROM complaints WHERE channel = $1 AND external_reference = $2"

KNOW_CUSTOMER = """
INSERT INTO known_customers (id, code, company, owner) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET code = excluded.code, company = excluded.company, owner = excluded.owner
"""

KNOW_OWNER = "UPDATE known_customers SET owner = $2 WHERE id = $1"

KNOW_EMPLOYEE = """
INSERT INTO post_holders (id, person, posts, branch) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET person = excluded.person, posts = excluded.posts, branch = excluded.branch
"""

KNOW_POSTS = "UPDATE post_holders SET posts = $2 WHERE id = $1"

KNOW_ABSENCE = """
INSERT INTO absences (id, person, deputy, posts, branch, ends_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO NOTHING
"""

FORGET_ABSENCE = "DELETE FROM absences WHERE id = $1"

CALLED = "SELECT id FROM complaints WHERE called_post = ANY($1)"

# Whoever holds a post, with the deputy of those who are away. A branch's general manager is one of the branch's.
HOLDERS = """
WITH away AS (
    SELECT person, max(deputy) AS deputy FROM absences WHERE ends_at > $3 GROUP BY person
), holders AS (
    SELECT person, branch FROM post_holders WHERE posts @> ARRAY[$1::text]
    UNION SELECT person, branch FROM absences WHERE posts @> ARRAY[$1::text] AND ends_at > $3
)
SELECT DISTINCT person, deputy FROM holders LEFT JOIN away USING (person)
WHERE $1 <> 'branch_general_manager' OR $2::text IS NULL OR branch = $2
"""

STATISTICS = """
WITH asked AS (
    SELECT document, status, kind, channel, article, store, handler, causes, people, breaches, reopenings, satisfied,
           response_seconds, resolution_seconds
    FROM complaints
    WHERE created_at >= $1::date::timestamp AT TIME ZONE 'Asia/Shanghai'
      AND created_at < ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' AND ($4::text IS NULL OR branch = $4)
), counted AS (
    SELECT asked.*, part.key, part.seconds, part.overdue
    FROM asked CROSS JOIN LATERAL (
        SELECT CASE $3::text WHEN 'product' THEN article WHEN 'store' THEN store WHEN 'kind' THEN kind
                             WHEN 'channel' THEN channel ELSE handler END AS key, NULL::bigint AS seconds, 0 AS overdue
        WHERE $3 IN ('product', 'store', 'kind', 'channel', 'handler')
        UNION ALL
        SELECT DISTINCT found, NULL::bigint, 0 FROM jsonb_array_elements_text(
            CASE $3 WHEN 'cause' THEN causes WHEN 'person' THEN people ELSE '[]' END) AS found
        UNION ALL
        SELECT '', NULL::bigint, 0 WHERE $3 = 'cause' AND causes = '[]'
        UNION ALL
        SELECT stay ->> 'counts_for', sum(CASE WHEN stay ->> 'ended_at' IS NULL
                   THEN extract(epoch FROM now() - (stay ->> 'since')::timestamptz)::bigint
                   ELSE (stay ->> 'seconds')::bigint END),
               count(*) FILTER (WHERE (stay ->> 'overdue')::boolean)::integer
        FROM jsonb_array_elements(document -> 'stays') AS stay WHERE $3 = 'department' GROUP BY 1
    ) AS part
)
SELECT coalesce(key, '') AS key, count(*) AS complaints, count(*) FILTER (WHERE status <> 'closed') AS open,
       count(*) FILTER (WHERE status IN ('resolved', 'closed')) AS settled,
       count(*) FILTER (WHERE breaches > 0) AS breached,
       (count(*) FILTER (WHERE breaches = 0 AND status IN ('resolved', 'closed')))::float8
           / nullif(count(*) FILTER (WHERE breaches > 0 OR status IN ('resolved', 'closed')), 0) AS in_time,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY response_seconds) / 3600 AS response_median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY response_seconds) / 3600 AS response_p90,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY resolution_seconds) / 3600 AS resolution_median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY resolution_seconds) / 3600 AS resolution_p90,
       count(*) FILTER (WHERE reopenings > 0) AS reopened, count(satisfied) AS asked_again,
       avg(satisfied::integer)::float8 AS satisfied, sum(seconds)::float8 / 3600 AS hours,
       sum(seconds)::float8 / nullif(sum(sum(seconds)) OVER (), 0)::float8 AS time_share, sum(overdue) AS overdue
FROM counted GROUP BY 1 ORDER BY complaints DESC, key
"""

LESSONS = """
SELECT id, jsonb_build_object('id', id, 'number', number, 'kind', kind, 'article', article,
                              'cause', lesson_cause, 'lesson', document #>> '{lesson,lesson}',
                              'prevention', document #>> '{lesson,prevention}', 'at', document #>> '{lesson,at}',
                              'by', document #>> '{lesson,by}') AS document
FROM complaints
WHERE id < $1 AND lesson_cause IS NOT NULL AND ($3::text IS NULL OR kind = $3)
  AND ($4::text IS NULL OR lesson_cause = $4)
  AND ($5::text IS NULL OR article = $5) AND ($6::text IS NULL OR (document ->> 'lesson') ILIKE '%' || $6 || '%')
ORDER BY id DESC LIMIT $2
"""

OPEN_COMPLAINTS = Gauge(
    "xiaofu_open_complaints",
    "Complaints not yet resolved, by the state of their clocks: running, warned, missed or paused (CMP-7, CMP-16)",
    ["kind", "clock"],
)

BY_CLOCK = """
SELECT kind,
       CASE WHEN document #>> '{pauses,-1,granted_at}' IS NOT NULL AND document #>> '{pauses,-1,ended_at}' IS NULL
                THEN 'paused'
            WHEN jsonb_path_exists(document, '$.breaches[*] ? (@.run == $.terms.run)') THEN 'missed'
            WHEN now() >= (document #>> '{terms,warn_resolution_at}')::timestamptz
              OR document #>> '{response}' IS NULL AND now() >= (document #>> '{terms,warn_response_at}')::timestamptz
                THEN 'warned'
            ELSE 'running' END AS clock,
       count(*)
FROM complaints WHERE status <> ALL ($1::text[]) GROUP BY 1, 2
"""


async def complaint(reader: Reader, identity: UUID) -> tuple[str, str | None]:
    """A complaint's document as it is kept, and the salesperson its customer belongs to; raises `NotFound`."""
    row = await reader.fetchrow(COMPLAINT, identity)
    if row is None:
        raise NotFound("there is no {entity} {id}", entity=Complaint.ENTITY, id=str(identity))
    return row["document"], row["owner"]


async def complaints(
    reader: Reader,
    page: Page,
    *,
    kind: str | None,
    status: str | None,
    customer_id: UUID | None,
    number: str | None,
    unclosed: bool | None,
    department: str | None,
    customers: Collection[UUID] | None,
    salespeople: Collection[str] | None,
) -> list[asyncpg.Record]:
    """Newest first, one more than the page shows; only those of `customers` and `salespeople`, where they are given."""
    return await reader.fetch(
        COMPLAINTS, page.before, page.fetch, kind, status, customer_id, number, unclosed, customers, salespeople,
        NOT_LISTED, department,
    )  # fmt: skip


async def owner_of(reader: Reader, customer_id: UUID) -> str:
    """The salesperson a customer belongs to; raises `NotFound` for a customer who is not registered."""
    owner: str | None = await reader.fetchval(CUSTOMER, customer_id)
    if owner is None:
        raise NotFound("there is no {entity} {id}", entity="customer", id=str(customer_id))
    return owner


async def by_reference(work: Work, channel: str, reference: str) -> Complaint | None:
    """The case that this reference of a channel has opened before, if any.

    Until the end of the transaction nobody else looks for, or files, a case of the same reference (CMP-1).
    """
    await work.fetchval(ONE_AT_A_TIME, f"{channel} {reference}")
    found: Any = await work.fetchval(BY_REFERENCE, channel, reference)
    return None if found is None else await work.get(Complaint, found)


async def statistics(reader: Reader, wanted: Wanted) -> list[Figures]:
    """The figures of each key, the one with most complaints first."""
    return figures(await reader.fetch(STATISTICS, wanted.first, wanted.last, wanted.by, wanted.branch))


async def lessons(
    reader: Reader, page: Page, *, kind: str | None, cause: str | None, article: str | None, text: str | None
) -> list[asyncpg.Record]:
    """What was learned, newest case first, one more than the page shows."""
    literal = text and text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return await reader.fetch(LESSONS, page.before, page.fetch, kind, cause, article, literal)


async def company_of(reader: Reader, customer_id: UUID) -> str:
    """What a customer is called."""
    return str(await reader.fetchval(COMPANY, customer_id) or "")


def complaints_by_clock() -> Census:
    """How the clocks of the open cases stand."""
    return Census(OPEN_COMPLAINTS, BY_CLOCK, list(SETTLED))
