"""Outcomes of attempts in a person's words, and what to do next.

Sources: docs/contract/dispatch.md#outcomes (the codes), RFC 3463, sections 2 and 3 (enhanced
status codes of mail), RFC 5321, section 4.2, RFC 9110, section 15.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from contracts.ereferral import AttemptOutcome, FailureCode
from contracts.referral_partner import ContactMethod
from services.edge.desk.wording import Texts

_STATUS: Final = re.compile(r"(http|smtp)_((\d)\d\d)", re.ASCII)
_ENHANCED: Final = re.compile(r"[245]\.((\d{1,3})\.\d{1,3})", re.ASCII)
_ARRIVED: Final = (AttemptOutcome.DELIVERED, AttemptOutcome.SENT)
_UNDEFINED: Final = "0"
"""The subject of an enhanced code that says nothing (RFC 3463, section 3.1)."""


class Advice(StrEnum):
    """What a person can do about a failure: a text of the catalogue each."""

    ADDRESS = "address"
    LATER = "later"
    PARTNER = "partner"
    DOCUMENT = "document"
    OURS = "ours"
    ASK = "ask"


_OF_WORDS: Final[Mapping[str, Advice]] = {
    FailureCode.NAME_NOT_RESOLVED: Advice.ADDRESS,
    FailureCode.ADDRESS_BLOCKED: Advice.ADDRESS,
    FailureCode.RECIPIENT_REFUSED: Advice.ADDRESS,
    FailureCode.BAD_NUMBER: Advice.ADDRESS,
    FailureCode.WRONG_NUMBER: Advice.ADDRESS,
    FailureCode.CERTIFICATE_INVALID: Advice.PARTNER,
    FailureCode.TLS_FAILED: Advice.PARTNER,
    FailureCode.AUTHENTICATION_FAILED: Advice.OURS,
    FailureCode.CHANNEL_NOT_AVAILABLE: Advice.OURS,
    FailureCode.INTERNAL_FAULT: Advice.OURS,
}
_OF_RELAY: Final = frozenset(
    {FailureCode.NAME_NOT_RESOLVED, FailureCode.CERTIFICATE_INVALID, FailureCode.TLS_FAILED}
)
"""What says something of the partner where its portal is asked, and of us where a relay is."""
_OF_HTTP: Final[Mapping[str, Advice]] = {
    **dict.fromkeys(("404", "405", "410", "421"), Advice.ADDRESS),
    **dict.fromkeys(("401", "403", "407", "451"), Advice.PARTNER),
    **dict.fromkeys(("408", "425", "429"), Advice.LATER),
    "1": Advice.PARTNER,
    "3": Advice.ADDRESS,
    "4": Advice.DOCUMENT,
    "5": Advice.LATER,
}
_OF_SMTP: Final[Mapping[str, Advice]] = {
    **dict.fromkeys(("1.7", "1.8"), Advice.OURS),
    **dict.fromkeys(("2.1", "3.2"), Advice.ADDRESS),
    **dict.fromkeys(("2.3", "3.4"), Advice.DOCUMENT),
    **dict.fromkeys(("7.1",), Advice.PARTNER),
    ".1": Advice.ADDRESS,
    ".2": Advice.PARTNER,
    ".3": Advice.LATER,
    ".4": Advice.LATER,
    ".5": Advice.OURS,
    ".6": Advice.DOCUMENT,
    ".7": Advice.OURS,
    **dict.fromkeys(("521", "550", "551", "553", "556"), Advice.ADDRESS),
    **dict.fromkeys(("500", "501", "502", "503", "504", "530", "535", "555"), Advice.OURS),
    "2": Advice.ASK,
    "3": Advice.ASK,
    "4": Advice.LATER,
    "5": Advice.PARTNER,
}


@dataclass(frozen=True, slots=True)
class Told:
    """An attempt in words. `do` None: it arrived, or is under way, and nothing is to be done.

    `detail`: what was recorded besides and is not in the words.
    """

    says: str
    do: str | None = None
    detail: str = ""


def told(texts: Texts, attempt: Mapping[str, Any]) -> Told:
    """What became of an attempt, as `ereferral.get` shows it."""
    code, outcome = attempt["code"], attempt["outcome"]
    if code is None:
        return Told("")
    keys = list(_keys(attempt))
    key = next((one for one in keys if texts.has(f"told.{one}")), None)
    who = texts.word("who", attempt["channel"])
    shown, detail = _shown(code, attempt["detail"])
    says = texts.word("told", code) if key is None else texts(f"told.{key}", who=who, code=shown)
    if outcome in _ARRIVED:
        return Told(says, None, detail)
    advice = Advice.ASK if outcome == AttemptOutcome.OUTCOME_UNKNOWN else _advice(attempt)
    return Told(says, texts(f"advice.{advice}"), detail)


def _keys(attempt: Mapping[str, Any]) -> Iterator[str]:
    """The texts that fit, the closest first, below `told.`."""
    code, channel = attempt["code"], attempt["channel"]
    status = _STATUS.fullmatch(code)
    if status is None:
        yield f"{channel}.{code}"
        yield code
        return
    kind, number, digit = status.groups()
    if kind == "http":
        if attempt["outcome"] in _ARRIVED and digit != "2":
            yield "http.duplicate"
        yield f"http.{number}"
    elif channel == ContactMethod.FAX:
        kind = "fax_by_mail"
    else:
        enhanced = _ENHANCED.fullmatch(attempt["detail"] or "")
        if enhanced is not None and enhanced[2] != _UNDEFINED:
            yield f"enhanced.{enhanced[1]}"
            yield f"enhanced.{enhanced[2]}.any"
        yield f"smtp.{number}"
    yield f"{kind}.class_{digit}"


def _shown(code: str, detail: str | None) -> tuple[str, str]:
    """The code as it stands behind the words, and what of the detail does not."""
    status = _STATUS.fullmatch(code)
    number = code if status is None else status[2]
    if detail and status is not None and _ENHANCED.fullmatch(detail):
        return f"{number} {detail}", ""
    return number, detail or ""


def _advice(attempt: Mapping[str, Any]) -> Advice:
    code, channel = attempt["code"], attempt["channel"]
    status = _STATUS.fullmatch(code)
    if status is None:
        if channel != ContactMethod.PORTAL and code in _OF_RELAY:
            return Advice.OURS
        return _OF_WORDS.get(code, Advice.LATER)
    kind, number, digit = status.groups()
    if kind == "http":
        return _OF_HTTP.get(number) or _OF_HTTP.get(digit, Advice.PARTNER)
    enhanced = _ENHANCED.fullmatch(attempt["detail"] or "")
    if enhanced is not None and enhanced[2] != _UNDEFINED:
        found = _OF_SMTP.get(enhanced[1]) or _OF_SMTP.get(f".{enhanced[2]}")
        if found is not None:
            return found
    return _OF_SMTP.get(number) or _OF_SMTP.get(digit, Advice.PARTNER)
