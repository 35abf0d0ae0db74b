"""What banks and payment providers report, signed (Standard Webhooks)."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from standardwebhooks import Webhook

from services.orders.api.providers import Providers
from services.orders.app import create_app
from services.orders.settings import OrdersSettings
from tests.house import House, Running
from tests.orders.conftest import Desk

OLD, NEW = "whsec_b2xkLXNlY3JldC1vZi10aGUtYmFuaw==", "whsec_bmV3LXNlY3JldC1vZi10aGUtYmFuaw=="


class Bank:
    """A provider that signs what it sends."""

    def __init__(self, shop: Running) -> None:
        self.shop = shop

    async def send(
        self, body: Any, *, message: str | None = None, secret: str = OLD, at: datetime | None = None,
        provider: str = "bank", **headers: str,
    ) -> httpx.Response:  # fmt: skip
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        message, at = message or f"msg_{uuid4().hex}", at or datetime.now(UTC)
        signed = {
            "webhook-id": message,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(message, at, raw.decode(errors="replace")),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.shop.ask("POST", f"/payment-notices/{provider}", signed, content=raw)

    async def told(self, body: Any, **more: Any) -> dict[str, Any]:
        answer = await self.send(body, **more)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.fixture
def bank(desk: Desk) -> Iterator[Bank]:
    before = desk.shop.app.state.providers
    desk.shop.app.state.providers = Providers({"bank": [OLD, NEW], "wallet": [NEW]})
    yield Bank(desk.shop)
    desk.shop.app.state.providers = before


def received(order: dict[str, Any] | None, amount: str | None = None, **changed: Any) -> dict[str, Any]:
    data = {"account": "6222", "reference": uuid4().hex, "amount": amount or (order or {}).get("total", "10.00")}
    number = {"order_number": order["number"]} if order else {}
    return {"type": "payment.received", "data": data | number | changed}


def gone(notice: dict[str, Any]) -> dict[str, Any]:
    return notice | {"type": "payment.reversed", "data": notice["data"] | {"reason": "退票"}}


async def state(desk: Desk, order: dict[str, Any]) -> dict[str, Any]:
    return dict(await desk.shop.get(f"/orders/{order['id']}"))


async def test_money_a_bank_reports_is_recorded_and_finance_confirms_it(desk: Desk, bank: Bank) -> None:
    """ORD-10: the bank has recorded it, so anybody in finance may confirm it; nothing is paid before that."""
    order = await desk.place()
    receipt = await bank.told(received(order) | {"id": "not ours"})
    assert (receipt["outcome"], set(receipt)) == ("received", {"id", "webhook_id", "outcome", "received_at"})
    waiting = await state(desk, order)
    payment = waiting["payments"][0]
    assert (waiting["status"], waiting["confirmed"]) == ("awaiting_payment", "0.00")
    assert (payment["recorded_by"], payment["kind"], payment["amount"]) == ("provider:bank", "wire", order["total"])
    paid = await desk.shop.post(f"/orders/{order['id']}/payments/{payment['id']}/confirm", desk.finance)
    assert paid["status"] == "paid"
    assert await desk.shop.announced(receipt["id"]) == ["received", "matched"]
    actors = "SELECT actor FROM events WHERE entity_id = $1 AND subject LIKE '%payment_recorded%'"
    assert await desk.shop.pool.fetchval(actors, UUID(order["id"])) == "provider:bank"


async def test_the_same_webhook_again_gets_the_first_answer_and_does_nothing(desk: Desk, bank: Bank) -> None:
    """ORD-10: replay protection, with whatever secret and however late within the signature's five minutes."""
    order, message = await desk.place(), f"msg_{uuid4().hex}"
    body = received(order)
    first = await bank.send(body, message=message)
    again = await bank.send(body, message=message, secret=NEW, at=datetime.now(UTC) - timedelta(minutes=4))
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert len((await state(desk, order))["payments"]) == 1
    other = await bank.send(received(order, "1.00"), message=message)
    assert (other.status_code, other.json()["rule"]) == (422, "ORD-10")
    assert len((await state(desk, order))["payments"]) == 1


async def test_the_same_webhook_at_the_same_moment_has_one_effect(desk: Desk, bank: Bank) -> None:
    """ORD-10."""
    for _ in range(3):
        order, message = await desk.place(), f"msg_{uuid4().hex}"
        body = received(order)
        answers = await asyncio.gather(*(bank.send(body, message=message) for _ in range(4)))
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
        assert len({answer.content for answer in answers}) == 1
        assert len((await state(desk, order))["payments"]) == 1


async def test_two_notices_of_the_same_money_at_the_same_moment_record_it_once(desk: Desk, bank: Bank) -> None:
    """ORD-10: a bank reference is used once per account, whichever webhook names it."""
    order = await desk.place()
    body = received(order)
    answers = await asyncio.gather(*(bank.send(body) for _ in range(4)))
    assert {answer.json().get("outcome") for answer in answers} == {"received"}, [answer.text for answer in answers]
    assert len((await state(desk, order))["payments"]) == 1


async def test_a_bank_and_a_clerk_who_record_the_same_money_at_once_record_it_once(desk: Desk, bank: Bank) -> None:
    """ORD-10: the clerk may be told that it stands there; the bank is always heard."""
    for _ in range(5):
        order, other = await desk.place(), await desk.place()
        body = received(order)
        record = body["data"] | {"kind": "wire"}
        record.pop("order_number")
        for mine in (order, other):
            record["reference"] = body["data"]["reference"] = uuid4().hex
            clerk = desk.shop.ask("POST", f"/orders/{mine['id']}/payments", desk.clerk, json=record)
            answers = await asyncio.gather(bank.send(body), clerk)
            assert answers[0].status_code == 200, answers[0].text
            assert answers[1].status_code in (200, 422), answers[1].text
            held = [*(await state(desk, order))["payments"], *(await state(desk, other))["payments"]]
            assert [one["reference"] for one in held].count(record["reference"]) == 1


async def test_money_that_went_back_closes_the_gate_at_once(desk: Desk, bank: Bank) -> None:
    """ORD-9, ORD-10."""
    order = await desk.place()
    notice = received(order)
    await bank.told(notice)
    payment = (await state(desk, order))["payments"][0]
    await desk.shop.post(f"/orders/{order['id']}/payments/{payment['id']}/confirm", desk.finance)
    assert (await bank.told(gone(notice)))["outcome"] == "reversed"
    closed = await state(desk, order)
    assert (closed["status"], closed["payments"][0]["reversed_by"]) == ("awaiting_payment", "provider:bank")
    assert closed["payments"][0]["reversed_because"] == "退票"
    assert (await desk.shop.announced(order["id"]))[-1] == "gate_closed"
    assert (await bank.told(gone(notice)))["outcome"] == "reversed"
    assert (await desk.shop.announced(order["id"])).count("payment_reversed") == 1


async def test_money_that_went_back_before_it_was_said_to_have_come_is_not_recorded(desk: Desk, bank: Bank) -> None:
    """ORD-10: notices may come in any order; neither a provider nor a clerk records what is known to be gone."""
    order = await desk.place()
    notice = received(order)
    assert (await bank.told(gone(notice)))["outcome"] == "set_aside"
    late = await bank.told(notice)
    assert late["outcome"] == "set_aside"
    assert (await state(desk, order))["payments"] == []
    body = {"kind": "wire"} | {key: notice["data"][key] for key in ("account", "reference", "amount")}
    assert (await desk.shop.refused(f"/orders/{order['id']}/payments", desk.clerk, body))["rule"] == "ORD-10"
    match = await desk.shop.refused(
        f"/payment-notices/{late['id']}/match", desk.finance, {"order_number": order["number"]}
    )
    assert match["rule"] == "ORD-10"


async def test_money_that_fits_no_order_is_set_aside_and_matched_by_finance(desk: Desk, bank: Bank) -> None:
    """ORD-10: whoever matches it has recorded it, and does not confirm it."""
    shop, order = desk.shop, await desk.place()
    receipt = await bank.told(received(None, order["total"], order_number="DH-none"))
    assert receipt["outcome"] == "set_aside"
    path = f"/payment-notices/{receipt['id']}"
    aside = await shop.get("/payment-notices?state=set_aside&limit=200", desk.finance)
    assert receipt["id"] in {one["id"] for one in aside["items"]}
    assert (await shop.ask("GET", "/payment-notices", desk.clerk)).status_code == 403
    assert (await shop.get(path, desk.finance))["set_aside_because"] == "no order fits"
    assert (await shop.refused(f"{path}/match", desk.finance, {"order_number": "DH-none"}))["status"] == 404
    matched = await shop.post(f"{path}/match", desk.finance, {"order_number": order["number"]})
    assert (matched["status"], matched["order_id"], matched["matched_by"]) == ("matched", order["id"], "u17")
    confirm = f"/orders/{order['id']}/payments/{matched['payment_id']}/confirm"
    assert (await shop.refused(confirm, desk.finance))["rule"] == "ORD-10"
    assert (await shop.post(confirm, shop.headers("u18", "finance")))["status"] == "paid"
    assert (await shop.refused(f"{path}/match", desk.finance, {"order_number": order["number"]}))["status"] == 409


async def test_money_for_an_order_that_takes_none_is_kept_for_finance(desk: Desk, bank: Bank) -> None:
    """ORD-10, ORD-17."""
    order, other = await desk.place(), await desk.record(await desk.place(), "5.00")
    await desk.shop.post(f"/orders/{order['id']}/cancel", desk.seller, {"reason": "不要了"})
    assert (await bank.told(received(order)))["outcome"] == "set_aside"
    used = {"reference": other["payments"][0]["reference"]}
    assert (await bank.told(received(order, "5.00", **used)))["outcome"] == "set_aside"
    assert (await bank.told(received(other, "6.00", **used)))["outcome"] == "set_aside"
    assert (await bank.told(received(other, "5.00", **used)))["outcome"] == "received"
    assert len((await state(desk, other))["payments"]) == 1


async def test_a_reversal_under_another_reference_is_matched_to_the_payment_that_finance_names(
    desk: Desk, bank: Bank
) -> None:
    """ORD-10."""
    shop, order = desk.shop, await desk.confirmed(await desk.place())
    payment = order["payments"][0]["id"]
    receipt = await bank.told(gone(received(None, order["total"])))
    path = f"/payment-notices/{receipt['id']}/match"
    named = {"order_number": order["number"]}
    assert (await shop.refused(path, desk.finance, named))["rule"] == "ORD-10"
    assert (await shop.refused(path, desk.finance, named | {"payment_id": str(uuid4())}))["status"] == 404
    matched = await shop.post(path, desk.finance, named | {"payment_id": payment})
    assert (matched["status"], matched["payment_id"]) == ("matched", payment)
    closed = await state(desk, order)
    assert (closed["status"], closed["payments"][0]["reversed_by"]) == ("awaiting_payment", "u17")


async def test_money_that_stands_in_another_order_is_not_matched_to_this_one(desk: Desk, bank: Bank) -> None:
    """ORD-10: once per account."""
    order, other = await desk.record(await desk.place(), "5.00"), await desk.place()
    receipt = await bank.told(received(other, "5.00", reference=order["payments"][0]["reference"]))
    assert receipt["outcome"] == "set_aside"
    path = f"/payment-notices/{receipt['id']}/match"
    problem = await desk.shop.refused(path, desk.finance, {"order_number": other["number"]})
    assert (problem["rule"], order["number"] in problem["detail"]) == ("ORD-10", True)
    matched = await desk.shop.post(path, desk.finance, {"order_number": order["number"]})
    assert matched["payment_id"] == order["payments"][0]["id"]
    assert len((await state(desk, order))["payments"]) == 1


BODY: dict[str, Any] = received(None)
LATER = timedelta(minutes=6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "whsec_c29tZWJvZHkgZWxzZQ=="},
        {"at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"at": datetime(2999, 1, 1, tzinfo=UTC)},
        {"webhook_signature": "v1,AAAA"},
        {"webhook_signature": "nonsense"},
        {"webhook_signature": "v1,a,b"},
        {"webhook_signature": ""},
        {"webhook_timestamp": "now"},
        {"webhook_id": "x" * 300},
        {"webhook_id": "another"},
    ],
    ids=["secret", "old", "early", "signature", "nonsense", "commas", "none", "time", "long id", "id"],
)
async def test_what_is_not_signed_by_the_provider_is_not_heard(desk: Desk, bank: Bank, wrong: dict[str, Any]) -> None:
    """ORD-10: 401, and nothing is kept."""
    answer = await bank.send(BODY, **wrong)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), answer.text


async def test_a_body_that_was_changed_on_its_way_is_not_heard(desk: Desk, bank: Bank) -> None:
    """ORD-10."""
    message, at, raw = uuid4().hex, datetime.now(UTC), json.dumps(BODY)
    headers = {
        "webhook-id": message, "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(OLD).sign(message, at, raw),
    }  # fmt: skip
    changed = raw.replace("10.00", "99.00").encode()
    for content in (changed, b"", b"\xff\xfe"):
        answer = await desk.shop.ask("POST", "/payment-notices/bank", headers, content=content)
        assert answer.status_code == 401
    assert (await desk.shop.ask("POST", "/payment-notices/bank", {}, content=raw)).status_code == 401


async def test_a_provider_speaks_with_its_own_secret_and_only_known_ones_speak(desk: Desk, bank: Bank) -> None:
    """ORD-10."""
    assert (await bank.send(BODY, provider="nobody")).status_code == 404
    assert (await bank.send(BODY, provider="wallet")).status_code == 401
    assert (await bank.send(received(None), provider="wallet", secret=NEW)).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"[1]", "body"),
        (b"\xef\xbb\xbf{}", "body"),
        (BODY | {"type": "payment.dreamt"}, "body.type"),
        (BODY | {"data": {}}, "body.data.account"),
        (received(None, "-1.00"), "body.data.amount"),
        (received(None, amount="1.001"), "body.data.amount"),
        (received(None, kind="credit"), "body.data.kind"),
        (received(None, paid_at="yesterday"), "body.data.paid_at"),
        (received(None, reference="x" * 61), "body.data.reference"),
    ],
)
async def test_a_signed_body_that_is_not_understood_is_named(desk: Desk, bank: Bank, body: Any, field: str) -> None:
    """ORD-10: 422 with the field."""
    answer = await bank.send(body, Accept_Language="zh")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text


async def test_a_character_the_database_cannot_hold_is_bad_input(desk: Desk, bank: Bank) -> None:
    answer = await bank.send(received(None, reason="a\u0000b"))
    assert answer.status_code == 422, answer.text


def test_secrets_come_from_the_environment_of_orders(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """ORD-10: and from a file, as orchestrators give them."""
    monkeypatch.setenv("PAYMENT_WEBHOOK_SECRETS", json.dumps({"bank": [OLD, NEW]}))
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"wallet": [NEW]}))
    monkeypatch.setenv("PAYMENT_WEBHOOK_SECRETS_FILE", str(file))
    assert set(OrdersSettings().providers()) == {"bank", "wallet"}
    app: FastAPI = create_app(house.settings("postgresql://nowhere/none"))
    at, message, raw = datetime.now(UTC), "msg_1", "{}"
    headers = {
        "webhook-id": message, "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(NEW).sign(message, at, raw),
    }  # fmt: skip
    assert app.state.providers.verify("wallet", raw.encode(), headers) == message
