"""What is contracted: goods, services, and until when."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from services.contracts.domain.template import ContractKind
from shared.domain.money import LIMIT, ZERO, Amount, PositiveAmount
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import Invalid, NotAllowedNow, RuleBroken
from shared.events.contracts import ContractLine, ServiceTerm

LAST_DAY = date(2099, 12, 31)

Day = Annotated[date, Field(le=LAST_DAY)]


class WantedLine(ContractLine):
    """A line as it is written: something of an article, at a price per unit in yuan, by a day."""

    model_config = ConfigDict(extra="forbid")

    article: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    specification: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    quantity: PositiveAmount
    price: Amount
    deliver_by: Day | None = None


class WantedService(ServiceTerm):
    """A promised service as it is written: hours until it is begun and done, and how often in all (CON-12)."""

    model_config = ConfigDict(extra="forbid")

    service: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    response_hours: Annotated[int, Field(ge=1, le=8760)]
    resolution_hours: Annotated[int, Field(ge=1, le=8760)]
    times: Annotated[int, Field(ge=1, le=100_000)] | None = None


def each_article_once(lines: Sequence[ContractLine]) -> list[ContractLine]:
    """The lines; `Invalid` if two are of one article, for then no order could tell which price it draws on."""
    template = "article {article} is on more than one line"
    twice = [article for article, times in Counter(line.article for line in lines).items() if times > 1]
    if twice:
        raise Invalid("each article has one line", [_error("lines", template, article=each) for each in twice])
    return list(lines)


def each_service_once(services: Sequence[ServiceTerm]) -> list[ServiceTerm]:
    """The services; `Invalid` if one is promised twice, for then no work could be measured against it (CON-12)."""
    for term in services:
        if term.resolution_hours < term.response_hours:
            raise RuleBroken("CON-12", "service {service} is not done before it is begun", service=term.service)
    template = "service {service} is promised more than once"
    twice = [service for service, times in Counter(term.service for term in services).items() if times > 1]
    if twice:
        raise Invalid("each service is promised once", [_error("services", template, service=each) for each in twice])
    return list(services)


def must_fit(kind: ContractKind, lines: Sequence[ContractLine], services: Sequence[ServiceTerm]) -> None:
    """A service contract says which services, and may be without goods; any other is about goods alone (CON-12)."""
    if kind is ContractKind.SERVICE and not services:
        raise RuleBroken("CON-12", "a service contract says which services, and within what time")
    if kind is not ContractKind.SERVICE and services:
        raise RuleBroken("CON-12", "only a service contract promises services")
    if kind is not ContractKind.SERVICE and not lines:
        raise RuleBroken("CON-12", "only a service contract is without goods")
    if sum((line.quantity * line.price for line in lines), ZERO) > LIMIT:
        raise RuleBroken("CON-13", "a contract's total stays within a trillion yuan")


def start_of(day: date) -> datetime:
    """The moment at which a day begins in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


def end_of(day: date) -> datetime:
    """The moment at which a day is over in Shanghai."""
    return start_of(day + timedelta(days=1))


def must_not_be_over(last: date, at: datetime) -> None:
    """Refuses a contract that would be over before it began."""
    if at >= end_of(last):
        raise NotAllowedNow("the validity of the contract ended on {date}", date=last.isoformat())


def _error(field: str, template: str, **params: str) -> dict[str, object]:
    detail = template.format(**params)
    return {"code": "twice", "field": field, "detail": detail, "template": template, "params": params}
