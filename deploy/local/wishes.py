"""What is asked of a running stack from another terminal: a file with the wish, a file with what came of it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from uuid import uuid4

from pydantic import BaseModel

from deploy.local.credentials import write_private
from deploy.local.folder import Folder
from deploy.local.problem import Problem

GLANCE = 0.05
LIMIT = 600.0


class Wish(BaseModel):
    """Restart these services one after the other; or hold one (stopped, and not started again) and let it go on."""

    id: str
    deed: Literal["restart", "hold", "go on"]
    services: list[str]


class Outcome(BaseModel):
    """How far a wish has come; `problem` says why it failed."""

    id: str
    said: list[str] = []
    done: bool = False
    problem: str | None = None


def _wish_file(data_dir: Path) -> Path:
    return data_dir / "wish.json"


def _outcome_file(data_dir: Path) -> Path:
    return data_dir / "outcome.json"


def next_wish(data_dir: Path) -> Wish | None:
    """The supervisor takes what was asked for, once."""
    file = _wish_file(data_dir)
    try:
        wish = Wish.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        file.unlink(missing_ok=True)
        return None
    file.unlink()
    return wish


def tell(data_dir: Path, outcome: Outcome) -> None:
    write_private(_outcome_file(data_dir), outcome.model_dump_json().encode())


def ask(
    data_dir: Path, deed: Literal["restart", "hold", "go on"], services: list[str], say: Callable[[str], None]
) -> None:
    """Wish, and wait until it has come true, repeating what is said meanwhile; raises `Problem` if it does not."""
    if _wish_file(data_dir).exists():
        raise Problem("The stack is busy with another wish. Wait until it is done.")
    wish = Wish(id=str(uuid4()), deed=deed, services=services)
    write_private(_wish_file(data_dir), wish.model_dump_json().encode())
    heard, deadline = 0, time.monotonic() + LIMIT
    while True:
        outcome = _outcome(data_dir)
        if outcome and outcome.id == wish.id:
            for line in outcome.said[heard:]:
                say(line)
            heard = len(outcome.said)
            if outcome.problem:
                raise Problem(outcome.problem)
            if outcome.done:
                return
        if Folder(data_dir).supervisor() is None or time.monotonic() > deadline:
            _wish_file(data_dir).unlink(missing_ok=True)
            raise Problem("The stack has stopped or does not answer. See `xiaofu status`.")
        time.sleep(GLANCE)


def _outcome(data_dir: Path) -> Outcome | None:
    try:
        return Outcome.model_validate_json(_outcome_file(data_dir).read_bytes())
    except (FileNotFoundError, ValueError):
        return None
