"""pdftotext (poppler-utils), the reader by which it is judged whether a letter can be searched."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from ops.environment import handoff_folder
from ops.servers.fetched import unpack_packages
from ops.servers.folders import exclusive

# What every Debian has, and a program must have from the system that its loader comes from.
_OF_THE_SYSTEM = ("libc6", "libgcc-s1", "gcc-", "libcrypt1", "libc-")


def pdftotext(pdf: bytes) -> str:
    """The text of a PDF in the order in which it is read, each run of spaces and line ends as one
    space."""
    program, libraries = _program()
    environment = {**os.environ, "LD_LIBRARY_PATH": libraries} if libraries else None
    read = subprocess.run(
        [program, "-enc", "UTF-8", "-", "-"], input=pdf, env=environment, capture_output=True,
        check=True,
    )  # fmt: skip
    return " ".join(read.stdout.decode().split())


@cache
def _program() -> tuple[str, str | None]:
    """The installed one, else Debian's, unpacked for this checkout, with its libraries."""
    installed = shutil.which("pdftotext")
    if installed is not None:
        return installed, None
    folder = handoff_folder() / "poppler"
    folder.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    with exclusive(folder / "fetch.lock"):
        if not (folder / "tree").exists() and (
            shutil.which("apt-get") is None
            or not unpack_packages(folder, ["poppler-utils"], _is_wanted, said.append)
        ):
            raise RuntimeError(f"pdftotext is needed: install poppler-utils {' '.join(said)}")
    tree: Path = folder / "tree"
    libraries = [str(place) for place in sorted((tree / "usr/lib").glob("*-linux-gnu*"))]
    libraries += [str(place) for place in sorted((tree / "lib").glob("*-linux-gnu*"))]
    return str(tree / "usr/bin/pdftotext"), ":".join(libraries)


def _is_wanted(package: str) -> bool:
    return not package.startswith(_OF_THE_SYSTEM)
