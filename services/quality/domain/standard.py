"""A confidential inspection standard, in editions."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from pydantic import BaseModel

from shared.domain.actor import INSIDE, Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.refusals import Forbidden, NotAllowedNow, NotFound, RuleBroken
from shared.events.quality import StandardApproved, StandardDrafted, StandardReadersNamed


class StandardStatus(StrEnum):
    NEW = "new"
    DRAFTED = "drafted"
    IN_FORCE = "in_force"


NEW, DRAFTED, IN_FORCE = StandardStatus


class Edition(BaseModel):
    """One edition; its text is kept beside, under its digest, and stands in no document and no event."""

    edition: int
    digest: str
    drafted_by: str
    drafted_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None


class Standard(Aggregate):
    """检验标准: confidential; read by the posts it names; every reading, and every attempt, is on record (QUA-8)."""

    TABLE = "standards"
    ENTITY = "standard"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        StandardDrafted: Step({NEW, IN_FORCE}, DRAFTED),
        StandardApproved: Step({DRAFTED}, IN_FORCE),
        StandardReadersNamed: Step({DRAFTED, IN_FORCE}),
    }

    status: StandardStatus
    code: str
    title: str
    readers: list[Post]
    editions: list[Edition] = []

    @classmethod
    def draft(
        cls, id: UUID, code: str, title: str, readers: Collection[Post], text: str, by: Actor, at: datetime
    ) -> Self:
        """The first edition of a standard; nobody from outside is among its readers (QUA-8)."""
        standard = cls.begin(id, code=code, title=title, readers=_insiders(readers))
        standard._add(text, by, at)
        return standard

    def revise(self, text: str, by: Actor, at: datetime) -> None:
        """Another edition; the one before holds until this one is approved (QUA-8)."""
        self._add(text, by, at)

    def _add(self, text: str, by: Actor, at: datetime) -> None:
        digest = hashlib.sha256(text.encode()).hexdigest()
        place = len(self.editions) + 1
        self.record(StandardDrafted(code=self.code, edition=place, digest=digest))
        self.editions.append(Edition(edition=place, digest=digest, drafted_by=by.id, drafted_at=at))

    def approve(self, by: Actor, at: datetime) -> None:
        """Another person than its author puts the newest edition in force (QUA-8)."""
        newest = self.editions[-1]
        if newest.drafted_by in by.people:
            raise RuleBroken("QUA-8", "whoever drafts a standard does not approve it")
        self.record(StandardApproved(code=self.code, edition=newest.edition, digest=newest.digest))
        newest.approved_by, newest.approved_at = by.id, at

    def name_readers(self, readers: Collection[Post]) -> None:
        """Which posts may read it from now on (QUA-8)."""
        posts = _insiders(readers)
        self.record(StandardReadersNamed(code=self.code, readers=posts))
        self.readers = posts

    def refusal(self, by: Actor) -> Forbidden | None:
        """Why somebody may not read it; None for whoever holds a post that it names (QUA-8)."""
        if by.outside:
            return Forbidden("nobody from outside reads an inspection standard", rule="QUA-8")
        if not by.holds(*self.readers):
            return Forbidden("this standard is read by the posts {posts}", rule="QUA-8", posts=", ".join(self.readers))
        return None

    def readable(self, edition: int | None, by: Actor) -> Edition:
        """The edition asked for, or the one in force, for whoever may read it (QUA-8)."""
        if refusal := self.refusal(by):
            raise refusal
        if edition is None:
            return self._in_force()
        for one in self.editions:
            if one.edition == edition:
                return one
        raise NotFound("there is no {entity} {id}", entity="edition", id=str(edition))

    def _in_force(self) -> Edition:
        approved = [one for one in self.editions if one.approved_at is not None]
        if not approved:
            raise NotAllowedNow("no edition of this standard is in force yet")
        return approved[-1]


def _insiders(readers: Collection[Post]) -> list[Post]:
    if not INSIDE.issuperset(readers):
        raise RuleBroken("QUA-8", "nobody from outside reads an inspection standard")
    return sorted(set(readers))
