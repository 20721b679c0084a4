"""A link of the sample e-referral, and how links are made in these tests."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.ereferral_dispatch.models import AnswerLink, Ereferral
from services.ereferral_dispatch.rules.answer_links import AnswerLinks
from tests.support.samples.packages import EREFERRAL_ID, ORG_ID
from tests.unit.services.ereferral_dispatch.handlers.rows import EARLIER, ereferral

LINKS = AnswerLinks("https://answer.example.org", ("test-signing-key",), timedelta(days=180))
LINK_ID = UUID("01930000-0000-7000-8000-00000000f001")
ACTOR = f"answer_link:{LINK_ID}"
FIRST, SECOND = (LINKS.derive(ORG_ID, EREFERRAL_ID, epoch) for epoch in (1, 2))
TOKEN = FIRST.letter.url.rpartition("/")[2]
CODE = FIRST.letter.code
WRONG_CODE = f"{(int(CODE) + 1) % 1_000_000:06}"
EXPIRES_AT = EARLIER + timedelta(days=180)


def linked(*channels: Any, **changes: Any) -> Ereferral:
    """An e-referral that has a link."""
    return ereferral(*channels, **{"answer_token_hash": FIRST.token_hash, **changes})


def link(**changes: Any) -> AnswerLink:
    """Its first link."""
    fields: dict[str, Any] = {
        "org_id": ORG_ID,
        "ereferral_id": EREFERRAL_ID,
        "id": LINK_ID,
        "epoch": 1,
        "code_hash": FIRST.code_hash,
        "wrong_codes": 0,
        "answers": 0,
        "expires_at": EXPIRES_AT,
        "locked_at": None,
        "version": 1,
        "created_at": EARLIER,
        "updated_at": EARLIER,
    }
    return AnswerLink(**{**fields, **changes})


def in_days(days: int, since: datetime) -> datetime:
    """So many days later."""
    return since + timedelta(days=days)
