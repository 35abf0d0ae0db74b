"""The printed contract: everything its template sets on the page (CON-6)."""

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import segno

from services.contracts.domain.amendment import Difference, Part
from services.contracts.domain.contract import Contract
from services.contracts.domain.deviation import Passage
from services.contracts.domain.slots import PLACE
from services.contracts.domain.template import ContractKind, Template
from services.contracts.domain.text import ContractText, contract_text
from shared.documents.capitals import in_capitals
from shared.documents.form import shown
from shared.documents.glyphs import breakable
from shared.domain.numbers import SHANGHAI

NARROW = 12  # letters that stand in a row in a column of the lines, whatever their amounts
TEMPLATE = Path(__file__).with_name("contract.typ")

KINDS = {
    ContractKind.SALES: "购销合同",
    ContractKind.CLEARANCE: "处理产品包销合同",
    ContractKind.SERVICE: "服务合同",
}
PARTS = {Part.SLOT: "填写项", Part.LINE: "标的", Part.SERVICE: "服务", Part.CLAUSE: "条款", Part.VALID_UNTIL: "有效期"}


def contract_paper(
    contract: Contract, template: Template, customer: str, company: str, public_url: str
) -> dict[str, Any]:
    """What the template reads; every value is a text already, the code for the camera a picture (SVG)."""
    text = contract_text(contract, template, contract.company or customer)
    code = contract.verification_code
    address = f"{public_url}/v1/verify/{code}" if code else ""
    titles = {slot.name: slot.title for slot in template.slots}
    return {
        "title": text.title + ("补充协议" if contract.amends else ""),
        "watermark": text.watermark or "",
        "company": company,
        "number": text.number,
        "digest": _grouped(text.digest, 8),
        "short_digest": _grouped(text.digest[:16], 4),
        "code": _grouped(code or "", 5, "-"),
        "address": address.encode(),  # as it is: whoever copies it wants no marks in it
        "qr": _qr(address) if code else b"",
        "facts": _facts(contract, text.template, text.customer, company),
        "clauses": _clauses(contract, text, titles),
        "lines": _lines(contract),
        "total": shown(contract.total, "money"),
        "total_in_capitals": in_capitals(contract.total) if contract.lines else "",
        "services": [
            [term.service, str(term.response_hours), str(term.resolution_hours), str(term.times or "不限")]
            for term in contract.services
        ],
        "changes": [_change(one, titles) for one in contract.difference],
        "reason": contract.amended_because or "",
        "editions": [[str(one.edition), _day(one.seal.at), one.digest[:16]] for one in contract.editions],
        "seal": _seal(contract),
    }


def printed_as_of(contract: Contract) -> datetime:
    """The moment a print is of: the same content gives the same bytes."""
    return contract.seal.at if contract.seal else contract.drafted_at


def _facts(contract: Contract, template: str, customer: str, company: str) -> list[list[str]]:
    return [
        ["合同编号", contract.number],
        ["合同类别", KINDS[contract.kind]],
        ["供方", company],
        ["需方", customer],
        ["版次", f"第 {contract.edition} 版"],
        ["有效期至", contract.valid_until.isoformat()],
        ["文本依据", f"公司蓝本 {template}"],
        ["起草日期", _day(contract.drafted_at)],
    ]


def _clauses(contract: Contract, text: ContractText, titles: dict[str, str]) -> list[dict[str, Any]]:
    differences = {deviation.clause: deviation.difference for deviation in contract.deviations}
    return [
        {
            "number": clause.number,
            "heading": clause.heading,
            "text": clause.text,
            "passages": _passages(differences.get(clause.number, []), titles),
        }
        for clause in text.clauses
    ]


def _change(one: Difference, titles: dict[str, str]) -> dict[str, Any]:
    """Clauses show what changed within them; of anything shorter both are shown whole."""
    passages, name = one.passages, titles.get(one.name, one.name)
    if one.part is Part.CLAUSE:
        name = f"第 {one.name} 条"
    else:
        both = (("removed", one.before), ("kept", " → " if one.before and one.after else None), ("added", one.after))
        passages = [Passage.model_validate({"change": change, "text": text}) for change, text in both if text]
    return {"part": PARTS[one.part], "name": name, "passages": _passages(passages, titles)}


def _lines(contract: Contract) -> list[list[str]]:
    return [
        [
            str(position),
            breakable(line.article, NARROW),
            breakable(line.specification, NARROW),
            shown(line.quantity, "quantity"),
            shown(line.price, "money"),
            shown(line.quantity * line.price, "money"),
            shown(line.deliver_by),
        ]
        for position, line in enumerate(contract.lines, start=1)
    ]


def _seal(contract: Contract) -> dict[str, str] | None:
    if contract.seal is None:
        return None
    return {"custodian": contract.seal.custodian, "copies": str(contract.seal.copies), "at": shown(contract.seal.at)}


def _passages(passages: Sequence[Passage], titles: dict[str, str]) -> list[dict[str, str]]:
    """A place of the template is shown by what people call it: 〔付款日〕."""
    return [
        {
            "change": passage.change,
            "text": PLACE.sub(lambda place: f"〔{titles.get(place[1], place[1])}〕", passage.text),
        }
        for passage in passages
    ]


def _day(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d}"


def _grouped(text: str, size: int, between: str = " ") -> str:
    return between.join(text[start : start + size] for start in range(0, len(text), size))


def _qr(address: str) -> bytes:
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="svg", border=0, xmldecl=False, nl=False)
    return picture.getvalue()
