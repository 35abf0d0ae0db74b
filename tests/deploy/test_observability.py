"""Dashboards, alerts and what they read: every metric they name is measured, every alert has a test that rings it."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.catalogue import SERVICES
from tests.deploy.ringing import Evaluation, seconds, series
from tests.house import House

FOLDER = Path("deploy/observability")
DASHBOARDS = sorted((FOLDER / "grafana/dashboards").glob("*.json"))
UNITS = ("_seconds", "_events", "_timers", "_connections", "_orders", "_complaints", "_partitions")
KNOWN_TO_PROMETHEUS = {"up"}
LABELS_OF_A_SCRAPE = {"job", "instance", "service", "role"}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str]]:
    """Where each expression stands, and what it says, as Prometheus reads it."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]:
            for target in panel["targets"]:
                yield f"{file.stem}: {panel['title']}", target["expr"].replace("$__rate_interval", "5m")
    for file in Path("deploy/helm/xiaofu/templates").glob("*.yaml"):
        for query in re.findall(r"query: (.*)", file.read_text(encoding="utf-8")):
            yield file.name, query.replace("{{ $service | quote }}", '"orders"')


def selectors(expression: Any) -> Iterator[promql_parser.VectorSelector]:
    """Every choice of series in an expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for name in ("expr", "lhs", "rhs", "vector_selector", "args"):
        inner = getattr(expression, name, None)
        for part in inner if isinstance(inner, list) else [inner] if inner is not None else []:
            yield from selectors(part)


def measured() -> dict[str, set[str]]:
    """Names of series, as a scrape has them, with the labels each bears."""
    for service in SERVICES:
        import_module(f"services.{service}.app")
    found: dict[str, set[str]] = {}
    for metric in {id(known): known for known in REGISTRY._names_to_collectors.values()}.values():
        if not hasattr(metric, "_labelnames"):
            continue
        endings = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(metric._type, [""])
        for ending in endings:
            found[metric._name + ending] = {*metric._labelnames, *(["le"] if ending == "_bucket" else [])}
    for family in REGISTRY.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set(sample.labels))
    return found


@pytest.mark.parametrize(("where", "expression"), [pytest.param(*pair, id=pair[0]) for pair in expressions()])
def test_whatever_a_dashboard_an_alert_or_a_scaler_reads_is_measured(where: str, expression: str) -> None:
    known = measured()
    chosen = list(selectors(promql_parser.parse(expression)))
    assert chosen, where
    for selector in chosen:
        if selector.name not in KNOWN_TO_PROMETHEUS:
            assert selector.name in known, f"{where} reads {selector.name}"
            labels = {matcher.name for matcher in selector.matchers.matchers}
            assert labels <= known[selector.name] | LABELS_OF_A_SCRAPE, f"{where}: {selector}"


def test_every_metric_of_ours_is_shown_on_a_dashboard() -> None:
    shown = {selector.name for _, text in expressions() for selector in selectors(promql_parser.parse(text))}
    ours = {name for name in measured() if name.startswith("xiaofu_") and not name.endswith(("_created", "_sum"))}
    assert ours <= shown


def test_every_alert_says_how_urgent_it_is_and_has_a_test_that_is_quiet_and_one_that_rings() -> None:
    tests = yaml.safe_load((FOLDER / "alerts.test.yaml").read_text(encoding="utf-8"))["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket", "business"}
        assert rule["annotations"]["summary"]
        rings = [bool(case.get("exp_alerts")) for case in cases if case["alertname"] == rule["alert"]]
        assert set(rings) == {False, True}, rule["alert"]


def cases() -> Iterator[Any]:
    for test in yaml.safe_load((FOLDER / "alerts.test.yaml").read_text(encoding="utf-8"))["tests"]:
        for case in test["alert_rule_test"]:
            yield pytest.param(test["input_series"], case, id=f"{case['alertname']} at {case['eval_time']}")


@pytest.mark.parametrize(("entries", "case"), cases())
def test_an_alert_rings_when_it_should_and_not_before(entries: list[dict[str, str]], case: dict[str, Any]) -> None:
    """As promtool does it (test_promtool.py), without promtool."""
    (rule,) = [rule for rule in rules() if rule["alert"] == case["alertname"]]
    expected = {frozenset(alert["exp_labels"].items()) for alert in case.get("exp_alerts", [])}
    assert Evaluation(series(entries)).rings(rule, seconds(case["eval_time"]) // 60) == expected


def test_every_service_is_scraped_and_every_alert_is_explained_to_the_operator() -> None:
    (job,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert set(job["dns_sd_configs"][0]["names"]) == {
        f"{service}{work}" for service in SERVICES for work in ("", "-work")
    }
    guide = Path("docs/operations.md").read_text(encoding="utf-8")
    assert [rule["alert"] for rule in rules() if f"`{rule['alert']}`" not in guide] == []


def test_what_is_provisioned_is_well_formed() -> None:
    assert [file.stem for file in DASHBOARDS] == ["business", "operators"]
    for file in DASHBOARDS:
        page = json.loads(file.read_text(encoding="utf-8"))
        assert len({panel["id"] for panel in page["panels"]}) == len(page["panels"])
        assert all(panel["description"] and panel["datasource"]["uid"] == "prometheus" for panel in page["panels"])
    (sources,) = (FOLDER / "grafana/provisioning/datasources").glob("*.yaml")
    uids = {source["uid"] for source in yaml.safe_load(sources.read_text(encoding="utf-8"))["datasources"]}
    assert uids == {"prometheus", "traces"}
    collector = yaml.safe_load((FOLDER / "collector.yaml").read_text(encoding="utf-8"))
    for pipeline in collector["service"]["pipelines"].values():
        for kind, used in pipeline.items():
            assert set(used) <= set(collector[kind])
    assert yaml.safe_load((FOLDER / "tempo.yaml").read_text(encoding="utf-8"))["storage"]["trace"]["backend"] == "local"


@pytest.mark.parametrize("service", SERVICES)
async def test_every_metric_a_service_tells_has_a_help_text_and_a_unit_in_its_name(house: House, service: str) -> None:
    running = await house.service(service)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(running.app), base_url=f"http://{service}") as client:
        answer = await client.get("/metrics")
    families = list(text_string_to_metric_families(answer.text))
    assert [family.name for family in families if not family.documentation] == []
    ours = {family.name for family in families if family.name.startswith("xiaofu_") and family.type != "unknown"}
    assert {"xiaofu_pool_connections", "xiaofu_due_timers", "xiaofu_oldest_parked_event_seconds"} <= ours
    assert [name for name in ours if not name.removesuffix("_created").endswith(UNITS)] == []
