"""`python -m tests.events.write_schemas` writes the JSON Schema of every declared event beside this file."""

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import shared.events
from shared.events.envelope import SCHEMAS
from shared.events.event import Event

FOLDER = Path(__file__).with_name("schemas")


def declared() -> dict[str, type[Event]]:
    """Every event that a module of `shared.events` declares, by name."""
    for module in pkgutil.iter_modules(shared.events.__path__, "shared.events."):
        importlib.import_module(module.name)
    return {
        name: event for name, event in sorted(Event.CATALOGUE.items()) if event.__module__.startswith("shared.events.")
    }


def schema(event: type[Event]) -> dict[str, Any]:
    """What is published: the data of the envelope, as JSON."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{SCHEMAS}/{event.NAME}.json",
        **event.model_json_schema(mode="serialization"),
    }


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, event in declared().items():
        text = json.dumps(schema(event), ensure_ascii=False, indent=1)
        (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
