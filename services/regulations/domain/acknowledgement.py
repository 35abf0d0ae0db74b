"""An employee takes note of an edition."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from services.regulations.domain.regulation import Regulation
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.numbers import same_id
from shared.domain.refusals import RuleBroken
from shared.events.regulations import RegulationAcknowledged


class AcknowledgementStatus(StrEnum):
    NEW = "new"
    GIVEN = "given"


class Acknowledgement(Aggregate):
    """签收: an employee (工号) has read an edition; a later edition asks anew (REG-3)."""

    TABLE = "acknowledgements"
    ENTITY = "acknowledgement"
    START = AcknowledgementStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        RegulationAcknowledged: Step({AcknowledgementStatus.NEW}, AcknowledgementStatus.GIVEN),
    }

    status: AcknowledgementStatus
    regulation_id: UUID
    code: str
    edition: int
    employee: str
    at: datetime

    @staticmethod
    def id_of(regulation_id: UUID, employee: str) -> UUID:
        """The id follows from edition and employee: it is given once."""
        return same_id(regulation_id, f"acknowledged by {employee}")

    @classmethod
    def give(cls, regulation: Regulation, by: Actor, at: datetime) -> Self:
        """For oneself, of an edition in force (REG-3)."""
        regulation.must_be_in_force()
        if by.on_behalf_of is not None:
            raise RuleBroken("REG-3", "nobody acknowledges a regulation for another")
        fields = {"code": regulation.code, "edition": regulation.edition, "employee": by.id}
        given = cls.begin(cls.id_of(regulation.id, by.id), regulation_id=regulation.id, at=at, **fields)
        given.record(RegulationAcknowledged.model_validate(fields))
        return given
