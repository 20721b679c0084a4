"""A lifecycle as a picture: a row for each state, a column for each thing that happens.

In a column a ring stands on each state that it may happen in, and an arrow leads to the next one.
Nothing crosses anything, however many transitions there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, radians, sin

from ops.lifecycles import (
    GROUPS,
    Transition,
    ereferral_lifecycle,
    referral_lifecycle,
    states,
)

_ROW, _COLUMN, _CHARACTER = 40, 40, 7.3
_PADDING, _GROUP_HEIGHT = 20, 30
_SLANT_DEGREES = 50
_STYLE = """
svg { color-scheme: light dark; }
text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328; }
.card { fill: #ffffff; stroke: #d1d9e0; }
.title { font-size: 16px; font-weight: 600; }
.state { font-weight: 600; }
.words, .group { fill: #59636e; font-size: 12px; }
.row { stroke: #d1d9e0; stroke-width: 1; }
.band { fill: #f6f8fa; }
.way { stroke: #0969da; stroke-width: 2; fill: none; }
.from { fill: #ffffff; stroke: #0969da; stroke-width: 2; }
.to { fill: #0969da; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .card { fill: #0d1117; stroke: #3d444d; }
  .words, .group { fill: #9198a1; }
  .row { stroke: #3d444d; }
  .band { fill: #151b23; }
  .way { stroke: #4493f8; }
  .from { fill: #0d1117; stroke: #4493f8; }
  .to { fill: #4493f8; }
}
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that happens, with one state that it leads to."""

    group: str
    by: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What is drawn: `meanings` has every state in the order of its row, and what it means."""

    title: str
    meanings: Mapping[str, str]
    transitions: Sequence[Transition]

    def columns(self) -> list[Column]:
        """By group; in it by the first state that it may happen in, then by where it leads."""
        order = list(self.meanings)
        sources: dict[tuple[str, str, str], set[str]] = {}
        for one in self.transitions:
            sources.setdefault((one.group, one.by, one.after), set()).add(one.before)
        things = list(dict.fromkeys((one.group, one.by) for one in self.transitions))
        keys = sorted(
            sources,
            key=lambda key: (
                GROUPS.index(key[0]),
                min(order.index(s) for k in sources if k[:2] == key[:2] for s in sources[k]),
                min(order.index(k[2]) for k in sources if k[:2] == key[:2]),
                things.index(key[:2]),
                order.index(key[2]),
            ),
        )
        return [
            Column(group, by, tuple(sorted(sources[group, by, after], key=order.index)), after)
            for group, by, after in keys
        ]


def drawings() -> dict[str, str]:
    """Every picture of a lifecycle: its path below `docs/` and its SVG."""
    return {
        "images/referral-lifecycle.svg": draw(
            Lifecycle(
                "A referral: status · fulfilment_status",
                {
                    "draft · null": "being written",
                    "active · requested": "sent, unanswered",
                    "active · accepted": "the partner takes it",
                    "active · rejected": "the partner declines",
                    "active · in-progress": "the patient is seen",
                    "completed · completed": "done",
                    "active · failed": "it came to nothing",
                    "revoked · null": "cancelled as a draft",
                    "revoked · cancelled": "cancelled",
                },
                referral_lifecycle(),
            )
        ),
        "images/ereferral-lifecycle.svg": draw(
            Lifecycle(
                "An e-referral: status",
                {
                    "queued": "waits for its lane",
                    "in_progress": "an attempt is made",
                    "retry_scheduled": "waits, same channel",
                    "held": "the channel is off",
                    "awaiting_call": "a person calls",
                    "outcome_unknown": "a person decides",
                    "delivered": "proven",
                    "sent": "a relay has it",
                    "failed": "no channel is left",
                    "cancelled": "nobody expects it",
                },
                ereferral_lifecycle(),
            )
        ),
    }


def draw(lifecycle: Lifecycle) -> str:
    """The lifecycle as SVG. Raises ValueError where a state has no row or a row no state."""
    rows = list(lifecycle.meanings)
    unknown = set(states(lifecycle.transitions)) ^ set(rows)
    if unknown:
        raise ValueError(f"states and rows differ: {', '.join(sorted(unknown))}")
    columns = lifecycle.columns()
    longest = max(max(len(state) * 1.12, len(words)) for state, words in lifecycle.meanings.items())
    left = _PADDING + longest * _CHARACTER + 16
    slant = max(len(column.by) for column in columns) * _CHARACTER
    top = 46 + slant * sin(radians(_SLANT_DEGREES)) + _GROUP_HEIGHT
    gaps = _gaps(columns)
    xs = [left + _COLUMN * (place + 0.5) + gap for place, gap in enumerate(gaps)]
    after = len(columns[-1].by) * _CHARACTER * cos(radians(_SLANT_DEGREES))
    right = xs[-1] + _COLUMN * 0.5
    width, height = max(right + _PADDING, xs[-1] + after + 8), top + _ROW * len(rows) + 46
    ys = {state: top + _ROW * (place + 0.5) for place, state in enumerate(rows)}
    parts = [
        f'<rect class="card" x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1:.0f}" '
        'rx="8"/>',
        f'<text class="title" x="{_PADDING}" y="32">{escape(lifecycle.title)}</text>',
    ]
    parts += _groups(columns, xs, top, top + _ROW * len(rows))
    parts += _rows(lifecycle.meanings, ys, left, right)
    for column, x in zip(columns, xs, strict=True):
        parts += _column(column, x, top, ys)
    parts += _legend(height - 20)
    return _document(lifecycle.title, width, height, parts)


def _gaps(columns: Sequence[Column]) -> list[float]:
    """How far each column is moved to the right, so that groups stand apart."""
    gaps, gap = [], 0.0
    for place, column in enumerate(columns):
        if place and column.group != columns[place - 1].group:
            gap += 14
        gaps.append(gap)
    return gaps


def _groups(columns: Sequence[Column], xs: Sequence[float], top: float, bottom: float) -> list[str]:
    parts = []
    for group in dict.fromkeys(column.group for column in columns):
        its = [x for x, column in zip(xs, columns, strict=True) if column.group == group]
        x, width = its[0] - _COLUMN / 2, its[-1] - its[0] + _COLUMN
        parts.append(
            f'<rect class="band" x="{x:.1f}" y="{top - _GROUP_HEIGHT:.1f}" width="{width:.1f}" '
            f'height="{bottom - top + _GROUP_HEIGHT + 4:.1f}" rx="6"/>'
        )
        parts.append(
            f'<text class="group" x="{x + 8:.1f}" y="{top - 11:.1f}">{escape(group)}</text>'
        )
    return parts


def _rows(
    meanings: Mapping[str, str], ys: Mapping[str, float], left: float, right: float
) -> list[str]:
    parts = []
    for state, words in meanings.items():
        y = ys[state]
        parts += [
            f'<line class="row" x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}"/>',
            f'<text class="state" x="{_PADDING}" y="{y - 1:.1f}">{escape(state)}</text>',
            f'<text class="words" x="{_PADDING}" y="{y + 14:.1f}">{escape(words)}</text>',
        ]
    return parts


def _column(column: Column, x: float, top: float, ys: Mapping[str, float]) -> list[str]:
    label_y = top - _GROUP_HEIGHT - 8
    parts = [
        f'<text transform="translate({x + 4:.1f} {label_y:.1f}) rotate({-_SLANT_DEGREES})">'
        f"{escape(column.by)}</text>"
    ]
    target = ys[column.target]
    away = [ys[source] for source in column.sources if source != column.target]
    stays = column.target in column.sources
    if away:
        reached = [*away, target]
        parts.append(f'<path class="way" d="M{x:.1f} {min(reached):.1f} V{max(reached):.1f}"/>')
    parts += [f'<circle class="from" cx="{x:.1f}" cy="{y:.1f}" r="5"/>' for y in away]
    if stays:
        parts.append(f'<circle class="from" cx="{x:.1f}" cy="{target:.1f}" r="6"/>')
        parts.append(f'<circle class="to" cx="{x:.1f}" cy="{target:.1f}" r="2.5"/>')
        target += 7 if all(y > target for y in away) else -7
    if any(y < target for y in away):
        parts.append(_arrow(x, target, -1))
    if any(y > target for y in away):
        parts.append(_arrow(x, target, 1))
    return parts


def _legend(y: float) -> list[str]:
    x = _PADDING + 5
    return [
        f'<circle class="from" cx="{x}" cy="{y - 4:.1f}" r="5"/>',
        f'<text class="words" x="{x + 12}" y="{y:.1f}">it may happen here</text>',
        _arrow(x + 145, y + 1, -1),
        f'<text class="words" x="{x + 157}" y="{y:.1f}">and leads here</text>',
        f'<circle class="from" cx="{x + 265}" cy="{y - 4:.1f}" r="6"/>',
        f'<circle class="to" cx="{x + 265}" cy="{y - 4:.1f}" r="2.5"/>',
        f'<text class="words" x="{x + 278}" y="{y:.1f}">or it stays</text>',
    ]


def _arrow(x: float, y: float, side: int) -> str:
    """An arrowhead that ends on a row; `side` -1 comes from above, 1 from below."""
    return f'<path class="to" d="M{x:.1f} {y:.1f} l-5.5 {side * 10} h11 z"/>'


def _document(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    lines = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{escape(title)}">\n'
        f"<style>{_STYLE}</style>\n{lines}\n</svg>\n"
    )
