"""Corrective and preventive actions of an investigation."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import AwareDatetime, Field

from services.quality.api.asking import FAR, Handler
from services.quality.domain.corrective_action import ActionKind
from services.quality.domain.investigation import Investigation
from shared.domain.actor import Post
from shared.web.asking import Body, Insider, Name, Text
from shared.web.change import Change, change_of
from shared.web.routes import Routes

router = Routes(prefix="/investigations/{investigation_id}/actions", tags=["actions"])

InvestigationChange = Annotated[Change[Investigation], Depends(change_of(Investigation))]


class OpenAction(Body):
    """`owner` is a person, or a department by its post; `department`, if named, may act for the person.

    `replaces` is the action without effect in whose place this one stands.
    """

    owner: Name
    department: Post | None = None
    due_at: Annotated[AwareDatetime, Field(lt=FAR)]
    measure: Text
    kind: ActionKind = ActionKind.CORRECTIVE
    replaces: UUID | None = None


class CheckEffect(Body):
    effective: bool
    note: Annotated[str, Field(max_length=2000)] = ""


@router.post("", response_model=Investigation)
async def open_action(investigation_id: UUID, body: OpenAction, by: Handler, change: InvestigationChange) -> Response:
    """Somebody has to put the cause right by a date (QUA-4)."""
    async with change(investigation_id) as investigation:
        investigation.open_action(
            change.new_id(),
            body.owner,
            body.department,
            body.due_at,
            body.measure,
            by,
            change.at,
            kind=body.kind,
            replaces=body.replaces,
        )
    return change.answer


@router.post("/{action_id}/done", response_model=Investigation)
async def finish_action(investigation_id: UUID, action_id: UUID, by: Insider, change: InvestigationChange) -> Response:
    """The owner, or their department, says that it is done (QUA-4)."""
    async with change(investigation_id) as investigation:
        investigation.finish_action(action_id, by, change.at)
    return change.answer


@router.post("/{action_id}/check", response_model=Investigation)
async def check_action(
    investigation_id: UUID, action_id: UUID, body: CheckEffect, by: Handler, change: InvestigationChange
) -> Response:
    """After a set time another person than the owner and whoever did it has looked at the effect (QUA-4)."""
    async with change(investigation_id) as investigation:
        investigation.check_action(action_id, body.effective, body.note, by, change.at)
    return change.answer
