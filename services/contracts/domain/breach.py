"""A breach of a contract, and what is due for it by the contract's own clauses."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from services.contracts.domain.remedy import AgreedRemedy
from services.contracts.domain.remedy import Breach as BreachKind
from shared.domain.actor import Actor
from shared.domain.money import LIMIT, ZERO, Amount, share
from shared.domain.refusals import NotAllowedNow, RuleBroken
from shared.events.orders import IssuedGoods, OrderedLine

PERCENT = Decimal(100)


class BreachOutcome(StrEnum):
    SETTLED = "settled"
    WAIVED = "waived"


class Breach(BaseModel):
    """违约: a confirmed quality failure or a missed date, with the liquidated damages its clause gives (CON-14).

    `value` is that of the goods concerned and `damages` what is due for them, in yuan; without a clause it is nothing.
    `cause_id` is the complaint, or the missed milestone.
    """

    id: UUID
    kind: BreachKind
    cause_id: UUID
    order_id: UUID | None = None
    article: str | None = None
    clause: str | None = None
    percent: Decimal | None = None
    cap: Decimal | None = None
    value: Amount
    damages: Amount
    at: datetime
    outcome: BreachOutcome | None = None
    settled: Amount | None = None
    decided_by: str | None = None
    decided_for: str | None = None
    decided_at: datetime | None = None
    note: str = ""

    def settle(self, amount: Decimal, note: str, by: Actor, at: datetime) -> None:
        """The damages are paid, or less where the note says why; never more than the clauses give (CON-14)."""
        if amount > self.damages:
            raise RuleBroken(
                "CON-14", "the clauses give {damages} yuan, not {amount}", damages=self.damages, amount=amount
            )
        self._decide(BreachOutcome.SETTLED, note, by, at)
        self.settled = amount

    def waive(self, reason: str, by: Actor, at: datetime) -> None:
        """Nothing is asked for (CON-14)."""
        self._decide(BreachOutcome.WAIVED, reason, by, at)

    def _decide(self, outcome: BreachOutcome, note: str, by: Actor, at: datetime) -> None:
        if self.outcome is not None:
            raise NotAllowedNow("this breach is already settled or waived")
        self.outcome, self.note = outcome, note
        self.decided_by, self.decided_for, self.decided_at = by.id, by.on_behalf_of, at


def damages(remedy: AgreedRemedy | None, value: Decimal, base: Decimal) -> Decimal:
    """The remedy's percentage, in yuan, and never more than its cap of the value (CON-14).

    `base` is what the percentage is taken of: the value itself, or of what came late the value times the days.
    """
    if remedy is None:
        return ZERO
    most = LIMIT if remedy.cap is None else share(value, remedy.cap / PERCENT)
    return min(share(base, remedy.percent / PERCENT), most)


def value_of(article: str | None, lines: Sequence[OrderedLine], goods: Sequence[IssuedGoods]) -> Decimal:
    """What the goods complained of cost, in yuan: those of the article if the order has it, else all of the order.

    What has left counts if anything has, for no more than that can be faulty.
    """
    parts = _issued(lines, goods) or [(line, line.quantity) for line in lines]
    concerned = [part for part in parts if part[0].article == article] or parts
    return sum((share(line.price, quantity) for line, quantity in concerned), ZERO)


def _issued(lines: Sequence[OrderedLine], goods: Iterable[IssuedGoods]) -> list[tuple[OrderedLine, Decimal]]:
    return [(lines[issued.line - 1], issued.quantity) for issued in goods if issued.line <= len(lines)]
