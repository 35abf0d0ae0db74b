"""People of the story and how they ask the services, over HTTP like everybody else."""

import asyncio
import csv
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.demo.theatre import Theatre
from deploy.local.problem import Problem

DATA = Path(__file__).parents[1] / "data"
PATIENCE = 20.0
AWAY = (502, 503, 504)  # a service, or the balancer in front of it, has nobody to answer just now


class Visitors:
    """Everybody on the staff list, the dealers, and a client for each service."""

    def __init__(self, stack: Theatre) -> None:
        self.stack = stack
        self._client = httpx.AsyncClient(timeout=30, trust_env=False, limits=httpx.Limits(max_connections=40))
        with (DATA / "staff.csv").open(encoding="utf-8-sig", newline="") as file:
            self.staff = {row["工号"]: row for row in csv.DictReader(file)}

    async def close(self) -> None:
        await self._client.aclose()

    def name(self, code: str) -> str:
        """Code, name and post, as the account names people."""
        row = self.staff[code]
        return f"{code} {row['姓名']} ({row['职务']})"

    def with_post(self, post: str, branch: str | None = None) -> str:
        """The code of the first employee who holds a post."""
        return next(code for code, row in self.staff.items() if row["职务"] == post and branch in (None, row["分公司"]))

    def signed_in(self, code: str, **places: Any) -> dict[str, str]:
        """The headers of an employee, or of a dealer (`customer=` its id)."""
        if code in self.staff:
            row = self.staff[code]
            token = self.stack.token(code, row["职务"], branch=row["分公司"], store=row["门店"] or None, **places)
        else:
            token = self.stack.token(code, "customer", **places)
        return {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, service: str, path: str, who: str, **more: Any) -> httpx.Response:
        """One request; sent again with the same idempotency key while the service is away."""
        places = more.pop("places", {})
        headers = self.signed_in(who, **places) | more.pop("headers", {})
        if method == "POST":
            headers.setdefault("Idempotency-Key", str(uuid4()))
        until = time.monotonic() + PATIENCE
        while True:
            try:
                url = f"{self.stack.base_url(service)}/v1{path}"
                answer = await self._client.request(method, url, headers=headers, **more)
                if answer.status_code not in AWAY or time.monotonic() > until:
                    return answer
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(0.1)

    async def get(self, service: str, path: str, who: str = "u37", **more: Any) -> Any:
        """The JSON of an answer; u37 is the operator."""
        return _fine(await self.ask("GET", service, path, who, **more))

    async def post(self, service: str, path: str, who: str, body: Any = None, **more: Any) -> Any:
        """The JSON of an answer that must be fine."""
        return _fine(await self.ask("POST", service, path, who, json={} if body is None else body, **more))

    async def refused(self, service: str, path: str, who: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """The problem that a refusal is told as, with its `status`; an empty one if it was not refused."""
        answer = await self.ask("POST", service, path, who, json={} if body is None else body, **more)
        problem: dict[str, Any] = answer.json() if answer.status_code >= 400 else {"detail": "it was not refused"}
        return problem

    async def upload(self, service: str, path: str, who: str, file: str) -> httpx.Response:
        """A file of the sample data."""
        return await self.ask("POST", service, path, who, files={"file": (file, (DATA / file).read_bytes())})


async def eventually(look: Callable[[], Awaitable[Any]], within: float = PATIENCE) -> Any:
    """What `look` answers once that is true, or what it answered last."""
    until = time.monotonic() + within
    while not (seen := await look()) and time.monotonic() < until:  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.05)
    return seen


def _fine(answer: httpx.Response) -> Any:
    if answer.status_code >= 300:
        raise Problem(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    return answer.json()
