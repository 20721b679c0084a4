"""`handoff serve`: how it ends."""

from tests.support.services.command_line import handoff
from tests.support.services.process import RunningService


def test_a_taken_port_is_named(replica: RunningService, variables: dict[str, str]) -> None:
    """One line and exit status 2."""
    second = handoff(
        "serve", "referrals", REFERRALS_HTTP_PORT=str(replica.port), REFERRALS_LOG_FORMAT="json"
    )
    assert second.exit_code == 2
    assert second.stderr.splitlines()[-1].startswith("REFERRALS_HTTP_PORT: something listens on")


def test_sigterm_ends_a_service_well(replica: RunningService) -> None:
    """Status 0, after the drain. The last test: nothing runs then."""
    assert replica.end() == 0
    assert replica.log_lines()[-1]["event"] == "stopped"
