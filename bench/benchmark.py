"""A benchmark, and how its figures are shown."""

import argparse
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ops.servers import Servers


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One measurement, in a file of its own; `bench.__main__` lists them.

    `run` prints its figures and returns a line for each requirement that was missed. It raises
    where what was measured did not do what it should: then there are no figures.
    """

    name: str
    summary: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Servers, argparse.Namespace], Awaitable[list[str]]]


def spread(values: Sequence[float], digits: int = 0) -> str:
    """The median of several rounds, and what they lay between."""
    if len(values) == 1:
        return f"{values[0]:,.{digits}f}"
    low, high = min(values), max(values)
    return f"{statistics.median(values):,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def show_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text in columns; the first row is the heads, the first column the names."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  " + "   ".join(cells).rstrip())


def positive(text: str) -> int:
    """An option's whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
