"""The reports of a year of a million orders: first byte, whole answer, and what the service weighs meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import httpx
import psutil

from bench.figures import show
from deploy.local.stack import Stack
from shared.domain.numbers import SHANGHAI

FIRST_BYTE = 2.0  # seconds
LOOK = 0.02  # seconds between looks at the memory


async def reporting(stack: Stack, port: int, process: psutil.Process) -> None:
    """Each first byte under 2 s, of the orders that the stack's service has."""
    show("memory before the first report", unit="MiB", ours=round(process.memory_info().rss / 2**20))
    who = {"Authorization": f"Bearer {stack.token('u17', 'finance', 'sales_manager')}", "Accept-Language": "zh"}
    base = f"http://127.0.0.1:{port}/v1"
    async with httpx.AsyncClient(base_url=base, headers=who, timeout=600, trust_env=False) as client:
        for name, path in _reports():
            await _measure(client, process, name, path)
        for kind, begins_on in _periods().items():
            await _close(client, process, kind, begins_on)


def _periods() -> dict[str, date]:
    today = datetime.now(UTC).astimezone(SHANGHAI).date()
    return {"daily": today - timedelta(days=1), "monthly": (today.replace(day=1) - timedelta(days=1)).replace(day=1)}


def _reports() -> list[tuple[str, str]]:
    today = datetime.now(UTC).astimezone(SHANGHAI).date()
    year, some_day = today - timedelta(days=370), today - timedelta(days=200)
    ledger, plan = f"/reports/ledger?from={year}", f"/reports/production-plan?from={year}&to={today}"
    return [
        *((f"ledger of a year, every entry, {form}", f"{ledger}&format={form}") for form in ("json", "csv", "xlsx")),
        ("ledger of a year, one page", f"{ledger}&limit=50"),
        *(
            (f"ledger of a year by {by}, {form}", f"{ledger}&by={by}&format={form}")
            for by in ("article", "store", "salesperson", "customer")
            for form in ("json", "xlsx", "pdf")
        ),
        ("ledger of a year by article, from mid-month on", f"/reports/ledger?from={some_day}&by=article"),
        ("ledger of a salesperson by customer", f"{ledger}&by=customer&salesperson=u107"),
        ("ledger of a store by article", f"{ledger}&by=article&store=S7"),
        ("ledger of a year, first printed volume", f"{ledger}&format=pdf"),
        *(
            (
                f"{kind} report, provisional, {form}",
                f"/reports/sales/provisional?kind={kind}&begins_on={day}&format={form}",
            )
            for kind, day in _periods().items()
            for form in ("json", "xlsx", "pdf")
        ),
        *(
            (f"receivables by {by}, {form}", f"/reports/receivables?by={by}&format={form}")
            for by in ("customer", "salesperson")
            for form in ("json", "xlsx", "pdf")
        ),
        ("collection of a year by salesperson", f"/reports/collection?from={year}"),
        *((f"production plan of a year, {form}", f"{plan}&format={form}") for form in ("json", "xlsx", "pdf")),
    ]


async def _measure(client: httpx.AsyncClient, process: psutil.Process, name: str, path: str) -> None:
    size, first = 0, 0.0
    async with _watched(process) as heaviest:
        began = time.perf_counter()
        async with client.stream("GET", path) as answer:
            async for piece in answer.aiter_raw():
                first = first or time.perf_counter() - began
                size += len(piece)
        took = time.perf_counter() - began
    show(name, unit="s", first_byte=round(first, 3), ours=round(took, 2), target_first_byte=FIRST_BYTE,
         megabytes=round(size / 1e6, 1), peak_memory_mib=heaviest[0], status=answer.status_code)  # fmt: skip


async def _close(client: httpx.AsyncClient, process: psutil.Process, kind: str, begins_on: date) -> None:
    async with _watched(process) as heaviest:
        began = time.perf_counter()
        answer = await client.post("/reports/sales", json={"kind": kind, "begins_on": str(begins_on)})
        took = time.perf_counter() - began
    entries = answer.json().get("entries")
    show(f"closing a {kind} report", unit="s", ours=round(took, 2), entries=entries, status=answer.status_code,
         peak_memory_mib=heaviest[0])  # fmt: skip
    for form in ("json", "xlsx", "pdf"):
        path = f"/reports/sales/{answer.json()['id']}?format={form}"
        await _measure(client, process, f"{kind} report, {form}", path)


@asynccontextmanager
async def _watched(process: psutil.Process) -> AsyncIterator[list[int]]:
    """The most MiB that the process, without the presses it starts, weighed meanwhile."""
    heaviest = [0]

    async def look() -> None:
        while True:
            heaviest[0] = max(heaviest[0], round(process.memory_info().rss / 2**20))
            await asyncio.sleep(LOOK)

    looking = asyncio.create_task(look())
    try:
        yield heaviest
    finally:
        looking.cancel()
