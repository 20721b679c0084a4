"""The words of a person who adds a connection: options, and secrets that no argument holds."""

import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from getpass import getpass
from typing import Any

from pydantic import ValidationError

from contracts.connecting import System
from ops.environment import WrongArgument
from services.connectors.config import OPTIONS
from services.connectors.credentials import WrongSecret, stored_secrets
from services.connectors.rules.identity import connection_id
from services.connectors.settings import ConnectorsSettings, sealer_of

SECRETS: dict[System, tuple[str, ...]] = {
    System.OPENDENTAL: ("developer_key", "customer_key"),
    System.ALFADOCS: ("api_key", "client_id", "client_secret"),
    System.OPENDENTAL_SERVER: (),
}
"""The fields that a person gives; the key of our own interface is made."""
_REFERENCES = ("env:", "file:")
_DAY = "Must be a day such as 2026-01-31"
_SENTENCES: Mapping[str, str] = {
    "bool_parsing": "Must be true or false",
    "int_parsing": "Must be a whole number",
    "int_parsing_size": "Must be a whole number",
    "greater_than_equal": "Must be at least {ge}",
    "less_than_equal": "Must be at most {le}",
    "literal_error": "Must be {expected}",
    "enum": "Must be {expected}",
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
}
"""What the library's own types say, in the words of ours."""


def read_options(system: System, given: Sequence[str]) -> dict[str, Any]:
    """`name=value` as the options of a system take it.

    Raises WrongArgument where there is no such option, and for a value that none of them could have
    whatever the others are.
    """
    known = OPTIONS[system].model_fields
    options: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in known:
            which = f"{system} has no option {name!r}" if equals else "--set is NAME=VALUE"
            raise WrongArgument(f"{which}; options: {', '.join(sorted(known))}")
        if name in options:
            raise WrongArgument(f"--set {name} is given twice")
        options[name] = tuple(value.split(",")) if name == "bases" else value
    try:
        OPTIONS[system](**options)
    except ValidationError as error:
        if said := list(_said(error, among=options)):
            raise WrongArgument("; ".join(said)) from None
    return options


def flagged(
    *, patients: str | None, keep_tin: bool, keep_ssn: bool, apply_hints: bool
) -> list[str]:
    """The options that have a flag of their own, as `name=value`. Raises WrongArgument."""
    if keep_tin and keep_ssn:
        raise WrongArgument("--keep-tin and --keep-ssn: give one; --keep-ssn keeps a TIN as well")
    flags = {
        "patients": patients,
        "keep": "tin" if keep_tin else "ssn" if keep_ssn else None,
        "apply_hints": "true" if apply_hints else None,
    }
    return [f"{flag}={value}" for flag, value in flags.items() if value is not None]


def read_secrets(
    settings: ConnectorsSettings, org_id: str, system: System, name: str, given: Sequence[str]
) -> dict[str, Any]:
    """What is stored of `FIELD=env:VAR`, `FIELD=file:PATH` and `FIELD=-` (asked for on stdin).

    Raises WrongArgument; no text quotes a value.
    """
    values: dict[str, str] = {}
    for one in given:
        field, equals, value = one.partition("=")
        if not equals or field not in SECRETS[system]:
            # What stands before the = may be a key that ends with one.
            which = f"{system} has no secret {field!r}: " if _is_no_value(value) else ""
            known = ", ".join(SECRETS[system]) or "none, its key is made here"
            raise WrongArgument(
                f"{which}--secret is FIELD=env:VAR, file:PATH or -; fields: {known}"
            )
        if field in values:
            raise WrongArgument(f"--secret {field} is given twice")
        if not value:
            raise WrongArgument(f"--secret {field}= is empty: give env:VAR, file:PATH, or -")
        if not _is_no_value(value):
            raise WrongArgument(
                f"--secret {field}=… would stay in the shell's history: give env:VAR, file:PATH, "
                "or - to type it"
            )
        values[field] = _typed(field) if value == "-" else value
    id_ = connection_id(org_id, system, name)
    try:
        return stored_secrets(values, sealer_of(settings), org_id, id_)
    except WrongSecret as wrong:
        raise WrongArgument(f"--secret {wrong}") from None


def _is_no_value(value: str) -> bool:
    return value == "-" or value.startswith(_REFERENCES)


def _typed(field: str) -> str:
    """A line of stdin, which nobody reads over a shoulder. Raises WrongArgument."""
    try:
        value = getpass(f"{field}: ") if sys.stdin.isatty() else sys.stdin.readline()
    except EOFError:
        value = ""
    if not (value := value.strip()):
        raise WrongArgument(f"--secret {field}=-: nothing was typed")
    if value.startswith(_REFERENCES):
        raise WrongArgument(f"--secret {field}=-: type the value; env: and file: stand behind =")
    return value


def unfit(error: ValidationError) -> WrongArgument:
    """All that does not fit of options, in one line that quotes no value."""
    return WrongArgument("; ".join(_said(error)))


def _said(error: ValidationError, among: Container[str] | None = None) -> Iterator[str]:
    """What is wrong: with the options `among`, or with all, those that are lacking included."""
    for one in error.errors(include_input=False, include_url=False):
        ours = _SENTENCES.get(one["type"])
        sentence = one["msg"] if ours is None else ours.format_map(one.get("ctx", {}))
        # Of a list its number means nothing to who typed it with commas.
        name = next((part for part in one["loc"] if isinstance(part, str)), None)
        if among is not None and name not in among:
            continue
        if one["type"] == "missing":
            yield f"--set {name}=… is needed"
        elif name is None:
            yield f"--set {sentence}"
        else:
            yield f"--set {name}: {sentence}"
