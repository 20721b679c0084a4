"""The `handoff` command in this process: quicker than a process of its own for each call."""

import json
import logging
import sys
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from ops.cli import app


def handoff(*arguments: str, typed: str | None = None, **variables: str) -> Result:
    """Run a command with `variables` set beside the environment and `typed` as its input.

    It may set up logging for its process, which is ours: that is put back. No logger keeps it
    until then, as each does in production: a service of this process would write into what the
    next command prints.
    """
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    configure = structlog.configure

    def configure_for_now(**said: Any) -> None:
        configure(**{**said, "cache_logger_on_first_use": False})

    if isinstance(before["logger_factory"], structlog.PrintLoggerFactory):
        # Services of this process may log meanwhile, and what a command prints is its own.
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(structlog, "configure", configure_for_now)
            return CliRunner().invoke(app, list(arguments), input=typed, env=variables)
    finally:
        structlog.configure(**before)
        structlog.contextvars.clear_contextvars()
        root.handlers[:] = handlers
        root.setLevel(level)


def called(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status of `handoff call`, and the reply that it printed."""
    ended = handoff("call", *arguments)
    reply: dict[str, Any] = json.loads(ended.stdout)
    return ended.exit_code, reply
