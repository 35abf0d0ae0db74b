"""Whatever is sent to a service, the answer is never that the service is at fault."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import jwt
import pytest
from fastapi.routing import APIRoute

from deploy.local.credentials import jwk
from deploy.local.tokens import AUDIENCE, ISSUER, _key
from shared.domain.actor import Post
from tests.house import House, Served, from_wheel
from tests.journeys import nasty
from tests.journeys.town import SERVICES, Thing, Town, build

OUTSIDE = {"customer", "partner"}
ENDLESS = {"/v1/inbox/stream"}  # a live stream does not end by itself

# Where the ids in a path come from.
TABLES = {
    "template_id": "templates", "contract_id": "contracts", "book_id": "price_books", "lot_id": "lots",
    "position_id": "stock_positions", "order_id": "orders", "complaint_id": "complaints", "message_id": "messages",
    "bulletin_id": "bulletins", "investigation_id": "investigations", "claim_id": "claims",
    "penalty_id": "penalties", "customer_id": "customers",
}  # fmt: skip


@pytest.fixture(scope="module")
async def crowd(postgres_server: Served, keys: Path) -> AsyncIterator[Town]:
    """A town of its own, in which everything has happened once."""
    with from_wheel_nats() as nats:
        async with House(postgres_server.url(), nats.url(), keys) as house:
            town = await build(house)
            await town.open_shop()
            await everything(town)
            yield town
