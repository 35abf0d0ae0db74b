"""The rules of notifications, without I/O."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.bulletin import Bulletin
from services.notifications.domain.message import Message, MessageStatus
from services.notifications.domain.read_receipt import ReadReceipt
from services.notifications.domain.recipient import Recipient, inboxes_of, the_customer, the_person, the_post
from shared.domain.actor import Actor, Post
from shared.domain.refusals import Forbidden, NotAllowedNow, Refusal
from shared.events.notifications import BulletinPublished, BulletinRead, MessageAcknowledged, MessageDelivered

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
KEEPER = Actor(id="w1", posts=frozenset({Post.WAREHOUSE}))
COLLEAGUE = Actor(id="w2", posts=frozenset({Post.WAREHOUSE, Post.TRANSPORT}))
CLERK = Actor(id="k1", posts=frozenset({Post.CLERK}))


def message(recipient: Recipient, *, urgent: bool = False) -> Message:
    params = {"number": "DH1"}
    return Message.deliver(
        uuid4(), recipient, "order_paid", params, about=uuid4(), cause_id=uuid4(), urgent=urgent, at=NOW
    )


def criticism(penalty_id: UUID, cause_id: UUID) -> Bulletin:
    return Bulletin.criticise(
        penalty_id,
        employee="u11",
        violation="态度恶劣",
        clause="D19 §4.3a",
        measures=["public_criticism", "fine"],
        fine=Decimal("50.00"),
        as_deduction=False,
        cause_id=cause_id,
        at=NOW,
    )


def test_delivery_says_whom_and_of_what() -> None:
    """NOT-1, NOT-3"""
    customer_id = uuid4()
    for recipient, told in (
        (the_post(Post.WAREHOUSE), ("warehouse", None, None)),
        (the_person("u11"), (None, "u11", None)),
        (the_customer(customer_id), (None, None, customer_id)),
    ):
        delivered = message(recipient)
        (event,) = delivered.recorded
        assert isinstance(event, MessageDelivered)
        assert (event.post, event.person, event.customer_id) == told
        assert (event.about, event.cause_id) == (delivered.about, delivered.cause_id)
        assert delivered.status == MessageStatus.DELIVERED


def test_one_holder_of_a_post_acknowledges_for_all() -> None:
    """NOT-5"""
    told = message(the_post(Post.WAREHOUSE), urgent=True)
    told.acknowledge(KEEPER, NOW)
    assert (told.acknowledged_by, told.acknowledged_at, told.urgent) == ("w1", NOW, True)
    event = told.recorded[-1]
    assert isinstance(event, MessageAcknowledged)
    assert (event.by, event.post, event.about) == ("w1", Post.WAREHOUSE, told.about)
    told.acknowledge(KEEPER, NOW + timedelta(hours=1))
    assert told.acknowledged_at == NOW
    with pytest.raises(NotAllowedNow):
        told.acknowledge(COLLEAGUE, NOW)


@pytest.mark.parametrize("recipient", [the_post(Post.WAREHOUSE), the_person("u11"), the_customer(uuid4())], ids=str)
def test_nobody_acknowledges_for_somebody_else(recipient: Recipient) -> None:
    """NOT-5"""
    told = message(recipient)
    with pytest.raises(Forbidden) as refused:
        told.acknowledge(CLERK, NOW)
    assert refused.value.rule == "NOT-5"
    assert told.acknowledged_by is None


def test_an_outside_actor_has_only_the_inbox_of_their_customer() -> None:
    """NOT-1: a customer's login may happen to be an employee's code."""
    customer_id = uuid4()
    outsider = Actor(id="u11", posts=frozenset({Post.CUSTOMER}), customer=str(customer_id))
    assert inboxes_of(outsider) == [the_customer(customer_id)]
    dealer = Actor(id="u11", posts=frozenset({Post.PARTNER}), partner=str(customer_id))
    assert inboxes_of(dealer) == [the_customer(customer_id)]
    assert inboxes_of(Actor(id="u11")) == []


def test_a_delegate_does_not_read_what_was_told_to_the_absent_person() -> None:
    """NOT-1, CON-15"""
    delegate = Actor(id="u12", posts=frozenset({Post.CLERK}), on_behalf_of="u11")
    assert not message(the_person("u11")).is_for(delegate)
    assert message(the_post(Post.CLERK)).is_for(delegate)


def test_a_bulletin_names_the_penalty_and_nothing_that_leads_to_the_complainant() -> None:
    """NOT-4"""
    penalty_id, cause_id = uuid4(), uuid4()
    bulletin = criticism(penalty_id, cause_id)
    (event,) = bulletin.recorded
    assert isinstance(event, BulletinPublished)
    assert event.number.startswith("TB20261124-")
    assert (event.employee, event.clause, event.kind) == ("u11", "D19 §4.3a", "public_criticism")
    assert set(Bulletin.model_fields) == {
        "id", "version", "status", "number", "kind", "employee", "violation", "clause", "measures", "fine",
        "as_deduction", "penalty_id", "reward_id", "reason", "corrects", "cause_id", "published_at",
    }  # fmt: skip
    assert (bulletin.reason, bulletin.reward_id) == (None, None)


def test_a_penalty_has_one_bulletin_and_a_reader_one_receipt() -> None:
    """NOT-4"""
    penalty_id = uuid4()
    first, again = criticism(penalty_id, uuid4()), criticism(penalty_id, uuid4())
    assert first.id == again.id != criticism(uuid4(), uuid4()).id
    receipt = ReadReceipt.give(first.id, KEEPER, NOW)
    assert receipt.id == ReadReceipt.give(first.id, KEEPER, NOW + timedelta(1)).id
    assert receipt.id not in (ReadReceipt.give(first.id, CLERK, NOW).id, ReadReceipt.give(uuid4(), KEEPER, NOW).id)
    assert receipt.recorded == (BulletinRead(bulletin_id=first.id, by="w1"),)


@given(
    recipient=st.sampled_from([the_post(Post.WAREHOUSE), the_person("w2"), the_person("k1")]),
    attempts=st.lists(st.sampled_from([KEEPER, COLLEAGUE, CLERK]), max_size=6),
)
def test_whoever_tries_the_first_recipient_is_the_one_who_took_note(
    recipient: Recipient, attempts: list[Actor]
) -> None:
    """NOT-5, NOT-3: whatever happens, one delivery, at most one acknowledgement, and by a recipient."""
    told = message(recipient)
    for hour, actor in enumerate(attempts):
        try:
            told.acknowledge(actor, NOW + timedelta(hours=hour))
        except Refusal:
            assert not told.is_for(actor) or told.acknowledged_by not in (None, actor.id)
    entitled = [actor.id for actor in attempts if told.is_for(actor)]
    assert told.acknowledged_by == (entitled[0] if entitled else None)
    assert (told.status == MessageStatus.ACKNOWLEDGED) == bool(entitled)
    assert [type(event) for event in told.recorded] == [MessageDelivered, *[MessageAcknowledged] * bool(entitled)]
    assert told.version == len(told.recorded)
