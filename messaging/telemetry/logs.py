"""Structured logs: one wide line a message or attempt, keyed by ids; never a body or a value.

Only the fields of an allow-list get through, so that a careless call cannot write patient data.
"""

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from enum import StrEnum
from typing import Any, TextIO, cast

import orjson
import structlog

_ALLOWED = frozenset(
    [
        "event",
        "level",
        "timestamp",
        "component",
        "service",
        "queue",
        "operation",
        "status",
        "code",
        "org_id",
        "message_id",
        "referral_id",
        "ereferral_id",
        "partner_id",
        "lane_id",
        "attempt",
        "channel",
        "outcome",
        "incident",
        "error",
        "sqlstate",
        "where",
        "count",
        "seconds",
        "waited_seconds",
        "batch",
        "replica",
        "port",
        "host",
        "version",
        "schema",
        "revision",
        "setting",
        "exchange",
        "routing_key",
        "subject",
        "pid",
        "signal",
        "detail",
        "method",
        "route",
        "milliseconds",
        "bytes",
        "token_id",
        "request_id",
        "client",
        "repeat",
        "parked",
        "trace_id",
        "message",
        "left",
    ]
)
# A UUID and nothing else: a client can write a patient's name where its message id belongs.
_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


class LogFormat(StrEnum):
    """How log lines look: for a person, or for a machine."""

    CONSOLE = "console"
    JSON = "json"


def get(name: str) -> Any:
    """The logger of a module."""
    return structlog.get_logger(component=name)


def identifier(value: object) -> str | None:
    """A client's id as it may be logged; None where it is anything but a UUID."""
    text = str(value) if value is not None else ""
    return text if _IDENTIFIER.fullmatch(text) else None


def place(error: BaseException | None) -> str | None:
    """File and line where it was raised; its text may quote a value and is never logged."""
    frame = error.__traceback__ if error is not None else None
    place = None
    while frame is not None:
        place = f"{frame.tb_frame.f_code.co_filename.rpartition('/')[2]}:{frame.tb_lineno}"
        frame = frame.tb_next
    return place


class _StandardError:
    """Whatever standard error is when a line is written: who replaces it may close the old one."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure(service: str, log_format: LogFormat | None) -> None:
    """Set up logging for this process. None: for a person on a terminal, else for a machine."""
    if log_format is None:
        log_format = LogFormat.CONSOLE if sys.stderr.isatty() else LogFormat.JSON
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=_exception_type_only)
        if log_format is LogFormat.CONSOLE
        else structlog.processors.JSONRenderer(_json)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _StandardError())),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    _quiet_libraries()


def _json(event: Any, *, default: Callable[[Any], Any]) -> str:
    return orjson.dumps(event, default).decode()


def _only_allowed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in [name for name in event if name not in _ALLOWED]:
        del event[name]
    return event


def _exception_type_only(stream: Any, exc_info: Any) -> None:
    stream.write(exc_info[0].__name__)


def _quiet_libraries() -> None:
    """Libraries log what they were given; errors of theirs reach us as exceptions."""
    root = logging.getLogger()
    root.handlers[:] = [logging.NullHandler()]
    root.setLevel(logging.CRITICAL)
