"""The figures, rules and dashboard by a real Prometheus that scrapes the real services."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from tests.integration.ops.parked import empty, park
from tests.integration.watching.conftest import NAME, RULES, Watched
from tests.support.prometheus import amtool, promtool
from tests.support.waiting import until

FOLDER = RULES.parent
PLAYS = ("alerts.test.yml", "alerts.days.test.yml")
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = {
    f"{panel['title']} {target['refId']}": target["expr"].replace("$__rate_interval", "30s")
    for panel in PANELS
    for target in panel["targets"]
}
TOLD_AGAIN_WITHIN_SECONDS = 2.5
"""More than twice what Alertmanager gathers here before it tells more of the same."""
_NAME = re.compile(r"\b(?:handoff|connector|process)_[a-z_]+")
_OF_A_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")


def alerts() -> dict[str, dict[str, Any]]:
    """The alerts by name."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def families(exposed: str) -> set[str]:
    """The names of what is exposed."""
    return {line.split()[2] for line in exposed.splitlines() if line.startswith("# TYPE ")}


def unknown(expression: str, exposed: set[str]) -> set[str]:
    """The names in an expression that nothing exposes."""
    named = set(_NAME.findall(expression))
    return {name for name in named if not {name, _OF_A_HISTOGRAM.sub("", name)} & exposed}


def test_the_rules_and_the_scraping_are_well_formed() -> None:
    """promtool takes them."""
    assert "14 rules found" in promtool("check", "rules", "alerts.yml", folder=FOLDER)
    promtool("check", "config", "prometheus.yml", folder=FOLDER)


def test_alertmanager_tells_of_the_end_too() -> None:
    """amtool takes its configuration; an alert reaches whoever is on call, and so does its end. The
    alerts that keep others quiet, and these, are alerts that there are."""
    assert "1 receivers" in amtool("check-config", "alertmanager.yml", folder=FOLDER)
    routed = amtool(
        *("config", "routes", "test", "--config.file=alertmanager.yml"),
        *("alertname=HandoffDeadLetters", "severity=warning"),
        folder=FOLDER,
    )
    assert routed.split() == ["on-call"]
    configuration = yaml.safe_load((FOLDER / "alertmanager.yml").read_text("utf-8"))
    (receiver,) = configuration["receivers"]
    assert [way["send_resolved"] for way in receiver["webhook_configs"]] == [True]
    named = set(re.findall(r"Handoff\w+", str(configuration["inhibit_rules"])))
    assert named <= set(alerts())


def test_every_alert_fires_once_and_ends() -> None:
    """promtool plays each trouble, over two replicas, from before it starts until after it ends;
    and each alert is fired by one of these plays at least."""
    promtool("test", "rules", *PLAYS, folder=FOLDER)
    played = [
        play
        for name in PLAYS
        for play in yaml.safe_load((FOLDER / name).read_text("utf-8"))["tests"]
    ]
    fired = {
        step["alertname"]
        for play in played
        for step in play["alert_rule_test"]
        if step["exp_alerts"]
    }
    assert fired == set(alerts())


def test_a_rule_that_does_not_fire_is_found(tmp_path: Path) -> None:
    """Else nothing above could fail: with another threshold promtool finds fault."""
    rules = (FOLDER / "alerts.yml").read_text("utf-8")
    changed = rules.replace("handoff_dead_letters) > 0", "handoff_dead_letters) > 9")
    assert changed != rules
    (tmp_path / "alerts.yml").write_text(changed)
    (tmp_path / "alerts.test.yml").write_text((FOLDER / "alerts.test.yml").read_text("utf-8"))
    with pytest.raises(AssertionError, match="HandoffDeadLetters"):
        promtool("test", "rules", "alerts.test.yml", folder=tmp_path)


async def test_prometheus_takes_what_the_services_expose(watched: Watched) -> None:
    """Each service is scraped, its format is fit for Prometheus, and promtool's lint of names finds
    nothing in what is ours."""
    assert len(watched.prometheus.query("up == 1")) == 4
    assert watched.prometheus.query("up == 0") == []
    assert watched.prometheus.query("scrape_samples_scraped == 0") == []


async def test_every_name_in_rules_and_dashboard_is_exposed(watched: Watched) -> None:
    """By the services themselves: a renamed figure would leave an alert that never fires."""
    exposed = families(watched.metrics())
    used = {name: rule["expr"] for name, rule in alerts().items()} | QUERIES
    lost = {name: unknown(expression, exposed) for name, expression in used.items()}
    assert {name: names for name, names in lost.items() if names} == {}
    assert unknown("max(handoff_no_such_thing)", exposed) == {"handoff_no_such_thing"}


@pytest.mark.parametrize("query", QUERIES, ids=str)
async def test_every_query_of_the_dashboard_draws_something(watched: Watched, query: str) -> None:
    """Against a Prometheus that has watched the services being used; no other system is connected
    here, so that of connectors it is known alone that none stands still and that no row waits."""
    found = await asyncio.to_thread(watched.prometheus.query, QUERIES[query])
    known = ("connector_stale", "connector_waiting_rows")
    of_runs = "connector_" in QUERIES[query] and not any(one in QUERIES[query] for one in known)
    assert bool(found) is not of_runs, QUERIES[query]


@pytest.mark.parametrize("name", alerts(), ids=str)
async def test_every_alert_is_silent_while_all_is_well(watched: Watched, name: str) -> None:
    """Its expression is one that this Prometheus computes, and finds nothing."""
    assert await asyncio.to_thread(watched.prometheus.query, alerts()[name]["expr"]) == []


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('handoff_messages_total{operation="referral.send", status="202"}', 2),
        ('handoff_messages_total{operation="referral.send", status="409"}', 1),
        ('handoff_messages_total{operation="ereferral.dispatch", status="202"}', 2),
        ('handoff_attempts_total{channel="portal", outcome="delivered"}', 1),
        ('handoff_needs_person{status="awaiting_call"}', 1),
        ('handoff_intake_waiting{suspected_spam="false"}', 1),
        ('handoff_intake_waiting{suspected_spam="true"}', 0),
        ('connector_stale_connections{system="opendental"}', 0),
        ('handoff_lanes_held{channel="portal"}', 0),
        ('handoff_dead_letters{queue="referrals.commands"}', 0),
        ('handoff_queue_messages{queue="ereferral_dispatch.commands"}', 0),
        ('handoff_edge_requests_total{status="404"}', 1),
        ("sum(handoff_relay_leading)", 3),
    ],
)
async def test_the_figures_are_what_happened(
    watched: Watched, expression: str, value: float
) -> None:
    """Two referrals were sent, one of them once too often; one partner has to be called."""
    assert watched.prometheus.value(expression) == value


async def test_trouble_is_told_once_when_it_starts_and_once_when_it_ends(watched: Watched) -> None:
    """From a dead letter by Prometheus and Alertmanager to whoever is on call: by the queue alone,
    and not again while it lies there, nor after it is gone."""
    alertmanager = watched.alertmanager

    def told() -> list[str]:
        return [message.status for message in alertmanager.told_of("HandoffDeadLetters")]

    await asyncio.to_thread(park, watched.rabbitmq_url, str(uuid4()))
    await until(lambda: bool(told()), 30)
    await asyncio.sleep(TOLD_AGAIN_WITHIN_SECONDS)
    assert told() == ["firing"]
    await asyncio.to_thread(empty, watched.rabbitmq_url)
    await until(lambda: len(told()) > 1, 30)
    await asyncio.sleep(TOLD_AGAIN_WITHIN_SECONDS)
    assert told() == ["firing", "resolved"]
    for message in alertmanager.told_of("HandoffDeadLetters"):
        assert message.alerts == (
            {
                "alertname": "HandoffDeadLetters",
                "queue": "referrals.commands",
                "severity": "warning",
            },
        )


async def test_what_waits_for_a_service_that_is_away_is_no_news(watched: Watched) -> None:
    """The service is told of, and what waits for it is not; what waits for another one is."""
    alertmanager = watched.alertmanager
    away = {"alertname": "HandoffServiceAway", "job": "handoff-connectors"}
    await asyncio.to_thread(alertmanager.fire, away)
    await until(lambda: bool(alertmanager.told_of("HandoffServiceAway")), 30)
    old = {"alertname": "HandoffQueueOld"}
    theirs = {**old, "queue": "connectors.commands"}
    others = {**old, "queue": "referrals.commands"}
    outbox = {"alertname": "HandoffOutboxOld", "job": "handoff-connectors"}
    await asyncio.to_thread(alertmanager.fire, theirs, others, outbox)
    await until(lambda: bool(alertmanager.told_of("HandoffQueueOld")), 30)
    await asyncio.sleep(TOLD_AGAIN_WITHIN_SECONDS)
    assert [message.alerts for message in alertmanager.told_of("HandoffQueueOld")] == [(others,)]
    assert alertmanager.told_of("HandoffOutboxOld") == []


async def test_each_message_attempt_and_request_has_one_wide_line(watched: Watched) -> None:
    """With all that is known of it, and nothing of the patient."""
    sends = [line for line in watched.lines("message") if line["operation"] == "referral.send"]
    assert [line["status"] for line in sends] == [202, 202, 409]
    assert sends[2]["code"] == "version_conflict"
    for line in sends:
        assert line["queue"] == "referrals.commands"
        assert line["org_id"] == watched.org_id
        assert line["batch"] == 1 and line["bytes"] > 0 and line["milliseconds"] > 0
        assert re.fullmatch("[0-9a-f-]{36}", line["message_id"])
    (dispatched, _) = [
        line for line in watched.lines("message") if line["operation"] == "ereferral.dispatch"
    ]
    assert dispatched["client"], "whom the broker vouches for"
    attempts = [line for line in watched.lines("attempt") if line["channel"] == "portal"]
    assert len(attempts) == 1
    assert (
        attempts[0].items()
        >= {
            "attempt": 1,
            "code": "http_201",
            "left": True,
            "message": "referral",
            "org_id": watched.org_id,
            "outcome": "Delivered",
        }.items()
    )
    requests = watched.lines("request")
    assert [line["status"] for line in requests] == [200, 404]
    logs = "".join(service.log.read_text() for service in watched.services.values())
    assert NAME not in logs and NAME not in watched.metrics()


def test_the_dashboard_can_be_drawn() -> None:
    """Each panel has a number and a place of its own within the 24 columns, a title and a unit."""
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(numbers) == len(set(numbers))
    places: list[tuple[int, int]] = []
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        places += [
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
    assert len(places) == len(set(places)), "panels lie on each other"
    for panel in PANELS:
        assert panel["title"] and panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
