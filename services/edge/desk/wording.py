"""Wording: the catalogue of texts, and times and codes as people read them.

Another language is another file in `texts/`. A key that is missing is a fault, and a test asks for
all of them.
"""

import tomllib
from collections.abc import Mapping
from datetime import date as calendar
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import phonenumbers

_FOLDER: Final = Path(__file__).parent / "texts"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Texts:
    """The texts of one language, by keys such as `home.title`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = _flat(tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8")))

    def __call__(self, key: str, /, **values: Any) -> str:
        """A text with its values. Where it has a `count`, `<key>.one` is for one and
        `<key>.other` for all others. Raises KeyError."""
        if key not in self._texts and "count" in values:
            key = f"{key}.{'one' if values['count'] == 1 else 'other'}"
        return self._texts[key].format(**values)

    def has(self, key: str) -> bool:
        """Whether there is one."""
        return key in self._texts

    def word(self, family: str, code: str | None) -> str:
        """A code in words; one that is newer than the catalogue as it is, without underscores."""
        if code is None:
            return ""
        found = self._texts.get(f"{family}.{code}")
        return found if found is not None else code.replace("_", " ").replace(".", ": ")


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{above}{name}.")
        else:
            flat[f"{above}{name}"] = value
    return flat


def read_time(written: str) -> datetime:
    """A time of a message."""
    return datetime.fromisoformat(written)


def span(texts: Texts, seconds: float) -> str:
    """A time's length in its largest unit, rounded down: `2 h`."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return texts("time.moments")
    if whole < _HOUR:
        return texts("time.minutes", n=whole // _MINUTE)
    if whole < 2 * _DAY:
        return texts("time.hours", n=whole // _HOUR)
    return texts("time.days", n=whole // _DAY)


def waited(texts: Texts, since: str, now: datetime) -> str:
    """For how long something has waited: `waiting 2 h`."""
    return texts("time.waiting", span=span(texts, (now - read_time(since)).total_seconds()))


def distance(texts: Texts, at: str, now: datetime) -> str:
    """How far a time is from now: `2 h ago`, `in 3 days`."""
    seconds = (read_time(at) - now).total_seconds()
    if abs(seconds) < _MINUTE:
        return texts("time.now")
    key = "time.ahead" if seconds > 0 else "time.ago"
    return texts(key, span=span(texts, abs(seconds)))


def moment(at: str, zone: ZoneInfo) -> str:
    """A time in the practice's zone, to the minute: `29 Nov 2026, 15:10`."""
    local = read_time(at).astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def day(at: str, zone: ZoneInfo) -> str:
    """Its day in the practice's zone: `29 Nov 2026`."""
    return date(read_time(at).astimezone(zone).date().isoformat())


def date(written: str) -> str:
    """A day that has no zone, such as a birthday: `5 Apr 1990`."""
    on = calendar.fromisoformat(written)
    return f"{on.day} {on:%b %Y}"


def dialled(number: str) -> str:
    """A number in groups, as people read one out: `+1 202-555-0111`."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
