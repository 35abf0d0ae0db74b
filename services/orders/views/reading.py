"""One document as it is kept."""

from typing import Any
from uuid import UUID

from shared.domain.refusals import NotFound
from shared.persistence.pool import Reader


async def one(reader: Reader, query: str, entity: str, identity: UUID, *more: object) -> str:
    """A document as it is kept; raises `NotFound`."""
    text: Any = await reader.fetchval(query, identity, *more)
    if text is None:
        raise NotFound("there is no {entity} {id}", entity=entity, id=str(identity))
    return str(text)
