"""Daily and monthly sales reports: closed once, frozen, and proved from the events."""

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request, Response
from pydantic import Field

from services.orders.api.ledger import FIGURES, PAPER, SEE_ALL, AsShape, Shape, columns
from services.orders.domain.sales_report import Period, SalesReport, SalesReportKind
from services.orders.sales_forms import GROUPS, Row, report_form
from services.orders.views import reports as views
from services.orders.views.proof import proof
from services.orders.views.reading import one
from shared.documents.exports import Format, stream_json
from shared.domain.actor import Actor, Post
from shared.web.asking import Body
from shared.web.change import Change, change_of
from shared.web.downloads import download, streamed
from shared.web.identity import admit
from shared.web.paging import Paged, listed
from shared.web.papers import form_response
from shared.web.routes import Routes
from shared.web.words import language_of

router = Routes(tags=["sales reports"])

Management = Annotated[Actor, Depends(admit(*SEE_ALL))]
Closer = Annotated[Actor, Depends(admit(Post.SALES_MANAGER, Post.FINANCE))]
ReportChange = Annotated[Change[SalesReport], Depends(change_of(SalesReport))]

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
ROW = ("by", "key", "label", "unit", *FIGURES)


class CloseReport(Body):
    """A day, or a month by its first day, that is over in Shanghai."""

    kind: SalesReportKind
    begins_on: Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]


@router.post("/reports/sales", status_code=201, response_model=SalesReport)
async def close_report(body: CloseReport, by: Closer, change: ReportChange) -> Response:
    """Close a day or month (ORD-15): its report is frozen, and with it every earlier day that was still open.

    What happens to an order afterwards, or is heard late, is an entry of the first day that is open. A day that was
    closed with a later one or with its month can be reported under its own number at any time: it does not change.
    """
    period = Period.of(body.kind, body.begins_on)
    period.must_be_over(change.at)
    async with change.together() as both:
        content = await views.close(both.work, period, by.id)
        both.main = SalesReport.close(change.new_id(), period, content, by, change.at)
        both.work.project(views.KEEP_ROWS, period.begins_on, period.ends_on, both.main.id)
    return change.answer


@router.get("/reports/sales")
async def list_reports(request: Request, by: Management, page: Paged, kind: SalesReportKind | None = None) -> Response:
    """Closed reports, those closed last first."""
    return await listed(request, page, partial(views.reports, request.app.state.pool, kind=kind), SalesReport)


@router.get("/reports/sales/provisional")
async def show_provisional(
    request: Request,
    by: Management,
    kind: SalesReportKind,
    begins_on: Annotated[date, Query(ge=FIRST_DAY, le=LAST_DAY)],
    shape: AsShape = Shape.JSON,
) -> Response:
    """What the report of a day or month would say now: without a number, and marked as such on paper."""
    pool, now = request.app.state.pool, datetime.now(UTC)
    period = Period.of(kind, begins_on)
    period.must_have_begun(now)
    totals, rows = await views.totals(pool, period), await views.current_rows(pool, period)
    if shape in (Shape.PDF, Shape.XLSX):
        form = report_form(period, totals, rows, request.app.state.company, now, None)
        return await form_response(form, PAPER[shape], f"{form.title}-{begins_on}-未结账")
    head = {"number": None, "status": "open", **period._asdict(), "totals": totals.model_dump(mode="json")}
    return _table(request, shape, head, _one_page(rows))


@router.get("/reports/sales/{report_id}")
async def show_report(report_id: UUID, request: Request, by: Management, shape: AsShape = Shape.JSON) -> Response:
    """A closed report: its totals, and `items` by day, article, store, salesperson and customer."""
    pool = request.app.state.pool
    report = await _report(request, report_id)
    pages = views.kept_rows(pool, report_id)
    if shape in (Shape.PDF, Shape.XLSX):
        rows = [row async for page in pages for row in page]
        form = report_form(report.period, report.totals, rows, request.app.state.company, report.closed_at, report)
        return await form_response(form, PAPER[shape], f"{form.title}-{report.number}")
    return _table(request, shape, report.model_dump(mode="json"), pages)


@router.post("/reports/sales/{report_id}/verify")
async def verify_report(report_id: UUID, request: Request, by: Management) -> Response:
    """Work the report out again from the events alone, and say whether it, the ledger and they agree (ORD-15).

    A large month takes a minute: blanks keep the answer alive until it is there.
    """
    found = proof(request.app.state.pool, await _report(request, report_id))
    pieces = (orjson.dumps(part, default=str) if part else b" " async for part in found)
    return streamed(request, "proof", Format.JSON, pieces)


async def _report(request: Request, report_id: UUID) -> SalesReport:
    return SalesReport.model_validate_json(await one(request.app.state.pool, views.REPORT, "sales_report", report_id))


def _table(request: Request, shape: Shape, head: Mapping[str, Any], pages: AsyncIterable[Sequence[Row]]) -> Response:
    if shape is Shape.JSON:
        return streamed(request, "sales", Format.JSON, stream_json(_items(pages), head))
    chinese = language_of(request.headers.get("accept-language")) == "zh"
    return download(request, Format.CSV, columns(request, ROW), _cells(pages, GROUPS if chinese else {}))


async def _one_page(rows: Sequence[Row]) -> AsyncIterator[Sequence[Row]]:
    yield rows


async def _items(pages: AsyncIterable[Sequence[Row]]) -> AsyncIterator[dict[str, Any]]:
    async for page in pages:
        for row in page:
            yield {name: row["name" if name == "label" else name] for name in ROW}


async def _cells(pages: AsyncIterable[Sequence[Row]], groups: Mapping[str, str]) -> AsyncIterator[Sequence[object]]:
    async for item in _items(pages):
        yield [groups.get(item["by"], item["by"]), *(item[name] for name in ROW[1:])]
