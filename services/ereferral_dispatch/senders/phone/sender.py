"""The sender of the phone channel: it asks a person to call."""

import base64

import orjson

from contracts.referral_partner import ContactMethod
from letters.render import render_letter
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.rules.outcomes import CallRequested, Outcome
from services.ereferral_dispatch.senders.base import PointOfNoReturn
from services.ereferral_dispatch.senders.phone.script import call_script


class PhoneSender:
    """Prepares what a person needs for the call.

    Nothing leaves, so there is no point of no return to pass: a worker that is lost here has told
    the partner nothing, and the attempt is simply made again.
    """

    channel = ContactMethod.PHONE

    def compose(self, consignment: Consignment) -> bytes:
        """The script and the letter; the same consignment gives the same bytes."""
        letter = base64.b64encode(render_letter(consignment)).decode()
        return orjson.dumps({"script": call_script(consignment), "letter": letter})

    async def send(
        self, consignment: Consignment, content: bytes, point_of_no_return: PointOfNoReturn
    ) -> Outcome:
        """A person is asked, at once and without a connection."""
        composed = orjson.loads(content)
        return CallRequested(script=composed["script"], letter=base64.b64decode(composed["letter"]))
