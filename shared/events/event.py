"""What an event is: declared once, versioned, and filed in one catalogue by its name."""

import re
import zlib
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, PrivateAttr

PARTITIONS = 16
NAME = re.compile(r"[a-z]+\.[a-z_]+\.[a-z_]+\.v[1-9][0-9]*")


class Entity(NamedTuple):
    """What has a history of its own: `kind` is publisher and entity, such as `orders.order`."""

    kind: str
    id: UUID


class Provenance(NamedTuple):
    """Where a heard event comes from: the attributes of its envelope; `entity` is whose history it is part of."""

    id: UUID
    entity: Entity
    version: int
    time: datetime
    actor: str
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None

    @property
    def entity_id(self) -> UUID:
        return self.entity.id


class Event(BaseModel):
    """Something that has happened, in the past tense.

    A subclass names itself `<service>.<entity>.<event>.v<major>`: first word = owner = stream. An optional new field
    keeps the major; anything else is a new class published beside the old one. No personal contact data.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    CATALOGUE: ClassVar[dict[str, type["Event"]]] = {}
    NAME: ClassVar[str] = ""

    _provenance: Provenance | None = PrivateAttr(default=None)

    def __init_subclass__(cls, name: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)

    @classmethod
    def __pydantic_init_subclass__(cls, name: str | None = None, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if name is None:
            return
        if not NAME.fullmatch(name):
            raise TypeError(f"{name!r} is not <service>.<entity>.<event>.v<major>")
        if name in Event.CATALOGUE:
            raise TypeError(f"{name} is already the name of {Event.CATALOGUE[name].__name__}")
        cls.NAME = name
        Event.CATALOGUE[name] = cls

    def heard(self, provenance: Provenance) -> None:
        """The bus door tells the event where it comes from."""
        self._provenance = provenance

    @property
    def provenance(self) -> Provenance:
        """The envelope's attributes; only an event that was heard has them."""
        if self._provenance is None:
            raise LookupError(f"{type(self).__name__} was not heard on the bus")
        return self._provenance

    @property
    def id(self) -> UUID:
        return self.provenance.id

    @property
    def entity_id(self) -> UUID:
        """The id of the thing this happened to."""
        return self.provenance.entity_id

    @property
    def time(self) -> datetime:
        return self.provenance.time


def publisher(name: str) -> str:
    """The service that owns an event of this name."""
    return name.partition(".")[0]


def kind(name: str) -> str:
    """Whose history events of this name belong to: `orders.order` for `orders.order.paid.v1`."""
    return ".".join(name.split(".", 2)[:2])


def subject(name: str, entity_id: UUID) -> str:
    """The bus subject: the name and the entity's partition, `orders.order.paid.v1.p07`."""
    return f"{name}.p{zlib.crc32(entity_id.bytes) % PARTITIONS:02d}"
