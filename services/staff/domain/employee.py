"""An employee and the posts they hold."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, model_validator

from shared.domain.actor import INSIDE, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import PositiveAmount, share
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import RuleBroken
from shared.events.staff import (
    AppointmentEnded,
    CommitteeJoined,
    CommitteeLeft,
    EmployeeAppointed,
    EmployeeJoined,
    EmployeeLeft,
    EmployeeTransferred,
    PostsChanged,
)

REGISTER = UUID("9cdb72c9-9915-5750-9a4c-47df3db017a3")


class EmployeeStatus(StrEnum):
    NEW = "new"
    EMPLOYED = "employed"
    LEFT = "left"


NEW, EMPLOYED, LEFT = EmployeeStatus


class Appointment(BaseModel):
    """任职: a post held from a day on; `until` is the last day, none as long as there is no end."""

    post: Post
    since: date
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


class Seat(BaseModel):
    """A seat on a committee, such as the 销售服务管理委员会 of D5."""

    committee: str
    role: str
    since: date
    until: date | None = None


class Place(BaseModel):
    """Where somebody works, and under whom (an employee code)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    department: str
    branch: str
    store: str | None = None
    superior: str | None = None


class Employee(Aggregate):
    """员工: a person with posts, in a department of a branch (STF-1).

    `superior` is an employee code. The monthly wage, in yuan, bounds fines (STF-8) and never leaves the register.
    `posts` are those held today; the appointments say since when, until when, and which were held before.
    """

    TABLE = "employees"
    ENTITY = "employee"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        EmployeeJoined: Step({NEW}, EMPLOYED),
        EmployeeAppointed: Step({EMPLOYED}),
        AppointmentEnded: Step({EMPLOYED}),
        PostsChanged: Step({EMPLOYED}),
        EmployeeTransferred: Step({EMPLOYED}),
        CommitteeJoined: Step({EMPLOYED}),
        CommitteeLeft: Step({EMPLOYED}),
        EmployeeLeft: Step({EMPLOYED}, LEFT),
    }
    TIMERS: ClassVar[frozenset[str]] = frozenset({"turn_the_page"})

    status: EmployeeStatus
    code: str
    name: str
    posts: list[Post]
    department: str
    branch: str
    store: str | None = None
    superior: str | None = None
    monthly_wage: PositiveAmount
    joined: date
    appointments: list[Appointment]
    seats: list[Seat] = []
    left_on: date | None = None
    left_because: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _appointed_since_joining(cls, fields: Any) -> Any:
        """Whoever was entered with posts alone holds them since they joined."""
        if isinstance(fields, dict) and "appointments" not in fields:
            held = [{"post": post, "since": fields["joined"]} for post in fields["posts"]]
            return fields | {"appointments": held}
        return fields

    @staticmethod
    def id_of(code: str) -> UUID:
        """The id follows from the code (工号), so that a person is registered once."""
        return uuid5(REGISTER, code)

    @classmethod
    def join(cls, code: str, **fields: object) -> Self:
        """Enter a person in the register."""
        employee = cls.begin(cls.id_of(code), code=code, **fields)
        employee.record(EmployeeJoined.model_validate(employee, from_attributes=True))
        return employee

    def appoint(self, post: Post, since: date, until: date | None, at: datetime) -> None:
        """Give somebody one more post, from a day on that may lie ahead (STF-1)."""
        self.require(EmployeeAppointed)
        if post not in INSIDE:
            raise RuleBroken("STF-1", "an employee holds a post of the company")
        if until is not None and until < since:
            raise RuleBroken("STF-1", "an appointment ends after it begins")
        if any(_overlap(held, since, until) for held in self.appointments if held.post is post):
            raise RuleBroken("STF-1", "this post is held in that time already")
        self.appointments.append(Appointment(post=post, since=since, until=until))
        self.record(EmployeeAppointed(code=self.code, post=post, since=since, until=until))
        self.turn_the_page(at)

    def end_appointment(self, post: Post, until: date, at: datetime) -> None:
        """Say on which day somebody holds a post for the last time (STF-1)."""
        self.require(AppointmentEnded)
        today = day_of(at)
        running = [held for held in self.appointments if held.post is post and (held.until or today) >= today]
        if not running:
            raise RuleBroken("STF-1", "this post is not held")
        if until < running[0].since or until < today - timedelta(days=1):
            raise RuleBroken("STF-1", "an appointment ends after it begins")
        running[0].until = until
        self.record(AppointmentEnded(code=self.code, post=post, until=until))
        self.turn_the_page(at)

    def turn_the_page(self, at: datetime) -> None:
        """Appointments begin and end with the days of Shanghai (STF-1)."""
        if not self.may(PostsChanged):
            return
        today = day_of(at)
        posts = list(dict.fromkeys(held.post for held in self.appointments if held.holds_on(today)))
        if posts != self.posts:
            self.posts = posts
            self.record(PostsChanged(code=self.code, posts=posts))
        turns = [held.since for held in self.appointments] + [
            held.until + timedelta(days=1) for held in self.appointments if held.until
        ]
        if ahead := [day for day in turns if day > today]:
            self.schedule(self.turn_the_page, datetime.combine(min(ahead), time(), SHANGHAI))
        else:
            self.unschedule(self.turn_the_page)

    def transfer(self, place: Place, superiors: Iterable[str]) -> None:
        """Work elsewhere or under somebody else; `superiors` are all above the new one, up to the top (STF-1)."""
        self.require(EmployeeTransferred)
        if self.code == place.superior or self.code in superiors:
            raise RuleBroken("STF-1", "nobody is their own superior, however far up")
        self.department, self.branch, self.store = place.department, place.branch, place.store
        self.superior = place.superior
        self.record(EmployeeTransferred.model_validate(self, from_attributes=True))

    def leave(self, on: date, reason: str, at: datetime) -> None:
        """Leave the company: every appointment ends with the last day (STF-1)."""
        self.require(EmployeeLeft)
        if not self.joined <= on <= day_of(at):
            raise RuleBroken("STF-1", "the last day lies between joining and today")
        for held in self.appointments:
            held.until = min(held.until or on, on)
        self.appointments = [held for held in self.appointments if held.until is None or held.since <= held.until]
        for seat in self.seats:
            seat.until = min(seat.until or on, on)
        self.posts, self.left_on, self.left_because = [], on, reason
        self.unschedule(self.turn_the_page)
        self.record(EmployeeLeft(code=self.code, left_on=on))

    def join_committee(self, committee: str, role: str, at: datetime) -> None:
        """Sit on a committee from today on (STF-1)."""
        self.require(CommitteeJoined)
        if any(seat.committee == committee and seat.until is None for seat in self.seats):
            raise RuleBroken("STF-1", "nobody sits on a committee twice")
        self.seats.append(Seat(committee=committee, role=role, since=day_of(at)))
        self.record(CommitteeJoined(code=self.code, committee=committee, role=role))

    def leave_committee(self, committee: str, at: datetime) -> None:
        """Sit on a committee no longer (STF-1)."""
        self.require(CommitteeLeft)
        seat = next((seat for seat in self.seats if seat.committee == committee and seat.until is None), None)
        if seat is None:
            raise RuleBroken("STF-1", "this person does not sit on the committee")
        seat.until = day_of(at)
        self.record(CommitteeLeft(code=self.code, committee=committee))

    def fines_of_a_month(self, part: Decimal) -> Decimal:
        """The most that fines of one month may take, in yuan: a part of the wage, 0.20 being a fifth (STF-8)."""
        return share(self.monthly_wage, part)


def day_of(at: datetime) -> date:
    """The day it is in Shanghai."""
    return at.astimezone(SHANGHAI).date()


def _overlap(held: Appointment, since: date, until: date | None) -> bool:
    return held.since <= (until or date.max) and since <= (held.until or date.max)
