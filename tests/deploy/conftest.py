import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from deploy.local.accounts import scratch
from deploy.local.credentials import Credentials, credentials
from deploy.local.jetstream import NatsServer
from deploy.local.postgresql import PostgreSQL

# Not among the tests of a folder but where they are named, as what they need is not on every machine: `make
# test-containers`, `make test-promtool`. There they fail without it; a skipped test would look like a tested thing.
collect_ignore_glob = ["test_compose_r*.py", "test_promtool.py"]

STANDIN = Path(__file__).with_name("standin.py")


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return credentials(tmp_path_factory.mktemp("credentials"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    with scratch() as folder:
        server = PostgreSQL(folder / "postgres")
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def nats(known: Credentials) -> Iterator[NatsServer]:
    with scratch() as folder:
        server = NatsServer(folder / "nats", known.bus)
        server.start()
        yield server
        server.stop()


@pytest.fixture
def new_dir() -> Iterator[Path]:
    """Where no stack has ever run."""
    with scratch() as folder:
        yield folder / "data"


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """A stack's data folder that test after test uses, so that only the first start has to make the database."""
    with scratch() as folder:
        yield folder / "data"


@pytest.fixture(scope="session")
def standin() -> Callable[..., Callable[[str, int], list[str]]]:
    """The command of a stand-in service, with its manners: stubborn, worker, crash."""

    def mannered(*manners: str) -> Callable[[str, int], list[str]]:
        return lambda name, port: [sys.executable, str(STANDIN), name, str(port), *manners]

    return mannered


@pytest.fixture(scope="session")
def eventually() -> Callable[..., None]:
    """Wait for a condition; fails when it has not come true in time."""

    def wait(condition: Callable[[], object], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            Event().wait(0.02)

    return wait
