"""Whose business an order is."""

from uuid import UUID

from services.orders.domain.order import Order
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden


def own_customer(actor: Actor, customer_id: UUID) -> None:
    """Customers and partners act for themselves alone."""
    if actor.outside and str(customer_id) not in (actor.customer, actor.partner):
        raise Forbidden("this is another customer's business")


def own_order(actor: Actor, order: Order) -> None:
    """Customers and partners see theirs; a salesperson who is nothing else, their own."""
    own_customer(actor, order.customer_id)
    if actor.posts == {Post.SALESPERSON} and order.salesperson != actor.id:
        raise Forbidden("this order is not yours")
