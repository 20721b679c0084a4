"""Whatever cites the contract names a place of it that exists: `docs/contract/wire.md#replies`."""

import re
from pathlib import Path

import pytest

from tests.support.pages import CHECKOUT, anchors, text_files

CONTRACT = CHECKOUT / "docs" / "contract"
# This file has the words that it looks for.
CITING = [path for path in text_files() if path.suffix != ".md" and path != Path(__file__)]
PAGES = [path for path in text_files() if path.suffix == ".md" and path.parent != CONTRACT]

_CITED = re.compile(r"docs/contract/(\w+\.md)(#[\w-]+)?")
_BARE = re.compile(r"wire contract|HTTP contract|delivery rules|\bof the contract\b", re.IGNORECASE)
# A section's number is of somebody else's document, which is named before it.
_SECTION = re.compile(r"\bsections?\s+\d", re.IGNORECASE)
_STANDARD = re.compile(r"RFC \d+|AMQP 0-9-1|W3C|Unicode|errata", re.IGNORECASE)


def cited(text: str) -> list[tuple[str, str]]:
    """Each citation in a text: the page and the anchor, `""` where there is none."""
    return [(page, anchor[1:]) for page, anchor in _CITED.findall(text)]


def bare(text: str) -> list[str]:
    """Words that mean a place of the contract and do not name it."""
    flat = " ".join(line.strip().lstrip("# ") for line in text.splitlines())
    words = [found[0] for found in _BARE.finditer(flat)]
    for section in _SECTION.finditer(flat):
        before = flat[max(0, section.start() - 60) : section.start()]
        if not _STANDARD.search(before):
            words.append(section[0])
    return words


def test_the_contract_is_cited_at_all() -> None:
    """A search that finds nothing would pass everything."""
    found = [place for path in CITING for place in cited(path.read_text("utf-8"))]
    assert len(found) > 60
    assert {page for page, _ in found} == {"wire.md", "dispatch.md", "http.md"}


def test_every_citation_has_its_place() -> None:
    """Code, schemas and tests name a page with an anchor that stands in it, and nothing vaguer."""
    wrong = {}
    for path in CITING:
        text = path.read_text("utf-8")
        lost = [f"{page}#{a}" for page, a in cited(text) if a not in anchors(CONTRACT / page)]
        if found := lost + bare(text):
            wrong[str(path.relative_to(CHECKOUT))] = found
    assert wrong == {}


def test_what_a_page_cites_has_its_place_too() -> None:
    """In code spans of a page, which are no links; a page may name the whole contract."""
    for path in PAGES:
        for page, anchor in cited(path.read_text("utf-8")):
            assert not anchor or anchor in anchors(CONTRACT / page), f"{path}: {page}#{anchor}"


def test_a_seed_is_of_a_random_generator() -> None:
    """Where an API or a page of requirements is meant, it is named."""
    told = {
        name
        for path in text_files()
        if path != Path(__file__)
        and re.search(r"\bseed", path.read_text("utf-8"), re.IGNORECASE)
        and not (name := str(path.relative_to(CHECKOUT))).startswith(("bench/", "tests/faults/"))
    }
    assert told == {
        "docs/maintainers/faults.md",
        "tests/README.md",
        "tests/integration/referrals/test_list_plans.py",
        "tests/integration/referrals/test_partner_list_long_texts.py",
    }


def test_a_page_links_what_it_says_of_the_contract() -> None:
    """On a page the words are the text of a link; the contract itself may speak of itself."""
    wrong = {}
    for path in PAGES:
        without_links = re.sub(r"\[[^\]]*\]\([^)]*\)", "", path.read_text("utf-8"))
        if found := bare(re.sub(r"^#.*$", "", without_links, flags=re.MULTILINE)):
            wrong[str(path.relative_to(CHECKOUT))] = found
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("as the wire contract's section 3 has it", ["wire contract", "section 3"]),
        ("    # by the delivery\n    # rules", ["delivery rules"]),
        ("the delivery rules", ["delivery rules"]),
        ("See section 2.", ["section 2"]),
        ("AMQP 0-9-1, section 4.2.5.3", []),
        ("RFC 9110, sections 15.2 and 15.3", []),
        ("docs/contract/wire.md#replies", []),
    ],
)
def test_bare_words_are_found(text: str, words: list[str]) -> None:
    """The check can fail."""
    assert bare(text) == words
