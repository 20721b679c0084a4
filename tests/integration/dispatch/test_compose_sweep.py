"""Composing what takes seconds: any text in a message; letters in threads, in processes."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import hypothesis
from hypothesis import strategies

from letters.render import render_letter
from tests.support.samples.letters import letter, read
from tests.support.samples.packages import sample_consignment, sample_referral
from tests.unit.services.ereferral_dispatch.senders.email.test_sender import (
    FROM,
    HEADERS,
    addresses,
    message_of,
    parsed,
    text_of,
)


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(strategies.text(min_size=1, max_size=200), strategies.text(max_size=200))
def test_no_text_can_add_a_header_or_a_recipient(name: str, subject: str) -> None:
    """Whatever is in a name or subject stays within its own header."""
    message = parsed(message_of(name, subject))
    assert message.keys() == HEADERS
    assert [spec for _, spec in addresses(message["From"])] == [FROM]
    assert [spec for _, spec in addresses(message["To"])] == ["desk@partner.example"]
    assert text_of(message) == "text\n"


def test_the_same_consignment_gives_the_same_bytes_in_every_process() -> None:
    """A worker that restarts, or another one, composes what the first one did."""
    program = (
        "import hashlib; from tests.support.samples.packages import sample_consignment;"
        "from letters.render import render_letter;"
        "print(hashlib.sha256(render_letter(sample_consignment())).hexdigest())"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert told == hashlib.sha256(render_letter(sample_consignment())).hexdigest()


def test_the_same_consignment_gives_the_same_bytes_in_every_thread() -> None:
    """A retry sends what the first attempt sent; and rendering in threads is safe."""
    with ThreadPoolExecutor(4) as pool:
        letters = list(pool.map(render_letter, [sample_consignment()] * 12))
    assert len(set(letters)) == 1


def test_long_notes_flow_on() -> None:
    """10,000 characters go over pages, each with its number and the reference; none is lost."""
    notes = "\n".join(f"Line {n:04}: {'observation ' * 3}".strip() for n in range(205))[:10_000]
    pdf = letter(referral=sample_referral(notes=notes))
    pages = [" ".join(page.extract_text().split()) for page in read(pdf).pages]
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert page.count(f"Reference 0123-4567-89AB Page {number} of {len(pages)}") == 1
    text = " ".join(pages)
    assert all(line in text for line in notes.splitlines())
