"""The demo's picture of the desk: made where a browser is, and never what the demo fails by."""

import time
from pathlib import Path

import pytest

from ops.demo.picture import NO_BROWSER, picture_of_desk

LINK = "http://127.0.0.1:8000/desk/~login/ticket"


def _browser(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program by the name of Chromium, alone before the system's in PATH."""
    program = folder / "chromium"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    return program


async def test_without_a_browser_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line; the picture of the last time, which is of another desk, is gone."""
    monkeypatch.setenv("PATH", str(tmp_path))
    picture = tmp_path / "desk.png"
    picture.write_bytes(b"old")
    assert await picture_of_desk(LINK, picture) == [NO_BROWSER]
    assert not picture.exists()


async def test_its_path_is_the_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser is asked for a picture of the page behind the link."""
    script = (
        'for a in "$@"; do case $a in --screenshot=*) to=${a#*=};; esac; done; echo "$a" >"$to"'
    )
    _browser(tmp_path, script, monkeypatch)
    picture = tmp_path / "desk.png"
    said = await picture_of_desk(LINK, picture)
    assert said[-1].endswith("desk.png")
    assert picture.read_text() == f"{LINK}\n"


@pytest.mark.parametrize(("script", "status"), [("exit 3", 3), ("exit 0", 0)])
async def test_a_browser_that_makes_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, status: int
) -> None:
    """One line with its status, and no picture."""
    program = _browser(tmp_path, script, monkeypatch)
    assert await picture_of_desk(LINK, tmp_path / "desk.png") == [
        f"No picture of the desk: {program} ended with {status} and made none."
    ]


async def test_a_browser_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time, with the processes that it started."""
    left = tmp_path / "child"
    program = _browser(tmp_path, f'sleep 60 & echo $! >"{left}"; wait', monkeypatch)
    began = time.monotonic()
    assert await picture_of_desk(LINK, tmp_path / "desk.png", 1.0) == [
        f"No picture of the desk: {program} had not made it after 1.0 s."
    ]
    assert time.monotonic() - began < 20
    assert not _runs(left.read_text().strip())


def _runs(pid: str) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
