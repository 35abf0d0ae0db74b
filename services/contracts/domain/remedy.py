"""What a clause gives when the contract is broken."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from services.contracts.domain.clause import Clause, ClauseNumber
from services.contracts.domain.slots import Slot, SlotName, SlotType, places
from shared.domain.refusals import RuleBroken


class Breach(StrEnum):
    QUALITY_FAILURE = "quality_failure"
    LATE_DELIVERY = "late_delivery"


class Remedy(BaseModel):
    """违约金: which clause gives liquidated damages for which breach, and where it says how much (CON-14).

    The number in `slot` is a percentage of the value of the goods concerned, for late delivery per day; the one in
    `cap_slot` is the most, in percent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    breach: Breach
    clause: ClauseNumber
    slot: SlotName
    cap_slot: SlotName | None = None

    @property
    def slots(self) -> list[str]:
        return [self.slot] if self.cap_slot is None else [self.slot, self.cap_slot]


class AgreedRemedy(BaseModel):
    """A remedy as a contract filled it in: `percent` of the value (late delivery: per day), `cap` percent at most."""

    breach: Breach
    clause: str
    percent: Decimal
    cap: Decimal | None = None


def must_be_said(remedies: Sequence[Remedy], clauses: Sequence[Clause], slots: Sequence[Slot]) -> None:
    """Each remedy rests on a clause that says its percentages, in slots for numbers; one remedy per breach (CON-14)."""
    texts = {clause.number: clause.text for clause in clauses}
    types = {slot.name: slot.type for slot in slots}
    seen = set[Breach]()
    for remedy in remedies:
        if remedy.breach in seen:
            raise RuleBroken("CON-14", "the remedy for {breach} is given twice", breach=remedy.breach.value)
        seen.add(remedy.breach)
        if remedy.clause not in texts:
            raise RuleBroken("CON-14", "a remedy names clause {clause}, which there is not", clause=remedy.clause)
        placed = places(texts[remedy.clause], remedy.clause)
        for name in remedy.slots:
            if name not in placed:
                raise RuleBroken(
                    "CON-14", "clause {clause} has no place for {slot}", clause=remedy.clause, slot=name
                )  # fmt: skip
            if types[name] is not SlotType.NUMBER:
                raise RuleBroken("CON-14", "slot {slot} of a remedy holds no number", slot=name)
