"""What a compose stack has promised against what its database and its streams hold."""

from collections import Counter
from uuid import UUID

from deploy.docker.stack import ComposeStack
from tests.faults.ledger import Fact, complaints, stream_of
from tests.house import eventually

PATIENCE = 60.0


async def balance(stack: ComposeStack, service: str, made_by: str, promised: list[str]) -> None:
    """Each that was promised is in the database once, no other is, and all of it is in the stream, in order."""
    log = _log(stack, service)

    async def published() -> bool:
        return set(log) <= set(await stream_of(stack.nats_url(), service.upper()))

    await eventually(published, PATIENCE)
    assert complaints(log, await stream_of(stack.nats_url(), service.upper())) == []
    mark = f'"type":"{made_by}"'.encode()
    assert Counter(str(fact.entity_id) for fact in log if mark in fact.data) == Counter(promised)
    assert _select(stack, service, "SELECT count(*) FROM dead_letters WHERE state = 'parked'") == ["0"]


def _log(stack: ComposeStack, name: str) -> list[Fact]:
    rows = _select(stack, name, "SELECT entity_id, version, event_id, encode(data, 'hex') FROM events ORDER BY seq")
    cells = (row.split("|") for row in rows)
    return [
        Fact(UUID(entity), int(version), UUID(event), bytes.fromhex(data)) for entity, version, event, data in cells
    ]


def _select(stack: ComposeStack, database: str, query: str) -> list[str]:
    psql = ("psql", "-U", "postgres", "-d", database, "--tuples-only", "--no-align", "-c", query)
    return stack.compose.run("exec", "-T", "postgres", *psql).splitlines()
