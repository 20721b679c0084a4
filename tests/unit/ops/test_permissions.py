"""`handoff doctor --print-permissions` without a broker: what it will print nothing for."""

from pathlib import Path

import pytest

from tests.support.services.command_line import handoff


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[[clients]]\nuser = "crm"\n', "clients.0.orgs: Field required"),
        (
            "".join(
                f'[[clients]]\nuser = "{user}"\norgs = ["*"]\noperations = ["*"]\n'
                for user in ("crm", "crm.two")
            ),
            "gives 'crm' the reply queues of 'crm.two': rename one",
        ),
        (
            '[[clients]]\nuser = "-p"\norgs = ["*"]\noperations = ["*"]\n',
            "has a client '-p', which rabbitmqctl takes for an option: rename the client",
        ),
        *(
            (
                f'[[clients]]\nuser = "{user}"\norgs = ["*"]\noperations = ["*"]\n',
                f"has a client '{user}', the name of another user here: rename the client",
            )
            for user in ("operator", "subscriber", "ereferral_dispatch")
        ),
    ],
    ids=[
        *("incomplete", "one name within another", "an option"),
        *("an operator", "a subscriber", "a service that asks for nothing"),
    ],
)
def test_a_grants_file_that_is_wrong_prints_nothing(
    tmp_path: Path, content: str, says: str
) -> None:
    """One line names the variable and what is wrong with its file; the exit status is 2."""
    grants = tmp_path / "grants.toml"
    grants.write_text(content)
    ended = handoff("doctor", "--print-permissions", REFERRALS_CLIENT_GRANTS_FILE=str(grants))
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == f"REFERRALS_CLIENT_GRANTS_FILE: {grants} {says}\n"


def test_no_permissions_are_printed_for_a_vhost_without_a_name() -> None:
    """`rabbitmqctl -p ''` would set them for a vhost that nobody uses, or fail user by user."""
    ended = handoff("doctor", "--print-permissions", "--vhost", "")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == "--vhost is empty: name the services' vhost, such as /\n"
