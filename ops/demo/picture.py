"""The picture of a page, as the Chromium of this machine shows it."""

import asyncio
import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
WITHIN_SECONDS = 20.0
WIDTH, HEIGHT = 1280, 900
NO_BROWSER = (
    "No picture of the desk: that takes a Chromium in PATH (Debian: apt-get install chromium)."
)


async def picture_of_desk(link: str, to: Path, within_seconds: float = WITHIN_SECONDS) -> list[str]:
    """Write the page behind a login link as a PNG; what there is to say of it, and its path last.

    Nothing fails where there is no browser, or it makes no picture in time: then that is said.
    """
    program = next((place for name in BROWSERS if (place := shutil.which(name))), None)
    _forget(to)
    if program is None:
        return [NO_BROWSER]
    with tempfile.TemporaryDirectory(prefix="handoff-", ignore_cleanup_errors=True) as profile:
        try:
            ended = await _run(_command(program, link, to, profile), within_seconds)
        except TimeoutError:
            _forget(to)
            return [f"No picture of the desk: {program} had not made it after {within_seconds} s."]
        except OSError as wrong:
            return [f"No picture of the desk: {program}: {wrong.strerror}."]
    return _told(program, ended, to)


def _forget(to: Path) -> None:
    to.unlink(missing_ok=True)


def _told(program: str, ended: int, to: Path) -> list[str]:
    if ended == 0 and to.exists():
        return ["The desk, as its people see it:", f"  {os.path.relpath(to)}"]
    _forget(to)
    return [f"No picture of the desk: {program} ended with {ended} and made none."]


def _command(program: str, link: str, to: Path, profile: str) -> list[str]:
    return [
        program,
        "--headless=new",
        # Its sandbox does not run as root; the page is our own.
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
        f"--window-size={WIDTH},{HEIGHT}",
        f"--screenshot={to}",
        link,
    ]


async def _run(command: list[str], within_seconds: float) -> int:
    """The status that it ended with; all of its processes have ended. Raises TimeoutError."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(within_seconds):
            return await process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
