"""Lines about dead letters for a person, and tables of them for other programs.

A client may have put into a letter what a terminal or a spreadsheet would act on: it is shown, and
does nothing.
"""

import csv
import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import typer

from messaging.replies.dead_letter import Summary

_ATTRIBUTES = {
    "number": "position",
    "message_id": "message_id",
    "operation": "operation",
    "cause": "problem_code",
    "failed_at": "failed_at",
    "client": "user_id",
    "org_id": "org_id",
    "bytes": "size",
}
COLUMNS = tuple(_ATTRIBUTES)
"""Of a table of letters."""


def row_of(letter: Summary) -> dict[str, Any]:
    """A letter as a row of a table."""
    return {column: getattr(letter, name) for column, name in _ATTRIBUTES.items()}


def letters(count: int) -> str:
    """How many, in words."""
    return f"{count} dead letter{'' if count == 1 else 's'}"


def print_safely(line: str) -> None:
    """Print a line in which there may be a client's own text."""
    print(_safe(line))


def print_csv(
    rows: Iterable[Mapping[str, Any]], columns: Iterable[str], *, with_header: bool = True
) -> None:
    """RFC 4180. What a client wrote is no formula, whichever program opens it."""
    writer = csv.DictWriter(sys.stdout, tuple(columns))
    if with_header:
        writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})


def _safe(line: str) -> str:
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = _safe(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") and text != "-" else text


class Results:
    """What became of each letter, as it becomes known: lines for a person, or a table."""

    def __init__(self, as_csv: bool) -> None:
        self._as_csv = as_csv
        self.count = 0

    def tell(self, letter: Summary, result: str) -> None:
        """One letter's line."""
        if self._as_csv:
            row = {**row_of(letter), "result": result}
            print_csv([row], [*COLUMNS, "result"], with_header=self.count == 0)
        else:
            print_safely(f"{letter.message_id or 'one without a message id'} {result}")
        self.count += 1

    def end(self, words: str) -> None:
        """All are told. In a table the words go to stderr, where they do not disturb it."""
        typer.echo(words, err=self._as_csv)
