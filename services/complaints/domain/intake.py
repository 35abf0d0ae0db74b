"""What is taken in with a complaint, and which post handles it."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, RuleBroken
from shared.events.complaints import Slip


class Kind(StrEnum):
    """质量, 货期, 服务, 意见或建议: each goes its own way (CMP-2)."""

    QUALITY = "quality"
    DELIVERY = "delivery"
    SERVICE = "service"
    OPINION = "opinion"


class Channel(StrEnum):
    """How people and the company reach one another (CMP-1)."""

    PHONE = "phone"
    LETTER = "letter"
    VISIT = "visit"
    WEB = "web"
    PARTNER = "partner"


class Severity(StrEnum):
    ORDINARY = "ordinary"
    GRAVE = "grave"


class Contact(BaseModel):
    """How to reach the complainant; shown to those who need it (CMP-18)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Annotated[str, Field(min_length=1, max_length=60)]
    phone: Annotated[str, Field(max_length=40)] = ""


Word = Annotated[str, Field(max_length=100)]
Code = Annotated[str, Field(min_length=1, max_length=100)]


class WrittenSlip(Slip):
    """发票或票据, as it is written down at intake (CMP-3)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    order_number: Word
    article: Word
    specification: Word
    grade: Word
    colour_number: Word


class Intake(BaseModel):
    """A complaint as it comes in (CMP-1); `external_reference` is the sender's own number, unique per channel."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    kind: Kind
    channel: Channel
    customer_id: UUID
    description: Annotated[str, Field(min_length=1, max_length=2000)]
    contact: Contact
    external_reference: Code | None = None
    slip: WrittenSlip | None = None
    about: Code | None = Field(default=None, description="Employee code of the person complained about")
    severity: Severity = Severity.ORDINARY
    major: bool = False
    branch: Code | None = None
    store: Code | None = None


HANDLED_BY = {
    Kind.QUALITY: Post.SALES_DIRECTOR,
    Kind.DELIVERY: Post.SALES_MANAGER,
    Kind.SERVICE: Post.SALES_MANAGER,
    Kind.OPINION: Post.OFFICE,
}


def handling_post(kind: Kind, severity: Severity) -> Post:
    """The post that handles such a complaint in person (CMP-4, CMP-6)."""
    if kind is Kind.SERVICE and severity is Severity.GRAVE:
        return Post.VICE_PRESIDENT_SALES
    return HANDLED_BY[kind]


def refuse_grading_outside(taken: Intake, by: Actor) -> None:
    """How grave a case is, people inside decide: no caller moves themselves to the front (CMP-7)."""
    if by.outside and (taken.major or taken.severity is not Severity.ORDINARY):
        raise Forbidden("how grave a complaint is, is decided inside the company", rule="CMP-7")


def require_slip(kind: Kind, slip: Slip | None) -> None:
    """A quality complaint registers the whole slip, in words that say something (CMP-3)."""
    if slip is None:
        if kind is Kind.QUALITY:
            raise RuleBroken("CMP-3", "a quality complaint registers the invoice or slip of the goods", field="slip")
        return
    for name, value in slip:
        if not str(value).strip():
            raise RuleBroken("CMP-3", "the slip does not say the {missing} of the goods", missing=name, field="slip")


def require_person(kind: Kind, about: str | None) -> None:
    """A service complaint names whom it is about (CMP-6)."""
    if kind is Kind.SERVICE and about is None:
        raise RuleBroken("CMP-6", "a service complaint names the employee it is about", field="about")
