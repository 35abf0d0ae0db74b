"""One service as an application: its parts joined, opened in order, closed in reverse."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI

from shared.domain.aggregate import Aggregate
from shared.domain.policy import Policy
from shared.messaging.policy_reaction import with_policies
from shared.messaging.reactions import Reactions
from shared.persistence.gauges import Census
from shared.persistence.policies import Policies
from shared.persistence.pool import migrate, open_pool
from shared.persistence.store import Store
from shared.settings import Role, Settings
from shared.telemetry import log, start_telemetry
from shared.web import operators
from shared.web.description import describe
from shared.web.door import Door
from shared.web.duties import Duties
from shared.web.identity import Identity
from shared.web.problems import Problems
from shared.web.words import Words


def create_service(
    folder: Path,
    settings: Settings,
    *,
    api: Sequence[APIRouter],
    reactions: Reactions,
    timed: Sequence[type[Aggregate]] = (),
    censuses: Sequence[Census] = (),
) -> FastAPI:
    """The service that lives in `folder`: its name, its migrations and its Chinese are found there.

    `timed` are the aggregates that set deadlines, `censuses` what the business counts. Nothing is opened before the
    lifespan begins.
    """
    start_telemetry(folder.name, level=settings.log_level, endpoint=settings.otel_exporter_otlp_endpoint)
    policies, reactions = Policies(Policy.read(settings.policy_file)), with_policies(reactions)

    parts = (settings, reactions, timed, policies)
    app = FastAPI(
        title=f"Xiaofu {folder.name}",
        version="1",
        lifespan=lambda app: _at_work(app, folder, api, *parts),
        summary=_charter(folder),
        telemetry={"tracing": False, "metrics": False, "logs": False},  # the door traces and measures, for less
    )
    app.state.name, app.state.policies, app.state.reactions = folder.name, policies, reactions
    app.state.roles, app.state.censuses = settings.roles, censuses
    app.state.company, app.state.public_url = settings.company_name, settings.public_url.rstrip("/")
    # What answers without end has to be ended first: the server waits for every answer before it stops.
    app.state.before_stop, app.state.leaving = [], False
    app.state.identity = Identity(settings.jwks, settings.token_issuer, settings.token_audience)
    doors = [*api, operators.router] if Role.API in settings.roles else [operators.router]
    for router in (*doors, operators.health):
        app.router.routes.extend(router.routes)
    app.state.words = Words(folder / "messages.zh.toml")
    Problems(app.state.words).install(app)
    describe(app)
    app.add_middleware(Door, body_limit=settings.body_limit, seconds=settings.request_seconds)
    return app


@asynccontextmanager
async def _at_work(
    app: FastAPI,
    folder: Path,
    api: Sequence[APIRouter],
    settings: Settings,
    reactions: Reactions,
    timed: Sequence[type[Aggregate]],
    policies: Policies,
) -> AsyncIterator[None]:
    """Database, duties, and whatever a router keeps open, from start to stop."""
    for name in await migrate(settings.database_url, folder / "migrations"):
        log.info("migrated: %s", name)
    wake = asyncio.Event()
    async with open_pool(settings.database_url, size=settings.pool_size, name=f"xiaofu {folder.name}") as pool:
        app.state.pool, app.state.store = pool, Store(pool, wake)
        await policies.open(pool)
        async with (
            Duties(settings, pool, reactions, timed, policies, wake).running() as app.state.duties,
            AsyncExitStack() as open_for_routes,
        ):
            for router in api:
                await open_for_routes.enter_async_context(router.lifespan_context(app))
            yield


def _charter(folder: Path) -> str:
    """The first line of the service's charter, shown above its API."""
    return (folder / "__init__.py").read_text(encoding="utf-8").strip().strip('"').splitlines()[0]
