"""The sales ledger (销售台帐): every entry, or added up by article, store, salesperson or customer."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from fastapi import Depends, Query, Request, Response

from services.orders.sales_forms import ENTRY_KINDS, Volume, ledger_form, summary_form
from services.orders.views import ledger as views
from services.orders.views.ledger import Wanted
from shared.documents.exports import Column, Format, stream_json
from shared.domain.actor import Actor, Post
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import Forbidden, Invalid
from shared.web.downloads import download, streamed
from shared.web.identity import admit
from shared.web.papers import PaperFormat, form_response
from shared.web.routes import Routes
from shared.web.words import Words, language_of

router = Routes(tags=["sales ledger"])

SEE_ALL = (
    Post.SALES_MANAGER, Post.SALES_DIRECTOR, Post.VICE_PRESIDENT_SALES, Post.GENERAL_MANAGER, Post.FINANCE,
    Post.HEADQUARTERS, Post.AUDITOR,
)  # fmt: skip
Reader = Annotated[Actor, Depends(admit(Post.SALESPERSON, *SEE_ALL))]

IN_A_VOLUME = 400  # entries on paper: what is printed in a second or two
IN_A_WORKBOOK = 1_000  # entries in a workbook with title, totals and signatures; more are a plain table

PLACE = r"^\d{4}-\d\d-\d\d\.\d{1,18}$"
Day = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2999, 12, 31))]
Code = Annotated[str | None, Query(min_length=1, max_length=100)]
EntryKind = Literal["ordered", "cancelled", "expired", "paid", "credited", "reversed", "refunded", "dispatched"]

ENTRY = (
    "booked_on", "happened_at", "kind", "order_number", "line", "customer_code", "company", "article", "article_name",
    "specification", "model", "colour_number", "grade", "unit", "quantity", "price", "amount", "salesperson", "store",
)  # fmt: skip
FIGURES = (
    "lines", "orders", "ordered_quantity", "ordered_amount", "given_up_quantity", "given_up_amount",
    "dispatched_quantity", "dispatched_amount", "paid", "given_back", "credited",
)  # fmt: skip
WITHOUT_ARTICLE = ("orders", "paid", "given_back", "credited")  # an order's own, of which no article has a part


class By(StrEnum):
    NONE = "none"
    ARTICLE = "article"
    STORE = "store"
    SALESPERSON = "salesperson"
    CUSTOMER = "customer"


NAMED = {
    By.ARTICLE: ("article", "article_name", "unit"), By.STORE: ("store",), By.SALESPERSON: ("salesperson",),
    By.CUSTOMER: ("customer", "company"),
}  # fmt: skip


class Shape(StrEnum):
    """What a report can be had as."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


PAPER: Mapping[Shape, PaperFormat] = {Shape.XLSX: "xlsx", Shape.PDF: "pdf"}

AsShape = Annotated[Shape, Query(alias="format", description="JSON, a table (CSV), or an office's paper (PDF, XLSX)")]


async def asked_for(
    reader: Reader,
    first: Annotated[Day, Query(alias="from", description="The first of the month, if not named")] = None,
    last: Annotated[Day, Query(alias="to", description="Today, if not named")] = None,
    kind: EntryKind | None = None,
    article: Code = None,
    store: Code = None,
    salesperson: Code = None,
    customer_id: UUID | None = None,
) -> Wanted:
    """The entries that were asked for; a salesperson who is nothing more asks for their own."""
    last = last or max(first or date.min, datetime.now(UTC).astimezone(SHANGHAI).date())
    first = first or last.replace(day=1)
    if first > last:
        raise Invalid("a period ends after it begins", [], field="to")
    salespeople = [salesperson] if salesperson else None
    if not reader.holds(*SEE_ALL):
        if salesperson and salesperson not in reader.people:
            raise Forbidden("these sales are not yours")
        salespeople = salespeople or sorted(reader.people)
    return Wanted(first, last, kind, article, store, salespeople, customer_id)


class Asked(NamedTuple):
    """How they were asked for."""

    shape: Shape
    limit: int | None
    after: tuple[date, int] | None
    volume: int


async def asked_as(
    shape: AsShape = Shape.JSON,
    limit: Annotated[int | None, Query(ge=1, le=1000, description="A page of so many (JSON); else all of them")] = None,
    after: Annotated[str | None, Query(pattern=PLACE, description="`next` of the page before")] = None,
    volume: Annotated[int, Query(ge=1, le=100_000, description="Entries are printed in volumes (册)")] = 1,
) -> Asked:
    """As a page, as all of them, as a table or on paper."""
    if after is None:
        return Asked(shape, limit, None, volume)
    day, _, identity = after.partition(".")
    try:
        return Asked(shape, limit, (date.fromisoformat(day), int(identity)), volume)
    except ValueError as error:
        raise Invalid("there is no such place in the list: {place}", [], place=after, field="after") from error


@router.get("/reports/ledger")
async def show_ledger(
    request: Request,
    reader: Reader,
    wanted: Annotated[Wanted, Depends(asked_for)],
    asked: Annotated[Asked, Depends(asked_as)],
    by: By = By.NONE,
) -> Response:
    """What was ordered, given up, paid and dispatched (ORD-15): each entry (`by=none`) or the sums by `by`.

    Entries stand in the order of the days they are booked on; all of them as JSON, CSV or XLSX are streamed. Up to
    1,000 as XLSX are an office's paper with title, totals and signatures; as PDF they are printed in volumes of 400.
    Sums on paper name the 200 largest and add up the rest; their CSV and JSON name all.
    """
    if by is By.NONE:
        return await _entries(request, reader, wanted, asked)
    return await _sums(request, reader, wanted, by, asked.shape)


async def _entries(request: Request, reader: Actor, wanted: Wanted, asked: Asked) -> Response:
    pool, shape = request.app.state.pool, asked.shape
    if shape is Shape.JSON and asked.limit:
        return _page(await views.entries(pool, wanted, asked.after, asked.limit + 1), asked.limit)
    if shape in PAPER:
        totals = await views.added_up(pool, wanted)
        found = totals[0]["entries"] if totals else 0
        if shape is Shape.PDF or found <= IN_A_WORKBOOK:
            return await _paper(request, reader, wanted, asked, totals)
    pages = views.all_entries(pool, wanted, await views.entries(pool, wanted, asked.after))
    if shape is Shape.JSON:
        return streamed(request, "ledger", Format.JSON, stream_json(_items(pages)))
    chinese = language_of(request.headers.get("accept-language")) == "zh"
    rows = _cells(pages, ENTRY_KINDS if chinese else {})
    return download(request, Format(shape), columns(request, ENTRY), rows, title="销售台帐" if chinese else "ledger")


async def _paper(
    request: Request, reader: Actor, wanted: Wanted, asked: Asked, totals: Sequence[asyncpg.Record]
) -> Response:
    """The entries as an office keeps them; printed in volumes, each of which is ready in a second or two."""
    size = IN_A_VOLUME if asked.shape is Shape.PDF else IN_A_WORKBOOK
    volumes = max(1, -(-(totals[0]["entries"] if totals else 0) // size))
    if asked.volume > volumes:
        raise Invalid("the entries fill {volumes} volumes", [], volumes=volumes, field="volume")
    passed = (asked.volume - 1) * size
    rows = await views.entries(request.app.state.pool, wanted, limit=size, leave_out=passed)
    volume = Volume(asked.volume, volumes, passed + 1)
    form = ledger_form(wanted, rows, totals, request.app.state.company, reader, datetime.now(UTC), volume)
    name = f"销售台帐-{wanted.first}-{wanted.last}" + (f"-第{volume.number}册" if volumes > 1 else "")
    return await form_response(form, PAPER[asked.shape], name)


async def _sums(request: Request, reader: Actor, wanted: Wanted, by: By, shape: Shape) -> Response:
    pool = request.app.state.pool
    rows = await views.added_up(pool, wanted, by)
    figures = [name for name in FIGURES if by is not By.ARTICLE or name not in WITHOUT_ARTICLE]
    names = [*NAMED[by], *figures]
    if shape is Shape.JSON:
        totals = await views.added_up(pool, wanted)
        head = {
            "from": wanted.first,
            "to": wanted.last,
            "by": by,
            "totals": {name: totals[0][name] for name in figures} if totals else None,
        }
        return streamed(request, "ledger", Format.JSON, stream_json(_named(rows, names, by), head))
    if shape is Shape.CSV or (shape is Shape.XLSX and len(rows) > IN_A_WORKBOOK):
        cells = ([row[name] for name in names] async for row in _named(rows, names, by))
        return download(request, Format(shape), columns(request, names), cells)
    totals = await views.added_up(pool, wanted)
    form = summary_form(wanted, by, rows, totals, request.app.state.company, reader, datetime.now(UTC))
    return await form_response(form, PAPER[shape], f"{form.title}-{wanted.first}-{wanted.last}")


def columns(request: Request, names: Sequence[str]) -> list[Column]:
    """The columns of a table of ours, with headings in the reader's language."""
    if language_of(request.headers.get("accept-language")) == "en":
        return [Column(name) for name in names]
    words: Words = request.app.state.words
    return [Column(words.headings.get(f"ledger.{name}") or words.heading(name, "zh")) for name in names]


def item(row: asyncpg.Record) -> dict[str, Any]:
    """An entry as JSON."""
    shown = dict(row)
    return {"id": shown.pop("id"), "order_number": shown.pop("number"), **shown}


def _page(rows: Sequence[asyncpg.Record], limit: int) -> Response:
    last = rows[limit - 1] if len(rows) > limit else None
    content = {
        "items": [item(row) for row in rows[:limit]],
        "next": f"{last['booked_on']}.{last['id']}" if last else None,
    }
    return Response(orjson.dumps(content, default=str), media_type="application/json")


async def _items(pages: AsyncIterator[Sequence[asyncpg.Record]]) -> AsyncIterator[dict[str, Any]]:
    async for page in pages:
        for row in page:
            yield item(row)


async def _cells(
    pages: AsyncIterator[Sequence[asyncpg.Record]], kinds: Mapping[str, str]
) -> AsyncIterator[Sequence[object]]:
    async for page in pages:
        for row in page:
            values = item(row)
            values["kind"] = kinds.get(values["kind"], values["kind"])
            yield [values[name] for name in ENTRY]


async def _named(rows: Sequence[asyncpg.Record], names: Sequence[str], by: By) -> AsyncIterator[dict[str, Any]]:
    for row in rows:
        values = {**row, by.value: row["key"], "article_name": row["name"], "company": row["name"]}
        yield {name: values[name] for name in names}
