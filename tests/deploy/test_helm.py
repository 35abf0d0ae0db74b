"""The chart: rendered by Helm's own library, held against the schemas of Kubernetes, and judged by what it allows."""

import json
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import helm_python as helm
import jsonschema
import kubernetes_validate
import pytest
import yaml

from deploy.local.catalogue import SERVICES
from services.__main__ import SERVICES as KNOWN
from shared.events.partitions import PARTS, WHOLE, Partitions
from shared.messaging.policy_reaction import with_policies
from shared.messaging.streams import durable, stream_name
from shared.settings import Role, Settings

CHART = Path("deploy/helm/xiaofu")
OLDEST, NEWEST = "1.29", "1.37"
MIXED = {
    "image": {"tag": "2.0", "pullSecrets": ["registry"]},
    "jwks": {"url": "https://id.example/jwks", "to": [{"ipBlock": {"cidr": "10.9.0.0/16"}}]},
    "policy": {"configMap": "our-policy"},
    "telemetry": {"endpoint": "http://collector.monitoring.svc:4318", "podMonitor": True},
    "ingress": {"className": "nginx", "tls": [{"secretName": "tls", "hosts": ["orders.x.example"]}]},
    "scaling": {"enabled": False},
    "services": {
        "orders": {"secret": "own", "roles": {"api": {"replicas": 5}, "timers": {"replicas": 1}}},
        "quality": {"consumers": 4},
    },
}

# What we use of KEDA and of the Prometheus operator, as their documentation names it: nothing else may be written.
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
FOREIGN: dict[str, Any] = {
    "keda.sh/v1alpha1": {
        "type": "object",
        "additionalProperties": False,
        "required": ["scaleTargetRef", "triggers"],
        "properties": {
            "scaleTargetRef": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
            "minReplicaCount": {"type": "integer", "minimum": 1},  # a CPU trigger never wakes what is at nought
            "maxReplicaCount": {"type": "integer", "minimum": 1},
            "pollingInterval": {"type": "integer"},
            "cooldownPeriod": {"type": "integer"},
            "triggers": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["type", "metadata"],
                    "properties": {
                        "type": {"enum": ["prometheus", "cpu", "nats-jetstream"]},
                        "metricType": {"enum": ["Utilization", "AverageValue", "Value"]},
                        "metadata": TEXTS,
                    },
                },
            },
        },
    },
    "monitoring.coreos.com/v1": {
        "type": "object",
        "additionalProperties": False,
        "required": ["selector", "podMetricsEndpoints"],
        "properties": {
            "selector": {"type": "object", "properties": {"matchLabels": TEXTS}},
            "podMetricsEndpoints": {"type": "array", "minItems": 1},
        },
    },
}


def rendered(values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    with helm.Chart.load(str(CHART)) as chart:
        pages = chart.render(values or {}, name="xf", namespace="prod")
    return [document for page in pages.values() for document in yaml.safe_load_all(page) if document]


@pytest.fixture(scope="module")
def plain() -> list[dict[str, Any]]:
    return rendered()


@pytest.fixture(scope="module")
def mixed() -> list[dict[str, Any]]:
    return rendered(MIXED)


def of(documents: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {document["metadata"]["name"]: document for document in documents if document["kind"] == kind}


def pods(documents: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in ("Deployment", "Job"):
        for name, document in of(documents, kind).items():
            yield name, document["spec"]["template"]


def settings(pod: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod["spec"]["containers"]
    return {entry["name"]: entry for entry in container["env"]}


@pytest.fixture(scope="module")
def schemas() -> Iterator[None]:
    """Each schema is read once, not once a document."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kubernetes_validate.utils, "schema_contents", cache(kubernetes_validate.utils.schema_contents))
        yield


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("values", [{}, MIXED], ids=["plain", "mixed"])
def test_whatever_is_rendered_is_what_kubernetes_understands(version: str, values: dict[str, Any]) -> None:
    for document in rendered(values):
        foreign = FOREIGN.get(document["apiVersion"])
        if foreign is None:
            kubernetes_validate.validate(document, version, strict=True)
        else:
            jsonschema.validate(document["spec"], foreign)


def test_helm_finds_nothing_wrong_with_the_chart() -> None:
    assert not helm.lint(str(CHART))["errors"]


@pytest.mark.parametrize(
    "values",
    [
        {"imgae": {}},
        {"settings": {"streamReplicas": 0}},
        {"roles": {"api": {"replicas": 0}}},
        {"postgresql": {"to": []}},
        {"jwks": {"configMap": ""}},
        {"jwks": {"url": "https://id.example/jwks"}},
        {"monitoring": {"from": []}},
        {"services": {"orders": {"heers": []}}},
        {"services": {"orders": {"consumers": 3}}},
    ],
    ids=str,
)
def test_values_that_mean_nothing_or_open_everything_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(helm.HelmError):
        rendered(values)


def test_every_service_has_a_deployment_and_a_disruption_budget_for_every_role(plain: list[dict[str, Any]]) -> None:
    wanted = {f"xf-{service}-{role}" for service in SERVICES for role in Role}
    assert set(SERVICES) == set(KNOWN)
    assert set(of(plain, "Deployment")) == set(of(plain, "PodDisruptionBudget")) == wanted
    for name, deployment in of(plain, "Deployment").items():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        _, service, role = name.split("-")
        assert container["args"] == [service, "--only", role]
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        chosen = deployment["spec"]["selector"]["matchLabels"]
        assert chosen.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
        assert of(plain, "PodDisruptionBudget")[name]["spec"]["selector"]["matchLabels"] == chosen


def test_every_pod_is_probed_where_the_service_answers(plain: list[dict[str, Any]]) -> None:
    for deployment in of(plain, "Deployment").values():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["readinessProbe"]["httpGet"] == {"path": "/health/ready", "port": "http"}
        for probe in ("startupProbe", "livenessProbe"):
            assert container[probe]["httpGet"] == {"path": "/health/live", "port": "http"}
        grace = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        longest = float(settings(deployment["spec"]["template"])["DRAIN_SECONDS"]["value"])
        assert grace > longest + Settings.model_fields["request_seconds"].default + 10


def test_nobody_is_root_and_nothing_but_tmp_is_written(
    plain: list[dict[str, Any]], mixed: list[dict[str, Any]]
) -> None:
    for _, pod in [*pods(plain), *pods(mixed)]:
        assert pod["spec"]["securityContext"]["runAsNonRoot"]
        assert pod["spec"]["securityContext"]["runAsUser"] > 0
        assert pod["spec"]["automountServiceAccountToken"] is False
        (container,) = pod["spec"]["containers"]
        allowed = container["securityContext"]
        assert (allowed["readOnlyRootFilesystem"], allowed["allowPrivilegeEscalation"]) == (True, False)
        assert allowed["capabilities"] == {"drop": ["ALL"]}
        written = [mount["mountPath"] for mount in container.get("volumeMounts", []) if not mount.get("readOnly")]
        assert written in ([], ["/tmp"])  # noqa: S108 - a mount
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]


def test_what_a_pod_is_told_is_what_a_service_reads_and_secrets_stand_nowhere(plain: list[dict[str, Any]]) -> None:
    readable = {name.upper() for name in Settings.model_fields} | {"PAYMENT_WEBHOOK_SECRETS"}
    needed = {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
    for name, pod in pods(plain):
        told = settings(pod)
        assert needed <= set(told) <= readable, name
        for secret in {"DATABASE_URL", "NATS_URL", "PAYMENT_WEBHOOK_SECRETS"} & set(told):
            assert "value" not in told[secret]
            assert told[secret]["valueFrom"]["secretKeyRef"]["name"] == f"xiaofu-{name.split('-')[1]}"
    assert not of(plain, "Secret")
    mentioned = {name for name, pod in pods(plain) if "PAYMENT_WEBHOOK_SECRETS" in settings(pod)}
    assert mentioned == {name for name, _ in pods(plain) if name.startswith("xf-orders-")}


def test_a_process_opens_as_many_connections_as_its_role_or_its_service_says() -> None:
    values = {"services": {"orders": {"roles": {"api": {"poolSize": 24}}}}, "settings": {"poolSize": 9}}
    sizes = {name: settings(pod)["POOL_SIZE"]["value"] for name, pod in pods(rendered(values))}
    assert [sizes[f"xf-{name}"] for name in ("orders-api", "quality-api", "orders-relay")] == ["24", "9", "4"]


def test_no_service_reaches_another(plain: list[dict[str, Any]], mixed: list[dict[str, Any]]) -> None:
    for documents in (plain, mixed):
        apart = of(documents, "NetworkPolicy")["xf-apart"]["spec"]
        assert apart["policyTypes"] == ["Ingress", "Egress"]
        for _, pod in pods(documents):
            assert apart["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        for policy in of(documents, "NetworkPolicy").values():
            for rule in [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]:
                peers = rule.get("from") or rule.get("to")
                assert peers, "a rule without peers means everybody"
                assert all("namespaceSelector" in peer or "ipBlock" in peer for peer in peers), "our own namespace"
                assert rule["ports"], "a rule without ports means all of them"
            for rule in policy["spec"].get("egress", []):
                assert {port["port"] for port in rule["ports"]} <= {53, 5432, 4222, 4318, 443}
        doors = of(documents, "NetworkPolicy")["xf-api"]["spec"]
        assert doors["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "api"


def test_only_the_versioned_api_is_shown_to_the_world(plain: list[dict[str, Any]]) -> None:
    (ingress,) = of(plain, "Ingress").values()
    hosts = {rule["host"]: rule["http"]["paths"] for rule in ingress["spec"]["rules"]}
    assert set(hosts) == {f"{service}.xiaofu.example" for service in SERVICES}
    for (path,) in hosts.values():
        assert path["path"] == "/v1"
        door = of(plain, "Service")[path["backend"]["service"]["name"]]
        assert door["spec"]["selector"]["app.kubernetes.io/component"] == "api"


def test_databases_are_brought_forward_before_new_pods_start(plain: list[dict[str, Any]]) -> None:
    jobs = of(plain, "Job")
    assert set(jobs) == {f"xf-{service}-migrate" for service in SERVICES}
    for name, job in jobs.items():
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
        (container,) = job["spec"]["template"]["spec"]["containers"]
        assert container["args"] == [name.split("-")[1], "--migrate"]


def test_the_consumer_grows_with_what_waits_in_the_streams_it_really_follows(plain: list[dict[str, Any]]) -> None:
    scaled = of(plain, "ScaledObject")
    for service in SERVICES:
        triggers = scaled[f"xf-{service}-consumer"]["spec"]["triggers"]
        followed = {(trigger["metadata"]["stream"], trigger["metadata"]["consumer"]) for trigger in triggers}
        heard = with_policies(import_module(f"services.{service}.reactions").reactions)
        assert followed == {(stream_name(source), service) for source in heard.sources}


@pytest.mark.parametrize("parts", PARTS)
def test_several_consumers_of_a_service_have_a_deployment_a_budget_and_a_scaler_each(parts: int) -> None:
    """Each follows its share, grows with what waits for it, and no two of them count each other's pods."""
    documents = rendered({"services": {"orders": {"consumers": parts}}})
    shares = Partitions(0, 16 // parts - 1).division
    names = {durable("xf-orders-consumer", share): share for share in shares}
    deployments, scaled = of(documents, "Deployment"), of(documents, "ScaledObject")
    budgets = of(documents, "PodDisruptionBudget")
    for kind in (deployments, scaled, budgets):
        assert {name for name in kind if name.startswith("xf-orders-consumer")} == names.keys()
    chosen = []
    for name, share in names.items():
        (container,) = deployments[name]["spec"]["template"]["spec"]["containers"]
        told = [] if share == WHOLE else ["--partitions", str(share)]
        assert container["args"] == ["orders", "--only", "consumer", *told]
        assert scaled[name]["spec"]["scaleTargetRef"]["name"] == name
        followed = {trigger["metadata"]["consumer"] for trigger in scaled[name]["spec"]["triggers"]}
        assert followed == {durable("orders", share)}
        chosen.append(deployments[name]["spec"]["selector"]["matchLabels"])
        assert chosen[-1].items() <= deployments[name]["spec"]["template"]["metadata"]["labels"].items()
        assert budgets[name]["spec"]["selector"]["matchLabels"] == chosen[-1]
    assert len({json.dumps(labels) for labels in chosen}) == parts
    assert {name for name in deployments if "-p" in name} <= names.keys(), "everybody else has one"


def test_the_api_grows_with_requests_and_a_scaled_deployment_has_no_number_of_its_own(
    plain: list[dict[str, Any]], mixed: list[dict[str, Any]]
) -> None:
    scaled = of(plain, "ScaledObject")
    for name, deployment in of(plain, "Deployment").items():
        assert ("replicas" in deployment["spec"]) == (name not in scaled)
    assert {trigger["type"] for trigger in scaled["xf-orders-api"]["spec"]["triggers"]} == {"prometheus", "cpu"}
    assert "xiaofu_http_request_seconds_count" in json.dumps(scaled["xf-orders-api"])
    assert not of(mixed, "ScaledObject")
    deployments = of(mixed, "Deployment")
    found = [deployments[f"xf-{name}"]["spec"]["replicas"] for name in ("orders-api", "orders-timers", "staff-api")]
    assert found == [5, 1, 2]
