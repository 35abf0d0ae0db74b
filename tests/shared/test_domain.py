"""The shapes of the domain: aggregates and their lifecycle, refusals, actors, numbers. No I/O."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.actor import Actor, Post
from shared.domain.numbers import ALPHABET, number, same_id
from shared.domain.refusals import (
    ChangedMeanwhile,
    Forbidden,
    Invalid,
    NotAllowedNow,
    NotFound,
    Refusal,
    RuleBroken,
)
from tests.tally import Tally, TallyClosed, TallyOpened, TallyRaised, TallyReminded, TallyStatus

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_an_event_moves_the_status_and_adds_one_to_the_version() -> None:
    tally = Tally.begin(uuid4(), name="x")
    assert (tally.status, tally.version, tally.recorded) == (TallyStatus.NEW, 0, ())
    tally.record(TallyOpened(name="x"))
    assert (tally.status, tally.version) == (TallyStatus.OPEN, 1)
    tally.rise(3)
    assert (tally.status, tally.version) == (TallyStatus.OPEN, 2)
    assert [type(event) for event in tally.recorded] == [TallyOpened, TallyRaised]


def test_what_the_status_does_not_allow_is_refused_and_changes_nothing() -> None:
    tally = Tally.open(uuid4(), "x")
    tally.close()
    with pytest.raises(NotAllowedNow) as refusal:
        tally.record(TallyRaised(by=1, total=1))
    assert str(refusal.value) == "TallyRaised is not possible while the tally is closed"
    assert (tally.version, len(tally.recorded)) == (2, 2)


def test_what_may_happen_next_can_be_asked() -> None:
    tally = Tally.open(uuid4(), "x")
    assert tally.possible() == [TallyRaised, TallyReminded, TallyClosed]
    assert tally.may(TallyClosed)
    assert not tally.may(TallyOpened)
    tally.close()
    assert tally.possible() == []


def test_a_deadline_is_set_moved_and_cleared() -> None:
    tally = Tally.open(uuid4(), "x")
    tally.schedule(tally.lapse, NOON)
    tally.schedule(tally.lapse, NOON.replace(hour=13))
    assert tally.timers == {"lapse": NOON.replace(hour=13)}
    tally.unschedule(tally.lapse, tally.remind)
    assert tally.timers == {"lapse": None, "remind": None}


def test_once_kept_nothing_is_pending() -> None:
    tally = Tally.open(uuid4(), "x")
    tally.schedule(tally.lapse, NOON)
    tally.remember(b"digest")
    assert (tally.recorded, dict(tally.timers), tally.digest) == ((), {}, b"digest")


def test_a_document_with_unknown_fields_is_not_read_over() -> None:
    with pytest.raises(ValueError, match="extra"):
        Tally.model_validate({"id": uuid4(), "status": "open", "name": "x", "colour": "red"})


@given(st.lists(st.sampled_from(["rise", "close", "lapse", "remind"]), max_size=30))
def test_whatever_is_asked_in_whatever_order_version_and_events_agree(deeds: list[str]) -> None:
    tally = Tally.open(UUID(int=1), "x")
    for deed in deeds:
        before = tally.version
        try:
            if deed == "rise":
                tally.rise(1)
            elif deed == "close":
                tally.close()
            else:
                getattr(tally, deed)(NOON)
        except NotAllowedNow:
            assert tally.version == before
            assert tally.status is TallyStatus.CLOSED
    assert tally.version == len(tally.recorded)
    closings = [index for index, event in enumerate(tally.recorded) if isinstance(event, TallyClosed)]
    assert closings in ([], [len(tally.recorded) - 1])


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (NotFound("no {a}", a=1), "not_found"),
        (NotAllowedNow("no {a}", a=1), "not_allowed_now"),
        (ChangedMeanwhile("no {a}", a=1), "changed_meanwhile"),
        (Forbidden("no {a}", a=1), "forbidden"),
        (RuleBroken("TST-1", "no {a}", a=1), "rule_broken"),
        (Invalid("no {a}", [{"code": "x", "detail": "y"}], a=1), "invalid"),
    ],
)
def test_a_refusal_is_a_template_with_what_fills_it(refusal: Refusal, code: str) -> None:
    assert (str(refusal), refusal.code, refusal.params, refusal.field) == ("no 1", code, {"a": 1}, None)


def test_a_refusal_may_name_its_rule_and_its_field() -> None:
    refusal = Forbidden("no", rule="CON-15", field="by")
    assert (refusal.rule, refusal.field) == ("CON-15", "by")
    assert RuleBroken("TST-1", "no").rule == "TST-1"


def test_an_actor_holds_posts_and_is_inside_or_outside() -> None:
    clerk = Actor(id="u1", posts=frozenset({Post.CLERK, Post.FINANCE}))
    assert clerk.holds(Post.CLERK, Post.OPERATOR)
    assert not clerk.holds(Post.OPERATOR)
    assert not clerk.holds()
    assert not clerk.outside
    assert Actor(id="c", posts=frozenset({Post.CUSTOMER})).outside
    assert not Actor(id="c", posts=frozenset({Post.CUSTOMER, Post.CLERK})).outside
    assert Actor.service("echo").id == "service:echo"


def test_a_delegate_is_two_people_and_a_seller_may_be_more_than_one() -> None:
    """CON-15: a rule that parts people means both."""
    assert Actor(id="u1", on_behalf_of="u2").people == {"u1", "u2"}
    assert Actor(id="u1").people == {"u1"}
    assert Actor(id="u1", posts=frozenset({Post.SALESPERSON, Post.PARTNER})).only_sells
    assert not Actor(id="u1", posts=frozenset({Post.SALESPERSON, Post.CLERK})).only_sells


def test_a_customer_or_partner_acts_for_themselves_and_a_post_for_all() -> None:
    mine, other = uuid4(), uuid4()
    customer = Actor(id="c", posts=frozenset({Post.CUSTOMER}), customer=str(mine))
    assert customer.acts_for(mine, Post.CLERK)
    assert not customer.acts_for(other, Post.CLERK)
    assert Actor(id="p", partner=str(mine)).customers == {mine}
    assert Actor(id="x", customer="known elsewhere as 7").customers == frozenset()
    assert Actor(id="u", posts=frozenset({Post.CLERK})).acts_for(other, Post.CLERK)


@given(st.uuids(), st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds it
def test_a_number_can_be_read_out_and_follows_from_its_id(identity: UUID, at: datetime) -> None:
    text = number("DH", identity, at)
    assert text == number("DH", identity, at)
    prefix, tail = text.split("-")
    assert prefix.startswith("DH2026")
    assert len(tail) == 8
    assert set(tail) <= set(ALPHABET)


def test_a_number_bears_the_day_in_shanghai() -> None:
    assert number("DH", UUID(int=0), datetime(2026, 12, 31, 16, tzinfo=UTC)) == "DH20270101-00000000"


@given(st.uuids(), st.uuids())
def test_numbers_of_different_ids_differ(one: UUID, other: UUID) -> None:
    same = one.int & (1 << 40) - 1 == other.int & (1 << 40) - 1
    assert (number("DH", one, NOON) == number("DH", other, NOON)) is same


def test_everybody_works_out_the_same_id() -> None:
    identity = UUID("6f1d6a0e-6d0b-5b0e-9d27-3f0c5d0a1e01")
    assert same_id(identity, "echo") == same_id(identity, "echo") != same_id(identity, "other")
