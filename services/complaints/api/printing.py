"""The form of a complaint (CMP-12)."""

from functools import partial
from uuid import UUID

from fastapi import Request, Response

from services.complaints import views
from services.complaints.api.reading import visible
from services.complaints.forms import TITLES, Copy, complaint_form
from shared.web.asking import Insider
from shared.web.papers import PaperFormat, form_response
from shared.web.routes import Routes

router = Routes(tags=["printing"])


@router.get("/complaints/{complaint_id}/form", response_class=Response)
async def print_complaint(
    complaint_id: UUID, request: Request, by: Insider, format: PaperFormat = "pdf", copy: Copy = Copy.ORIGINAL
) -> Response:
    """客户投诉质量处理表 or 客户投诉服务处理表 as PDF or XLSX, for people inside (CMP-12, CMP-18)."""
    complaint, _ = await visible(request, complaint_id, by)
    state = request.app.state
    customer = await views.company_of(state.pool, complaint.customer_id)
    say = partial(state.words.word, language="zh")
    form = complaint_form(complaint.shown_to(by), state.company, customer, say, copy)
    return await form_response(form, format, f"{TITLES[complaint.kind]}-{complaint.number}")
