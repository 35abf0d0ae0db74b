"""What a decision rests on: the rule, its clauses as they read then, the numbers of the version it was made under."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import AwareDatetime, BaseModel

from services.regulations import views
from services.regulations.domain.content import cited
from services.regulations.domain.first import OWN
from services.regulations.domain.rules import Rule, catalogue
from shared.domain.decisions import refused_by
from shared.domain.policy_parameter import plain
from shared.domain.refusals import NotFound
from shared.persistence.policies import Policies
from shared.persistence.pool import Reader
from shared.web.identity import Anyone
from shared.web.paging import Page, Paged, document, listed
from shared.web.routes import Routes
from shared.web.words import Language, language_of

router = Routes("/decisions", tags=["decisions"])

REFUSAL = "refusal"


class CitedClause(BaseModel):
    """A clause as it read when the decision was made; without text where the edition does not have it."""

    regulation: str
    edition: int
    title: str
    clause: str
    text: str | None


class UsedNumber(BaseModel):
    key: str
    title: str
    value: Any
    unit: str | None
    clause: str | None


class Basis(BaseModel):
    """What a decision rests on (REG-4). `kind` is the event that was the decision, or refusal."""

    decision: UUID
    kind: str
    entity: str | None = None
    entity_id: UUID | None = None
    by: str | None = None
    at: AwareDatetime
    rule: str
    title: str
    clauses: list[CitedClause]
    parameters: list[UsedNumber]
    policy: str


class Decided(BaseModel):
    """A decision as far as it is known before its basis is looked up."""

    decision: UUID
    kind: str
    rule: str
    at: datetime
    policy: str | None = None
    entity: str | None = None
    entity_id: UUID | None = None
    by: str | None = None


@router.get("/{decision_id}/basis", response_model=Basis)
async def show_basis(decision_id: UUID, request: Request, anyone: Anyone, page: Paged) -> Response:
    """What a decision rests on. The id is that of a refusal (`decision` of a problem), of the deciding event, or of the
    thing that was decided on: then the answer is the list of all decisions on it, newest first (REG-4).

    Customers and partners may ask about refusals alone.
    """
    language = language_of(request.headers.get("accept-language"))
    pool, policies = request.app.state.pool, request.app.state.policies
    one = await _decided(pool, decision_id, outside=anyone.outside)
    if one is not None:
        return document((await _basis(pool, policies, one, language)).model_dump_json())

    async def read(page: Page) -> Sequence[dict[str, Any]]:
        rows = [] if anyone.outside else await views.decisions_of(pool, decision_id, page)
        found = [await _basis(pool, policies, _of_row(row), language) for row in rows]
        return [{"id": basis.decision, "document": basis.model_dump_json()} for basis in found]

    if not await read(page._replace(limit=0)):
        raise NotFound("there is no {entity} {id}", entity="decision", id=str(decision_id))
    return await listed(request, page, read, Basis)


async def _decided(reader: Reader, decision_id: UUID, *, outside: bool) -> Decided | None:
    row = None if outside else await views.decision(reader, decision_id)
    if row is not None:
        return _of_row(row)
    refused = refused_by(decision_id)
    if refused is None or refused.rule not in catalogue().rules:
        return None
    return Decided(decision=decision_id, kind=REFUSAL, rule=refused.rule, at=refused.at)


def _of_row(row: Any) -> Decided:
    same = {name: row[name] for name in ("rule", "at", "policy", "entity", "entity_id")}
    return Decided(decision=row["event_id"], kind=row["name"], by=row["actor"], **same)


async def _basis(reader: Reader, policies: Policies, decided: Decided, language: Language) -> Basis:
    rule, policy = catalogue().rules[decided.rule], await policies.of(decided.policy, decided.at, reader)
    used = {key: policy.parameters[key] for key in rule.parameters if key in policy.parameters}
    names = await views.titles(reader, used)
    return Basis(
        **decided.model_dump(exclude={"policy"}),
        title=rule.zh if language == "zh" else rule.en,
        clauses=await _clauses(reader, rule, [one.clause or "" for one in used.values()], decided.at),
        parameters=[
            UsedNumber(
                key=key, title=names.get(key) or key, value=plain(one.value), unit=one.unit, clause=one.clause
            )
            for key, one in used.items()
        ],
        policy=decided.policy or policy.version,
    )  # fmt: skip


async def _clauses(reader: Reader, rule: Rule, stated: Sequence[str], at: datetime) -> list[CitedClause]:
    """The rule's clauses, then the further ones that state its numbers, as they read at the moment."""
    places = [cited(citation) or (citation, "") for citation in dict.fromkeys([*rule.clauses, *stated])]
    places = list(dict.fromkeys(places))
    editions = await views.editions_at(reader, {OWN, *(code for code, _ in places)}, at)
    return [
        CitedClause(
            regulation=code, edition=found.edition, title=found.title, clause=number,
            text=found.says(number) if number else None,
        )
        for code, number in places
        if (found := editions.get(code))
    ]  # fmt: skip
