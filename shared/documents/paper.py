"""Papers as PDF: a typst template of ours, filled with data that is never read as markup."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from shared.documents import press
from shared.documents.glyphs import FONT, printable

ROOT = Path(__file__).parents[2]  # templates import one another from here: "/shared/documents/page.typ"
SECONDS = 25  # under the time a request may take


class PressFault(Exception):
    """A template could not be laid out: a fault of ours, since no data can cause it."""


async def print_paper(template: Path, data: Mapping[str, Any], at: datetime) -> bytes:
    """The PDF (A-2u, font embedded) of the template filled with `data`; one at a time in a process.

    The template reads `json(bytes(sys.inputs.data))`. Texts are made printable; `bytes` (pictures as SVG, addresses)
    pass as they are. The same data and `at` give the same bytes. Raises `PressFault`.
    """
    return await asyncio.get_running_loop().run_in_executor(_queue(), _print, job_of(template, data, at))


def job_of(template: Path, data: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What the press is told."""
    return {
        "template": str(template),
        "root": str(ROOT),
        "fonts": str(FONT.parent),
        "data": _printable(data),
        "timestamp": int(at.timestamp()),
    }


def _print(job: Mapping[str, Any]) -> bytes:
    command = [sys.executable, "-I", press.__file__]
    try:
        done = subprocess.run(  # noqa: S603 - our own script
            command, input=json.dumps(job).encode(), capture_output=True, timeout=SECONDS, check=True
        )
    except subprocess.CalledProcessError as error:
        raise PressFault(error.stderr.decode(errors="replace")) from error
    return done.stdout


@cache
def _queue() -> ThreadPoolExecutor:
    """One paper after another: each takes a core and up to 600 MB; who has gone away in the meantime is passed over."""
    return ThreadPoolExecutor(1, thread_name_prefix="press")


def _printable(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case bytes():
            return value.decode()
        case Mapping():
            return {key: _printable(inner) for key, inner in value.items()}
        case Sequence():
            return [_printable(inner) for inner in value]
        case _:
            return value
