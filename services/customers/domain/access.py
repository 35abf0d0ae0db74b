"""What one actor may see of the register."""

from typing import NamedTuple, Self
from uuid import UUID

from shared.domain.actor import Actor, Post

CONTACT_POSTS = (Post.SALES_MANAGER, Post.SALES_DIRECTOR, Post.SERVICE_AGENT, Post.CLERK)


class Access(NamedTuple):
    """Least access (CUS-9): salespeople see their own customers (CUS-1), outside actors themselves alone.

    Contact data is for the owner, sales management, service agents, clerks and the customer; masked for all others.
    `everybody` and `contacts` hold for the whole register; `people` (owners) and `customers` add what is theirs.
    """

    everybody: bool
    contacts: bool
    people: list[str]
    customers: list[UUID]

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """A delegate sees what the absent salesperson would see."""
        if actor.outside:
            return cls(False, False, [], sorted(actor.customers))
        return cls(not actor.only_sells, actor.holds(*CONTACT_POSTS), sorted(actor.people), [])
