"""What is in hand is finished before a process stops or stands still; nothing new is taken up meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Hands:
    """Counts the units of work in hand."""

    def __init__(self) -> None:
        self._busy = 0
        self._resting = False
        self._free = asyncio.Event()
        self._free.set()
        self._allowed = asyncio.Event()
        self._allowed.set()

    def hold(self, held: bool) -> None:
        """While held, no unit of work begins."""
        if held:
            self._allowed.clear()
        else:
            self._allowed.set()

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """A unit of work; once the process is stopping, none begins any more."""
        if self._resting:
            await asyncio.Event().wait()  # until cancelled
        await self._allowed.wait()
        self._busy += 1
        self._free.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if not self._busy:
                self._free.set()

    async def rest(self, seconds: float) -> None:
        """Let what is in hand be finished, for at most `seconds`."""
        self._resting = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._free.wait(), seconds)
