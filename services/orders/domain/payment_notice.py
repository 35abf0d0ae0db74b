"""What a bank or payment provider reports of money."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, NamedTuple, Self
from uuid import UUID, uuid5

from services.orders.domain.dismissal import Dismissal
from services.orders.domain.order import Order
from services.orders.domain.payment import WENT_BACK, BankReference, PaymentKind
from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import PositiveAmount
from shared.domain.refusals import RuleBroken
from shared.events.orders import (
    NoticeDismissalRefused,
    NoticeDismissalRequested,
    NoticeDismissed,
    PaymentNoticed,
    PaymentNoticeMatched,
    PaymentNoticeSetAside,
    PaymentRecorded,
)

PROVIDERS = UUID("0a6d4c1e-51b7-5d0c-9f3e-2d8e7c6b5a40")


class NoticeStatus(StrEnum):
    NEW = "new"
    RECEIVED = "received"
    MATCHED = "matched"
    SET_ASIDE = "set_aside"
    DISMISSING = "dismissing"
    DISMISSED = "dismissed"


NEW, RECEIVED, MATCHED, SET_ASIDE, DISMISSING, DISMISSED = NoticeStatus


class NoticeKind(StrEnum):
    RECEIVED = "received"
    REVERSED = "reversed"


class Outcome(StrEnum):
    """What came of a notice at once."""

    RECEIVED = "received"
    REVERSED = "reversed"
    SET_ASIDE = "set_aside"


class Doubt(StrEnum):
    """Why a notice was set aside."""

    NO_ORDER = "no order fits"
    NO_PAYMENT = "the order has no payment with this bank reference"
    OTHERWISE = "another order, or another amount, has this bank reference"
    WENT_BACK = WENT_BACK
    ON_ACCOUNT = "the money stands as a payment on the customer's account"
    TAKES_NONE = "the order takes no payments any more"


class Fit(NamedTuple):
    """What is known of the money of a notice: its order, the payment that stands there with its bank reference, and
    whether the provider has reported before that it went back; `new_id` is for a payment that is recorded now.
    `on_account` is the number of the payment on a customer's account that has the bank reference.
    """

    order_id: UUID | None
    known: UUID | None
    gone: bool
    new_id: UUID
    on_account: str | None = None


class PaymentNotice(Aggregate):
    """到账通知: money has come, says a provider, or has gone back; finance confirms it as any other (ORD-10).

    A notice that fits no order is set aside and looked at by finance: nothing that was accepted is lost. It takes two
    of them to find that nothing follows from it.
    """

    TABLE = "payment_notices"
    ENTITY = "payment_notice"
    START = NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        PaymentNoticed: Step({NEW}, RECEIVED),
        PaymentNoticeMatched: Step({RECEIVED, SET_ASIDE, DISMISSING}, MATCHED),
        PaymentNoticeSetAside: Step({RECEIVED}, SET_ASIDE),
        NoticeDismissalRequested: Step({SET_ASIDE}, DISMISSING),
        NoticeDismissalRefused: Step({DISMISSING}, SET_ASIDE),
        NoticeDismissed: Step({DISMISSING}, DISMISSED),
    }

    status: NoticeStatus
    provider: str
    webhook_id: str
    body_digest: str
    kind: NoticeKind
    payment_kind: PaymentKind
    account: str
    reference: str
    amount: PositiveAmount
    order_number: str | None = None
    paid_at: datetime | None = None
    reason: str | None = None
    received_at: datetime
    outcome: Outcome | None = None
    set_aside_because: Doubt | None = None
    order_id: UUID | None = None
    payment_id: UUID | None = None
    matched_by: str | None = None
    dismissals: list[Dismissal] = []

    @staticmethod
    def id_of(provider: str, webhook_id: str) -> UUID:
        """The id of the notice that a provider sends under this id, however often (ORD-10)."""
        return uuid5(PROVIDERS, f"{provider}\n{webhook_id}")

    @classmethod
    def receive(
        cls,
        provider: str,
        webhook_id: str,
        body_digest: str,
        at: datetime,
        *,
        kind: NoticeKind,
        payment_kind: PaymentKind,
        account: str,
        reference: str,
        amount: Decimal,
        order_number: str | None = None,
        paid_at: datetime | None = None,
        reason: str | None = None,
    ) -> Self:
        """Keep what a provider reports, signed."""
        notice = cls.begin(
            cls.id_of(provider, webhook_id), provider=provider, webhook_id=webhook_id, body_digest=body_digest,
            kind=kind, payment_kind=payment_kind, account=account, reference=reference, amount=amount,
            order_number=order_number, paid_at=paid_at, reason=reason, received_at=at,
        )  # fmt: skip
        notice.record(PaymentNoticed.model_validate(notice, from_attributes=True))
        return notice

    def settle(self, order: Order | None, fit: Fit, at: datetime) -> None:
        """Do what follows by itself: record the payment, or reverse it; else set the notice aside (ORD-10)."""
        provider = Actor(id=f"provider:{self.provider}")
        if fit.on_account:
            self._set_aside(Doubt.ON_ACCOUNT)
        elif order is None:
            self._set_aside(Doubt.NO_ORDER)
        elif self.kind is NoticeKind.REVERSED and fit.known is None:
            self._set_aside(Doubt.NO_PAYMENT)
        elif self.kind is NoticeKind.REVERSED:
            self._make_the_match(order, fit, provider, at)
        elif fit.known and not self._is(order, fit.known):
            self._set_aside(Doubt.OTHERWISE)
        elif not fit.known and fit.gone:
            self._set_aside(Doubt.WENT_BACK)
        elif not fit.known and not order.may(PaymentRecorded):
            self._set_aside(Doubt.TAKES_NONE)
        else:
            self._make_the_match(order, fit, provider, at)

    def must_be_repeated(self, body_digest: str) -> None:
        """What comes again under an id is what came under it first (ORD-10)."""
        if body_digest != self.body_digest:
            raise RuleBroken("ORD-10", "this webhook id was used for another notice")

    def match(
        self, order: Order, order_number: str, payment_id: UUID | None, fit: Fit, by: Actor, at: datetime
    ) -> None:
        """Finance knows which order the money is for, and perhaps as which payment it stands there already (ORD-10).

        Whoever has a payment recorded by this does not confirm it.
        """
        self.require(PaymentNoticeMatched)
        if fit.on_account or order.number != order_number:
            BankReference(self.account, self.reference, used_in=fit.on_account or order.number).must_be_new()
        fit = fit._replace(known=payment_id or fit.known)
        if self.kind is NoticeKind.RECEIVED and not fit.known:
            BankReference(self.account, self.reference, gone=fit.gone).must_be_new()
        self.matched_by = by.id
        self._make_the_match(order, fit, by, at)

    def ask_to_dismiss(self, reason: str, by: Actor, at: datetime) -> None:
        """Finance takes it for none of ours; until another person has decided it is as it was (ORD-10)."""
        self.dismissals.append(Dismissal.request(reason, by, at))
        self.record(NoticeDismissalRequested(reason=reason))

    def dismiss(self, by: Actor, at: datetime) -> None:
        """Another person finds the same: nothing follows from the notice, and its bank reference is free (ORD-10)."""
        self.require(NoticeDismissed)
        self.dismissals[-1].decide(by, at)
        self.record(NoticeDismissed(reason=self.dismissals[-1].reason))

    def keep(self, reason: str, by: Actor, at: datetime) -> None:
        """Another person would not have it dismissed: it waits on (ORD-10)."""
        self.require(NoticeDismissalRefused)
        self.dismissals[-1].decide(by, at)
        self.dismissals[-1].refused_because = reason
        self.record(NoticeDismissalRefused(reason=reason))

    def _is(self, order: Order, payment_id: UUID) -> bool:
        """Whether the order has this very money: the notice names no other order, and the same amount."""
        return self.order_number in (None, order.number) and order.payment(payment_id).amount == self.amount

    def _make_the_match(self, order: Order, fit: Fit, by: Actor, at: datetime) -> None:
        known = fit.known and order.payment(fit.known)
        if self.kind is NoticeKind.REVERSED:
            if not known:
                raise RuleBroken(
                    "ORD-10", "order {number} has no payment with this bank reference", number=order.number
                )
            if not known.reversed_at:
                order.reverse_payment(known.id, self.reason or "reversed by the provider", by, at)
        elif not known:
            order.record_payment(fit.new_id, self.payment_kind, self.amount, self.account, self.reference, by, at)
        self.order_id, self.payment_id = order.id, fit.known or fit.new_id
        self.outcome = self.outcome or Outcome(self.kind)
        self.record(PaymentNoticeMatched(order_id=self.order_id, payment_id=self.payment_id))

    def _set_aside(self, reason: Doubt) -> None:
        self.outcome, self.set_aside_because = Outcome.SET_ASIDE, reason
        self.record(PaymentNoticeSetAside(reason=reason))
