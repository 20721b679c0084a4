"""The catalogue of texts, and times as people read them."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contracts.connecting import RowCode
from services.edge.desk import pages, wording
from services.edge.desk.sections.tasks import TASKS
from services.edge.desk.wording import Texts, date, day, dialled, distance, moment, span, waited

TEXTS = Texts("en")
NOW = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)
TEMPLATES = sorted((Path(wording.__file__).parent / "templates").glob("*.html"))
_ASKED = re.compile(r"\bt\(\s*['\"]([a-z_.]+)['\"]\s*[,)]")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_text_that_a_template_asks_for_is_there(template: Path) -> None:
    """By its whole key; what is put together of codes is looked at below."""
    asked = _ASKED.findall(template.read_text("utf-8"))
    assert [key for key in asked if not (TEXTS.has(key) or TEXTS.has(f"{key}.other"))] == []


def test_every_page_and_task_has_its_words() -> None:
    """Its place in the navigation, its name, what it is about."""
    keys = [f"{page.name}.link" for page in pages.PAGES if page.in_navigation]
    keys += [f"task.{task.name}.{part}" for task in TASKS for part in ("name", "about")]
    assert [key for key in keys if not TEXTS.has(key)] == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((0, "under 1 min"), (59, "under 1 min"), (60, "1 min"), (3599, "59 min"), (3600, "1 h")),
        *((47 * 3600, "47 h"), (48 * 3600, "2 days"), (-5, "under 1 min")),
    ],
)
def test_a_span_is_told_in_its_largest_unit(seconds: float, words: str) -> None:
    """Rounded down: nothing has waited for longer than is said."""
    assert span(TEXTS, seconds) == words


def test_how_long_something_has_waited_and_when_it_comes() -> None:
    """From either side of now."""
    assert waited(TEXTS, "2026-11-29T12:30:00Z", NOW) == "waiting 2 h"
    assert distance(TEXTS, "2026-11-29T12:30:00Z", NOW) == "2 h ago"
    assert distance(TEXTS, "2026-12-04T15:00:00Z", NOW) == "in 5 days"
    assert distance(TEXTS, "2026-11-29T15:00:30Z", NOW) == "just now"


def test_a_time_is_the_practices() -> None:
    """Its day too."""
    berlin = ZoneInfo("Europe/Berlin")
    assert moment("2026-11-29T23:30:00Z", berlin) == "30 Nov 2026, 00:30"
    assert day("2026-11-29T23:30:00Z", berlin) == "30 Nov 2026"


def test_a_birthday_is_written_as_other_days_are() -> None:
    """And in no zone."""
    assert date("1990-04-05") == "5 Apr 1990"


def test_a_code_that_is_newer_than_the_catalogue_is_still_told() -> None:
    """Without its underscores."""
    assert TEXTS.word("problem", "forbidden") == "You may not do this"
    assert TEXTS.word("problem", "something_new") == "something new"
    assert TEXTS.word("problem", None) == ""


def test_a_number_is_told_in_groups() -> None:
    """With its extension; one that is none as it is."""
    assert dialled("+12025550111") == "+1 202-555-0111"
    assert dialled("+12025550111;ext=12") == "+1 202-555-0111 ext. 12"
    assert dialled("none") == "none"


@pytest.mark.parametrize("code", [*(one.value for one in RowCode), "problem"])
def test_each_reason_why_a_row_waits_has_words_and_says_what_to_do(code: str) -> None:
    """A problem code of ours, which stands behind `problem:`, has the same."""
    assert TEXTS.has(f"import_hint.{code}")
    assert TEXTS.has(f"import_code.{code}")
