"""The texts of the answer pages, and numbers to call."""

import re
from pathlib import Path

import pytest

from contracts.referral import Priority, Response
from services.edge.answer_pages import rendering, serving
from services.edge.answer_pages.answers import FORMS, REASONS
from services.edge.answer_pages.rendering import Phone, zone_of
from services.edge.desk.wording import Texts

TEXTS = Texts("en")
TEMPLATES = sorted((Path(rendering.__file__).parent / "templates").glob("*.html"))
_ASKED = re.compile(r"\bt\(\s*['\"]([a-z_.]+)['\"]\s*[,)]")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_text_that_a_template_asks_for_is_there(template: Path) -> None:
    """By its whole key; what is put together of codes is looked at below."""
    asked = _ASKED.findall(template.read_text("utf-8"))
    assert asked
    assert [key for key in asked if not (TEXTS.has(key) or TEXTS.has(f"{key}.other"))] == []


def test_every_code_has_its_words() -> None:
    """Forms, reasons, priorities, responses, refusals, and why a page is shut."""
    keys = [f"answer.form.{form.name}.{part}" for form in FORMS for part in ("name", "go")]
    keys += [f"answer.{part}.{form.name}" for form in FORMS for part in ("note_hint", "sent")]
    keys += [f"answer.reason_code.{reason}" for reason in REASONS]
    keys += [f"answer.urgency.{priority.value}" for priority in Priority]
    keys += [f"answer.response.{response.value}" for response in Response]
    shut = [why for _, why in serving._SHUT.values()]
    keys += [
        f"answer.closed.{why}.{part}" for why in (*shut, "other") for part in ("title", "text")
    ]
    assert [key for key in keys if not TEXTS.has(key)] == []


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        (None, None),
        ("+12025550101", Phone("tel:+12025550101", "+1 202-555-0101")),
        ("+493012345;ext=12", Phone("tel:+493012345;ext=12", "+49 30 12345 ext. 12")),
    ],
)
def test_a_number_is_written_as_people_write_it(written: str | None, phone: Phone | None) -> None:
    """With its country, for whoever is in another one."""
    assert Phone.read(written) == phone


@pytest.mark.parametrize(
    ("named", "zone"), [("Europe/Berlin", "Europe/Berlin"), (None, "UTC"), ("Mars/Base", "UTC")]
)
def test_times_are_the_practices(named: str | None, zone: str) -> None:
    """UTC, and the page says so, where it has none."""
    assert zone_of({"practice": {"time_zone": named}}).key == zone
