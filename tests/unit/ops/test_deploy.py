"""The Kubernetes manifests: as the API has them, and true of the services that they run."""

from typing import Any

import kubernetes_validate
import pytest
import yaml

from messaging.intake.subscriber import DRAIN_SECONDS
from messaging.running.settings import BrokerSettings, load_settings, variable
from ops.catalogue import Served
from ops.environment import CHECKOUT
from services.connectors.settings import ConnectorsSettings
from services.edge.settings import EdgeSettings
from services.ereferral_dispatch.settings import DispatchSettings
from services.referrals.settings import ReferralsSettings

FOLDER = CHECKOUT / "ops/deploy"
KUBERNETES = ("1.30", "1.34")
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
SETTINGS: dict[str, type[BrokerSettings]] = {
    "referrals": ReferralsSettings,
    "ereferral-dispatch": DispatchSettings,
    "connectors": ConnectorsSettings,
    "edge": EdgeSettings,
}
PART_OF = "app.kubernetes.io/part-of"
NAME = "app.kubernetes.io/name"


def objects(kind: str | None = None) -> dict[str, dict[str, Any]]:
    """The objects of that kind in all files, by name."""
    found = [one for path in FILES for one in yaml.safe_load_all(path.read_text("utf-8"))]
    return {one["metadata"]["name"]: one for one in found if kind in (None, one["kind"])}


def container(name: str) -> dict[str, Any]:
    """The one container of a deployment."""
    (found,) = objects("Deployment")[name]["spec"]["template"]["spec"]["containers"]
    given: dict[str, Any] = found
    return given


def environment(name: str) -> dict[str, str]:
    """What the container of a service is given."""
    kinds = {"configMapRef": ("ConfigMap", "data"), "secretRef": ("Secret", "stringData")}
    given: dict[str, str] = {}
    for source in container(name)["envFrom"]:
        ((reference, named),) = source.items()
        kind, values = kinds[reference]
        given |= objects(kind)[named["name"]][values]
    return given


def known(settings: type[BrokerSettings]) -> set[str]:
    """The variables that a service reads."""
    return {variable(settings, field) for field in settings.model_fields}


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_manifest_is_as_kubernetes_has_it(path: Any, version: str) -> None:
    """By the API's own schemas, with no field that they do not know."""
    for one in yaml.safe_load_all(path.read_text("utf-8")):
        kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize(
    "wrong", [{"replicas": "two"}, {"replica": 2}, {"selector": {}, "template": 1}]
)
def test_a_wrong_manifest_is_found(wrong: dict[str, Any]) -> None:
    """Else nothing above could fail."""
    one = objects("Deployment")["referrals"]
    one["spec"] |= wrong
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(one, KUBERNETES[-1], strict=True)


def test_everything_that_is_served_has_a_deployment() -> None:
    """And each file of the folder is applied, but for the job and the secrets' example."""
    assert set(objects("Deployment")) == {str(served) for served in Served} == set(SETTINGS)
    applied = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert {*applied, "migrate.yaml", "secrets.example.yaml"} == {path.name for path in FILES}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_is_given_what_it_needs_and_nothing_that_it_does_not_know(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every variable is one of some service's, and the service starts with its own."""
    given = environment(name)
    assert set(given) <= set().union(*map(known, SETTINGS.values()))
    for variable_name in known(SETTINGS[name]):
        monkeypatch.delenv(variable_name, raising=False)
    for variable_name, value in given.items():
        # The example says how a key is made.
        key = "0" * 64 if value.startswith("openssl") else value
        monkeypatch.setenv(variable_name, key)
    settings = load_settings(SETTINGS[name])
    hosts = [field for field in type(settings).model_fields if field in ("http_host", "ops_host")]
    assert {getattr(settings, host) for host in hosts} == {"0.0.0.0"}, "the kubelet asks"
    assert settings.clear_text() == []


@pytest.mark.parametrize("name", SETTINGS)
def test_probes_ask_where_the_pages_are(name: str) -> None:
    """Live starts it anew, ready takes it out of the round; the start may take two minutes."""
    settings = SETTINGS[name]
    field = settings.model_fields["ops_port" if name == "edge" else "http_port"]
    ports = {port["name"]: port["containerPort"] for port in container(name)["ports"]}
    assert ports["pages"] == field.default
    annotations = objects("Deployment")[name]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(field.default)
    asked = {
        probe: container(name)[probe]["httpGet"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert asked == {
        "startupProbe": {"path": "/health/live", "port": "pages"},
        "livenessProbe": {"path": "/health/live", "port": "pages"},
        "readinessProbe": {"path": "/health/ready", "port": "pages"},
    }


@pytest.mark.parametrize("name", SETTINGS)
def test_an_update_takes_one_replica_at_a_time_and_lets_it_finish(name: str) -> None:
    """No fewer than two are ready, one at least whatever happens to nodes, and none is killed
    before it has drained."""
    spec = objects("Deployment")[name]["spec"]
    assert spec["replicas"] == 2
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] >= DRAIN_SECONDS + 10
    budget = objects("PodDisruptionBudget")[name]["spec"]
    assert budget["minAvailable"] == 1
    assert budget["selector"]["matchLabels"] == spec["selector"]["matchLabels"] == {NAME: name}
    assert spec["template"]["metadata"]["labels"][NAME] == name


@pytest.mark.parametrize("name", [*SETTINGS, "migrate"])
def test_a_pod_has_no_more_rights_than_it_needs(name: str) -> None:
    """The image's own user, a file system that it cannot write, no token for the API."""
    template = (objects("Deployment") | objects("Job"))[name]["spec"]["template"]
    pod = template["spec"]
    (only,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    user, group = (pod["securityContext"][name] for name in ("runAsUser", "runAsGroup"))
    assert f"\nUSER {user}:{group}\n" in (CHECKOUT / "Dockerfile").read_text("utf-8")
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert only["image"] == "handoff"
    assert only["args"] == (["migrate"] if name == "migrate" else ["serve", name])
    assert template["metadata"]["labels"][PART_OF] == "handoff"


def reaches(name: str) -> set[int | str]:
    """The ports that policies let a pod of that name speak to; 0: any."""
    found: set[int | str] = set()
    for policy in objects("NetworkPolicy").values():
        spec = policy["spec"]
        chosen = spec["podSelector"]
        labels, expressions = chosen.get("matchLabels", {}), chosen.get("matchExpressions", [])
        named = all({NAME: name, PART_OF: "handoff"}.get(key) == v for key, v in labels.items())
        if named and all(name in one["values"] for one in expressions):
            for rule in spec.get("egress", ()):
                found |= {port["port"] for port in rule.get("ports", [{"port": 0}])}
    return found


def test_nobody_speaks_with_more_than_it_must() -> None:
    """Nothing is let in or out by default; each reaches its servers, and two reach others."""
    nobody = objects("NetworkPolicy")["handoff-nobody"]["spec"]
    assert nobody == {
        "podSelector": {"matchLabels": {PART_OF: "handoff"}},
        "policyTypes": ["Ingress", "Egress"],
    }
    assert {name: reaches(name) for name in (*SETTINGS, "migrate")} == {
        "referrals": {53, 5432, 5671},
        "ereferral-dispatch": {53, 5432, 5671, 0, 587},
        "connectors": {53, 5432, 5671, 443},
        "edge": {53, 5671},
        "migrate": {53, 5432},
    }
