"""A customer's account: credit they may use, and what they owe beside their orders."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, NamedTuple, Self
from uuid import UUID

from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import ZERO, Amount, Money
from shared.domain.numbers import SHANGHAI, same_id
from shared.domain.refusals import RuleBroken
from shared.events.orders import (
    AccountOpened,
    AccountPaid,
    AccountPaymentLost,
    BalanceBroughtForward,
    CreditGranted,
    CreditTakenBack,
    CreditUsed,
)


class AccountStatus(StrEnum):
    NEW = "new"
    OPEN = "open"


class Settled(NamedTuple):
    """What became of a payment: so much of it paid what was owed `since` that day, and so much became credit."""

    amount: Decimal
    since: date | None
    surplus: Decimal


class CustomerAccount(Aggregate):
    """往来账户: credit pays orders and is spent once; what is owed is a receivable (ORD-10, ORD-16).

    Never both: credit that comes settles first what is owed, and what is taken back of credit that was spent is owed.
    """

    TABLE = "customer_accounts"
    ENTITY = "customer_account"
    START = AccountStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {
        AccountOpened: Step({AccountStatus.NEW}, AccountStatus.OPEN),
        BalanceBroughtForward: Step({AccountStatus.OPEN}),
        AccountPaid: Step({AccountStatus.OPEN}),
        AccountPaymentLost: Step({AccountStatus.OPEN}),
        CreditGranted: Step({AccountStatus.OPEN}),
        CreditUsed: Step({AccountStatus.OPEN}),
        CreditTakenBack: Step({AccountStatus.OPEN}),
    }

    status: AccountStatus
    customer_id: UUID
    credit: Amount = ZERO
    owed: Amount = ZERO
    owed_since: date | None = None
    brought_forward: Money | None = None
    brought_forward_on: date | None = None
    remark: str = ""

    @staticmethod
    def id_of(customer_id: UUID) -> UUID:
        """The id of a customer's account: not the customer's own, since the two have histories of their own."""
        return same_id(customer_id, "account")

    @classmethod
    def open(cls, customer_id: UUID) -> Self:
        """The first money that is neither an order's nor ours."""
        account = cls.begin(cls.id_of(customer_id), customer_id=customer_id)
        account.record(AccountOpened(customer_id=customer_id))
        return account

    def bring_forward(self, balance: Decimal, as_of: date, remark: str) -> None:
        """How the customer stood with us on that day, once: above zero it is theirs, below they owe it (ORD-16)."""
        if self.brought_forward is not None:
            raise RuleBroken("ORD-16", "the customer's balance was brought forward before")
        self.brought_forward, self.brought_forward_on, self.remark = balance, as_of, remark
        if balance > ZERO:
            self._add(balance)
        else:
            self._take(-balance, as_of)
        self.record(BalanceBroughtForward(customer_id=self.customer_id, balance=balance, as_of=as_of))

    def grant(self, amount: Decimal, source: str, order_id: UUID) -> None:
        """Money of the customer's stays with us: an overpayment, a refund, credit that was not needed (ORD-10)."""
        self._add(amount)
        self.record(
            CreditGranted(
                customer_id=self.customer_id, amount=amount, source=source, order_id=order_id, credit=self.credit
            )
        )

    def use(self, amount: Decimal, order_id: UUID, payment_id: UUID) -> None:
        """Credit pays an order; each yuan of it once (ORD-10)."""
        if amount > self.credit:
            raise RuleBroken(
                "ORD-10", "the customer's credit is {credit} yuan, not {asked}", credit=self.credit, asked=amount
            )
        self.credit -= amount
        self.record(
            CreditUsed(
                customer_id=self.customer_id,
                amount=amount,
                order_id=order_id,
                payment_id=payment_id,
                credit=self.credit,
            )
        )

    def take_back(self, amount: Decimal, order_id: UUID, at: datetime) -> None:
        """The money that credit came from has gone: what is not there any more the customer owes (ORD-10, ORD-16)."""
        self._take(amount, at.astimezone(SHANGHAI).date())
        self.record(
            CreditTakenBack(
                customer_id=self.customer_id, amount=amount, order_id=order_id, credit=self.credit, owed=self.owed
            )
        )

    def must_owe(self) -> None:
        """Money that is for no order is taken from a customer who owes something beside their orders (ORD-16)."""
        if not self.owed:
            raise RuleBroken(
                "ORD-16", "the customer owes nothing beside their orders; record the payment with the order it is for"
            )

    def pay(self, amount: Decimal, payment_id: UUID) -> Settled:
        """Confirmed money of no order settles what is owed; the rest is credit (ORD-10, ORD-16)."""
        owed, since = self.owed, self.owed_since
        self._add(amount)
        settled = Settled(owed - self.owed, since, amount - owed + self.owed)
        self.record(
            AccountPaid(
                customer_id=self.customer_id, amount=amount, payment_id=payment_id, credit=self.credit, owed=self.owed
            )
        )
        return settled

    def lose(self, amount: Decimal, payment_id: UUID, since: date) -> None:
        """Such a payment has gone back: what it had settled is owed again, since the day it was (ORD-10, ORD-16)."""
        self._take(amount, since)
        self.record(
            AccountPaymentLost(
                customer_id=self.customer_id, amount=amount, payment_id=payment_id, credit=self.credit, owed=self.owed
            )
        )

    def _add(self, amount: Decimal) -> None:
        settled = min(amount, self.owed)
        self.owed -= settled
        self.credit += amount - settled
        if not self.owed:
            self.owed_since = None

    def _take(self, amount: Decimal, on: date) -> None:
        there = min(amount, self.credit)
        self.credit -= there
        self.owed += amount - there
        if self.owed:
            self.owed_since = min(self.owed_since or on, on)
