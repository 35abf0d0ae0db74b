"""The story of one case: everything that belongs to it, across services, and nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local.investigating import line
from deploy.local.problem import Problem
from deploy.local.story import Happening, full_id, story


def happened(identity: str, entity: str, chain: str, version: int = 1, **data: Any) -> Happening:
    at = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    return Happening(identity, f"complaints.{identity}.v1", entity, version, at, chain, "u17", data)


PLACED = happened("order.placed", "order", "chain-1", customer_id="customer")
FILED = happened("complaint.filed", "complaint", "chain-2", order_id="order", customer_id="customer", lot="L7")
OPENED = happened("investigation.opened", "investigation", "chain-2", complaint_id="complaint")
HELD = happened("lot.held", "lot", "chain-2", version=9, reason="complaint")
FOUND = happened("investigation.concluded", "investigation", "chain-3", version=2, findings=[{"article": 12}])
IMPOSED = happened("penalty.imposed", "penalty", "chain-4", investigation_id="investigation")
PUBLISHED = happened("bulletin.published", "bulletin", "chain-5", entries=[{"penalty_id": "penalty"}])
OTHER = happened("complaint.filed", "other-complaint", "chain-6", customer_id="customer", lot="L7")
EVERYTHING = [PLACED, FILED, OPENED, HELD, FOUND, IMPOSED, PUBLISHED, OTHER._replace(id="other")]


def test_the_story_of_a_complaint_goes_from_filing_to_the_bulletin() -> None:
    part = story("complaint", EVERYTHING)
    assert part == {one.id for one in (FILED, OPENED, HELD, FOUND, IMPOSED, PUBLISHED)}


def test_the_story_of_an_order_includes_the_complaint_about_it() -> None:
    assert {PLACED.id, FILED.id, PUBLISHED.id} <= story("order", EVERYTHING)
    assert "other" not in story("order", EVERYTHING)


def test_a_correlation_id_is_a_case_too() -> None:
    assert FILED.id in story("chain-2", EVERYTHING)


def test_what_nobody_mentions_has_no_story() -> None:
    assert story("unheard-of", EVERYTHING) == set()


def test_the_end_of_an_id_is_enough_when_it_is_unambiguous() -> None:
    assert full_id("vestigation", EVERYTHING) == "investigation"
    with pytest.raises(Problem, match=r"More than one id ends with complaint: complaint, other-complaint"):
        full_id("complaint", EVERYTHING)


def test_a_line_shows_the_local_time_who_and_the_facts() -> None:
    shown = line(FILED, "cyan").plain
    assert shown.startswith("03-01 16:30:00.000 complaints    complaint.filed ")
    assert "u17" in shown
    assert "lot=L7" in shown
