"""`handoff serve`: how it ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.edge.tokens.file import write_tokens
from tests.support.services.command_line import handoff
from tests.support.services.process import RunningService, running_service


def test_a_taken_port_is_named(replica: RunningService, variables: dict[str, str]) -> None:
    """One line and exit status 2."""
    second = handoff(
        "serve", "referrals", REFERRALS_HTTP_PORT=str(replica.port), REFERRALS_LOG_FORMAT="json"
    )
    assert second.exit_code == 2
    assert second.stderr.splitlines()[-1].startswith("REFERRALS_HTTP_PORT: something listens on")


@pytest.fixture
def edge(variables: dict[str, str], tmp_path: Path) -> Iterator[RunningService]:
    """The edge, ready; nobody has a token."""
    tokens = tmp_path / "tokens.toml"
    write_tokens(tokens, [])
    ours = {
        "EDGE_RABBITMQ_URL": variables["REFERRALS_RABBITMQ_URL"],
        "EDGE_TOKENS_FILE": str(tokens),
    }
    with running_service("edge", ours) as running:
        yield running


def test_the_edge_serves_its_pages_apart_and_ends_well(edge: RunningService) -> None:
    """Health and figures on one port, the interface on another; both may be any free one."""
    assert edge.get("/health/ready")[0] == 200
    (started,) = [line for line in edge.log_lines() if line["event"] == "started"]
    edge.port, pages = int(started["detail"]), edge.port
    assert edge.get("/api/v1/org_1/practice")[0] == 401
    assert edge.get("/health/live")[0] == 404
    edge.port = pages
    assert (
        'handoff_edge_requests_total{method="GET",route="-",status="404"} 1.0'
        in (edge.get("/metrics")[1])
    )
    assert edge.end() == 0
    assert edge.log_lines()[-1]["event"] == "stopped"


@pytest.mark.parametrize("variable", ["EDGE_HTTP_PORT", "EDGE_OPS_PORT"])
def test_a_port_of_the_edge_that_is_taken_is_named(
    edge: RunningService, variables: dict[str, str], variable: str
) -> None:
    """One line and exit status 2."""
    ports = {"EDGE_HTTP_PORT": "0", "EDGE_OPS_PORT": "0", variable: str(edge.port)}
    url = variables["REFERRALS_RABBITMQ_URL"]
    second = handoff("serve", "edge", EDGE_RABBITMQ_URL=url, EDGE_LOG_FORMAT="json", **ports)
    assert second.exit_code == 2
    assert second.stderr.splitlines()[-1].startswith(f"{variable}: something listens on")


def test_sigterm_ends_a_service_well(replica: RunningService) -> None:
    """Status 0, after the drain. The last test: nothing runs then."""
    assert replica.end() == 0
    assert replica.log_lines()[-1]["event"] == "stopped"
