"""Problem details (RFC 9457) for every "no" and every fault; the only place that knows status codes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from opentelemetry import trace
from starlette.exceptions import HTTPException
from starlette.routing import Match

from shared.domain.decisions import refusal_id
from shared.domain.refusals import (
    ChangedMeanwhile,
    Forbidden,
    Invalid,
    NotAllowedNow,
    NotFound,
    Refusal,
    RuleBroken,
)
from shared.persistence.pool import OUT_OF_REACH as OUT_OF_REACH
from shared.persistence.store import Answer
from shared.telemetry import log
from shared.web.words import Language, Words, language_of

STATUS: Mapping[type[Refusal], int] = {
    NotFound: 404,
    NotAllowedNow: 409,
    ChangedMeanwhile: 409,
    Forbidden: 403,
    RuleBroken: 422,
    Invalid: 422,
}

TITLES = {
    "not_found": "Not found",
    "not_allowed_now": "Not allowed now",
    "changed_meanwhile": "Changed meanwhile",
    "stale": "Stale version",
    "forbidden": "Forbidden",
    "rule_broken": "A rule says no",
    "invalid": "Invalid input",
    "unauthenticated": "Not signed in",
    "key_reused": "Idempotency key used for another request",
    "too_large": "Request too large",
    "too_slow": "Request took too long",
    "unavailable": "Temporarily unavailable",
    "fault": "A fault of ours",
    "http": "The request cannot be answered",
}

AGAIN = "the database is out of reach; repeat the request with the same Idempotency-Key"


class Unauthenticated(Refusal):
    """There is no valid bearer token."""

    code = "unauthenticated"


class Stale(Refusal):
    """`If-Match` names another version than the present one."""

    code = "stale"


class KeyReused(Refusal):
    """The idempotency key belongs to another request."""

    code = "key_reused"


class Answered(Exception):
    """The command was carried out before; this is what it was answered."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


CODES = {Unauthenticated: 401, Stale: 412, KeyReused: 422}


def answer_response(answer: Answer, *, location: str | None = None) -> Response:
    """A document as it was kept, with its version as `ETag`."""
    headers = {} if answer.version is None else {"ETag": f'"{answer.version}"'}
    if location:
        headers["Location"] = location
    return Response(answer.body, answer.status, headers, "application/json")


class Problems:
    """Turns whatever was raised into a problem in the reader's language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def install(self, app: FastAPI) -> None:
        """Answer for the whole application."""
        app.add_exception_handler(Refusal, self.refusal)
        app.add_exception_handler(Answered, self.answered)
        app.add_exception_handler(RequestValidationError, self.validation)
        app.add_exception_handler(HTTPException, self.http)
        app.add_exception_handler(asyncpg.DataError, self.data)
        app.add_exception_handler(asyncpg.TransactionRollbackError, self.collision)
        for kind in OUT_OF_REACH:
            app.add_exception_handler(kind, self.out_of_reach)
        app.add_exception_handler(Exception, self.fault)

    async def answered(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, Answered)  # noqa: S101 - Starlette dispatches by this type
        response = answer_response(error.answer)
        response.headers["Idempotent-Replayed"] = "true"
        return response

    async def refusal(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)  # noqa: S101 - Starlette dispatches by this type
        language = language_of(request.headers.get("accept-language"))
        status = CODES.get(type(error)) or next(code for kind, code in STATUS.items() if isinstance(error, kind))
        extra = _basis(error.rule)
        if error.field:
            extra["field"] = error.field
        if isinstance(error, Invalid):
            extra["errors"] = [self._line(line, language) for line in error.errors]
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        return self.problem(request, status, error.code, error.message, error.params, headers=headers, **extra)

    def _line(self, line: Mapping[str, Any], language: Language) -> dict[str, Any]:
        template, params = str(line.get("template", line["detail"])), line.get("params", {})
        said = (
            self._words.say(template, params, language)
            if params or template in self._words.messages
            else line["detail"]
        )
        return {key: value for key, value in line.items() if key not in ("template", "params")} | {"detail": said}

    async def validation(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - Starlette dispatches by this type
        language = language_of(request.headers.get("accept-language"))
        return self.problem(
            request,
            422,
            "invalid",
            "the request does not have the right shape",
            errors=self._faults(error.errors(), language),
        )

    def _faults(self, errors: Sequence[Any], language: Language) -> list[dict[str, Any]]:
        faults = []
        for error in errors:
            where = ".".join(str(part) for part in error["loc"])
            template = f"pydantic.{error['type']}"
            known = language == "zh" and template in self._words.messages
            said = self._words.say(template, error.get("ctx", {}), language) if known else error["msg"]
            faults.append({"field": where, "code": error["type"], "detail": said})
        return faults

    async def http(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - Starlette dispatches by this type
        code = {404: "not_found", 413: "too_large"}.get(error.status_code, "http")
        detail = str(error.detail).replace("{", "{{").replace("}", "}}")  # a sentence, no template
        headers = dict(error.headers or {}) | (_allowed(request) if error.status_code == 405 else {})
        return self.problem(request, error.status_code, code, detail, headers=headers)

    async def data(self, request: Request, error: Exception) -> Response:
        # What pydantic lets through and PostgreSQL cannot hold, such as U+0000 in a text.
        return self.problem(request, 422, "invalid", "a value cannot be stored: {why}", {"why": str(error)})

    async def collision(self, request: Request, error: Exception) -> Response:
        # Two changes of several things each waited for the other, and this one was given up.
        return self.problem(request, 409, "changed_meanwhile", "another change was in the way; ask again")

    async def out_of_reach(self, request: Request, error: Exception) -> Response:
        log.error("database out of reach: %s", error)
        return self.problem(request, 503, "unavailable", AGAIN, headers={"Retry-After": "2"})

    async def fault(self, request: Request, error: Exception) -> Response:
        # The door's span has ended by now; log and answer belong to it all the same.
        with trace.use_span(request.scope.get("span", trace.INVALID_SPAN)):
            log.error("unexpected: %s %s", request.method, request.url.path, exc_info=error)
            return self.problem(request, 500, "fault", "this should not have happened; tell the operator the trace id")

    def problem(
        self,
        request: Request,
        status: int,
        code: str,
        message: str,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> Response:
        """One problem document."""
        language = language_of(request.headers.get("accept-language"))
        body = {
            "type": f"https://xiaofu.example/problems/{code}",
            "title": self._words.say(TITLES[code], {}, language),
            "status": status,
            "detail": self._words.say(message, params or {}, language),
            "instance": request.url.path,
            "code": code,
            **extra,
        }
        current = trace.get_current_span().get_span_context()
        if current.is_valid:
            body["trace_id"] = f"{current.trace_id:032x}"
        found = {"Content-Language": "zh-CN" if language == "zh" else "en", **(headers or {})}
        return Response(orjson.dumps(body, default=str), status, found, "application/problem+json")


def _allowed(request: Request) -> dict[str, str]:
    """All that this address answers to; Starlette names the methods of its first route alone."""
    there = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = sorted({method for route in there for method in getattr(route, "methods", None) or ()})
    return {"Allow": ", ".join(methods)}


def _basis(rule: str | None) -> dict[str, Any]:
    """The rule that said no, and where the regulations service shows what it rests on (REG-4)."""
    if rule is None:
        return {}
    decision = refusal_id(rule, datetime.now(UTC))
    if decision is None:
        return {"rule": rule}
    return {"rule": rule, "decision": str(decision), "basis": f"/v1/decisions/{decision}/basis"}
