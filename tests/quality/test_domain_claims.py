"""The rules of claims and certificates, without a database."""

from decimal import Decimal
from uuid import uuid4, uuid5

import pytest

from services.quality.domain.certificate import Certificate, CertifiedLot, KnownOrder, found_lots
from services.quality.domain.claim import Case, Claim, ClaimStatus, Settlement
from shared.domain.actor import Actor, Post
from shared.domain.money import yuan
from shared.domain.refusals import Forbidden, NotAllowedNow, RuleBroken
from tests.quality.cases import AT, INSPECTOR, LOTS, POLICY, actor

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


@pytest.mark.parametrize(
    ("amount", "earlier", "value", "approver"),
    [
        ("3000.00", "2000.00", "9999.00", Post.SALES_MANAGER),
        ("3000.00", "2000.01", "9999.00", Post.SALES_DIRECTOR),
        ("3000.00", "0.00", "3000.00", Post.SALES_MANAGER),
        ("3000.00", "0.00", "2999.99", Post.SALES_DIRECTOR),
        ("1500.00", "1500.00", "2999.99", Post.SALES_DIRECTOR),
        ("50000.00", "0.00", "100.00", Post.GENERAL_MANAGER),
        ("90000.00", "0.00", "100.00", Post.GENERAL_MANAGER),
    ],
)
def test_all_claims_of_a_case_count_and_above_the_goods_value_the_next_limit(
    amount: str, earlier: str, value: str, approver: Post
) -> None:
    """QUA-5"""
    case = Case(yuan(value), yuan(earlier))
    claim = Claim.propose(uuid4(), uuid4(), yuan(amount), Settlement.REFUND, POLICY, CLERK, AT, case)
    assert claim.approvals.chain == (approver,)


def test_what_was_negotiated_is_decided_anew_by_somebody_who_took_no_part() -> None:
    """QUA-5"""
    claim = proposed()
    claim.approve(MANAGER, AT)
    agent = actor("agent", Post.SALES_MANAGER)
    claim.negotiate(yuan("900.00"), yuan("400.00"), Settlement.REPLACEMENT, "", POLICY, agent, AT)
    assert (claim.status, claim.amount, claim.settlement) == (ClaimStatus.PROPOSED, yuan("400"), "replacement")
    assert (claim.decided_by, [one.asked for one in claim.rounds]) == (None, [yuan("900")])
    with pytest.raises(RuleBroken, match="never approve"):
        claim.approve(agent, AT)
    with pytest.raises(RuleBroken, match="never approve"):
        claim.approve(actor("clerk", Post.SALES_MANAGER), AT)
    claim.approve(MANAGER, AT)
    assert claim.approvals.voided[0].voided_because == "negotiated"


def test_everybody_who_negotiated_stays_excluded() -> None:
    """QUA-5"""
    claim = proposed()
    for name in ("one", "two"):
        by = actor(name, Post.CLERK)
        claim.negotiate(yuan("900.00"), yuan("400.00"), Settlement.REFUND, "", POLICY, by, AT)
    for name in ("clerk", "one", "two"):
        with pytest.raises(RuleBroken):
            claim.approve(actor(name, Post.SALES_MANAGER), AT)


@pytest.mark.parametrize(
    ("settlement", "post"),
    [(Settlement.REFUND, Post.WAREHOUSE), (Settlement.REPLACEMENT, Post.TECHNICIAN), (Settlement.REPAIR, Post.CLERK)],
)
def test_a_claim_is_settled_by_the_post_that_its_settlement_is_for(settlement: Settlement, post: Post) -> None:
    """QUA-5"""
    claim = Claim.propose(uuid4(), uuid4(), yuan("100.00"), settlement, POLICY, CLERK, AT)
    claim.approve(MANAGER, AT)
    with pytest.raises(Forbidden):
        claim.settle("V1", actor("x", post), AT)
    claim.settle("V1", actor("x", Post.FINANCE), AT)
    assert claim.reference == "V1"


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


KNOWN = [CertifiedLot(lot_id=uuid5(LOTS, lot), lot=lot, article="A-1") for lot in ("L2", "L1")]
ORDER = KnownOrder(order_id=uuid4(), number="DH1", customer_id=uuid4())


def certified(*lots: str, held: set[str] = set()) -> Certificate:  # noqa: B006 - never changed
    return Certificate.issue(uuid4(), ORDER, found_lots(lots, KNOWN), held, [], INSPECTOR, AT)


@pytest.mark.parametrize("name", ["L2", str(uuid5(LOTS, "L2"))])
def test_no_certificate_covers_a_lot_on_hold(name: str) -> None:
    """QUA-6"""
    with pytest.raises(RuleBroken) as refusal:
        certified("L1", "L2", held={name})
    assert (refusal.value.rule, refusal.value.params) == ("QUA-6", {"lot": "L2"})


def test_a_certificate_names_each_lot_once() -> None:
    """QUA-6"""
    certificate = certified("L1", "L2", "L1", str(uuid5(LOTS, "L1")))
    assert certificate.lots == ["L1", "L2"]
    assert certificate.number.startswith("ZB20261124-")


def test_no_certificate_covers_a_lot_nobody_told_of() -> None:
    """QUA-6"""
    with pytest.raises(RuleBroken, match="L9") as refusal:
        certified("L1", "L9")
    assert refusal.value.rule == "QUA-6"


def test_a_certificate_goes_with_one_shipment_and_says_what_it_does_not_cover() -> None:
    """QUA-6"""
    certificate, shipment = certified("L1"), uuid4()
    certificate.ship(shipment, [uuid5(LOTS, "L1"), uuid5(LOTS, "L2")], ["L1", "L2"])
    assert (certificate.shipment_id, certificate.uncovered) == (shipment, ["L2"])
    with pytest.raises(NotAllowedNow):
        certificate.ship(uuid4(), [], [])
    with pytest.raises(NotAllowedNow):
        certificate.withdraw("mistake", INSPECTOR)


def test_what_is_withdrawn_goes_with_no_shipment() -> None:
    """QUA-6"""
    certificate = certified("L1")
    certificate.withdraw("wrong lot", INSPECTOR)
    with pytest.raises(NotAllowedNow):
        certificate.ship(uuid4(), [], [])
