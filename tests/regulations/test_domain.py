"""Regulations without I/O."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.regulations.domain.acknowledgement import Acknowledgement
from services.regulations.domain.comparison import compare, difference
from services.regulations.domain.content import Clause, Statement, cite, cited, clause_text
from services.regulations.domain.first import first_editions
from services.regulations.domain.regulation import Regulation, RegulationStatus
from services.regulations.domain.rulebook import Rulebook
from shared.domain.actor import Actor, Post
from shared.domain.policy import Policy
from shared.domain.policy_parameter import Parameter
from shared.domain.refusals import Forbidden, NotAllowedNow, Refusal, RuleBroken
from shared.events.regulations import (
    AcknowledgementsMissing,
    PolicyTookEffect,
    RegulationApproved,
    RegulationReviewDue,
    RegulationTookEffect,
)
from tests.regulations.sample import (
    AT,
    DRAFTER,
    MANAGER,
    POLICY,
    SINCE,
    VICE,
    actor,
    approved,
    content,
    drafted,
    first,
    revised,
    rulebook,
    submitted,
)

FASTER = Statement(key="complaints.response_time", value=20, unit="hour", clause="3.3")


# What a regulation says


CLAUSES = tuple(
    Clause(number=number, text=number)
    for number in ("1", "1.1", "10", "10.5", "3.2a", "9(1)", "9(3)", "6(1)1", "6(1)12", "pre-sale", "pre-sale 3")
)


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("10.5", "10.5 10.5"),
        ("1", "1 1\n1.1 1.1"),
        ("3.2", "3.2a 3.2a"),
        ("3.2b", "3.2a 3.2a"),
        ("9", "9(1) 9(1)\n9(3) 9(3)"),
        ("9.3", "9(3) 9(3)"),
        ("6(1)", "6(1)1 6(1)1\n6(1)12 6(1)12"),
        ("6(1)1", "6(1)1 6(1)1"),
        ("10.5.7", "10.5 10.5"),
        ("pre-sale 3", "pre-sale 3 pre-sale 3"),
        ("77", None),
    ],
)
def test_a_clause_is_read_with_its_parts_or_as_part_of_the_one_above(number: str, found: str | None) -> None:
    """REG-4"""
    assert clause_text(CLAUSES, number) == found


def test_a_citation_is_read_as_it_is_written() -> None:
    for code, number in (("D4", "3.3"), ("D13", "pre-sale 3"), ("XF", "complaints")):
        assert cited(cite(code, number)) == (code, number)
    assert cited("policy") is None


def test_the_first_editions_state_the_whole_policy_and_nothing_else() -> None:
    """REG-1, REG-2"""
    editions = dict(first_editions(POLICY))
    stated = [statement.key for found in editions.values() for statement in found.parameters]
    assert sorted(stated) == sorted(POLICY.parameters)
    assert len(editions) == 20
    book = rulebook()
    assert book.policy == POLICY.version
    assert book.parameters["orders.deposit_share"].clause == "D19 §6.2"
    for found in editions.values():
        found.must_agree()


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (content(FASTER.model_copy(update={"clause": "9"})), "which is not there"),
        (content(FASTER.model_copy(update={"clause": "1"}), FASTER.model_copy(update={"clause": "1"})), "there twice"),
    ],
    ids=["no clause", "twice"],
)
def test_a_parameter_stands_once_and_in_a_clause(broken: object, message: str) -> None:
    """REG-2"""
    with pytest.raises(RuleBroken, match=message) as refused:
        Regulation.draft("T1", 1, broken, DRAFTER, AT)  # type: ignore[arg-type]  # parametrized
    assert refused.value.rule == "REG-2"


# Approval


def test_company_leaders_approve_in_the_order_that_policy_names() -> None:
    """REG-1"""
    regulation = submitted()
    with pytest.raises(Forbidden):
        regulation.approve(regulation.digest_of_text, "", MANAGER, AT)
    regulation.approve(regulation.digest_of_text, "", VICE, AT)
    assert regulation.status is RegulationStatus.SUBMITTED
    regulation.approve(regulation.digest_of_text, "", MANAGER, AT)
    assert regulation.status is RegulationStatus.APPROVED
    assert regulation.timers == {"come_due": AT}


@pytest.mark.parametrize(
    "leader",
    [
        actor(DRAFTER.id, Post.VICE_PRESIDENT_SALES),
        actor("u55", Post.VICE_PRESIDENT_SALES, on_behalf_of=DRAFTER.id),
        actor("u56", Post.VICE_PRESIDENT_SALES),
    ],
    ids=["drafter", "for the drafter", "editor"],
)
def test_nobody_who_wrote_a_text_approves_it(leader: Actor) -> None:
    """REG-1"""
    regulation = drafted()
    regulation.change(content(text="另一文"), actor("u56", Post.OFFICE), AT)
    regulation.submit(POLICY, DRAFTER, AT)
    with pytest.raises(RuleBroken, match="never approve"):
        regulation.approve(regulation.digest_of_text, "", leader, AT)


def test_it_waits_for_the_time_that_was_approved_with_it() -> None:
    """REG-1"""
    regulation = approved(effective_at=AT + timedelta(days=3))
    assert regulation.timers["come_due"] == AT + timedelta(days=3)
    [event] = [event for event in regulation.recorded if isinstance(event, RegulationApproved)]
    assert event.effective_at == AT + timedelta(days=3)


def test_the_digest_covers_text_numbers_and_time() -> None:
    """REG-1"""
    digests = {
        drafted().digest_of_text,
        drafted(text="另一文").digest_of_text,
        drafted(effective_at=AT).digest_of_text,
        drafted(FASTER.model_copy(update={"clause": "1"})).digest_of_text,
        drafted(edition=2).digest_of_text,
    }
    assert len(digests) == 5


# In force


def test_an_edition_in_force_is_reviewed_again_and_again() -> None:
    """REG-1"""
    regulation = first()["D4"]
    due = AT + timedelta(days=365)
    assert regulation.timers["remind_of_review"] == due
    regulation.remind_of_review(due)
    assert isinstance(regulation.recorded[-1], RegulationReviewDue)
    assert regulation.timers["remind_of_review"] == due + POLICY.regulations.review_reminder
    regulation.review("confirmed", "", MANAGER, due)
    assert regulation.timers["remind_of_review"] == due + timedelta(days=365)


def test_a_superseded_edition_asks_for_nothing_any_more() -> None:
    """REG-1, REG-3"""
    regulation = first()["D4"]
    regulation.supersede(2, AT)
    assert set(regulation.timers.values()) == {None}
    for deed in (regulation.remind_of_review, regulation.close_acknowledging):
        with pytest.raises(NotAllowedNow):
            deed(AT)


def test_many_employees_are_reminded_in_several_events_and_nobody_in_none() -> None:
    """REG-3"""
    regulation = first()["D4"]
    before = len(regulation.recorded)
    regulation.remind([])
    assert len(regulation.recorded) == before
    regulation.remind([f"u{number}" for number in range(1001)])
    told = [event for event in regulation.recorded if isinstance(event, AcknowledgementsMissing)]
    assert [len(event.employees) for event in told] == [500, 500, 1]


def test_what_never_took_effect_is_neither_reviewed_nor_acknowledged() -> None:
    """REG-1, REG-3"""
    regulation = drafted()
    for deed in (regulation.remind_of_review, regulation.close_acknowledging):
        with pytest.raises(LookupError):
            deed(AT)
    with pytest.raises(RuleBroken, match="only an edition in force"):
        Acknowledgement.give(regulation, actor("u19", Post.CLERK), AT)


def test_an_acknowledgement_is_ones_own() -> None:
    """REG-3"""
    regulation = first()["D4"]
    given = Acknowledgement.give(regulation, actor("u19", Post.CLERK), AT)
    assert given.id == Acknowledgement.id_of(regulation.id, "u19")
    with pytest.raises(RuleBroken, match="for another"):
        Acknowledgement.give(regulation, actor("u20", Post.CLERK, on_behalf_of="u19"), AT)


# The rulebook


def test_a_later_edition_changes_its_numbers_and_no_others() -> None:
    """REG-2"""
    book = rulebook()
    assert book.take_over(revised("D4", FASTER), AT) == ["complaints.response_time"]
    told = book.recorded[-1]
    assert isinstance(told, PolicyTookEffect)
    assert told.version == book.policy != POLICY.version
    assert told.parameters["complaints.response_time"].edition == 2
    assert told.parameters["complaints.resolution_time"].value == 48
    assert {key for key, one in told.parameters.items() if one.edition == 2} == {
        "complaints.response_time", "complaints.resolution_time",
    }  # fmt: skip


def test_an_edition_without_a_change_has_the_same_version() -> None:
    """REG-2"""
    book = rulebook()
    assert book.take_over(revised("D4"), AT) == []
    assert book.policy == POLICY.version
    assert book.take_over(first()["D1"], AT) == []
    assert len(book.recorded) == 2


def test_the_version_follows_the_values_however_they_were_written() -> None:
    """REG-2"""
    book = rulebook()
    a_day = Statement(key="complaints.response_time", value=1, unit="day", clause="3.3")
    book.take_over(revised("D4", a_day), AT)
    assert book.policy == POLICY.version
    half = Statement(key="complaints.warning_share", value=0.5, clause="complaints")
    book.take_over(revised("XF", half), AT)
    assert book.parameters["complaints.warning_share"].value == Decimal("0.5")
    assert Rulebook.model_validate_json(book.model_dump_json()).parameters == book.parameters


def test_what_holds_never_goes_back_in_time() -> None:
    """REG-2: two machines' clocks differ."""
    book = rulebook()
    book.take_over(revised("D4", FASTER), AT)
    book.take_over(revised("D4", edition=3), AT - timedelta(seconds=5))
    assert book.effective_at == AT


def test_a_key_belongs_to_one_regulation_also_when_two_reach_for_it() -> None:
    """REG-2: as after an upgrade, which brings a number nobody has stated yet."""
    book = rulebook()
    del book.parameters["messages.delivery_attempts"]
    key = Statement(key="messages.delivery_attempts", value=5, clause="1")
    one, other = drafted(key, code="T1"), drafted(key, code="T2")
    book.must_admit(one)
    book.must_admit(other)
    with pytest.raises(RuleBroken, match="belongs to regulation T1"):
        book.must_admit(other, [one])
    book.must_admit(one, [other.model_copy(update={"code": "T1", "parameters": ()})])
    book.take_over(one, AT)
    assert book.objection(other) == "parameter messages.delivery_attempts belongs to regulation T1"
    assert book.objection(one) is None


@pytest.mark.parametrize(
    ("statement", "code", "message"),
    [
        (FASTER.model_copy(update={"value": 0}), "D4", "make no policy: complaints.response_time"),
        (FASTER.model_copy(update={"key": "complaints.tomorrow"}), "D4", "the rules use no parameter"),
        (FASTER, "D5", "belongs to regulation D4"),
        (Statement(key="penalties.service_fine_low", value=101, unit="yuan", clause="4.3a"), "D19", "is above"),
    ],
    ids=["nothing", "unknown", "another's", "range"],
)
def test_a_bad_set_is_refused_where_it_is_made(statement: Statement, code: str, message: str) -> None:
    """REG-2: never parked in nine services."""
    before = first()[code].content
    stated = {one.key: one for one in before.parameters} | {statement.key: statement}
    regulation = first()[code].model_copy(update={"parameters": tuple(stated.values())})
    with pytest.raises(RuleBroken, match=message) as refused:
        rulebook().must_admit(regulation)
    assert refused.value.rule == "REG-2"


def test_a_number_is_never_left_without_its_regulation() -> None:
    """REG-2"""
    with pytest.raises(RuleBroken, match="every parameter of the one before"):
        rulebook().must_admit(drafted(code="D4"))


def test_a_policy_of_other_files_is_announced_as_it_is() -> None:
    """REG-2: the company's own values at the first start."""
    own = Policy.from_parameters(dict(POLICY.parameters) | {"orders.deposit_share": Parameter(value=0.3)})
    editions = [Regulation.adopt(code, found, own, SINCE, AT) for code, found in first_editions(own)]
    assert Rulebook.open(editions, SINCE).policy == own.version


# Comparison


def test_a_difference_is_one_text_with_both() -> None:
    """REG-1"""
    assert difference("应在24小时内", "应在 20小时内回复") == "应在[-24-]{+ 20+}小时内{+回复+}"
    assert difference("同", "同") == "同"


def test_two_editions_are_compared() -> None:
    """REG-1, REG-2"""
    found = compare(first()["D4"], revised("D4", FASTER))
    assert found.clauses == []
    assert [(one.key, one.before, one.after, one.change) for one in found.parameters] == [
        ("complaints.response_time", 24, 20, "changed")
    ]
    apart = compare(drafted(FASTER.model_copy(update={"clause": "1"})), drafted(text="另一文"))
    assert [(one.number, one.change) for one in apart.clauses] == [("1.1", "changed")]
    assert [(one.change, one.after) for one in apart.parameters] == [("removed", None)]


# Whatever happens


PEOPLE = [DRAFTER, VICE, MANAGER, actor("u09", Post.VICE_PRESIDENT_SALES, Post.GENERAL_MANAGER, Post.OFFICE)]
Deed = Callable[[Regulation, Actor], None]
DEEDS: list[Deed] = [
    lambda edition, by: edition.change(content(text=f"{len(edition.recorded)}"), by, AT),
    lambda edition, by: edition.submit(POLICY, by, AT),
    lambda edition, by: edition.approve(edition.digest_of_text, "", by, AT),
    lambda edition, by: edition.approve("0" * 64, "", by, AT),
    lambda edition, by: edition.reject(edition.digest_of_text, "no", by, AT),
    lambda edition, by: edition.withdraw("no", by, AT),
    lambda edition, by: edition.come_due(AT),
    lambda edition, by: edition.take_effect([], POLICY, AT),
    lambda edition, by: edition.set_aside("no"),
    lambda edition, by: edition.supersede(2, AT),
    lambda edition, by: edition.review("confirmed", "", by, AT),
]


@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.sampled_from(PEOPLE)), max_size=30))
def test_no_sequence_of_commands_puts_an_unapproved_text_in_force(steps: list[tuple[Deed, Actor]]) -> None:
    """REG-1: and what is refused changes nothing."""
    edition = drafted()
    for deed, by in steps:
        before = (edition.version, edition.status, len(edition.recorded))
        try:
            deed(edition, by)
        except Refusal:
            assert (edition.version, edition.status, len(edition.recorded)) == before
    if any(isinstance(event, RegulationTookEffect) for event in edition.recorded):
        decisions = edition.approvals.decisions
        assert [decision.post for decision in decisions] == [Post.VICE_PRESIDENT_SALES, Post.GENERAL_MANAGER]
        assert {decision.digest for decision in decisions} == {edition.digest_of_text}
        assert len({person for decision in decisions for person in decision.people}) == 2
        assert not {person for decision in decisions for person in decision.people} & set(edition.writers)
    with suppress(Refusal):
        edition.change(content(), DRAFTER, AT)
        assert edition.approvals.decisions == ()
