"""What regulations does about what it hears: an edition falls due, somebody joins, somebody decides."""

import importlib
from pathlib import Path

import shared.events
from services.regulations import views
from services.regulations.domain.regulation import Regulation
from services.regulations.domain.rulebook import RULEBOOK, Rulebook
from services.regulations.domain.rules import catalogue
from shared.events.event import Event
from shared.events.regulations import AcknowledgementsDue, RegulationDue, RegulationTookEffect
from shared.events.staff import EmployeeJoined, EmployeeLeft, EmployeeTransferred, PostsChanged
from shared.messaging.reactions import Reactions
from shared.persistence.work import Work

reactions = Reactions("regulations")


@reactions.on(RegulationDue)
async def put_in_force(event: RegulationDue, work: Work) -> None:
    """The edition takes the place of the one before, and its numbers their place in the rulebook (REG-1, REG-2)."""
    regulation, book = await work.get(Regulation, event.entity_id), await work.get(Rulebook, RULEBOOK)
    if not regulation.may(RegulationTookEffect):
        return
    objection = book.objection(regulation)
    if objection is not None:
        regulation.set_aside(objection)
        return
    before = await work.fetchval(views.IN_FORCE, event.code, event.entity_id)
    if before is not None:
        (await work.get(Regulation, before)).supersede(event.edition, work.at)
    regulation.take_effect(book.take_over(regulation, work.at), work.policy, work.at)


@reactions.on(AcknowledgementsDue)
async def remind_whoever_has_not_acknowledged(event: AcknowledgementsDue, work: Work) -> None:
    """The time is over: employees who have not taken note of the edition are reminded (REG-3)."""
    missing = [row["code"] for row in await work.fetch(views.MISSING, event.entity_id)]
    async with work.open(Regulation, event.entity_id) as regulation:
        if regulation.may(AcknowledgementsDue):
            regulation.remind(missing)


@reactions.on(EmployeeJoined)
async def expect_acknowledgement(event: EmployeeJoined, work: Work) -> None:
    """Whoever works here acknowledges the regulations in force (REG-3)."""
    posts = [str(post) for post in event.posts]
    work.project(views.JOINED, event.code, event.name, event.department, event.branch, posts, event.time)


@reactions.on(PostsChanged)
async def keep_the_posts(event: PostsChanged, work: Work) -> None:
    """What the report of acknowledgements shows of an employee (REG-3)."""
    work.project(views.POSTS_CHANGED, event.code, [str(post) for post in event.posts])


@reactions.on(EmployeeTransferred)
async def keep_the_place(event: EmployeeTransferred, work: Work) -> None:
    """A branch's manager sees who is of the branch by now (REG-3)."""
    work.project(views.TRANSFERRED, event.code, event.department, event.branch)


@reactions.on(EmployeeLeft)
async def expect_nothing_more(event: EmployeeLeft, work: Work) -> None:
    """Whoever has left acknowledges nothing more; what they have acknowledged stays (REG-3)."""
    work.project(views.LEFT, event.code, event.time)


async def keep_the_decision(event: Event, work: Work) -> None:
    """From any decision one can go to the clause it rests on (REG-4)."""
    known = event.provenance
    place = (event.id, known.entity.kind, event.entity_id, known.version)
    stamp = getattr(event, "policy", None)
    work.project(views.DECIDED, *place, event.NAME, catalogue().deciding[event.NAME], stamp, known.actor, event.time)


for _file in Path(shared.events.__file__).parent.glob("*.py"):
    importlib.import_module(f"shared.events.{_file.stem}")
for _name in catalogue().deciding:
    reactions.on(Event.CATALOGUE[_name])(keep_the_decision)
