"""What readers see."""

from string import Formatter

import pytest

from services.notifications.rendering import TEMPLATES, render

NOTICE = {
    "number": "CF1",
    "violation": "服务态度",
    "clause": "D19 §4.3a",
    "measures": ["public_criticism", "fine"],
    "amount_kind": "fine",
    "fine": "50.00",
    "appeal_by": "2026-11-29T16:30:00Z",
}


def names(texts: tuple[str, ...]) -> set[str]:
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TEMPLATES)
def test_both_languages_say_the_same_things(key: str) -> None:
    """NOT-1"""
    template = TEMPLATES[key]
    assert names(template.zh) - names(template.en) <= {"post"}, "only a post's name may be left to Chinese"
    assert names(template.en) <= names(template.zh)
    assert template.zh != template.en


def test_a_notice_is_worded_in_the_readers_language() -> None:
    """NOT-1: codes become words, times those of Shanghai."""
    title, body = render("penalty_notice", NOTICE, "zh")
    assert title == "处罚通知：CF1"
    assert "通报批评、罚款" in body
    assert "罚款：50.00 元" in body
    assert "2026-11-30 00:30" in body
    title, body = render("penalty_notice", NOTICE, "en")
    assert title == "Notice of penalty: CF1"
    assert "public criticism, fine; fine: 50.00 yuan" in body
    assert "2026-11-30 00:30 (UTC+8)" in body
    assert "fine: none" in render("penalty_notice", NOTICE | {"fine": "0.00"}, "en").body


def test_an_old_message_stays_readable_when_templates_change() -> None:
    """NOT-1: what a newer template speaks of may be missing, and a template may be gone."""
    assert "—" in render("order_paid", {"number": "DH1"}, "zh").body
    assert render("given_up", {}, "en") == ("given_up", "")
    assert "{fine}" in render("corrective_action_opened", {"measure": "{fine} %s"}, "zh").body
