"""The answer link in letters and messages: it can be scanned and typed, and is nowhere else."""

import base64
import email
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default

import orjson
import pytest

from contracts.referral import Priority, ReasonCode
from contracts.referral_partner import ContactMethod
from letters.content import letter_content
from letters.letter import LetterLink
from letters.render import render_letter
from messaging.egress.policy import EgressPolicy
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.rules.answer_links import AnswerLinks
from services.ereferral_dispatch.senders.email import EmailSender, parse_smtp_url
from services.ereferral_dispatch.senders.fax import FaxMailSender
from services.ereferral_dispatch.senders.phone import PhoneSender
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.support.samples.letters import qr_codes_in, read, words_of
from tests.support.samples.packages import (
    EREFERRAL_ID,
    ORG_ID,
    sample_cancellation,
    sample_consignment,
    sample_package,
    sample_practice,
    sample_referral,
)

RELAY, FROM = parse_smtp_url("smtp://relay.example"), "referrals@handoff.example"
FAX_DPI = 98
"""Of a standard fax, the coarser way (ITU-T T.4: 3.85 lines/mm)."""


def link_of(public_url: str = "https://answer.example.org", org_id: str = ORG_ID) -> LetterLink:
    return AnswerLinks(public_url, ("key",), timedelta(180)).derive(org_id, EREFERRAL_ID, 1).letter


LINK = link_of()
HALVES = f"{LINK.code[:3]} {LINK.code[3:]}"
TOKEN = LINK.url.rpartition("/")[2]
LINKED = sample_consignment(answer_link=LINK)
FULL = sample_package(
    referral=sample_referral(
        priority=Priority.STAT,
        reason="Root canal evaluation, lower right first molar, pain on percussion. " * 2,
        teeth=["3", "30"],
        reason_codes=[
            ReasonCode(system="http://hl7.org/fhir/sid/icd-10-cm", code=code, display="Pulpitis")
            for code in ("K04.01", "K04.02")
        ],
        notes="Cold sensitivity for two weeks, no swelling. Periapical film taken. " * 2,
    )
)


def parts(message: bytes) -> tuple[str, bytes]:
    """A mail's text and its letter."""
    parsed = email.message_from_bytes(message, policy=default)
    assert isinstance(parsed, EmailMessage)
    body = parsed.get_body()
    [attached] = parsed.iter_attachments()
    assert body is not None
    return body.get_content(), attached.get_content()


@pytest.mark.parametrize(
    "consignment",
    [
        LINKED,
        sample_consignment(answer_link=LINK, package=FULL, possible_repeat=True),
        sample_consignment(
            answer_link=LINK, package=sample_package(practice=sample_practice(country="DE"))
        ),
    ],
    ids=["ordinary", "full", "A4"],
)
@pytest.mark.parametrize("dots_per_inch", [FAX_DPI, 200, 300])
def test_the_square_is_read_back_from_one_page(
    consignment: Consignment, dots_per_inch: int
) -> None:
    """Also as a fax shows it, and in a letter with all that an urgent referral has."""
    pdf = render_letter(consignment)
    assert len(read(pdf).pages) == 1
    assert qr_codes_in(pdf, dots_per_inch) == [LINK.url]


def test_the_longest_address_is_read_back_too() -> None:
    """Of 120 characters, with an org of 64."""
    url = link_of(f"https://{'answer.' * 14}example.org/abc", "o" * 64)
    pdf = render_letter(sample_consignment(answer_link=url))
    assert len(read(pdf).pages) == 1
    assert qr_codes_in(pdf, 200) == [url.url]


def test_it_says_where_to_answer_and_with_which_code() -> None:
    """In words, for whoever cannot scan; the code in halves."""
    words = words_of(render_letter(LINKED))
    for said in (
        "Please let us know by December 4, 2026",
        "Phone (202) 555-0101 Fax (202) 555-0102 Email office@example.com",
        "Or answer online, without an account: scan the square, or open",
        f"and enter the code {HALVES}.",
    ):
        assert said in words
    shown = letter_content(LINKED)["answer_link"]
    assert shown["shown"] == f"answer.example.org/r/{ORG_ID}/{TOKEN}"
    assert TOKEN in words.replace(" ", "")


def test_an_address_in_clear_text_says_so() -> None:
    """For development; a browser would ask by https."""
    clear = letter_content(sample_consignment(answer_link=link_of("http://127.0.0.1:8080")))
    assert clear["answer_link"]["shown"].startswith("http://127.0.0.1:8080/r/")


def test_the_same_letter_has_the_same_bytes() -> None:
    """And without a link another one."""
    assert render_letter(LINKED) == render_letter(sample_consignment(answer_link=LINK))
    assert render_letter(LINKED) != render_letter(sample_consignment())


def test_a_cancellation_has_no_link() -> None:
    """Nothing is to be answered."""
    with_link, without = sample_cancellation(answer_link=LINK), sample_cancellation()
    assert render_letter(with_link) == render_letter(without)
    text, _ = parts(EmailSender(RELAY, FROM).compose(with_link))
    assert TOKEN not in text


def test_a_mails_text_has_the_address_and_never_the_code() -> None:
    """Whoever reads the mail alone cannot answer; the letter in it has both."""
    text, pdf = parts(EmailSender(RELAY, FROM).compose(LINKED))
    flat = " ".join(text.split())
    assert f"Or answer online, with the code that is in the letter: {LINK.url}" in flat
    assert LINK.code not in text and HALVES not in text
    assert qr_codes_in(pdf, 200) == [LINK.url]
    without, _ = parts(EmailSender(RELAY, FROM).compose(sample_consignment()))
    assert "online" not in without


def test_a_faxs_cover_has_neither() -> None:
    """Its text may lie on any desk; the letter behind it has both."""
    fax = FaxMailSender(RELAY, FROM, "fax.example")
    consignment = sample_consignment(
        answer_link=LINK, channel=ContactMethod.FAX, address="+12025550112"
    )
    text, pdf = parts(fax.compose(consignment))
    assert LINK.url not in text and LINK.code not in text
    assert qr_codes_in(pdf, 200) == [LINK.url]


def test_a_portals_bundle_has_it_in_the_letter_alone() -> None:
    """No resource names it."""
    sender = PortalSender(
        render_letter=render_letter, signing_key="k", connection_limit=1, policy=EgressPolicy()
    )
    bundle = orjson.loads(sender.compose(LINKED))
    [document] = [
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "DocumentReference"
    ]
    attachment = document["content"][0]["attachment"]
    assert qr_codes_in(base64.b64decode(attachment.pop("data")), 200) == [LINK.url]
    rest = orjson.dumps(bundle).decode()
    assert TOKEN not in rest and LINK.code not in rest


def test_a_calls_letter_has_none() -> None:
    """It travels in an event, which every subscriber may read."""
    consignment = sample_consignment(
        answer_link=LINK, channel=ContactMethod.PHONE, address="+12025550111"
    )
    composed = orjson.loads(PhoneSender().compose(consignment))
    pdf = base64.b64decode(composed["letter"])
    assert qr_codes_in(pdf, 200) == []
    assert TOKEN not in composed["script"] and LINK.code not in composed["script"]
    assert pdf == render_letter(sample_consignment())
