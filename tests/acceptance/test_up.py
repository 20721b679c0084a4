"""`handoff up` as a person runs it, in a folder where it never ran."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

from yarl import URL

from tests.acceptance.started import servers_of_its_own, start
from tests.support.services.process import REPOSITORY

RUNS_WITHIN_SECONDS = 300.0


@contextmanager
def taken_port() -> Iterator[int]:
    """A port of 127.0.0.1 that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


def test_it_tells_the_story_and_runs_until_ctrl_c(
    new_postgres_database: Callable[[], str],
    new_rabbitmq_vhost: Callable[[], str],
    tmp_path: Path,
) -> None:
    """Its letters are there to be looked at, and another terminal finds it. A port that is taken,
    or 0, becomes another one, which is told."""
    folder, grants = tmp_path / ".handoff", tmp_path / "grants.toml"
    variables = servers_of_its_own(new_postgres_database, new_rabbitmq_vhost)
    user = URL(variables["REFERRALS_RABBITMQ_URL"]).user
    grants.write_text(f'[[clients]]\nuser = "{user}"\norgs = ["*"]\noperations = ["*"]\n')
    with taken_port() as taken:
        ports = {
            "REFERRALS_HTTP_PORT": str(taken),
            "DISPATCH_HTTP_PORT": "0",
            "CONNECTORS_HTTP_PORT": "0",
            "EDGE_HTTP_PORT": "0",
            "EDGE_OPS_PORT": "0",
        }
        given = {**variables, **ports, "REFERRALS_CLIENT_GRANTS_FILE": str(grants)}
        up = start(given, "up", folder=folder)
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
    assert f"port {taken} is taken: referrals serves its pages on port " in said
    assert "DISPATCH_HTTP_PORT is 0: ereferral-dispatch serves its pages on port " in said
    assert "EDGE_HTTP_PORT is 0: edge serves HTTP on port " in said
    assert f"http://127.0.0.1:{written['EDGE_OPS_PORT']}/health/ready" in said
    for prefix in ("REFERRALS", "DISPATCH"):
        assert f"http://127.0.0.1:{written[f'{prefix}_HTTP_PORT']}/health/ready" in said
    password = URL(variables["REFERRALS_RABBITMQ_URL"]).password
    assert "RabbitMQ: amqp://" in said
    assert f":{password}@" not in said
    assert "example referral_partner.create" in said
    assert written["REFERRALS_CLIENT_GRANTS_FILE"] == str(grants)
    (curl,) = [line.strip() for line in said.splitlines() if line.strip().startswith("curl ")]
    asked = subprocess.run(curl, shell=True, capture_output=True, text=True, check=True)
    assert json.loads(asked.stdout)["total"] == 5
    (link,) = [line.strip() for line in said.splitlines() if "/desk/~login/" in line]
    with build_opener(HTTPCookieProcessor()).open(link) as desk:
        assert (desk.status, "What needs you" in desk.read().decode()) == (200, True)
    (add,) = [line.strip() for line in said.splitlines() if " connection add " in line]
    added = subprocess.run(
        add,
        shell=True,
        cwd=REPOSITORY,
        env={**os.environ, **written},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "second of demo is added, as " in added.stdout
    assert "1 made or changed, 2 refused, 1 waiting; its next run: " in added.stdout
    called = subprocess.run(
        [sys.executable, "-m", "ops.cli", "call", "referral.list", '{"org_id": "demo"}'],
        cwd=REPOSITORY,
        env={**os.environ, **written},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(called.stdout)["data"]["total"] == 5
    assert "nothing is left running" in up.end(signal.SIGINT)
    up.leaves_nothing()
