"""Whom a message is for, and whose messages somebody may read."""

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.domain.actor import Actor, Post


class RecipientKind(StrEnum):
    POST = "post"
    PERSON = "person"
    CUSTOMER = "customer"


class Recipient(BaseModel):
    """A post, whoever holds it; a person, by employee code; or a customer, by id (NOT-1)."""

    model_config = ConfigDict(frozen=True)

    kind: RecipientKind
    key: str


def the_post(post: Post) -> Recipient:
    return Recipient(kind=RecipientKind.POST, key=post)


def the_person(code: str) -> Recipient:
    return Recipient(kind=RecipientKind.PERSON, key=code)


def the_customer(customer_id: UUID) -> Recipient:
    return Recipient(kind=RecipientKind.CUSTOMER, key=str(customer_id))


def inboxes_of(actor: Actor) -> list[Recipient]:
    """Whose messages the actor may read: their own, their posts', their customer's.

    An outside actor has only the customer's: their id may happen to be an employee's code. A delegate has the absent
    person's posts, not what was told to that person.
    """
    customers = [actor.customer, actor.partner]
    found = [Recipient(kind=RecipientKind.CUSTOMER, key=key) for key in dict.fromkeys(customers) if key]
    if not actor.outside:
        found += [the_person(actor.id), *(the_post(post) for post in sorted(actor.posts))]
    return found
