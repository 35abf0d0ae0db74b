"""What routes of several services ask: who comes from inside, and the shapes of what people bring."""

from typing import Annotated, NamedTuple

from fastapi import Depends, UploadFile
from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.domain.actor import INSIDE, Actor
from shared.web.identity import admit

Insider = Annotated[Actor, Depends(admit(*sorted(INSIDE)))]

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Body(BaseModel):
    """What a command brings: nothing unknown, and no text that is blank."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Reason(Body):
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Upload(NamedTuple):
    """A file that was sent."""

    content: bytes
    name: str


async def uploaded(file: UploadFile) -> Upload:
    """Read from its beginning: a command that is decided again (`Command`) reads it again."""
    await file.seek(0)
    return Upload(await file.read(), file.filename or "")


Uploaded = Annotated[Upload, Depends(uploaded)]
