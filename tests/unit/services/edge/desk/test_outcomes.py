"""Attempts in a person's words, for every code that there is."""

from typing import Any

import pytest

from contracts.ereferral import FailureCode, SuccessCode
from contracts.referral_partner import ContactMethod
from services.edge.desk.outcomes import Advice, Told, told
from services.edge.desk.wording import Texts

TEXTS = Texts("en")


def attempt(code: str | None, **changed: Any) -> dict[str, Any]:
    """One by e-mail that failed for good."""
    return {
        "code": code,
        "channel": "email",
        "outcome": "permanent_failure",
        "detail": None,
        **changed,
    }


@pytest.mark.parametrize(
    ("code", "changed", "says", "advice"),
    [
        (
            "smtp_550",
            {"detail": "5.1.1"},
            "The partner's mail server says that this mailbox does not exist (code 550 5.1.1)",
            "address",
        ),
        (
            "smtp_552",
            {"detail": "5.2.2"},
            "The partner's mailbox is full (code 552 5.2.2)",
            "partner",
        ),
        (
            "smtp_554",
            {"detail": "5.1.99"},
            "The partner's mail server does not take this address (code 554 5.1.99)",
            "address",
        ),
        (
            "smtp_554",
            {"detail": "5.0.0"},
            "The partner's mail server refused the letter (code 554 5.0.0)",
            "partner",
        ),
        (
            "smtp_451",
            {"outcome": "transient_failure"},
            "The mail server has a fault of its own for a while (code 451)",
            "later",
        ),
        (
            "smtp_550",
            {"channel": "fax", "detail": "5.1.1"},
            "Our fax service does not take this number (code 550 5.1.1)",
            "address",
        ),
        (
            "http_503",
            {"channel": "portal"},
            "Their portal is out of service for a while (code 503)",
            "later",
        ),
        (
            "http_410",
            {"channel": "portal"},
            "Their portal says that it is gone for good (code 410)",
            "address",
        ),
        ("http_418", {"channel": "portal"}, "Their portal refused it (code 418)", "document"),
        ("connect_refused", {}, "Nobody answers at the address of our mail relay", "later"),
        (
            "connect_refused",
            {"channel": "portal"},
            "Nobody answers at the address of their portal",
            "later",
        ),
        (
            "name_not_resolved",
            {"channel": "portal"},
            "The address of their portal leads nowhere: there is no machine of that name",
            "address",
        ),
        ("wrong_number", {"channel": "phone"}, "Somebody else has this number", "address"),
        (
            "no_answer",
            {"outcome": "outcome_unknown"},
            "No reply came from our mail relay that says whether it has the letter",
            "ask",
        ),
    ],
)
def test_a_failure_says_why_and_what_to_do(
    code: str, changed: dict[str, Any], says: str, advice: str
) -> None:
    """By RFC 3463's classes where the mail server gave one; the number stands behind the words."""
    assert told(TEXTS, attempt(code, **changed)) == Told(says, TEXTS(f"advice.{advice}"))


def test_what_arrived_needs_nothing() -> None:
    """Its words say who has it now."""
    sent = attempt("smtp_250", outcome="sent")
    says = "Our mail relay took it over, and carries it to the partner (code 250)"
    assert told(TEXTS, sent) == Told(says)
    known = attempt("http_409", channel="portal", outcome="delivered")
    assert told(TEXTS, known) == Told("Their portal says that it has this already (code 409)")
    assert told(TEXTS, attempt(None, outcome=None)) == Told("")


def test_a_detail_that_is_no_number_is_kept_beside_the_words() -> None:
    """A certificate's fault, for instance, is the relay's own words."""
    failed = attempt("certificate_invalid", channel="portal", detail="certificate has expired")
    said = told(TEXTS, failed)
    assert said.detail == "certificate has expired"
    assert said.says == "The certificate of their portal is not valid: it may be somebody else's"


def test_every_code_has_words_and_an_advice() -> None:
    """On every way, whatever was answered: no code stands alone on a page."""
    codes = [*FailureCode, *SuccessCode]
    codes += [f"http_{number}" for number in range(100, 600)]
    codes += [f"smtp_{number}" for number in range(200, 600)]
    details = [None, "5.1.1", "4.7.0", "5.99.1", "5.0.0", "not a code"]
    for code in codes:
        for channel in ContactMethod:
            for detail in details:
                said = told(TEXTS, attempt(str(code), channel=channel.value, detail=detail))
                assert said.do is not None
                words = said.says.partition(" (")[0]
                assert len(words.split()) >= 3, (code, said)
                assert words != str(code).replace("_", " ")
                assert "_" not in said.says and "{" not in said.says


def test_every_advice_has_its_words() -> None:
    """In the catalogue."""
    assert [one for one in Advice if not TEXTS.has(f"advice.{one}")] == []
    assert [one for one in ContactMethod if not TEXTS.has(f"who.{one}")] == []
