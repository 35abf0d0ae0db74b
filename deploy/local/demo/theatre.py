"""What the story needs of a stack, whatever that runs on: processes of this machine or containers."""

from pathlib import Path
from typing import Any, Protocol


class Theatre(Protocol):
    """The doors of a stack whose services can be killed, and come back by themselves."""

    data_dir: Path

    @property
    def services(self) -> list[str]: ...

    def base_url(self, service: str) -> str: ...

    def nats_url(self) -> str: ...

    def token(self, user: str, *posts: str, **places: Any) -> str: ...

    def kill(self, name: str) -> None:
        """SIGKILL, and a new start without anybody's help."""

    async def all_ready(self) -> None: ...
