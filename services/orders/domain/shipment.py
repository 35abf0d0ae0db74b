"""A shipment of an order: its plan, the papers that travel with it, and its arrival."""

from datetime import date, datetime
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel, Field

from shared.domain.money import Amount, PositiveAmount
from shared.domain.refusals import RuleBroken
from shared.events.orders import IssuedGoods


class Invoice(BaseModel):
    """发票: made out by finance for the whole order or a part of it; it travels with the goods (ORD-11)."""

    invoice: str
    title: str
    tax_number: str | None = None
    amount: PositiveAmount
    issued_on: date
    issued_by: str
    issued_at: datetime


class DispatchPlan(BaseModel):
    """发货计划: when the next shipment will leave, and who carries it (ORD-11)."""

    planned_on: date
    carrier: str
    vehicle: str | None = None
    remarks: str = ""
    planned_by: str
    planned_at: datetime


class Papers(NamedTuple):
    """What travels with a shipment; no `invoice` means the only one that is made out."""

    certificate: str
    invoice: str | None
    manual: bool
    warranty_card: bool

    def must_be_complete(self) -> None:
        """Quality certificate, manual and warranty card go with the goods (ORD-11)."""
        if not (self.certificate and self.manual and self.warranty_card):
            raise RuleBroken("ORD-11", "a shipment carries its quality certificate, the manual and the warranty card")


class Shipment(BaseModel):
    """出货: what left at one time, with its papers; goods left only against money that covered the order (ORD-9)."""

    id: UUID
    number: int = Field(description="1 for the order's first shipment")
    delivery_order: str | None
    goods: list[IssuedGoods]
    certificate: str
    certificate_link: str = Field(description="Where quality answers with the certificate")
    invoice: str | None = Field(description="None for what left before invoices were kept here")
    manual: bool
    warranty_card: bool
    plan: DispatchPlan | None
    released_against: Amount = Field(description="Confirmed money that covered the order when the goods left")
    dispatched_by: str
    dispatched_at: datetime
    delivered_at: datetime | None = None
    received_by: str | None = None


def certificate_link(certificate: str) -> str:
    """The path under which quality shows a certificate (QUA-6)."""
    return f"/v1/certificates/{quote(certificate, safe='')}"
