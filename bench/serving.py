"""One service process with one role alone, and a client that costs as little as it can."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import psutil

from deploy.local.ports import HOST, free_port
from deploy.local.stack import Stack

CONNECTIONS = 16


@asynccontextmanager
async def served(stack: Stack, service: str, role: str = "api") -> AsyncIterator[tuple[int, psutil.Process]]:
    """The port of a service that has this role alone, and its process."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services", service, "--port", str(port), "--only", role,
        env=stack.environment(service) | {"POOL_SIZE": str(CONNECTIONS), "LOG_LEVEL": "WARNING"},
    )  # fmt: skip
    try:
        await _ready(port)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()


async def _ready(port: int) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(200):
            try:
                if (await client.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise TimeoutError("the service did not start")


async def timed_requests(
    port: int, next_request: Callable[[], bytes], seconds: float, expected: int, host: str = HOST
) -> list[float]:
    """Seconds each request took, over 16 connections that are kept open and always have one under way."""
    until = time.perf_counter() + seconds
    status = f"HTTP/1.1 {expected}".encode()

    async def client() -> list[float]:
        reader, writer = await asyncio.open_connection(host, port)
        taken = []
        while time.perf_counter() < until:
            began = time.perf_counter()
            writer.write(next_request())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(status):
                raise AssertionError(head)
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            taken.append(time.perf_counter() - began)
        writer.close()
        return taken

    return [each for some in await asyncio.gather(*(client() for _ in range(CONNECTIONS))) for each in some]


def cpu_seconds(process: psutil.Process) -> float:
    """Processor time the process has used so far."""
    times = process.cpu_times()
    return float(times.user + times.system)
