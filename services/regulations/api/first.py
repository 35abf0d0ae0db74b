"""At the first start: the documents the product was built after, in force from the beginning."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI

from services.regulations.domain.first import first_editions
from services.regulations.domain.regulation import ENTERED_BY, Regulation
from services.regulations.domain.rulebook import RULEBOOK, Rulebook
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import ChangedMeanwhile
from shared.events.envelope import Occasion, new_id
from shared.persistence.policies import Policies
from shared.persistence.store import Store
from shared.persistence.work import Work
from shared.telemetry import log

BEGINNING = datetime(2016, 9, 10, tzinfo=SHANGHAI).astimezone(UTC)  # 生效日期 of QEMSGL303-2016


@asynccontextmanager
async def first_editions_entered(app: FastAPI) -> AsyncIterator[None]:
    """All of them in one transaction, by whichever process is the first; they are never entered again (REG-1)."""
    store: Store = app.state.store
    try:
        await _enter(store, app.state.policies)
    except ChangedMeanwhile:
        log.info("first editions: another process has entered them")
    yield


async def _enter(store: Store, policies: Policies) -> None:
    now, policy = datetime.now(UTC), policies.first
    async with store.pool.acquire() as connection, connection.transaction():
        work = Work(connection, policies)
        with work.on(Occasion(ENTERED_BY, now, new_id())):
            if await work.find(Rulebook, RULEBOOK) is not None:
                return
            editions = [
                work.begin(Regulation.adopt(code, content, policy, BEGINNING, now))
                for code, content in first_editions(policy)
            ]
            work.begin(Rulebook.open(editions, BEGINNING))
        await work.flush()
    store.committed()
