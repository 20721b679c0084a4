"""The repository's text files, and where links into its pages lead."""

import re
import subprocess
from functools import lru_cache
from pathlib import Path

from ops.environment import CHECKOUT as CHECKOUT

_SUFFIXES = {".md", ".py", ".json", ".typ", ".toml", ".yaml"}
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_OWN_ANCHOR = re.compile(r'<a id="([^"]+)">')
_MARKUP = re.compile(r"[`*]|\[([^\]]*)\]\([^)]*\)")


@lru_cache
def text_files() -> tuple[Path, ...]:
    """Every text file that is in the repository, or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    paths = (CHECKOUT / name for name in sorted(set(listed)) if name)
    return tuple(path for path in paths if path.suffix in _SUFFIXES and path.exists())


def without_code(text: str) -> str:
    """A page without its fenced blocks and code spans: what stands in them is no link."""
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))


@lru_cache
def anchors(page: Path) -> frozenset[str]:
    """What a link into a page may name: its own anchors, and its headings as GitHub slugs them."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    seen: dict[str, int] = {}
    found = set(_OWN_ANCHOR.findall(text))
    for heading in _HEADING.findall(text):
        words = _MARKUP.sub(lambda m: m[1] or "", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = seen.get(slug, 0)
        found.add(f"{slug}-{count}" if count else slug)
        seen[slug] = count + 1
    return frozenset(found)
