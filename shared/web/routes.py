"""The routes of a service: under `/v1`, flat, and decided again if somebody else was faster."""

from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from shared.domain.refusals import ChangedMeanwhile

TRIES = 4


class Command(APIRoute):
    """A command that names no version (`If-Match`) has seen none: when the thing changes between reading and writing
    it is read and decided again, so that two people — or a person and a reaction — do not stand in each other's way.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, repeated a few times on `ChangedMeanwhile` and after a deadlock."""
        handle = super().get_route_handler()

        async def decide(request: Request) -> Response:
            for _ in range(TRIES - 1):
                try:
                    return await handle(request)
                except ChangedMeanwhile:
                    if "if-match" in request.headers:
                        raise
                except asyncpg.TransactionRollbackError:  # each waited for the other: this one was given up, whole
                    continue
            return await handle(request)

        return decide


class Routes(APIRouter):
    """A router of one subject. A service hands all of its own to `create_service`, which lays their routes side by
    side: nested routers would be matched twice a level at every request.
    """

    def __init__(self, prefix: str = "", *, route_class: type[APIRoute] = Command, **options: Any) -> None:
        super().__init__(prefix=f"/v1{prefix}", route_class=route_class, **options)
