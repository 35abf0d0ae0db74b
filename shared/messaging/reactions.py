"""The bus door of a service: one function per event heard, registered by the event's type."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from shared.events.event import Event, publisher
from shared.persistence.work import Work

if TYPE_CHECKING:
    from faststream.nats import NatsBroker

type Reaction[E: Event] = Callable[[E, Work], Awaitable[None]]


class Reactions:
    """What a service does about what it hears. A reaction makes no network call: it only works in its transaction."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._by_name: dict[str, tuple[type[Event], Reaction[Event]]] = {}

    def on[E: Event](self, event: type[E]) -> Callable[[Reaction[E]], Reaction[E]]:
        """Register the deed that follows `event`; one per event, so that its order is plain to see."""

        def register(reaction: Reaction[E]) -> Reaction[E]:
            if event.NAME in self._by_name:
                raise TypeError(f"{self.service} already reacts to {event.NAME}")
            self._by_name[event.NAME] = (event, reaction)  # type: ignore[assignment]  # E is what `event` decodes to
            return reaction

        return register

    def also[E: Event](self, event: type[E], reaction: Reaction[E]) -> "Reactions":
        """The same doors and one more; these stay as they are, for another application of the service."""
        more = Reactions(self.service)
        more._by_name.update(self._by_name)
        more.on(event)(reaction)
        return more

    @property
    def sources(self) -> list[str]:
        """The services whose streams this one follows."""
        return sorted({publisher(name) for name in self._by_name})

    def to(self, name: object) -> Reaction[Event] | None:
        """The deed that follows an event of this name, if any."""
        found = self._by_name.get(name) if isinstance(name, str) else None
        return found and found[1]

    def broker(self) -> "NatsBroker":
        """The same doors as FastStream subscribers and publishers, never connected: for AsyncAPI and in-memory tests.

        FastStream is imported here alone; the hot path does not need it and memory at rest matters.
        """
        from faststream.nats import JStream, NatsBroker

        broker = NatsBroker()
        for name, (event, reaction) in self._by_name.items():
            stream = JStream(publisher(name).upper(), declare=False)

            async def hear(message: Event) -> None:
                """Decoded and driven in committed batches by `shared.messaging.consumer`."""

            hear.__annotations__["message"] = event
            hear.__doc__ = reaction.__doc__ or hear.__doc__
            broker.subscriber(f"{name}.*", stream=stream, title=reaction.__name__, description=reaction.__doc__)(hear)
        for name, event in Event.CATALOGUE.items():
            if publisher(name) == self.service:
                broker.publisher(f"{name}.*", schema=event, title=event.__name__, description=event.__doc__)
        return broker
