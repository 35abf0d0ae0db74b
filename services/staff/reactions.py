"""What staff does about what it hears."""

from collections.abc import Iterable
from datetime import datetime

from services.staff.domain import charge
from services.staff.domain.charge import Charge
from services.staff.domain.conduct_case import ConductCase, Violation
from services.staff.domain.employee import Employee, day_of
from services.staff.domain.penalty import Grounds, Penalty, month_of
from services.staff.views import conduct, penalties
from shared.domain.actor import Actor
from shared.events.complaints import ResponsibilityEstablished
from shared.events.notifications import MessageDelivered
from shared.events.orders import PriceRefused
from shared.events.quality import LiabilityEstablished, LiabilityRevised
from shared.events.staff import (
    ConductEstablished,
    ConductEvidenceAdded,
    PenaltyNoticed,
    PenaltyProposed,
    PenaltyWithdrawn,
)
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

NOTICE = "penalty_notice"
STORE_NOTICE = "store_penalty_notice"
GRAVER = "something graver was established"
UNVERIFIED = "the complaint was not verified"

reactions = Reactions("staff")


@reactions.on(ResponsibilityEstablished)
async def propose_penalties_for_the_complaint(event: ResponsibilityEstablished, work: Work) -> None:
    """A verified complaint leads to a proposal for each responsible person; one that was not verified takes back
    what nobody has decided on (STF-7, STF-8, CMP-15).
    """
    if event.verified:
        work.project(penalties.NOTE_VERIFIED, event.entity_id)
        await _propose(charge.from_complaint(event), event.time, work)
        return
    work.project(penalties.NOTE_UNVERIFIED, event.entity_id)
    for penalty_id in await penalties.undecided(work, event.entity_id):
        async with work.open(Penalty, penalty_id) as penalty:
            if penalty.may(PenaltyWithdrawn):
                penalty.withdraw(UNVERIFIED)


@reactions.on(LiabilityEstablished)
async def propose_penalties_for_the_liability(event: LiabilityEstablished, work: Work) -> None:
    """A share of the liability for a quality complaint leads to a proposal for its person, unless the complaint was
    not verified (STF-7, STF-8, QUA-3).
    """
    if not await penalties.unverified(work, event.complaint_id):
        await _propose(charge.from_investigation(event), event.time, work)


@reactions.on(LiabilityRevised)
async def propose_anew_for_what_is_graver(event: LiabilityRevised, work: Work) -> None:
    """Later findings may be graver: what is not decided yet is proposed anew, the rest is added (STF-8, QUA-3)."""
    if not await penalties.unverified(work, event.complaint_id):
        await _propose(charge.from_investigation(event), event.time, work)


@reactions.on(ConductEstablished)
async def propose_a_penalty_for_the_conduct(event: ConductEstablished, work: Work) -> None:
    """What a second person has established leads to a proposal (STF-8, STF-11)."""
    case = await work.get(ConductCase, event.entity_id)
    await _propose([case.charge], event.time, work)


@reactions.on(PriceRefused)
async def count_the_own_quotes(event: PriceRefused, work: Work) -> None:
    """So many prices of their own in one month make a conduct case of an employee; more are added to it (STF-11)."""
    month = month_of(event.time)
    said = f"{event.time:%Y-%m-%dT%H:%M:%SZ} {event.article}: {event.asked} / {event.allowed or '-'}"
    work.project(conduct.NOTE_QUOTE, event.entity_id, event.person, month, said, event.time)
    employee = await work.find(Employee, Employee.id_of(event.person))
    quotes = await conduct.own_quotes(work, event.person, month)
    schedule = await penalties.schedule_on(work, day_of(event.time))
    if employee is None or len(quotes) < schedule.own_quotes_a_month:
        return
    case = await work.find(ConductCase, ConductCase.id_of_quotes(employee.code, month))
    if case is None:
        work.begin(_own_quotes(employee, month, quotes, event.time, work))
    elif case.may(ConductEvidenceAdded):
        case.add_evidence(said)


@reactions.on(MessageDelivered)
async def note_that_the_employee_was_told(event: MessageDelivered, work: Work) -> None:
    """The notice has reached the person or store concerned, the first time it does (STF-8)."""
    if event.template not in (NOTICE, STORE_NOTICE):
        return
    async with work.open(Penalty, event.about) as penalty:
        concerned = event.template == STORE_NOTICE or event.person == penalty.employee
        if concerned and penalty.may(PenaltyNoticed):
            policy = await work.policy_of(penalty.policy, penalty.proposed_at)
            penalty.notice(event.entity_id, policy, work.at)


def _own_quotes(employee: Employee, month: str, quotes: list[str], at: datetime, work: Work) -> ConductCase:
    """The case of somebody who named prices of their own; the system reports it, people judge it."""
    return ConductCase.report(
        ConductCase.id_of_quotes(employee.code, month),
        Violation.OWN_QUOTE,
        employee.code,
        employee.branch,
        day_of(at),
        f"{month}: {len(quotes)} × 擅自报价被拒绝",
        quotes,
        Actor.service("staff"),
        work.at,
    )


async def _propose(charges: Iterable[Charge], established_at: datetime, work: Work) -> None:
    """Case and investigation may both charge a person with the same cause, in any order: the first one proposes, and
    what is graver takes its place as long as nobody has decided, or comes beside it (STF-8).
    """
    schedule = await penalties.schedule_on(work, day_of(established_at))
    for found in charges:
        entry = schedule.entry(found.kind, found.severity, day_of(established_at))
        if entry is None:
            continue
        earlier = await penalties.earlier(work, found, entry, work.at)
        await _propose_one(found, Grounds(entry, schedule.number, earlier), work)


async def _propose_one(found: Charge, grounds: Grounds, work: Work) -> None:
    last = None
    while known := await work.find(Penalty, Penalty.id_of(found, last.supplement + 1 if last else 0)):
        last = known
    if last is not None and last.may(PenaltyProposed):
        last.propose_anew(found, grounds, work.policy, work.at)
    elif last is not None and not found.graver_than(last.severity):
        return
    elif last is not None and last.may(PenaltyWithdrawn):
        last.withdraw(GRAVER)
        last.propose_anew(found, grounds, work.policy, work.at)
    else:
        employee = await work.find(Employee, Employee.id_of(found.employee))
        work.begin(Penalty.propose(found, grounds, employee, work.policy, work.at, beside=last))
