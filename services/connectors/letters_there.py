"""Filing the letter of a referral with the patient's documents there: looked for before each try.

An upload whose answer was lost may have arrived: the letter is found by its name, and not filed
twice.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from contracts.connecting import System
from messaging.replies.client import NobodyListens, Reply
from messaging.wire.connection import BROKER_ERRORS
from services.connectors.asking.answers import Outcome
from services.connectors.config import AlfaDocsOptions, OpenDentalOptions
from services.connectors.models import Connection, OutgoingRow
from services.connectors.opening import Opener

QUERIES = "ereferral_dispatch.queries"


class NotYet(Exception):
    """The letter is not to be had just now; later it may be."""


class Asks(Protocol):
    """A client of dispatch's queries."""

    async def call(self, exchange: str, operation: str, body: Mapping[str, Any] | bytes) -> Reply:
        """Ask and await the reply."""


async def file_letter(
    opener: Opener, connection: Connection, outgoing: OutgoingRow, client: Asks
) -> Outcome | None:
    """One try. None: it is filed already, or there is no letter any more.

    Raises NotYet, and RunFailed as reading does.
    """
    told = orjson.loads(outgoing.body)
    number, reference = int(outgoing.external_id), told["reference"]
    if connection.system is System.OPENDENTAL:
        there = opener.opendental_client(connection, OpenDentalOptions(**connection.config))
        called = f"Referral letter {reference}"
        if any(one.get("Description") == called for one in await there.documents_of(number)):
            return None
        pdf = await _letter(client, outgoing.org_id, told["ereferral_uuid"])
        return None if pdf is None else await there.upload_letter(number, called, pdf)
    archive = opener.alfadocs_client(connection, AlfaDocsOptions(**connection.config))
    called = f"referral-{reference}.pdf"
    if any(one.get("name") == called for one in await archive.documents_of(number)):
        return None
    pdf = await _letter(client, outgoing.org_id, told["ereferral_uuid"])
    return None if pdf is None else await archive.upload_letter(number, called, pdf)


async def _letter(client: Asks, org_id: str, ereferral_uuid: str) -> str | None:
    """The letter in base64; None where its package was purged."""
    query = {"org_id": org_id, "ereferral_uuid": ereferral_uuid}
    try:
        answered = await client.call(QUERIES, "ereferral.letter", query)
    except (NobodyListens, *BROKER_ERRORS):
        raise NotYet from None
    if answered.status == 200:
        return str(answered.data["pdf"])
    if answered.problem is not None and answered.problem["code"] == "letter_not_found":
        return None
    raise NotYet  # Dispatch has not heard of it yet.
