"""Customers at work, with the sample list of dealers registered."""

from pathlib import Path

import pytest

from tests.house import House, Running

DEALERS = Path("deploy/local/data/dealers.csv").read_bytes()


@pytest.fixture(scope="session")
async def customers(house: House) -> Running:
    return await house.service("customers")


@pytest.fixture(scope="session")
async def dealers(customers: Running) -> Running:
    """Customers with the thirty dealers of the sample data."""
    files = {"file": ("dealers.csv", DEALERS)}
    answer = await customers.ask("POST", "/customers/import", customers.headers("u18", "clerk"), files=files)
    assert answer.status_code == 201, answer.text
    return customers
