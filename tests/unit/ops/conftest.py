"""An environment in which nothing of ours is set or runs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import environment


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No variable of ours, and no running `handoff up`; what a command adopts goes again."""
    for name in [name for name in os.environ if name.startswith(("REFERRALS_", "DISPATCH_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(environment, "handoff_folder", lambda: tmp_path / ".handoff")
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
