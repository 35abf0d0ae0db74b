"""An aggregate: one document, one lifecycle table, and the events its methods record."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, PrivateAttr

from shared.domain.refusals import NotAllowedNow
from shared.events.event import Event


class Step(NamedTuple):
    """Where an event may happen, and where it leads; `None` leaves the status as it is."""

    sources: Collection[StrEnum]
    target: StrEnum | None = None


type Lifecycle = Mapping[type[Event], Step]


class Timer(NamedTuple):
    """A deadline of one aggregate: `kind` names the method that is called when it falls due."""

    kind: str
    due_at: datetime


class Aggregate(BaseModel):
    """One thing the business speaks of, kept as one document row.

    A subclass names its `TABLE`, its `LIFECYCLE`, and as `START` the status before anything happened (never stored).
    `status` is moved by `record` alone. `TIMERS` are the method names a deadline may call, each `(self, at)`.
    """

    model_config = ConfigDict(validate_assignment=False, extra="forbid")

    TABLE: ClassVar[str]
    ENTITY: ClassVar[str]
    START: ClassVar[StrEnum]
    LIFECYCLE: ClassVar[Lifecycle]
    TIMERS: ClassVar[frozenset[str]] = frozenset()

    id: UUID
    version: int = 0
    status: Any

    _digest: bytes = PrivateAttr(default=b"")
    _recorded: list[Event] = PrivateAttr(default_factory=list)
    _timers: dict[str, datetime | None] = PrivateAttr(default_factory=dict)

    @classmethod
    def begin(cls, id: UUID, **fields: Any) -> Self:
        """A thing that is about to begin; the first `record` gives it its first stored status."""
        return cls(id=id, status=cls.START, **fields)

    def record(self, event: Event) -> None:
        """Let `event` happen, or refuse: the only way a status moves and a version grows."""
        self.require(type(event))
        target = self.LIFECYCLE[type(event)].target
        if target is not None:
            self.status = target
        self.version += 1
        self._recorded.append(event)

    def require(self, event: type[Event]) -> None:
        """Refuse, unless `event` may happen now: for commands that must know before they touch anything else."""
        if not self.may(event):
            raise NotAllowedNow(
                "{event} is not possible while the {entity} is {status}",
                event=event.__name__,
                entity=self.ENTITY,
                status=str(self.status),
            )

    def may(self, event: type[Event]) -> bool:
        """Whether `event` may happen in the present status."""
        return self.status in self.LIFECYCLE[event].sources

    def possible(self) -> list[type[Event]]:
        """The events that may happen now: what a client shows as buttons."""
        return [event for event in self.LIFECYCLE if self.may(event)]

    def schedule(self, deed: Callable[[datetime], None], due_at: datetime) -> None:
        """Call `deed(at)` once `due_at` has passed; a second call for the same deed moves the deadline."""
        if deed.__name__ not in self.TIMERS:
            raise LookupError(f"{deed.__name__} is not declared in {type(self).__name__}.TIMERS")
        self._timers[deed.__name__] = due_at

    def unschedule(self, *deeds: Callable[[datetime], None]) -> None:
        """Forget these deadlines; none of them need exist."""
        self._timers.update({deed.__name__: None for deed in deeds})

    @property
    def recorded(self) -> tuple[Event, ...]:
        """What has happened since the document was read, in order."""
        return tuple(self._recorded)

    @property
    def timers(self) -> Mapping[str, datetime | None]:
        """Deadlines set (a time) and cleared (`None`) since the document was read."""
        return self._timers

    @property
    def digest(self) -> bytes:
        """Head of the entity's event chain when the document was read; empty before the first event."""
        return self._digest

    def remember(self, digest: bytes) -> None:
        """The store has read or kept the document: its chain head is `digest` and nothing is pending."""
        self._digest = digest
        self._recorded.clear()
        self._timers.clear()
