"""How a command ends when it cannot go on: one line on stderr and an exit status, no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

FAILED = 1
WRONG_SETTING = 2


@contextmanager
def ending_in_one_line() -> Iterator[None]:
    """Turn what a command raises for a person into its line; 2 for a setting, else 1.

    A fault of ours keeps its traceback.
    """
    from messaging.settings import SettingError
    from ops.environment import CannotGoOn
    from ops.servers import NoServer, ServerDidNotStart

    try:
        yield
    except SettingError as wrong:
        print(wrong, file=sys.stderr)
        raise typer.Exit(WRONG_SETTING) from None
    except (CannotGoOn, NoServer, ServerDidNotStart) as wrong:
        print(wrong, file=sys.stderr)
        raise typer.Exit(FAILED) from None
