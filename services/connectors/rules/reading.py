"""Reading the JSON of another system: a value of the wrong type is refused, its row is not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from contracts.text import NAME_LENGTH, Line
from services.connectors.rules.clocks import parse_stamp

NO_DAY = "0001-01-01"
"""How Open Dental writes that there is no date."""

LARGEST_NUMBER = 2**63 - 1
"""MySQL's BIGINT, which their numbers are."""

_LINE: TypeAdapter[Any] = TypeAdapter(Line)


class Reading:
    """One row being read. `refused` are the fields whose value could not be taken, by their name
    there; no value is ever quoted."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self.refused: set[str] = set()

    def text(self, name: str) -> str | None:
        """A text, None where it is empty or missing."""
        value = self._raw.get(name)
        if value is None or (isinstance(value, str) and _is_unicode(value)):
            return value or None
        self.refused.add(name)
        return None

    def number(self, name: str) -> int:
        """A whole number from 0 up, 0 where it is missing."""
        value = self._raw.get(name, 0)
        if type(value) is int and 0 <= value <= LARGEST_NUMBER:
            return value
        self.refused.add(name)
        return 0

    def flag(self, name: str) -> bool:
        """A boolean as `"true"` or `"false"`, and nothing else; False where it is missing."""
        value = self._raw.get(name, "false")
        if value in ("true", "false"):
            return bool(value == "true")
        self.refused.add(name)
        return False

    def day(self, name: str) -> str | None:
        """A date as YYYY-MM-DD; None where there is none."""
        value = self._raw.get(name)
        if value in (None, "", NO_DAY):
            return None
        try:
            if not isinstance(value, str):
                raise ValueError
            return date.fromisoformat(value[:10]).isoformat()
        except ValueError:
            self.refused.add(name)
            return None

    def stamp(self, name: str) -> str | None:
        """A local time as YYYY-MM-DD HH:MM:SS; None where there is none."""
        value = self._raw.get(name)
        if value in (None, "") or (isinstance(value, str) and value.startswith(NO_DAY)):
            return None
        try:
            parse_stamp(value if isinstance(value, str) else "")
        except ValueError:
            self.refused.add(name)
            return None
        return str(value)


@dataclass(frozen=True, slots=True)
class Mapped:
    """Fields of our commands, and the names there of those that had to be left out. `named`: what
    each field of ours is called there."""

    fields: Mapping[str, Any]
    refused: tuple[str, ...]
    named: Mapping[str, str]

    def their_names(self, fields: Iterable[str]) -> set[str]:
        """Fields of ours by what they are called there."""
        return {self.named.get(name, name) for name in fields}


class Writing:
    """The fields of a command being made. `refused` are those that our contract does not take, by
    their names there; `named`: what fields are called there that are no values of the row."""

    def __init__(self, named: Mapping[str, str] | None = None) -> None:
        self.fields: dict[str, Any] = {}
        self.refused: set[str] = set()
        self._named = dict(named or {})

    def put(self, field: str, adapter: TypeAdapter[Any], value: Any, *, named: str) -> None:
        """Set a field; null where the contract refuses the value, which `named` is then told of."""
        self.set(field, self._taken(adapter, value, named), named=named)

    def set(self, field: str, value: Any, *, named: str) -> None:
        """Set a field to a value that the contract takes."""
        self.fields[field] = value
        self._named[field] = named

    def refuse(self, field: str) -> None:
        """Make a field null whose value no service of ours takes."""
        self.fields[field] = None
        self.refused.add(self._named[field])

    def line(self, value: str | None, named: str) -> str | None:
        """A text that may stand in a name; None where it shows nothing or is refused."""
        taken: str | None = self._taken(_LINE, value, named)
        return taken

    def full_name(self, *parts: tuple[str | None, str]) -> str | None:
        """A name of parts, each beside what it is called there, with a blank between.

        A part that is refused is left out, and so are the first ones of a name that is too long.
        """
        taken = [(line, named) for part, named in parts if (line := self.line(part, named))]
        while taken:
            joined = " ".join(line for line, _ in taken)
            if len(joined) <= NAME_LENGTH:
                return joined
            self.refused.add(taken.pop(0)[1])
        return None

    def mapped(self, refused: Iterable[str] = ()) -> Mapped:
        """What was written. `refused`: fields that could not be read, too."""
        return Mapped(self.fields, tuple(sorted({*self.refused, *refused})), self._named)

    def _taken(self, adapter: TypeAdapter[Any], value: Any, named: str) -> Any:
        try:
            return adapter.validate_python(value)
        except ValidationError:
            self.refused.add(named)
            return None


def _is_unicode(text: str) -> bool:
    """Whether a text can be written in UTF-8: JSON may hold half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
