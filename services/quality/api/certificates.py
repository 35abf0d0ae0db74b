"""Quality certificates."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request, Response
from pydantic import Field

from services.quality import views
from services.quality.api.asking import Inspector
from services.quality.domain.certificate import Certificate, CertificateStatus, Inspected, found_lots
from shared.web.asking import Body, Insider, Name, Reason
from shared.web.change import Change, change_of
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes(prefix="/certificates", tags=["certificates"])

CertificateChange = Annotated[Change[Certificate], Depends(change_of(Certificate))]


class IssueCertificate(Body):
    """The order, the lots of the shipment by number or id, and what was inspected."""

    order_number: Name
    lots: Annotated[list[Name], Field(min_length=1, max_length=400)]
    inspected: Annotated[list[Inspected], Field(max_length=50)] = []


@router.post("", status_code=201, response_model=Certificate)
async def issue_certificate(
    body: IssueCertificate, by: Inspector, change: CertificateChange, request: Request
) -> Response:
    """Vouch for the lots of one shipment, as orders told of them; none that an investigation holds (QUA-6)."""
    pool = request.app.state.pool
    known = await views.known_lots(pool, body.lots)
    names = [*body.lots, *(lot.lot for lot in known), *(str(lot.lot_id) for lot in known)]
    held = await views.held_lots(pool, names)
    order = await views.known_order(pool, body.order_number)
    lots = found_lots(body.lots, known)
    return await change.save(Certificate.issue(change.new_id(), order, lots, held, body.inspected, by, change.at))


@router.get("")
async def list_certificates(
    request: Request,
    insider: Insider,
    page: Paged,
    order_number: str | None = None,
    status: CertificateStatus | None = None,
) -> Response:
    """Certificates, newest first; of one order, in one status (QUA-6)."""
    found = partial(views.certificates, request.app.state.pool, order_number=order_number, status=status)
    return await listed(request, page, found, Certificate)


@router.get("/{number}", response_model=Certificate)
async def show_certificate(number: Annotated[str, Path(max_length=40)], request: Request, insider: Insider) -> Response:
    """One certificate, by its number or its id."""
    row = await views.one(request.app.state.pool, views.CERTIFICATE, "certificate", number)
    return document(row["document"], row["version"])


@router.post("/{certificate_id}/withdraw", response_model=Certificate)
async def withdraw_certificate(
    certificate_id: UUID, body: Reason, by: Inspector, change: CertificateChange
) -> Response:
    """It vouches for nothing any more, as long as nothing has left with it (QUA-6)."""
    async with change(certificate_id) as certificate:
        certificate.withdraw(body.reason, by)
    return change.answer
