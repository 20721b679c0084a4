"""The table of pages, beside its templates, its texts and its script."""

import re
from pathlib import Path

from contracts.catalogue import OPERATIONS
from services.edge.desk import pages
from services.edge.desk.pages import PAGES
from services.edge.desk.visit import can_be_asked
from services.edge.desk.wording import Texts

DESK = Path(pages.__file__).parent
_SENT = re.compile(r'parts\.(?:form|button)\("([a-z_.]+)"')
_INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=|javascript:", re.IGNORECASE
)


def templates() -> dict[str, str]:
    """Each template's text by its name."""
    return {path.name: path.read_text("utf-8") for path in (DESK / "templates").glob("*.html")}


def test_every_form_sends_what_a_page_does() -> None:
    """Else its button would be refused."""
    sent = {operation for text in templates().values() for operation in _SENT.findall(text)}
    done = {action.operation for page in PAGES for action in page.does}
    assert sent - done == set()
    assert sent


def test_every_page_asks_and_does_what_there_is() -> None:
    """By operations of the HTTP interface; what was done is said in words."""
    asked = {operation for page in PAGES for operation in page.asks if operation in OPERATIONS}
    does = [action for page in PAGES for action in page.does]
    assert {one for one in asked | {a.operation for a in does} if not can_be_asked(one)} == set()
    texts = Texts("en")
    silent = {a.operation for a in does if not a.stays and not texts.has(f"done.{a.operation}")}
    assert silent == set()
    assert {page.template for page in PAGES} <= templates().keys()
    assert len({page.route for page in PAGES}) == len(PAGES)


def test_no_template_has_a_style_or_a_script_of_its_own() -> None:
    """The policy forbids them: they would do nothing."""
    found = {name: _INLINE.findall(text) for name, text in templates().items()}
    assert {name: inline for name, inline in found.items() if inline} == {}


def test_the_script_stays_small() -> None:
    """80 lines: whatever has to work does so without it."""
    (script,) = (DESK / "assets").glob("*.js")
    assert len(script.read_text("utf-8").splitlines()) <= 80
