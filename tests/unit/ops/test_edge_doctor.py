"""`handoff doctor` about the edge, without servers."""

from pathlib import Path

import pytest

from services.edge.tokens.file import write_tokens
from tests.support.services.command_line import handoff
from tests.unit.services.edge.tokens.test_token import NOW, token

EDGE = {"EDGE_RABBITMQ_URL": "amqp://edge:secret@127.0.0.1:9/"}


def looked(**variables: str) -> list[str]:
    """The lines about the edge."""
    said = handoff("doctor", **variables).stdout.partition("edge:\n")[2]
    return [" ".join(line.split()) for line in said.splitlines() if line.startswith("  ")]


def test_an_edge_that_is_not_set_up_is_nothing_wrong() -> None:
    """It need not run."""
    assert looked() == ["note settings: EDGE_RABBITMQ_URL is not set: no edge is looked at"]


def test_what_is_wrong_is_told() -> None:
    """A setting that is none, no tokens, no broker."""
    lines = looked(**EDGE, EDGE_TYPO="1")
    assert any(line.startswith("WRONG settings: no such setting: EDGE_TYPO") for line in lines)
    assert any(line.startswith("WRONG tokens: EDGE_TOKENS_FILE is unset") for line in lines)
    assert any("EDGE_RABBITMQ_URL: no RabbitMQ to be used" in line for line in lines)
    assert "secret" not in " ".join(lines)


def test_tokens_are_counted_and_looked_at(tmp_path: Path) -> None:
    """How many are valid; a pattern that allows nothing."""
    path = tmp_path / "tokens.toml"
    write_tokens(
        path,
        [token(expires_at=NOW.replace(year=2999)), token(id="bbbbbbbb", operations=["referal.*"])],
    )
    lines = looked(**EDGE, EDGE_TOKENS_FILE=str(path))
    assert "fine tokens: 2 of 2 are valid" in lines
    assert "WRONG tokens: token bbbbbbbb allows 'referal.*', and no operation is called so" in lines
    path.chmod(0o644)
    (line,) = [one for one in looked(**EDGE, EDGE_TOKENS_FILE=str(path)) if "tokens:" in one]
    assert line.startswith("WRONG tokens: EDGE_TOKENS_FILE: ") and "chmod 600" in line


@pytest.mark.parametrize(
    ("operations", "words"),
    [
        ('["*"]', "fine grants: {path} grants 'edge' what the routes need"),
        (
            '["contact*", "intake*", "referral.*", "referral_*", "patient.*", "provider.*"]',
            "WRONG grants: REFERRALS_CLIENT_GRANTS_FILE: {path} does not grant 'edge' "
            "patient_trail.get and 2 more: see docs/operators/permissions.md",
        ),
    ],
)
def test_what_the_services_grant_it_is_looked_at(
    tmp_path: Path, operations: str, words: str
) -> None:
    """In a grants file that is set here: all that the routes need of that service."""
    grants = tmp_path / "grants.toml"
    grants.write_text(f'[[clients]]\nuser = "edge"\norgs = ["*"]\noperations = {operations}\n')
    lines = looked(**EDGE, REFERRALS_CLIENT_GRANTS_FILE=str(grants))
    assert words.format(path=grants) in lines
