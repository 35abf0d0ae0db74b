"""Two consumers of one service in compose: each entity is followed by one of them, whichever variant is started."""

from pathlib import Path

import pytest
import yaml

from shared.events.partitions import WHOLE, Partitions

ROOT = Path(__file__).parents[2]
VARIANTS = {"roles.env": ["orders-work"], "partitions.env": ["orders-work", "orders-work-2"]}


@pytest.mark.parametrize(("variant", "wanted"), VARIANTS.items())
def test_the_consumers_of_orders_follow_every_partition_once(variant: str, wanted: list[str]) -> None:
    lines = (ROOT / "deploy/docker" / variant).read_text().splitlines()
    given = dict(line.split("=") for line in lines if not line.startswith("#"))
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    profiles = set(given["COMPOSE_PROFILES"].split(","))
    work = {name: it for name, it in services.items() if name.startswith("orders-") and {*it["profiles"]} & profiles}
    assert [*work] == wanted
    assert given["ROLES"] == "api", "the others do not consume"
    followed: list[int] = []
    for container in work.values():
        text, _, otherwise = container["environment"]["PARTITIONS"].strip("${}").partition(":-")
        assert "consumer" in container["command"][2].split(",")
        followed += Partitions.read(given.get(text, otherwise or text)).numbers
    assert sorted(followed) == [*WHOLE.numbers]


def test_prometheus_finds_the_second_consumer_by_the_name_of_the_first() -> None:
    second = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["orders-work-2"]
    assert second["networks"] == {"orders": {"aliases": ["orders-work"]}}
