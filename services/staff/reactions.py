"""What staff does about what it hears."""

from collections.abc import Iterable
from datetime import date

from services.staff.domain import charge
from services.staff.domain.charge import Charge
from services.staff.domain.employee import Employee
from services.staff.domain.penalty import Penalty
from services.staff.domain.schedule import schedule
from shared.domain.numbers import SHANGHAI
from shared.events.complaints import ResponsibilityEstablished
from shared.events.notifications import MessageDelivered
from shared.events.quality import LiabilityEstablished
from shared.events.staff import PenaltyNoticed
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

NOTICE = "penalty_notice"

reactions = Reactions("staff")


@reactions.on(ResponsibilityEstablished)
async def propose_penalties_for_the_complaint(event: ResponsibilityEstablished, work: Work) -> None:
    """A verified complaint leads to a proposal for each responsible person (STF-7, STF-8, CMP-15)."""
    await _propose(charge.from_complaint(event), event.time.astimezone(SHANGHAI).date(), work)


@reactions.on(LiabilityEstablished)
async def propose_penalties_for_the_liability(event: LiabilityEstablished, work: Work) -> None:
    """A share of the liability for a quality complaint leads to a proposal for its person (STF-7, STF-8, QUA-3)."""
    await _propose(charge.from_investigation(event), event.time.astimezone(SHANGHAI).date(), work)


@reactions.on(MessageDelivered)
async def note_that_the_employee_was_told(event: MessageDelivered, work: Work) -> None:
    """The notice has reached the person concerned, the first time it does (STF-8)."""
    if event.template != NOTICE:
        return
    async with work.open(Penalty, event.about) as penalty:
        if event.person == penalty.employee and penalty.may(PenaltyNoticed):
            penalty.notice(event.entity_id, work.at)


async def _propose(charges: Iterable[Charge], established_on: date, work: Work) -> None:
    """Case and investigation may both charge a person with the same cause, in any order: the first one proposes."""
    for found in charges:
        entry = schedule().entry(found.kind, found.severity, established_on)
        if entry is None or await work.find(Penalty, Penalty.id_of(found)):
            continue
        employee = await work.find(Employee, Employee.id_of(found.employee))
        work.begin(Penalty.propose(found, entry, employee, work.policy, work.at))
