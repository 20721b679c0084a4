"""docs/clients/quickstart.md: its blocks, run as they stand by a stranger's environment."""

import asyncio
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.client.conftest import Real
from tests.support.services.process import REPOSITORY

PAGE = (REPOSITORY / "docs/clients/quickstart.md").read_text("utf-8")
SH = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
# Each program under the name that the page gives it.
PROGRAMS = dict(re.findall(r"`(\w+\.py)`:\n\n```python\n(.*?)```", PAGE, re.DOTALL))


@dataclass(frozen=True)
class Stranger:
    """Somebody with a folder that holds the installed package and the page's programs."""

    folder: Path
    environment: dict[str, str]

    def start(self, line: str, **more: str) -> "subprocess.Popen[str]":
        """A line of the page; `env/bin/` is where its programs are."""
        name, *arguments = line.removeprefix("env/bin/").split()
        program = [sys.executable] if name == "python" else [sys.executable, "-m", "ops.cli"]
        return subprocess.Popen(
            [*program, *arguments],
            cwd=self.folder,
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    """The wheel alone is imported, not the checkout: what it lacks is missing here too. What it
    needs besides is this environment's."""
    folder = tmp_path_factory.mktemp("stranger")
    installed = folder / "installed"
    uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*uv, "--target", str(installed), str(REPOSITORY)], check=True, timeout=300)
    for name, program in PROGRAMS.items():
        (folder / name).write_text(program, encoding="utf-8")
    return Stranger(folder, {**os.environ, "PYTHONPATH": str(installed)})


def test_every_block_is_known() -> None:
    """What is not run below is run elsewhere: `make up` in tests/acceptance/test_up.py, and the
    installation, without its dependencies, above."""
    assert SH == [
        "make up\n",
        'python3 -m venv env\nenv/bin/pip install "$CHECKOUT"\n',
        "env/bin/handoff portal --letters letters\n",
        "env/bin/python first_referral.py\n",
        "env/bin/python follow.py\n",
    ]
    assert list(PROGRAMS) == ["first_referral.py", "follow.py", "test_mine.py"]
    assert PAGE.count("```") == 2 * (len(SH) + len(PROGRAMS))


async def test_the_first_referral_is_delivered_and_followed(
    stranger: Stranger, real: Real, rabbitmq_vhost: str
) -> None:
    """By the page's own lines: the portal, the first referral, the subscriber after it."""
    variables = {"HANDOFF_URL": rabbitmq_vhost}
    portal, follower = stranger.start(SH[2].strip()), None
    try:
        assert portal.stdout is not None
        listening = await asyncio.to_thread(portal.stdout.readline)
        (endpoint,) = re.findall(r"http://127\.0\.0\.1:\d+/\w+", listening)
        first = stranger.start(SH[3].strip(), PORTAL=endpoint, **variables)
        said, _ = await asyncio.to_thread(first.communicate, timeout=60)
        assert re.fullmatch(r"[0-9A-F]{4}(-[0-9A-F]{4}){2} is delivered\n", said), said
        (letter,) = (stranger.folder / "letters").glob("*.pdf")
        assert letter.read_bytes().startswith(b"%PDF")
        follower = stranger.start(SH[4].strip(), **variables)
        assert follower.stdout is not None
        told = await asyncio.to_thread(follower.stdout.readline)
        assert told == f"{said.split()[0]} delivered\n"
    finally:
        for process in (portal, follower):
            if process is not None:
                process.terminate()
                await asyncio.to_thread(process.communicate)


def test_the_tests_of_its_own_pass(stranger: Stranger) -> None:
    """As a stranger's pytest runs them."""
    ran = stranger.start("env/bin/python -m pytest -q -p no:cacheprovider test_mine.py")
    said, _ = ran.communicate(timeout=60)
    assert "2 passed" in said, said
