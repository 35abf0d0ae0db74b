"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path,
    typer.Option(
        "--data-dir",
        envvar="XIAOFU_DATA_DIR",
        help="The stack's data folder: database files, streams, keys, logs; or one with a deployment.toml.",
    ),
]
DEFAULT_DATA_DIR = Path(".xiaofu")

OneService = Annotated[str | None, typer.Option("--service", help="Only this service; without it, all of them.")]


def words(text: str) -> list[str]:
    """`a,b` or `a, b` as a list."""
    return [word.strip() for word in text.split(",") if word.strip()]
