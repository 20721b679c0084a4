"""The time of a letter, beside the typesetter's alone for the same source."""

import argparse
import itertools
import json
import time
from collections.abc import Callable
from typing import Literal

import typst

from bench.benchmark import Benchmark, positive, show_table, spread
from bench.packages import dispatch_command, portal_consignment
from letters.content import letter_content
from letters.fonts import FONT_DIRECTORIES
from letters.render import TEMPLATE, render_letter
from ops.servers import Servers
from services.ereferral_dispatch.consignment import Consignment

_WARM_UP = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--letters`, `--rounds`."""
    parser.add_argument("--letters", type=positive, default=200, help="in a round")
    parser.add_argument("--rounds", type=positive, default=5, help="how often all is measured")


async def run(servers: Servers, options: argparse.Namespace) -> list[str]:
    """Measure one after another, in one thread, and show the medians. Nothing is required."""
    alone = typst.Compiler(
        str(TEMPLATE),
        font_paths=[str(directory) for directory in FONT_DIRECTORIES],
        ignore_system_fonts=True,
    )
    numbers = itertools.count()
    ways: dict[str, Callable[[Consignment], object]] = {
        "the letter": render_letter,
        "typst alone, the same source": lambda letter: _typeset(alone, letter, "ua-1"),
        "typst alone, untagged": lambda letter: _typeset(alone, letter, None),
    }
    milliseconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(options.rounds + 1):
        for name, make in ways.items():
            # Each letter is another one: the typesetter remembers what it has set.
            count = options.letters if number else _WARM_UP
            letters = [_letter(next(numbers)) for _ in range(count)]
            seconds = _timed(make, letters)
            if number:
                milliseconds[name].append(seconds / count * 1e3)
    print(f"{options.letters} letters of one page, one thread, {options.rounds} rounds: medians\n")
    show_table(
        [["", "ms a page"], *([name, spread(each, 1)] for name, each in milliseconds.items())]
    )
    return []


def _letter(number: int) -> Consignment:
    return portal_consignment(
        dispatch_command("org_0", "https://portal.example.com/", number).package
    )


def _timed(make: Callable[[Consignment], object], letters: list[Consignment]) -> float:
    started = time.perf_counter()
    for letter in letters:
        make(letter)
    return time.perf_counter() - started


def _typeset(
    compiler: typst.Compiler, letter: Consignment, standard: Literal["ua-1"] | None
) -> object:
    return compiler.compile(
        format="pdf",
        sys_inputs={"letter": json.dumps(letter_content(letter), ensure_ascii=False)},
        pdf_standards=standard,
        timestamp=int(letter.written_at.timestamp()),
    )


BENCHMARK = Benchmark(
    name="letter",
    summary="milliseconds of a letter, beside the typesetter alone",
    add_options=add_options,
    run=run,
)
