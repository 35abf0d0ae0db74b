"""What several routes of regulations read of a request."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime

from shared.domain.actor import Actor, Post
from shared.web.identity import admit

DRAFTERS = (Post.HEADQUARTERS, Post.OFFICE, Post.HR)

Drafter = Annotated[Actor, Depends(admit(*DRAFTERS))]


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC; a `ValueError` for one that is not within the years we can write there."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no such time in UTC") from error
    if not 1970 <= utc.year < 3000:
        raise ValueError("a time between the years 1970 and 3000")
    return utc


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
Code = Annotated[str | None, Query(max_length=20)]
