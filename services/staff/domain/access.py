"""What one actor may see of people and penalties."""

from typing import NamedTuple, Self

from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden

WAGE_POSTS = (Post.HR, Post.GENERAL_MANAGER)
PENALTY_POSTS = (Post.HR, Post.GENERAL_MANAGER, Post.SALES_DIRECTOR)


class Access(NamedTuple):
    """Penalties are for those who answer for them and the person concerned (STF-8, PLT-3).

    `everybody` holds for all penalties, `branch` for those of one branch, `person` (employee code) for one's own and
    `store` (`store:` and its name) for those of one's store; `executes` for those that are to be carried out.
    """

    everybody: bool
    branch: str | None
    person: str
    store: str | None
    executes: bool

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """A branch general manager sees the branch they decide in; raises `Forbidden` for an outside actor."""
        insider(actor)
        manager = actor.holds(Post.BRANCH_GENERAL_MANAGER)
        everybody = actor.holds(*PENALTY_POSTS) or (manager and actor.branch is None)
        store = f"store:{actor.store}" if actor.store else None
        return cls(everybody, actor.branch if manager else None, actor.id, store, actor.holds(Post.FINANCE))


def insider(actor: Actor) -> None:
    """Who works here is no business of customers and partners; raises `Forbidden`.

    An employee may hold no post that the identity provider names; whoever speaks for a customer is none.
    """
    if actor.outside and (actor.posts or actor.customer or actor.partner):
        raise Forbidden("this is for employees")
