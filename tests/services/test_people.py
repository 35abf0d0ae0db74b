"""Who acts, and for whom: what every service asks of an actor before it opens anything (PLT-3)."""

from uuid import uuid4

import pytest

from shared.domain.actor import INSIDE, Actor, Post

OWN, OTHER = uuid4(), uuid4()


def actor(*posts: Post, **claims: str) -> Actor:
    return Actor(id="u1", posts=frozenset(posts), **claims)


def test_a_customer_or_partner_acts_for_the_customers_that_the_token_names() -> None:
    for claims in ({"customer": str(OWN)}, {"partner": str(OWN)}, {"customer": "D001", "partner": str(OWN)}):
        someone = actor(Post.CUSTOMER, **claims)
        assert (someone.customers, someone.acts_for(OWN), someone.acts_for(OTHER)) == ({OWN}, True, False)
    assert actor(Post.PARTNER, partner="no id").customers == actor(Post.CUSTOMER).customers == frozenset()


def test_a_post_lets_act_for_every_customer_where_it_is_named() -> None:
    clerk = actor(Post.CLERK, Post.CUSTOMER, customer=str(OWN))
    assert clerk.acts_for(OTHER, Post.CLERK)
    assert not clerk.acts_for(OTHER, Post.SERVICE_AGENT)
    assert clerk.acts_for(OWN, Post.SERVICE_AGENT)


@pytest.mark.parametrize("post", sorted(INSIDE))
def test_only_a_salesperson_who_is_nothing_else_inside_only_sells(post: Post) -> None:
    assert actor(post).only_sells is (post is Post.SALESPERSON)
    assert actor(Post.SALESPERSON, post).only_sells is (post is Post.SALESPERSON)
    assert actor(post, Post.CUSTOMER).only_sells is (post is Post.SALESPERSON)


def test_a_delegate_and_the_absent_one_act_together() -> None:
    """CON-15"""
    assert actor(Post.FINANCE).people == {"u1"}
    assert actor(Post.FINANCE, on_behalf_of="u2").people == {"u1", "u2"}
