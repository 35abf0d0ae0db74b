"""A service's OpenAPI document tells what is really answered: problems, tables, papers, and who must sign in."""

from typing import Any
from uuid import uuid4

import pytest

from services.contracts.app import create_app as create_contracts
from services.orders.app import create_app as create_orders
from shared.settings import Settings
from shared.web.papers import MEDIA_TYPES
from tests.house import Running

ANYWHERE = Settings(database_url="postgresql://nowhere", nats_url="nats://nowhere", jwks="none")


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    document: dict[str, Any] = create_orders(ANYWHERE).openapi()
    return document


def operations(document: dict[str, Any]) -> dict[str, Any]:
    return {f"{method} {path}": one for path, two in document["paths"].items() for method, one in two.items()}


def test_every_operation_names_its_problems(described: dict[str, Any]) -> None:
    """What is refused is a problem, also where FastAPI would have said another shape."""
    for name, operation in operations(described).items():
        assert "422" not in operation["responses"], name
        assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"], name
    assert "HTTPValidationError" not in described["components"]["schemas"]


@pytest.mark.parametrize(
    ("operation", "formats"),
    [
        ("get /v1/orders", ["json", "csv", "xlsx"]),
        ("get /v1/orders/{order_id}/order-form", ["pdf", "xlsx"]),
        ("get /v1/reports/ledger", ["json", "csv", "xlsx", "pdf"]),
    ],
)
def test_a_list_names_every_format_it_can_be_had_as(
    described: dict[str, Any], operation: str, formats: list[str]
) -> None:
    """ORD-15"""
    found = operations(described)[operation]["responses"]["200"]["content"]
    assert list(found) == [MEDIA_TYPES.get(one, "application/json") for one in formats]


def test_the_printed_contract_is_a_pdf() -> None:
    """CON-6"""
    found = operations(create_contracts(ANYWHERE).openapi())["get /v1/contracts/{contract_id}/print"]
    assert list(found["responses"]["200"]["content"]) == ["application/pdf"]


def test_what_needs_a_token_says_so_and_nothing_else(described: dict[str, Any]) -> None:
    """PLT-3"""
    open_to_all = {name for name, one in operations(described).items() if "security" not in one}
    # A provider signs its notices instead.
    assert open_to_all == {
        "get /health/live", "get /health/ready", "get /metrics", "post /v1/payment-notices/{provider}",
    }  # fmt: skip
    public = {name for name, one in operations(create_contracts(ANYWHERE).openapi()).items() if "security" not in one}
    assert "get /v1/verify/{code}" in public


@pytest.mark.parametrize("place", ["f-460cef832-e090766df713994d552c-75f:bu", f"{uuid4().hex:->36}:a", "x"])
async def test_a_place_that_is_none_is_refused(tally: Running, place: str) -> None:
    """An id of the right length that is none was a fault."""
    answer = await tally.ask("GET", "/handled", tally.headers("u37", "operator"), params={"after": place})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_method_that_is_not_there_names_those_that_are(tally: Running) -> None:
    """What an address answers to is all its methods."""
    answer = await tally.ask("PATCH", "/tallies")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
