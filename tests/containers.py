"""PostgreSQL and NATS of a test session as containers, where a Docker engine has their images or can get them."""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from typing import NamedTuple

import docker  # type: ignore[import-untyped]  # it ships no types
from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped]  # likewise
from requests.exceptions import RequestException
from testcontainers.community.nats import NatsContainer
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config

from deploy.local.postgresql import SETTINGS, SUPERUSER

WISH = "XIAOFU_TEST_SERVERS"
CONTAINERS, WHEELS = "containers", "wheels"
POSTGRES, NATS = ("postgres:18",), ("nats:2.15-alpine", "nats:2.15")

# As the wheels' server is made: the same collation, or the same list comes in another order.
INITDB = "--encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8"
TUNED = ("max_connections", "shared_buffers", "max_wal_size", "timezone")

NATS_CONF = "/xiaofu.conf"
DURABLE = b"jetstream { store_dir: /data, sync_interval: always }\n"


class Choice(NamedTuple):
    """Where the session's servers come from, why, and the images if they are containers."""

    servers: str
    why: str
    postgres: str = ""
    nats: str = ""


class Unavailable(Exception):
    """No containers here, and why."""


@cache
def chosen() -> Choice:
    """Containers if they can be had, else wheels; `XIAOFU_TEST_SERVERS` forces one. Raises `Unavailable`."""
    wish = os.environ.get(WISH)
    if wish not in (None, CONTAINERS, WHEELS):
        raise Unavailable(f"{WISH} is {CONTAINERS} or {WHEELS}, not {wish}")
    if wish == WHEELS:
        return Choice(WHEELS, f"as {WISH} says")
    try:
        return _containers()
    except Unavailable as reason:
        if wish == CONTAINERS:
            raise
        return Choice(WHEELS, str(reason))


def _containers() -> Choice:
    try:
        engine = docker.from_env(timeout=20)
    except (DockerException, RequestException):
        raise Unavailable("no Docker engine answers") from None
    with closing(engine):
        try:
            version = engine.version()["Version"]
        except (DockerException, RequestException):
            raise Unavailable("no Docker engine answers") from None
        postgres, nats = _image(engine, *POSTGRES), _image(engine, *NATS)
        try:
            _image(engine, testcontainers_config.ryuk_image)
        except Unavailable:
            # It removes what a killed session leaves behind; one that ends removes its containers by itself.
            testcontainers_config.ryuk_disabled = True
    return Choice(CONTAINERS, f"Docker {version}: {postgres}, {nats}", postgres, nats)


def _image(engine: docker.DockerClient, *names: str) -> str:
    """The first of the images that is here, else the first that can be fetched."""
    for name in names:
        try:
            engine.images.get(name)
        except ImageNotFound:
            continue
        return name
    for name in names:
        try:
            engine.images.pull(name)
        except (DockerException, RequestException):
            continue
        return name
    raise Unavailable(f"Docker has no image {' or '.join(names)} and cannot fetch it")


class Contained:
    """A server in a container, known by its address."""

    def __init__(self, address: str) -> None:
        self._address = address

    def url(self) -> str:
        return self._address


@contextmanager
def postgres_container() -> Iterator[Contained]:
    """PostgreSQL as `deploy.local.postgresql` sets it up."""
    container = PostgresContainer(
        chosen().postgres, username=SUPERUSER, password=secrets.token_hex(12), dbname=SUPERUSER, driver=None
    )
    settings = [word for name in TUNED for word in ("-c", f"{name}={SETTINGS[name]}")]
    with container.with_env("POSTGRES_INITDB_ARGS", INITDB).with_command(["postgres", *settings]):
        yield Contained(container.get_connection_url())


@contextmanager
def nats_container() -> Iterator[Contained]:
    """NATS whose JetStream fsyncs before it acknowledges."""
    container = NatsContainer(chosen().nats).with_command(["-c", NATS_CONF])
    with container.with_copy_into_container(DURABLE, NATS_CONF):
        yield Contained(container.nats_uri())
