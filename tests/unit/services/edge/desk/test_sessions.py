"""Sessions of people."""

from services.edge.desk.sessions import (
    Tickets,
    form_token,
    is_form_token,
    new_session,
    new_ticket,
    opened_session,
    sealed_session,
    token_id_in,
)
from services.edge.signing import Signer

SIGNER = Signer(["k" * 32])
MINUTE, HOUR = 60, 3600


def test_a_session_ends_after_half_an_hour_without_use() -> None:
    """Used within it, it goes on."""
    session = new_session("tok", 1000)
    cookie = sealed_session(SIGNER, session, "hash")
    assert opened_session(SIGNER, cookie, "hash", 1000 + 30 * MINUTE - 1) == session
    assert opened_session(SIGNER, cookie, "hash", 1000 + 30 * MINUTE) is None
    used = sealed_session(SIGNER, session.seen(1000 + 29 * MINUTE), "hash")
    assert opened_session(SIGNER, used, "hash", 1000 + 58 * MINUTE) is not None


def test_a_session_ends_after_twelve_hours_of_use() -> None:
    """However often it is used."""
    session = new_session("tok", 0).seen(12 * HOUR - 1)
    cookie = sealed_session(SIGNER, session, "hash")
    assert opened_session(SIGNER, cookie, "hash", 12 * HOUR - 1) is not None
    assert opened_session(SIGNER, cookie, "hash", 12 * HOUR) is None


def test_a_session_is_its_tokens() -> None:
    """A token of the same id with another secret does not have it."""
    cookie = sealed_session(SIGNER, new_session("tok", 0), "hash")
    assert token_id_in(cookie) == "tok"
    assert opened_session(SIGNER, cookie, "another", 1) is None
    assert token_id_in("made.up") is None
    assert token_id_in(sealed_session(SIGNER, new_session(None, 0), "")) is None


def test_a_form_is_its_sessions() -> None:
    """Another session of the same person has another."""
    mine, other = new_session("tok", 0), new_session("tok", 0)
    mark = form_token(SIGNER, mine)
    assert is_form_token(SIGNER, mine, mark)
    assert is_form_token(SIGNER, mine.seen(60), mark)
    assert not is_form_token(SIGNER, other, mark)
    assert not is_form_token(SIGNER, mine, "")


def test_a_ticket_is_taken_once_and_for_an_hour() -> None:
    """A session's cookie is no ticket."""
    tickets, ticket = Tickets(SIGNER), new_ticket(SIGNER, "tok", 0)
    assert tickets.take(ticket, HOUR) is None
    assert tickets.take(ticket, HOUR - 1) == "tok"
    assert tickets.take(ticket, HOUR - 1) is None
    assert tickets.take(sealed_session(SIGNER, new_session("tok", 0), ""), 1) is None
