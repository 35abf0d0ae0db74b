"""Delegations during absence."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, Field

from services.contracts import views
from services.contracts.domain.delegation import Delegation, DelegationStatus
from shared.domain.actor import Post
from shared.web.asking import Body, Insider, Name
from shared.web.change import Change, change_of
from shared.web.paging import Paged, document, listed
from shared.web.routes import Routes

router = Routes("/delegations", tags=["delegations"])

DelegationChange = Annotated[Change[Delegation], Depends(change_of(Delegation))]


class GiveDelegation(Body):
    """Who stands in for whom, with which posts, and for how long; `absent` is oneself where nobody is named."""

    absent: Name | None = None
    delegate: Name
    posts: Annotated[list[Post], Field(min_length=1, max_length=24)]
    starts_at: Annotated[AwareDatetime, Field(alias="from")]
    ends_at: Annotated[AwareDatetime, Field(alias="until")]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@router.post("", status_code=201, response_model=Delegation)
async def give_delegation(body: GiveDelegation, by: Insider, change: DelegationChange) -> Response:
    """Hand over one's own posts while absent; headquarters, HR and the general manager also for others (CON-15)."""
    return await change.save(Delegation.give(change.new_id(), by=by, at=change.at, **dict(body)))


@router.post("/{delegation_id}/revoke", response_model=Delegation)
async def revoke_delegation(delegation_id: UUID, by: Insider, change: DelegationChange) -> Response:
    """Take a delegation back: the absent one, or whoever may delegate for others (CON-15)."""
    async with change(delegation_id) as delegation:
        delegation.revoke(by, change.at)
    return change.answer


@router.get("")
async def list_delegations(
    request: Request,
    by: Insider,
    page: Paged,
    status: DelegationStatus | None = None,
    absent: Annotated[str | None, Query(max_length=100)] = None,
    delegate: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Delegations, newest first; ordinary people see those that concern them."""
    delegations = partial(
        views.delegations, request.app.state.pool, status=status, absent=absent, delegate=delegate, by=by
    )
    return await listed(request, page, delegations, Delegation)


@router.get("/{delegation_id}", response_model=Delegation)
async def show_delegation(delegation_id: UUID, request: Request, by: Insider) -> Response:
    """One delegation; for whoever it concerns, and whoever may delegate for others."""
    return document(await views.delegation(request.app.state.pool, by, delegation_id))
