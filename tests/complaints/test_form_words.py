"""What stands on the form of a complaint is Chinese, though events carry codes (CMP-12)."""

import tomllib
from pathlib import Path

from services.complaints.causes import CAUSES
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.steps import Found
from shared.domain.actor import Post
from tests.complaints.cases import DIRECTOR, HOUR, NOON, taken
from tests.complaints.test_forms import form_of, whole


def test_every_cause_of_qualitys_catalogue_has_its_name_on_the_form() -> None:
    """QUA-3: new causes are entered here as well."""
    catalogue = tomllib.loads(Path("services/quality/domain/causes.toml").read_text(encoding="utf-8"))["causes"]
    assert {code: cause["zh"] for code, cause in catalogue.items()} == CAUSES


def found(cause: str) -> str:
    case = whole()
    case.note_task(Post.WAREHOUSE, NOON + 12 * HOUR, NOON)
    case.note_finding(Post.WAREHOUSE, cause, "码放过高", "u26", NOON + 13 * HOUR)
    return form_of(case)


def test_a_departments_cause_is_called_by_its_name() -> None:
    """CMP-12, QUA-3"""
    assert "仓储不当" in found("storage")
    assert "自定原因" in found("自定原因")


def test_the_department_of_whoever_is_responsible_is_called_by_its_name() -> None:
    """CMP-12, CMP-15"""
    case: Complaint = taken()
    someone = Found(employee="u13", department="sales", severity="ordinary", finding="录音证实", evidence=["录音"])
    case.establish(True, [someone], DIRECTOR, NOON + HOUR)
    said = form_of(case)
    assert "销售部" in said
    assert "sales" not in said
