"""Ownership of values: mapped fields are theirs, but what only we changed is kept.

Sent is what changed *there* since the last import. A field that changed on both sides, to different
values, is a person's to decide: nothing is sent then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Merge:
    """What to do about a row. `send` is empty where `both_changed` is not."""

    send: Mapping[str, Any] = field(default_factory=dict)
    both_changed: tuple[str, ...] = ()


def merge(
    base: Mapping[str, Any],
    theirs: Mapping[str, Any],
    ours: Mapping[str, Any] | None = None,
) -> Merge:
    """Compare a row with its last import (`base`) and with what is held here (`ours`).

    `ours` is None while nobody here changed it since then. Fields that `base` lacks were null.
    """
    changed_there = {name: new for name, new in theirs.items() if new != base.get(name)}
    if ours is None:
        return Merge(changed_there)
    send = {name: new for name, new in changed_there.items() if new != ours.get(name)}
    both = sorted(name for name in send if ours.get(name) != base.get(name))
    return Merge(both_changed=tuple(both)) if both else Merge(send)


def differing(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that differ where no last import is known: nobody can say which side changed."""
    return tuple(sorted(name for name, value in theirs.items() if value != ours.get(name)))
