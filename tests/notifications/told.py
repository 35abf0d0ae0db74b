"""The table of who is told what, as it is expected to be."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from shared.domain.actor import Post
from shared.events import complaints, contracts, orders, quality, staff
from shared.events.event import Event
from shared.events.staff import PenaltyDecided, PenaltyFinal, PenaltyProposed

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
CUSTOMER = UUID("0198c0de-0000-7000-8000-000000000001")
BY: dict[str, Any] = {"number": "TS1", "post": Post.SALES_MANAGER}
MONEY = Decimal("100.00")


def filed(kind: str = "quality", *, major: bool = False) -> complaints.ComplaintFiled:
    return complaints.ComplaintFiled(
        number="TS1", kind=kind, channel="phone", customer_id=CUSTOMER, received_at=NOW, respond_by=NOW,
        resolve_by=NOW, policy="p", major=major,
    )  # fmt: skip


def decided(*measures: str, **other: Any) -> PenaltyDecided:
    fields: dict[str, Any] = {
        "number": "CF1", "employee": "u404", "cause_id": uuid4(), "clause": "D19 §4.3a", "violation": "服务态度",
        "measures": list(measures), "fine": MONEY, "as_deduction": False, "appeal_by": NOW,
    }  # fmt: skip
    return PenaltyDecided(**fields | other)


def final(*measures: str, **other: Any) -> PenaltyFinal:
    fields: dict[str, Any] = {
        "number": "CF1", "employee": "u404", "clause": "D19 §4.3a", "violation": "服务态度",
        "measures": list(measures), "fine": MONEY, "as_deduction": False,
    }  # fmt: skip
    return PenaltyFinal(**fields | other)


PENALTY_PROPOSED = PenaltyProposed(
    number="CF1", employee="u404", cause_id=uuid4(), clause="c", violation="v", measures=["fine"],
    deciders=[Post.HR, Post.GENERAL_MANAGER],
)  # fmt: skip
PENALTY: dict[str, Any] = {"number": "CF1", "employee": "u404", "fine": MONEY}
REWARD: dict[str, Any] = {"number": "JL1", "employee": "u404", "kind": "bonus", "amount": MONEY}
DAY = date(2027, 3, 1)
MILESTONE: dict[str, Any] = {
    "contract_id": uuid4(), "number": "HT1", "customer_id": CUSTOMER, "article": "T1", "due_on": DAY,
    "contracted": MONEY, "delivered": Decimal("0.00"),
}  # fmt: skip
MADE: dict[str, Any] = {"number": "SC1", "customer_id": CUSTOMER, "order_number": "DH1"}
CORRECTED: dict[str, Any] = {
    "number": "TS1", "customer_id": CUSTOMER, "reason": "货号抄错",
    "slip": complaints.Slip(
        order_number="DH1", article="T1", specification="s", quantity=MONEY, grade="优等品", colour_number="P1",
        purchased_on=date(2026, 11, 1),
    ),
}  # fmt: skip
TASK: dict[str, Any] = {"number": "DC1", "department": Post.PRODUCTION, "due_at": NOW}

WHO_IS_TOLD_WHAT: list[tuple[Event, set[tuple[str, str]]]] = [
    (filed(), {("complaint_received", str(CUSTOMER))}),
    (filed("service", major=True), {("complaint_received", str(CUSTOMER))}),
    (
        complaints.ComplaintReported(number="TS1", kind="service", post=Post.OFFICE),
        {("grave_complaint_reported", "office")},
    ),
    (
        complaints.ComplaintAssigned(number="TS1", kind="quality", post=Post.SALES_DIRECTOR),
        {("quality_complaint_assigned", "sales_director")},
    ),
    (
        complaints.ComplaintAssigned(number="TS1", kind="service", post=Post.SALES_MANAGER, person="u05"),
        {("complaint_assigned", "sales_manager"), ("complaint_assigned", "u05")},
    ),
    (complaints.ResponseWarned(**BY, respond_by=NOW), {("response_warned", "sales_manager")}),
    (complaints.ResponseMissed(**BY, respond_by=NOW), {("response_missed", "sales_manager")}),
    (complaints.ResolutionWarned(**BY, resolve_by=NOW), {("resolution_warned", "sales_manager")}),
    (complaints.ResolutionMissed(**BY, resolve_by=NOW), {("resolution_missed", "sales_manager")}),
    (complaints.ComplaintEscalated(**BY, level=1, reason="silence"), {("complaint_escalated", "sales_manager")}),
    (
        complaints.ComplaintResolved(number="TS1", kind="quality", customer_id=CUSTOMER, in_time=True, summary="换货"),
        {("complaint_resolved", str(CUSTOMER))},
    ),
    (
        complaints.ComplaintClosed(number="TS1", customer_id=CUSTOMER, confirmed=True),
        {("complaint_closed", str(CUSTOMER))},
    ),
    (
        complaints.EscalationCovered(
            number="TS1", level=2, post=Post.SALES_DIRECTOR, away=["u05"], deputies=["u09"], acknowledge_by=NOW
        ),
        {("escalation_covered", "u09")},
    ),
    (
        complaints.PauseRequested(number="TS1", reason="waiting_for_sample", person="u09"),
        {("pause_requested", "sales_manager"), ("pause_requested", "sales_director")},
    ),
    (
        complaints.PauseRefused(number="TS1", reason="样品已到", person="u05"),
        {("pause_refused", "sales_manager"), ("pause_refused", "sales_director")},
    ),
    (
        complaints.CaseHandedOver(
            number="TS1", kind="quality", from_department=Post.SALES_DIRECTOR, department=Post.PRODUCTION,
            task="查明原因", due_at=NOW,
        ),
        {("case_handed_over", "production")},
    ),
    (
        complaints.HandoverReturned(
            number="TS1", department=Post.PRODUCTION, back_to=Post.SALES_DIRECTOR, reason="非本部门"
        ),
        {("handover_returned", "sales_director")},
    ),
    (
        complaints.DepartmentReported(
            number="TS1", department=Post.PRODUCTION, back_to=Post.SALES_DIRECTOR, in_time=True, seconds=60
        ),
        {("department_reported", "sales_director")},
    ),
    (
        complaints.DepartmentMissed(number="TS1", department=Post.PRODUCTION, due_at=NOW),
        {("department_missed", "production"), ("department_missed", "sales_director")},
    ),
    (
        complaints.VisitPlanned(number="TS1", planned_for=NOW, people=["u24", "u28"]),
        {("visit_planned", "u24"), ("visit_planned", "u28")},
    ),
    (
        complaints.OpinionAnswered(number="TS1", customer_id=CUSTOMER, department=Post.PRODUCTION),
        {("opinion_answered", str(CUSTOMER))},
    ),
    (
        complaints.MeasuresTold(number="TS1", customer_id=CUSTOMER, measures="加装报警"),
        {("measures_told", str(CUSTOMER))},
    ),
    (
        complaints.FollowUpDue(number="TS1", customer_id=CUSTOMER, post=Post.SERVICE_AGENT),
        {("follow_up_due", "service_agent")},
    ),
    (quality.DepartmentTaskAssigned(**TASK, complaint_id=uuid4()), {("department_task_assigned", "production")}),
    (
        quality.DepartmentTaskMissed(**TASK),
        {("department_task_missed", "production"), ("department_task_missed", "sales_director")},
    ),
    (
        quality.DepartmentTaskMissed(number="DC1", department=Post.SALES_DIRECTOR, due_at=NOW),
        {("department_task_missed", "sales_director")},
    ),
    (
        quality.CorrectiveActionOpened(
            complaint_id=uuid4(), action_id=uuid4(), owner="u21", due_at=NOW, measure="调整窑温"
        ),
        {("corrective_action_opened", "u21")},
    ),
    (
        quality.DepartmentTaskExtended(**TASK, complaint_id=uuid4(), reason="窑炉检修"),
        {("department_task_extended", "production")},
    ),
    (
        quality.EffectCheckDue(number="ZL1", complaint_id=uuid4(), action_id=uuid4(), owner="u21"),
        {("effect_check_due", "quality_inspector")},
    ),
    (
        quality.InvestigationReopened(number="ZL1", complaint_id=uuid4(), reason="仍有针孔", times=1),
        {("investigation_reopened", "quality_inspector"), ("investigation_reopened", "sales_director")},
    ),
    (
        quality.ClaimProposed(
            number="SP1", complaint_id=uuid4(), investigation_id=uuid4(), amount=MONEY, settlement="refund",
            approver=Post.SALES_DIRECTOR,
        ),
        {("claim_proposed", "sales_director")},
    ),
    (
        orders.OrderPaid(number="DH1", customer_id=CUSTOMER, total=MONEY, confirmed=MONEY),
        {("order_paid", "warehouse")},
    ),
    (
        orders.ShipmentDispatched(
            number="DH1", customer_id=CUSTOMER, shipment_id=uuid4(), shipment=1, delivery_order="CH1",
            certificate="ZB1", invoice="FP1", goods=[],
        ),
        {("order_dispatched", str(CUSTOMER))},
    ),
    (
        orders.PriceRefused(person="u11", customer_id=CUSTOMER, article="T1", asked=MONEY, allowed=None),
        {("price_refused", "sales_manager")},
    ),
    (orders.LotHeld(lot="L1", article="T1", investigation_id=uuid4()), {("lot_held", "warehouse")}),
    (
        contracts.ContractSubmitted(
            number="HT1", digest="d", departments=[Post.PRODUCTION, Post.QUALITY_INSPECTOR], chain=[]
        ),
        {("contract_submitted", "production"), ("contract_submitted", "quality_inspector")},
    ),
    (
        contracts.ContractReviewed(number="HT1", next_post=Post.SALES_MANAGER),
        {("contract_awaits_approval", "sales_manager")},
    ),
    (
        contracts.ContractApprovalGiven(number="HT1", post=Post.SALES_MANAGER, digest="d", next_post=Post.AUDITOR),
        {("contract_awaits_approval", "auditor")},
    ),
    (contracts.ContractApprovalGiven(number="HT1", post=Post.AUDITOR, digest="d"), set()),
    (contracts.ContractApproved(number="HT1", digest="d"), {("contract_approved", "seal_keeper")}),
    (
        contracts.ContractTookEffect(
            number="HT1", customer_id=CUSTOMER, kind="sales", digest="d", copies=2, sealed_by="u07", lines=[],
            valid_until=date(2027, 11, 24),
        ),
        {("contract_took_effect", post) for post in ("production", "warehouse", "finance")},
    ),
    (
        contracts.SealRequested(number="HT1", copies=2, digest="d"),
        {("seal_requested", "seal_keeper")},
    ),
    (
        contracts.ContractAmended(
            number="HT1", customer_id=CUSTOMER, amendment_id=uuid4(), edition=2, digest="d", lines=[],
            valid_until=DAY,
        ),
        {("contract_amended", post) for post in ("production", "warehouse", "finance")},
    ),
    (
        contracts.MilestoneApproaching(**MILESTONE, owner="u12"),
        {("milestone_approaching", "production"), ("milestone_approaching", "u12")},
    ),
    (
        contracts.MilestoneMissed(**MILESTONE),
        {("milestone_missed", "production"), ("milestone_missed", "sales_manager")},
    ),
    (
        contracts.ContractExpiring(
            contract_id=uuid4(), number="HT1", customer_id=CUSTOMER, valid_until=DAY, owner="u12"
        ),
        {("contract_expiring", "sales_manager"), ("contract_expiring", "u12")},
    ),
    (
        contracts.BreachRecorded(
            contract_id=uuid4(), number="HT1", customer_id=CUSTOMER, breach_id=uuid4(), kind="quality_failure",
            cause_id=uuid4(), clause="7.2", value=MONEY, damages=MONEY,
        ),
        {("breach_recorded", post) for post in ("sales_director", "vice_president_sales", "finance")},
    ),
    (
        orders.PaymentReminded(number="DH1", customer_id=CUSTOMER, salesperson="u12", outstanding=MONEY),
        {("payment_reminded", str(CUSTOMER)), ("payment_reminded", "u12")},
    ),
    (
        orders.DepositConfirmed(number="DH1", customer_id=CUSTOMER, total=MONEY, confirmed=MONEY),
        {("deposit_confirmed", "production")},
    ),
    (
        orders.PaymentGateClosed(number="DH1", total=MONEY, confirmed=MONEY),
        {("payment_gate_closed", "warehouse"), ("payment_gate_closed", "sales_manager")},
    ),
    (orders.PaymentNoticeSetAside(reason="没有此订单"), {("payment_notice_set_aside", "finance")}),
    (
        orders.RefundRequested(number="DH1", customer_id=CUSTOMER, amount=MONEY, reason="不要了"),
        {("refund_requested", "finance")},
    ),
    (
        orders.OrderRefunded(number="DH1", customer_id=CUSTOMER, amount=MONEY, to_credit=False),
        {("order_refunded", str(CUSTOMER))},
    ),
    (orders.OrderExpired(number="DH1", customer_id=CUSTOMER), {("order_expired", str(CUSTOMER))}),
    (
        orders.DispatchPlanned(number="DH1", customer_id=CUSTOMER, planned_on=DAY, carrier="顺达物流"),
        {("dispatch_planned", str(CUSTOMER)), ("dispatch_planned", "transport")},
    ),
    (
        orders.DeliveryLate(number="DH1", customer_id=CUSTOMER, salesperson="u12", due_on=DAY),
        {("delivery_late", key) for key in ("transport", "sales_manager", "u12")},
    ),
    (
        orders.QuotationOffered(
            number="BJ1", customer_id=CUSTOMER, salesperson="u12", options=["trial", "medium", "bulk"],
            valid_until=DAY,
        ),
        {("quotation_offered", str(CUSTOMER))},
    ),
    (
        orders.PriceExceptionRequested(
            number="TJ1", customer_id=CUSTOMER, article="T1", price=MONEY, quantity=MONEY, reason="样板工程"
        ),
        {("price_exception_requested", "sales_director")},
    ),
    (
        orders.TrialRequested(number="SZ1", article="T1", customer_id=CUSTOMER),
        {("trial_requested", "production")},
    ),
    (
        orders.TrialProduced(number="SZ1", customer_id=CUSTOMER, succeeded=True, result="合格"),
        {("trial_produced", str(CUSTOMER))},
    ),
    (orders.TrialProduced(number="SZ1", customer_id=CUSTOMER, succeeded=False, result="色差"), set()),
    (
        orders.ProductionRequested(
            number="SC1", order_id=uuid4(), order_number="DH1", customer_id=CUSTOMER, line=1, article="T1",
            quantity=MONEY,
        ),
        {("production_requested", "production")},
    ),
    (
        orders.ProductionPlanned(**MADE, starts_on=DAY, ready_on=DAY),
        {("production_planned", str(CUSTOMER))},
    ),
    (orders.ProductionStarted(**MADE), {("production_started", str(CUSTOMER))}),
    (
        orders.ProductionFinished(**MADE, lot="L1", quantity=MONEY),
        {("production_finished", str(CUSTOMER)), ("production_finished", "warehouse")},
    ),
    (PENALTY_PROPOSED, {("penalty_proposed", "hr"), ("penalty_proposed", "general_manager")}),
    (decided("fine"), {("penalty_notice", "u404")}),
    (
        decided("closure", employee="store:季华路店", store="季华路店"),
        {("store_penalty_notice", "sales_manager"), ("store_penalty_notice", "branch_general_manager")},
    ),
    (
        staff.PenaltyAppealed(number="CF1", employee="u404", deciders=[Post.HR, Post.GENERAL_MANAGER]),
        {("penalty_appealed", "hr"), ("penalty_appealed", "general_manager")},
    ),
    (
        staff.AppealDecided(**PENALTY, outcome="reduced", measures=["fine"], decided_by="u01"),
        {("appeal_decided", "u404")},
    ),
    (
        staff.PenaltyFinal(**PENALTY, measures=["fine"], as_deduction=False),
        {("penalty_final", "hr"), ("penalty_final", "finance")},
    ),
    (
        staff.PenaltyFinal(**PENALTY | {"fine": Decimal("0.00")}, measures=["demerit"], as_deduction=False),
        {("penalty_final", "hr")},
    ),
    (staff.PenaltyRevoked(**PENALTY, executed=False, reason="误会"), {("penalty_revoked", "u404")}),
    (
        staff.PenaltyRevoked(**PENALTY, executed=True, reason="误会"),
        {("penalty_revoked", "u404"), ("penalty_revoked", "finance")},
    ),
    (staff.RewardProposed(**REWARD, proposed_by="u09"), {("reward_proposed", "hr")}),
    (
        staff.RewardApproved(**REWARD, reason="业绩突出", approved_by="u30"),
        {("reward_approved", "u404"), ("reward_approved", "finance")},
    ),
    (
        staff.ConductReported(number="WG1", violation="misleading", subject="u404"),
        {("conduct_reported", "hr")},
    ),
    (
        staff.AbsenceBegan(employee="u09", deputy="u12", posts=[Post.SALES_MANAGER], ends_at=NOW),
        {("absence_began", "u12")},
    ),
    (
        complaints.ComplaintReopened(
            number="TS1", reason="又有色差", times=1, post=Post.SALES_DIRECTOR, person="u05"
        ),
        {("complaint_reopened", "sales_director"), ("complaint_reopened", "u05")},
    ),
    (complaints.ComplaintReopened(number="TS1", reason="又有色差", times=1), set()),
    (complaints.SlipCorrected(**CORRECTED, kind="quality"), {("slip_corrected", "quality_inspector")}),
    (complaints.SlipCorrected(**CORRECTED, kind="delivery"), set()),
    (staff.ScheduleDrafted(number="CB1", effective_on=DAY), {("schedule_drafted", "general_manager")}),
]  # fmt: skip
