"""Books: what each party outside the services saw, written down as it happens, a JSON line each."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A client made up its mind: this command, under this message id, until it is answered."""

    org_id: str
    operation: str
    message_id: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """One reply to a command; a command that was sent several times may get several."""

    message_id: str
    status: int
    data: Any
    problem: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Told:
    """A subscriber got an event. `status`: that of its resource, where it has one."""

    id: str
    source: str
    type: str
    subject: str
    version: int
    org_id: str
    cause: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class Received:
    """A partner got a message to its end, whatever it answered.

    `channel` is `portal` or `email`; `id` its `webhook-id` or `Message-ID`; `reference` the last
    twelve digits of the referral's id, which the message itself names; `digest` of its body;
    `refused`: the partner said that it will not have it.
    """

    channel: str
    id: str
    reference: str
    digest: str
    refused: bool = False


Entry = Asked | Answered | Told | Received
_KINDS: dict[str, type[Entry]] = {kind.__name__: kind for kind in (Asked, Answered, Told, Received)}


class Book:
    """One party's book."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, entry: Entry) -> None:
        """Write down one thing; it is in the file when this returns."""
        self._file.write(json.dumps([type(entry).__name__, asdict(entry)]) + "\n")

    def close(self) -> None:
        self._file.close()


def read_books(folder: Path) -> list[Entry]:
    """Everything that the books of a folder hold, each book in its order."""
    return [
        _KINDS[kind](**fields)
        for path in sorted(folder.glob("*.jsonl"))
        for kind, fields in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]
