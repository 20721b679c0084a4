"""JSON Schemas of two versions: whoever was right by the old one may be wrong by the new one.

A schema is of what clients send (`TAKEN`): the new version must take all that the old one took. Or
of what a service says (`SAID`): the new version must say nothing that the old one did not promise,
but for fields that are new.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]
Resolve = Callable[[str], Schema]

OPEN_ENUMERATIONS = frozenset({"malformed_message"})
"""A member of each enumeration that may grow in what is said: of problem codes. A client goes by
the status where it does not know a code (docs/contract/wire.md#problems)."""

_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_TEXT_KINDS = ("format", "pattern")
_CONDITIONS = ("not", "allOf", "if", "then", "else")
_UNIONS = ("anyOf", "oneOf")


class Direction(StrEnum):
    """Who writes what the schema describes."""

    TAKEN = "taken"
    SAID = "said"


@dataclass(frozen=True, order=True)
class Break:
    """One thing that breaks a client: where in a document, and what."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Comparison:
    """An old and a new version, each with a way to what its `$ref`s name."""

    def __init__(self, old: Resolve, new: Resolve, direction: Direction) -> None:
        self._old = old
        self._new = new
        self._direction = direction
        self._under_way: set[tuple[str, str]] = set()

    def breaks(self, old: Schema | bool, new: Schema | bool, where: str) -> list[Break]:
        """All that breaks a client, in the order in which it is found."""
        before, after = _plain(old), _plain(new)
        pair = (str(before.get("$ref")), str(after.get("$ref")))
        if "None" not in pair:
            if pair in self._under_way:
                return []
            self._under_way.add(pair)
        try:
            whole = _whole(before, self._old), _whole(after, self._new)
            return list(self._unions(*whole, where))
        finally:
            self._under_way.discard(pair)

    def _unions(self, old: Schema, new: Schema, where: str) -> Iterator[Break]:
        """Of what is taken each old alternative must still be there, of what is said each new one
        must have been."""
        before, after = _alternatives(old), _alternatives(new)
        if len(before) == len(after) == 1:
            yield from self._one(old, new, where)
            return
        taken = self._direction is Direction.TAKEN
        for one in before if taken else after:
            others = [
                self.breaks(*((one, other) if taken else (other, one)), where)
                for other in (after if taken else before)
            ]
            best = min(others, key=len, default=[])
            if best:
                yield from self._told(one, best, where)

    def _told(self, one: Schema, best: list[Break], where: str) -> Iterator[Break]:
        """The faults of the alternative that is nearest; where that is of another type, the
        alternative itself."""
        if any(x.where == where and x.what.startswith(("type", "const")) for x in best):
            shown = one.get("$ref") or one.get("const") or one.get("type") or "one"
            verb = "is not taken any more" if self._direction is Direction.TAKEN else "is new"
            yield Break(where, f"alternative {shown} {verb}")
        else:
            yield from best

    def _one(self, old: Schema, new: Schema, where: str) -> Iterator[Break]:
        yield from self._values(old, new, where)
        if self._direction is Direction.TAKEN:
            yield from _tightened(old, new, where)
        yield from self._fields(old, new, where)
        if isinstance(old.get("items"), Mapping) and isinstance(new.get("items"), Mapping):
            yield from self.breaks(old["items"], new["items"], f"{where}[]")

    def _values(self, old: Schema, new: Schema, where: str) -> Iterator[Break]:
        for name in ("type", "enum", "const"):
            before, after = _set(old, name), _set(new, name)
            if before == after:
                continue
            lost, gained = _missing(before, after), _missing(after, before)
            if name == "enum" and before is not None and before & OPEN_ENUMERATIONS:
                gained = set() if after is not None else gained
            if self._direction is Direction.TAKEN and lost:
                yield Break(where, f"{name} takes no {_words(lost)} any more")
            elif self._direction is Direction.SAID and gained:
                yield Break(where, f"{name} may be {_words(gained)} now")
            elif self._direction is Direction.SAID and name == "enum" and lost:
                yield Break(where, f"{name} is never {_words(lost)} any more")
        for name in _TEXT_KINDS:
            weaker = self._direction is Direction.SAID and name not in new
            stronger = self._direction is Direction.TAKEN and name in new
            changed = name in old and name in new
            if old.get(name) != new.get(name) and (weaker or stronger or changed):
                yield Break(where, f"{name} is {new.get(name)}, and was {old.get(name)}")

    def _fields(self, old: Schema, new: Schema, where: str) -> Iterator[Break]:
        before, after = old.get("properties", {}), new.get("properties", {})
        was, is_ = set(old.get("required", [])), set(new.get("required", []))
        closed = new.get("additionalProperties") is False
        for name in sorted(before.keys() - after.keys()):
            if self._direction is Direction.SAID or closed:
                yield Break(f"{where}.{name}", "removed")
        for name in sorted(is_ - was if self._direction is Direction.TAKEN else was - is_):
            if self._direction is Direction.TAKEN:
                yield Break(f"{where}.{name}", "required now")
            elif name in after:
                yield Break(f"{where}.{name}", "may be absent now")
        if closed and old.get("additionalProperties") is not False and "properties" in old:
            yield Break(where, "no other fields are taken any more")
        for name in sorted(before.keys() & after.keys()):
            yield from self.breaks(before[name], after[name], f"{where}.{name}")


def _plain(schema: Schema | bool) -> Schema:
    """True takes anything, false nothing."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return schema


def _whole(schema: Schema, resolve: Resolve) -> Schema:
    """What a `$ref` names, with what stands beside it."""
    while "$ref" in schema:
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        schema = {**resolve(schema["$ref"]), **beside}
    return schema


def _alternatives(schema: Schema) -> list[Schema]:
    for name in _UNIONS:
        if name in schema:
            beside = {
                key: value for key, value in schema.items() if key in ("properties", "required")
            }
            return [{**beside, **one} for one in schema[name]]
    return [schema]


def _set(schema: Schema, name: str) -> set[Any] | None:
    """The types or values that a keyword allows; None: any."""
    found = schema.get(name)
    if name not in schema:
        return None
    return set(found) if isinstance(found, list) else {found}


def _missing(one: set[Any] | None, other: set[Any] | None) -> set[Any]:
    """What the first allows and the other does not. An integer is a number."""
    if other is None:
        return set()
    if one is None:
        return {"anything else"}
    return {x for x in one - other if not (x == "integer" and "number" in other)}


def _words(values: set[Any]) -> str:
    return ", ".join(sorted(map(str, values)))


def _tightened(old: Schema, new: Schema, where: str) -> Iterator[Break]:
    """Bounds that shut out what was inside, and conditions that were not there."""
    for name in (*_LOWER_BOUNDS, *_UPPER_BOUNDS):
        before, after = old.get(name), new.get(name)
        if after is None or before == after:
            continue
        if before is None or (after > before) == (name in _LOWER_BOUNDS):
            yield Break(where, f"{name} is {after}, and was {before}")
    for name in _CONDITIONS:
        if name in new and new[name] != old.get(name):
            yield Break(where, f"the condition {name} is another one")
