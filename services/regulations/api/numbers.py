"""The numbers in force, and the versions they had."""

from functools import partial

from fastapi import Request, Response
from pydantic import AwareDatetime, BaseModel

from services.regulations import views
from shared.events.regulations import PolicyParameter
from shared.web.asking import Insider
from shared.web.paging import PagedByCode, document, listed
from shared.web.routes import Routes

router = Routes(tags=["numbers"])


class Number(PolicyParameter):
    """A number in force, with the clause that states it."""

    key: str
    title: str


class Version(BaseModel):
    """A version of the policy, and since when it held."""

    version: str
    effective_at: AwareDatetime


@router.get("/parameters")
async def list_parameters(request: Request, by: Insider, page: PagedByCode) -> Response:
    """Every number the rules use at present, by key, with regulation, edition and clause (REG-2)."""
    return await listed(request, page, partial(views.parameters, request.app.state.pool), Number)


@router.get("/policies")
async def list_policies(request: Request, by: Insider, page: PagedByCode) -> Response:
    """The versions that held, newest first; the same values have the same version (REG-2)."""
    return await listed(request, page, partial(views.policies, request.app.state.pool), Version)


@router.get("/policies/{version}")
async def show_policy(version: str, request: Request, by: Insider) -> Response:
    """All numbers of the version that a case is stamped with (REG-2)."""
    return document(await views.policy(request.app.state.pool, version))
