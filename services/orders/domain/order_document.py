"""A paper that is kept with an order."""

import hashlib
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from typing import ClassVar, Self
from uuid import UUID
from zipfile import BadZipFile, ZipFile

from shared.domain.actor import Actor
from shared.domain.aggregate import Aggregate, Lifecycle, Step
from shared.domain.refusals import RuleBroken
from shared.events.orders import OrderDocumentFiled

MEGABYTE = 1_000_000
LIMIT = 10  # megabytes

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BEGINNINGS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", XLSX: "xlsx"}


class DocumentKind(StrEnum):
    ORDER = "order"
    DELIVERY_ORDER = "delivery_order"
    PAYMENT_SLIP = "payment_slip"
    OTHER = "other"


class DocumentStatus(StrEnum):
    NEW = "new"
    FILED = "filed"


class OrderDocument(Aggregate):
    """存档单据: signed order, delivery order, payment slip; kept with the order as they came in (ORD-18, CON-8).

    `size` is in bytes; `sha256` of the content, in hex, shows later that it is the same paper.
    """

    TABLE = "order_documents"
    ENTITY = "order_document"
    START = DocumentStatus.NEW
    LIFECYCLE: ClassVar[Lifecycle] = {OrderDocumentFiled: Step({DocumentStatus.NEW}, DocumentStatus.FILED)}

    status: DocumentStatus
    order_id: UUID
    kind: DocumentKind
    name: str
    media_type: str
    size: int
    sha256: str
    filed_by: str
    filed_at: datetime

    @classmethod
    def file(
        cls, id: UUID, order_id: UUID, kind: DocumentKind, name: str, content: bytes, by: Actor, at: datetime
    ) -> Self:
        """Keep a paper; what it is follows from its content, whatever its name says (ORD-18)."""
        if len(content) > LIMIT * MEGABYTE:
            raise RuleBroken("ORD-18", "a paper has at most {limit} MB", limit=LIMIT)
        media_type = media_type_of(content)
        if media_type is None:
            raise RuleBroken("ORD-18", "a paper is a PDF, PNG, JPEG or XLSX file")
        document = cls.begin(
            id, order_id=order_id, kind=kind, name=name.strip()[:200] or f"paper.{ENDINGS[media_type]}",
            media_type=media_type, size=len(content), sha256=hashlib.sha256(content).hexdigest(), filed_by=by.id,
            filed_at=at,
        )  # fmt: skip
        document.record(OrderDocumentFiled.model_validate(document, from_attributes=True))
        return document


def media_type_of(content: bytes) -> str | None:
    """What the content is by its first bytes, and for a workbook by its parts; `None` for anything else."""
    for beginning, media_type in BEGINNINGS.items():
        if content.startswith(beginning):
            return media_type
    try:
        with ZipFile(BytesIO(content)) as package:
            return XLSX if {"[Content_Types].xml", "xl/workbook.xml"} <= set(package.namelist()) else None
    except (BadZipFile, ValueError, NotImplementedError):  # none, a damaged one, or zipped otherwise
        return None
