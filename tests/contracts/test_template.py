"""Templates, their slots, and departures from their clauses."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.domain.clause import Clause
from services.contracts.domain.deviation import difference
from services.contracts.domain.slots import Slot, SlotType
from services.contracts.domain.template import ContractKind, Template
from shared.domain.actor import Post
from shared.domain.refusals import Invalid, NotFound, RuleBroken
from tests.contracts.sample import (
    AT,
    CLAUSES,
    LATER,
    SLOTS,
    VALUES,
    Desk,
    draft,
    drafted_template,
    drafter,
    general,
    office,
    person,
    slot,
)


def template_of(clauses: list[dict[str, str]], slots: list[dict[str, str]]) -> Template:
    return Template.draft(
        uuid4(), code="XS", edition=1, title="合同", kind=ContractKind.SALES, by=office,
        clauses=[Clause.model_validate(clause) for clause in clauses],
        slots=[Slot.model_validate(given) for given in slots],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("clauses", "slots", "said"),
    [
        (CLAUSES, SLOTS[:1], "clause 5 has a place for pay_by, which is no slot"),
        (CLAUSES[:1], SLOTS, "slot pay_by has no place in any clause"),
        (CLAUSES * 2, SLOTS, "clause 1 is given twice"),
        (CLAUSES, SLOTS * 2, "slot total is given twice"),
        ([{"number": "1", "heading": "标的", "text": "总额{ total }元"}], [], "a brace that marks no slot"),
        ([{"number": "1", "heading": "标的", "text": "总额}元"}], [], "a brace that marks no slot"),
    ],
)
def test_every_place_has_a_slot_and_every_slot_a_place(
    clauses: list[dict[str, str]], slots: list[dict[str, str]], said: str
) -> None:
    """CON-1"""
    with pytest.raises(RuleBroken, match=said) as refused:
        template_of(clauses, slots)
    assert refused.value.rule == "CON-1"


def test_a_template_has_a_digest_over_its_text() -> None:
    """CON-1"""
    reworded = [CLAUSES[0], CLAUSES[1] | {"text": LATER}]
    first, same, other = template_of(CLAUSES, SLOTS), template_of(CLAUSES, SLOTS), template_of(reworded, SLOTS)
    assert first.text_digest == same.text_digest != other.text_digest


@pytest.mark.parametrize("by", [office, person("deputy", Post.GENERAL_MANAGER, on_behalf_of=office.id)])
def test_whoever_drafts_a_template_cannot_activate_it(by: Any) -> None:
    """CON-1"""
    with pytest.raises(RuleBroken, match="cannot activate"):
        drafted_template().activate(by, AT)


def test_a_template_whose_text_was_tampered_with_is_not_activated() -> None:
    """CON-1"""
    template = drafted_template()
    template.title = "别的合同"
    with pytest.raises(RuleBroken, match="not the one that was drafted"):
        template.activate(general, AT)


def test_contracts_are_drawn_up_from_active_templates_only() -> None:
    """CON-1"""
    retired = drafted_template()
    retired.activate(general, AT)
    retired.retire(general, AT)
    for template in (drafted_template(), retired):
        with pytest.raises(RuleBroken, match="not active"):
            draft(template)


def test_a_contract_pins_its_template_by_digest() -> None:
    """CON-1"""
    desk = Desk()
    assert desk.contract.template_digest == desk.template.text_digest
    desk.template.clauses[0] = desk.template.clauses[0].model_copy(update={"text": "总额{total}美元。"})
    with pytest.raises(RuleBroken, match="not the template text"):
        desk.contract.deviate("5", LATER, desk.template, drafter, AT)
    with pytest.raises(RuleBroken, match="not the template text"):
        desk.contract.change(desk.template, drafter, AT, valid_until=date(2026, 11, 30))


@pytest.mark.parametrize(
    ("slots", "field"),
    [
        ({"total": "1200.00"}, "slots.pay_by"),
        (VALUES | {"gift": "car"}, "slots.gift"),
        (VALUES | {"total": "a lot"}, "slots.total"),
        (VALUES | {"pay_by": "soon"}, "slots.pay_by"),
    ],
)
def test_every_slot_is_filled_with_its_type_and_nothing_else(slots: dict[str, str | int], field: str) -> None:
    """CON-1"""
    with pytest.raises(Invalid) as refused:
        draft(Desk().template, slots=slots)
    assert [error["field"] for error in refused.value.errors] == [field]


@pytest.mark.parametrize(
    ("type", "given", "kept", "shown"),
    [
        (SlotType.TEXT, " 佛山 {total} ", "佛山 {total}", "佛山 {total}"),
        (SlotType.DATE, "2026-05-01", "2026-05-01", "2026年5月1日"),
        (SlotType.MONEY, "0", "0.00", "0.00"),
        (SlotType.MONEY, 12, "12.00", "12.00"),
        (SlotType.QUANTITY, "1.5", "1.50", "1.50"),
        (SlotType.NUMBER, 30, "30", "30"),
        (SlotType.NUMBER, "0.500", "0.5", "0.5"),
        (SlotType.NUMBER, "100", "100", "100"),
        (SlotType.NUMBER, "100.00", "100", "100"),
    ],
)
def test_a_value_is_kept_in_one_form(type: SlotType, given: str | int, kept: str, shown: str) -> None:
    """CON-1"""
    assert slot(type).accept(given) == kept
    assert slot(type).show(kept) == shown


@pytest.mark.parametrize(
    ("type", "given"),
    [
        (SlotType.TEXT, " "), (SlotType.TEXT, 5), (SlotType.DATE, 20260501), (SlotType.DATE, "2026-02-30"),
        (SlotType.MONEY, "-1"), (SlotType.MONEY, "1.234"), (SlotType.QUANTITY, "0"), (SlotType.NUMBER, "1e9"),
        (SlotType.NUMBER, "٣"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(type: SlotType, given: str | int) -> None:
    """CON-1"""
    with pytest.raises(ValueError, match=r".+"):
        slot(type).accept(given)


def test_a_deviation_keeps_its_difference_and_calls_for_two_more_approvals() -> None:
    """CON-2"""
    desk = Desk()
    desk.contract.deviate("5", LATER, desk.template, drafter, AT)
    (deviation,) = desk.contract.deviations
    assert deviation.marked == "乙方应于{pay_by}前付清货款,甲方收款后[-三-]{+四+}十{+五+}日内交货。"
    chain = desk.submitted().contract.submission
    assert chain is not None
    assert chain.chain == [Post.SALES_MANAGER, Post.AUDITOR, Post.VICE_PRESIDENT_SALES, Post.HEADQUARTERS]


def test_a_deviation_is_taken_back_with_the_words_of_the_clause() -> None:
    """CON-2"""
    desk = Desk()
    desk.contract.deviate("5", LATER, desk.template, drafter, AT)
    desk.contract.deviate("5", CLAUSES[1]["text"], desk.template, drafter, AT)
    assert desk.contract.deviations == []
    with pytest.raises(RuleBroken, match="nothing was changed"):
        desk.contract.deviate("5", CLAUSES[1]["text"], desk.template, drafter, AT)


def test_a_deviation_fills_the_same_slots_of_an_existing_clause() -> None:
    """CON-1, CON-2"""
    desk = Desk()
    with pytest.raises(RuleBroken, match="which is no slot"):
        desk.contract.deviate("5", "于{whenever}交货", desk.template, drafter, AT)
    with pytest.raises(NotFound):
        desk.contract.deviate("9", "随时交货", desk.template, drafter, AT)


@given(st.text(alphabet="甲乙方三十 ab1,。"), st.text(alphabet="甲乙方三十 ab1,。"))
def test_a_difference_gives_back_both_texts(before: str, after: str) -> None:
    """CON-2"""
    passages = difference(before, after)
    assert "".join(passage.text for passage in passages if passage.change != "added") == before
    assert "".join(passage.text for passage in passages if passage.change != "removed") == after


def test_a_difference_reads_words_whole_and_chinese_by_the_character() -> None:
    """CON-2"""
    passages = difference("within 30 days 三十天", "within 45 days 三五天")
    assert [(passage.change, passage.text) for passage in passages] == [
        ("kept", "within "), ("removed", "30"), ("added", "45"), ("kept", " days 三"),
        ("removed", "十"), ("added", "五"), ("kept", "天"),
    ]  # fmt: skip
