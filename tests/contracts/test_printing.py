"""Contracts on paper, and whether a paper is genuine (CON-6)."""

from typing import Any

import asyncpg
import httpx
import pytest

from tests.contracts.conftest import LINES, Office
from tests.contracts.sample import LATER
from tests.papers import fonts, pages, paper

STRANGE = '= 标题 #import "/etc/passwd" *粗* $x$ {total} <script> \u202e😀 䶮喆堃珺 𰻝'


async def printed(desk: Office, contract: Any, who: dict[str, str] | None = None) -> httpx.Response:
    return await desk.service.ask("GET", f"/contracts/{contract['id']}/print", who or desk.seller)


async def on_paper(desk: Office, contract: Any) -> list[str]:
    return pages(paper(await printed(desk, contract), "pdf"))


async def verified(desk: Office, code: str, **more: Any) -> httpx.Response:
    return await desk.service.ask("GET", f"/verify/{code}", **more)


def long_contract() -> dict[str, Any]:
    lines = [LINES[0] | {"article": f"A{number:03}"} for number in range(200)]
    return {"lines": lines}


async def test_an_unsealed_contract_is_a_draft_on_every_page(desk: Office) -> None:
    """CON-6"""
    contract = await desk.drafted(**long_contract())
    found = await on_paper(desk, contract)
    assert len(found) > 4
    assert all("草稿DRAFT" in page for page in found)
    assert "不具合同效力" in found[-1]


async def test_number_digest_and_code_stand_on_every_page(desk: Office) -> None:
    """CON-6"""
    contract = await desk.drafted(**long_contract())
    text = await desk.service.get(f"/contracts/{contract['id']}/text", desk.seller)
    code, digest = contract["verification_code"], text["digest"]
    for number, page in enumerate(found := await on_paper(desk, contract), start=1):
        assert contract["number"] in page
        assert "-".join(code[at : at + 5] for at in range(0, len(code), 5)) in page
        assert f"/v1/verify/{code}" in page
        assert digest[:16] in page
        assert f"第{number}页共{len(found)}页" in page
    assert digest in found[-1], "once in full"
    assert "A000" in "".join(found)
    assert "A199" in "".join(found)


async def test_a_sealed_contract_bears_the_seal_and_no_watermark(desk: Office) -> None:
    """CON-5, CON-6"""
    contract = await desk.sealed(await desk.drafted())
    found = "".join(await on_paper(desk, contract))
    assert "DRAFT" not in found
    assert "一式2份，保管人s1" in found
    assert "合同总额1200.00元" in found, "slots are filled"
    assert "2026年5月1日" in found
    assert "1,200.00" in found
    assert "人民币壹仟贰佰元整" in found
    assert "佛山陶瓷" in found


async def test_a_deviation_is_marked_with_what_it_replaces(desk: Office) -> None:
    """CON-2, CON-6"""
    contract = await desk.drafted()
    before = "".join(await on_paper(desk, contract))
    assert "※" not in before
    contract = await desk.do(contract, "deviate", desk.seller, {"clause": "5", "text": LATER})
    after = "".join(await on_paper(desk, contract))
    assert "四十五日内交货" in after
    assert "本条与公司蓝本不同" in after
    assert "〔付款日〕" in after, "a place of the template is called what people call it"


async def test_an_amendment_is_printed_with_its_difference(desk: Office) -> None:
    """CON-6, CON-9"""
    contract = await desk.sealed(await desk.drafted())
    amendment = await desk.amended(contract, lines=[LINES[0] | {"quantity": "200"}])
    found = "".join(await on_paper(desk, amendment))
    assert "补充协议" in found
    assert "本次变更" in found
    assert "客户增订" in found
    assert amendment["number"] in found


async def test_a_service_contract_is_printed_with_its_time_limits(desk: Office) -> None:
    """CON-6, CON-12"""
    template = await desk.template(kind="service")
    services = [{"service": "上门铺贴指导", "response_hours": 24, "resolution_hours": 72, "times": 4}]
    contract = await desk.drafted(template_id=template["id"], services=services)
    found = "".join(await on_paper(desk, contract))
    assert "上门铺贴指导" in found
    assert "服务内容与时限" in found


async def test_the_font_is_in_the_file(desk: Office) -> None:
    """CON-6"""
    pdf = paper(await printed(desk, await desk.drafted()), "pdf")
    found = fonts(pdf)
    assert found
    assert all("NotoSansCJKsc" in name and embedded for name, embedded in found.items())


async def test_the_same_contract_is_the_same_file(desk: Office) -> None:
    """CON-6"""
    contract = await desk.drafted()
    first, second = await printed(desk, contract), await printed(desk, contract)
    assert first.content == second.content


async def test_what_a_contract_says_is_text_and_never_markup(desk: Office) -> None:
    """CON-6"""
    slots = [{"name": "note", "type": "text", "title": "备注"}]
    clauses = [{"number": "1", "heading": STRANGE[:60], "text": "备注：{note}"}]
    template = await desk.template(clauses=clauses, slots=slots)
    line = LINES[0] | {"article": "W" * 40, "specification": STRANGE[:60]}
    contract = await desk.drafted(template_id=template["id"], slots={"note": STRANGE + "长" * 1900}, lines=[line])
    found = "".join(await on_paper(desk, contract))
    assert '#import"/etc/passwd"*粗*$x${total}<script>' in found
    assert "〔U+1F600〕" in found, "what the font has not is named, never a box"
    assert "䶮喆堃珺𰻝" in found
    assert "\u202e" not in found


async def test_each_print_is_registered_with_who_when_and_what(desk: Office) -> None:
    """CON-6"""
    contract = await desk.drafted()
    await printed(desk, contract)
    await printed(desk, contract, desk.service.headers("d1", "clerk", on_behalf_of="k7"))
    newest, oldest = (await desk.service.get(f"/contracts/{contract['id']}/prints", desk.manager))["items"]
    assert (newest["printed_by"], newest["printed_for"], oldest["printed_by"]) == ("d1", "k7", "u1")
    text = await desk.service.get(f"/contracts/{contract['id']}/text", desk.seller)
    assert (oldest["digest"], oldest["sealed"], oldest["number"]) == (text["digest"], False, contract["number"])
    with pytest.raises(asyncpg.RestrictViolationError, match="stays as it is"):
        await desk.service.pool.execute("DELETE FROM contract_prints")


async def test_a_print_is_for_those_who_may_read_the_contract(desk: Office) -> None:
    """CON-6, PLT-3"""
    contract = await desk.drafted()
    themselves = desk.service.headers("c1", "customer", customer=contract["customer_id"])
    assert (await printed(desk, contract, themselves)).status_code == 200
    for stranger in (
        desk.service.headers("u99", "salesperson"),
        desk.service.headers("c2", "customer", customer="00000000-0000-0000-0000-000000000001"),
    ):
        assert (await printed(desk, contract, stranger)).status_code == 403
    assert (await desk.service.ask("GET", f"/contracts/{contract['id']}/print")).status_code == 401
    assert (await desk.service.ask("GET", f"/contracts/{contract['id']}/prints", themselves)).status_code == 403
    unknown = await desk.service.ask("GET", f"/contracts/{contract['customer_id']}/print", desk.seller)
    assert unknown.status_code == 404


async def test_whoever_holds_a_paper_can_verify_it_without_login(desk: Office) -> None:
    """CON-6"""
    contract = await desk.drafted()
    draft = (await verified(desk, contract["verification_code"])).json()
    assert (draft["status"], draft["in_force"], draft["sealed_on"]) == ("draft", False, None)
    contract = await desk.sealed(contract)
    answer = await verified(desk, contract["verification_code"])
    found = answer.json()
    assert found["number"] == contract["number"]
    assert (found["status"], found["in_force"], found["edition"]) == ("in_force", True, 1)
    assert found["digest"] == contract["seal"]["digest"]
    assert (found["lines"], found["total"], found["valid_until"]) == (1, "1200.00", "2098-12-31")
    assert found["sealed_on"]
    personal = {contract["customer_id"], "佛山陶瓷", "u1", "s1", contract["template_code"]}
    assert not [word for word in personal if f'"{word}"' in answer.text]


async def test_the_code_may_be_typed_as_it_is_read(desk: Office) -> None:
    """CON-6"""
    contract = await desk.drafted()
    code = contract["verification_code"]
    typed = "-".join(code[at : at + 5] for at in range(0, 20, 5)).lower().replace("1", "l").replace("0", "o")
    assert (await verified(desk, typed)).json()["number"] == contract["number"]


async def test_an_unknown_code_is_a_clear_no_in_the_readers_language(desk: Office) -> None:
    """CON-6"""
    answer = await verified(desk, "0" * 20, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 404
    assert answer.json()["detail"] == "没有合同使用此核验码"
    assert (await verified(desk, "x" * 100)).status_code == 422
    assert (await verified(desk, "%00'--")).status_code in (404, 422)


async def test_a_paper_of_an_earlier_edition_is_known_as_such(desk: Office) -> None:
    """CON-6, CON-9"""
    contract = await desk.sealed(await desk.drafted())
    await desk.sealed(await desk.amended(contract, lines=[LINES[0] | {"quantity": "200"}]))
    found = (await verified(desk, contract["verification_code"])).json()
    assert found["edition"] == 2
    assert found["digest"] != contract["seal"]["digest"]
    assert [one["digest"] for one in found["earlier_editions"]] == [contract["seal"]["digest"]]
    again = "".join(await on_paper(desk, contract))
    assert "历次版本" in again
