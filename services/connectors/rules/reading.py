"""Reading the JSON of another system: a value of the wrong type is refused, its row is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from contracts.text import clean_text
from services.connectors.rules.clocks import parse_stamp

NO_DAY = "0001-01-01"
"""How Open Dental writes that there is no date."""

LARGEST_NUMBER = 2**63 - 1
"""MySQL's BIGINT, which their numbers are."""


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
    """Fields of our commands, and the names there of those that had to be left out."""

    fields: Mapping[str, Any]
    refused: tuple[str, ...]


class Writing:
    """The fields of a command being made. `refused` are those that our contract does not take."""

    def __init__(self, refused: set[str] | None = None) -> None:
        self.fields: dict[str, Any] = {}
        self.refused: set[str] = set(refused or ())

    def put(self, field: str, adapter: TypeAdapter[Any], value: Any, *, named: str) -> None:
        """Set a field; null where the contract refuses the value, which `named` is then told of."""
        try:
            self.fields[field] = adapter.validate_python(value)
        except ValidationError:
            self.fields[field] = None
            self.refused.add(named)

    def mapped(self) -> Mapped:
        """What was written."""
        return Mapped(self.fields, tuple(sorted(self.refused)))


def _is_unicode(text: str) -> bool:
    """Whether a text can be written in UTF-8: JSON may hold half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def one_line(*parts: str | None) -> str | None:
    """Parts of a name with a blank between; None where none of it shows anything."""
    joined = " ".join(part.strip() for part in parts if part and part.strip())
    try:
        return clean_text(joined) if joined else None
    except ValueError:
        return None
