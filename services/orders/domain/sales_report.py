"""The daily and the monthly sales report."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar, NamedTuple, Self
from uuid import UUID

from pydantic import BaseModel, Field

from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.money import ZERO, Money
from shared.domain.numbers import SHANGHAI
from shared.domain.refusals import RuleBroken
from shared.events.orders import SalesReportClosed


class SalesReportKind(StrEnum):
    DAILY = "daily"
    MONTHLY = "monthly"


class SalesReportStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


OPEN, CLOSED = SalesReportStatus


class Period(NamedTuple):
    """A day, or the days of a month from its first to its last, in Shanghai."""

    kind: SalesReportKind
    begins_on: date
    ends_on: date

    @classmethod
    def of(cls, kind: SalesReportKind, begins_on: date) -> Self:
        """The period that begins on this day; a month begins on its first (ORD-15)."""
        if kind is SalesReportKind.DAILY:
            return cls(kind, begins_on, begins_on)
        if begins_on.day != 1:
            raise RuleBroken("ORD-15", "a monthly report begins on the first of its month")
        next_month = (begins_on + timedelta(days=31)).replace(day=1)
        return cls(kind, begins_on, next_month - timedelta(days=1))

    @property
    def number(self) -> str:
        """RB20261123 for a day (日报), YB202611 for a month (月报): a period is reported once."""
        return f"RB{self.begins_on:%Y%m%d}" if self.kind is SalesReportKind.DAILY else f"YB{self.begins_on:%Y%m}"

    def must_have_begun(self, at: datetime) -> None:
        """There is nothing to report of days that are still to come."""
        if self.begins_on > at.astimezone(SHANGHAI).date():
            raise RuleBroken("ORD-15", "{date} is still to come", date=str(self.begins_on))

    def must_be_over(self, at: datetime) -> None:
        """A day or month is closed once it is over in Shanghai (ORD-15)."""
        if self.ends_on >= at.astimezone(SHANGHAI).date():
            raise RuleBroken("ORD-15", "a report is closed once its last day, {date}, is over", date=str(self.ends_on))


class Figures(BaseModel):
    """What the entries of some days add up to: yuan, except lines, orders and quantities.

    Below zero are amounts that were given up (orders cancelled or expired) and that went back (reversed or refunded).
    `credited` is customers' credit: above zero what of it paid orders, below zero what became credit.
    """

    lines: int = Field(default=0, description="Lines of orders placed")
    orders: int = Field(default=0, description="Orders placed")
    ordered_quantity: Money = ZERO
    ordered_amount: Money = ZERO
    given_up_quantity: Money = ZERO
    given_up_amount: Money = ZERO
    dispatched_quantity: Money = ZERO
    dispatched_amount: Money = ZERO
    paid: Money = ZERO
    given_back: Money = ZERO
    credited: Money = ZERO


class Content(NamedTuple):
    """How many entries a period has, what identifies them, and what they add up to."""

    entries: int
    digest: str
    totals: Figures


class SalesReport(Aggregate):
    """销售日报表 / 销售月报表: numbered, and frozen from its first moment; a correction is a later entry (ORD-15)."""

    TABLE = "sales_reports"
    ENTITY = "sales_report"
    START = OPEN
    LIFECYCLE: ClassVar[Lifecycle] = {SalesReportClosed: Step({OPEN}, CLOSED)}

    status: SalesReportStatus
    number: str
    kind: SalesReportKind
    begins_on: date
    ends_on: date
    entries: int
    entries_digest: str = Field(description="sha256 over its days in order; a day's over its entries in order")
    totals: Figures
    closed_by: str
    closed_at: datetime

    @property
    def period(self) -> Period:
        return Period(self.kind, self.begins_on, self.ends_on)

    @classmethod
    def close(cls, id: UUID, period: Period, content: Content, by: Actor, at: datetime) -> Self:
        """Freeze what the ledger holds of a period that is over (ORD-15)."""
        period.must_be_over(at)
        report = cls.begin(
            id,
            number=period.number,
            **period._asdict(),
            entries=content.entries,
            entries_digest=content.digest,
            totals=content.totals,
            closed_by=by.id,
            closed_at=at,
        )
        fields = report.model_dump(include=set(SalesReportClosed.model_fields))
        report.record(SalesReportClosed(**fields, digest=content.digest))
        return report
