"""Taking one process's place by another, without a request that is lost or refused."""

import asyncio
import time
from typing import TYPE_CHECKING

from deploy.local.problem import Problem
from deploy.local.processes import tail
from deploy.local.supervision import Service, Watch, serves
from deploy.local.wishes import Outcome, Wish, next_wish, tell

if TYPE_CHECKING:
    from deploy.local.stack import Stack

GLANCE = 0.1
START_LIMIT = 60.0


async def grant_wishes(stack: "Stack") -> None:
    """Do what other terminals ask of the stack, for ever."""
    while True:
        if wish := next_wish(stack.data_dir):
            await _grant(stack, wish)
        await asyncio.sleep(GLANCE)


async def _grant(stack: "Stack", wish: Wish) -> None:
    outcome = Outcome(id=wish.id)
    try:
        for name in wish.services:
            outcome.said.append(await _do(stack, wish.deed, name))
            tell(stack.data_dir, outcome)
    except (Problem, OSError) as problem:
        outcome.problem = str(problem)
    outcome.done = True
    tell(stack.data_dir, outcome)


async def _do(stack: "Stack", deed: str, name: str) -> str:
    watch = stack.watch_of(name)
    if deed == "hold":
        await watch.hold()
        return f"{name} is stopped."
    if deed == "go on":
        watch.let_go()
        return f"{name} is started."
    began = time.monotonic()
    await restart(stack, name)
    return f"{name} was restarted in {time.monotonic() - began:.1f} s; pid {watch.entry.pid}."


async def restart(stack: "Stack", name: str) -> None:
    """A second process begins and is ready before the first is told to leave; raises `Problem`, the first at work.

    Both take connections from the one queue that the supervisor holds. The first says goodbye to whoever keeps a
    connection, finishes what it has in hand, and ends.
    """
    watch = stack.watch_of(name)
    before = watch.managed
    if watch.held or not isinstance(before, Service) or not before.inherits or not before.alive:
        raise Problem(f"{name} is not at work; `xiaofu status` says more.")
    successor = before.twin()
    successor.launch()
    try:
        await _until_ready(stack, watch, successor)
    except BaseException:  # a cancellation too: the stack is being stopped
        successor.kill()
        raise
    watch.succeed(successor)
    await asyncio.to_thread(before.stop)


async def _until_ready(stack: "Stack", watch: Watch, successor: Service) -> None:
    deadline = time.monotonic() + START_LIMIT
    while not await serves(stack.client, stack.base_url(successor.name), successor.pid):
        if not successor.alive or time.monotonic() > deadline:
            words = tail(successor.log)
            raise Problem(f"The new {successor.name} does not become ready; the old one goes on. Its log:\n{words}")
        await asyncio.sleep(0.02)
