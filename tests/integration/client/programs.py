"""The programs of examples/, as somebody runs them who copied the folder."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.support import node
from tests.support.services.process import REPOSITORY
from tests.support.waiting import until

EXAMPLES = REPOSITORY / "examples"


class Language(StrEnum):
    """What an example is written in; the name of its folder."""

    PYTHON = "python"
    NODE = "node"


def command(language: Language, program: str, folder: Path) -> list[str]:
    """How the program is started, in a copy of its folder where it has to be beside packages."""
    if language is Language.PYTHON:
        return [sys.executable, str(EXAMPLES / "python" / f"{program}.py")]
    copied = folder / "node"
    if not copied.exists():
        shutil.copytree(EXAMPLES / "node", copied)
        (copied / "node_modules").symlink_to(node.modules())
    return [node.NODE, "--no-warnings", str(copied / f"{program}.mjs")]


@asynccontextmanager
async def running(
    command: list[str], *arguments: str, **environment: str
) -> AsyncIterator["subprocess.Popen[str]"]:
    """The program, until the block is left; it is killed then, as by a lost machine."""
    process = await asyncio.to_thread(_started, [*command, *arguments], environment)
    try:
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)


def _started(command: list[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


async def line(process: "subprocess.Popen[str]") -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    said = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 60)
    assert said, f"it ended with {process.poll()}"
    return said.strip()


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in a program's database; nothing while it is being made."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return []


async def hold(path: Path, query: str, wanted: list[tuple[Any, ...]]) -> None:
    """Wait until the query finds this."""
    try:
        await until(lambda: rows(path, query) == wanted, 20)
    except TimeoutError:
        raise AssertionError(f"{rows(path, query)} and not {wanted}") from None
