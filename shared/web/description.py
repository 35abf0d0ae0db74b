"""What `/openapi.json` says of a service beyond its routes: its problems, its tables and papers, who must sign in."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.web import identity
from shared.web.papers import MEDIA_TYPES

PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457. A refusal names the rule that says no, `errors` each wrong field or row of a file.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "In Chinese or English, by `Accept-Language`"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "rule": {"type": "string", "description": "ORD-9"},
        "basis": {"type": "string", "description": "Where `regulations` shows the clause it rests on"},
        "field": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
        "trace_id": {"type": "string"},
    },
}
NOT_FINE = {
    "description": "A refusal (4xx) or a fault (5xx)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Let the application describe itself in full."""
    written = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(written(), app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def _completed(document: dict[str, Any], app: FastAPI) -> dict[str, Any]:
    known = document.setdefault("components", {}).setdefault("schemas", {})
    for name in FASTAPIS_OWN:
        known.pop(name, None)
    known["Problem"] = PROBLEM
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for route, operation in _operations(document, app):
        answers = operation["responses"]
        answers.pop("422", None)
        answers["default"] = NOT_FINE
        if formats := _formats(operation, known):
            asked_for = answers[str(route.status_code or 200)]
            there = asked_for.get("content", {})
            asked_for["content"] = {kind: there.get(kind, {"schema": {}}) for kind in formats}
        if _asks_who(route.dependant):
            operation["security"] = [{"token": []}]
    return document


def _operations(document: dict[str, Any], app: FastAPI) -> Iterator[tuple[APIRoute, dict[str, Any]]]:
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                yield route, document["paths"][route.path_format][method.lower()]


def _formats(operation: dict[str, Any], known: dict[str, Any]) -> list[str]:
    """The media types that `?format=` chooses between, if there is such a choice."""
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "format":
            schema = parameter["schema"]
            choices = known[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
            return [MEDIA_TYPES.get(choice, "application/json") for choice in choices["enum"]]
    return []


def _asks_who(dependant: Dependant) -> bool:
    """Whatever of `identity` a route depends on asks for a token."""
    return any(
        getattr(inner.call, "__module__", None) == identity.__name__ or _asks_who(inner)
        for inner in dependant.dependencies
    )
