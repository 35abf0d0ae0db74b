"""Quality certificates."""

from typing import Annotated

from fastapi import Depends, Path, Request, Response
from pydantic import Field

from services.quality import views
from services.quality.api.asking import Inspector
from services.quality.domain.certificate import Certificate
from shared.web.asking import Body, Insider, Name
from shared.web.change import Change, change_of
from shared.web.paging import document
from shared.web.routes import Routes

router = Routes(prefix="/certificates", tags=["certificates"])

CertificateChange = Annotated[Change[Certificate], Depends(change_of(Certificate))]


class IssueCertificate(Body):
    """The order, and the numbers of the lots that are shipped for it."""

    order_number: Name
    lots: Annotated[list[Name], Field(min_length=1, max_length=400)]


@router.post("", status_code=201, response_model=Certificate)
async def issue_certificate(
    body: IssueCertificate, by: Inspector, change: CertificateChange, request: Request
) -> Response:
    """Vouch for the lots of a shipment; none that an investigation holds (QUA-6)."""
    held = await views.held_lots(request.app.state.pool, body.lots)
    return await change.save(Certificate.issue(change.new_id(), body.order_number, body.lots, held, by, change.at))


@router.get("/{number}", response_model=Certificate)
async def show_certificate(number: Annotated[str, Path(max_length=40)], request: Request, insider: Insider) -> Response:
    """One certificate, by its number or its id."""
    row = await views.one(request.app.state.pool, views.CERTIFICATE, "certificate", number)
    return document(row["document"], row["version"])
