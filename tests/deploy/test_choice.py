"""Where a test session's servers come from."""

import asyncpg
import pytest

from tests import containers
from tests.house import Served

decide = containers.chosen.__wrapped__  # without remembering


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.delenv(containers.WISH, raising=False)


def test_without_a_docker_engine_the_servers_come_from_the_wheels(no_engine: None) -> None:
    assert decide() == containers.Choice(containers.WHEELS, "no Docker engine answers")


def test_whoever_insists_on_containers_is_told_why_there_are_none(
    no_engine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(containers.WISH, containers.CONTAINERS)
    with pytest.raises(containers.Unavailable, match="no Docker engine answers"):
        decide()


def test_whoever_insists_on_the_wheels_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(containers.WISH, containers.WHEELS)
    assert decide().servers == containers.WHEELS


def test_a_wish_for_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(containers.WISH, "cows")
    with pytest.raises(containers.Unavailable, match="containers or wheels, not cows"):
        decide()


async def test_wherever_it_comes_from_the_database_keeps_what_it_confirms(postgres_server: Served) -> None:
    """PLT-2: durable, and with room for every service's pool."""
    connection = await asyncpg.connect(postgres_server.url())
    for setting, value in {"fsync": "on", "synchronous_commit": "on", "max_connections": "200"}.items():
        assert await connection.fetchval("SELECT current_setting($1)", setting) == value
    await connection.close()
