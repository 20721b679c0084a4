"""The org that a command is told."""

from uuid import uuid4

import pytest

from tests.support.services.command_line import handoff


@pytest.mark.parametrize("org", ["", "org sample", "a" * 65, "örg", "org_1\n"])
@pytest.mark.parametrize(
    "command",
    [
        "audit --org ORG --patient PATIENT",
        "erase-patient --org ORG --patient PATIENT",
        "events --org ORG",
        "partner-secret ORG PARTNER",
    ],
)
def test_an_org_that_cannot_be_is_refused(command: str, org: str) -> None:
    """No org by docs/contract/wire.md#messages: exit status 2 at once, and one line."""
    given = {"ORG": org, "PATIENT": str(uuid4()), "PARTNER": str(uuid4())}
    ended = handoff(*(given.get(word, word) for word in command.split()))
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == "The org must be 1 to 64 of A-Z a-z 0-9 _ -\n"
