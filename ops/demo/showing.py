"""The looks of the demo: a live table on a terminal, a line for each step where there is none."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from uuid import UUID

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod
from ops.demo.sample import Scene

_FROM_ELSEWHERE = re.compile(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", re.DOTALL)
PLAIN_WIDTH = 120
NARROW_WIDTH = 100
_COLUMNS = ("patient", "partner", "channel", "status")
_COLOURS = {
    EreferralStatus.DELIVERED: "green",
    EreferralStatus.SENT: "green",
    EreferralStatus.RETRY_SCHEDULED: "yellow",
    EreferralStatus.AWAITING_CALL: "yellow",
    EreferralStatus.QUEUED: "cyan",
    EreferralStatus.IN_PROGRESS: "cyan",
    EreferralStatus.HELD: "red",
    EreferralStatus.OUTCOME_UNKNOWN: "red",
    EreferralStatus.FAILED: "red",
    EreferralStatus.CANCELLED: "red",
}


@dataclass
class Progress:
    """Where one referral stands, as its events told. `known_to_referrals` is the dispatch status
    that the referrals service shows, `channel` the one that it goes by at present. Times are of the
    monotonic clock."""

    scene: Scene
    partner_uuid: UUID
    patient_uuid: UUID
    referral_uuid: UUID
    ereferral_uuid: str | None = None
    status: EreferralStatus | None = None
    channel: ContactMethod | None = None
    known_to_referrals: EreferralStatus | None = None
    attempts: int = 0
    last: str = "a draft"
    began_at: float | None = None
    ended_at: float | None = None
    letter: str | None = None
    faults: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The e-referral's status; before there is one, how far the referral is."""
        return self.status or ("draft" if self.began_at is None else "sending")

    @property
    def seconds(self) -> float | None:
        """From its sending to its end, or to now."""
        if self.began_at is None:
            return None
        return (self.ended_at or time.monotonic()) - self.began_at


class Show:
    """What the demo says. `told` is called after each change of a progress."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live: Live | None = None
        self._rows: Sequence[Progress] = ()
        self._began = time.monotonic()

    def say(self, line: str) -> None:
        """A line of the story, above the table."""
        self.console.print(line, highlight=False, soft_wrap=True)

    @contextmanager
    def table(self, rows: Sequence[Progress]) -> Iterator[None]:
        """Show the referrals until the block is left: live on a terminal, else as lines."""
        self._rows = rows
        self._began = time.monotonic()
        if not self.console.is_terminal:
            yield
            return
        with Live(
            get_renderable=self.picture, console=self.console, refresh_per_second=8, transient=True
        ) as live:
            self._live = live
            yield
        self._live = None

    def told(self, row: Progress) -> None:
        """A referral has moved."""
        if self._live is not None:
            self._live.refresh()
            return
        at = time.monotonic() - self._began
        self.say(
            f"  {at:5.1f} s  {row.scene.partner['practice_name']:18} {row.state:15} {row.last}"
        )

    def save_picture(self, path: Path) -> None:
        """Write the table as it is now as an SVG."""
        paper = Console(record=True, file=StringIO(), width=PLAIN_WIDTH, force_terminal=True)
        paper.print(self.picture(narrow=False))
        picture = paper.export_svg(title="make demo", unique_id="demo")
        # Without the fonts that rich would have the reader's browser fetch from elsewhere.
        path.write_text(_FROM_ELSEWHERE.sub("", picture), encoding="utf-8")

    def picture(self, *, narrow: bool | None = None) -> Table:
        """The table as it is now."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        if narrow is None:
            narrow = self.console.width < NARROW_WIDTH
        for name in ("partner", "channel", "status") if narrow else _COLUMNS:
            table.add_column(name, no_wrap=True)
        for name in ("attempts", "seconds"):
            table.add_column(name, justify="right")
        table.add_column("last news")
        for row in self._rows:
            colour = _COLOURS[row.status] if row.status else "default"
            table.add_row(
                *([] if narrow else [row.scene.patient]),
                row.scene.partner["practice_name"],
                row.channel or "",
                f"[{colour}]{row.state}[/{colour}]",
                str(row.attempts),
                "" if row.seconds is None else f"{row.seconds:.1f}",
                row.last,
            )
        return table


def new_console() -> Console:
    """The console of the demo; wide enough for the table where there is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)
