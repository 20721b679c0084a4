"""The file of tokens: TOML, readable by its owner alone, replaced as a whole."""

import fcntl
import json
import os
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.values import format_time
from services.edge.tokens.token import Token

OWNER_ALONE = 0o600
_OTHERS = 0o077
_HEADER = "# Written by `handoff token`: hashes and grants, no secrets.\n"


class TokensError(Exception):
    """The file cannot be used. Its text says why, in words that follow its path."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    tokens: list[Token] = []


_NAMES = {*_File.model_fields, *Token.model_fields}


def read_tokens(path: Path) -> list[Token]:
    """The tokens of a file. Raises TokensError; no text quotes what stands there."""
    try:
        with path.open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & _OTHERS:
                raise TokensError("may be read or written by others: chmod 600")
            content: dict[str, Any] = tomllib.load(opened)
        tokens = _File.model_validate(content).tokens
    except OSError as error:
        raise TokensError(f"cannot be read ({type(error).__name__})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise TokensError("is not TOML in UTF-8") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        named = [part for part in first["loc"] if isinstance(part, int) or part in _NAMES]
        place = ".".join(map(str, named)) or "tokens"
        raise TokensError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None
    if len({token.id for token in tokens}) < len(tokens):
        raise TokensError("has two tokens of one id")
    return tokens


def write_tokens(path: Path, tokens: Iterable[Token]) -> None:
    """Replace the file, all of it or nothing. Raises OSError."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ALONE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(_HEADER + "".join(map(_written, tokens)))
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def changing(path: Path) -> Iterator[list[Token]]:
    """The tokens of a file, to be changed in place: written when the block is left well.

    A file that is not there yet has none. Whoever changes it too waits. Raises TokensError.
    """
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        tokens = read_tokens(path) if path.exists() else []
        yield tokens
        write_tokens(path, tokens)
    finally:
        os.close(folder)


def _written(token: Token) -> str:
    lines = ["", "[[tokens]]"]
    for name in ("id", "sha256", "client", "kind", "actor", "orgs", "operations"):
        value = getattr(token, name)
        if value is not None:
            lines.append(f"{name} = {_toml(value)}")
    for name in ("expires_at", "revoked_at"):
        value = getattr(token, name)
        if value is not None:
            lines.append(f"{name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: str | list[str] | datetime) -> str:
    """A TOML value: its basic strings take JSON's escapes."""
    match value:
        case datetime():
            return format_time(value)
        case StrEnum():
            return json.dumps(value.value)
        case _:
            return json.dumps(value)
