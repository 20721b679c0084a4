"""Whatever services of this process log, and whatever of persons the edge was sent meanwhile."""

import json
import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO, cast
from urllib.parse import parse_qsl

import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send

from messaging.telemetry import logs
from services.edge.http.record import Recorded

OF_PERSONS = frozenset(
    {
        *("name", "first_name", "last_name", "surname", "practice_name", "date_of_birth"),
        *("phone", "mobile_phone", "fax", "email", "address_line1", "address_line2", "street"),
        *("notes", "reason", "source_note", "details", "website", "search", "call_notes"),
    }
)
"""Fields whose texts are of a patient, a partner or whoever else is a person."""
BODY_KEPT_BYTES = 64 * 1024


class Told:
    """All log lines so far, and the texts of persons that were sent so far."""

    def __init__(self) -> None:
        self.log = ""
        self.sent: set[str] = set()

    def write(self, text: str) -> None:
        """Log lines come here; they are shown with a test that fails, too."""
        self.log += text
        sys.stderr.write(text)

    def flush(self) -> None:
        """Nothing is kept back."""

    def shown(self) -> list[str]:
        """What was sent and stands in the log: words as they are, tokens and numbers anywhere."""
        log = self.log.lower()
        return sorted(one for one in self.sent if re.search(_where(one.lower()), log))

    def hear(self, scope: Scope, body: bytes) -> None:
        """Take down a request's texts, and the secret of its token."""
        headers = dict(scope["headers"])
        *_, secret = headers.get(b"authorization", b"").decode("latin-1").split("_", 2)
        texts = [secret, *_texts(parse_qsl(scope["query_string"].decode("latin-1")))]
        try:
            texts += _texts(json.loads(body))
        except ValueError:
            texts += _texts(parse_qsl(body.decode("latin-1")))
        self.sent |= {one.strip() for one in texts if _can_be_told(one.strip())}


@contextmanager
def telling() -> Iterator[Told]:
    """Logs are set up as in production, and every edge that is built meanwhile is listened to."""
    told, root = Told(), logging.getLogger()
    before, handlers, level = structlog.get_config(), list(root.handlers), root.level

    class Heard(Recorded):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            body = bytearray()

            async def receive_and_hear() -> Message:
                message = await receive()
                if len(body) < BODY_KEPT_BYTES:
                    body.extend(message.get("body", b""))
                return message

            try:
                await super().__call__(scope, receive_and_hear, send)
            finally:
                told.hear(scope, bytes(body))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.edge.app.Recorded", Heard)
        logs.configure("tests", logs.LogFormat.JSON)
        structlog.configure(
            logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, told)),
            cache_logger_on_first_use=False,
        )
        try:
            yield told
        finally:
            structlog.configure(**before)
            structlog.contextvars.clear_contextvars()
            root.handlers[:] = handlers
            root.setLevel(level)


def _texts(said: Any) -> Iterator[str]:
    """The texts of persons in a body, however deep; pairs of a form are members."""
    if isinstance(said, MutableMapping):
        said = list(said.items())
    if not isinstance(said, list):
        return
    for one in said:
        if isinstance(one, tuple) and isinstance(one[1], str):
            if re.sub(r".*\[(\w+)\]", r"\1", one[0]) in OF_PERSONS:
                yield one[1]
        elif isinstance(one, tuple):
            yield from _texts(one[1])
        else:
            yield from _texts(one)


def _can_be_told(text: str) -> bool:
    """Whether finding it proves anything: not a letter, nor a few digits."""
    return len(text) >= (7 if text.isdecimal() else 3)


def _where(text: str) -> str:
    return rf"(?<![a-z]){re.escape(text)}(?![a-z])"
