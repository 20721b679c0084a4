"""A ledger in which every law holds: a referral delivered, a mail of which nobody knows."""

from tests.faults.judging.ledger import (
    DISPATCH,
    REFERRALS,
    DeadLetter,
    HeldEffect,
    HeldEreferral,
    HeldReferral,
    HeldVersion,
    Ledger,
)
from tests.faults.parties.books import Answered, Asked, Received, Told

PARTNER = "01930000-0000-7000-8000-00000000b001"
REFERRAL = "01930000-0000-7000-8000-0123456789ab"
LETTER = "01930000-0000-7000-8000-0123456789ac"
EREFERRAL = "01930000-0000-7000-8000-00000000e001"
MAILED = "01930000-0000-7000-8000-00000000e002"
CREATE, UPDATE, SEND, LATE = "m-create", "m-update", "m-send", "m-late"


def told(source: str, subject: str, version: int, kind: str, **more: str) -> Told:
    """An event whose id is made of its subject and version."""
    return Told(
        id=f"{subject}/{version}",
        source=source,
        type=kind,
        subject=subject,
        version=version,
        org_id="org_1",
        cause=more.get("cause"),
        status=more.get("status"),
    )


def answered(message_id: str, status: int, version: int) -> Answered:
    if status >= 400:
        return Answered(message_id, status, None, {"code": "version_conflict"})
    return Answered(message_id, status, {"version": version}, None)


GOOD = Ledger(
    asked=[
        Asked("org_1", "referral_partner.create", CREATE, {}),
        Asked("org_1", "referral_partner.update", UPDATE, {}),
        Asked("org_1", "referral.send", SEND, {}),
        Asked("org_1", "referral.cancel", LATE, {}),
    ],
    answered=[
        answered(CREATE, 201, 1),
        answered(CREATE, 201, 1),
        answered(UPDATE, 200, 2),
        answered(SEND, 202, 1),
        answered(LATE, 409, 0),
    ],
    told=[
        told(REFERRALS, PARTNER, 1, "referral_partner.created", cause=CREATE),
        told(REFERRALS, PARTNER, 2, "referral_partner.updated", cause=UPDATE),
        told(REFERRALS, PARTNER, 1, "referral_partner.created", cause=CREATE),
        told(REFERRALS, REFERRAL, 1, "referral.sent", cause=SEND, status="active"),
        told(DISPATCH, EREFERRAL, 1, "ereferral.queued", status="queued"),
        told(DISPATCH, EREFERRAL, 2, "ereferral.delivered", status="delivered"),
        told(DISPATCH, MAILED, 1, "ereferral.outcome_unknown", status="outcome_unknown"),
    ],
    received=[
        Received("portal", EREFERRAL, REFERRAL[-12:], "d1"),
        Received("portal", EREFERRAL, REFERRAL[-12:], "d1"),
        Received("email", f"<{MAILED}.email@handoff.example>", LETTER[-12:], "d2"),
    ],
    versions=[
        HeldVersion(REFERRALS, PARTNER, 2),
        HeldVersion(REFERRALS, REFERRAL, 1),
        HeldVersion(DISPATCH, EREFERRAL, 2),
        HeldVersion(DISPATCH, MAILED, 1),
    ],
    effects=[
        HeldEffect(CREATE, 201, 1),
        HeldEffect(UPDATE, 200, 1),
        HeldEffect(SEND, 202, 1),
        HeldEffect(LATE, 409, 0),
    ],
    referrals=[
        HeldReferral(REFERRAL, EREFERRAL, "delivered", 2),
        HeldReferral(LETTER, MAILED, "outcome_unknown", 1),
    ],
    ereferrals=[
        HeldEreferral(EREFERRAL, REFERRAL, "delivered", 2, possible_repeat=False),
        HeldEreferral(MAILED, LETTER, "outcome_unknown", 1, possible_repeat=False),
    ],
    queues={"referrals.commands": 0},
    outboxes={"referrals": 0, "ereferral_dispatch": 0},
    dead_letters=[DeadLetter("referrals.commands", "malformed_message")],
    recovery_seconds=3.0,
)
