"""The suite in another Debian: each thing that it lacks is told in one line, before it begins."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ops.environment import CHECKOUT

ROOT_USER = "#!/bin/sh\necho 0\n"
FAILS = "#!/bin/sh\nexit 1\n"


def told(folder: Path, suite: str, programs: dict[str, str | None]) -> str:
    """What the script says where there are these programs alone: a script, or None for the real."""
    places = folder / "bin"
    places.mkdir()
    for name, script in {"dirname": None, "realpath": None, **programs}.items():
        real = shutil.which(name)
        if script is None:
            assert real is not None
            (places / name).symlink_to(real)
        else:
            (places / name).write_text(script)
            (places / name).chmod(0o755)
    ended = subprocess.run(
        ["/bin/sh", CHECKOUT / "tests" / "in_debian.sh", *suite.split()],
        env={"PATH": str(places), "SERVERS_FOLDER": str(folder / "servers")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


@pytest.mark.parametrize("suite", ["", "bookworm", "../trixie"])
def test_a_suite_that_is_none_is_refused(tmp_path: Path, suite: str) -> None:
    """With those that there are."""
    assert told(tmp_path, suite, {}) == (
        f"make test SERVERS={suite}: no such suite: it is trixie (RabbitMQ 4.0, PostgreSQL 17) "
        "or forky (RabbitMQ 4.3, PostgreSQL 18)\n"
    )


@pytest.mark.parametrize(
    ("programs", "says"),
    [
        ({"id": "#!/bin/sh\necho 1000\n"}, "only root may mount and chroot"),
        ({"id": ROOT_USER}, "there is no unshare, of util-linux"),
        ({"id": ROOT_USER, "unshare": FAILS}, "servers/forky, and no debootstrap to make it"),
        (
            {"id": ROOT_USER, "unshare": FAILS, "debootstrap": FAILS},
            "root may make no mount namespace here",
        ),
    ],
    ids=["no root", "no unshare", "no debootstrap", "no right to mount"],
)
def test_what_is_missing_is_named(
    tmp_path: Path, programs: dict[str, str | None], says: str
) -> None:
    """One line, and nothing was made."""
    (line,) = told(tmp_path, "forky", programs).splitlines()
    assert line.startswith("make test SERVERS=forky: ") and says in line
    assert not (tmp_path / "servers").exists()
