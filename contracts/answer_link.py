"""Answer links: how a partner without an account answers the referral in a letter.

A link's token and code are in the letter, and nowhere else but in the reply to a renewal.
"""

import re
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from contracts.events import Event, EventSource
from contracts.operations import Service, command, listing, query
from contracts.referral import Priority, Response
from contracts.shapes import Command, Lax, ListQuery, Query, Reference, Resource, Shape
from contracts.text import AnyLine
from contracts.values import Date, Time, TimeZone, Uuid

_SEPARATORS = re.compile(r"[\s-]")
_CODE = re.compile(r"[0-9]{6}")


def _parse_code(value: Any) -> Any:
    """The six digits, with spaces or hyphens between them."""
    if not isinstance(value, str):
        return value
    code = _SEPARATORS.sub("", value)
    if not _CODE.fullmatch(code):
        raise PydanticCustomError("answer_code", "Must be the six digits of the letter's code")
    return code


Token = Annotated[
    str,
    Field(
        max_length=200,
        description="The last part of the letter's URL. Case and hyphens do not matter; O is read "
        "as 0, I and L as 1. Whatever else is in it, no link has it: 404.",
    ),
]
Code = Annotated[
    str,
    BeforeValidator(_parse_code),
    Field(max_length=64, description="Six digits, with spaces or hyphens between them or none."),
]
Proof = Annotated[str, Field(max_length=100)]
"""What the right code gives: for 30 minutes it shows that whoever holds it has the letter."""


class AnswerLinkVerify(Command):
    """`answer_link.verify` → 200, of a wrong code too: a refusal would count nothing."""

    answer_link: Token
    code: Code


class AnswerLinkOpen(Query):
    """`answer_link.open` → 200 with what the letter's envelope says; with a proof, more."""

    answer_link: Token
    proof: Proof | None = None


class AnswerLinkRenew(Command):
    """`answer_link.renew` → 200 with another link of the e-referral; the one before is void."""

    ereferral_uuid: Uuid


class AnswerLinkList(ListQuery):
    """`answer_link.list` → 200, newest first."""

    ereferral_uuid: Uuid | None = None
    locked: bool | None = None


class AnswerLinkVerification(Shape):
    """Whether the code is the letter's. `proof` is null where it is not."""

    verified: bool
    attempts_left: int
    proof: Proof | None = None


class RenewedAnswerLink(Shape):
    """A link to read out, or to write down for the partner. It is shown this once."""

    url: str
    code: str


class AnswerLink(Resource):
    """An e-referral's link, without its secrets. `locked_at`: since five wrong codes were given."""

    ereferral_uuid: Uuid
    referral_uuid: Uuid
    referral_partner: Reference
    expires_at: Time
    locked_at: Time | None = None


class AnswerLinkStatus(StrEnum):
    """What a link leads to."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    """The referral was cancelled: nothing is to be booked, and no answer is taken."""


class AnswerLinkPractice(Shape):
    """Who refers, where they are called, and the time zone of their days and appointments."""

    name: str
    phone: str | None = None
    time_zone: TimeZone = None


class AnswerLinkReferral(Shape):
    """What whoever has the letter and knows its code may be shown.

    `patient_initials`: of the first and the last name. `respond_on`: `respond_by` as a day of the
    practice's. `response`: the last answer, and `scheduled_at` the appointment that it named.
    `information_requested` is the partner's own question,
    `information_provided` what the practice wrote back. `may_answer`: the responses that are taken
    now; none where it is withdrawn or `answers_left` is 0.
    """

    ereferral_uuid: Uuid
    reference: str
    patient_initials: str
    priority: Annotated[Priority, Lax]
    respond_by: Time | None = None
    respond_on: Date | None = None
    response: Annotated[Response, Lax] | None = None
    scheduled_at: Time | None = None
    information_requested: str | None = None
    information_provided: str | None = None
    may_answer: list[Annotated[Response, Lax]]
    may_request_information: bool
    answers_left: int


class OpenedAnswerLink(Shape):
    """What a link shows. `sent_on`: the day of the letter. `referral` is null without a proof.

    `id`: whoever answers goes out as the actor `answer_link:<id>`.
    """

    id: Uuid
    status: Annotated[AnswerLinkStatus, Lax]
    practice: AnswerLinkPractice
    partner: AnyLine
    sent_on: Date
    expires_at: Time
    referral: AnswerLinkReferral | None = None


ACTOR_PREFIX: Final = "answer_link:"
"""Opens the actor of an answer that came by a link; the link's id follows."""

VERIFY_ANSWER_LINK: Final = command(
    "answer_link.verify", Service.EREFERRAL_DISPATCH, AnswerLinkVerify, AnswerLinkVerification
)
OPEN_ANSWER_LINK: Final = query(
    "answer_link.open", Service.EREFERRAL_DISPATCH, AnswerLinkOpen, OpenedAnswerLink
)
RENEW_ANSWER_LINK: Final = command(
    "answer_link.renew", Service.EREFERRAL_DISPATCH, AnswerLinkRenew, RenewedAnswerLink
)
LIST_ANSWER_LINKS: Final = listing(
    "answer_link.list", Service.EREFERRAL_DISPATCH, AnswerLinkList, AnswerLink
)

ANSWER_LINK_LOCKED: Final = Event("answer_link.locked", EventSource.EREFERRAL_DISPATCH, AnswerLink)
ANSWER_LINK_RENEWED: Final = Event(
    "answer_link.renewed", EventSource.EREFERRAL_DISPATCH, AnswerLink
)
