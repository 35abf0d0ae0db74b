"""The sample data of the local stack fits the services that read it."""

from pathlib import Path

import pytest

from services.customers.api.register import DealerRow
from services.orders.api.catalogue import ArticleRow
from services.orders.api.stock import LotRow
from services.staff.api.employees import StaffRow
from shared.documents.tables import Row, read_table
from shared.domain.actor import Post
from tests.shared.tiles import places, refused

DATA = Path(__file__).parents[2] / "deploy/local/data"


def sample[R: Row](name: str, row_model: type[R]) -> list[R]:
    return read_table((DATA / name).read_bytes(), name, row_model)


def test_the_sample_data_of_the_local_stack_is_complete_and_fits_together() -> None:
    """ORD-1, CUS-1, STF-1"""
    articles = {row.article: row for row in sample("articles.xlsx", ArticleRow)}
    lots = sample("stock.csv", LotRow)
    dealers, staff = (
        sample("dealers.csv", DealerRow),
        {row.code: row for row in sample("staff.csv", StaffRow)},
    )
    assert (len(articles) >= 220, len(lots) >= 250, len(dealers), len(staff)) == (True, True, 30, 40)
    assert 0 < sum(not row.in_production for row in articles.values()) < 10
    assert all(lot.grade == articles[lot.article].grade for lot in lots)
    assert all(articles[lot.article].in_production for lot in lots)
    assert {row.grade for row in articles.values()} == {"优等品", "一级品", "合格品"}
    assert all(staff[row.owner].post is Post.SALESPERSON for row in dealers)
    assert {row.kind for row in dealers} == {"dealer", "project", "end_customer"}
    assert {row.superior for row in staff.values()} <= staff.keys() | {None}
    assert {row.post for row in staff.values()} == set(Post) - {Post.CUSTOMER, Post.PARTNER}


@pytest.mark.parametrize(
    ("name", "row_model", "expected"),
    [
        (
            "articles-with-errors.xlsx",
            ArticleRow,
            [(3, "H", "decimal_parsing"), (4, "C", "missing"), (6, "A", "duplicate"), (7, "E", "literal_error"),
             (7, "H", "decimal_max_places")],
        ),
        (
            "dealers-with-errors.csv",
            DealerRow,
            [(3, "C", "enum"), (4, "B", "missing"), (5, "A", "duplicate")],
        ),
        (
            "staff-with-errors.csv",
            StaffRow,
            [(3, "C", "enum"), (4, "H", "decimal_parsing"), (5, "B", "missing"),
             (5, "I", "date_from_datetime_parsing"), (6, "A", "duplicate")],
        ),
    ],
)  # fmt: skip
def test_the_sample_data_with_errors_is_refused_with_each_error_named(
    name: str, row_model: type[Row], expected: list[tuple[int, str, str]]
) -> None:
    assert places(refused((DATA / name).read_bytes(), row_model, name)) == expected
