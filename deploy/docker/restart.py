"""`make compose-restart`: a new container in the place of each, one after the other; no request is lost or refused.

The new one works beside the old one before that is told to leave, so that one container per service is enough. Use it
after an upgrade of the image. With names, only these: `python -m deploy.docker.restart orders orders-work`.
"""

import argparse
import csv
import sys
import time
from collections.abc import Callable

from deploy.docker.compose import Compose
from deploy.local.catalogue import SERVICES
from deploy.local.display import complain, say
from deploy.local.problem import Problem

PROJECT = "xiaofu"
PATIENCE = 120.0
GRACE = "40"  # seconds: what is drained, then a request's longest time
LABEL = '{{index .Config.Labels "com.docker.compose.project.environment_file"}}'
ADDRESSES = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
READY = ("python", "-ISB", "deploy/docker/healthy.py")
SERVED = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:8404/servers;csv').read().decode())"


def restart(compose: Compose, service: str, patience: float = PATIENCE) -> int:
    """How many containers were replaced; raises `Problem` when a new one does not come up, and the old ones go on."""
    before = compose.ids(service)
    for old in before:
        _replace(compose, service, old, patience)
    return len(before)


def _replace(compose: Compose, service: str, old: str, patience: float) -> None:
    there = _all(compose, service)
    wanted = f"{service}={len(there) + 1}"
    new: list[str] = []
    try:
        compose.run("up", "--detach", "--no-deps", "--no-recreate", "--scale", wanted, service)
        new = [one for one in _all(compose, service) if one not in there]
        _wait(lambda: bool(new) and _ready(compose, new[0]), patience, f"The new {service} is not ready")
        if service in SERVICES:
            _wait(lambda: _called(compose, service, new[0]), patience, f"The balancer does not call the new {service}")
    except Problem as problem:
        words = compose.docker("logs", "--tail", "15", new[0]) if new else ""
        _remove(compose, [one for one in _all(compose, service) if one not in there])
        raise Problem(f"{problem}; the old one goes on.\n{words}") from None
    _remove(compose, [old])


def _wait(condition: Callable[[], bool], patience: float, complaint: str) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise Problem(f"{complaint} within {patience:.0f} s")
        time.sleep(0.5)


def _ready(compose: Compose, container: str) -> bool:
    """As its health check asks, but now; raises `Problem` when it has ended and was started again."""
    if compose.docker("inspect", "--format", "{{.RestartCount}}", container).strip() != "0":
        raise Problem("The new one ends as soon as it is started")
    try:
        compose.docker("exec", container, *READY)
    except Problem:
        return False
    return True


def _called(compose: Compose, service: str, container: str) -> bool:
    """Whether the balancer sends requests to it."""
    addresses = compose.docker("inspect", "--format", ADDRESSES, container).split()
    table = compose.run("exec", "-T", "balancer", "python3", "-c", SERVED)
    return any(
        row["# pxname"] == service and row["status"].startswith("UP") and row["addr"].rpartition(":")[0] in addresses
        for row in csv.DictReader(table.splitlines())
    )


def _all(compose: Compose, service: str) -> list[str]:
    """Those too that have ended or are about to start: compose counts them."""
    return compose.run("ps", "--all", "--quiet", service).split()


def _remove(compose: Compose, containers: list[str]) -> None:
    for one in containers:
        compose.docker("stop", "--time", GRACE, one)
        compose.docker("rm", one)


def at_work(compose: Compose) -> list[str]:
    """What of the project runs our image: each service's API, then what does its work apart."""
    there = {one["Service"] for one in compose.containers() if one["State"] == "running"}
    order = {name: place for place, name in enumerate(SERVICES)}
    return sorted((name for name in there if _service(name) in order), key=lambda name: (order[_service(name)], name))


def _service(name: str) -> str:
    return name.partition("-")[0]


def started_with(project: str) -> list[str]:
    """The `--env-file`s the running stack was started with: a new container must get the same."""
    bare = Compose(project)
    ids = bare.run("ps", "--quiet").split()
    files = bare.docker("inspect", "--format", LABEL, ids[0]).strip() if ids else ""
    return files.split(",") if files else []


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.docker.restart", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("services", nargs="*", help="which; without any, all that are at work")
    parser.add_argument("--project", default=PROJECT, help="as `docker compose -p` (default: %(default)s)")
    given = parser.parse_args()
    compose = Compose(given.project, env_files=started_with(given.project))
    there = at_work(compose)
    if absent := [name for name in given.services if name not in there]:
        raise Problem(
            f"{', '.join(absent)} is not at work in {given.project}. At work: {', '.join(there) or 'nothing'}."
        )
    for name in given.services or there:
        began = time.monotonic()
        say(f"{name}: {restart(compose, name)} replaced in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        complain(problem)
        sys.exit(1)
