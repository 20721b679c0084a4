"""Chromium, the browser in which pages are judged: the installed one, else Debian's."""

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ops.environment import handoff_folder
from ops.servers.fetched import install_packages, unpack_packages
from ops.servers.folders import exclusive

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# Debian's chromium, and what it writes with where a machine has no font at all.
_PACKAGES = ("chromium", "fonts-dejavu-core")
# What every Debian has, and a program must have from the system that its loader comes from.
_OF_THE_SYSTEM = ("libc6", "libgcc-s1", "gcc-", "libcrypt1", "libc-")


class NoBrowser(RuntimeError):
    """Neither installed nor to be had; the text says what to install."""


@dataclass(frozen=True, slots=True)
class Chromium:
    """A program, and what it needs in its environment."""

    program: str
    environment: dict[str, str]


@cache
def chromium() -> Chromium:
    """The installed one; else, with apt-get, Debian's: installed where we are root, otherwise
    unpacked for this checkout. Raises NoBrowser."""
    found = _installed()
    if found is not None:
        return found
    folder = handoff_folder() / "chromium"
    folder.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    if shutil.which("apt-get") is not None:
        with exclusive(folder / "fetch.lock"):
            found = _installed()  # perhaps by the run that was waited for
            if found is None and os.geteuid() == 0 and install_packages(_PACKAGES, said.append):
                found = _installed()
            found = found or _unpacked(folder, said)
    if found is None:
        raise NoBrowser(
            "No Chromium, in which the pages are judged: install it (Debian: apt-get install "
            f"chromium; macOS: brew install --cask chromium). {' '.join(said)}".rstrip()
        )
    return found


def _installed() -> Chromium | None:
    in_path = (shutil.which(name) for name in _NAMES)
    program = next((place for place in in_path if place is not None), None)
    return None if program is None else Chromium(program, {})


def _unpacked(folder: Path, said: list[str]) -> Chromium | None:
    tree = folder / "tree"
    if not tree.exists() and not unpack_packages(folder, _PACKAGES, _is_wanted, said.append):
        return None
    libraries = [*sorted((tree / "usr/lib").glob("*-linux-gnu*"))]
    libraries += sorted((tree / "lib").glob("*-linux-gnu*"))
    environment = {
        "LD_LIBRARY_PATH": ":".join(str(place) for place in libraries),
        "FONTCONFIG_SYSROOT": str(tree),
    }
    return Chromium(str(tree / "usr/lib/chromium/chromium"), environment)


def _is_wanted(package: str) -> bool:
    return not package.startswith(_OF_THE_SYSTEM)
