"""The letter in what was composed for each channel."""

import pytest

from letters.render import render_letter
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.fhir.bundle import cancellation_bundle, referral_bundle
from services.ereferral_dispatch.senders.base import Sender
from services.ereferral_dispatch.senders.composed_letter import letter_in
from services.ereferral_dispatch.senders.email.sender import EmailSender
from services.ereferral_dispatch.senders.fax import FaxMailSender, SinchFaxSender
from services.ereferral_dispatch.senders.smtp_relay import parse_smtp_url
from services.ereferral_dispatch.senders.smtp_session import SmtpTimeouts
from tests.support.samples.packages import sample_cancellation, sample_consignment

RELAY = parse_smtp_url("smtp://relay.example.com:25")
TIMEOUTS = SmtpTimeouts(reply_seconds=1, end_of_data_seconds=1)
SENDERS = [
    EmailSender(RELAY, "referrals@handoff.example", timeouts=TIMEOUTS),
    FaxMailSender(RELAY, "referrals@handoff.example", "fax.example.com", timeouts=TIMEOUTS),
    SinchFaxSender(
        render_letter=render_letter,
        url="https://fax.example.com",
        project_id="p",
        key_id="k",
        key_secret="s",
        connection_limit=1,
    ),
]
CONSIGNMENTS = [
    sample_consignment(),
    sample_consignment(possible_repeat=True),
    sample_cancellation(),
]


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: type(sender).__name__)
@pytest.mark.parametrize("consignment", CONSIGNMENTS, ids=["referral", "repeat", "cancellation"])
def test_the_letter_comes_out_as_it_was_put_in(sender: Sender, consignment: Consignment) -> None:
    """Byte for byte, of a mail, of a fax by mail and of a fax provider's request."""
    assert letter_in(sender.compose(consignment)) == render_letter(consignment)


def test_a_bundle_has_the_letter_of_its_referral() -> None:
    """That of a cancellation has none: a portal reads the Task."""
    letter = render_letter(sample_consignment())
    assert letter_in(referral_bundle(sample_consignment(), letter)) == letter
    assert letter_in(cancellation_bundle(sample_cancellation(), "Moved away")) is None
