"""A clause of a template."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ClauseNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){0,2}$")]
ClauseText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class Clause(BaseModel):
    """条款: fixed text with `{slot}` places."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: ClauseNumber
    heading: Annotated[str, Field(min_length=1, max_length=100)]
    text: ClauseText
