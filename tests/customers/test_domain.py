"""The rules of the register of customers, without any I/O."""

from datetime import UTC, datetime
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customers.domain.access import CONTACT_POSTS, Access
from services.customers.domain.customer import Customer, CustomerStatus
from shared.domain.actor import Actor, Post
from shared.domain.refusals import NotAllowedNow, RuleBroken
from shared.events.customers import CustomerOwnerChanged, CustomerRegistered

NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)
CLERK = Actor(id="u18", posts=frozenset({Post.CLERK}))


def customer(owner: str = "u12") -> Customer:
    return Customer.register(
        "D001", CLERK, NOW, company="恒美建材", kind="dealer", region="广东", level="A", contact="梁耀祖",
        phone="13800000037", address="季华西路86号", owner=owner,
    )  # fmt: skip


def test_the_id_of_a_customer_follows_from_the_code() -> None:
    """CUS-1"""
    assert customer().id == customer(owner="u13").id == Customer.id_of("D001") != Customer.id_of("D002")


def test_no_event_carries_contact_data() -> None:
    """CUS-9"""
    registered = customer()
    registered.change_owner("u13")
    said = "".join(event.model_dump_json() for event in registered.recorded)
    assert "恒美建材" in said
    assert not any(secret in said for secret in ("梁耀祖", "13800000037", "季华西路86号"))


def test_a_customer_is_given_to_another_salesperson_and_not_to_the_same_one() -> None:
    """CUS-1"""
    registered = customer()
    with pytest.raises(RuleBroken) as refused:
        registered.change_owner("u12")
    assert refused.value.rule == "CUS-1"
    registered.change_owner("u13")
    assert registered.recorded[-1] == CustomerOwnerChanged(code="D001", owner="u13")


def test_a_customer_is_registered_once() -> None:
    """CUS-1"""
    registered = customer()
    with pytest.raises(NotAllowedNow):
        registered.record(registered.recorded[0])


@given(st.lists(st.sampled_from(["u12", "u13", "u14"])))
def test_the_owner_is_always_the_one_announced_last(owners: list[str]) -> None:
    """CUS-1, whatever the order of commands"""
    registered = customer()
    for owner in owners:
        try:
            registered.change_owner(owner)
        except RuleBroken:
            assert registered.owner == owner
    told = [
        event.owner for event in registered.recorded if isinstance(event, CustomerRegistered | CustomerOwnerChanged)
    ]
    assert told[-1] == registered.owner
    assert all(before != after for before, after in pairwise(told))
    assert registered.version == len(registered.recorded)
    assert registered.status is CustomerStatus.REGISTERED


def test_salespeople_have_access_to_their_own_customers_and_whom_they_stand_in_for() -> None:
    """CUS-1, CON-15"""
    seller = Actor(id="u12", posts=frozenset({Post.SALESPERSON}), on_behalf_of="u13")
    assert Access.of(seller) == (False, False, ["u12", "u13"], [])


@pytest.mark.parametrize("post", sorted(set(Post) - {Post.CUSTOMER, Post.PARTNER, Post.SALESPERSON}))
def test_everybody_inside_sees_the_register_and_few_posts_its_contacts(post: Post) -> None:
    """CUS-9"""
    access = Access.of(Actor(id="u1", posts=frozenset({post})))
    assert (access.everybody, access.contacts) == (True, post in CONTACT_POSTS)


def test_outside_actors_have_access_to_themselves_alone() -> None:
    """CUS-1"""
    own = uuid4()
    dealer = Actor(id="u12", posts=frozenset({Post.PARTNER}), partner=str(own), customer="D001")
    assert Access.of(dealer) == (False, False, [], [own])
    assert Access.of(Actor(id="u12")) == (False, False, [], [])
