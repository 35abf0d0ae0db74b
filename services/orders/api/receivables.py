"""Receivables by age, and the collection of money, by customer or salesperson."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, Query, Request, Response

from services.orders.api.ledger import SEE_ALL, AsShape, Day, Shape
from services.orders.money_forms import (
    AGED,
    COLLECTED,
    NAMES,
    SHOWN,
    added_up,
    collection_form,
    headings,
    rate,
    receivables_form,
)
from services.orders.views import money
from shared.documents.exports import Column, Format
from shared.domain.actor import Actor, Post
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import Invalid
from shared.web.downloads import download
from shared.web.identity import admit
from shared.web.papers import PaperFormat, form_response
from shared.web.routes import Routes
from shared.web.words import language_of

router = Routes(tags=["receivables"])

Reader = Annotated[Actor, Depends(admit(Post.SALESPERSON, *SEE_ALL))]
By = Literal["customer", "salesperson"]
Row = Mapping[str, Any]
Table = Sequence[Row]


@router.get("/reports/receivables")
async def show_receivables(
    request: Request,
    reader: Reader,
    as_of: Annotated[Day, Query(description="A day in Shanghai; today, if not named")] = None,
    by: By = "customer",
    shape: AsShape = Shape.JSON,
) -> Response:
    """What was outstanding at the end of a day, by the days since it was ordered or brought forward (ORD-16).

    `up_to_30_days` is what is 8 to 30 days old, and so on; all amounts in yuan. Salespeople see their own.
    """
    as_of = as_of or _today()
    pool, people = request.app.state.pool, _whose(reader)
    rows = [dict(row) for row in await money.receivables(pool, as_of, by_customer=by == "customer", salespeople=people)]
    totals = added_up(rows, AGED)
    if _on_paper(shape, rows):
        form = receivables_form(by, as_of, rows, totals, request.app.state.company, reader, datetime.now(UTC))
        return await form_response(form, _paper(shape), f"应收账款账龄表-{as_of}")
    return _table(request, shape, {"as_of": as_of, "by": by}, rows, totals, by)


@router.get("/reports/collection")
async def show_collection(
    request: Request,
    reader: Reader,
    first: Annotated[Day, Query(alias="from", description="The first of the month, if not named")] = None,
    last: Annotated[Day, Query(alias="to", description="Today, if not named")] = None,
    by: By = "salesperson",
    shape: AsShape = Shape.JSON,
) -> Response:
    """What was to come in (`opening`, `placed`), what came in (`received`) and what is left (`outstanding`) (ORD-16).

    `adjusted` is the rest: orders given up, credit used and credit given. `opening + placed - received + adjusted =
    outstanding`, in yuan; `rate` is the share of `opening + placed` that was received. Salespeople see their own.
    """
    last = last or max(first or date.min, _today())
    first = first or last.replace(day=1)
    if first > last:
        raise Invalid("a period ends after it begins", [], field="to")
    pool, people = request.app.state.pool, _whose(reader)
    found = await money.collection(pool, first, last, by_customer=by == "customer", salespeople=people)
    rows: list[dict[str, Any]] = [{**row, "rate": rate(row)} for row in found]
    totals: dict[str, Any] = added_up(rows, COLLECTED[:-1])
    totals["rate"] = rate(totals)
    if _on_paper(shape, rows):
        form = collection_form(by, (first, last), rows, totals, request.app.state.company, reader, datetime.now(UTC))
        return await form_response(form, _paper(shape), f"资金回笼表-{first}-{last}")
    return _table(request, shape, {"from": first, "to": last, "by": by}, rows, totals, by)


def _on_paper(shape: Shape, rows: Table) -> bool:
    """A workbook of many rows is a plain table, with nobody left out."""
    return shape is Shape.PDF or (shape is Shape.XLSX and len(rows) <= SHOWN)


def _paper(shape: Shape) -> PaperFormat:
    return "pdf" if shape is Shape.PDF else "xlsx"


def _whose(reader: Actor) -> list[str] | None:
    return None if reader.holds(*SEE_ALL) else sorted(reader.people)


def _today() -> date:
    return datetime.now(UTC).astimezone(SHANGHAI).date()


def _table(request: Request, shape: Shape, head: Mapping[str, Any], rows: Table, totals: Row, by: By) -> Response:
    figures = AGED if "as_of" in head else COLLECTED
    names = (*NAMES[by], *figures)
    if shape is Shape.CSV or shape is Shape.XLSX:
        chinese = language_of(request.headers.get("accept-language")) == "zh"
        titles = headings(by, figures) if chinese else names
        return download(request, Format(shape), [Column(title) for title in titles], _cells(rows, names))
    ids = ("customer_id",) if by == "customer" else ()
    items = [{name: row[name] for name in (*ids, *names)} for row in rows]
    body = orjson.dumps({**head, "totals": totals, "items": items}, default=str)
    return Response(body, media_type="application/json")


async def _cells(rows: Table, names: Sequence[str]) -> AsyncIterator[list[object]]:
    for row in rows:
        yield [row[name] for name in names]
