"""Whose business an order is."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from services.orders.domain.order import Order
from shared.domain.actor import INSIDE, Actor, Post
from shared.domain.refusals import Forbidden
from shared.web.identity import admit

SELLERS = (Post.SALESPERSON, Post.CLERK)
Seller = Annotated[Actor, Depends(admit(*SELLERS, Post.PARTNER))]


def own_customer(actor: Actor, customer_id: UUID, *posts: Post) -> None:
    """Whoever holds none of these posts acts for themselves alone, whatever else they hold."""
    if not actor.acts_for(customer_id, *posts):
        raise Forbidden("this is another customer's business")


def own_order(actor: Actor, order: Order, *posts: Post) -> None:
    """Customers and partners have to do with theirs; a salesperson who is nothing else inside, with their own."""
    own_customer(actor, order.customer_id, *posts or INSIDE)
    mine = order.salesperson in actor.people or order.customer_id in actor.customers
    if actor.only_sells and not mine:
        raise Forbidden("this order is not yours")


def own_client(by: Actor, owner: str) -> None:
    """A salesperson who is nothing else inside deals with their own customers only (CUS-1)."""
    if by.only_sells and owner not in by.people:
        raise Forbidden("this is another customer's business")
