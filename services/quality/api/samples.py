"""Samples for customers: asked for by sales, taken by quality."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field

from services.quality import views
from services.quality.api.asking import Inspector, Requester, SampleReader, own_samples
from services.quality.domain.certificate import found_lots
from services.quality.domain.sample import Sample, SampleStatus
from shared.domain.money import PositiveAmount
from shared.web.asking import Body, Name, Reason, Text
from shared.web.change import Change, change_of
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(prefix="/samples", tags=["samples"])

SampleChange = Annotated[Change[Sample], Depends(change_of(Sample))]


class RequestSample(Body):
    """How much of which article, in its unit, for whom and what for."""

    customer_id: UUID
    article: Name
    quantity: PositiveAmount
    purpose: Text


class TakeSample(Body):
    """The lot by number or id, and what the inspection of the sample said."""

    lot: Name
    inspection: Text


class SendSample(Body):
    carrier: Name
    waybill: Annotated[str, Field(max_length=100)] = ""


class AnswerSample(Body):
    satisfied: bool
    opinion: Text


@router.post("", status_code=201, response_model=Sample)
async def request_sample(body: RequestSample, by: Requester, change: SampleChange) -> Response:
    """Sales asks quality for a sample (QUA-7)."""
    wish = (body.customer_id, body.article, body.quantity, body.purpose)
    return await change.save(Sample.request(change.new_id(), *wish, by, change.at))


@router.get("")
async def list_samples(request: Request, by: SampleReader, page: Paged, status: SampleStatus | None = None) -> Response:
    """Samples, newest first; a salesperson sees those they asked for (QUA-7)."""
    found = partial(views.samples, request.app.state.pool, status=status, people=own_samples(by))
    return await listed(request, page, found, Sample)


@router.get("/{sample_id}", response_model=Sample)
async def show_sample(sample_id: UUID, request: Request, by: SampleReader) -> Response:
    """One sample (QUA-7)."""
    row = await views.one(request.app.state.pool, views.SAMPLE, "sample", sample_id, own_samples(by))
    return document(row["document"], row["version"])


@router.post("/{sample_id}/take", response_model=Sample)
async def take_sample(
    sample_id: UUID, body: TakeSample, by: Inspector, change: SampleChange, request: Request
) -> Response:
    """An inspector takes it from a sound lot that orders told of (QUA-7)."""
    pool = request.app.state.pool
    lot, *_ = found_lots([body.lot], await views.known_lots(pool, [body.lot]), "QUA-7")
    held = await views.held_lots(pool, [lot.lot, str(lot.lot_id)])
    async with change(sample_id) as sample:
        sample.take(lot, bool(held), body.inspection, by, change.at)
    return change.answer


@router.post("/{sample_id}/send", response_model=Sample)
async def send_sample(sample_id: UUID, body: SendSample, by: Inspector, change: SampleChange) -> Response:
    """It is on its way to the customer (QUA-7)."""
    async with change(sample_id) as sample:
        sample.send(body.carrier, body.waybill, by, change.at)
    return change.answer


@router.post("/{sample_id}/answer", response_model=Sample)
async def answer_sample(sample_id: UUID, body: AnswerSample, by: SampleReader, change: SampleChange) -> Response:
    """What the customer says of it; told by whoever asked for it, or by those who see all samples (QUA-7)."""
    async with change(sample_id) as sample:
        sample.answer(body.satisfied, body.opinion, by, change.at, own_samples(by))
    return change.answer


@router.post("/{sample_id}/decline", response_model=Sample)
async def decline_sample(sample_id: UUID, body: Reason, by: Inspector, change: SampleChange) -> Response:
    """There will be none (QUA-7)."""
    async with change(sample_id) as sample:
        sample.decline(body.reason, by)
    return change.answer
