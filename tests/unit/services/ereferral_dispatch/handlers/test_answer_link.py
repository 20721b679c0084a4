"""Answer links: made at dispatch, verified by the partner, locked, renewed."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.answer_link import RENEW_ANSWER_LINK, VERIFY_ANSWER_LINK
from contracts.ereferral import CANCEL_EREFERRAL, DISPATCH_EREFERRAL
from contracts.problems import Refusal
from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod
from letters.letter import Message
from messaging.testing import Store
from services.ereferral_dispatch.models import AnswerLink, Attempt, EarlyCancel, Ereferral
from services.ereferral_dispatch.rules.answer_links import is_proof
from tests.support.samples.packages import EREFERRAL_ID, ORG_ID, PATIENT_ID, sample_package
from tests.unit.services.ereferral_dispatch.handlers.links import (
    CODE,
    EXPIRES_AT,
    FIRST,
    LINK_ID,
    LINKS,
    SECOND,
    TOKEN,
    WRONG_CODE,
    in_days,
    link,
    linked,
)
from tests.unit.services.ereferral_dispatch.handlers.rows import (
    EARLIER,
    EMAIL,
    LATER,
    NOW,
    PHONE,
    attempt,
    ereferral,
    lanes,
    store,
)

ROW, LINK = (Ereferral, (EREFERRAL_ID,)), (AnswerLink, (EREFERRAL_ID,))
S = EreferralStatus
RIGHT = {"answer_link": TOKEN, "code": CODE}
WRONG = {"answer_link": TOKEN, "code": WRONG_CODE}
RENEW = {"ereferral_uuid": EREFERRAL_ID}


def mailed(number: int = 1, **changes: Any) -> Attempt:
    """A mail that the relay took."""
    fields = {
        "channel": ContactMethod.EMAIL,
        "outcome": "sent",
        "code": "smtp_250",
        "finished_at": EARLIER,
        "may_have_been_received": True,
    }
    return attempt(number, **{**fields, **changes})


def sent(**changes: Any) -> Ereferral:
    """One that a mail relay has."""
    fields = {"status": S.SENT, "position": EMAIL, "received": [EMAIL], "attempts_made": 1}
    return linked(**{**fields, "due_at": None, **changes})


def dispatched(held: Store) -> Store:
    """The sample package, taken in."""
    fields = sample_package().model_dump(mode="json")
    held.decide(DISPATCH_EREFERRAL, **{k: v for k, v in fields.items() if k != "org_id"})
    return held


# --- made at dispatch


def test_a_dispatch_makes_a_link_and_keeps_hashes_of_it() -> None:
    """For 180 days; neither token nor code is in any row or message."""
    held = dispatched(store(answer_links=LINKS))
    [made] = held.rows(AnswerLink)
    row = held.row(Ereferral, EREFERRAL_ID)
    assert (made.epoch, made.wrong_codes, made.answers) == (1, 0, 0)
    assert (row.answer_token_hash, made.code_hash) == (FIRST.token_hash, FIRST.code_hash)
    assert made.expires_at == in_days(180, NOW)


def test_without_a_public_url_there_is_no_link() -> None:
    """Nowhere: neither a row nor a renewal."""
    held = dispatched(store())
    assert held.rows(AnswerLink) == []
    assert held.row(Ereferral, EREFERRAL_ID).answer_token_hash is None
    problem = held.refuse(RENEW_ANSWER_LINK, **RENEW)
    assert problem.code == "answer_link_not_found"
    assert "DISPATCH_PUBLIC_URL" in problem.detail


def test_what_was_cancelled_before_it_came_has_no_link() -> None:
    """No letter of it is ever written."""
    early = EarlyCancel(
        org_id=ORG_ID, ereferral_id=EREFERRAL_ID, reason="Moved", requested_at=EARLIER
    )
    assert dispatched(store(early, answer_links=LINKS)).rows(AnswerLink) == []


# --- verified


@pytest.mark.parametrize("written", [TOKEN, TOKEN.lower(), TOKEN.replace("-", "")])
def test_the_right_code_is_verified(written: str) -> None:
    """200 with a proof; the link stays as it is."""
    row = linked(status=S.DELIVERED, due_at=None)
    decided = store(row, link()).decide(VERIFY_ANSWER_LINK, answer_link=written, code=CODE)
    assert (decided.status, decided.data.verified, decided.data.attempts_left) == (200, True, 5)
    assert decided.data.proof is not None
    assert is_proof(decided.data.proof, FIRST.code_hash, NOW)
    assert decided.id == LINK_ID
    assert decided.changes == {ROW: {"opened_at": NOW}}
    assert decided.outgoing == []
    assert decided.patients == {PATIENT_ID}


def test_a_code_may_be_written_in_two_halves() -> None:
    """As the letter shows it."""
    held = store(linked(status=S.DELIVERED), link())
    for written in (f"{CODE[:3]} {CODE[3:]}", f"{CODE[:3]}-{CODE[3:]}"):
        assert held.decide(VERIFY_ANSWER_LINK, answer_link=TOKEN, code=written).data.verified


@pytest.mark.parametrize("written", ["12345", "1234567", "12345x", "", "１２３４５６"])
def test_what_is_no_code_is_refused_and_not_counted(written: str) -> None:
    """422 without the value."""
    held = store(linked(), link())
    with pytest.raises(Refusal) as refused:
        held.decide(VERIFY_ANSWER_LINK, answer_link=TOKEN, code=written)
    [error] = refused.value.problem.errors
    assert (error.loc, error.type) == (["code"], "answer_code")
    assert held.row(AnswerLink, EREFERRAL_ID).wrong_codes == 0


def test_a_wrong_code_is_counted_and_proves_nothing() -> None:
    """200, so that it counts."""
    held = store(sent(), mailed(), link())
    decided = held.decide(VERIFY_ANSWER_LINK, **WRONG)
    assert (decided.status, decided.data.verified, decided.data.attempts_left) == (200, False, 4)
    assert decided.data.proof is None
    assert decided.changes == {LINK: {"wrong_codes": 1}}
    assert decided.outgoing == []


def test_five_wrong_codes_in_a_links_life_lock_it() -> None:
    """The right one between them starts no new count, and is refused from the fifth on."""
    held = store(linked(status=S.DELIVERED), link())
    for left in (4, 3):
        assert held.decide(VERIFY_ANSWER_LINK, **WRONG).data.attempts_left == left
    assert held.decide(VERIFY_ANSWER_LINK, **RIGHT).data.attempts_left == 3
    for left in (2, 1):
        assert held.decide(VERIFY_ANSWER_LINK, **WRONG).data.attempts_left == left
    fifth = held.decide(VERIFY_ANSWER_LINK, **WRONG)
    assert (fifth.data.verified, fifth.data.attempts_left) == (False, 0)
    assert fifth.changes[LINK]["locked_at"] == NOW
    [event] = fifth.events
    assert (event["type"], event["subject"]) == ("answer_link.locked", str(LINK_ID))
    assert event["dataschema"] == "urn:handoff:schema:answer_link:v1"
    assert event["aggregateversion"] == 2
    assert event["data"]["ereferral_uuid"] == str(EREFERRAL_ID)
    for tried in (RIGHT, WRONG):
        assert held.refuse(VERIFY_ANSWER_LINK, **tried).code == "answer_link_locked"


@pytest.mark.parametrize("written", ["00000-00000-00000-00000", "no token at all", "", "é" * 20])
def test_whatever_is_no_links_is_one_not_found(written: str) -> None:
    """404, malformed or unknown, and it names nothing."""
    problem = store(linked(), link()).refuse(VERIFY_ANSWER_LINK, answer_link=written, code=CODE)
    assert problem.code == "answer_link_not_found"
    assert problem.detail == (
        "There is no such answer link in this org: answer_link.list shows those that there are, "
        "answer_link.renew makes one."
    )


@pytest.mark.parametrize(
    ("row", "its_link"),
    [({}, {"expires_at": NOW}), ({"purged_at": EARLIER}, {})],
)
def test_a_link_that_is_over_is_told_so(row: dict[str, Any], its_link: dict[str, Any]) -> None:
    """409, by its days or with its package; wrong codes are not counted any more."""
    held = store(linked(**row), link(**its_link))
    for tried in (RIGHT, WRONG):
        assert held.refuse(VERIFY_ANSWER_LINK, **tried).code == "answer_link_expired"


# --- what it proves


def test_an_opened_mail_was_delivered() -> None:
    """Its attempt has the code `opened`, and keeps what was known; one event."""
    held = store(sent(), mailed(), link())
    decided = held.decide(VERIFY_ANSWER_LINK, **RIGHT)
    assert decided.event_types == ["ereferral.delivered"]
    assert decided.changes[ROW] == {
        "status": S.DELIVERED,
        "opened_at": NOW,
        "version": 4,
        "updated_at": NOW,
    }
    shown = held.row(Attempt, EREFERRAL_ID, 1)
    assert (shown.outcome, shown.code, shown.finished_at) == ("delivered", "opened", NOW)
    assert shown.detail == "Before: sent, smtp_250."


def test_it_is_delivered_once() -> None:
    """Whoever opens it again changes nothing but the time of it."""
    held = store(sent(), mailed(), link())
    held.decide(VERIFY_ANSWER_LINK, **RIGHT)
    again = held.decide(VERIFY_ANSWER_LINK, **RIGHT)
    assert (again.outgoing, again.data.verified) == ([], True)


def test_an_outcome_that_nobody_knew_is_known_by_it() -> None:
    """The note that a person left stays."""
    unknown = mailed(outcome="outcome_unknown", code="no_answer", detail="Their line was busy.")
    held = store(sent(status=S.OUTCOME_UNKNOWN), unknown, link())
    assert held.decide(VERIFY_ANSWER_LINK, **RIGHT).event_types == ["ereferral.delivered"]
    detail = "Before: outcome_unknown, no_answer. Their line was busy."
    assert held.row(Attempt, EREFERRAL_ID, 1).detail == detail


def test_what_was_given_up_to_a_person_is_delivered_by_it() -> None:
    """The mail before is corrected, and the call that was asked for since is withdrawn."""
    row = sent(status=S.AWAITING_CALL, position=PHONE, attempts_made=2, call_due_at=LATER)
    held = store(row, mailed(outcome="outcome_unknown", code="no_answer"), attempt(2), link())
    decided = held.decide(VERIFY_ANSWER_LINK, **RIGHT)
    assert decided.event_types == ["ereferral.delivered"]
    assert held.row(Attempt, EREFERRAL_ID, 1).code == "opened"
    assert held.row(Attempt, EREFERRAL_ID, 2).code == "withdrawn"
    assert (row.call_due_at, row.received) == (None, [EMAIL])


def test_a_link_that_was_read_out_is_a_call_that_reached_somebody() -> None:
    """Nothing was sent before: the open call is delivered, by the code `opened`."""
    row = linked(status=S.AWAITING_CALL, position=PHONE, attempts_made=1, due_at=None)
    held = store(row, attempt(), link())
    assert held.decide(VERIFY_ANSWER_LINK, **RIGHT).event_types == ["ereferral.delivered"]
    assert held.row(Attempt, EREFERRAL_ID, 1).code == "opened"
    assert row.received == [PHONE]


@pytest.mark.parametrize("status", [S.QUEUED, S.RETRY_SCHEDULED, S.HELD, S.FAILED])
def test_what_never_left_still_goes_out(status: EreferralStatus) -> None:
    """Who was read the link has no letter yet."""
    decided = store(linked(status=status), link()).decide(VERIFY_ANSWER_LINK, **RIGHT)
    assert decided.changes == {ROW: {"opened_at": NOW}}


@pytest.mark.parametrize("status", [S.QUEUED, S.RETRY_SCHEDULED, S.HELD, S.FAILED])
def test_what_may_have_arrived_is_not_sent_again(status: EreferralStatus) -> None:
    """An attempt before is the one that did; nothing is due any more."""
    row = sent(status=status, due_at=LATER)
    held = store(row, mailed(outcome="outcome_unknown", code="no_answer"), link())
    assert held.decide(VERIFY_ANSWER_LINK, **RIGHT).event_types == ["ereferral.delivered"]
    assert row.due_at is None


def test_an_attempt_under_way_is_awaited() -> None:
    """Its outcome decides; that it was opened is kept for it."""
    held = store(sent(status=S.IN_PROGRESS), attempt(1, channel=ContactMethod.EMAIL), link())
    assert held.decide(VERIFY_ANSWER_LINK, **RIGHT).changes == {ROW: {"opened_at": NOW}}


@pytest.mark.parametrize(
    "changes",
    [
        {"status": S.CANCELLED},
        {"status": S.QUEUED, "message": Message.CANCELLATION},
        {"status": S.SENT, "cancel_requested_at": EARLIER},
    ],
)
def test_a_withdrawn_one_is_opened_and_stays_as_it_is(changes: dict[str, Any]) -> None:
    """So that the page can say it."""
    decided = store(sent(**changes), mailed(), link()).decide(VERIFY_ANSWER_LINK, **RIGHT)
    assert (decided.data.verified, decided.changes, decided.outgoing) == (True, {}, [])


# --- renewed


def test_a_renewal_makes_another_link_and_voids_the_old() -> None:
    """Both counts begin anew; the reply is a secret, and the event has no part of it."""
    locked = link(wrong_codes=5, answers=20, locked_at=EARLIER, expires_at=EARLIER)
    held = store(linked(status=S.SENT), locked, answer_links=LINKS)
    decided = held.decide(RENEW_ANSWER_LINK, **RENEW)
    assert (decided.data.url, decided.data.code) == (SECOND.letter.url, SECOND.letter.code)
    assert decided.id == LINK_ID
    assert decided.changes == {
        ROW: {"answer_token_hash": SECOND.token_hash},
        LINK: {
            "epoch": 2,
            "code_hash": SECOND.code_hash,
            "wrong_codes": 0,
            "answers": 0,
            "locked_at": None,
            "expires_at": in_days(180, NOW),
            "version": 2,
            "updated_at": NOW,
        },
    }
    [event] = decided.events
    assert (event["type"], event["aggregateversion"]) == ("answer_link.renewed", 2)
    body = decided.outgoing[0].body.decode()
    for secret in (SECOND.letter.code, SECOND.letter.url, SECOND.letter.url.rpartition("/")[2]):
        assert secret not in body
    assert held.refuse(VERIFY_ANSWER_LINK, **RIGHT).code == "answer_link_not_found"


def test_one_that_had_no_link_gets_its_first() -> None:
    """It was dispatched before there were any."""
    held = store(ereferral(status=S.SENT), answer_links=LINKS)
    decided = held.decide(RENEW_ANSWER_LINK, **RENEW)
    assert decided.data.url == FIRST.letter.url
    [made] = decided.added
    assert (made.epoch, made.version) == (1, 1)
    assert decided.events[0]["aggregateversion"] == 1


@pytest.mark.parametrize(
    "changes", [{"status": S.CANCELLED}, {"cancel_requested_at": NOW}, {"purged_at": EARLIER}]
)
def test_what_is_withdrawn_or_purged_gets_no_other_link(changes: dict[str, Any]) -> None:
    """409: it would lead to nothing."""
    held = store(linked(**changes), link(), answer_links=LINKS)
    assert held.refuse(RENEW_ANSWER_LINK, **RENEW).code == "invalid_transition"


def test_a_renewal_of_nothing_is_refused() -> None:
    """404."""
    held = store(answer_links=LINKS)
    assert held.refuse(RENEW_ANSWER_LINK, **RENEW).code == "ereferral_not_found"


def test_the_key_that_was_changed_makes_the_next_link() -> None:
    """And the link before is known by its hash, whoever made it."""
    changed = replace(LINKS, signing_keys=("another", "test-signing-key"))
    held = store(linked(status=S.DELIVERED), link(), answer_links=changed)
    assert held.decide(VERIFY_ANSWER_LINK, **RIGHT).data.verified
    url = held.decide(RENEW_ANSWER_LINK, **RENEW).data.url
    assert url == changed.derive(ORG_ID, EREFERRAL_ID, 2).letter.url != SECOND.letter.url


def test_a_cancel_withdraws_and_keeps_the_link() -> None:
    """It opens as withdrawn."""
    held = store(linked(status=S.QUEUED), *lanes(), link(), answer_links=LINKS)
    held.decide(CANCEL_EREFERRAL, ereferral_uuid=EREFERRAL_ID, reason="Moved away")
    assert held.decide(VERIFY_ANSWER_LINK, **RIGHT).data.verified
    assert held.row(AnswerLink, EREFERRAL_ID).expires_at == EXPIRES_AT
