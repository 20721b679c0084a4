"""The words for what waits for a person: connections and rows, with what to do about each."""

from collections.abc import Iterator, Mapping

from contracts.connecting import PROBLEM_PREFIX, ConnectionFailureCode, RowCode
from services.connectors.models import Connection

WHERE = "the desk's page Imports shows and decides them, and so do import_row.list and .resolve"
MAY_NOT_WRITE = "the key may not write: see Permissions in docs/connectors"
TO_DO: Mapping[str, str] = {
    RowCode.NO_ID: "give it an id there",
    RowCode.FIELD_REFUSED: "mend the fields that it names there; it is in without them",
    RowCode.REFUSED_THERE: "look at it there, and at what the key may do, then retry",
    RowCode.MISSING_REFERENCE: "it goes in when what it refers to comes",
    RowCode.POSSIBLE_DUPLICATE: "link it with the one that is here, or create another",
    RowCode.BOTH_CHANGED: "take theirs, or keep ours",
    RowCode.UNMAPPED_SOURCE: "say what its source number means: source_map.set",
    RowCode.SELF_REFERRAL: "mend it there, then retry; or ignore it",
    RowCode.STATUS_CONTRADICTS: "mend its status there or here, then retry",
    RowCode.GONE_THERE: "it is no longer there: ignore it",
}
_TO_DO_ABOUT_PROBLEM = "it was refused here: mend it there or here, then retry"


def command(row: Connection) -> str:
    """The command that says, or does, what a connection needs of a person."""
    does = "authorize" if row.code is ConnectionFailureCode.NEEDS_REAUTHORIZATION else "test"
    return f"handoff connection {does} --org {row.org_id} --name {row.name}"


def needed(row: Connection) -> Iterator[str]:
    """A line for each thing that a connection needs of a person."""
    if row.needs_person:
        yield command(row)
    if row.writing_stopped:
        yield MAY_NOT_WRITE


def in_one_line(by_code: Mapping[str, int]) -> str:
    """How many wait, and for which of the codes; "" where none does."""
    if not by_code:
        return ""
    codes = ", ".join(f"{number:,} {code}" for code, number in _most_first(by_code))
    return f"{_waiting(by_code)} ({codes}): {WHERE}"


def lines(by_code: Mapping[str, int]) -> Iterator[str]:
    """How many wait, then a line for each code with what to do about it."""
    if not by_code:
        return
    yield f"{_waiting(by_code)}: {WHERE}"
    for code, number in _most_first(by_code):
        yield f"  {number:,} {code}: {_to_do(code)}"


def _waiting(by_code: Mapping[str, int]) -> str:
    number = sum(by_code.values())
    return "1 row waits for a person" if number == 1 else f"{number:,} rows wait for a person"


def _most_first(by_code: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(by_code.items(), key=lambda one: (-one[1], one[0]))


def _to_do(code: str) -> str:
    return _TO_DO_ABOUT_PROBLEM if code.startswith(PROBLEM_PREFIX) else TO_DO[code]
