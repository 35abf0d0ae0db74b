"""Payment notices that nothing follows from: it takes two people to find that."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.orders.conftest import Desk
from tests.orders.test_webhooks import Bank, bank, gone, received, state

__all__ = ["bank"]

WRONG = {"reason": "对方汇错账户,已原路退回"}


def other(desk: Desk, **claims: Any) -> dict[str, str]:
    return desk.shop.headers("u18", "finance", **claims)


async def aside(desk: Desk, bank: Bank, body: dict[str, Any] | None = None) -> str:
    """The path of a notice that was set aside."""
    receipt = await bank.told(body or received(None, "10.00"))
    assert receipt["outcome"] == "set_aside"
    return f"/payment-notices/{receipt['id']}"


async def test_a_notice_is_dismissed_by_two_people(desk: Desk, bank: Bank) -> None:
    """ORD-10: one asks, with the reason; another of finance decides; nobody else has a say."""
    shop, path = desk.shop, await aside(desk, bank)
    assert (await shop.refused(f"{path}/dismissal/approve", other(desk)))["status"] == 409
    assert (await shop.refused(f"{path}/dismiss", desk.clerk, WRONG))["status"] == 403
    assert (await shop.refused(f"{path}/dismiss", desk.finance, {"reason": ""}))["status"] == 422
    asked = await shop.post(f"{path}/dismiss", desk.finance, WRONG)
    assert (asked["status"], asked["dismissals"][0]["requested_by"]) == ("dismissing", "u17")
    same = await shop.refused(f"{path}/dismissal/approve", desk.finance, headers={"Accept-Language": "zh"})
    assert (same["rule"], "不得审批" in same["detail"]) == ("ORD-10", True)
    deputy = await shop.refused(f"{path}/dismissal/approve", other(desk, on_behalf_of="u17"))
    assert deputy["rule"] == "ORD-10"
    done = await shop.post(f"{path}/dismissal/approve", other(desk))
    assert (done["status"], done["dismissals"][0]["decided_by"]) == ("dismissed", "u18")
    assert (await shop.announced(done["id"]))[-2:] == ["dismissal_requested", "dismissed"]
    order = await desk.place()
    late = await shop.refused(f"{path}/match", desk.finance, {"order_number": order["number"]})
    assert late["status"] == 409


async def test_a_notice_that_is_kept_waits_on_and_is_matched(desk: Desk, bank: Bank) -> None:
    """ORD-10: also while somebody would have it dismissed: then it is known what it is about."""
    shop, path = desk.shop, await aside(desk, bank)
    await shop.post(f"{path}/dismiss", desk.finance, WRONG)
    assert (await shop.refused(f"{path}/dismissal/refuse", desk.finance, {"reason": "查到"}))["rule"] == "ORD-10"
    kept = await shop.post(f"{path}/dismissal/refuse", other(desk), {"reason": "客户来电确认"})
    assert (kept["status"], kept["dismissals"][0]["refused_because"]) == ("set_aside", "客户来电确认")
    again = await shop.post(f"{path}/dismiss", other(desk), WRONG)
    assert len(again["dismissals"]) == 2
    order = await desk.place()
    matched = await shop.post(f"{path}/match", desk.finance, {"order_number": order["number"]})
    assert (matched["status"], matched["order_id"]) == ("matched", order["id"])


async def test_money_that_is_said_to_be_gone_blocks_its_reference_until_two_have_decided(
    desk: Desk, bank: Bank
) -> None:
    """ORD-10: nobody alone makes room for a payment that the bank called back."""
    shop, order = desk.shop, await desk.place()
    notice = received(order)
    path = await aside(desk, bank, gone(notice))
    body = {"kind": "wire"} | {key: notice["data"][key] for key in ("account", "reference", "amount")}
    payments = f"/orders/{order['id']}/payments"
    await shop.post(f"{path}/dismiss", desk.finance, WRONG)
    assert (await shop.refused(payments, desk.clerk, body))["rule"] == "ORD-10"
    assert (await bank.told(notice))["outcome"] == "set_aside"
    await shop.post(f"{path}/dismissal/approve", other(desk))
    await shop.post(payments, desk.clerk, body)
    assert len((await state(desk, order))["payments"]) == 1


async def test_only_what_was_set_aside_is_dismissed(desk: Desk, bank: Bank) -> None:
    """ORD-10: what was matched stands in its order."""
    order = await desk.place()
    receipt = await bank.told(received(order))
    refusal = await desk.shop.refused(f"/payment-notices/{receipt['id']}/dismiss", desk.finance, WRONG)
    assert refusal["status"] == 409
    assert (await desk.shop.refused(f"/payment-notices/{uuid4()}/dismiss", desk.finance, WRONG))["status"] == 404


async def test_the_same_webhook_after_its_dismissal_does_nothing(desk: Desk, bank: Bank) -> None:
    """ORD-10."""
    message, body = uuid4().hex, received(None, "10.00")
    first = await bank.told(body, message=message)
    path = f"/payment-notices/{first['id']}"
    await desk.shop.post(f"{path}/dismiss", desk.finance, WRONG)
    await desk.shop.post(f"{path}/dismissal/approve", other(desk))
    assert await bank.told(body, message=message) == first
    assert (await desk.shop.get(path, desk.finance))["status"] == "dismissed"


async def test_no_code_lets_one_person_dismiss_a_notice(desk: Desk, bank: Bank) -> None:
    """ORD-10: the database refuses it."""
    path = await aside(desk, bank)
    await desk.shop.post(f"{path}/dismiss", desk.finance, WRONG)
    query = """
        UPDATE payment_notices SET document = jsonb_set(document, '{dismissals,0,decided_by}', '"u17"') WHERE id = $1
    """
    with pytest.raises(asyncpg.CheckViolationError, match="ORD-10 whoever asks to dismiss"):
        await desk.shop.pool.execute(query, UUID(path.rpartition("/")[2]))
