"""The rules of claims and certificates, without a database."""

from decimal import Decimal
from uuid import uuid4

import pytest

from services.quality.domain.certificate import Certificate
from services.quality.domain.claim import Claim, ClaimStatus, Settlement
from shared.domain.actor import Actor, Post
from shared.domain.money import yuan
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from tests.quality.cases import AT, INSPECTOR, POLICY, actor

CLERK = actor("clerk", Post.CLERK)
MANAGER = actor("manager", Post.SALES_MANAGER)


def proposed(amount: str = "100.00", by: Actor = CLERK) -> Claim:
    return Claim.propose(uuid4(), uuid4(), yuan(amount), Settlement.REFUND, POLICY, by, AT)


@pytest.mark.parametrize(
    ("amount", "approver"),
    [
        ("5000.00", Post.SALES_MANAGER),
        ("5000.01", Post.SALES_DIRECTOR),
        ("50000.00", Post.SALES_DIRECTOR),
        ("50000.01", Post.GENERAL_MANAGER),
    ],
)
def test_the_post_whose_limit_covers_the_amount_approves(amount: str, approver: Post) -> None:
    """QUA-5"""
    claim = proposed(amount)
    for post in {Post.SALES_MANAGER, Post.SALES_DIRECTOR, Post.GENERAL_MANAGER} - {approver}:
        with pytest.raises(Forbidden):
            claim.approve(actor("x", post), AT)
    claim.approve(actor("x", approver), AT)
    assert claim.status is ClaimStatus.APPROVED


def test_whoever_proposes_a_claim_neither_approves_nor_settles_it() -> None:
    """QUA-5"""
    claim = proposed(by=MANAGER)
    for by in (MANAGER, actor("delegate", Post.SALES_MANAGER, on_behalf_of="manager")):
        with pytest.raises(RuleBroken) as refusal:
            claim.approve(by, AT)
        assert refusal.value.rule == "QUA-5"
    claim.approve(actor("other", Post.SALES_MANAGER), AT)
    with pytest.raises(RuleBroken, match="cannot settle"):
        claim.settle("V1", actor("manager", Post.FINANCE), AT)


def test_an_approval_holds_for_the_amount_that_was_proposed() -> None:
    """QUA-5"""
    claim = proposed()
    claim.amount = Decimal("200.00")
    with pytest.raises(RuleBroken) as refusal:
        claim.approve(MANAGER, AT)
    assert refusal.value.rule == "QUA-5"


def test_a_claim_is_settled_after_its_approval_and_once() -> None:
    """QUA-5"""
    claim, finance = proposed(), actor("finance", Post.FINANCE)
    with pytest.raises(NotAllowedNow):
        claim.settle("V1", finance, AT)
    claim.approve(MANAGER, AT)
    claim.settle("V1", finance, AT)
    assert claim.status is ClaimStatus.SETTLED
    with pytest.raises(NotAllowedNow):
        claim.settle("V1", finance, AT)


def test_a_rejected_claim_is_neither_approved_nor_settled() -> None:
    """QUA-5"""
    claim = proposed()
    claim.reject("wear and tear", MANAGER, AT)
    assert claim.approvals.decisions[0].comment == "wear and tear"
    with pytest.raises(NotAllowedNow):
        claim.approve(MANAGER, AT)
    with pytest.raises(NotAllowedNow):
        claim.settle("V1", actor("finance", Post.FINANCE), AT)


def test_no_certificate_covers_a_lot_on_hold() -> None:
    """QUA-6"""
    with pytest.raises(RuleBroken) as refusal:
        Certificate.issue(uuid4(), "DH1", ["L1", "L2"], {"L2"}, INSPECTOR, AT)
    assert (refusal.value.rule, refusal.value.params) == ("QUA-6", {"lot": "L2"})


def test_a_certificate_names_each_lot_once() -> None:
    """QUA-6"""
    certificate = Certificate.issue(uuid4(), "DH1", ["L1", "L2", "L1"], set(), INSPECTOR, AT)
    assert certificate.lots == ["L1", "L2"]
    assert certificate.number.startswith("ZB20261124-")
