"""The partners of the rig: a portal and a mail relay that write down what reached them."""

import hashlib
import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

from tests.faults.parties.books import Received
from tests.support.partners.portal import Cut, Portal, Request, Step
from tests.support.partners.relay import LOSE_AFTER_DATA, Mail, Relay

REFUSAL = 404
_REFERENCE = re.compile(r"reference ([0-9A-F]{4})-([0-9A-F]{4})-([0-9A-F]{4})")


class Partners:
    """Makes partners at a portal and a relay, some of which fail at first.

    `clock_difference_seconds`: how far a `webhook-timestamp`, or the `Date` of a mail, was from the
    partner's own clock, at most. A partner that follows Standard Webhooks refuses what is minutes
    off.
    """

    def __init__(self, portal: Portal, mail: Relay, write: Callable[[Received], None]) -> None:
        self._portal = portal
        self._mail = mail
        self._write = write
        self.clock_difference_seconds = 0.0
        portal.when_posted = self._posted
        mail.when_mailed = self._mailed

    def portal(self, *steps: Any) -> dict[str, Any]:
        """Fields of a partner with a portal of its own, which follows these steps."""
        path = f"portal-{uuid4().hex}"
        if steps:
            self._portal.script(path, *steps)
        return {"ereferral_endpoint": self._portal.endpoint(path)}

    def mail(self, *steps: Any) -> dict[str, Any]:
        """Fields of a partner with a mailbox of its own, which follows these steps."""
        address = f"mail-{uuid4().hex}@example.com"
        if steps:
            self._mail.script(address, *steps)
        return {"ereferral_endpoint": f"mailto:{address}", "email": address}

    def of_every_kind(self) -> list[dict[str, Any]]:
        """One that is well by each channel, and ones that fail, hang up, refuse and are called."""
        refusing = {**self.mail(), **self.portal(REFUSAL)}
        return [
            self.portal(),
            self.portal(503, Cut.RESET, 201),
            self.mail(),
            self.mail("451 4.3.0 later", LOSE_AFTER_DATA, "250 ok"),
            refusing,
            {"ereferral_endpoint": "tel:+12025550111", "phone": "+12025550111"},
        ]

    def _posted(self, posted: Request, step: Step) -> None:
        self._compare_clocks(float(posted.headers["webhook-timestamp"]))
        referral_id = posted.resource("ServiceRequest")["identifier"][0]["value"]
        self._write(
            Received("portal", posted.id, referral_id[-12:], _digest(posted.body), step == REFUSAL)
        )
        self._portal.requests.clear()

    def _mailed(self, mail: Mail) -> None:
        self._compare_clocks(parsedate_to_datetime(mail.message["Date"]).timestamp())
        named = _REFERENCE.search(mail.message["Subject"])
        assert named is not None, "a mail's subject names no reference"
        reference = "".join(named.groups()).lower()
        message_id = mail.message["Message-ID"].strip()  # A long one begins on a line of its own.
        self._write(Received("email", message_id, reference, _digest(mail.content)))
        self._mail.mails.clear()

    def _compare_clocks(self, said: float) -> None:
        off = abs(time.time() - said)
        self.clock_difference_seconds = max(self.clock_difference_seconds, off)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
