"""The catalogue of rules."""

from fastapi import Request, Response
from pydantic import BaseModel

from services.regulations.domain.rules import catalogue
from shared.domain.refusals import NotFound
from shared.web.identity import Anyone
from shared.web.paging import CodePage, PagedByCode, document, listed
from shared.web.routes import Routes

router = Routes("/rules", tags=["rules"])


class ShownRule(BaseModel):
    """A rule in both languages, with clauses, parameters and the events that are decisions by it."""

    rule: str
    zh: str
    en: str
    clauses: list[str]
    parameters: list[str]
    decisions: list[str]


def shown(rule_id: str) -> ShownRule:
    """The rule of this id; raises `NotFound`."""
    rule = catalogue().rules.get(rule_id)
    if rule is None:
        raise NotFound("there is no {entity} {id}", entity="rule", id=rule_id)
    return ShownRule(rule=rule_id, **rule.model_dump())


@router.get("")
async def list_rules(request: Request, anyone: Anyone, page: PagedByCode) -> Response:
    """Every rule of the product by its id (REG-4)."""

    async def read(page: CodePage) -> list[dict[str, str]]:
        after = [rule_id for rule_id in sorted(catalogue().rules) if rule_id > page.after]
        return [{"id": one, "document": shown(one).model_dump_json()} for one in after[: page.fetch]]

    return await listed(request, page, read, ShownRule)


@router.get("/{rule_id}", response_model=ShownRule)
async def show_rule(rule_id: str, anyone: Anyone) -> Response:
    """One rule: what it says, the clauses it comes from, the numbers it uses (REG-4)."""
    return document(shown(rule_id).model_dump_json())
