"""The steps of a case as its document keeps them, from the first response to the customer's last word (CMP-8)."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.complaints.domain.intake import Channel, Severity
from shared.events.complaints import Responsible

LEAST_EVIDENCE = 6  # characters: room for where a recording, a letter or a note of the contact is to be found
MASK = "***"

Text = Annotated[str, Field(min_length=1, max_length=500)]


class Response(BaseModel):
    """首次响应: evidenced contact with the customer; nothing else counts (CMP-16).

    `at` is when it was recorded, which is what counts in time: a contact nobody wrote down cannot be told from none.
    """

    channel: Channel
    evidence: str
    spoken_to: str
    contacted_at: datetime | None = None
    by: str
    at: datetime
    in_time: bool


class Found(Responsible):
    """One person whose responsibility was found, in the words the penalty schedule knows (CMP-15)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    employee: Annotated[str, Field(min_length=1, max_length=40)]
    department: Annotated[str, Field(min_length=1, max_length=60)]
    severity: Literal["light", "ordinary", "grave"]
    finding: Text
    evidence: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default=[], max_length=20, description="Where it is on record: recordings, letters, tests, statements"
    )


class Responsibility(BaseModel):
    """经查实: what was found about who is responsible, and by whom (CMP-15)."""

    verified: bool
    responsible: list[Found]
    by: str
    at: datetime


class Grading(BaseModel):
    """定级: somebody has found the case graver than it was, for a reason (CMP-6, CMP-7)."""

    severity: Severity
    major: bool
    reason: str
    by: str
    at: datetime


class Proposal(BaseModel):
    """What the customer was offered."""

    measures: str
    by: str
    at: datetime


class Consent(BaseModel):
    """The customer agreed to the last proposal, in these words."""

    customer_said: str
    by: str
    at: datetime


class CarriedOut(BaseModel):
    """What was agreed was done, as `reference` shows (CMP-8)."""

    what: str
    reference: str
    by: str
    at: datetime


class Resolution(BaseModel):
    """It was carried out, summed up, and told to the customer (CMP-10)."""

    summary: str
    told_customer_by: str
    by: str
    at: datetime
    in_time: bool


class Attempt(BaseModel):
    """An attempt to reach the customer (CMP-11)."""

    channel: Channel
    note: str
    by: str
    at: datetime


class Closure(BaseModel):
    """The customer's word, or the attempts to get it (CMP-11)."""

    confirmed_by: str
    attempts: int
    by: str
    at: datetime


class Reopening(BaseModel):
    """The customer was not satisfied; what the case looked like then is kept (CMP-11)."""

    reason: str
    by: str
    at: datetime
    response: Response | None
    consent: Consent | None
    resolution: Resolution | None
    closure: Closure | None
    carried_out: CarriedOut | None = None


def masked(response: Response | None, resolution: Resolution | None, closure: Closure | None) -> dict[str, object]:
    """Those steps without what leads to the complainant (CMP-18)."""
    return {
        "response": response and response.model_copy(update={"evidence": MASK, "spoken_to": MASK}),
        "resolution": resolution and resolution.model_copy(update={"told_customer_by": MASK}),
        "closure": closure and closure.model_copy(update={"confirmed_by": closure.confirmed_by and MASK}),
    }
