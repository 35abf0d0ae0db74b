"""Receivables and collection on paper."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from services.orders.money_forms import AGED, COLLECTED, SHOWN, added_up, collection_form, rate, receivables_form
from shared.documents.form import Form, Grid
from shared.domain.actor import Actor

AT = datetime(2026, 11, 24, tzinfo=UTC)
READER = Actor(id="u17")


def owing(count: int, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """So many customers, each owing a yuan more than the one before."""
    return [
        {"code": f"C{n}", "company": f"客户{n}"} | {name: Decimal(n) for name in names} for n in range(1, count + 1)
    ]


def grid(form: Form) -> Grid:
    (found,) = [section for section in form.sections if isinstance(section, Grid)]
    return found


def test_paper_names_those_who_owe_most_and_sums_the_rest() -> None:
    """ORD-16: the sum at the foot is of all of them."""
    rows = owing(SHOWN + 3, AGED)
    sheet = grid(receivables_form("customer", date(2026, 11, 24), rows, added_up(rows, AGED), "公司", READER, AT))
    assert len(sheet.rows) == SHOWN + 1
    assert sheet.rows[0][1] == f"C{SHOWN + 3}"
    assert sheet.rows[-1] == [None, "其余 3 项", None, *[Decimal(1 + 2 + 3)] * len(AGED)]
    assert sheet.totals[3] == sum(Decimal(n) for n in range(1, SHOWN + 4))


def test_a_short_list_stands_on_paper_as_it_comes() -> None:
    """ORD-16"""
    rows = owing(3, AGED)
    sheet = grid(receivables_form("customer", date(2026, 11, 24), rows, added_up(rows, AGED), "公司", READER, AT))
    assert [row[1] for row in sheet.rows] == ["C1", "C2", "C3"]


def test_the_rate_of_the_rest_is_worked_out_and_not_added_up() -> None:
    """ORD-16: half of what was to come in came in, whoever it was from."""
    rows = owing(SHOWN + 3, COLLECTED[:-1])
    totals: dict[str, Any] = added_up(rows, COLLECTED[:-1])
    totals["rate"] = rate(totals)
    for row in rows:
        row["rate"] = rate(row)
    period = (date(2026, 11, 1), date(2026, 11, 24))
    sheet = grid(collection_form("customer", period, rows, totals, "公司", READER, AT))
    assert sheet.rows[-1][1] == "其余 3 项"
    assert sheet.rows[-1][-1] == Decimal("0.5")
