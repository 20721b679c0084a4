"""The mail relay, as the events about its being held show it."""

from typing import Final

from contracts.ereferral import OutcomeCode
from contracts.events import Event, EventSource
from contracts.shapes import Resource
from contracts.values import Time


class MailRelay(Resource):
    """The relay that e-mails, and faxes by mail, go out through: one for all orgs.

    `name`: scheme, host and port, without user and password. `code` and `detail`: why it could not
    be used; null once it is let go.
    """

    name: str
    held: bool
    held_at: Time | None = None
    code: OutcomeCode | None = None
    detail: str | None = None


MAIL_RELAY_HELD: Final = Event("mail_relay.held", EventSource.EREFERRAL_DISPATCH, MailRelay)
MAIL_RELAY_RELEASED: Final = Event("mail_relay.released", EventSource.EREFERRAL_DISPATCH, MailRelay)
