"""What is contracted, and until when."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from shared.domain.money import Amount, PositiveAmount
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import Invalid, NotAllowedNow
from shared.events.contracts import ContractLine

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


def each_article_once(lines: Sequence[ContractLine]) -> list[ContractLine]:
    """The lines; `Invalid` if two are of one article, for then no order could tell which price it draws on."""
    template = "article {article} is on more than one line"
    twice = [article for article, times in Counter(line.article for line in lines).items() if times > 1]
    if twice:
        raise Invalid("each article has one line", [_error(template, article) for article in twice])
    return list(lines)


def end_of(day: date) -> datetime:
    """The moment at which a day is over in Shanghai."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def must_not_be_over(last: date, at: datetime) -> None:
    """Refuses a contract that would be over before it began."""
    if at >= end_of(last):
        raise NotAllowedNow("the validity of the contract ended on {date}", date=last.isoformat())


def _error(template: str, article: str) -> dict[str, object]:
    params = {"article": article}
    detail = template.format(**params)
    return {"code": "twice", "field": "lines", "detail": detail, "template": template, "params": params}
