"""The documents of the last release: of the last tag, or of the archive beside this file.

A clone that is shallow, or a folder that is no clone, has no tags: there the archive counts.
`python -m tests.support.compatibility.released` writes it anew, when a version is released.
"""

import io
import json
import lzma
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from tests.support.services.process import REPOSITORY

ARCHIVE = Path(__file__).with_name("released.tar.xz")
FOLDERS = ("docs/schemas", "docs/asyncapi", "docs/openapi")


def last_tag() -> str | None:
    """The newest version that the present commit comes from; None where none is in the clone."""
    told = _git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
    return None if told is None else told.decode().strip()


def of_tag(tag: str) -> dict[str, Any]:
    """The documents as they were then."""
    packed = _git("archive", tag, *FOLDERS)
    assert packed is not None, f"{tag} has no documents"
    return _unpacked(packed)


def of_archive() -> dict[str, Any]:
    """The documents that were put aside at the last release."""
    return _unpacked(lzma.decompress(ARCHIVE.read_bytes()))


def present() -> dict[str, Any]:
    """The documents of this checkout."""
    paths = (path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.json"))
    docs = REPOSITORY / "docs"
    return {path.relative_to(docs).as_posix(): json.loads(path.read_bytes()) for path in paths}


def write() -> str:
    """Put the last tag's documents aside, or the present ones where there is no tag; whose."""
    tag = last_tag()
    documents = present() if tag is None else of_tag(tag)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, document in sorted(documents.items()):
            body = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
            member = tarfile.TarInfo(f"docs/{path}")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    ARCHIVE.write_bytes(lzma.compress(packed.getvalue(), preset=9))
    return tag or "the present documents"


def _unpacked(packed: bytes) -> dict[str, Any]:
    documents = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            body = archive.extractfile(member) if member.name.endswith(".json") else None
            if body is not None:
                documents[member.name.removeprefix("docs/")] = json.loads(body.read())
    return documents


def _git(*arguments: str) -> bytes | None:
    """What git prints; None where it cannot: no clone, no tag, no git."""
    try:
        told = subprocess.run(
            ["git", *arguments], cwd=REPOSITORY, capture_output=True, check=False, timeout=60
        )
    except FileNotFoundError:
        return None
    return told.stdout if told.returncode == 0 else None


if __name__ == "__main__":
    print(write())
