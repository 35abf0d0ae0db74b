"""What a service process weighs at rest, and how fast it starts."""

import asyncio
import statistics
import subprocess
import sys
import time

import httpx
import psutil

from bench.figures import RUNS, show
from deploy.local.catalogue import SERVICES
from deploy.local.ports import free_port
from deploy.local.stack import Stack

REST = 3.0


async def resting(stack: Stack) -> None:
    """Under 90 MiB each; started in under 1.5 s each, one at a time."""
    weights, starts = {}, {}
    for service in SERVICES:
        measured = [await _start(stack, service) for _ in range(RUNS)]
        starts[service] = statistics.median(seconds for seconds, _ in measured)
        weights[service] = statistics.median(size for _, size in measured)
    show("memory of one service process at rest", unit="MiB", ours=round(max(weights.values()), 1),
         each={name: round(size, 1) for name, size in weights.items()}, target=90)  # fmt: skip
    show("starting one service until it is ready", unit="s", ours=round(max(starts.values()), 2),
         each={name: round(seconds, 2) for name, seconds in starts.items()}, target=1.5)  # fmt: skip


async def _start(stack: Stack, service: str) -> tuple[float, float]:
    port = free_port()
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services", service, "--port", str(port),
        env=stack.environment(service) | {"LOG_LEVEL": "WARNING"}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                try:
                    if (await client.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.01)
        took = time.perf_counter() - began
        await asyncio.sleep(REST)
        return took, psutil.Process(process.pid).memory_info().rss / 2**20
    finally:
        process.terminate()
        await process.wait()
