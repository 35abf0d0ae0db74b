"""The papers of quality."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.quality import views
from services.quality.domain.certificate import Certificate
from services.quality.domain.investigation import Investigation
from services.quality.forms import certificate_form, report_form
from shared.domain.refusals import NotFound
from shared.web.asking import Insider
from shared.web.identity import Anyone
from shared.web.papers import PaperFormat, form_response
from shared.web.routes import Routes
from shared.web.words import Language

router = Routes(tags=["printing"])


@router.get("/investigations/{investigation_id}/report", response_class=Response)
async def print_report(
    investigation_id: UUID,
    request: Request,
    insider: Insider,
    format: PaperFormat = "pdf",
    language: Annotated[Language, Query(description="What the report is written in")] = "zh",
) -> Response:
    """The 8D report as PDF or XLSX, in Chinese or English (QUA-3)."""
    state = request.app.state
    row = await views.one(state.pool, views.INVESTIGATION, "investigation", investigation_id)
    case = Investigation.model_validate_json(row["document"])
    form = report_form(case, language, state.company, partial(state.words.word, language=language))
    return await form_response(form, format, f"8D-{case.number}")


@router.get("/certificates/{number}/print", response_class=Response)
async def print_certificate(
    number: Annotated[str, Path(max_length=40)], request: Request, anyone: Anyone, format: PaperFormat = "pdf"
) -> Response:
    """质保书 as PDF or XLSX, for people inside and for the customer whose shipment it goes with (QUA-6)."""
    state = request.app.state
    row = await views.one(state.pool, views.CERTIFICATE, "certificate", number)
    certificate = Certificate.model_validate_json(row["document"])
    if anyone.outside and certificate.customer_id not in anyone.customers:
        raise NotFound("there is no {entity} {id}", entity="certificate", id=number)
    return await form_response(certificate_form(certificate, state.company), format, f"质保书-{certificate.number}")
