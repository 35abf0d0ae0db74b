"""The rules of contracts, without a database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.contracts.domain.contract import Contract
from services.contracts.domain.template import ContractKind
from services.contracts.domain.text import DRAFT_MARK, contract_text
from shared.domain.actor import Post
from shared.domain.refusals import Forbidden, Invalid, NotAllowedNow, NotFound, RuleBroken
from shared.events.contracts import ContractTookEffect
from tests.contracts.sample import (
    AT,
    LATER,
    POLICY,
    VALUES,
    Desk,
    auditor,
    clerk,
    draft,
    drafter,
    inspector,
    keeper,
    line,
    manager,
    person,
    producer,
)

OTHER = "f" * 64


@pytest.mark.parametrize(
    ("kind", "chain"),
    [
        (ContractKind.SALES, [Post.SALES_MANAGER, Post.AUDITOR]),
        (ContractKind.SERVICE, [Post.SALES_MANAGER, Post.AUDITOR]),
        (
            ContractKind.CLEARANCE,
            [Post.SALES_MANAGER, Post.AUDITOR, Post.BRANCH_GENERAL_MANAGER, Post.VICE_PRESIDENT_SALES],
        ),
    ],
)
def test_the_kind_of_contract_says_who_approves_it(kind: ContractKind, chain: list[Post]) -> None:
    """CON-4, CON-7"""
    desk = Desk(kind).approved()
    assert [decision.post for decision in desk.contract.approvals.decisions] == chain
    assert desk.names[-2:] == ["ContractApprovalGiven", "ContractApproved"]


def test_approvals_begin_when_each_department_has_confirmed_each_line() -> None:
    """CON-3"""
    desk = Desk(articles=("A1", "A2")).submitted()
    for number, by in ((1, producer), (2, producer), (1, inspector), (1, inspector)):
        desk.contract.review(number, True, "", by, AT)
        with pytest.raises(RuleBroken) as refused:
            desk.contract.approve(desk.digest, "", manager, AT)
        assert refused.value.rule == "CON-3"
    assert desk.contract.next_step is not None
    assert desk.contract.next_step.posts == [Post.QUALITY_INSPECTOR]
    desk.contract.review(2, True, "", inspector, AT)
    assert desk.contract.next_step.posts == [Post.SALES_MANAGER]
    assert desk.names[-1] == "ContractReviewed"


def test_a_refusal_blocks_the_contract_until_it_is_changed() -> None:
    """CON-3"""
    desk = Desk().submitted()
    with pytest.raises(RuleBroken, match="says why"):
        desk.contract.review(1, False, "", producer, AT)
    desk.contract.review(1, False, "模具已停用", producer, AT)
    assert desk.contract.next_step is not None
    assert desk.contract.next_step.deed == "change"
    kept = desk.contract.model_dump_json()
    with pytest.raises(NotAllowedNow):
        Contract.model_validate_json(kept).review(1, True, "", producer, AT)
    with pytest.raises(NotAllowedNow):
        Contract.model_validate_json(kept).submit(POLICY, drafter, AT)
    with pytest.raises(RuleBroken, match="not every department"):
        desk.contract.approve(desk.digest, "", manager, AT)
    desk.contract.change(desk.template, drafter, AT, lines=[line("A2")])
    assert [review.can_meet for review in desk.contract.voided_reviews] == [False]
    assert desk.reviewed().names[-1] == "ContractReviewed"


def test_a_department_reviews_for_itself() -> None:
    """CON-3"""
    desk = Desk().submitted()
    with pytest.raises(Forbidden, match="for itself") as refused:
        desk.contract.review(1, True, "", manager, AT)
    assert refused.value.rule == "CON-3"
    with pytest.raises(Forbidden, match="for itself"):
        desk.contract.review(1, True, "", producer, AT, Post.QUALITY_INSPECTOR)
    both = person("both", Post.PRODUCTION, Post.QUALITY_INSPECTOR)
    with pytest.raises(Forbidden, match="name the department"):
        desk.contract.review(1, True, "", both, AT)
    desk.contract.review(1, True, "", both, AT, Post.QUALITY_INSPECTOR)
    assert desk.contract.reviews[0].department is Post.QUALITY_INSPECTOR


def test_only_lines_that_exist_are_reviewed_and_only_once_submitted() -> None:
    """CON-3"""
    with pytest.raises(NotAllowedNow):
        Desk().contract.review(1, True, "", producer, AT)
    for number in (0, 2):
        with pytest.raises(NotFound):
            Desk().submitted().contract.review(number, True, "", producer, AT)


def test_audit_does_not_approve_before_the_sales_manager_has_verified() -> None:
    """CON-4"""
    desk = Desk().reviewed()
    with pytest.raises(Forbidden, match="sales_manager"):
        desk.contract.approve(desk.digest, "", auditor, AT)


def test_a_decision_names_the_digest_that_was_submitted() -> None:
    """CON-9"""
    desk = Desk().reviewed()
    with pytest.raises(RuleBroken) as refused:
        desk.contract.approve(OTHER, "", manager, AT)
    assert refused.value.rule == "CON-9"


def test_content_that_was_changed_behind_the_approvals_is_neither_approved_nor_sealed() -> None:
    """CON-5, CON-9"""
    desk = Desk().reviewed()
    submitted = desk.digest
    desk.contract.lines[0] = line(price="1.00")
    with pytest.raises(RuleBroken, match="differs from what was submitted"):
        desk.contract.approve(submitted, "", manager, AT)
    desk = Desk().approved()
    approved = desk.digest
    desk.contract.lines[0] = line(price="1.00")
    for digest in (approved, desk.digest):
        with pytest.raises(RuleBroken) as refused:
            desk.contract.apply_seal(uuid4(), desk.template, 2, digest, keeper, AT)
        assert refused.value.rule == "CON-5"


@pytest.mark.parametrize(
    "change",
    [
        {"lines": [line(price="11.99")]},
        {"slots": VALUES | {"total": "1199.00"}},
        {"valid_until": date(2026, 12, 30)},
    ],
)
def test_any_change_voids_every_decision(change: dict[str, Any]) -> None:
    """CON-9"""
    desk = Desk().approved()
    before = desk.digest
    desk.contract.change(desk.template, clerk, AT, **change)
    contract = desk.contract
    assert contract.content_digest() != before
    assert (contract.approvals.decisions, contract.reviews, contract.approved_digest) == ((), [], None)
    assert [decision.digest for decision in contract.approvals.voided] == [before, before]
    assert [review.digest for review in contract.voided_reviews] == [before, before]
    with pytest.raises(RuleBroken, match="only an approved contract"):
        contract.apply_seal(uuid4(), desk.template, 2, before, keeper, AT)


def test_a_change_that_changes_nothing_is_refused() -> None:
    """CON-9"""
    desk = Desk().approved()
    with pytest.raises(RuleBroken, match="nothing was changed"):
        desk.contract.change(desk.template, clerk, AT, slots=VALUES)


def test_a_rejection_leads_back_to_a_change() -> None:
    """CON-4, CON-9"""
    desk = Desk().reviewed()
    desk.contract.reject(desk.digest, "价格过低", manager, AT)
    with pytest.raises(NotAllowedNow):
        desk.contract.approve(desk.digest, "", auditor, AT)
    with pytest.raises(NotAllowedNow):
        Contract.model_validate(desk.contract.model_dump()).submit(POLICY, drafter, AT)
    desk.contract.change(desk.template, drafter, AT, lines=[line(price="13.00")])
    assert desk.approved().names[-1] == "ContractApproved"


@pytest.mark.parametrize(("name", "absent"), [("drafter", None), ("clerk", None), ("deputy", "clerk")])
def test_the_drafter_and_the_last_editor_never_approve(name: str, absent: str | None) -> None:
    """CON-15"""
    desk = Desk()
    desk.contract.change(desk.template, clerk, AT, lines=[line("A2")])
    desk.reviewed()
    with pytest.raises(RuleBroken) as refused:
        desk.contract.approve(desk.digest, "", person(name, Post.SALES_MANAGER, on_behalf_of=absent), AT)
    assert refused.value.rule == "CON-15"


def test_whoever_a_draft_was_written_for_never_approves_it() -> None:
    """CON-15"""
    desk = Desk()
    for_manager = person("assistant", Post.CLERK, on_behalf_of="manager")
    desk.contract.change(desk.template, for_manager, AT, lines=[line("A2")])
    desk.reviewed()
    with pytest.raises(RuleBroken, match="never approve"):
        desk.contract.approve(desk.digest, "", manager, AT)


def test_an_absent_approver_is_named_with_the_delegate() -> None:
    """CON-15"""
    desk = Desk().reviewed()
    desk.contract.approve(desk.digest, "", person("deputy", Post.SALES_MANAGER, on_behalf_of="manager"), AT)
    assert desk.contract.approvals.decisions[0].on_behalf_of == "manager"
    with pytest.raises(RuleBroken, match="two steps"):
        desk.contract.approve(desk.digest, "", person("manager", Post.AUDITOR), AT)


def test_only_an_approved_contract_is_sealed_and_only_once() -> None:
    """CON-5"""
    for desk in (Desk(), Desk().submitted(), Desk().reviewed()):
        with pytest.raises(RuleBroken) as refused:
            desk.contract.apply_seal(uuid4(), desk.template, 2, desk.digest, keeper, AT)
        assert refused.value.rule == "CON-5"
    desk = Desk().approved()
    with pytest.raises(RuleBroken, match="what was approved"):
        desk.contract.apply_seal(uuid4(), desk.template, 2, OTHER, keeper, AT)
    desk = Desk().sealed()
    with pytest.raises(NotAllowedNow):
        desk.contract.apply_seal(uuid4(), desk.template, 2, desk.digest, keeper, AT)


def test_the_seal_waits_for_a_request_and_goes_on_as_many_copies() -> None:
    """CON-5"""
    desk = Desk().approved()
    with pytest.raises(RuleBroken, match="asked for"):
        desk.contract.apply_seal(uuid4(), desk.template, 2, desk.digest, keeper, AT)
    desk.requested_again(copies=3)
    for copies in (2, 4):
        with pytest.raises(RuleBroken, match="asked for: 3") as refused:
            desk.contract.apply_seal(uuid4(), desk.template, copies, desk.digest, keeper, AT)
        assert refused.value.rule == "CON-5"
    with pytest.raises(Forbidden, match="seal_keeper"):
        desk.contract.apply_seal(uuid4(), desk.template, 3, desk.digest, person("x", Post.OFFICE), AT)


@pytest.mark.parametrize("name", ["drafter", "the auditor"])
def test_whoever_wrote_or_approved_a_contract_does_not_seal_it(name: str) -> None:
    """CON-5, CON-15"""
    for by in (person(name, Post.SEAL_KEEPER), person("deputy", Post.SEAL_KEEPER, on_behalf_of=name)):
        desk = Desk().approved()
        desk.contract.request_seal(2, "交付客户", clerk, AT)
        with pytest.raises(RuleBroken) as refused:
            desk.contract.apply_seal(uuid4(), desk.template, 2, desk.digest, by, AT)
        assert refused.value.rule == "CON-15"


def test_sealing_puts_the_contract_in_force_and_tells_what_may_be_ordered() -> None:
    """CON-5, CON-11"""
    desk = Desk().sealed()
    event = desk.contract.recorded[-1]
    assert isinstance(event, ContractTookEffect)
    assert (event.digest, event.copies, event.sealed_by) == (desk.digest, 2, "keeper")
    assert [(each.article, str(each.quantity), str(each.price)) for each in event.lines] == [("A1", "100.00", "12.00")]
    assert desk.contract.seal is not None
    assert desk.contract.seal.requested_by == "drafter"
    assert desk.contract.next_step is None


def test_a_contract_in_force_is_not_changed() -> None:
    """CON-9"""
    desk = Desk().sealed()
    with pytest.raises(NotAllowedNow):
        desk.contract.change(desk.template, drafter, AT, lines=[line("A2")])


def test_a_contract_expires_when_its_last_day_is_over_in_shanghai() -> None:
    """CON-13"""
    desk = Desk().sealed()
    midnight = datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert desk.contract.timers == {"expire": midnight}
    desk.contract.expire(midnight)
    assert (desk.contract.status, desk.contract.ended_because) == ("ended", "expired")


def test_ending_a_contract_takes_its_deadline_away() -> None:
    desk = Desk().sealed()
    desk.contract.end("客户破产", manager, AT)
    assert desk.contract.timers == {"expire": None}
    with pytest.raises(NotAllowedNow):
        desk.contract.expire(AT)
    with pytest.raises(NotAllowedNow):
        Desk().approved().contract.end("客户破产", manager, AT)


def test_what_would_be_over_before_it_began_is_refused() -> None:
    desk = Desk().requested()
    too_late = datetime(2026, 12, 31, 16, tzinfo=UTC)
    with pytest.raises(NotAllowedNow, match="2026-12-31"):
        desk.contract.apply_seal(uuid4(), desk.template, 2, desk.digest, keeper, too_late)
    with pytest.raises(NotAllowedNow):
        draft(desk.template, valid_until=date(2026, 3, 11))
    with pytest.raises(NotAllowedNow):
        Desk().contract.submit(POLICY, drafter, too_late)
    desk.contract.apply_seal(uuid4(), desk.template, 2, desk.digest, keeper, too_late - timedelta(seconds=1))


def test_an_article_has_one_line() -> None:
    """ORD-19 an order draws on the one line of its article"""
    with pytest.raises(Invalid, match="one line"):
        draft(Desk().template, lines=[line(), line(price="11.00")])


def test_the_text_has_its_slots_filled_and_its_deviations_marked() -> None:
    """CON-2, CON-6"""
    desk = Desk()
    desk.contract.deviate("5", LATER, desk.template, drafter, AT)
    text = contract_text(desk.contract, desk.template, "佛山陶瓷")
    assert [clause.text for clause in text.clauses] == [
        "乙方向甲方购买瓷砖,合同总额1200.00元。",
        "乙方应于2026年5月1日前付清货款,甲方收款后四十五日内交货。",
    ]
    assert [clause.deviates for clause in text.clauses] == [False, True]
    assert text.clauses[1].difference == desk.contract.deviations[0].marked
    assert text.watermark == DRAFT_MARK
    assert (text.number, text.digest) == (desk.contract.number, desk.digest)


def test_only_a_sealed_contract_bears_no_draft_mark() -> None:
    """CON-6"""
    for desk, mark in ((Desk().approved(), DRAFT_MARK), (Desk().sealed(), None)):
        assert contract_text(desk.contract, desk.template, "佛山陶瓷").watermark == mark


def test_the_digest_survives_the_document() -> None:
    """CON-5"""
    desk = Desk()
    desk.contract.deviate("5", LATER, desk.template, drafter, AT)
    desk.sealed()
    kept = Contract.model_validate_json(desk.contract.model_dump_json())
    assert kept.content_digest() == desk.digest == kept.approved_digest
    assert kept.seal == desk.contract.seal
    assert inspector.id in {review.by for review in kept.reviews}
