"""Header fields written out by hand: decoding gives the text back, and lines have their length.

The decoder here is of its own, after RFC 2047: section 6.2 for the space between two words, section
2 for what a word is.
"""

import base64
import quopri
import re
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.ereferral_dispatch.senders.mail_headers import (
    mailbox_header,
    text_header,
    unanswerable_header,
)

ADDRESS = "referrals@handoff.example"
_WORD = r"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?="
_SCRIPTS = (
    "abcdefghijklmnopqrstuvwxyzABCDXYZ0123456789",
    "äöüßÄÖÜéèêñçåøæœőűłżğşİı",
    "ạảấầẩậắằẳặẹẻẽếềểễệđươ",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяїєґ",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "अआइईउऊऋएऐओऔकखगघचछजझ\u093e\u093f\u0940\u094d",
    "กขฃคฅฆงจฉชซฌญฎฏ\u0e31\u0e34\u0e48\u0e49",
    "示例口腔诊所牙科医院林医生",
    "あいうえおアイウエオ歯科医院",
    "가나다라마바사치과의원",
    "🦷😀👩\u200d⚕\ufe0f𝒜𐍈",
    "!#$%&'*+-/=?^_`{|}~().,:;<>@[]\\\"",
)
_WORDS = st.sampled_from(_SCRIPTS).flatmap(
    lambda letters: st.text(letters, min_size=1, max_size=40)
)
TEXTS = (
    st.lists(_WORDS, min_size=1, max_size=14).map(" ".join).filter(lambda text: "=?" not in text)
)


def decoded(value: str) -> str:
    """What a reader shows: white space between two encoded words is not."""
    value = re.sub(rf"({_WORD})[ \t\r\n]+(?={_WORD})", r"\1", value)

    def one(match: "re.Match[str]") -> str:
        charset, how, what = match[0][2:-2].split("?", 2)
        octets = (
            base64.b64decode(what)
            if how in "bB"
            else quopri.decodestring(what.replace("_", " ").encode())
        )
        return octets.decode(charset)  # Raises where a word ends within a character.

    return re.sub(_WORD, one, value)


def value_of(field: bytes, name: str) -> str:
    """The field's value, unfolded as RFC 5322, section 2.2.3, has it."""
    text = field.decode("ascii")
    assert text.startswith(f"{name}: ") and text.endswith("\r\n")
    return re.sub(r"\r\n(?=[ \t])", "", text).removesuffix("\r\n").removeprefix(f"{name}: ")


def check_lines(field: bytes) -> None:
    """78 characters, 76 where a line has an encoded word, and 75 for each word."""
    for line in field.decode("ascii").removesuffix("\r\n").split("\r\n"):
        words = re.findall(_WORD, line)
        assert len(line) <= (76 if words else 78)
        assert line.strip()
        for word in words:
            assert len(word) <= 75
            decoded(word)


@given(TEXTS)
@example("Köln GmbH Jörg Zahnärztliche Weiß")
@example("Odontológica Málaga, Niños Muñoz")
@example("x" * 69)
@example("x" * 70)
@example("x" * 300)
@example("ab " * 60 + "z")
@example("é")
def test_text_comes_back_as_it_was(text: str) -> None:
    """No space is lost, none is added, and no line is too long."""
    field = text_header("Subject", text)
    check_lines(field)
    assert decoded(value_of(field, "Subject")) == text


@given(TEXTS)
@example("Zahnärztliche Söhne Weiß Grün & MVZ Grün Weiß")
@example('Dr. "Tooth" \\ (not a comment) <a@b.example>, c@d.example')
@example("Practice; group: one")
@example('"')
@example("x" * 71 + '"')
def test_a_display_name_comes_back_as_it_was(name: str) -> None:
    """As an atom, a quoted string or encoded words, before the one address in brackets."""
    field = mailbox_header("From", ADDRESS, name)
    check_lines(field)
    phrase, space, address = value_of(field, "From").rpartition(" ")
    assert (space, address) == (" ", f"<{ADDRESS}>")
    if phrase.startswith('"'):
        assert re.fullmatch(r'"(?:[^"\\]|\\["\\])*"', phrase)
        phrase = re.sub(r"\\(.)", r"\1", phrase[1:-1])
    elif not phrase.startswith("=?"):
        assert re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+", phrase)
    assert decoded(phrase) == name


@given(TEXTS)
def test_the_standard_librarys_reader_agrees(text: str) -> None:
    """Whatever stands in the name or the subject: one address, and the texts. Of a name it shows a
    space between two words, against RFC 2047."""
    message = BytesParser(EmailMessage, policy=default).parsebytes(
        mailbox_header("From", ADDRESS, text) + text_header("Subject", text) + b"\r\n"
    )
    (sender,) = message["From"].addresses
    assert sender.addr_spec == ADDRESS
    assert sender.display_name.replace(" ", "") == text.replace(" ", "")
    assert message["Subject"] == text


def test_the_bytes_themselves() -> None:
    """By hand, so that no Python and no library writes others: 39 octets fit beside `Subject`, and
    45 into a word below it."""
    text = "Referral from Köln GmbH Jörg Zahnärztliche Weiß"
    assert text_header("Subject", text) == (
        b"Subject: =?utf-8?b?UmVmZXJyYWwgZnJvbSBLw7ZsbiBHbWJIIErDtnJnIFphaG7DpHJ6?=\r\n"
        b" =?utf-8?b?dGxpY2hlIFdlacOf?=\r\n"
    )
    assert mailbox_header("From", "a@b.example", "Zähne") == (
        b"From: =?utf-8?b?WsOkaG5l?= <a@b.example>\r\n"
    )
    assert mailbox_header("From", "a@b.example", "Dr. Who") == b'From: "Dr. Who" <a@b.example>\r\n'
    assert mailbox_header("To", "a@b.example") == b"To: a@b.example\r\n"
    assert text_header("Subject", "word " * 14 + "reference 0123") == (
        b"Subject: word word word word word word word word word word word word word word\r\n"
        b" reference 0123\r\n"
    )


@pytest.mark.parametrize("address", ["jörg@praxis.example.com", "приём@" + "x" * 60 + ".example"])
def test_an_address_that_cannot_be_answered_is_shown(address: str) -> None:
    """A group without mailboxes (RFC 5322, section 3.4), in ASCII."""
    field = unanswerable_header("Reply-To", address)
    check_lines(field)
    assert decoded(value_of(field, "Reply-To")) == f"{address} :;"
    message = BytesParser(EmailMessage, policy=default).parsebytes(field + b"\r\n")
    assert message["Reply-To"].addresses == ()
    (group,) = message["Reply-To"].groups
    assert (group.display_name.replace(" ", ""), group.addresses) == (address, ())
