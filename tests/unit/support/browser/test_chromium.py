"""The browser is found, or its absence is told with what to install."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser.chromium import NoBrowser, chromium


@pytest.fixture(autouse=True)
def _look_anew() -> Iterator[None]:
    chromium.cache_clear()
    yield
    chromium.cache_clear()


def test_without_a_browser_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no Chromium and no apt-get, a test fails with the name of Debian's package."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoBrowser, match="Debian: apt-get install chromium"):
        chromium()


@pytest.mark.parametrize("name", ["chromium", "google-chrome"])
def test_an_installed_one_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What the machine has in its PATH is taken, by Debian's name or by Google's."""
    program = tmp_path / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chromium().program == str(program)
    assert chromium().environment == {}
