"""Whatever JSON a client sends to whatever operation: it is taken or refused, and nothing else."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from contracts.catalogue import OPERATIONS, AnyOperation
from contracts.intake import REJECT_INTAKE
from contracts.intake_map import PUT_INTAKE_MAP
from contracts.problems import Refusal
from contracts.referral_partner import ContactMethod
from contracts.shapes import Change
from messaging.intake.admission import MOST_ERRORS, parse
from messaging.wire.envelope import read_body
from services.ereferral_dispatch.handlers import command_handlers
from services.referrals.handlers import COMMAND_HANDLERS
from tests.support.samples.packages import sample_package

HANDLERS = {**COMMAND_HANDLERS, **command_handlers(list(ContactMethod))}
_PYDANTICS_OWN = re.compile(r"[Ii]nput|should|required|permitted|pattern|[\^$\\]")
"""Words and signs of pydantic's own texts: a refusal says the values allowed in words of ours."""
CANARY = "Kanarienvogel"
"""Stands in values alone, and so in no refusal."""

TEXTS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=()), max_size=20),
    st.sampled_from(
        [
            *("", " ", "\x00", "\ud800", "+12025550143", "(202) 555-0143", "https://[", "mailto:@"),
            *("2026-01-05T08:00:00Z", "0001-01-01T00:00:00+01:00", "2026-02-30", "1234567893"),
            *("0192d4e0-7b1a-7c3d-8e4f-123456789abc", "provider", "portal", "US", "a@b.example"),
            *("1e400", "12.345", "-1", "NaN", "14", "primary", "walk_in"),
        ]
    ),
)
NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([2**63, -(2**63), 10**30, 10**40, 0.1, -0.0, 1e300]),
)
VALUES = st.none() | st.booleans() | NUMBERS | TEXTS | TEXTS.map(lambda text: text + CANARY)
NESTED = VALUES | st.lists(VALUES, max_size=2) | st.dictionaries(TEXTS, VALUES, max_size=2)

_PACKAGE = json.loads(sample_package().to_json())
_UUID = "0192d4e0-7b1a-7c3d-8e4f-123456789abc"
GOOD: dict[str, Any] = {
    **_PACKAGE["partner"],
    **_PACKAGE,
    "org_id": "org_1",
    "name": "Paul Pace",
    "base_version": 2,
    "observed_at": "2026-01-31T09:30:00+01:00",
    "category": "walk_in",
    "amount": "12.50",
    "period_start": "2026-01-01",
    "period_end": "2026-01-31",
    "reason": "Root canal",
    "reason_codes": [{"system": "s", "code": "c"}],
    "teeth": ["14", "A"],
    "first_name": "Ann",
    "last_name": "Archer",
    "response": "accepted",
    "channel": "email",
    "answer_link": "dem00-dem00-dem00-dem00",
    "code": "123456",
    "kind": "partner",
    "resolution": "theirs",
    "page": 3,
    "search": "50%",
    "referred_to_uuid": "0192d4e0-7b1a-7c3d-8e4f-123456789abd",
    "rows": [{"first_name": "Ann", "surname": "Archer", "org_type_id": 1, "town": "Leeds"}],
}
"""A good value for a field of that name, whatever the operation."""
OUTCOMES = {"ereferral.complete_call": "reached", "ereferral.resolve": "delivered"}


def good(operation: AnyOperation) -> dict[str, Any]:
    """A message with a good value for every field that must be there, and for some others.

    Of a partner's names it depends on its type which ones must be there.
    """
    values = {**GOOD, "outcome": OUTCOMES.get(operation.name)}
    if operation is REJECT_INTAKE:
        values["reason"] = "duplicate"
    if operation is PUT_INTAKE_MAP:
        return {"org_id": "org_1", "project": 7, "referral_partner_uuid": _UUID}
    return {
        name: values.get(name, _UUID)
        for name, field in operation.request.model_fields.items()
        if field.is_required()
        or name in ("page", "search", "teeth", "reason_codes", "provider_uuid")
        or (operation.name == "referral_partner.create" and name in ("first_name", "last_name"))
    }


def written(members: list[tuple[str, Any]]) -> bytes:
    """An object with these members, of which some may have the same name."""
    return ("{" + ",".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in members) + "}").encode()


def taken_or_refused(operation: AnyOperation, body: bytes) -> BaseModel | None:
    """The message, or None where it is refused as a client may be told."""
    handler = HANDLERS.get(operation.name)
    try:
        message: BaseModel = parse(operation.request, read_body(body))
        if handler is not None and handler.check is not None:
            handler.check(message)
    except Refusal as refusal:
        told = json.loads(refusal.problem.to_json())
        assert told["code"] == "validation_error"
        assert 1 <= len(told["errors"]) <= MOST_ERRORS
        for error in told["errors"]:
            assert error["type"] and error["msg"].isprintable()
            assert not _PYDANTICS_OWN.search(error["msg"]), error
        assert CANARY not in json.dumps(told)
        return None
    return message


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_what_is_good_is_taken_and_goes_out_as_it_came_in(operation: AnyOperation) -> None:
    """Else the next test would see nothing but refusals."""
    message = taken_or_refused(operation, written(list(good(operation).items())))
    assert message is not None
    assert_round_trip(operation, message)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_message_makes_a_contract_fall_over(
    operation: AnyOperation, data: st.DataObject
) -> None:
    """Its own fields and unknown ones with any value, a name any number of times.

    A refusal can be told and quotes nothing; what is taken is what its last members say, and comes
    back from its own JSON as the same message.
    """
    names = st.sampled_from(sorted(operation.request.model_fields)) | TEXTS
    members = list(good(operation).items())
    members += data.draw(st.lists(st.tuples(names, NESTED), max_size=3))
    members = data.draw(st.permutations(members))
    if not isinstance(dict(members)["org_id"], str) or CANARY in dict(members)["org_id"]:
        members.append(("org_id", "org_1"))
    message = taken_or_refused(operation, written(members))
    said_once = taken_or_refused(operation, written(list(dict(members).items())))
    assert message == said_once
    if message is not None:
        assert_round_trip(operation, message)


def assert_round_trip(operation: AnyOperation, message: BaseModel) -> None:
    """A change says what was given and nothing else; every other message may say all."""
    given_fields = isinstance(message, Change)
    again = message.model_dump_json(exclude_unset=given_fields, warnings="none").encode()
    assert parse(operation.request, read_body(again)) == message


@settings(max_examples=100)
@given(st.decimals(allow_nan=False, allow_infinity=False), st.sampled_from(sorted(OPERATIONS)))
def test_no_number_makes_a_contract_fall_over(number: Decimal, operation: str) -> None:
    """In any of its fields, with any exponent: JSON has no largest number."""
    for name in set(OPERATIONS[operation].request.model_fields) - {"org_id"}:
        body = f'{{"org_id":"o","{name}":{number}}}'.encode()
        message = taken_or_refused(OPERATIONS[operation], body)
        assert message is None or name in message.model_fields_set
