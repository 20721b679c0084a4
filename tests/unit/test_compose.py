"""`compose.yaml` runs every service with what it needs."""

import json
import re
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from messaging.running.settings import BrokerSettings, load_settings, variable
from ops.catalogue import Served
from ops.environment import CHECKOUT
from services.connectors.settings import ConnectorsSettings
from services.edge.settings import EdgeSettings
from services.ereferral_dispatch.settings import DispatchSettings
from services.referrals.settings import ReferralsSettings

TEXT = (CHECKOUT / "compose.yaml").read_text("utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
SETTINGS: dict[Served, type[BrokerSettings]] = {
    Served.REFERRALS: ReferralsSettings,
    Served.EREFERRAL_DISPATCH: DispatchSettings,
    Served.CONNECTORS: ConnectorsSettings,
    Served.EDGE: EdgeSettings,
}
GIVEN = {
    "POSTGRES_PASSWORD": "p",
    "RABBITMQ_PASSWORD": "r",
    "DISPATCH_SIGNING_KEY": "0" * 64,
    "DISPATCH_SMTP_URL": "smtps://relay.example",
    "DISPATCH_MAIL_FROM": "referrals@example.org",
    "CONNECTORS_SECRET_KEY": "0" * 64,
}
_VARIABLE = re.compile(r"\$\{(\w+)(?::[?-][^}]*)?\}")


def judge(text: str) -> None:
    """Raises ValueError where the Compose specification has it otherwise; what is merged in (`<<`)
    is merged before."""
    PyCompose.from_json(json.dumps(yaml.safe_load(text))).validate()


def filled_in(value: str) -> str:
    """A value as compose reads it with everything in `.env`."""
    return _VARIABLE.sub(lambda found: GIVEN[found[1]], value)


@pytest.mark.parametrize("served", Served)
def test_a_service_starts_with_what_it_is_given(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every setting that it needs is there; it is asked for its health where its pages are, and
    has the time that it takes to finish."""
    service, settings = SERVICES[served], SETTINGS[served]
    for name in [variable(settings, field) for field in settings.model_fields]:
        monkeypatch.delenv(name, raising=False)
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, filled_in(value))
    loaded = load_settings(settings)
    port = loaded.model_dump()["ops_port" if served is Served.EDGE else "http_port"]
    assert f"http://127.0.0.1:{port}/health/ready" in service["healthcheck"]["test"][-1]
    assert service["stop_grace_period"] == "40s"
    started = [*service.get("command", []), *service.get("entrypoint", [])]
    assert f"serve {served}" in " ".join(started)


def test_what_is_to_be_filled_in_is_in_the_example() -> None:
    """And nothing else is: what compose refuses to start without, and what a profile needs."""
    example = (CHECKOUT / ".env.example").read_text("utf-8")
    named = re.findall(r"^(\w+)=$", example, re.MULTILINE)
    assert set(named) == {found[1] for found in _VARIABLE.finditer(TEXT)} == set(GIVEN)
    # Compose reads the whole file, whatever the profile: the optional one must not be demanded.
    assert "CONNECTORS_SECRET_KEY:?" not in TEXT


def test_each_database_that_is_named_is_made() -> None:
    """By the image's own variable, or by the script of its first start."""
    named = set(re.findall(r"@postgres:5432/(\w+)", TEXT))
    made = set(re.findall(r"CREATE DATABASE (\w+);", TEXT))
    assert named == made | {SERVICES["postgres"]["environment"]["POSTGRES_DB"]}


def test_it_is_as_the_compose_specification_has_it() -> None:
    """By what reads such files, which takes no field, condition or duration that it does not know;
    and it has every volume and service that it names."""
    judge(TEXT)
    volumes = set(yaml.safe_load(TEXT)["volumes"])
    for service in SERVICES.values():
        assert {mount.partition(":")[0] for mount in service.get("volumes", ())} <= volumes
        assert set(service.get("depends_on", ())) <= set(SERVICES)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("stop_grace_period: 40s", "stop_grace_periode: 40s"),
        ("stop_grace_period: 40s", "stop_grace_period: long"),
        ("condition: service_healthy", "condition: service_ready"),
        ("source: further_databases", "source: others"),
        ('"127.0.0.1:8001:8001"', '"127.0.0.1:8001:any"'),
    ],
)
def test_what_compose_would_not_take_is_found(right: str, wrong: str) -> None:
    """Else nothing above could fail."""
    assert right in TEXT
    with pytest.raises(ValueError, match=r"\w"):
        judge(TEXT.replace(right, wrong))
