"""No refusal repeats what was sent: not a property, not a header, not the value of a field."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.problems import Refusal
from messaging.intake.admission import Incoming, command_intake
from messaging.intake.grants import AllowAll, Client, ClientGrants, Grants
from services.referrals.handlers import COMMAND_HANDLERS
from tests.support.broker.deliveries import delivery

CANARY = "Kanarienvogel"
_WITH_CANARY = st.text(alphabet="aZ0 -_.:/@+{", max_size=8).map(lambda text: text + CANARY)
_PROPERTIES = (
    "content_type",
    "content_encoding",
    "message_type",
    "message_id",
    "reply_to",
    "user_id",
)
_BODY = {
    "org_id": "org_1",
    "referral_partner_uuid": "01930000-0000-7000-8000-00000000b001",
    "base_version": 1,
}
_CRM = Client(user="crm", orgs=["org_2"], operations=["patient.*"])
_ANYWHERE = ("operation", "actor", "body", *_PROPERTIES, *_BODY, "notes", "email", "phone", "npi")


def told(grants: Grants, operation: str, body: bytes, properties: dict[str, Any]) -> str:
    """What is refused, as JSON; empty where nothing is."""
    try:
        read = command_intake(COMMAND_HANDLERS, grants)(delivery(body, operation, **properties))
    except Refusal as refusal:
        return refusal.problem.model_dump_json()
    assert isinstance(read, Incoming)
    return "" if read.refusal is None else read.refusal.problem.model_dump_json()


@pytest.mark.parametrize("grants", [AllowAll(), ClientGrants([_CRM])], ids=["none", "grants"])
@settings(max_examples=150, deadline=None)
@given(placed=st.dictionaries(st.sampled_from(_ANYWHERE), _WITH_CANARY, min_size=1, max_size=3))
def test_no_refusal_repeats_what_was_sent(grants: Grants, placed: dict[str, str]) -> None:
    """Wherever it stands: a routing key, a property, a header, the body, a field."""
    fields = {name: text for name, text in placed.items() if name in (*_BODY, "notes", "email")}
    fields |= {name: placed[name] for name in ("phone", "npi") if name in placed}
    body = placed["body"].encode() if "body" in placed else orjson.dumps({**_BODY, **fields})
    properties: dict[str, Any] = {name: placed[name] for name in _PROPERTIES if name in placed}
    if "actor" in placed:
        properties["headers"] = {"actor": placed["actor"] * 20}
    operation = placed.get("operation", "referral_partner.update")
    assert CANARY not in told(grants, operation, body, properties)


@pytest.mark.parametrize("place", [name for name in _ANYWHERE if name not in ("notes", "reply_to")])
def test_each_place_is_one_that_is_refused(place: str) -> None:
    """Else the law above would see nothing but successes."""
    body: dict[str, Any] = {**_BODY, "npi": "1"} if place == "user_id" else dict(_BODY)
    properties: dict[str, Any] = {}
    if place in _PROPERTIES:
        properties[place] = CANARY
    elif place == "actor":
        properties["headers"] = {"actor": CANARY * 20}
    elif place not in ("operation", "body"):
        body[place] = f"{CANARY} "
    raw = CANARY.encode() if place == "body" else orjson.dumps(body)
    operation = CANARY if place == "operation" else "referral_partner.update"
    assert told(AllowAll(), operation, raw, properties)
