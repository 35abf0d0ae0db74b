"""Papers are kept with the order (ORD-18, CON-8)."""

import hashlib
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import asyncpg
import httpx
import pytest

from tests.orders.conftest import DATA, Desk

PDF = b"%PDF-1.7\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n0000"
XLSX = (DATA / "articles.xlsx").read_bytes()


def zipped() -> bytes:
    content = BytesIO()
    with ZipFile(content, "w") as package:
        package.writestr("readme.txt", "no workbook")
    return content.getvalue()


async def file(
    desk: Desk, order: dict[str, Any], content: bytes = PDF, name: str = "订单.pdf", kind: str = "order", **who: Any
) -> httpx.Response:
    path = f"/orders/{order['id']}/documents"
    return await desk.shop.ask(
        "POST", path, who.get("who", desk.seller), files={"file": (name, content)}, data={"kind": kind}
    )


async def test_a_paper_comes_back_byte_by_byte(desk: Desk) -> None:
    """ORD-18"""
    order = await desk.place()
    filed = {}
    for content, name, kind, media_type in (
        (PDF, "订单.pdf", "order", "application/pdf"),
        (PNG, "slip.exe", "payment_slip", "image/png"),
        (b"\xff\xd8\xff\xe0", "x.jpg", "other", "image/jpeg"),
        (XLSX, "a.xlsx", "delivery_order", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ):
        answer = await file(desk, order, content, name, kind)
        assert answer.status_code == 201, answer.text
        paper = answer.json()
        assert (paper["media_type"], paper["sha256"]) == (media_type, hashlib.sha256(content).hexdigest())
        filed[paper["id"]] = content
    listed = (await desk.shop.get(f"/orders/{order['id']}/documents", desk.seller))["items"]
    assert [paper["id"] for paper in listed] == list(filed)[::-1]
    for identity, content in filed.items():
        shown = await desk.shop.ask("GET", f"/orders/{order['id']}/documents/{identity}", desk.seller)
        assert shown.content == content
        assert shown.headers["content-disposition"].startswith("attachment")
        assert shown.headers["x-content-type-options"] == "nosniff"
    assert await desk.shop.announced(next(iter(filed))) == ["filed"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"<html>", "order"), (b"", "order"), (zipped(), "order"), (b"PK\x03\x04 broken", "order"), (PDF, "novel")],
    ids=["web page", "nothing", "another package", "a broken one", "unknown kind"],
)
async def test_what_is_no_paper_is_refused(desk: Desk, content: bytes, kind: str) -> None:
    """ORD-18: by its content, not by its name."""
    answer = await file(desk, await desk.place(), content, kind=kind)
    assert answer.status_code == 422, answer.text


async def test_a_paper_has_at_most_ten_megabytes(desk: Desk) -> None:
    """ORD-18"""
    order = await desk.place()
    assert (await file(desk, order, PDF.ljust(10_000_000, b"0"))).status_code == 201
    answer = await file(desk, order, PDF.ljust(10_000_001, b"0"))
    assert (answer.status_code, answer.json()["rule"]) == (422, "ORD-18")
    assert (await file(desk, order, PDF.ljust(12_000_000, b"0"))).status_code == 413


async def test_papers_are_seen_and_filed_by_whoever_may_see_the_order(desk: Desk) -> None:
    """PLT-3"""
    order, other = await desk.place(), await desk.place()
    shop, paper = desk.shop, (await file(desk, order)).json()
    path = f"/orders/{order['id']}/documents"
    for who in (
        shop.headers("u13", "salesperson"), shop.headers("d2", "customer", customer=str(uuid4())),
        shop.headers("d2", "customer"),
    ):  # fmt: skip
        assert (await file(desk, order, who=who)).status_code == 403
        for address in (path, f"{path}/{paper['id']}"):
            assert (await shop.ask("GET", address, who)).status_code == 403
    customer = shop.headers("d1", "customer", customer=desk.customer)
    assert (await file(desk, order, who=customer)).status_code == 201
    assert len((await shop.get(path, customer))["items"]) == 2
    elsewhere = f"/orders/{other['id']}/documents/{paper['id']}"
    assert (await shop.ask("GET", elsewhere, desk.seller)).status_code == 404
    assert (await shop.ask("GET", f"/orders/{uuid4()}/documents", desk.seller)).status_code == 404


async def test_nothing_in_the_archive_is_deleted(desk: Desk) -> None:
    """CON-8, ORD-18: not even by whoever holds the database."""
    order = await desk.place()
    paper = (await file(desk, order)).json()
    for deletion, *args in (
        ("DELETE FROM orders WHERE id = $1", UUID(order["id"])),
        ("DELETE FROM order_documents WHERE id = $1", UUID(paper["id"])),
        ("DELETE FROM order_files WHERE document_id = $1", UUID(paper["id"])),
        ("UPDATE order_files SET content = '' WHERE document_id = $1", UUID(paper["id"])),
        ("TRUNCATE order_files",),
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="CON-8"):
            await desk.shop.pool.execute(deletion, *args)
