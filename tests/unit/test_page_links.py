"""Every relative link and anchor on every page of the repository leads somewhere."""

import re
from pathlib import Path

from tests.support.pages import CHECKOUT, anchors, text_files, without_code

PAGES = [path for path in text_files() if path.suffix == ".md"]
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_PRINTED = re.compile(r"docs/[\w/.-]+\.(?:md|svg|png|json)")


def broken(page: Path, text: str) -> list[str]:
    """The relative links of a page's text that lead nowhere."""
    lost = []
    for target in _LINK.findall(without_code(text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(target)
    return lost


def test_every_link_leads_somewhere() -> None:
    """To a file or folder that is there, and to an anchor or heading in it."""
    lost = {str(p.relative_to(CHECKOUT)): broken(p, p.read_text("utf-8")) for p in PAGES}
    assert {page: links for page, links in lost.items() if links} == {}


def test_a_broken_link_is_found() -> None:
    """The check can fail: a page, a heading and an image that are not there."""
    page = CHECKOUT / "README.md"
    text = (
        "[a](docs/no.md) [b](docs/glossary.md#no) ![c](no.png) [d](https://example.com/x) `[e](f)`"
    )
    assert broken(page, text) == ["docs/no.md", "docs/glossary.md#no", "no.png"]


def test_every_page_that_code_names_is_there() -> None:
    """What the program prints or a comment names: a page that was moved is named anew."""
    for path in text_files():
        if path.suffix in {".md", ".json"} or path == Path(__file__):
            continue
        for named in _PRINTED.findall(path.read_text("utf-8")):
            assert (CHECKOUT / named).exists(), f"{path.relative_to(CHECKOUT)} names {named}"


def test_every_page_is_in_the_index() -> None:
    """`docs/README.md` links each page of docs/: none has to be found by chance."""
    docs = CHECKOUT / "docs"
    index = docs / "README.md"
    linked = {
        (docs / target.partition("#")[0]).resolve()
        for target in _LINK.findall(index.read_text("utf-8"))
    }
    pages = {page for page in PAGES if page.is_relative_to(docs)} - {index}
    assert pages - linked == set()
