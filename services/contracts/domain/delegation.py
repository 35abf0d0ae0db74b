"""Who stands in for whom, and for how long."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from pydantic import AwareDatetime

from shared.domain.actor import INSIDE, Actor, Post
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.refusals import Forbidden, RuleBroken
from shared.events.contracts import DelegationGiven, DelegationRevoked

# Who may say who stands in for somebody else, and see everybody's delegations.
ARRANGERS = (Post.HEADQUARTERS, Post.HR, Post.GENERAL_MANAGER)
ONLOOKERS = (*ARRANGERS, Post.AUDITOR)
DELEGABLE = INSIDE - {Post.OPERATOR}


class DelegationStatus(StrEnum):
    NEW = "new"
    GIVEN = "given"
    REVOKED = "revoked"


class Delegation(Aggregate):
    """代理: while somebody is absent a delegate exercises their posts, and every decision names both (CON-15)."""

    TABLE = "delegations"
    ENTITY = "delegation"
    START = DelegationStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        DelegationGiven: Step({DelegationStatus.NEW}, DelegationStatus.GIVEN),
        DelegationRevoked: Step({DelegationStatus.GIVEN}, DelegationStatus.REVOKED),
    }

    status: DelegationStatus
    absent: str
    delegate: str
    posts: list[Post]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    reason: str
    given_by: str
    given_at: AwareDatetime
    revoked_by: str | None = None
    revoked_at: AwareDatetime | None = None

    @classmethod
    def give(
        cls,
        id: UUID,
        *,
        absent: str | None,
        delegate: str,
        posts: Sequence[Post],
        starts_at: datetime,
        ends_at: datetime,
        reason: str,
        by: Actor,
        at: datetime,
    ) -> Self:
        """Somebody hands over posts of their own, or somebody above does it for them (CON-15)."""
        absent = absent or by.id
        if by.on_behalf_of is not None:
            raise Forbidden("a delegate does not delegate further", rule="CON-15")
        _must_be_theirs_to_give(absent, delegate, posts, by)
        if delegate == absent:
            raise RuleBroken("CON-15", "nobody stands in for themselves")
        if not set(posts) <= DELEGABLE:
            raise RuleBroken("CON-15", "only posts inside the company are delegated")
        if ends_at <= max(starts_at, at):
            raise RuleBroken("CON-15", "a delegation ends after it begins, and after now")
        delegation = cls.begin(
            id, absent=absent, delegate=delegate, posts=sorted(set(posts)), starts_at=starts_at, ends_at=ends_at,
            reason=reason, given_by=by.id, given_at=at,
        )  # fmt: skip
        delegation.record(DelegationGiven.model_validate(delegation, from_attributes=True))
        return delegation

    def revoke(self, by: Actor, at: datetime) -> None:
        """The absent one is back, or somebody above thinks better of it; what was decided stays (CON-15)."""
        if by.on_behalf_of is not None or (by.id != self.absent and not by.holds(*ARRANGERS)):
            raise Forbidden("this delegation is not yours to take back", rule="CON-15")
        self.revoked_by, self.revoked_at = by.id, at
        self.record(DelegationRevoked(absent=self.absent, delegate=self.delegate))

    def must_concern(self, by: Actor) -> None:
        """Delegations are shown to the people in them, and to whoever looks after them; raises `Forbidden`."""
        if not by.holds(*ONLOOKERS) and by.people.isdisjoint({self.absent, self.delegate, self.given_by}):
            raise Forbidden("this delegation does not concern you", rule="CON-15")

    def in_force(self, at: datetime) -> bool:
        """Whether the delegate may act now."""
        return self.may(DelegationRevoked) and self.starts_at <= at < self.ends_at


def stand_in(by: Actor, absent: str, delegations: Iterable[Delegation], at: datetime) -> Actor:
    """The delegate with the absent one's delegated posts, and no other; raises `Forbidden` (CON-15)."""
    if by.on_behalf_of is not None:
        raise Forbidden("a delegate does not delegate further", rule="CON-15")
    posts = {
        post
        for delegation in delegations
        if (delegation.absent, delegation.delegate) == (absent, by.id) and delegation.in_force(at)
        for post in delegation.posts
    }
    if not posts:
        raise Forbidden("{absent} has not delegated anything to you for now", rule="CON-15", absent=absent)
    return by.model_copy(update={"posts": frozenset(posts), "on_behalf_of": absent})


def _must_be_theirs_to_give(absent: str, delegate: str, posts: Sequence[Post], by: Actor) -> None:
    if by.id == absent:
        if not set(posts) <= by.posts:
            raise Forbidden("one delegates only posts one holds", rule="CON-15")
        return
    if not by.holds(*ARRANGERS):
        raise Forbidden("one delegates for oneself, or as {posts}", rule="CON-15", posts=", ".join(ARRANGERS))
    if by.id == delegate:
        raise RuleBroken("CON-15", "whoever delegates for somebody else does not become the delegate")
