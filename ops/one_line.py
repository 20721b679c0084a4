"""The end of a command that cannot go on: one line on stderr and an exit status, no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

FAILED = 1
WRONG_SETTING = 2
STOPPED_BY_PERSON = 130  # 128 + SIGINT, as shells count


@contextmanager
def ending_in_one_line() -> Iterator[None]:
    """Turn what a command raises for a person into its line: 2 for what it was given, else 1.

    Ctrl-C ends it without a word. A fault of ours keeps its traceback, but for a service that is
    not as it was declared: its line names the operation.
    """
    from contracts.operations import DeclarationError
    from messaging.running.settings import SettingError
    from ops.environment import CannotGoOn, WrongArgument

    try:
        yield
    except (SettingError, WrongArgument) as wrong:
        print(wrong, file=sys.stderr)
        raise typer.Exit(WRONG_SETTING) from None
    except KeyboardInterrupt:
        raise typer.Exit(STOPPED_BY_PERSON) from None
    except (CannotGoOn, DeclarationError) as wrong:
        print(wrong, file=sys.stderr)
        raise typer.Exit(FAILED) from None
