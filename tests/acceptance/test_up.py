"""`handoff up` as a person runs it, in a folder where it never ran."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from yarl import URL

from ops.servers.ports import free_ports
from tests.acceptance.started import servers_of_its_own, start
from tests.support.services.process import REPOSITORY

RUNS_WITHIN_SECONDS = 300.0


def test_it_tells_the_story_and_runs_until_ctrl_c(
    new_postgres_database: Callable[[], str],
    new_rabbitmq_vhost: Callable[[], str],
    tmp_path: Path,
) -> None:
    """Its letters are there to be looked at, and another terminal finds it."""
    referrals_port, dispatch_port = free_ports(2)
    folder, grants = tmp_path / ".handoff", tmp_path / "grants.toml"
    variables = {
        **servers_of_its_own(new_postgres_database, new_rabbitmq_vhost),
        "REFERRALS_HTTP_PORT": str(referrals_port),
        "DISPATCH_HTTP_PORT": str(dispatch_port),
    }
    user = URL(variables["REFERRALS_RABBITMQ_URL"]).user
    grants.write_text(f'[[clients]]\nuser = "{user}"\norgs = ["*"]\noperations = ["*"]\n')
    up = start({**variables, "REFERRALS_CLIENT_GRANTS_FILE": str(grants)}, "up", folder=folder)
    assert up.process.stdout is not None
    said, deadline = "", time.monotonic() + RUNS_WITHIN_SECONDS
    while "Ctrl-C ends all of it" not in said:
        assert time.monotonic() < deadline
        line = up.process.stdout.readline()
        assert line, said
        said += line
    assert "NOT AS IT SHOULD BE" not in said
    letters = sorted((folder / "up").glob("letter-*.pdf"))
    assert len(letters) == 4
    for letter in letters:
        assert os.path.relpath(letter, REPOSITORY) in said
        assert letter.read_bytes().startswith(b"%PDF")
    written = dict(line.split("=", 1) for line in (folder / "up.env").read_text().splitlines())
    assert variables.items() <= written.items()
    assert written["REFERRALS_CLIENT_GRANTS_FILE"] == str(grants)
    called = subprocess.run(
        [sys.executable, "-m", "ops.cli", "call", "referral.list", '{"org_id": "demo"}'],
        cwd=REPOSITORY,
        env={**os.environ, **written},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(called.stdout)["data"]["total"] == 4
    assert "nothing is left running" in up.end(signal.SIGINT)
    up.leaves_nothing()
