"""The form of the table of refusals: what a row says, and the rows that every operation has.

A row changes one thing in a message of its operation that would be done (`GOOD` of each table), so
that nothing else can be the reason. Codes, types and their order are those of
docs/contract/wire.md#check-order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import combinations
from typing import Any

from contracts.catalogue import OPERATIONS
from contracts.operations import Kind

Error = tuple[str, str]
Good = Mapping[str, Mapping[str, Any]]
Codes = Mapping[str, set[str]]
"""The codes of each operation beside those that every one has."""


class Check(IntEnum):
    """The order of docs/contract/wire.md#check-order; who may do what has a table of its own."""

    FORM = 1
    OPERATION = 2
    SEEN_BEFORE = 4
    FIELDS = 5
    NAMED = 6
    VERSION = 7
    CONFLICT = 8
    MERGED = 9


@dataclass(frozen=True, slots=True)
class At:
    """The id of a thing of the world, by its name there."""

    name: str


NOBODY = At("nobody")
"""An id that nothing has; another one each time."""


class LeftOut:
    """A field's value in a change that leaves the field out."""


LEFT_OUT = LeftOut()


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a change of a message's fields breaks, whatever there is in the database."""

    when: str
    change: Mapping[str, Any]
    errors: frozenset[Error]


@dataclass(frozen=True, slots=True)
class Row:
    """One refusal. `place`: among the refusals of one check, parent before child.

    `current_version` is what a version conflict tells.
    """

    operation: str
    when: str
    check: Check
    code: str
    change: Mapping[str, Any] = field(default_factory=dict)
    errors: frozenset[Error] = frozenset()
    place: int = 0
    current_version: int = 1
    to_other_exchange: bool = False
    under_used_id: bool = False

    @property
    def name(self) -> str:
        """What it is called in the test's name."""
        return f"{self.operation}: {self.when}"


@dataclass(frozen=True, slots=True)
class Pair:
    """A message that two checks refuse: the earlier one of them is told."""

    first: Row
    then: Row

    @property
    def name(self) -> str:
        """What it is called in the test's name."""
        return f"{self.first.name}, and {self.then.when}"

    def both(self) -> Row:
        """The message with both changes, and what it is told."""
        return replace(
            self.first,
            when=f"{self.first.when}, and {self.then.when}",
            change={**self.first.change, **self.then.change},
            to_other_exchange=self.first.to_other_exchange or self.then.to_other_exchange,
            under_used_id=self.first.under_used_id or self.then.under_used_id,
        )


def of_every_operation(operation: str) -> list[Row]:
    """Form, operation, repeat, unknown fields."""
    rows = [
        Row(
            operation,
            f"org_id is {words}",
            Check.FORM,
            "malformed_message",
            {"org_id": value},
        )
        for words, value in (("not an org", "not an org"), ("not there", LEFT_OUT), ("null", None))
    ]
    rows.append(
        Row(
            operation,
            "it goes to the other exchange",
            Check.OPERATION,
            "unknown_operation",
            to_other_exchange=True,
        )
    )
    if OPERATIONS[operation].kind is Kind.COMMAND:
        rows.append(
            Row(
                operation,
                "its message id was used",
                Check.SEEN_BEFORE,
                "message_id_reused",
                under_used_id=True,
            )
        )
    return [*rows, *broken(operation, wrong("nonsense", 1, "extra_forbidden", "is no field"))]


def wrong(name: str, value: Any, kind: str, words: str) -> list[Wrong]:
    """One field with one wrong value."""
    return [Wrong(f"{name} {words}", {name: value}, frozenset({(name, kind)}))]


def broken(operation: str, *wrongs: Iterable[Wrong]) -> list[Row]:
    """What is decidable from the message alone."""
    return [
        Row(operation, one.when, Check.FIELDS, "validation_error", one.change, one.errors)
        for some in wrongs
        for one in some
    ]


def missing(operation: str, *names: str) -> list[Row]:
    """Fields that have to be given, each left out by itself."""
    return broken(operation, *(wrong(name, LEFT_OUT, "missing", "is left out") for name in names))


def not_found(
    operation: str, code: str, place: int, *changes: tuple[str, Mapping[str, Any]]
) -> list[Row]:
    """What the message names and is not there; each change with its words."""
    return [
        Row(operation, when, Check.NAMED, code, change, place=place) for when, change in changes
    ]


def named(operation: str, name: str, thing: str, place: int, **others: Any) -> list[Row]:
    """A field that names a thing of the world: never there, archived, another org's.

    `others`: what else has to change for that.
    """
    return not_found(
        operation,
        f"{thing}_not_found",
        place,
        *(
            (f"{name} is {words}", {name: uuid, **others})
            for words, uuid in (
                ("nobody's", NOBODY),
                ("archived", At(f"{thing} gone")),
                ("another org's", At(f"{thing} elsewhere")),
            )
        ),
    )


def version_conflict(operation: str) -> list[Row]:
    """Versions of the future; what the good message names has its first."""
    return [
        Row(
            operation,
            f"base_version is {n}",
            Check.VERSION,
            "version_conflict",
            {"base_version": n},
        )
        for n in (2, 7, 9_223_372_036_854_775_807)
    ]


def already_exists(operation: str, thing: str) -> list[Row]:
    """The id of a thing that is there, and of one that is archived."""
    return [
        Row(operation, f"id is {words}", Check.CONFLICT, "already_exists", {"id": At(taken)})
        for words, taken in (("taken", thing), ("an archived one's", f"{thing} gone"))
    ]


def conflict(
    operation: str, code: str, when: str, change: Mapping[str, Any], place: int = 1
) -> Row:
    """Another conflict, behind the version and the id."""
    return Row(operation, when, Check.CONFLICT, code, change, place=place)


def merged(
    operation: str,
    when: str,
    change: Mapping[str, Any],
    *errors: Error,
    code: str = "validation_error",
    place: int = 0,
) -> Row:
    """A rule on the merged state."""
    return Row(operation, when, Check.MERGED, code, change, frozenset(errors), place)


def pairs(rows: Sequence[Row]) -> list[Pair]:
    """Every two checks of an operation at once, one row for each code of a check.

    Of those that come last, other conflicts and the merged state, every row.
    """
    first_of: dict[tuple[str, Check, int, str], Row] = {}
    for row in rows:
        first_of.setdefault((row.operation, row.check, row.place, row.code), row)
    firsts = {row.name for row in first_of.values()}
    chosen = [row for row in rows if row.name in firsts or row.check >= Check.CONFLICT]
    return [
        Pair(*sorted(two, key=_order))
        for two in combinations(chosen, 2)
        if _order(two[0]) != _order(two[1]) and _fit(*two)
    ]


def before_rows(rows: Sequence[Row]) -> list[Pair]:
    """Each wrong field beside something that is found out later, where the operation has that.

    What an update breaks by itself would else be taken for what its merged state breaks.
    """
    found = []
    for row in rows:
        later = (one for one in rows if one.check > Check.FIELDS and _fit(row, one))
        if row.check is Check.FIELDS and (one := next(later, None)):
            found.append(Pair(row, one))
    return found


def _fit(one: Row, other: Row) -> bool:
    """Whether a message can have both: they change no field in common."""
    return one.operation == other.operation and not one.change.keys() & other.change.keys()


def _order(row: Row) -> tuple[Check, int]:
    return row.check, row.place
